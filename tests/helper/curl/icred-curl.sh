#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# icred curl and icred exec: curl reads the token from a descriptor, sends it to the profile's origins only, and runs
# again after a 401.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole jq
url=$sandbox_url/projects
port=${sandbox_url##*:}
elsewhere=$(sandbox url elsewhere)
http=$(sandbox url http)
pattern='"name"|"id"|\{'
# A token must be a second old to count as cached.
icred token >/dev/null
sleep 1.1

# -- the plain way --------------------------------------------------------------

run icred curl -sS "$url"
is "icred curl" "$status.$err" "0."
like "  answers" "$out" "$pattern"
direct=$out
is "  the same as curl --config" "$(icred curl-config "$url" | curl -q -sS --cacert "$sandbox_ca" -K - "$url")" "$direct"
for form in "--url $url" "-sS -- $url" "-so $tmp/got $url" "-so$tmp/got $url" "-sSL $url"; do
	# shellcheck disable=SC2086 # words
	run icred curl -sS $form
	is "  $(printf '%s' "$form" | sed "s,$sandbox_url,URL,; s,$tmp,TMP,")" "$status.$err" "0."
done
is "  -o has the answer" "$(cat "$tmp/got")" "$direct"
is "  options of icred before" "$(icred -q -p default curl -sS "$url")" "$direct"
run icred curl -sS -f "$sandbox_url/no-such-thing"
is "curl's exit status is kept" "$status" 22
run icred curl -sS "$url" --max-time
is "  an option without its value" "$status" 2
run icred curl --version
is "a word after --help is a topic, not a URL" "$(icred curl -h all | head -n 1)" "$(curl -h all | head -n 1)"
is "without a URL, curl is curl" "$status.$(printf '%s' "$out" | head -c 5)" "0.curl "
is "icred curl --help" "$(icred curl --help | head -n 1)" "Usage: icred [OPTIONS] curl ARGUMENT..."
run env PATH="$builddir" icred curl "$url"
is "curl is not in the PATH: status 3" "$status" 3
is "{a,b} in the path" "$(icred curl -sS "$sandbox_url/{projects,projects}" | jq -cs 'length')" 2
is "--next: each part has the token" \
	"$(icred curl -sS "$url" --next -sS "$url" -: -sS "$url" -o "$tmp/third" && cat "$tmp/third")" "$direct$direct$direct"

# -- where a token does not go ------------------------------------------------------

served=$(sandbox requests)
for bad in "$elsewhere/projects" "http://127.0.0.1:$port/" "https://127.0.0.2:$port/" "https://localhost:$port/" \
	"127.0.0.1:$port/projects" "/projects" "" "https://x@127.0.0.1:$port/" "https://{127.0.0.1,127.0.0.2}:$port/" \
	"https://127.0.0.[1-2]:$port/" "{http,https}://127.0.0.1:$port/" "https://127.0.0.1:${port%?}[0-9]/" \
	"https://127.0.0.1:$port\\@example.org/" "https:127.0.0.1:$port/" "https:///127.0.0.1:$port/" "imaps://127.0.0.1/" \
	"https://127.0.0.1:$port;@example.org/" "https://0177.0.0.1:$port/" "https://127.0.0.1.:$port/" \
	"https://[::ffff:127.0.0.1]:$port/" "file:///etc/passwd" "https://127.0.0.1:$port.example.org/" "@$tmp/urls" "https://127.0.0.1:$port /"; do
	fails "refused: '$(printf '%s' "$bad" | sed "s/$port/PORT/; s,$tmp,TMP,")'" 6 icred curl -s "$bad"
done
run icred curl -s "$url" foo
is "  with the word that is not a URL" "$status.$err" "6.icred: \"foo\" is not a URL of the profile's: it needs a scheme and a host"
fails "  whatever the default scheme" 6 icred curl -s --proto-default https "127.0.0.1:$port/projects"
fails "  among good ones" 6 icred curl -s "$url" "$elsewhere/"
fails "  after --" 6 icred curl -s -- "$url" -k
fails "  of --url" 6 icred curl -s --url "$elsewhere/" "$url"
fails "  of --url=" 6 icred curl -s "--url=$elsewhere/"
fails "  after --next" 6 icred curl -s "$url" --next "$elsewhere/"
printf 'silent\nurl = "%s/"\n' "$elsewhere" >"$tmp/bad.conf"
fails "  in a config file" 6 icred curl -K "$tmp/bad.conf" "$url"
fails "  -KFILE" 6 icred curl "-K$tmp/bad.conf" "$url"
fails "  of standard input" 6 icred curl -K - "$url" <"$tmp/bad.conf"
for word in '-k' '-sk' '--insecure' '--location-trusted' '-n' '--netrc-optional' '--netrc-file=/dev/null' '-ux:y' '--basic' \
	'--oauth2-bearer=x' '--libcurl=/dev/null' '--trace=-' '--trace-ascii=-' '--variable=a=b' '--expand-url=x' '--tls-earlydata' \
	'--no-such-option' '--silent=yes' '--locat' '-!' '-' '-HAuthorization: x' '--header=authorization : x' '-HAuthorization;' '-s:' '-sK-'; do
	fails "refused: $word" 2 icred curl "$word" "$url"
done
for option in -H -A -e -b -r -X --request-target --proxy-header; do
	for end in '\r\n' '\n' '\r'; do
		fails "refused: a line end, $end, in $option" 2 icred curl "$option" "$(printf "x: y%bAuthorization: Basic eA==" "$end")" "$url"
	done
done
printf 'header = "x: y\\r\\nAuthorization: Basic eA=="\n' >"$tmp/bad.conf"
fails "  and in a config file" 2 icred curl -K "$tmp/bad.conf" "$url"
# What curl logs has the token in it.
fails "refused: --verbose with --stderr FILE" 2 icred -q curl -v --stderr "$tmp/log" "$url"
printf 'verbose\n' >"$tmp/log.conf"
fails "  or one of them in a config file" 2 icred -q curl --stderr "$tmp/log" -K "$tmp/log.conf" "$url"
for line in 'insecure' '-k' 'location-trusted' 'netrc' 'next' 'config = "x"' 'header = "Authorization: x"' 'no-such = x' \
	'output = a b' 'output = "a' 'silent = yes' 'expand-url = x' '-sk' 'variable = x' 'output'; do
	printf '%s\n' "$line" >"$tmp/bad.conf"
	fails "refused in a config file: $line" 2 icred curl -s -K "$tmp/bad.conf" "$url"
done
like "  says file and line" "$err" 'bad.conf:1: '
fails "a config file that is not there" 3 icred curl -K "$tmp/nowhere" "$url"
is "nothing of that reached the server" "$(sandbox requests)" "$served"

# -- a .curlrc is not read, and no option leaves the token in a file -----------------------------

mkdir "$tmp/careless"
cat >"$tmp/careless/.curlrc" <<-END
	location-trusted
	netrc-optional
	proxy = http://127.0.0.1:1
	trace-ascii = $tmp/careless/trace
END
cp "$tmp/careless/.curlrc" "$HOME/.curlrc"
is ".curlrc is not read" "$(icred curl -sS "$url")" "$direct"
is "  nor that of CURL_HOME" "$(CURL_HOME=$tmp/careless icred curl -sS "$url")" "$direct"
rm "$HOME/.curlrc"
(cd "$tmp/careless" && icred curl -sS -D headers -c jar --etag-save etag --hsts hsts --alt-svc alt --stderr log -O \
	-w '%{json}%{header_json}' "$url" >answer)
like "curl has written its files" "$(find "$tmp/careless" -type f -size +0 | sort | tr '\n' ' ')" \
	'answer .*headers .*jar .*projects '
is "  have no token" "$(grep -rlF "$(icred token)" "$tmp/careless" "$HOME")" ""

# -- a config file that is good ------------------------------------------------------

cat >"$tmp/good.conf" <<-END
	# a comment
	  silent
	-S
	header: "X-Quoted: a \\"b\\" \\\\ c"
	write-out = "\\n%{http_code}\\n"
	url $url   # another
END
run icred curl -K "$tmp/good.conf"
is "a config file" "$status.$err" "0."
is "  does what it says" "$(printf '%s\n' "$out" | tail -n 1)" 200
is "  from a pipe" "$(icred curl --config /dev/stdin <"$tmp/good.conf" | tail -n 1)" 200
is "  with --no-X" "$(printf 'no-silent\nno-progress-meter\n' | icred curl -K - "$url")" "$direct"

# -- plain http, on loopback, if the profile allows it -----------------------------------

profile plain 'insecure-loopback yes' "origin $http"
is "http where the profile allows it" "$(icred -p plain curl -sS "$http/projects")" "$direct"
for word in '--proxy=http://127.0.0.1:1' '-xhttp://127.0.0.1:1' '--connect-to=::127.0.0.2:1' '--resolve=a:1:127.0.0.2' \
	'--unix-socket=/x' '--socks5=127.0.0.1:1' '--preproxy=socks5://127.0.0.1:1' '--interface=eth0'; do
	fails "  not with $word" 6 icred -p plain curl -s "$word" "$http/projects"
	fails "    nor if the URL follows --" 6 icred -p plain curl -s "$word" -- "$http/projects"
done
is "  past a proxy of the environment" \
	"$(http_proxy=http://127.0.0.1:1 icred -p plain curl -sS "$http/projects")" "$direct"
icred -p plain curl-config "$http/projects" >"$tmp/plain.conf"
is "  nor does curl go there with curl-config" \
	"$(http_proxy=http://127.0.0.1:1 curl -q -sS -K "$tmp/plain.conf" "$http/projects")" "$direct"

# -- what others could see -------------------------------------------------------------

mkdir "$tmp/bin"
cat >"$tmp/bin/curl" <<-'END'
	#!/bin/bash
	tr '\0' '\n' </proc/$$/cmdline >"$SEEN/argv"
	tr '\0' '\n' </proc/$$/environ >"$SEEN/environ"
	ls -l /proc/$$/fd | awk '/->/ { print $9, $11 }' >"$SEEN/fds"
	{ umask; ulimit -Sc; ulimit -Hc; awk '/^Sig(Ign|Blk|Cgt)/' /proc/$$/status; stat -c %U /proc/$$/environ; } >"$SEEN/state"
	for last; do :; done
	cat "$last" >"$SEEN/config"
END
chmod 755 "$tmp/bin/curl"
secret=$(icred token)
env SEEN="$tmp" PATH="$tmp/bin:$PATH" icred curl -s "$url" --next -s "$url" <"$tmp/good.conf"
is "the token is not in argv or the environment" "$(grep -cF "$secret" "$tmp/argv" "$tmp/environ" | cut -d: -f2 | tr -d '\n')" 00
is "  -q comes first" "$(sed -n '/-q/=' "$tmp/argv")" "$(($(sed -n '/curl$/=' "$tmp/argv" | head -n 1) + 1))"
is "  it is in what the descriptor gives" "$(grep -cxF "oauth2-bearer = \"$secret\"" "$tmp/config")" 1
is "  with what keeps it in place" "$(grep -cE '^proto(-redir)? = "=https"$' "$tmp/config")" 2
is "  which is not a file" "$(awk '$1 > 2 && $2 !~ /^pipe:|^\/dev\/null$|bin\/curl$/' "$tmp/fds")" ""
bash -c 'ulimit -Sc; ulimit -Hc' >"$tmp/limits"
(umask 027 && exec env SEEN="$tmp" PATH="$tmp/bin:$PATH" icred curl -s "$url" "$url")
is "umask and limits are as they were" "$(sed -n 1,3p "$tmp/state" | tr '\n' ' ')" "0027 $(tr '\n' ' ' <"$tmp/limits")"

# -- an old curl, which sends the token to other ports ---------------------------------------------

# old_curl COMMAND: a stand-in that reports its version with COMMAND; otherwise it prints its arguments
mkdir "$tmp/old"
old_curl() {
	# shellcheck disable=SC2016 # for that program
	printf '#!/bin/sh\ncase " $* " in *" --version "*) %s ;; *) echo ran "$@" ;; esac\n' "$1" >"$tmp/old/curl"
	chmod 755 "$tmp/old/curl"
}
old_icred() { env PATH="$tmp/old:$PATH" icred "$@"; }
printf 'location\n' >"$tmp/follow.conf"
for version in 7.58.0 7.82.0 6.99.1; do
	old_curl "echo 'curl 8.0.0 (for-a-test) libcurl/$version TLS'"
	fails "one with libcurl $version must not follow redirects" 2 old_icred curl -sSL "$url"
done
like "  says why, and what to do" "$err" '^icred: .*/curl, with libcurl 6\.99, sends the token along .* leave --location out'
fails "  nor because a config file says so" 2 old_icred curl -K "$tmp/follow.conf" "$url"
fails "  nor after --next" 2 old_icred curl "$url" --next --location "$url"
like "  without, it runs" "$(old_icred curl -sS "$url")" '^ran -q '
like "  with --no-location too" "$(old_icred curl --no-location "$url")" '^ran -q '
for version in 7.83.0 8.17.0-DEV 10.0.0; do
	old_curl "echo 'curl $version (for-a-test) libcurl/$version'"
	like "one with libcurl $version may" "$(old_icred curl -sSL "$url")" '^ran -q '
done
old_curl 'echo cool 8.0.0'
fails "a program that is not curl may not" 2 old_icred curl -sSL "$url"
old_curl 'exec sleep 60'
fails "one that does not answer meets the deadline" 7 timeout 20 env PATH="$tmp/old:$PATH" icred --timeout 1s curl -sSL "$url"

# -- the deadline, of everything but the transfer ----------------------------------------

mkfifo "$tmp/fifo"
fails "a config file that no process writes" 7 timeout 20 icred --timeout 1s curl -K "$tmp/fifo" "$url"
like "  says so" "$err" '^icred: timed out reading a file for curl'
fails "  on standard input" 7 timeout 20 icred --timeout 1s curl -K - "$url" 0<>"$tmp/fifo"
# shellcheck disable=SC2016 # for the inner shell
is "what it runs has none" "$(icred --timeout 1s exec -- sh -c 'sleep 2; echo ran')" ran
printf '#!/bin/sh\nsleep 2\necho ran\n' >"$tmp/old/curl"
is "  curl neither, in its place" "$(old_icred --timeout 1s curl "$url" "$url")" ran
is "  nor as its child" "$(old_icred --timeout 1s curl "$url")" ran

# -- a token that is dead --------------------------------------------------------------

dead() {
	icred token >/dev/null
	sleep 1.1
	sandbox revoke-all >/dev/null
}
for reading in 401 403; do
	sandbox reading dead-token=$reading
	dead
	minted=$(sandbox mints)
	run icred curl -sS "$url"
	is "$reading for a cached token: once more" "$status.$out" "0.$direct"
	like "  and a word about it" "$err" '^icred: the server refused the cached token'
	is "  with one mint" "$(($(sandbox mints) - minted))" 1
	dead
	is "  to a file" "$(icred -q curl -sS -o "$tmp/got" "$url" && cat "$tmp/got")" "$direct"
	dead
	is "  with a body of standard input that is a file" \
		"$(icred -q curl -sS -X GET -d @- "$url" <"$tmp/good.conf")" "$direct"
	dead
	is "  with -i" "$(icred -q curl -sSi "$url" | tail -n 1)" "$direct"
	dead
	is "  with a header from a pipe, as icred has read it" \
		"$(echo 'X-Y: z' | icred -q curl -sS -o "$tmp/got" -w '%{http_code}' -H @- "$url")" 200
	dead
	is "  nor with --write-out from a pipe" \
		"$(echo '%{http_code}' | icred -q curl -sS -o "$tmp/got" -w @- "$url")" "$reading"
	dead
	is "  not with one that is a pipe" \
		"$(echo x | icred -q curl -sS -o "$tmp/got" -w '%{http_code}' -X GET -d @- "$url")" "$reading"
	is "  but then the token is forgotten" "$(echo x | icred curl -sS -X GET -d @- "$url" 2>&1)" "$direct"
	dead
	run sh -c 'echo x | icred curl -sS -X GET -d @- "$1"' sh "$url"
	like "  and that is reported" "$err" "standard input cannot be read again; run the command again"
	unlike "  with the answer" "$out" "^$direct\$"
	dead
	is "  nor with two URLs" "$(icred -q curl -sS -o "$tmp/got" -w '%{http_code}' "$url" --next -o "$tmp/got" -w '%{http_code}' "$url")" "$reading$reading"
	icred -q forget
done
sandbox reading dead-token=401
icred token >/dev/null
sleep 1.1
tell status=401 4 projects
minted=$(sandbox mints)
run icred curl -sS -w '%{http_code}' "$url"
is "a server that always says 401 gets two requests" "$status.$(printf '%s' "$out" | tail -c 3)" "0.401"
is "  and one mint" "$(($(sandbox mints) - minted))" 1
untell
icred token >/dev/null
sleep 1.1
tell status=403 1 projects
run icred curl -sS -w '%{http_code}' "$url"
is "a 403 about something else is passed on" "$(printf '%s' "$out" | tail -c 3)" 403
like "  with its text" "$out" Forbidden
untell
# The file that is looked at is the one that curl has written.
mkdir "$tmp/folder"
echo 'access token invalid' >"$tmp/folder/stale"
cp "$tmp/folder/stale" "$tmp/folder/also"
for words in '--output-dir new --create-dirs -o stale' '-o new/first -o also' '-O -o also'; do
	icred token >/dev/null
	sleep 1.1
	tell status=403 1 projects
	# shellcheck disable=SC2086 # words
	is "  with $words, too" "$(cd "$tmp/folder" && icred curl -sS $words -w '%{http_code}' "$url")" 403
	untell
done
sandbox reading dead-token=403
dead
is "the first of two files has a 403: once more" \
	"$(icred -q curl -sS -o "$tmp/got" -o "$tmp/folder/none" "$url" && cat "$tmp/got")" "$direct"
# --upload-file with braces is several uploads; the second answer does not belong to the first.
cat >"$tmp/old/curl" <<-'END'
	#!/bin/sh
	echo ran >>"$0.log"
	for last; do :; done
	headers=$(sed -n 's/^dump-header = "\(.*\)"$/\1/p' "$last")
	[ -z "$headers" ] || printf 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n' >"$headers"
END
icred token >/dev/null
sleep 1.1
run old_icred curl -sS -T '{a,b}' "$url"
is "several uploads are not done twice" "$status.$(cat "$tmp/old/curl.log")" 0.ran
tell big 1 projects
is "a large answer goes through" "$(($(icred curl -sS "$url" | wc -c) > 10000000))" 1
# Until the last piece has come, curl would hold back what it writes into a pipe.
cat >"$tmp/terminal.py" <<-'END'
	import os, pty, sys
	child, terminal = pty.fork()
	if child == 0:
	    os.execvp("icred", ["icred", "curl", "-sS", *sys.argv[1:]])
	pieces = [os.read(terminal, 4096)]
	try:
	    while pieces[-1]:
	        pieces.append(os.read(terminal, 4096))
	except OSError:
	    pass
	print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pieces[0].decode(), b"".join(pieces).decode().strip(), sep="\n")
END
icred token >/dev/null
sleep 1.1
tell slow=0.005 1 projects
"$PYTHON" "$tmp/terminal.py" "$url" >"$tmp/terminal"
untell
is "at a terminal" "$(sed -n '1p; $p' "$tmp/terminal")" "0
$direct"
isnt "  what has come is shown at once" "$(sed -n 2p "$tmp/terminal")" "$direct"
# curl has ended well by then, with all that it received in the pipe.
run sh -c "exec icred curl -sS '$url' >/dev/full"
is "a full disk is a failure, as of curl" "$status" 23
like "  and says so" "$err" '^icred: cannot write the answer: no space is left'
# shellcheck disable=SC2016 # for the inner shell
is "  a reader that goes away too" "$(bash -c 'icred curl -sS "$0" | :; echo ${PIPESTATUS[0]}' "$url")" 23
run sh -c "icred curl -sS '$url' | :"
is "a reader that goes away" "$status" 0

# -- signals ----------------------------------------------------------------------------

gone() { ! kill -0 "$1" 2>/dev/null || grep -q ') Z ' "/proc/$1/stat" 2>/dev/null; }

icred token >/dev/null
sleep 1.1
tell hang 1 projects
icred curl -sS "$url" >"$tmp/hung" 2>&1 &
hung=$!
wait_for 5 pgrep -P "$hung" curl
child=$(pgrep -P "$hung" curl)
kill -TERM "$hung"
wait "$hung" && status=0 || status=$?
is "SIGTERM ends icred" "$status" 143
isnt "  which runs curl" "$child" ""
ok "  that is gone too" wait_for 5 gone "$child"
untell

# shellcheck disable=SC2016 # for that program
printf '#!/bin/sh\nkill -9 $$\n' >"$tmp/old/curl"
for words in "$url" "$url $url"; do
	# shellcheck disable=SC2086 # words
	(old_icred curl -sS $words) >"$tmp/.out" 2>&1 && status=0 || status=$?
	is "a signal that ends curl ends icred" "$status" 137
done

# The shell starts what is in the background with SIGINT ignored.
begin() {
	"$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@" >"$tmp/hung" 2>"$tmp/hung.err" &
	hung=$!
	lib_pids="$hung $lib_pids"
}
met() { [ "$(sandbox faults_served)" -ge 1 ]; }
for signal in TERM.143 INT.130 HUP.129; do
	sandbox reset
	dead
	tell hang 1 mint
	begin icred -vv --timeout 60 curl -sS "$url"
	wait_for 5 met || diag "no second mint: $(cat "$tmp/hung.err")"
	worker=$(sed -n 's/.*icred-worker started, process //p' "$tmp/hung.err" | tail -n 1)
	kill -"${signal%.*}" "$hung"
	ok "SIG${signal%.*} while a second token is minted ends it at once" wait_for 5 gone "$hung"
	wait "$hung" && status=0 || status=$?
	is "  by the signal" "$status" "${signal#*.}"
	isnt "  which has a worker" "$worker" ""
	ok "  that is gone too" wait_for 10 gone "$worker"
	untell
done
icred token >/dev/null
sleep 1.1
mkfifo "$tmp/full"
exec 8<>"$tmp/full"
for signal in TERM.143 INT.130; do
	tell big 1 projects
	# shellcheck disable=SC2016 # for the inner shell
	begin sh -c 'exec icred curl -sS "$0" >"$1"' "$url" "$tmp/full"
	ok "curl runs" wait_for 5 pgrep -P "$hung" curl
	sleep 0.5
	kill -"${signal%.*}" "$hung"
	ok "SIG${signal%.*} while the answer is not read ends icred at once" wait_for 5 gone "$hung"
	kill -9 "$hung" 2>/dev/null
	wait "$hung" && status=0 || status=$?
	is "  by the signal" "$status" "${signal#*.}"
done
exec 8<&-
untell
dead
tell hang 1 mint
run timeout 20 icred --timeout 1s curl -sS -w '%{http_code}' "$url"
is "a second mint that hangs meets the deadline" "$status.$(printf '%s' "$out" | tail -c 3)" "0.403"
like "  and says so" "$err" '^icred: '
untell

# -- icred exec ---------------------------------------------------------------------------

# shellcheck disable=SC2016 # for the inner shell
{
	is "icred exec" "$(icred exec -- sh -c 'printf %s "$ICRED_TOKEN"')" "$(icred token)"
	is "  the status is the command's" "$(icred exec -- sh -c 'exit 42' || echo $?)" 42
	is "  its options are its own" "$(icred exec sh -c 'printf %s $#' sh -p x --help)" 3
	is "  umask" "$(umask 027 && icred exec --min-ttl 1m -- sh -c umask)" 0027
	is "  nothing but the three descriptors" "$(icred exec -- bash -c 'ls /proc/$$/fd' 9>&- | tr '\n' ' ')" \
		"$(bash -c 'ls /proc/$$/fd' 9>&- | tr '\n' ' ')"
	is "  an ICRED_TOKEN from before is replaced" "$(ICRED_TOKEN=old icred exec -- sh -c 'printf %s "$ICRED_TOKEN"')" "$(icred token)"
	is "  a command that is not there: status 3" "$(icred -q exec -- "$tmp/nowhere" 2>/dev/null || echo $?)" 3
	is "  no command: status 2" "$(icred exec 2>/dev/null || echo $?)" 2
	is "  no token, no command" "$(icred -p nowhere exec -- echo ran 2>/dev/null || echo $?)" 3
}
done_testing
