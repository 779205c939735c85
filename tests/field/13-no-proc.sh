#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A system without /proc: all works but what cannot, and that says why.
# shellcheck disable=SC2016 # for another shell
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl
! sanitized || plan skip_all "a build with a sanitizer reads /proc itself"
start_sandbox || exit 99
profile default 'cache sufficient runtime' "key required file path=$sandbox_key"
profile exec 'cache sufficient runtime' "key required exec [command=/bin/cat $sandbox_key]"

# without COMMAND...: where there is no /proc
without() { unshare -m sh -c 'mount -t tmpfs none /proc || exit 77; "$@"' sh "$@"; }
if [ "$(id -u)" -ne 0 ] || ! without true 2>/dev/null; then
	skip "no mounts of our own"
	done_testing
fi

for each in 'icred token' 'icred -p exec token' 'icred curl-config' 'icred exec -- printenv ICRED_TOKEN'; do
	icred forget
	# shellcheck disable=SC2086 # several words
	run without $each
	like "$each" "$status.$err.$out" '^0\.\..*crs_'
done
for each in 'icred status' 'icred profile check' 'icred profile list' 'icred key list' 'icred forget' \
	"icred key fingerprint $sandbox_key" 'git-credential-icred capability'; do
	# shellcheck disable=SC2086
	run without $each
	is "$each" "$status.$err" 0.
done
run without icred curl -s "$sandbox_url/projects"
is "icred curl cannot hand over the token" "$status.$out" 1.
like "  and says so" "$err" '^icred: curl cannot read the token from /dev/fd/.*; mount /proc.* or use icred exec$'
run icred curl -s "$sandbox_url/projects"
is "  which it can with /proc" "$status" 0
done_testing
