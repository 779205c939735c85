#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# git itself, with the helper configured: fill, approve, reject, paths, and hosts that are not ours.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole git
authority=${sandbox_url#https://}
second=$(sandbox installations | awk 'NR == 2 { print $1 }')
third=$(sandbox installations | awk 'NR == 3 { print $1 }')
token='crs_[0-9a-f]{48}'
git config --global credential.helper icred
git config --global credential.interactive false

# fill [LINE...]: what git credential fill makes of a description of the sandbox, or of these lines
fill() {
	[ $# -gt 0 ] || set -- protocol=https "host=$authority"
	run timeout 30 git credential fill <<-END
		$(printf '%s\n' "$@")

	END
	password=$(printf '%s\n' "$out" | sed -n 's/^password=//p')
}
# run_status COMMAND...: as run, after a pipe, which no variable gets out of
run_status() {
	run "$@"
	echo "$status" >"$tmp/.status"
}
git_credential() {
	git_action=$1
	shift
	printf '%s\n' protocol=https "host=$authority" username=x-access-token "$@" '' | git credential "$git_action"
}

# -- fill, approve, reject -----------------------------------------------------------------

fill
is "fill" "$status.$err" "0."
like "  gives the token" "$password" "^$token\$"
like "  and a user name" "$out" '^username=x-access-token$'
first=$password
fill
is "fill again: the same" "$password.$(sandbox mints)" "$first.1"
run git_credential approve "password=$first"
is "approve does nothing" "$status.$out.$err" "0.."
fill
is "  and the token stays" "$password" "$first"
run git_credential reject "password=crs_000000000000000000000000000000000000000000000000"
is "reject of another token" "$status.$out.$err" "0.."
fill
is "  leaves the cached one" "$password.$(sandbox mints)" "$first.1"
run git_credential reject "password=$first"
is "reject of the token" "$status.$out.$err" "0.."
fill
like "  the next one is new" "$password" "^$token\$"
isnt "  indeed" "$password" "$first"
is "  minted" "$(sandbox mints)" 2
run git_credential reject "password=$first"
fill
is "reject of the old one once more: nothing new is minted" "$(sandbox mints)" 2
run git_credential reject
fill
is "reject without a password, either" "$status.$(sandbox mints)" "0.2"
run env ICRED_PROFILE=default git credential reject <<-END
	protocol=https
	host=example.org
	username=x-access-token
	password=$password

END
fill
is "reject of the token for another host, either" "$(sandbox mints)" 2

# -- what the helper says to git ---------------------------------------------------------------

helper() {
	helper_action=$1
	shift
	printf '%s\n' "$@" '' | git-credential-icred "$helper_action"
}
current=$password
run helper get protocol=https "host=$authority" 'capability[]=authtype' 'capability[]=state' 'wwwauth[]=Bearer realm="x"'
like "a git that knows authtype: Bearer" "$out" '^authtype=Bearer$'
like "  with the token" "$out" "^credential=$current\$"
like "  not to be stored" "$out" '^ephemeral=1$'
unlike "  without user name and password" "$out" '^(username|password)='
like "  the capability comes first" "$(printf '%s\n' "$out" | head -n 1)" '^capability\[\]=authtype$'
expiry=$(printf '%s\n' "$out" | sed -n 's/^password_expiry_utc=//p')
ok "  and when it ends" test "$expiry" -gt "$(($(date +%s) + 6600))" -a "$expiry" -le "$(($(date +%s) + 7200))"
is "capability" "$(git-credential-icred capability </dev/null)" "version 0
capability authtype"
run helper store protocol=https "host=$authority" username=x password=y
is "store takes all and keeps nothing" "$status.$out.$err" "0.."
run helper an-action-of-the-future protocol=https "host=$authority"
is "an action of the future is no failure" "$status.$out.$err" "0.."
# A helper that says it in the middle of its output says it for git to act on.
for description in "protocol=https" "host=$authority" "protocol=https
host=$authority
host=example.org" "protocol=https
host=example.org" "protocol=https
host=$authority.example.org" "protocol=https
host=example.org@$authority" "protocol=https
host=$authority/x" "protocol=http
host=$authority" "protocol=ssh
host=$authority" "protocol=https
host=" "protocol=https
host=127.0.0.1:1" "url=https://example.org" ""; do
	run helper get "$description"
	is "no token for $(printf '%s' "$description" | tr '\n' ' ')" "$out" ""
done
run sh -c "printf 'protocol=https\nhost=$authority\npath=a\0b\n\n' | git-credential-icred get"
is "no token for a NUL" "$out" ""
run sh -c "{ printf 'protocol=https\nhost=$authority\npath='; head -c 300000 /dev/zero | tr '\0' x; echo; } | git-credential-icred get"
is "no token for a description without end" "$out" ""
is "nothing was minted for all that" "$(sandbox mints)" 2

fill protocol=https host=example.org
is "git: another host gets nothing" "$password" ""
fill protocol=https "host=$authority" username=other
unlike "git: another user name does not get our token under it" "$out" "^username=other\$.*$token"

# -- paths ---------------------------------------------------------------------------------------

profile default "git-path /second $second" "git-path /second/deeper $third" 'git-path team/third.git nosuch'
git config --global "credential.$sandbox_url.useHttpPath" true
of() { json "[t['installation'] for t in d['tokens'] if t['cache'] == 'keyctl']"; }
icred forget
fill protocol=https "host=$authority" path=second/repository.git
is "git-path: the longest prefix's installation" "$status.$(run icred status --json; of)" "0.['$second']"
icred forget
fill protocol=https "host=$authority" path=second/deeper/repository
is "  the longer one wins" "$status.$(run icred status --json; of)" "0.['$third']"
icred forget
fill protocol=https "host=$authority" path=secondary/repository
is "  a longer word is no match: the profile's own" "$(run icred status --json; of)" "['$sandbox_installation']"
icred forget
fill protocol=https "host=$authority" path=team/third.git
is "  an installation that is not there" "$password" ""
like "  git shows why" "$err" 'has no installation nosuch'
fill "url=$sandbox_url/second/repository.git"
like "  by url=" "$password" "^$token\$"
icred forget

# -- failures: git gets a message, and no token -------------------------------------------------------

profile default
for fault in status=503 token-crlf token-lf rate-limit hang html redirect; do
	tell "$fault"
	run timeout 20 git-credential-icred --timeout 2 get <<-END
		protocol=https
		host=$authority

	END
	isnt "$fault: a failure" "$status" 0
	is "  nothing on standard output" "$out" ""
	like "  one line for the user" "$(wc -l <"$tmp/.err").$err" '^1.git-credential-icred: '
	untell
done
tell status=401
run helper get protocol=https "host=$authority"
is "a key that the server refuses: a failure like any other" "$status.$out" "5."
tell status=401
fill
is "  git gets nothing" "$password" ""
like "  and shows why" "$err" 'refused the key'
sandbox suspend "$sandbox_installation"
run helper get protocol=https "host=$authority"
is "a suspended installation: git must ask no other helper" "$status.$out" "0.quit=1"
like "  and shows why" "$err" 'suspended'
sandbox unsuspend "$sandbox_installation"

# -- whatever is waited for, --timeout ends it ---------------------------------------------------------

drips() { # a description that comes in drops
	for drop in protocol=https "host=$authority" path=a path=b path=c path=d path=e path=f path=g path=h; do
		printf '%s\n' "$drop"
		sleep 0.4
	done 2>"$tmp/.drips"
	echo
}
drips | run_status git-credential-icred --timeout 1 get
is "a description in drops has all its time once" "$(cat "$tmp/.status").$(cat "$tmp/.out")" "7."
like "  reported" "$(cat "$tmp/.err")" '^git-credential-icred: timed out reading the description'
sleep 8 | run_status timeout 5 git-credential-icred --timeout 1 store
is "store: an input that does not end" "$(cat "$tmp/.status")" 7
done_testing
