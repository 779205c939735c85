#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job from end to end: a key into the keyring, a token out to curl and git.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires git openssl
start_sandbox || exit 99
start_keyring || exit 99
profile default
token='^crs_[0-9a-f]{48}$'
authority=${sandbox_url#https://}
organization=$(sandbox installations | awk 'NR == 2 { print $2 }')
second=$(sandbox installations | awk 'NR == 2 { print $1 }')

# -- the key -----------------------------------------------------------------

refused "without a key: what to do" 3 not-found 'icred key import' icred token
run icred key import "$sandbox_key" --label 'A test key'
is "key import" "$status" 0
fingerprint=$out
is "  prints the fingerprint that OpenSSL computes" "$fingerprint" \
	"$(openssl pkey -in "$sandbox_key" -pubout -outform DER | openssl dgst -sha256 -binary | base64)"
is "  and nothing else" "$err" ""
is "importing it again is no error" "$(icred key import "$sandbox_key")" "$fingerprint"
is "key fingerprint says the same" "$(icred key fingerprint "$sandbox_key")" "$fingerprint"
is "  of standard input" "$(icred key fingerprint - <"$sandbox_dir/app.pkcs1.pem")" "$fingerprint"
is "  in hex" "$(icred key fingerprint --hex "$sandbox_key")" \
	"$(printf '%s' "$fingerprint" | base64 -d | od -An -v -tx1 | tr -d ' \n')"
run icred key list
is "key list" "$status" 0
is "  has it once" "$(printf '%s\n' "$out" | grep -cF "$fingerprint")" 1
like "  with its label" "$out" 'A test key'
is "  which a second import without one has left" "$(icred key import "$sandbox_key" >/dev/null && icred key list | grep -c 'A test key')" 1
is "  and one with another changes" \
	"$(icred key import "$sandbox_key" --label Other >/dev/null && icred key list | grep -c Other)" 1
icred key import "$sandbox_key" --label 'A test key' >/dev/null
run icred --json key list
is "  and in JSON" "$(json '[(k["fingerprint"], k["label"], k["app"]) for k in d["keys"]]')" \
	"[('$fingerprint', 'A test key', '12345')]"

# -- tokens --------------------------------------------------------------------

run icred token
is "token" "$status" 0
like "  is an installation's" "$out" "$token"
is "  one line, and nothing on standard error" "$(wc -l <"$tmp/.out") $err" "1 "
first=$out
is "  minted once" "$(sandbox mints)" 1
is "token again: the same" "$(icred token)" "$first"
is "  --header" "$(icred token --header)" "Authorization: Bearer $first"
run icred --json token
is "  --json" "$(json 'd["token"], d["installation"], d["app"], 7100 < d["expiresIn"] <= 7200, sorted(d["permissions"])[0]')" \
	"('$first', '$sandbox_installation', '12345', True, 'organization_info')"
is "options after the command" "$(icred token -p default -a 12345 -i "$sandbox_installation")" "$first"
is "options before it" "$(icred --profile=default --app 12345 -i"$sandbox_installation" token)" "$first"
is "a profile from the environment" "$(ICRED_PROFILE=default icred token)" "$first"
is "--min-ttl that it has" "$(icred token --min-ttl 1h)" "$first"
is "all of that from the cache" "$(sandbox mints)" 1
refused "--min-ttl that no token has" 1 unsupported 'ask for less' icred token --min-ttl 3h
is "  costs neither a mint nor the token, as that is new" "$(sandbox mints) $(icred token)" "1 $first"

run curl -q -s --cacert "$sandbox_ca" -K - "$sandbox_url/projects" <<-END
	$(icred curl-config "$sandbox_url/projects")
END
is "curl --config: the API answers" "$status" 0
like "  with projects" "$out" '^\{.*"'
like "  to the token" "$(sandbox log | tr -d '\n ')" '"path":"/projects".*"kind":"token".*"status":200'
refused "curl-config of another origin" 6 origin 'https://example.org' icred curl-config https://example.org/projects

git_fill() {
	printf 'protocol=https\nhost=%s\n\n' "$authority" |
		git -c credential.helper= -c credential.helper=icred credential fill
}
run git_fill
is "git credential fill" "$status" 0
like "  has the token" "$out" "^password=$first\$"
like "  and a user name" "$out" "^username=x-access-token\$"
is "  from the cache" "$(sandbox mints)" 1

# -- other tokens ----------------------------------------------------------------

run icred -o "$organization" token --json
is "-o: the organization's installation" "$(json 'd["installation"], d["organization"]')" "('$second', '$organization')"
organizations=$out
is "  cached" "$(icred token --json -o "$organization" | sed 's/"expiresIn":[0-9]*//')" \
	"$(printf '%s' "$organizations" | sed 's/"expiresIn":[0-9]*//')"
other=$(icred token -i "$second")
like "-i: another installation" "$other" "$token"
isnt "  has a token of its own" "$other" "$first"
app=$(icred token --as-app)
like "--as-app" "$app" '^cr[a-z]_[0-9a-f]+$'
is "  cached" "$(icred --as-app token)" "$app"
is "each was minted once" "$(sandbox mints) $(sandbox app_mints)" "4 1"

# -- what there is, and the end of it ----------------------------------------------

run icred status
is "status" "$status" 0
like "  shows the key" "$out" "$(printf '%s' "$fingerprint" | sed 's/[+]/[+]/g')"
unlike "  and no token's text" "$out" 'cr[a-z]_'
run icred status --json
is "  in JSON: tokens" "$(json 'sorted(t["installation"] for t in d["tokens"] if t["cache"] == "keyctl")')" \
	"['', '$sandbox_installation', '$second', '$second']"
unlike "  in JSON: no token's text" "$out" 'cr[a-z]_'
run icred forget
is "forget" "$status.$out.$err" "0.."
is "  leaves no token" "$(cached)" 0
like "the next one is new" "$(icred token)" "$token"
is "  minted" "$(sandbox mints)" 5
run icred key remove "$fingerprint"
is "key remove" "$status.$out.$err" "0.."
is "  leaves no key" "$(icred key list --json)" '{"keys":[]}'
refused "  it cannot be removed again" 3 not-found 'icred key list' icred key remove "$fingerprint"
like "the cached token needs no key" "$(icred token)" "$token"
icred forget
refused "a new one does" 3 not-found 'icred key import' icred token
is "nothing was minted for it" "$(sandbox mints)" 5
errors_checked
done_testing
