# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# What the sections of the bench share: timing entries, tables, figures and verdicts.
# $results has a line for each entry that was timed, as bench/runner prints it.

results=$tmp/results
figures=$tmp/figures
: >"$results"
: >"$figures"

launcher=     # what runs the runner: a mount namespace, for the system's bundle
pause_us=2000 # before each process, so that the worker and the daemons have come to rest

section() { printf '\n%s\n' "$*"; }
remark() { printf '%s\n' "$*" | fold -s -w 100 | sed 's/^/    /'; }

have() { command -v "$1" >/dev/null 2>&1; }

# timed ROUNDS ENTRY...: run them interleaved, and keep what came out
timed() {
	local rounds=$1
	shift
	$launcher "$builddir/bench/runner" "$rounds" "$pause_us" "$@" >"$tmp/timed" 2>"$tmp/timed.err" || {
		remark "not measured: $(cat "$tmp/timed.err")"
		return 1
	}
	cut -f 1 "$tmp/timed" | while read -r name; do sed -i "/^$name\t/d" "$results"; done
	cat "$tmp/timed" >>"$results"
}

# value NAME COLUMN: 2 minimum, 3 median (microseconds), 4 resident kB, 5 page faults
value() { awk -F '\t' -v name="$1" -v column="$2" '$1 == name { print $column }' "$results"; }

# table BASE NAME=LABEL...: times, and ratios to the time of BASE
table() {
	local base=$1 pair
	shift
	printf '    %-42s %9s %9s   %19s %9s %7s\n' '' 'min ms' 'median' "x $base" 'resident' 'faults'
	for pair in "$@"; do
		[ -n "$(value "${pair%%=*}" 2)" ] || continue
		awk -F '\t' -v name="${pair%%=*}" -v label="${pair#*=}" -v base="$base" '
			{ min[$1] = $2; median[$1] = $3; kb[$1] = $4; faults[$1] = $5 }
			END {
				printf "    %-42s %9.3f %9.3f   %9.2f %9.2f", label, min[name] / 1e3, median[name] / 1e3,
					min[name] / min[base], median[name] / median[base]
				if (kb[name]) printf " %6d kB %7d", kb[name], faults[name]
				printf "\n"
			}' "$results"
	done
}

# ratio NAME OTHER COLUMN
ratio() { awk -v a="$(value "$1" "$3")" -v b="$(value "$2" "$3")" 'BEGIN { if (a && b) printf "%.4f", a / b }'; }

# figure TEXT OPERATOR TARGET BY-MINIMA BY-MEDIANS: the verdict goes by the median; empty values are "not measured"
figure() {
	awk -v text="$1" -v op="$2" -v target="$3" -v min="$4" -v median="$5" 'BEGIN {
		met = op == "<=" ? median + 0 <= target : op == ">=" ? median + 0 >= target : median + 0 == target
		verdict = median == "" ? "not measured" : met ? "met" : "NOT MET"
		digits = target == int(target) && target >= 50 || op == "=" ? 0 : 2
		shown = "%" (digits ? ".2f" : ".0f")
		printf "    %-66s %2s %5s  %8s %8s  %s\n", text, op, target,
			(min == "" ? "-" : sprintf(shown, min)), (median == "" ? "-" : sprintf(shown, median)), verdict
	}' >>"$figures"
}

# compared TEXT OPERATOR TARGET NAME OTHER: a figure that is the ratio of two entries' times
compared() { figure "$1" "$2" "$3" "$(ratio "$4" "$5" 2)" "$(ratio "$4" "$5" 3)"; }

verdicts() {
	section "Figures and targets; the verdict goes by the medians"
	printf '    %-66s %8s  %8s %8s\n' '' target best median
	cat "$figures"
	printf '\n    %s met, %s not met, %s not measured\n' "$(grep -c '  met$' "$figures")" \
		"$(grep -c 'NOT MET$' "$figures")" "$(grep -c 'not measured$' "$figures")"
}
