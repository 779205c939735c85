#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program with more rights than its caller (AT_SECURE) believes none of the caller's files and variables.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires setpriv
if sanitized; then # which can't look for leaks in such a process, and says so by its status
	skip "a build with a sanitizer"
	done_testing
fi
if [ "$(id -u)" -ne 0 ]; then
	skip "not root, so no program can have more rights than its caller"
	done_testing
fi
group=4711
chmod 755 "$tmp"
cp "$(command -v id)" "$tmp/id"
chgrp "$group" "$tmp/id"
chmod 2755 "$tmp/id"
if [ "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/id" -g)" != "$group" ]; then
	skip "the temporary folder is mounted nosuid"
	done_testing
fi
cp "$builddir/icred" "$tmp/plain"
cp "$builddir/icred" "$tmp/privileged"
chgrp "$group" "$tmp/privileged"
chmod 2755 "$tmp/privileged"
mkdir "$tmp/caller" "$tmp/caller/profiles" "$tmp/caller/libexec" "$tmp/caller/.config" "$tmp/caller/.config/icred"

# What the caller would have us do.
echo "app 666" >"$tmp/caller/profiles/evil.conf"
cp "$tmp/caller/profiles/evil.conf" "$tmp/caller/.config/icred/evil.conf"
cat >"$tmp/caller/libexec/icred-worker" <<-END
	#!/bin/sh
	: >"$tmp/caller/worker"
END
chmod 755 "$tmp/caller/libexec/icred-worker"
chown -R 65534:65534 "$tmp/caller"

# as_caller PROGRAM WORD...: by somebody without rights, who has set all there is to set
as_caller() {
	program=$1
	shift
	rm -f "$tmp/caller/worker" "$tmp/caller/trace"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH" HOME="$tmp/caller" \
		${config:+"ICRED_CONFIG_DIR=$config"} ICRED_LIBEXEC_DIR="$tmp/caller/libexec" \
		ICRED_TRACE="$tmp/caller/trace" ICRED_PROFILE="${profile:-}" \
		"$tmp/$program" "$@"
}

config=
as_caller plain profile show
case $err in *"Permission denied"*)
	skip "the caller can't look for the machine's profiles"
	done_testing
	;;
esac

# The caller without a secret: what the variables do where they count.
config=$tmp/caller/profiles
as_caller plain -p evil profile show
like "a plain program takes ICRED_CONFIG_DIR" "$out" 'app +666'
config=
as_caller plain -p evil profile show
like "  and HOME" "$out" 'app +666'
profile=evil as_caller plain profile show
like "  and ICRED_PROFILE" "$out" 'app +666'
as_caller plain --app 1 -i 2 token
ok "  and ICRED_LIBEXEC_DIR" test -e "$tmp/caller/worker"
ok "  and ICRED_TRACE" test -s "$tmp/caller/trace"

as_caller privileged profile show
is "a privileged one runs" "$status" 0
config=$tmp/caller/profiles
as_caller privileged -p evil profile show
is "  without ICRED_CONFIG_DIR" "$status $out" "3 "
like "  and says where a profile belongs" "$err" '/icred/evil.conf'
unlike "  which is not the caller's folder" "$err" "$tmp"
config=
as_caller privileged -p evil profile show
is "  without HOME" "$status $out" "3 "
profile=evil as_caller privileged profile show
is "  without ICRED_PROFILE" "$status" 0
unlike "  and so with its own profile" "$out" 666
as_caller privileged --app 1 -i 2 token
is "  without ICRED_LIBEXEC_DIR" "$(test -e "$tmp/caller/worker" && echo started)" ""
is "  without ICRED_TRACE" "$(test -e "$tmp/caller/trace" && echo written)" ""
done_testing
