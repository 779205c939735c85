#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program with more rights than its caller (AT_SECURE) believes none of the caller's files and variables.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires setpriv
if sanitized; then # which cannot look for leaks in such a process, and says so by its status
	skip "a build with a sanitizer"
	done_testing
fi
if [ "$(id -u)" -ne 0 ]; then
	skip "not root, so no program can have more rights than its caller"
	done_testing
fi
group=4711

# honours FOLDER: a set-group-ID program has its group there, and a stranger can run it
honours() {
	chmod 755 "$1" && cp "$(command -v id)" "$1/id" && chgrp "$group" "$1/id" && chmod 2755 "$1/id" &&
		[ "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$1/id" -g 2>/dev/null)" = "$group" ]
}

# A /tmp that is a tmpfs is mounted nosuid as a rule.
place=$tmp/place
mkdir "$place"
if ! honours "$place"; then
	place=$(mktemp -d "$builddir/privileged.XXXXXX") || exit 99
	remove_place() { rm -rf "$place"; }
	cleanup remove_place
	honours "$place" || {
		skip "the folders for temporary and for built files are mounted nosuid, or closed"
		done_testing
	}
fi
chmod 755 "$tmp"
cp "$builddir/icred" "$place/plain"
cp "$builddir/icred" "$place/privileged"
chgrp "$group" "$place/privileged"
chmod 2755 "$place/privileged"
mkdir "$place/caller" "$place/caller/profiles" "$place/caller/libexec" "$place/caller/.config" "$place/caller/.config/icred"

# What the caller would have us do.
echo "app 666" >"$place/caller/profiles/evil.conf"
cp "$place/caller/profiles/evil.conf" "$place/caller/.config/icred/evil.conf"
cat >"$place/caller/libexec/icred-worker" <<-END
	#!/bin/sh
	: >"$place/caller/worker"
END
chmod 755 "$place/caller/libexec/icred-worker"
chown -R 65534:65534 "$place/caller"

# as_caller PROGRAM WORD...: by a user without rights, who has set all there is to set
as_caller() {
	program=$1
	shift
	rm -f "$place/caller/worker" "$place/caller/trace"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH" HOME="$place/caller" \
		${config:+"ICRED_CONFIG_DIR=$config"} ICRED_LIBEXEC_DIR="$place/caller/libexec" \
		ICRED_TRACE="$place/caller/trace" ICRED_PROFILE="${profile:-}" \
		"$place/$program" "$@"
}

config=
as_caller plain profile show
case $err in *"Permission denied"*)
	skip "the caller cannot look for the machine's profiles"
	done_testing
	;;
esac

# The caller without a secret: what the variables do where they count.
config=$place/caller/profiles
as_caller plain -p evil profile show
like "a plain program takes ICRED_CONFIG_DIR" "$out" 'app +666'
config=
as_caller plain -p evil profile show
like "  and HOME" "$out" 'app +666'
profile=evil as_caller plain profile show
like "  and ICRED_PROFILE" "$out" 'app +666'
as_caller plain --app 1 -i 2 token
ok "  and ICRED_LIBEXEC_DIR" test -e "$place/caller/worker"
ok "  and ICRED_TRACE" test -s "$place/caller/trace"

as_caller privileged profile show
is "a privileged one runs" "$status" 0
config=$place/caller/profiles
as_caller privileged -p evil profile show
is "  without ICRED_CONFIG_DIR" "$status $out" "3 "
like "  and says where a profile belongs" "$err" '/icred/evil.conf'
unlike "  which is not the caller's folder" "$err" "$place"
config=
as_caller privileged -p evil profile show
is "  without HOME" "$status $out" "3 "
profile=evil as_caller privileged profile show
is "  without ICRED_PROFILE" "$status" 0
unlike "  and so with its own profile" "$out" 666
as_caller privileged --app 1 -i 2 token
is "  without ICRED_LIBEXEC_DIR" "$(test -e "$place/caller/worker" && echo started)" ""
is "  without ICRED_TRACE" "$(test -e "$place/caller/trace" && echo written)" ""
done_testing
