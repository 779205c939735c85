#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The last line of .ci/run is tests/tally's: it must not take a skip, a crash or silence for success.
. "${srcdir:-.}/tests/lib.sh"
tally() { "$tmp/tests/tally" "$tmp/build"; }
last() { printf '%s\n' "$out" | tail -n 1; }

ICRED_TEST_STRICT=1
export ICRED_TEST_STRICT
mkdir -p "$tmp/tests" "$tmp/build/tests/unit"
cp "$srcdir/tests/tally" "$tmp/tests/tally"
printf '# reasons\nalways ^tests/a: .*# SKIP no such kernel\n' >"$tmp/tests/skips"

run tally
is "no result at all is a failure" "$status $(last)" "1 0 passed, 1 failed"

# result NAME LINE...: a test as the harness leaves it
result() {
	lib_name=$1
	shift
	printf '%s\n' "$@" >"$tmp/build/tests/$lib_name.log"
	sed -nE 's/^([A-Z]+): .*/:test-result: \1/p' "$tmp/build/tests/$lib_name.log" >"$tmp/build/tests/$lib_name.trs"
}

result unit/u 'ok 1 - one' 'PASS: tests/unit/u 1 - one' 'ok 2 - two' 'PASS: tests/unit/u 2 - two'
run tally
is "passes are counted" "$status $(last)" "0 2 passed, 0 failed"

result a 'SKIP: tests/a.sh 1 # SKIP no such kernel'
run tally
is "a skip that is listed does no harm" "$status $(last)" "0 2 passed, 0 failed"
like "and is told" "$out" '^skipped, as tests/skips allows: tests/a'

result a 'SKIP: tests/a.sh - no such kernel'
run tally
is "nor does that of a whole test" "$status $(last)" "0 2 passed, 0 failed"
result a 'SKIP: tests/a.sh 1 # SKIP no such kernel'

result b 'SKIP: tests/b.sh - gnome-keyring-daemon is missing'
run tally
is "any other skip is a failure" "$status $(last)" "1 2 passed, 1 failed"
like "and told with its reason" "$out" '^UNEXPECTED SKIP: tests/b: - gnome-keyring-daemon is missing'
for switch in '' 0; do
	run env ICRED_TEST_STRICT="$switch" "$tmp/tests/tally" "$tmp/build"
	is "but not if it was not asked for ('$switch')" "$status $(last)" "0 2 passed, 0 failed"
	like "  and it is told all the same" "$out" '^skipped: tests/b: - gnome-keyring-daemon is missing'
done

for word in FAIL ERROR XPASS; do
	result b "$word: tests/b.sh 1 - x"
	run tally
	is "$word is a failure" "$status $(last)" "1 2 passed, 1 failed"
done

result b '# of nothing' 'FAIL: tests/b.sh 1 - x' '#  got: 1' '# wanted: 2' 'PASS: tests/b.sh 2 - y' '# the end' 'ERROR: tests/b.sh - exited'
run tally
is "what a test says of a failure is told with it" "$status $(printf '%s\n' "$out" | tail -n 6)" "1 FAIL: tests/b: 1 - x
    #  got: 1
    # wanted: 2
    # the end
ERROR: tests/b: - exited
3 passed, 2 failed"

# A folder gives its entries in an order of its own, by what kind of file system it is on, and when they were made.
for order in 'a b c d' 'd c b a' 'c a d b'; do
	rm "$tmp"/build/tests/*.trs
	for name in $order; do
		result "$name" "FAIL: tests/$name.sh 1 - x"
	done
	run tally
	is "told in the order of their names, made in that of $order" "$(printf '%s\n' "$out" | sed -n 's/^FAIL: //p' | tr '\n' ' ')" \
		"tests/a: 1 - x tests/b: 1 - x tests/c: 1 - x tests/d: 1 - x "
done
rm "$tmp"/build/tests/[acd].trs

result b 'PASS: tests/b.sh 1 - x'
echo ':test-result: FAIL' >>"$tmp/build/tests/b.trs"
run tally
is "a log that does not tell all is a failure" "$status $(last)" "1 3 passed, 1 failed"

printf 'PASS: tests/a.sh 1 - one\nFAIL: tests/a.sh 2 - two\nmake: leaving\nSKIP: tests/c.sh\n' >"$tmp/log"
printf 'SKIP: tests/a.sh 3 - x # SKIP no such kernel\n' >>"$tmp/log"
run "$tmp/tests/tally" "$tmp/log"
is "a log of make check is read as well" "$status $(last)" "1 1 passed, 2 failed"
done_testing
