#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./bootstrap where packages have other names, are missing, or cannot be installed: on a system whose package manager,
# and whatever it installs, is a stand-in.  What only tests want never stops it.
. "${srcdir:-.}/tests/lib.sh"

[ -e "$srcdir/bootstrap" ] || plan skip_all "bootstrap is not here"
bin=$tmp/bin
unset CC CFLAGS
BUILD=$tmp/build
export BUILD bin

for tool in awk cat chmod cmp cut date dirname env find grep head id mkdir mv nproc printf rm sed sh sort tail touch tr uname xargs; do
	there=$(command -v "$tool") && mkdir -p "$bin" && case $there in /*) ln -s "$there" "$bin/$tool" ;; esac
done

# stand_in NAME: a program from standard input
stand_in() {
	{
		printf '#!/bin/sh\n'
		cat
	} >"$bin/$1"
	chmod 755 "$bin/$1"
}

stand_in true </dev/null # which a shell has built in, and no path of
stand_in sudo <<'END'
[ "$1" != -n ] || shift
[ "$1" != -v ] || exit 0
exec "$@"
END
stand_in apt-cache <<'END'
shift
for name; do
	grep -qx -e "$name" "$OFFERED" || continue
	printf '%s:\n  Installed: (none)\n  Candidate: 1\n' "$name"
done
END
# A package brings the programs and modules that bootstrap's own table says of it.
stand_in apt-get <<'END'
packages=
while [ $# -gt 0 ]; do
	case $1 in
	update) exit 0 ;;
	-o) shift ;;
	-* | install) ;;
	*) packages="$packages $1" ;;
	esac
	shift
done
for package in $packages; do
	grep -qx -e "$package" "$OFFERED" || { echo "E: Unable to locate package $package" >&2; exit 100; }
	! grep -qx -e "$package" "$BROKEN" || { echo "E: $package has unmet dependencies" >&2; exit 100; }
done
for package in $packages; do
	echo "$package" >>"$INSTALLED"
	awk -v package="$package" '{ count = split($3, names, /[|,]/)
		for (i = 1; i <= count; i++) if (names[i] == package) print $2 }' "$TABLE" | tr '|,' '\n\n' |
		while read -r probe; do
			case $probe in
			cmd:*) [ -e "$bin/${probe#*:}" ] || { printf '#!/bin/sh\n' >"$bin/${probe#*:}" && chmod 755 "$bin/${probe#*:}"; } ;;
			pc:*) echo "${probe#*:}" >>"$MODULES" ;;
			esac
		done
done
END
# What is there once a package called pkg-config was installed.
pkg_config() {
	stand_in pkg-config <<-'END'
		[ "$1" = --exists ] && grep -qx -e "$2" "$MODULES"
	END
}

TABLE=$tmp/table OFFERED=$tmp/offered BROKEN=$tmp/broken INSTALLED=$tmp/installed MODULES=$tmp/modules
export TABLE OFFERED BROKEN INSTALLED MODULES
sed -n '/^#set /,/^EOF$/p' "$srcdir/bootstrap" | grep -E '^[a-z]+ ' >"$TABLE"
everything=$(awk '{ print $3 }' "$TABLE" | tr ',|' '[\n*]' | grep -v -e '^-$' | LC_ALL=C sort -u)
before=" $(printf '%s ' "$bin"/*) "

# system: everything is offered, nothing installed
system() {
	for name in "$bin"/*; do
		case $before in *" $name "*) ;; *) rm "$name" ;; esac
	done
	rm -rf "$BUILD"
	printf '%s\n' "$everything" >"$OFFERED"
	for file in "$BROKEN" "$INSTALLED" "$MODULES"; do : >"$file"; done
	pkg_config
}

lacks() { for name; do sed -i "/^$name\$/d" "$OFFERED"; done; }
bootstrap() { run env PATH="$bin" "$srcdir/bootstrap" "$@" </dev/null; }
installed() { LC_ALL=C sort "$INSTALLED" | tr '\n' ' '; }

system
bootstrap deps
is "everything is there to be had: it is installed" "$status.$(printf '%s' "$out" | grep -c 'are skipped')" 0.0 || diag "$out $err"
like "  the newer of two alternatives" " $(installed)" ' kwallet6 .*libqca-qt6-plugins '
unlike "  and that one alone" " $(installed)" ' libkf5wallet-bin | libqca-qt5-2-plugins '
: >"$INSTALLED"
bootstrap deps
is "  once" "$status $(installed)" "0 "

# -- what a system does not have ------------------------------------------------------------------

# skipped NAME PACKAGES WHAT: without these it goes on, installs the rest and says WHAT is skipped
skipped() {
	skipped_name=$1 skipped_without=$2
	shift 2
	system
	# shellcheck disable=SC2086 # a list of words
	lacks $skipped_without
	bootstrap deps
	is "$skipped_name: goes on" "$status" 0 || diag "$out $err"
	like "  says what is skipped" "$(printf '%s\n' "$out" | grep '^Not here')" "$1"
	like "  and installs the rest" " $(installed)" ' gcc .* zsh '
}

system
lacks kwallet6
bootstrap deps
is "an older system: the older alternative" "$status.$(printf '%s' "$out" | grep -c 'are skipped')" 0.0 || diag "$out $err"
like "  whole" " $(installed)" ' libkf5wallet-bin libqca-qt5-2-plugins '
unlike "  and nothing of the newer" " $(installed)" ' libqca-qt6-plugins '
system
lacks libqca-qt6-plugins
bootstrap deps
like "half of the newer one: the older one" " $(installed)" ' libkf5wallet-bin libqca-qt5-2-plugins '
skipped "no alternative at all" 'kwallet6 libkf5wallet-bin' 'skipped: .*wallet'
for package in rclone libcmocka-dev; do
	skipped "no $package" "$package" "skipped: $package *\$"
done
skipped "several" 'rclone httpie fish' 'skipped: fish httpie rclone *$'

# -- what cannot be installed ------------------------------------------------------------------------

for package in keepassxc kwallet6; do
	system
	echo "$package" >"$BROKEN"
	bootstrap deps
	is "$package cannot be installed: goes on" "$status" 0 || diag "$out $err"
	like "  says so" "$out" 'Not here, so tests of it are skipped: .*'"$package"
	like "  and installs the rest" " $(installed)" ' gcc .* zsh '
done

# -- what it cannot do without -------------------------------------------------------------------------

for package in gcc libjson-c-dev; do
	system
	lacks "$package"
	bootstrap deps
	is "no $package: stops" "$status" 1
	like "  and says what is missing" "$err" "still missing after that: .*$package|status"
done

# -- who may not install ---------------------------------------------------------------------------------

if [ "$(id -u)" -ne 0 ]; then
	system
	mv "$bin/sudo" "$tmp/sudo"
	bootstrap deps
	is "not root, and no sudo: stops" "$status" 1
	like "  with a command to type" "$out" "su -c 'apt-get install .*gcc.*kwallet6 libqca-qt6-plugins .*zsh'"
	mv "$tmp/sudo" "$bin/sudo"
fi
done_testing
