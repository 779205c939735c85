#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "pkcs11" on a SoftHSM token: PINs from a file and a person, and keys that cannot.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl flock openssl expect softhsm2-util p11tool
for library in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/softhsm/libsofthsm2.so \
	/usr/lib64/pkcs11/libsofthsm2.so /usr/lib/pkcs11/libsofthsm2.so /usr/lib64/libsofthsm2.so; do
	[ ! -e "$library" ] || break
done
[ -e "$library" ] || plan skip_all "the library of SoftHSM is missing"
start_sandbox || exit 99
token='^crs_[0-9a-f]{48}$'

mkdir -m 700 "$tmp/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tmp/tokens" >"$tmp/softhsm2.conf"
SOFTHSM2_CONF=$tmp/softhsm2.conf
export SOFTHSM2_CONF
pin=482915
hsm() { softhsm2-util --module "$library" "$@" >>"$tmp/hsm.log" 2>&1 </dev/null; }
p11() { GNUTLS_PIN=$pin p11tool --batch --provider "$library" --login "$@" >>"$tmp/hsm.log" 2>&1 </dev/null; }
{
	hsm --init-token --free --label 'icred test' --pin "$pin" --so-pin 99887766 &&
		openssl pkcs8 -topk8 -nocrypt -in "$sandbox_key" -out "$tmp/plain.pem" &&
		hsm --import "$tmp/plain.pem" --token 'icred test' --label app --id 01 --pin "$pin"
} || {
	diag "no token: $(cat "$tmp/hsm.log")"
	exit 99
}
url="pkcs11:token=icred%20test"
printf '%s\n' "$pin" >"$tmp/pin"
chmod 600 "$tmp/pin"
fingerprint=$(icred key fingerprint "$sandbox_key")

# use URI: the profile "default" with one line, key pkcs11
use() {
	profile default "key required pkcs11 uri=$1"
	icred forget >/dev/null 2>&1
}
with_pin="?module-path=$library&pin-source=$tmp/pin"

# -- what works ------------------------------------------------------------------

use "$url;object=app;type=private$with_pin"
run icred --no-interactive token
like "a token, with the PIN of a file" "$out$err" "$token"
use "$url;id=%01?pin-source=file:$(printf '%s' "$tmp/pin" | sed 's/pin$/%70in/')&module-path=$library"
run icred --no-interactive token
like "the key by its id, the file as a file: URI" "$out$err" "$token"
use "$url;object=app?module-path=$library"
run icred --json --no-interactive key list
is "key list shows the public key, without a PIN" \
	"$(json '[(k["fingerprint"], k["bits"], k["label"], k["module"], k["where"], k["locked"]) for k in d["keys"]]')" \
	"[('$fingerprint', 2048, 'app', 'pkcs11', '$url;object=app', False)]"

# ask ANSWER: a person at a terminal gives the PIN
cat >"$tmp/person" <<'END'
set timeout 20
spawn -noecho icred token
expect "PIN of the token icred test:"
send "$env(ANSWER)\r"
expect eof
END
run env ANSWER="$pin" expect "$tmp/person"
like "a person gives the PIN" "$(printf '%s' "$out" | tr -d '\r ' | tail -n 1)" "$token"
unlike "  which is not echoed" "$out" "$pin"
icred forget
run env ANSWER=000000 expect "$tmp/person"
like "a wrong PIN is tried once" "$out" "refused the PIN.*tried once"
is "  and asked for once" "$(printf '%s\n' "$out" | grep -c 'PIN of the token')" 1
run env ANSWER="$pin" expect "$tmp/person"
like "the token warns the next one" "$out" "Only a few tries are left. PIN of"
like "  and the right PIN is the end of it" "$(printf '%s' "$out" | tr -d '\r ' | tail -n 1)" "$token"

# -- what does not ------------------------------------------------------------------

icred forget
refused "not interactive, and no PIN" 4 locked "cannot ask for the PIN of the token icred test: .*pin-source=" icred --no-interactive token
printf '%s\n' "$pin" >"$tmp/handed"
run icred --no-interactive --passphrase-fd 3 token 3<"$tmp/handed"
like "but a descriptor has the PIN" "$out$err" "$token"
icred forget
use "$url;object=app$with_pin"
echo 000000 >"$tmp/pin"
refused "a wrong PIN in the file" 5 denied "refused the PIN of $tmp/pin; it was tried once" icred token
refused "  is not tried again, by the next worker" 4 locked "wrong PIN since its last login, so the one of $tmp/pin is not tried" icred token
printf '%s\n' "$pin" >"$tmp/pin"
refused "  nor is a better one" 4 locked 'log in once by hand' icred token
run env ANSWER="$pin" expect "$tmp/person"
like "  a person is asked" "$(printf '%s' "$out" | tr -d '\r ' | tail -n 1)" "$token"
icred forget
run icred --no-interactive token
like "  whose login is the end of it" "$out$err" "$token"
icred forget
echo 000000 >"$tmp/pin"
at_once() {
	for n in 1 2 3 4 5 6; do
		icred -i "8d0c4f5e-0000-4000-8000-00000000000$n" --no-interactive token >/dev/null 2>"$tmp/once.$n" &
		eval "once_$n=\$!"
	done
	for n in 1 2 3 4 5 6; do
		eval "wait \"\$once_$n\"" || :
	done
}
at_once
is "a wrong PIN once more: of many programs, one tries it" "$(grep -l 'refused the PIN' "$tmp"/once.* | wc -l | tr -d ' ')" 1
is "  and the others leave it" "$(grep -l 'wrong PIN since its last login' "$tmp"/once.* | wc -l | tr -d ' ')" 5 ||
	diag "$(cat "$tmp"/once.*)"
(flock 8 && exec sleep 60) 8<"$tmp/pin" &
lib_pids="$! $lib_pids"
held() { ! flock -n "$tmp/pin" true; }
wait_for 5 held
refused "while another program logs in" 7 timeout "another program is logging in with the PIN of $tmp/pin" icred --timeout 4 token
run icred --timeout 3 key list
is "  the key can be listed all the same, as that needs no PIN" "$(printf '%s\n' "$out" | grep -cF "$fingerprint")" 1 || diag "$err"
stop "$!"
p11 --list-privkeys "$url"
: >"$tmp/pin"
refused "no PIN in the file" 8 invalid "must have the PIN on its first line" icred token
rm "$tmp/pin"
refused "no file for the PIN" 4 locked "no file $tmp/pin to unlock the key with" icred token
printf '%s\n' "$pin" >"$tmp/pin"
chmod 644 "$tmp/pin"
refused "a PIN that all may read" 8 invalid "pin has mode 0644" icred token
chmod 600 "$tmp/pin"
run icred token
like "the right one again" "$out$err" "$token"
use "$url;object=none$with_pin"
refused "no such key" 3 not-found "the token has no private key" icred token
use "pkcs11:token=none;object=app$with_pin"
refused "no such token" 4 no-service "no token for pkcs11:token=none;object=app; plug it in" icred token
run icred --json key list
is "  a list reports it as a failure" "$status" 4

p11 --generate-privkey=ecdsa --curve=secp256r1 --label=ec "$url"
use "$url;object=ec$with_pin"
refused "an EC key" 8 invalid "object=ec: this is an EC key" icred token
p11 --generate-privkey=rsa --bits=1024 --label=short "$url"
use "$url;object=short$with_pin"
refused "a short key" 8 invalid "object=short: 1024-bit" icred token
p11 --generate-privkey=rsa --bits=2048 --mark-decrypt --label=decrypt "$url"
use "$url;object=decrypt$with_pin"
refused "a key that may not sign" 8 invalid "does not let .*object=decrypt sign RS256.*CKA_SIGN" icred token
p11 --generate-privkey=rsa --bits=2048 --label=other "$url"
use "$url;object=other$with_pin"
refused "a key that the server does not know" 5 rejected "" icred token

# -- the line ------------------------------------------------------------------------

for line in "$url;object=app?pin-value=1234 must.not.be.in.a.profile" "$url;object=app?module-name=softhsm2 with.module-path,.or.*p11-kit" \
	"$url;object=app?pin-source=pin absolute.name.of.a.file" \
	"$url;object=app?pin-source=|cat absolute.name.of.a.file" "$url;object=app?module-path=softhsm.so absolute.name.of.a.library" \
	"$url must.name.one.token" "pkcs11:object=app must.name.one.token" "$url;object=app;type=public only.a.private.key" \
	"pkcs11:token=;object=app must.name.one.token" "$url;object= must.name.one.token" \
	"app.pem must.be.a.PKCS#11.URI" "$url;object=app?module-path=$tmp/none.so cannot.be.loaded"; do
	use "${line% *}"
	refused "uri=$(printf '%s' "${line% *}" | tr '#' '_')" 8 invalid "${line##* }" icred token
done
mkdir -m 700 "$tmp/libraries" "$tmp/libraries/folder"
printf 'text\n' >"$tmp/libraries/text.so"
: >"$tmp/libraries/empty.so"
mkfifo "$tmp/libraries/pipe.so"
ln -s nothing "$tmp/libraries/dangling.so"
for line in 'none.so No.such.file' 'none/none.so No.such.file' 'dangling.so No.such.file' 'text.so/x.so Not.a.directory' \
	'folder not.a.regular.file' 'pipe.so not.a.regular.file' 'text.so it.is.not.a.library.of.this.kind' \
	'empty.so it.is.not.a.library.of.this.kind'; do
	use "$url;object=app?module-path=$tmp/libraries/${line% *}"
	refused "module-path=...${line% *}" 8 invalid \
		"the PKCS#11 library $tmp/libraries/${line% *} cannot be loaded: .*${line##* }.*module-path" icred token
done
profile default "key required pkcs11"
refused "no uri=" 8 invalid "must say which key" icred token
profile default "key sufficient pkcs11 uri=pkcs11:token=none;object=app?module-path=$library" \
	"key sufficient pkcs11 uri=$url;object=app$with_pin"
run icred token
like "a token that is not there leaves it to the next line" "$out$err" "$token"
unlike "no message has a PIN" "$(cat "$tmp/errors")" "$pin"

errors_checked
done_testing
