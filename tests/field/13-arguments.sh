#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a module cannot use later is refused where the line is checked, with what to write instead.
. "${srcdir:-.}/tests/lib.sh"

start_sandbox || exit 99
key='object=app?module-path=/nonexistent.so'

# refused LINE PATTERN: profile check says so, with the place of the line
refused() {
	profile wrong "$1"
	run icred profile check wrong
	like "$1" "$status.$err" "^8\..*wrong\.conf:[0-9]+.*$2"
}

if [ -e "$ICRED_MODULE_DIR/key-pkcs11.so" ]; then
	refused "key required pkcs11 [uri=pkcs11:token=My Token;$key]" 'token: write a space as %20'
	refused "key required pkcs11 [uri=pkcs11:token=a;object=my key]" 'object: write a space as %20'
	refused "key required pkcs11 [uri=pkcs11:token=a ;$key]" 'token: write a space as %20'
	refused "key required pkcs11 [uri=pkcs11: token=a;$key]" 'unknown attribute " token"'
	refused "key required pkcs11 [uri=pkcs11:token=a	b;$key]" 'token: write a control character'
	refused "key required pkcs11 uri=pkcs11:token=100%;$key" 'token: .*write % itself as %25'
	refused "key required pkcs11 uri=pkcs11:token=a%2;$key" 'two hexadecimal digits'
	refused "key required pkcs11 uri=pkcs11:token=a;id=%0g" 'id: two hexadecimal digits'
	refused "key required pkcs11 uri=pkcs11:token=a;tokn=b;$key" 'unknown attribute "tokn"'
	refused "key required pkcs11 uri=pkcs11:token=a;object-type=private;$key" 'unknown attribute "object-type"'
	refused "key required pkcs11 uri=pkcs11:token=a;manufacturer;$key" 'manufacturer: an equals sign'
	refused "key required pkcs11 uri=pkcs11:token=a;token=b;$key" 'token: it is given twice'
	refused "key required pkcs11 uri=pkcs11:token=$(printf '%033d' 0);$key" 'token: it must not be longer'
	refused "key required pkcs11 uri=pkcs11:token=a;slot-id=x;$key" 'slot-id: it must be a number'
	refused "key required pkcs11 uri=pkcs11:token=a;object=b?pin-surce=/etc/pin" 'unknown attribute "pin-surce"'
	refused "key required pkcs11 uri=pkcs11:token=a;object=b?pin-source=pin" 'absolute name'
fi
refused "key required systemd credential=$(printf 'caf\303\251')" "cannot be the name of a credential"
refused "key required file path=app.pem" 'absolute'
refused "issuer required icr ca=ca.pem" 'ca must be the absolute name'
refused "issuer required icr ca=/nonexistent.pem" 'No such file'
refused "issuer required icr ca=$tmp" 'is not a file'
: >"$tmp/empty.pem"
refused "issuer required icr ca=$tmp/empty.pem" 'contains no PEM certificate'
refused "issuer required icr ca=$sandbox_key" 'contains no PEM certificate'
openssl x509 -in "$sandbox_ca" -outform DER -out "$tmp/ca.der"
refused "issuer required icr ca=$tmp/ca.der" 'contains no PEM certificate; .*openssl x509 -inform DER'
refused "issuer required icr path-prefix=v1" 'must look like /v1'
refused "issuer required icr api-version=1/2" 'must look like 2023-06-16'

profile right "issuer required icr ca=$sandbox_ca"
run icred profile check right
is "a bundle with a certificate" "$status.$err" "0."
{
	printf 'Some words before it\n'
	openssl x509 -in "$sandbox_ca" -text
} >"$tmp/text.pem"
profile right "issuer required icr ca=$tmp/text.pem"
run icred profile check right
is "  with its text before it" "$status.$err" "0."
done_testing
