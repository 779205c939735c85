#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "file": what it takes, what it refuses and why, and passphrases from everywhere.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl expect
start_sandbox || exit 99
token='^crs_[0-9a-f]{48}$'
pem=$tmp/app.pem
secret='a pass phrase'
stranger=65534

# use ARGUMENT...: the profile "default" with one line, key file
use() { profile default "key required file $*"; }
# fresh: no cached token, so that the key is needed
fresh() { icred forget >/dev/null 2>&1; }
# signs NAME: the key is used, and the server takes it
signs() {
	fresh
	run icred --no-interactive token
	like "$1" "$out$err" "$token"
}
place() {
	rm -rf "$pem"
	cp "$1" "$pem"
	chmod 600 "$pem"
}

# -- what is taken ---------------------------------------------------------------

use "path=$pem"
place "$sandbox_key"
signs "PKCS#8"
fingerprint=$(icred key fingerprint "$pem")
run icred --json key list
is "key list has it" "$(json '[(k["fingerprint"], k["module"], k["where"], k["bits"], k["label"]) for k in d["keys"]]')" \
	"[('$fingerprint', 'file', '$pem', 2048, 'app.pem')]"
like "  with its date" "$(json 'd["keys"][0]["createdAt"]')" "^20"
like "  and for people" "$(icred key list)" "$pem"
place "$sandbox_dir/app.pkcs1.pem"
signs "PKCS#1"
chmod 400 "$pem"
signs "mode 0400"

# -- what is refused -----------------------------------------------------------------

fresh
rm "$pem"
refused "no file" 3 not-found "no file $pem; put" icred token
is "  which a list passes over" "$(icred key list --json)" '{"keys":[]}'
for mode in 0640 0604 0660 0620 0602 0610; do
	place "$sandbox_key"
	chmod "$mode" "$pem"
	refused "mode $mode" 8 invalid "$pem has mode $mode.*chmod 600" icred token
done
mv "$pem" "$tmp/real.pem"
chmod 600 "$tmp/real.pem"
ln -s "$tmp/real.pem" "$pem"
refused "a symbolic link" 8 invalid "symbolic link" icred token
rm "$pem"
mkdir "$pem"
refused "a folder" 8 invalid "not a regular file" icred token
rmdir "$pem"
mkfifo -m 600 "$pem"
refused "a FIFO, without waiting for a writer" 8 invalid "not a regular file" icred token
if [ "$(id -u)" -eq 0 ]; then
	place "$sandbox_key"
	chown "$stranger" "$pem"
	refused "another user's" 8 invalid "belongs to user $stranger" icred token
else
	place "$sandbox_key"
	chmod 000 "$pem"
	refused "one that may not be read" 5 denied "may not be read by this user" icred token
fi
place "$sandbox_key"
head -c 40000 /dev/zero | tr '\0' 'x' >>"$pem"
refused "a large file" 8 invalid "larger than 32768 bytes" icred token
: >"$pem"
refused "an empty file" 8 invalid "empty" icred token
head -n 5 "$sandbox_key" >"$pem"
refused "a truncated key" 8 invalid "$pem: .*truncated" icred token
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 >"$pem" 2>/dev/null
refused "an EC key" 8 invalid "EC key" icred token
openssl genrsa -traditional 1024 >"$pem" 2>/dev/null
refused "a short key" 8 invalid "1024-bit" icred token

use
refused "without path=" 8 invalid "path=/absolute" icred token
use path=app.pem
refused "a path that is not absolute" 8 invalid "absolute file name" icred token
use "path=$pem" ask=dialog
refused "a program that is not absolute" 8 invalid "ask= must be an absolute" icred token
use "path=$pem" ask=systemd "passphrase-file=$tmp/phrase"
refused "two ways to a passphrase" 8 invalid "keep one of them" icred token

# -- encrypted ---------------------------------------------------------------------

printf '%s\n' "$secret" >"$tmp/phrase"
chmod 600 "$tmp/phrase"
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in "$sandbox_key" -out "$tmp/pkcs8.pem" \
	-passout "file:$tmp/phrase"
openssl rsa -traditional -aes128 -in "$sandbox_key" -out "$tmp/pkcs1.pem" -passout "file:$tmp/phrase" 2>/dev/null
for kind in pkcs8 pkcs1; do
	place "$tmp/$kind.pem"
	use "path=$pem" "passphrase-file=$tmp/phrase"
	signs "encrypted $kind, passphrase from a file"
	is "  its fingerprint" "$(icred --json key list | "$PYTHON" -c \
		'import json, sys; print(json.load(sys.stdin)["keys"][0]["fingerprint"])')" "$fingerprint"
	use "path=$pem"
	fresh
	refused "  which cannot be asked for" 4 locked "cannot ask for the passphrase of $pem.*passphrase-file=" icred --no-interactive token
	run icred --json --no-interactive key list
	is "  the list shows it as locked" "$(json '[(k["fingerprint"], k["locked"]) for k in d["keys"]]')" "[('', True)]"
	like "  and for people, below its headings" "$(icred --no-interactive key list | sed "s/$(date -u +%Y)-..-../2026-01-01/")" \
		'^-  {44}-!     2026-01-01  file '
	like "    which are" "$(icred --no-interactive key list)" '^FINGERPRINT {35}BITS   SINCE       MODULE '
done
use "path=$pem" "passphrase-file=$tmp/phrase"
if openssl pkcs8 -topk8 -scrypt -in "$sandbox_key" -out "$tmp/scrypt.pem" -passout "file:$tmp/phrase" 2>/dev/null; then
	place "$tmp/scrypt.pem"
	refused "encrypted by way of scrypt, which GnuTLS does not know" 8 invalid "with an unknown method.*encrypt it again" icred token
else
	skip "openssl knows no scrypt"
fi
place "$tmp/pkcs8.pem"
chmod 640 "$tmp/phrase"
refused "a passphrase that others may read" 8 invalid "phrase has mode 0640" icred token
chmod 600 "$tmp/phrase"
echo wrong >"$tmp/phrase"
refused "the wrong passphrase in the file" 5 denied "passphrase is wrong" icred token
rm "$tmp/phrase"
refused "no passphrase file" 4 locked "no file $tmp/phrase to unlock" icred token
is "  which a list shows as locked" "$(icred --json key list | grep -o '"locked":[a-z]*')" '"locked":true'

# A program that asks, as SSH_ASKPASS names one; it writes down what it was given.
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s"; env >"%s"\ncat "%s"\n' "$tmp/asked" "$tmp/asked.env" "$tmp/reply" >"$tmp/ask"
chmod 700 "$tmp/ask"
printf '%s\n' "$secret" >"$tmp/reply"
use "path=$pem" "ask=$tmp/ask"
ICRED_TEST_CANARY=canary
export ICRED_TEST_CANARY
signs "passphrase from a program"
is "  which is given the question" "$(cat "$tmp/asked")" "Passphrase of $pem:"
unlike "  and not our environment" "$(cat "$tmp/asked.env")" "canary|ICRED"
rm -f "$tmp/asked"
icred --json --no-interactive key list >/dev/null
is "a list does not start it" "$(ls "$tmp/asked" 2>/dev/null)" ""
echo wrong >"$tmp/reply"
fresh
refused "a wrong one from it" 5 denied "passphrase is wrong" icred token
head -c 1000 /dev/zero | tr '\0' x >"$tmp/reply"
refused "much more from it" 8 invalid "$tmp/ask printed more than 512 bytes, so it is not a passphrase" icred token
rm "$tmp/reply"
refused "none from it" 1 cancelled "gave no passphrase: cat: .*reply" icred token
use "path=$pem" "ask=$tmp/nothing"
refused "no such program" 8 invalid "$tmp/nothing cannot be run: No such file" icred token

# From a descriptor, in an interactive call or not.
use "path=$pem"
printf '%s\n' "$secret" >"$tmp/phrase"
fresh
run icred --passphrase-fd 3 token 3<"$tmp/phrase"
like "passphrase from a descriptor" "$status $out" "^0 ${token#^}"
fresh
run sh -c '{ cat "$1"; echo after it; } | icred --no-interactive --passphrase-fd 0 exec -- sh -c "cat; env"' sh "$tmp/phrase"
like "  of standard input the line alone is taken" "$status $out" '^0 after it'
unlike "  and no other process has it" "$out" "$secret"
run sh -c '{ cat "$1"; echo after it; } | icred --passphrase-fd 0 exec -- cat' sh "$tmp/phrase"
is "  even if it is not needed" "$status $out" "0 after it"
# shellcheck disable=SC2016 # for the inner shell
run icred --passphrase-fd 3 exec -- sh -c '[ ! -e /proc/self/fd/3 ] && echo closed' 3<"$tmp/phrase"
is "  which does not get another descriptor" "$status.$out" 0.closed
fresh
echo wrong >"$tmp/wrong"
refused "a wrong one from it" 5 denied "passphrase is wrong" icred --passphrase-fd 3 token 3<"$tmp/wrong"
refused "a descriptor that is not open" 2 usage "cannot read descriptor 3: .*3<FILE" icred --passphrase-fd 3 token 3<&-
refused "  nor the next one" 2 usage "cannot read descriptor 4" icred --passphrase-fd 4 token 4<&-
refused "an empty line" 2 usage "descriptor 3 has no line of 1 to" icred --passphrase-fd 3 token 3</dev/null
head -c 5000 /dev/zero | tr '\0' x >"$tmp/long"
refused "a line that is too long" 2 usage "descriptor 3 has no line of 1 to" icred --passphrase-fd 3 token 3<"$tmp/long"
for word in 1 2 three 3x 12345678 ''; do
	fails "no descriptor to read from: '$word'" 2 icred --passphrase-fd "$word" token 3<"$tmp/phrase"
done
mkfifo "$tmp/pipe"
refused "a line that does not come" 7 timeout "timed out reading the passphrase" icred --timeout 1s --passphrase-fd 3 token 3<>"$tmp/pipe"

# A person at a terminal: the first try is mistyped.
cat >"$tmp/person" <<'END'
set timeout 20
log_user 1
spawn -noecho icred token
expect "Passphrase of"
send "wrong\r"
expect "That was wrong. Passphrase of"
send "$env(PHRASE)\r"
expect eof
END
use "path=$pem"
fresh
run env PHRASE="$secret" expect "$tmp/person"
like "a person is asked, and may mistype" "$(printf '%s' "$out" | tr -d '\r ' | tail -n 1)" "$token"
unlike "  the passphrase is not echoed" "$out" "$secret"

# -- rotation, and other lines of the stack -------------------------------------------

place "$sandbox_key"
use "path=$pem"
openssl genrsa 2048 >"$tmp/other.pem" 2>/dev/null
chmod 600 "$tmp/other.pem"
cp "$tmp/other.pem" "$pem"
fresh
refused "a key that the server does not know" 5 rejected "" icred token
profile default "key sufficient file path=$tmp/missing.pem" "key sufficient file path=$tmp/real.pem"
signs "a missing file leaves it to the next line"
profile default "key sufficient file path=$tmp/other.pem" "key sufficient file path=$tmp/real.pem"
signs "a key that the server refuses leaves it to the next line"

errors_checked
done_testing
