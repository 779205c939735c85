#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A number is not an identity: a program closes our descriptors and opens its own under their numbers.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
for how in socket file pipe null none one fork; do
	is "all is closed, and there is: $how" "$(timeout -k 5 60 "$builddir/tests/field/close-all" "$how" 2>&1)" ok
done
sandbox reset
tell delay=4
is "closed under a request that is under way" "$(timeout -k 5 60 "$builddir/tests/field/close-all" request 2>&1)" ok
untell
is "closed here, and held open by a child" "$(timeout -k 5 60 "$builddir/tests/field/close-all" held 2>&1)" ok

export ICRED_TRACE="$tmp/trace"
is "closed with a trace file open" "$(timeout -k 5 60 "$builddir/tests/field/close-all" socket 2>&1)" ok
like "  which has what came before" "$(cat "$tmp/trace")" 'icred-worker started'
export ICRED_TRACE=1
like "the trace says so" "$(timeout -k 5 60 "$builddir/tests/field/close-all" socket 2>&1)" \
	'the program closed descriptors of libicred'
done_testing
