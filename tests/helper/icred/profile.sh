#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# icred profile list, show and check; and what -v reports about a stack.
. "${srcdir:-.}/tests/lib.sh"

put() {
	put_file=$ICRED_CONFIG_DIR/$1.conf
	shift
	printf '%s\n' "$@" >"$put_file"
}
dir=$ICRED_CONFIG_DIR

# -- none at all -----------------------------------------------------------------

run icred profile list
is "no profiles: list is empty" "$status.$out" "0."
like "  and says what applies" "$err" 'built-in'
is "  in JSON" "$(icred profile list --json)" '[]'
run icred profile show
is "show: the built-in one" "$status" 0
[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] && dash='' passed='' || dash=- passed=', skipped: no such module'
is "  its stack" "$(printf '%s\n' "$out" | grep 'built in' | tr -s ' ')" "# default, built in
${dash}key sufficient keyring # built in$passed
cache sufficient keyctl # built in
cache sufficient runtime # built in
issuer required icr # built in"

# -- show -------------------------------------------------------------------------

passed=
[ -e "$ICRED_MODULE_DIR/key-pkcs11.so" ] || passed=', skipped: no such module'
put site 'api https://api.example.org' '-key sufficient pkcs11 [token=a b\]c] pin' 'origin https://api.example.org'
put default '# mine' 'app 12345' 'include site' 'key [success=done not_found=ignore default=die] keyring' \
	'cache required runtime' 'username me' 'ca [/a b\]/c]' 'git-path [[x] abc'
run icred profile show -i abc
is "show: what will run, and from where" "$(printf '%s\n' "$out" | tr -s ' ')" "# default, $dir/default.conf
app 12345 # $dir/default.conf:2
api https://api.example.org # $dir/site.conf:1
origin https://api.example.org # $dir/site.conf:3
username me # $dir/default.conf:6
ca [/a b\\]/c] # $dir/default.conf:7
git-path [[x] abc # $dir/default.conf:8
installation abc # an option

-key sufficient pkcs11 [token=a b\\]c] pin # $dir/site.conf:2$passed
key [success=done not_found=ignore default=die] keyring # $dir/default.conf:4
cache required runtime # $dir/default.conf:5
issuer required icr # built in"
printf '%s\n' "$out" | sed 's/^installation.*//' >"$dir/again.conf"
is "  is itself a profile" "$(icred profile show again | sed 's/#.*//; /^$/d')" \
	"$(printf '%s\n' "$out" | sed 's/#.*//; /^$/d; /^installation/d')"
is "  in JSON" "$(icred profile show --json | "$PYTHON" -c 'import json, sys; d = json.load(sys.stdin)
print(d["name"], len(d["settings"]), [(l["facility"], l["module"], l["line"], l["optional"], l["arguments"]) for l in d["stack"]][0])')" \
	"default 6 ('key', 'pkcs11', 2, True, ['token=a b]c', 'pin'])"
fails "show of one that is not there" 3 icred profile show nothing
put default '-key required nosuch' '-cache sufficient runtime' 'key required nosuch'
is "a line that is skipped because of its dash is marked, and no other" "$(icred profile show | tr -s ' ' | sed '/./!d; 1d; /built in/d')" "-key required nosuch # $dir/default.conf:1, skipped: no such module
key required nosuch # $dir/default.conf:3
-cache sufficient runtime # $dir/default.conf:2"
is "  in JSON" "$(icred profile show --json | "$PYTHON" -c 'import json, sys; print([l["passedOver"] for l in json.load(sys.stdin)["stack"]])')" \
	'[True, False, False, False]'
put strange "$(printf 'key optional file [path=/a \302\233[31m\\]]')"
is "  nothing that a terminal would obey" "$(icred profile show strange | sed -n 's/.*file //p')" "[path=/a ??[31m\\]]  # $dir/strange.conf:1"
rm "$dir"/*.conf

# The table of icred-profile(5), row by row, is what the keywords mean.
field=4
for keyword in required requisite sufficient optional; do
	table=$(awk -v field="$field" '/^\.It Em result/ { on = 1; next } on && /^\.El/ { exit }
		on && $2 != "Ta" { printf "%s%s=%s", n++ ? " " : "", $2, $field }' "$srcdir/man/icred-profile.5")
	put table "key [$table] file"
	is "the manual's $keyword, of $(printf '%s\n' "$table" | wc -w) results" "$(icred profile show table | awk '$1 == "key" { print $2 }')" "$keyword"
	field=$((field + 2))
done
rm "$dir"/*.conf

# -- list ---------------------------------------------------------------------------

put b 'app 1'
put a 'app 1'
put .hidden 'app 1'
: >"$dir/no-profile.txt"
is "list: by name, and nothing else" "$(icred profile list | tr -s ' ')" "a $dir/a.conf
b $dir/b.conf"
is "  in JSON" "$(icred profile list --json)" \
	"[{\"name\":\"a\",\"file\":\"$dir/a.conf\",\"hidden\":false},{\"name\":\"b\",\"file\":\"$dir/b.conf\",\"hidden\":false}]"

# -- check ----------------------------------------------------------------------------

put a 'app 1' 'key sufficient keyring' 'cache optional runtime'
[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] || put a 'app 1' '-key sufficient keyring' 'cache optional runtime'
put b 'app 1' '-key sufficient keyring'
run icred profile check
is "check: all are OK" "$status.$out.$err" "0.a: OK
b: OK."
is "  in JSON" "$(icred profile check --json)" '{}'

# wrong PLACE WORD LINE...: one line of the answer begins with the place and has the word
wrong() {
	wrong_place=$1 wrong_word=$2
	shift 2
	[ $# -eq 0 ] || put wrong "$@"
	run icred profile check wrong
	is "check: $wrong_word" "$status.$out" "8."
	like "  at $wrong_place" "$err" "^icred: $dir/$wrong_place: .*$wrong_word"
	fails "  and nothing runs with it" 8 icred -p wrong -i x token
}
wrong wrong.conf:2:1 '"colour" is neither' 'app 1' 'colour blue'
wrong wrong.conf:1:5 'must end with \]' 'key [success=done keyring'
wrong wrong.conf:1:5 '\[success=done' 'key [success=done keyring'
wrong wrong.conf:1:5 '"sometimes" is not a control' 'key sometimes keyring'
wrong wrong.conf:1:5 '"sucess=done"' 'key [sucess=done] keyring'
wrong wrong.conf:1:14 '"\.\./keyring"' 'key required ../keyring'
wrong wrong.conf:1:18 'cache keyctl does not know the argument "keyrnig"; it takes keyring' 'cache sufficient keyctl keyrnig=session'
wrong wrong.conf:1:18 'cache runtime does not know the argument "path"; it takes none' 'cache sufficient runtime path=/x'
wrong wrong.conf:2:14 'key exec does not know the argument "comand"' 'app 1' 'key optional exec command=/bin/true [comand=/bin/true x]'
wrong wrong.conf:1:17 'issuer icr does not know the argument "api"' 'issuer required icr api=https://a.example'
wrong wrong.conf:1:17 'path-prefix must look like /v1' 'issuer required icr path-prefix=v'
wrong wrong.conf:1:30 '"path=/y": duplicate argument' 'key sufficient file  path=/x path=/y'
wrong wrong.conf:1:18 'keyring= must be user, session or persistent, not "usr"' 'cache sufficient keyctl keyring=usr'
wrong wrong.conf:1:7 '"2"' 'app 1 2'
# The word is in the message even if it happens to be in the reason.
wrong wrong.conf:1:7 '"a": this setting takes one value' 'app 1 a'
wrong wrong.conf:1:9 '"0": timeout must be' 'timeout 0'
wrong wrong.conf:1:5 '"not-found=die" is about a result that has an action already' \
	'key [success=done not_found=ignore not-found=die] keyring'
wrong wrong.conf:1:5 '"default=bad" is about' 'key [default=die default=bad] keyring'
# Where a line is continued, the place is that of the word.
# shellcheck disable=SC1003 # backslashes, and no quotation mark
{
	wrong wrong.conf:2:3 '"1/2"' 'app \' '  1/2'
	wrong wrong.conf:3:2 '"../keyring"' 'key \' '  required \' '	../keyring'
	wrong wrong.conf:3:4 '"7"' 'app [1\' '] \' '   7'
	wrong wrong.conf:2:16 'cache keyctl does not know' 'cache [default=ignore \' ' success=done] keyctl no=1'
	sed -i 's/keyctl/\\\n&/' "$dir/wrong.conf"
	wrong wrong.conf:3:1 'cache keyctl does not know'
	wrong wrong.conf:1:16 'key file does not know the argument "bare"' 'key sufficient file \' '  path=/a \' '	bare'
	wrong wrong.conf:4:1 '"colour"' 'app \' '1 \' '#' 'colour blue'
	wrong wrong.conf:1:5 '"\[a]  b": a word that begins with \[' 'app [a\]\' 'b'
}
wrong wrong.conf:2:5 '"ftp://x"' 'app 1' 'api ftp://x'
wrong wrong.conf:2:5 '"http://example.org": api must be https' 'app 1' 'api http://example.org'
wrong wrong.conf:3:8 '"http://example.org": origin must be https' 'app 1' 'origin https://example.org' 'origin http://example.org'
wrong wrong.conf:1:9 'includes itself' 'include wrong'
put wrong 'app 1' 'key required file path=x.pem'
run icred profile check wrong
like "check: an argument that the module refuses" "$err" "^icred: $dir/wrong.conf:2:14: .*path= must be .* not \"x.pem\""
put other 'include wrong'
wrong other.conf:1:9 'includes itself' 'include other'
wrong wrong.conf:1:9 'cannot include the profile "missing": it does not exist' 'include missing'
put wrong 'include loop'
ln -s loop.conf "$dir/loop.conf"
wrong wrong.conf:1:9 'cannot include the profile "loop": .*/loop\.conf: Too many'
rm "$dir/loop.conf"
printf 'app 1\r\n' >"$dir/wrong.conf"
wrong wrong.conf:1:6 'CRLF'
printf '\357\273\277app 1\n' >"$dir/wrong.conf"
wrong wrong.conf:1:1 'byte order mark'
printf 'app 1\nap\0i x\n' >"$dir/wrong.conf"
wrong wrong.conf:2:3 'control byte, 0x00'
dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr '\0' x >"$dir/wrong.conf"
wrong wrong.conf:1:1 'larger than'
wrong wrong.conf:2:18 'key-nosuch\.so' 'app 1' '  key   optional nosuch'
wrong wrong.conf:1:16 'cache-nosuch\.so' 'cache optional nosuch'
n=0
while [ "$n" -le 16 ]; do
	put "n$n" "include n$((n + 1))"
	n=$((n + 1))
done
put n17 'app 1' 'key optional file path=/none' # as a build may have no keyring
run icred profile check n0
is "check: includes that are 17 deep" "$status" 8
like "  at the one too many" "$err" "^icred: $dir/n16\.conf:1:9: \"n17\": .*16 deep"
run icred profile check n1
is "  16 are taken" "$status.$out" "0.n1: OK"
rm "$dir"/*.conf

put good 'app 1' '-key sufficient keyring'
put many 'app 1' 'colour blue' 'key sometimes keyring' 'include part' 'app' 'cache optional nosuch'
put part 'app x y'
run icred profile check
is "check goes on: over lines, files and profiles" "$status.$out" "8."
is "  each fault on a line of its own" "$(printf '%s\n' "$err" | sed "s|^icred: $dir/\\([^ ]*\\): .*|\\1|")" \
	"many.conf:2:1
many.conf:3:5
part.conf:1:7
many.conf:5:1
part.conf:1:7"
put many 'origin http://a.example' 'colour blue' 'api http://b.example' 'origin https://c.example' 'include part' \
	'origin http://127.0.0.1'
put part 'origin http://d.example'
run icred profile check many
is "  over URLs that no token may go to" "$(printf '%s\n' "$err" | sed "s|^icred: $dir/\\([^ ]*\\): \\([^ ]*\\) .*|\\1 \\2|")" \
	"many.conf:2:1 \"colour\"
many.conf:3:5 \"http://b.example\":
many.conf:1:8 \"http://a.example\":
part.conf:1:8 \"http://d.example\":
many.conf:6:8 \"http://127.0.0.1\":"
run icred profile check many --json
is "  with their lines in JSON" "$(printf '%s' "$err" | "$PYTHON" -c 'import json, sys, os
print([(os.path.basename(f["file"]), f["line"]) for f in json.load(sys.stdin)["error"]["faults"]])')" \
	"[('many.conf', 2), ('many.conf', 3), ('many.conf', 1), ('part.conf', 1), ('many.conf', 6)]"
put many 'app 1' 'key optional nosuch' 'cache optional nosuch' 'issuer optional nosuch' '-key optional nosuch'
run icred profile check many
is "  over modules" "$(printf '%s\n' "$err" | sed "s|^icred: $dir/\\([^ ]*\\): module \\([a-z]*\\) .*|\\1 \\2|" | sort)" \
	"many.conf:2:14 key
many.conf:3:16 cache
many.conf:4:17 issuer"
run icred profile check many --json
is "  in JSON, one document" "$status.$out.$(printf '%s' "$err" | "$PYTHON" -c 'import json, sys
d = json.load(sys.stdin)["error"]; print(d["kind"], sorted(f["line"] for f in d["faults"]))')" "8..invalid [2, 3, 4]"
# A name that is longer than a message has room for.
part=$(printf '%0120d' 0)
deep=$tmp/$part/$part/$part/$part
mkdir -p "$deep"
printf 'app 1\ncolour blue\napi http://x\n' >"$deep/far.conf"
printf 'key optional nosuch\n' >"$deep/farther.conf"
mkdir "$deep/folder.conf"
run env ICRED_CONFIG_DIR="$deep" icred profile check far farther folder
is "check: files far away" "$(printf '%s\n' "$err" | sed 's|^icred: \.\.\.[0/]*/||; s|\(conf:[0-9:]*\) .*|\1|')" \
	"far.conf:2:1:
far.conf:3:5:
farther.conf:1:14:
folder.conf:1:1:"
fails "check: an empty name is none, as with --profile" 2 icred profile check ''
fails "check of one that is not there" 3 icred profile check nothing
fails "profile alone" 2 icred profile
fails "profile and another word" 2 icred profile mend

put plain 'app 1' 'api https://127.0.0.1:1'
run icred -p plain key list
is "no key line: what this build has is used, and nothing else is missed" "$(printf '%s\n' "$err" | grep -c "cannot be loaded")" 0 || diag "$err"
rm "$dir/plain.conf"

# -- what -v reports -------------------------------------------------------------------------

put traced 'app 1' 'api https://127.0.0.1:1' 'cache sufficient runtime' 'cache optional keyctl keyring=session' \
	'key sufficient keyring'
[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] || put traced 'app 1' 'api https://127.0.0.1:1' 'cache sufficient runtime' '-key sufficient keyring'
run icred -v -p traced -i x --timeout 5s token
isnt "-v: a token that cannot be had" "$status" 0
like "  a cache that has none" "$err" "^icred: cache runtime \\($dir/traced\\.conf:3\\): not-found, ignored"
like "  the issuer" "$err" '^icred: issuer icr \(built in\): [a-z-]+, which fails the stack(:| when) '
like "  and who decided" "$err" '^icred: decided by (issuer icr|key keyring)'
run icred -p traced -i x --timeout 5s token
is "without -v: one line" "$(printf '%s\n' "$err" | wc -l | tr -d ' ')" 1
done_testing
