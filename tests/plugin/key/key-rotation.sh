#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several keys of one app: the newest first, and the next one when the issuer refuses it.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole openssl
token='^crs_[0-9a-f]{48}$'
fingerprint_of() { icred key fingerprint "$1"; }
for n in 1 2; do
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$tmp/new$n.pem" 2>/dev/null ||
		openssl genrsa -out "$tmp/new$n.pem" 2048 2>/dev/null
done

# Items of the same second have the same date.
sleep 1.1
run icred key import "$tmp/new1.pem" --label newer
is "a second key" "$status" 0
is "the newest is listed first" "$(icred key list --json | "$PYTHON" -c 'import json, sys
print([k["fingerprint"] for k in json.load(sys.stdin)["keys"]])')" "['$(fingerprint_of "$tmp/new1.pem")', '$(fingerprint_of "$sandbox_key")']"
run icred -v token
is "the server does not know the newest: the next one serves" "$status" 0
like "  with a token" "$out" "$token"
like "  -v shows that the first was refused" "$err" '^icred: issuer icr \([^)]*\): rejected, which fails the stack: '
like "  and then the second not" "$err" '^icred: issuer icr \([^)]*\): success, which decides'
is "  minted once" "$(sandbox mints)" 1

icred forget
sandbox key-add "$tmp/new1.pem" >/dev/null
sandbox key-remove "$sandbox_key" >/dev/null
like "registered, it serves, and the old one is not needed" "$(icred token)" "$token"

icred forget
sandbox key-remove all >/dev/null
run icred token --json
is "the server knows none of them" "$status" 5
like "  is what is reported" "$err" '"kind":"rejected"'

icred key remove "$(fingerprint_of "$tmp/new1.pem")"
sandbox key-add "$sandbox_key" >/dev/null
like "the newest removed: the other one serves" "$(icred token)" "$token"

# The same in a worker that lives on: a key is taken for what it is at each mint.
icred forget
sleep 1.1
icred key import "$tmp/new2.pem" >/dev/null
like "and another rotation" "$(icred token)" "$token"
done_testing
