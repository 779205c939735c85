#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Profiles that are missing or wrong: the file and the line, an exit status, and nothing is minted.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
config=$ICRED_CONFIG_DIR
# Lines that the test's own come after, so that theirs is line 6.
write() {
	printf 'app 12345\napi %s\nca %s\ncache sufficient keyctl keyring=session\ninstallation %s\n' \
		"$sandbox_url" "$sandbox_ca" "$sandbox_installation"
	[ $# -eq 0 ] || printf '%b\n' "$@"
}

# bad PATTERN LINE...: each line by itself; the message names file and line
bad() {
	bad_pattern=$1
	shift
	for line; do
		write "$line" >"$config/bad.conf"
		refused "$line" 8 invalid "$config/bad\.conf:6.*$bad_pattern" icred -p bad token
	done
}

# -- names ---------------------------------------------------------------------------------

refused "an unknown profile" 3 not-found "write $config/nothing.conf, as icred-profile\(5\) shows" icred -p nothing token
refused "  from the environment" 3 not-found 'nothing' env ICRED_PROFILE=nothing icred token
refused "  status" 3 not-found 'nothing' icred -p nothing status
refused "  forget" 3 not-found 'nothing' icred -p nothing forget
refused "  key list" 3 not-found 'nothing' icred -p nothing key list
run git-credential-icred -p nothing get <<-END
	protocol=https
	host=${sandbox_url#https://}

END
is "  git's helper" "$status.$out.$(printf '%s' "$err" | grep -c nothing)" "3..1"
for name in ../default /etc/passwd .hidden -x 'a b' "$(printf 'a\033[31m')" "$(head -c 300 /dev/zero | tr '\0' x)"; do
	refused "the name '$(printf '%s' "$name" | tr -d '\033' | head -c 20)'" 2 usage "cannot be the name of a profile" \
		icred --profile="$name" token
done
is "-p wins over the environment" "$(ICRED_PROFILE=nothing icred -p default token | wc -l)" 1
mkdir "$tmp/other"
write >"$tmp/other/there.conf"
is "ICRED_CONFIG_DIR" "$(ICRED_CONFIG_DIR=$tmp/other icred -p there token | wc -l)" 1
refused "  and not here" 3 not-found 'there' icred -p there token
mkdir -p "$XDG_CONFIG_HOME/icred"
is "  without it: XDG_CONFIG_HOME" "$(env -u ICRED_CONFIG_DIR icred -p default token | wc -l)" 1
is "  without that: ~/.config" "$(env -u ICRED_CONFIG_DIR -u XDG_CONFIG_HOME icred -p default token | wc -l)" 1
refused "no profile at all: the built-in one lacks an app" 8 invalid 'has no app; write .*app ID' env ICRED_CONFIG_DIR="$tmp" icred token
refused "  and then an installation" 8 invalid 'has no installation; write .*as-app yes' env ICRED_CONFIG_DIR="$tmp" icred -a 12345 token

# -- lines ---------------------------------------------------------------------------------

sandbox reset
icred forget
# File and line say where, so that the message needs no advice.
whole_advice='.*'
bad 'neither a setting nor key, cache, issuer or include' 'nonsense' 'App 12345' 'keys sufficient keyring' '-app 12345' \
	'[success=ok] key keyring' '\0303\0244pp 1'
bad 'has no value' app api installation timeout
bad 'takes one value' 'origin https://a b' 'app 1 2' 'timeout 5 s'
bad 'must be a URL' 'api api.carbonregistry.com' 'api https://' 'api ftp://x' 'origin https://user@host'
bad 'must be an ID|takes one value' 'app a/b' 'installation ..' 'organization x?y' 'app "1"'
bad 'must be a duration' 'timeout soon' 'min-ttl 5d' 'timeout -1' 'min-ttl 99999999999999999999' 'timeout 1.5' 'timeout 0' 'timeout 0m'
bad 'must be yes or no' 'as-app maybe' 'insecure-loopback 1'
bad 'must be the absolute name of a file' 'ca ca.pem'
bad 'must be a path' 'path-prefix v1' 'path-prefix /a/../b' 'git-path /x'
bad 'facility control module' 'key sufficient' 'cache' 'issuer required'
bad 'is not a control' 'key maybe keyring' 'cache 7 keyctl'
bad 'not result=action' 'key [success=jump] keyring' 'key [nothing=ok] keyring' 'key [success=ok,default=die] keyring' 'key [=] keyring'
bad 'is not a control' 'key [] keyring'
bad 'must end with \]' 'key [success=ok keyring'
bad "module's name" 'key sufficient ../keyring' 'cache sufficient keyctl.so' 'issuer required Icr' 'key sufficient /tmp/x'
bad 'name of one profile' include 'include a b'
bad "cannot include" 'include nothing' 'include ../default' 'include /etc/passwd'
bad 'more than 64 words' "key sufficient keyring $(printf 'x%.0s ' $(seq 200))"
bad '' "installation $(head -c 256 /dev/zero | tr '\0' 1)"
{ write; printf 'app 1\r\n'; } >"$config/bad.conf"
refused "Windows line ends" 8 invalid "bad.conf:6.*Windows line ends.*save it with LF" icred -p bad token
{ printf '\357\273\277'; write; } >"$config/bad.conf"
refused "a byte order mark" 8 invalid "bad.conf:1.*byte order mark; save it without" icred -p bad token
{ write; printf 'app 1\0002\n'; } >"$config/bad.conf"
refused "a NUL" 8 invalid "bad.conf:6.*control byte" icred -p bad token
{ write; head -c 2000000 /dev/zero | tr '\0' '#'; } >"$config/bad.conf"
refused "a huge file" 8 invalid "bad\.conf:1:1: .*larger" icred -p bad token
rm "$config/bad.conf"
mkdir "$config/bad.conf"
refused "a directory" 8 invalid "bad\.conf:1:1: .*not a regular file" icred -p bad token
rmdir "$config/bad.conf"
mkfifo "$config/bad.conf"
refused "a pipe" 8 invalid "bad\.conf:1:1: .*not a regular file" timeout 20 icred -p bad token
rm "$config/bad.conf"
write 'include one' >"$config/bad.conf"
write 'include two' >"$config/one.conf"
write 'include one' >"$config/two.conf"
refused "two profiles that include each other" 8 invalid "(one|two)\.conf:6.*includes itself" icred -p bad token
write 'include bad' >"$config/bad.conf"
refused "  of one" 8 invalid "bad\.conf:6.*includes itself" icred -p bad token
write 'include one' >"$config/bad.conf"
write 'timeout soon' >"$config/one.conf"
refused "the line that is wrong in what is included" 8 invalid "one\.conf:6.*must be a duration" icred -p bad token
# shellcheck disable=SC1003 # backslashes, and no quotation mark
write 'app 1 \\' '  2 \\' '  # and so on' >"$config/bad.conf"
refused "a continued line" 8 invalid "bad\.conf:7:3: .*2" icred -p bad token
write "api http://example.org" >"$config/bad.conf"
refused "plain HTTP to elsewhere" 8 invalid "bad\.conf.*must be https" icred -p bad token
write "api http://example.org" 'insecure-loopback yes' >"$config/bad.conf"
refused "  whatever the profile says" 8 invalid "bad\.conf.*must be https" icred -p bad token

# -- modules -------------------------------------------------------------------------------

for facility in key cache issuer; do
	write "$facility required nothere" >"$config/bad.conf"
	icred forget
	run icred -p bad token --json
	is "$facility: a module that is not there" "$out.$(printf '%s' "$err" | grep -Ec "nothere.*")" ".1"
	isnt "  fails" "$status" 0
	like "  and says where that is wanted" "$err" "bad\.conf:6|$facility-nothere\.so|$facility nothere"
	printf '%s\n' "$err" >>"$tmp/errors"
done
write 'cache required runtime' '-cache required nothere' >"$config/bad.conf"
run icred -p bad token
is "one that may be missing is no failure" "$status.$(printf '%s\n' "$out" | grep -c '^crs_')" "0.1" || diag "$err"
icred -p bad forget
icred forget
sandbox reset
write 'key required nothere' 'key sufficient keyring' >"$config/bad.conf"
run icred -p bad token
isnt "a policy never fails open: required, and not there" "$status" 0
is "  though another line has the key" "$out.$(sandbox mints)" ".0"
mkdir "$tmp/modules"
cp "$ICRED_MODULE_DIR"/*.so "$tmp/modules/"
echo 'no module' >"$tmp/modules/key-broken.so"
write 'key required broken' >"$config/bad.conf"
run env ICRED_MODULE_DIR="$tmp/modules" icred -p bad token
is "a module that is none" "$out.$(sandbox mints)" ".0"
like "  is reported with its name" "$status.$err" '^[1-8]\..*broken'
write 'key sufficient keyring' 'key optional broken' >"$config/bad.conf"
run env ICRED_MODULE_DIR="$tmp/modules" icred -p bad token
is "  after a line that has the key, too" "$status.$out.$(sandbox mints)" "8..0"
like "  with its place" "$err" 'bad\.conf:7:14: module key broken '
cp "$tmp/modules/issuer-icr.so" "$tmp/modules/key-misnamed.so"
write 'key required misnamed' >"$config/bad.conf"
run env ICRED_MODULE_DIR="$tmp/modules" icred -p bad token
is "a module of another facility" "$out.$(sandbox mints)" ".0"
like "  is reported with its name" "$status.$err" '^[1-8]\..*misnamed'

# -- the command line ----------------------------------------------------------------------

# usage WORD...: status 2
usage() {
	run icred --json "$@"
	is "icred $(printf '%.60s' "$*")" "$status.$out.$(printf '%s\n' "$err" | grep -c '^{"error":{"kind":"usage","message":"')" "2..1"
	printf '%s\n' "$err" >>"$tmp/errors"
}
usage
usage nonsense
usage token more
usage token --nonsense
usage token -i
usage token -i 1 -o 2
usage token --as-app -i 1
usage token --min-ttl soon
usage token --timeout 0
usage token --timeout=-1
usage token --label x
long=$(printf '%2000s' '' | tr ' ' x)
usage token "$long"
usage "$long"
usage token "--$long"
usage help "$long"
usage key "$long"
usage key remove "$long"
usage key import file --label "$long"
like "  the label is what is wrong" "$err" 'the --label is longer than 512 bytes'
run icred --json token "$(printf '\377\376\302x')"
is "bytes that are no text" "$status.$err" \
	'2.{"error":{"kind":"usage","message":"unexpected word: \ufffd\ufffd\ufffdx (see icred --help)"}}'
run icred token "$long"
like "a long word, in words" "$status.$(printf '%s\n' "$err" | wc -l).$err" '^2\.1\.icred: unexpected word: x'
usage key
usage key import
usage key nonsense
usage -q -v token
run icred key remove nonsense --json
is "no fingerprint" "$status.$out" "2."
is "nothing was minted for all that" "$(sandbox mints) $(cached)" "0 0"
errors_checked
done_testing
