#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing is left behind, alive or dead, where process 1 does not reap orphans: as in many containers.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole

# left NAME STATUS COMMAND...: it ends like that, and no process of its is left
left() {
	left_name=$1 left_status=$2
	shift 2
	"$PYTHON" "$srcdir/tests/field/adopt.py" "$@" >"$tmp/left" 2>"$tmp/left.err" && status=0 || status=$?
	is "$left_name" "$status.$(cat "$tmp/left")" "$left_status." || diag "$(cat "$tmp/left.err")"
}

cat >"$tmp/ten" <<'END'
#!/bin/sh
for turn in 1 2 3 4 5 6 7 8 9 10; do icred -q forget && icred --timeout 20 token || exit; done
END
cat >"$tmp/git" <<END
#!/bin/sh
printf 'protocol=https\nhost=${sandbox_url#https://}\n\n' | git-credential-icred get
END
chmod +x "$tmp/ten" "$tmp/git"

left "ten tokens" 0 "$tmp/ten"
icred -q forget
left "a git helper" 0 "$tmp/git"
icred -q forget
left "curl" 0 icred curl -s --cacert "$sandbox_ca" "$sandbox_url/projects"
icred -q forget
left "a command that takes our place" 0 icred exec -- true
left "a list of keys" 0 icred key list
left "a check of profiles" 0 icred profile check
left "a missing worker" 1 env ICRED_LIBEXEC_DIR=/nonexistent icred --min-ttl 3h token
for how in plain handler ignore nocldwait subreaper closed blocked many; do
	left "a program that mints: $how" 0 "$builddir/tests/child-watch" "$how"
done

icred -q forget
tell hang ''
left "a deadline" 7 icred --timeout 2 token
untell
tell hang ''
# shellcheck disable=SC2016 # the inner shell's
left "a killed worker" 0 sh -c 'icred -vv --timeout 20 token 2>"$0" & token=$!
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.3
		worker=$(sed -n "s/.*icred-worker started, process //p" "$0")
		[ -z "$worker" ] || break
	done
	sleep 0.5; kill -9 "$worker"; wait "$token"; grep -q "was killed by SIGKILL" "$0"' "$tmp/worker.log"
untell
done_testing
