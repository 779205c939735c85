# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154 # what lib.sh sets
#
# For the tests of the whole line, sourced after lib.sh: the sandbox, a real
# keyring with the app's key in it, the profile "default", and what to say of failures.
#   - whole: all of that, or skip the test
#   - refused NAME STATUS KIND PATTERN COMMAND...: fails that way, in --json
#   - tell FAULT [TIMES [ENDPOINT]], untell: faults of the sandbox, told in a few milliseconds
#   - json EXPRESSION: of $out as d, in Python
#   - cached: how many tokens the caches of the profile hold
#   - errors_checked: whatever "refused" saw was one JSON document on one line

# These cost more than they give here, and would hide what a test is about.
whole_options='--no-interactive'

whole_requires() {
	requires dbus-daemon dbus-send gnome-keyring-daemon curl "$@"
	[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] || plan skip_all "the key module for the Secret Service was not built"
}

whole() {
	whole_requires "$@"
	start_sandbox || exit 99
	start_keyring || exit 99
	profile default
	icred $whole_options -q key import "$sandbox_key" >"$tmp/imported" 2>&1 || {
		diag "the key was not imported: $(cat "$tmp/imported")"
		exit 99
	}
}

# tell FAULT [TIMES [ENDPOINT]]: once unless told, and for ever with ''; any request unless told
tell() {
	whole_value=
	case $1 in *=*) whole_value=${1#*=} ;; esac
	curl -q -s -f -o "$tmp/.told" --unix-socket "$sandbox_dir/control" http://sandbox/_sandbox/fault \
		-d "{\"kind\":\"${1%%=*}\",\"value\":\"$whole_value\",\"times\":\"${2-1}\",\"on\":\"${3:-any}\"}" || {
		diag "the sandbox was not told: $1"
		exit 99
	}
}

untell() { curl -q -s -f -o "$tmp/.told" --unix-socket "$sandbox_dir/control" -d '{}' http://sandbox/_sandbox/clear; }

# json EXPRESSION [FILE]: of the document in $out, or in the file, which is d
json() {
	if [ $# -gt 1 ]; then cat "$2"; else printf '%s' "$out"; fi |
		"$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" 2>&1
}

# A build to find defects in: it links more, and lets a leak checker look into its processes.
sanitized() { readelf -W --dyn-syms "$builddir/icred" 2>/dev/null | grep -q '__[a-z]*san_'; }

# A sentence that leaves a user alone: no word of what to do
whole_advice='check|try|run|run:|give|name|write|unlock|remove|copy|generate|convert|make|mend|repair|correct|encrypt|set|say|ask|start|see|use|save|keep|put|take|raise|must|should|wants?|needs?|log in|install|clock|key file|import|allow|add|icred (key|token|status|forget)'

# refused NAME STATUS KIND PATTERN COMMAND...: with --json; the kind, the message, nothing on standard output
refused() {
	whole_name=$1 whole_status=$2 whole_kind=$3 whole_pattern=$4
	shift 4
	run "$@" --json
	printf '%s\n' "$err" | grep '^{' >>"$tmp/errors" || :
	tap_status=0
	[ "$status" -eq "$whole_status" ] || tap_status=1
	[ -z "$out" ] || tap_status=1
	printf '%s\n' "$err" | grep -q "^{\"error\":{\"kind\":\"$whole_kind\",\"message\":\"" || tap_status=1
	printf '%s\n' "$err" | grep -Eq -e "$whole_pattern" || tap_status=1
	printf '%s\n' "$err" | grep -Eqiw -e "$whole_advice" || tap_status=1
	tap_result "$tap_status" "$whole_name" || {
		diag "'$* --json': status $status, wanted $whole_status, kind $whole_kind, message like: $whole_pattern"
		diag "stdout: $out"
		diag "stderr: $err"
		return 1
	}
}

# each line that "refused" saw is a document of its own, fit for a terminal
errors_checked() {
	ok "each failure is one JSON document" "$PYTHON" -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    error = json.loads(line)["error"]
    assert error["message"] and "\n" not in error["message"] and error["message"].isprintable(), line
    assert len(error["message"]) >= 20, line
' "$tmp/errors"
}

# status opens nothing that is locked and mints nothing
cached() { icred $whole_options status --json 2>"$tmp/.err" | "$PYTHON" -c 'import json, sys; print(len(json.load(sys.stdin)["tokens"]))'; }
