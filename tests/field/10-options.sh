#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No option, word or setting is silently ignored: each program, with options before and after its command, with
# values that cannot be, with what contradicts itself; "did you mean"; closed standard descriptors and full disks.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires git curl
start_sandbox || exit 99
install -m 600 "$sandbox_key" "$tmp/app.pem"
key="key sufficient file path=$tmp/app.pem"
second=$(sandbox installations | awk 'NR == 2 { print $1 }')
profile default "$key"
sandbox_installation=$second profile work "$key"
token='crs_[0-9a-f]{48}'
tab=$(printf '\t')
newline='
'
escape=$(printf '\033')

# usage NAME COMMAND...: a usage error, in one line, with nothing on standard output
usage() {
	usage_name=$1
	shift
	run "$@" </dev/null
	tap_status=1
	[ "$status" -eq 2 ] && [ -z "$out" ] && [ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] && tap_status=0
	printf '%s' "$err" | LC_ALL=C grep -q '[[:cntrl:]]' && tap_status=1
	tap_result "$tap_status" "$usage_name" || {
		diag "'$*': status $status, wanted 2"
		diag "stdout: $out"
		diag "stderr: $err"
	}
}
# git_helper ARGUMENT...: with the description of the sandbox that git gives
describe() { printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}"; }
git_helper() {
	describe >"$tmp/description"
	run git-credential-icred "$@" <"$tmp/description"
}

# -- before and after the command, in each spelling ----------------------------------------------

# whose ARGUMENT...: the installation of the token that icred gives
whose() {
	run icred "$@"
	json 'd["installation"]'
}
for spelling in "-p work" "-pwork" "--profile work" "--profile=work" "-i $second" "-i$second" "--installation $second" \
	"--installation=$second"; do
	# shellcheck disable=SC2086 # options and their values
	{
		is "icred $spelling token" "$(whose $spelling token --json)" "$second"
		is "icred token $spelling" "$(whose token --json $spelling)" "$second"
		is "icred $spelling token, once before and once after" "$(whose $spelling token --json $spelling)" "$second"
		cold=$(sandbox mints)
		git_helper $spelling get
		like "git-credential-icred $spelling get" "$out" "^password=$token\$"
		before=$out
		git_helper get $spelling
		is "git-credential-icred get $spelling" "$status.$out" "0.$before"
		is "  which is the token of that installation, from the cache" "$(sandbox mints)" "$cold"
	}
done
git_helper get
first=$out
git_helper -p work get
isnt "the two profiles have two tokens" "$out" "$first"

# The profile that is named is the one that counts, wherever its name stands.
for words in '-p nope ACTION' '--profile nope ACTION' '--profile=nope ACTION' 'ACTION -p nope' 'ACTION -pnope' \
	'ACTION --profile nope' 'ACTION --profile=nope' '-q ACTION --profile nope'; do
	# shellcheck disable=SC2046 # words
	{
		git_helper $(printf '%s' "$words" | sed s/ACTION/get/)
		is "git-credential-icred $words: get" "$status.$out" 3.
		describe | sed "s/^\$/password=x/" >"$tmp/description"
		run git-credential-icred $(printf '%s' "$words" | sed s/ACTION/erase/) <"$tmp/description"
		is "  erase" "$status.$out" 3.
		fails "icred $words: token" 3 icred $(printf '%s' "$words" | sed s/ACTION/token/)
		fails "  status" 3 icred $(printf '%s' "$words" | sed s/ACTION/status/)
		fails "  key list" 3 icred $(printf '%s' "$words" | sed 's/ACTION/key list/')
		fails "  profile show" 3 icred $(printf '%s' "$words" | sed 's/ACTION/profile show/')
	}
done
fill() {
	describe >"$tmp/description"
	run timeout 30 git -c credential.interactive=false -c "credential.helper=$1" credential fill <"$tmp/description"
}
fill "$builddir/git-credential-icred --profile work"
like "git, with an option in credential.helper" "$out" "^password=$token\$"
fill "$builddir/git-credential-icred --profile nope"
unlike "  a missing profile gives it nothing" "$out" password
like "  and says so" "$err" 'no profile "nope"'
fill "!$builddir/git-credential-icred get --profile work"
unlike "git, with an action that git adds once more: nothing" "$out" password
like "  and says so" "$err" 'unexpected word'

# -- what is not understood ----------------------------------------------------------------------

commands='token|curl-config|exec|status|forget|key list|key import -|key remove x|key fingerprint -|profile list|profile show|profile check|help'
for option in --bogus --bogus=1 --prof --json=yes --no-interactive=1 --as-app=x --help=token -Z -qZ -A -x --=x ---json --json,-q; do
	printf '%s\n' "$commands" | tr '|' '\n' >"$tmp/commands"
	while read -r command; do
		# shellcheck disable=SC2086 # words
		usage "icred $option $command" icred $option $command
		[ "$command" = exec ] && continue # its words are the other command's
		# shellcheck disable=SC2086 # words
		usage "icred $command $option" icred $command $option
	done <"$tmp/commands"
	for action in get store erase capability future; do
		usage "git-credential-icred $option $action" git-credential-icred "$option" $action
		usage "git-credential-icred $action $option" git-credential-icred $action "$option"
	done
done
for option in -p --profile -a --app -i --installation -o --organization --min-ttl --timeout --passphrase-fd; do
	usage "icred token $option, without its value" icred token $option
	usage "  with an empty one" icred token $option ''
	usage "  with another option in its place" icred token $option --json
	usage "  before the command" icred $option -q token
	usage "git-credential-icred get $option" git-credential-icred get $option
	usage "git-credential-icred $option ''" git-credential-icred $option '' get
	usage "git-credential-icred $option -q get" git-credential-icred $option -q get
done
while read -r words; do
	# shellcheck disable=SC2086 # words
	usage "icred $words" icred $words
done <<-END
	token more
	token -- --json
	status default
	forget all
	key
	key list all
	key frobnicate
	key import
	key import a b
	key remove
	key remove a b
	key fingerprint
	profile
	profile list default
	profile show a b
	profile frobnicate
	help token more
	help frobnicate
	frobnicate --help
	frobnicate --version
	key frobnicate --help
	curl
	exec
	exec --
	--json
END
usage "icred" icred
usage "icred ''" icred ''
usage "icred token ''" icred token ''
for words in '' 'get get' 'get store' 'get more' 'store more' 'future more' '-- get --profile' '--'; do
	# shellcheck disable=SC2086 # words
	usage "git-credential-icred $words" git-credential-icred $words
done
usage "git-credential-icred ''" git-credential-icred ''
git_helper future
is "git may add actions: silence" "$status.$out.$err" "0.."
git_helper -- get
like "git-credential-icred -- get" "$out" "^password=$token\$"

# -- what contradicts itself, or means nothing ---------------------------------------------------

while read -r words; do
	# shellcheck disable=SC2086 # words
	{
		usage "icred $words token" icred $words token
		usage "icred token $words" icred token $words
		case $words in *header*) continue ;; esac
		usage "git-credential-icred $words get" git-credential-icred $words get
		usage "git-credential-icred get $words" git-credential-icred get $words
	}
done <<-END
	-p default -p work
	--profile=work -pdefault
	-a 12345 --app 54321
	-i $second -i other
	-i $second -o org
	-o org --as-app
	-i $second --as-app
	--min-ttl 5m --min-ttl 6m
	--timeout 5 --timeout 6
	-q -v
	--json --header
END
usage "one before and one after" icred -p work token -p default
usage "  of git's helper" git-credential-icred -p work get -p default
while read -r words; do
	# shellcheck disable=SC2086 # words
	usage "icred $words" icred $words
done <<-END
	forget -i $second
	forget --as-app
	forget --min-ttl 5m
	status --min-ttl 5m
	status --header
	key list -o org
	key list --label x
	key remove --label x SHA256:x
	key fingerprint --label x -
	key import --header -
	key import --min-ttl 5m -
	token --hex
	token --label x
	curl-config --header
	profile list -p work
	profile list -a 1
	profile show --min-ttl 5m
	profile show -p work default
	profile check -p work default
	profile check --passphrase-fd 0
	help -p work
END
usage "git-credential-icred get --label x" git-credential-icred get --label x
usage "git-credential-icred get --hex" git-credential-icred get --hex
usage "git-credential-icred get --header" git-credential-icred get --header

# -- values that cannot be ------------------------------------------------------------------------

long=$(head -c 300 /dev/zero | tr '\0' x)
# bad OPTION VALUE...: before and after the command, of each program
bad() {
	bad_option=$1
	shift
	for bad_value; do
		bad_name="$bad_option=$(printf '%.20s' "$bad_value" | tr -c '[:print:]' '?')"
		usage "icred $bad_name" icred "$bad_option=$bad_value" token
		usage "  after the command" icred token "$bad_option=$bad_value"
		usage "  of git's helper" git-credential-icred "$bad_option=$bad_value" get
		usage "  after the action" git-credential-icred get "$bad_option=$bad_value"
	done
}
for option in --app --installation --organization; do
	bad $option '' 'a b' ' a' a/b 'a?b' 'a#b' a%20b "a${tab}b" "a${newline}b" "a$escape" a\"b 'a\b' . .. "$long" é
done
bad --profile '' ../default /etc/passwd .hidden -x 'a b' "a${newline}b" "a$escape" "$long" work/ é
bad --min-ttl '' 5d -1 +5 1.5 ' 5' '5 ' '5 m' h 5mm 0x10 25h 86401 99999999999h 99999999999999999999 "5$newline" soon
bad --timeout '' 5d -1 +5 1.5 ' 5' '5 ' h 0 0s 0m 61m 2h 3601 99999999999h 99999999999999999999 "5$newline" soon
bad --passphrase-fd '' 1 2 -1 +3 x 3x ' 3' 0x3 77 2147483647 2147483648 99999999999999999999 "3$newline"
exec 5>"$tmp/write-only"
bad --passphrase-fd 5
exec 5>&-
for value in "a${newline}b" "a$escape" "$(printf 'a\377')" "$long$long"; do
	usage "icred key import --label of $(printf '%.4s' "$value" | tr -c '[:print:]' '?')..." icred key import --label "$value" -
done
for name in ../default /etc/passwd .hidden -x 'a b' "a$escape" "$long"; do
	usage "ICRED_PROFILE=$(printf '%.12s' "$name" | tr -c '[:print:]' '?')" env "ICRED_PROFILE=$name" icred token
	usage "  for git" env "ICRED_PROFILE=$name" git-credential-icred get
	is "  which an option makes good" "$(ICRED_PROFILE=$name icred -p default token | wc -l)" 1
done
is "  and means nothing to a command without a profile" "$(ICRED_PROFILE=../x icred profile list | wc -l)" 2
is "an empty ICRED_PROFILE is none" "$(ICRED_PROFILE='' icred token | wc -l)" 1
refused "a usage error is JSON if that was wanted" 2 usage 'unknown option: --bogus' icred token --bogus
refused "  with what is not printable taken out" 2 usage '"\?\[31m' icred token -p "${escape}[31m"

for name in ./default default/ /etc/icred/default.conf .hidden '' "a$escape"; do
	usage "icred profile show $(printf '%.12s' "$name" | tr -c '[:print:]' '?')" icred profile show "$name"
	usage "  check, after a good one" icred profile check default "$name"
done
usage "git's description is no passphrase" git-credential-icred --passphrase-fd 0 get
usage "  nor after the action" git-credential-icred erase --passphrase-fd=0

# -- did you mean --------------------------------------------------------------------------------

# meant NAME COMMAND...: the message asks "did you mean NAME?"
meant() {
	meant_name=$1
	shift
	run "$@" </dev/null
	like "$(printf '%s ' "$@" | sed "s|$tmp|...|g"): did you mean $meant_name?" "$status.$out.$err" \
		"^[28]\\.\\..*did you mean $meant_name\\?"
}
while read -r wanted words; do
	# shellcheck disable=SC2086 # words
	meant "$wanted" icred $words
done <<-END
	token tokn
	token Token
	token help tokne
	status sttaus
	curl-config curl_config
	forget forgt
	profile profil list
	key kye list
	import key imprt app.pem
	list key lst
	remove key remvoe x
	fingerprint key finger x
	show profile shwo
	check profile chekc
	list profile lsit
	--profile --profil work token
	--profile token --prof=work
	--installation token --instalation x
	--organization --organisation x token
	--min-ttl token --minttl 5m
	--as-app --as_app token
	--json token --jsno
	--no-interactive --non-interactive token
	--passphrase-fd --passphrase_fd 0 token
	--header curl --haeder x $sandbox_url/
	--location curl --locatoin $sandbox_url/
END
meant --profile git-credential-icred --profle work get
meant --timeout git-credential-icred get --timeot 5
run git-credential-icred -v gte </dev/null
is "an action that git may have one day is no error" "$status.$out" 0.
like "  and -v asks" "$err" 'did you mean get\?'
run icred frobnicate
unlike "what resembles nothing: no guess" "$err" 'did you mean'
while IFS='|' read -r wanted line; do
	printf '%s\n' "$line" >"$ICRED_CONFIG_DIR/typo.conf"
	meant "$wanted" icred profile check typo
done <<-END
	app|ap 1
	installation|instalation x
	organization|organisation x
	min-ttl|min_ttl 5
	timeout|time-out 5
	git-path|gitpath a b
	key|keys sufficient keyring
	cache|-cahce sufficient keyctl
	issuer|isuer required icr
	include|inlcude work
	required|key requird file
	sufficient|key sufficent file
	optional|key Optional file
	success|key [succes=done default=die] file
	not_found|key [not_fuond=ignore] file
	rate_limited|key [ratelimited=ignore] file
	default|key [success=ok defualt=die] file
	ignore|key [success=ok default=ignor] file
	done|key [success=doen] file
	path|key sufficient file pth=/x
	path|key sufficient file Path=/x
	keyring|cache sufficient keyctl kyering=session
	keyctl|cache sufficient keyctrl
	runtime|cache sufficient run-time
	file|key sufficient fiel path=/x
	exec|key sufficient exce command=/x
	icr|issuer required irc
	work|include wrok
END
rm "$ICRED_CONFIG_DIR/typo.conf"
run icred -p wrok token
like "a profile of another name" "$status.$out.$err" '^3\..*did you mean work\?'

# -- why git gets nothing ------------------------------------------------------------------------

# nothing PATTERN OPTION... -- LINE...: silence, and with -v one line that says why
nothing() {
	nothing_pattern=$1
	shift
	nothing_options=
	while [ "$1" != -- ]; do
		nothing_options="$nothing_options $1"
		shift
	done
	shift
	printf '%s\n' "$@" '' >"$tmp/description"
	# shellcheck disable=SC2086 # words
	run git-credential-icred $nothing_options <"$tmp/description"
	is "nothing: $nothing_pattern" "$status.$out.$err" "0.."
	# shellcheck disable=SC2086 # words
	run git-credential-icred -v $nothing_options <"$tmp/description"
	is "  with -v as well" "$status.$out" "0."
	is "  which says why, in one line" "$(printf '%s\n' "$err" | grep -c "^git-credential-icred: nothing for git: .*$nothing_pattern")" 1
}
host=${sandbox_url#https://}
profile paths "$key" "git-path acme/ $second"
sed -i '/^installation/d' "$ICRED_CONFIG_DIR/paths.conf"
for action in get erase; do
	nothing 'no protocol' $action -- "host=$host" password=x
	nothing 'no host' $action -- protocol=https password=x
	nothing 'is not a host' $action -- protocol=https host=a/b password=x
	nothing 'the protocol is "ssh"' $action -- protocol=ssh "host=$host" password=x
	nothing 'https://evil.example is not an origin of the profile' $action -- protocol=https host=evil.example password=x
	nothing 'is not an origin' $action -- protocol=https "host=$host.evil.example" password=x
	nothing 'is not an origin' $action -- protocol=http "host=$host" password=x
	nothing 'the user name is "bob", and the profile.s is "x-access-token"' $action -- protocol=https "host=$host" username=bob password=x
done
nothing 'no git-path of the profile fits the path other/repo' -p paths get -- protocol=https "host=$host" path=other/repo
nothing 'a segment . or ..' -p paths get -- protocol=https "host=$host" path=acme/../other
nothing 'useHttpPath' -p paths get -- protocol=https "host=$host"
nothing 'no password to erase' erase -- protocol=https "host=$host"
nothing 'is not a cached one' erase -- protocol=https "host=$host" password=crs_other
nothing 'nothing to store' store -- protocol=https "host=$host" username=x password=y
nothing 'the action "future" is not known' future -- protocol=https "host=$host"
printf 'protocol=https\nhost=%s\npath=acme/repo.git\n\n' "$host" >"$tmp/description"
run git-credential-icred -v -p paths get <"$tmp/description"
like "  and where the path fits, there is a token" "$out" "^password=$token\$"

# -- standard descriptors that are closed, disks that are full ------------------------------------

printf 'nonsense\n' >"$tmp/faulty.conf"
cat >"$tmp/each" <<-END
	token
	token --json
	curl-config
	status
	status --json
	key list
	key list --json
	key fingerprint $tmp/app.pem
	profile list
	profile list --json
	profile show
	profile show --json
	profile check default
	profile check --json default
	help
	--help
	--version
	forget --json
END
while read -r words; do
	case $words in forget*) ;; *) icred token >/dev/null ;; esac
	# What may change from one moment to the next is no difference.
	same() { sed 's/"expiresIn":[0-9]*//g; s/[0-9]*h\{0,1\} *[0-9]*m [0-9]*s$//' "$1"; }
	# shellcheck disable=SC2086 # words
	{
		icred $words >"$tmp/open" 2>"$tmp/said" </dev/null
		icred $words <&- >"$tmp/got" 2>&1
		is "icred $words, standard input closed" "$?.$(same "$tmp/got")" "0.$(same "$tmp/open")"
		icred $words >"$tmp/got" 2>&- </dev/null
		is "  standard error closed" "$?.$(same "$tmp/got")" "0.$(same "$tmp/open")"
		icred $words <&- >"$tmp/got" 2>&-
		is "  both" "$?.$(same "$tmp/got")" "0.$(same "$tmp/open")"
		icred $words 2>"$tmp/got" >&- </dev/null
		is "  standard output closed: status" "$?" 1
		like "    and a message" "$(cat "$tmp/got")" "cannot write the answer"
		icred $words <&- >&- 2>&-
		is "  all closed" "$?" 1
		icred $words 2>"$tmp/got" >/dev/full
		is "  a full disk: status" "$?" 1
		like "    and a message" "$(cat "$tmp/got")" "cannot write the answer: no space"
		icred $words >/dev/full 2>/dev/full
		is "    which has no place either" "$?" 1
	}
done <"$tmp/each"
describe >"$tmp/description"
git-credential-icred get <"$tmp/description" >/dev/full 2>"$tmp/got"
is "git-credential-icred get, a full disk" "$?" 1
like "  and a message" "$(cat "$tmp/got")" "cannot write the answer: no space"
git-credential-icred get <"$tmp/description" >&- 2>/dev/null
is "  standard output closed" "$?" 1
git-credential-icred get <"$tmp/description" >"$tmp/got" 2>&-
is "  standard error closed" "$?.$(grep -c '^password=' "$tmp/got")" 0.1
git-credential-icred get <&- >"$tmp/got" 2>&1
is "  standard input closed: nothing is described" "$?.$(cat "$tmp/got")" "0."
mv "$tmp/faulty.conf" "$ICRED_CONFIG_DIR/"
for words in 'check --json faulty' 'check faulty'; do
	# shellcheck disable=SC2086 # words
	{
		icred profile $words >"$tmp/got" 2>&-
		is "profile $words, standard error closed" "$?.$(cat "$tmp/got")" "8."
		icred profile $words >"$tmp/got" 2>/dev/full
		is "  a full disk there" "$?.$(cat "$tmp/got")" "8."
		icred profile $words >&- 2>"$tmp/got"
		is "  standard output closed" "$?" 8
		like "    the fault is reported" "$(cat "$tmp/got")" nonsense
	}
done
rm "$ICRED_CONFIG_DIR/faulty.conf"
if command -v strace >/dev/null 2>&1 && strace -o "$tmp/null" true 2>/dev/null; then
	strace -f -o "$tmp/trace" -e trace=close icred profile check --json default work >/dev/null 2>&1
	is "no command closes standard error" "$(grep -c 'close(2)' "$tmp/trace")" 0
fi

# -- another authorization for curl, from a file -------------------------------------------------

url=$sandbox_url/projects
# other NAME TEXT: refused in a file of --header, by whatever way curl could read it
other() {
	printf '%s\n' "$2" >"$tmp/headers"
	usage "curl -H @FILE: $1" icred curl -sS -H "@$tmp/headers" "$url"
	usage "  -H@FILE" icred curl -sS -H"@$tmp/headers" "$url"
	usage "  --header @FILE" icred curl --header "@$tmp/headers" "$url"
	usage "  --header=@FILE" icred curl "--header=@$tmp/headers" "$url"
	usage "  --proxy-header @FILE" icred curl --proxy-header "@$tmp/headers" "$url"
	usage "  after the URL" icred curl "$url" -H "@$tmp/headers"
	usage "  after --next" icred curl "$url" --next -H "@$tmp/headers" "$url"
	printf 'silent\nheader = "@%s"\n' "$tmp/headers" >"$tmp/config"
	usage "  in a file of --config" icred curl -K "$tmp/config" "$url"
	printf 'header @%s\n' "$tmp/headers" >"$tmp/config"
	usage "    without quotes" icred curl --config "$tmp/config" "$url"
	printf -- '-H @%s\n' "$tmp/headers" >"$tmp/config"
	usage "    as a letter" icred curl "-K$tmp/config" "$url"
	run icred curl -H @- "$url" <"$tmp/headers"
	is "  from standard input" "$status.$out" 2.
	printf 'header = "@-"\n' >"$tmp/config"
	run icred curl -K "$tmp/config" "$url" <"$tmp/headers"
	is "  from there by way of a file" "$status.$out" 2.
}
other "plain" 'Authorization: Bearer other'
other "any case" 'aUTHORIZATION: Bearer other'
other "leading blanks" '  Authorization: Bearer other'
other "a leading tab" "${tab}authorization: Bearer other"
other "blanks before the colon" "Authorization $tab: Bearer other"
other "empty" 'Authorization:'
other "empty, to be sent" 'Authorization;'
other "after others" "X-One: 1${newline}X-Two: 2${newline}Authorization: Bearer other"
other "folded" "X-One: 1${newline} Authorization: Bearer other"
other "value in the next line" "Authorization:$newline Bearer other"
other "Windows line ends" "$(printf 'X-One: 1\r\nAuthorization: Bearer other\r')"
other "a lone carriage return" "$(printf 'X-One: 1\rAuthorization: Bearer other')"
other "empty lines before it" "$newline${newline}Authorization: Bearer other"
other "a file in a file" "@$tmp/more"
for value in 'Authorization: x' ' authorization: x' "AUTHORIZATION${tab}: x" 'Authorization;'; do
	usage "curl -H '$value'" icred curl -H "$value" "$url"
	usage "  --proxy-header" icred curl --proxy-header "$value" "$url"
	printf 'header = "%s"\n' "$value" >"$tmp/config"
	usage "  in a file" icred curl -K "$tmp/config" "$url"
done
for line in 'oauth2-bearer = "x"' 'user = "a:b"' 'user a:b' '-u a:b' 'netrc' 'netrc-optional' "netrc-file = $tmp/netrc" 'basic' 'anyauth'; do
	printf '%s\n' "$line" >"$tmp/config"
	usage "curl -K with $line" icred curl -K "$tmp/config" "$url"
done
printf 'X-One: 1\r\n\r\nX-Two: "2" \\ %s\n' "$tab." >"$tmp/headers"
run icred curl -sS -H "@$tmp/headers" -o "$tmp/body" -w '%{http_code}' "$url"
is "other headers from a file go through" "$status.$out.$err" "0.200."
run icred curl -sS -H @- -o "$tmp/body" -w '%{http_code}' "$url" <"$tmp/headers"
is "  from standard input" "$status.$out.$err" "0.200."
fails "a file that is not there" 3 icred curl -H "@$tmp/missing" "$url"
usage "a file with a NUL" sh -c "printf 'X-One: 1\\0\\nAuthorization: x\\n' >'$tmp/nul'; icred curl -H '@$tmp/nul' '$url'"
done_testing
