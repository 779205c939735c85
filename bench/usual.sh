#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usual.sh KEY APP API INSTALLATION CA: a token as scripts usually get it, with openssl, curl and jq.
# A peer for the bench, not an example: the key is in a file, and the JWT in curl's argv.
set -eu

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

now=$(date +%s)
header=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
claims=$(printf '{"iat":%s,"exp":%s,"iss":"%s","alg":"RS256"}' $((now - 60)) $((now + 540)) "$2" | base64url)
signature=$(printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign "$1" -binary | base64url)
[ "${6:-}" != jwt ] || exec printf '%s.%s.%s' "$header" "$claims" "$signature"
curl -q -s -f -X POST -d '' -H "Authorization: Bearer $header.$claims.$signature" --cacert "$5" \
	"$3/app/installations/$4/accessTokens" | jq -er .token
