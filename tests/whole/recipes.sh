#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes of examples/ and of the manual, each as it is written, against the sandbox.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
recipes=$srcdir/examples
url=$sandbox_url/projects
wanted=$(icred curl -sS "$url")
elsewhere=$(sandbox url elsewhere)/
token=$(icred token)
http=$(sandbox url http)
profile plain 'insecure-loopback yes' "origin $http"
# No server listens at that port.
through_proxy() { (ICRED_PROFILE=plain http_proxy=http://127.0.0.1:1 && export ICRED_PROFILE http_proxy && "$@"); }

# have PROGRAM: is it installed? otherwise skip its tests
have() {
	command -v "$1" >/dev/null 2>&1 || {
		skip "$1 is missing"
		return 1
	}
}

# -- shells: the lines of icred(1) ----------------------------------------------------

unset REQUESTS_CA_BUNDLE
CURL_CA_BUNDLE=$sandbox_ca
export CURL_CA_BUNDLE url
# shellcheck disable=SC2016 # for the inner shells
line_sh='icred curl-config "$url" | curl -q -sS -K - "$url"'
# shellcheck disable=SC2016
line_bash='curl -q -sS --config <(icred curl-config "$url") "$url"'
# shellcheck disable=SC2016
line_fish='curl -q -sS --config (icred curl-config $url | psub --fifo) $url'
is "sh" "$(sh -c "$line_sh")" "$wanted"
if have bash; then is "bash" "$(bash -c "$line_bash")" "$wanted"; fi
if have zsh; then is "zsh" "$(zsh -fc "$line_bash")" "$wanted"; fi
if have fish; then is "fish" "$(fish --no-config -c "$line_fish")" "$wanted"; fi
# shellcheck disable=SC2016
is "a header from a file" "$(bash -c 'curl -q -sS -H @<(icred token --header) "$url"')" "$wanted"

# -- wget and HTTPie ------------------------------------------------------------------

if have wget; then
	is "wget" "$(sh "$recipes/wget.sh" "$url" -q --ca-certificate="$sandbox_ca" -O -)" "$wanted"
	fails "  not elsewhere" 6 sh "$recipes/wget.sh" "$elsewhere" -q -O -
	fails "  nor beside a good one" 2 sh "$recipes/wget.sh" "$url" -q --ca-certificate="$sandbox_ca" -O - "$elsewhere"
	tell redirect 1 projects
	sh "$recipes/wget.sh" "$url" -q --ca-certificate="$sandbox_ca" --max-redirect=5 -O - >"$tmp/out" 2>&1
	is "  nor by a redirect" "$(sandbox elsewhere)" 0
	untell
	# A page with a link to another port: no other host for wget.
	mkdir "$tmp/pages"
	printf '<a href="%s/page">there</a><img src="%s/image">\n' "$elsewhere" "$elsewhere" >"$tmp/pages/index.html"
	"$PYTHON" -c 'import functools, http.server as h, sys
server = h.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(h.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_address[1], flush=True)
server.serve_forever()' "$tmp/pages" >"$tmp/port" 2>"$tmp/pages.log" &
	lib_pids="$! $lib_pids"
	wait_for 5 test -s "$tmp/port"
	pages=http://127.0.0.1:$(cat "$tmp/port")
	profile pages 'insecure-loopback yes' "origin $pages"
	ICRED_PROFILE=pages sh "$recipes/wget.sh" "$pages/index.html" -q --ca-certificate="$sandbox_ca" -r -p -nd -P"$tmp/got" \
		>"$tmp/out" 2>&1
	ok "  a page" cmp "$tmp/pages/index.html" "$tmp/got/index.html"
	is "  nor by a link in it" "$(sandbox elsewhere)" 0
	is "  http goes past every proxy" "$(through_proxy sh "$recipes/wget.sh" "$http/projects" -q -O -)" "$wanted"
fi
if have http; then
	is "HTTPie" "$(sh "$recipes/httpie.sh" "$url" --verify "$sandbox_ca" --body)" "$wanted"
	printf 'default login x password y\n' >"$HOME/.netrc"
	is "  with a ~/.netrc" "$(sh "$recipes/httpie.sh" "$url" --verify "$sandbox_ca" --body)" "$wanted"
	rm "$HOME/.netrc"
	is "  http goes past every proxy" "$(through_proxy sh "$recipes/httpie.sh" "$http/projects" --body)" "$wanted"
	fails "  not elsewhere" 6 sh "$recipes/httpie.sh" "$elsewhere"
	tell redirect 1 projects
	sh "$recipes/httpie.sh" "$url" --verify "$sandbox_ca" --follow >"$tmp/out" 2>&1
	is "  nor by a redirect" "$(sandbox elsewhere)" 0
	untell
fi

# -- rclone: like the API, the sandbox does not speak WebDAV, but it logs each request ---------------

if have rclone; then
	sed "s,^url = .*,url = $sandbox_url/dav," "$recipes/rclone.conf" >"$tmp/rclone.conf"
	hash=$(printf '%s' "$token" | sha256sum | cut -d ' ' -f 1)
	rclone --config "$tmp/rclone.conf" --ca-cert "$sandbox_ca" --retries 1 --low-level-retries 1 lsf registry: \
		>"$tmp/out" 2>&1
	like "rclone asks with the token" "$(sandbox log | tr -d '\n ')" "\"method\":\"PROPFIND\",\"path\":\"/dav/?\".*$hash"
	unlike "  which its configuration does not hold" "$(cat "$tmp/rclone.conf")" 'cr[a-z]_'
fi

# -- Python requests ------------------------------------------------------------------

if "$PYTHON" -c 'import requests' 2>/dev/null; then
	cat >"$tmp/use.py" <<-'END'
		import sys
		import requests
		from icr_requests import IcredAuth
		session = requests.Session()
		session.auth, session.verify = IcredAuth(), sys.argv[1]
		try:
		    answer = session.get(sys.argv[2])
		    print(answer.text)
		except requests.exceptions.RequestException as error:
		    sys.exit(str(error))
	END
	python() { PYTHONPATH=$recipes "$PYTHON" "$tmp/use.py" "$sandbox_ca" "$1"; }
	is "Python requests" "$(python "$url")" "$wanted"
	fails "  not elsewhere" 1 python "$elsewhere"
	like "  and says why" "$err" 'tokens of this profile may not go'
	is "  http without a proxy" "$(ICRED_PROFILE=plain python "$http/projects")" "$wanted"
	fails "  but not through one" 1 through_proxy python "$http/projects"
	like "    and says so" "$err" 'a proxy would see the token'
	for reading in 401 403; do
		sandbox reading dead-token=$reading
		sandbox revoke-all >/dev/null
		is "  a dead token ($reading): once more" "$(python "$url")" "$wanted"
	done
	tell redirect 1 projects
	python "$url" >"$tmp/out" 2>&1
	is "  nor by a redirect" "$(sandbox elsewhere)" 0
	untell
	tell redirect-http 1 projects
	token=$(icred token)
	run python "$url"
	like "  a 401 of another origin is an answer" "$status $out" '^0 .*401'
	is "  and says nothing of the token" "$(icred token)" "$token"
	untell
else
	skip "Python requests is missing"
fi

# -- systemd --------------------------------------------------------------------------

mkdir "$tmp/units"
for unit in "$recipes"/systemd/*; do
	sed "s,^ExecStart=/usr/bin/,ExecStart=$builddir/," "$unit" >"$tmp/units/${unit##*/}"
done
if have systemd-analyze; then
	ok "systemd: the units are valid" systemd-analyze --user --man=no verify "$tmp/units/icr-projects.timer" \
		"$tmp/units/icr-projects.service"
fi
start=$(sed -n 's/^ExecStart=//p' "$tmp/units/icr-projects.service")
STATE_DIRECTORY=$tmp/state
ICR_URL=$sandbox_url
export STATE_DIRECTORY ICR_URL
ok "  ExecStart works" sh -c "$start"
is "  and leaves the answer" "$(cat "$tmp/state/projects.json")" "$wanted"
lock_keyring
icred forget
fails "  with the keyring locked it says so" 4 sh -c "$start"
done_testing
