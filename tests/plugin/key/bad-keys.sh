#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that are not an app's private key: each has its message, and none is stored.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires openssl
start_keyring || exit 99
cat >"$ICRED_CONFIG_DIR/default.conf" <<-END
	app 12345
	api https://127.0.0.1:1
	installation 8d0c4f5e-0000-4000-8000-000000000001
END
pems=$tmp/pems
mkdir "$pems"
cd "$pems" || exit 99

# quiet COMMAND...: what prepares a file, or the end
quiet() { "$@" >"$tmp/.quiet" 2>&1 || { diag "$*: $(cat "$tmp/.quiet")" && exit 99; }; }
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out good
quiet openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small
quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec
quiet openssl ec -in ec -out ec-sec1
quiet openssl genpkey -algorithm ed25519 -out ed25519
quiet openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss
quiet openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa-params
quiet openssl genpkey -paramfile dsa-params -out dsa
quiet openssl dsa -in dsa -out dsa-old
quiet openssl pkcs8 -topk8 -in good -passout pass:x -out encrypted
quiet openssl rsa -in good -traditional -aes128 -passout pass:x -out encrypted-old
quiet openssl rsa -in good -traditional -out good-old
quiet openssl rsa -in good -pubout -out public
quiet openssl rsa -in good -RSAPublicKey_out -out public-old
quiet openssl rsa -in good -outform DER -out der
quiet openssl req -x509 -new -key good -subj /CN=x -days 1 -out certificate
quiet openssl pkcs12 -export -inkey good -in certificate -passout pass:x -out p12
quiet openssl req -new -key good -subj /CN=x -out request
sed 's/$/\r/' good >crlf
awk '{ printf "%s\\n", $0 }' good >literal
head -n 10 good >no-end
tail -n 10 good >no-beginning
sed 5,8d good >gap
sed '4s/^..../AAAA/' good-old >damaged-modulus
sed '14s/^..../AAAA/' good-old >damaged-prime
cat good ec >two
cat good certificate >with-certificate
cat certificate good >after-certificate
: >empty
printf '\n \n' >blank
head -c 40000 /dev/zero | tr '\0' x >large
head -c 70000 /dev/zero | tr '\0' x >huge
{ cat good; head -c 40000 /dev/zero | tr '\0' '\n'; } >long
head -c 2000 /dev/urandom >noise
echo 'hello, world' >text
printf -- '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n' >hollow
ln -s good link
mkfifo fifo
mkdir directory

# bad PATTERN FILE...: import and fingerprint refuse each, from the file and from standard input
bad() {
	bad_pattern=$1
	shift
	for pem; do
		refused "$pem" 8 invalid "$bad_pattern" icred key import "$pem"
		refused "  its fingerprint" 8 invalid "$bad_pattern" icred key fingerprint "$pem"
	done
	run icred key import - <"$pem"
	is "  from standard input, in words" "$status.$out.$(wc -l <"$tmp/.err").$(printf '%s\n' "$err" | grep -Ec -e "^icred: .*$bad_pattern")" "8..1.1"
}

bad 'is an EC key; .*generate an RSA key' ec ec-sec1
bad 'is a DSA key; .*generate an RSA key' dsa dsa-old
bad 'is an Ed25519 key; .*generate an RSA key' ed25519
bad 'RSA-PSS only' pss
bad '1024-bit: .*generate a new key' small
bad 'encrypted with a passphrase; .*openssl rsa -in app.pem [|] icred key import -' encrypted encrypted-old
bad 'truncated: its END line is missing; copy the whole file again' no-end
bad 'truncated: its BEGIN line is missing; copy the whole file again' no-beginning
bad '(truncated or )?damaged.*copy the whole file again' gap damaged-modulus damaged-prime hollow
bad 'CRLF.*tr -d' crlf
bad 'literal.*repair it with: sed' literal
bad 'is a certificate, not a private key' certificate
bad 'certificate request' request
bad 'is a public key' public public-old
bad 'DER format; convert it' der
bad 'a PKCS#12 file; .*openssl pkcs12 .* icred key import -' p12
bad 'several keys; keep one' two
bad 'more than the key; keep only' with-certificate after-certificate
bad 'empty' empty blank
bad '(larger|longer) than .*32 KiB' large huge long
bad '(not a key in PEM format|plain text|NUL|DER)' noise text

# Advice that does not work is none.
tr -d '\r' <crlf >mended-crlf
sed 's/\\r//g; s/\\n/\n/g' literal >mended-literal
openssl rsa -in encrypted -passin pass:x 2>/dev/null | icred key import - >mended-encrypted
is "good: encrypted, taken off on the way" "$(cat mended-encrypted)" "$(icred key fingerprint good)"
icred -q key remove "$(cat mended-encrypted)"
openssl pkcs12 -in p12 -nocerts -nodes -passin pass:x 2>/dev/null | openssl rsa 2>/dev/null | icred key import - >mended-p12
is "good: out of a PKCS#12 file on the way" "$(cat mended-p12)" "$(icred key fingerprint good)"
icred -q key remove "$(cat mended-p12)"
quiet openssl rsa -inform DER -in der -out mended-der
good=$(icred key fingerprint good)
for pem in mended-crlf mended-literal mended-der good-old link; do
	is "good: $pem" "$(icred key fingerprint "$pem")" "$good"
done

# -- not files -------------------------------------------------------------------------

refused "no such file" 3 not-found 'there is no file missing' icred key import missing
refused "a directory" 8 invalid "cannot read directory: Is a directory" icred key import directory
refused "a pipe without a writer" 7 timeout 'give more time with --timeout"' timeout 30 icred --timeout 1 key import fifo
run icred key import - --json <&-
is "a closed standard input" "$status.$out" "8." || diag "$err"
# unreadable COMMAND...: as a user who is not root, as root could read everything
if [ "$(id -u)" -ne 0 ]; then
	unreadable() { "$@"; }
	cp good secret && chmod 000 secret
elif setpriv --reuid 65534 --clear-groups --bounding-set=-all true 2>/dev/null; then
	unreadable() { setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"; }
	cp good secret && chmod 600 secret && chmod 711 "$tmp" "$pems" "$HOME" "$XDG_CONFIG_HOME" "$ICRED_CONFIG_DIR"
else
	unreadable() { false; }
fi
if unreadable sh -c "cd '$pems' && command -v icred" >"$tmp/.out" 2>&1; then
	refused "a file that is not ours to read" 8 invalid "cannot read secret: Permission denied" unreadable icred key import secret
else
	skip "nobody else than root can be had here"
fi

is "nothing of all that was stored" "$(icred key list --json)" '{"keys":[]}'
items() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets/collection/login org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Items | grep -o '/org/freedesktop/secrets/collection/login/[0-9]*' | wc -l
}
is "  the keyring is empty" "$(items)" 0
unlike "no message quotes a key" "$(cat "$tmp/errors")" 'MII|BEGIN [A-Z ]*KEY-----|[A-Za-z0-9+/]{41}'
errors_checked
run icred key import good
is "a good one is stored" "$status.$(items).$(icred key list --json | grep -o '"fingerprint":"[^"]*"')" \
	"0.1.\"fingerprint\":\"$good\""
done_testing
