#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The sandbox's tests of itself, with the Python that has what it needs.
. "${srcdir:-.}/tests/lib.sh"
"$PYTHON" "$srcdir/tests/sandbox/test-sandbox"
