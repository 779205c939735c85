#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Numbers from outside at the ends of their range: none wraps round, none is cut to another one.
. "${srcdir:-.}/tests/lib.sh"

# What a worker makes of a request's numbers; the tags are in lib/protocol/frames.h.
time_left=114 target_kind=115
asked() { "$PYTHON" "$srcdir/tests/field/worker-call.py" "$builddir/icred-worker" "$@" 2>&1; }
timeout=-8

for left in 0 -1 -9223372036854775808; do
	is "a request with $left ms left is out of time" "$(asked $time_left "$left")" "$timeout"
done
for left in 3000 4294967296 9223372036854775000 9223372036854775807; do
	like "one with $left ms is not" "$(asked $time_left "$left")" '^-([1-79]|1[0-6])$'
done
for kind in 4294967297 -4294967295 9223372036854775807 -9223372036854775808; do
	like "a target of the kind $kind is not of kind 1" "$(asked $target_kind "$kind")" 'ended without|^-1[12]$'
done

# What a profile and the command line say of time.
for option in --timeout --min-ttl; do
	for value in 4294967297 4294967296s 71582789m 1193047h 18446744073709551617 99999999999999999999h -1; do
		fails "$option $value is refused" 2 icred "$option" "$value" profile list
	done
done
for setting in timeout min-ttl; do
	for value in 4294967297 71582789m 1193047h 18446744073709551617 -1; do
		printf 'app 1\n%s %s\n' "$setting" "$value" >"$ICRED_CONFIG_DIR/far.conf"
		run icred profile check far
		is "the setting $setting $value is refused" "$status" 8
	done
done

done_testing
