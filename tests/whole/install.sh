#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# make install into a folder, and a program built against what is there, in C and in C++.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires make pkg-config
: "${CC:=cc}"
dest=$tmp/dest
unset MAKEFLAGS MAKELEVEL MFLAGS
ok "make install DESTDIR=..." make -C "$builddir" install DESTDIR="$dest"

# where NAME: of the installed file of that name
where() { find "$dest" -name "$1" \( -type f -o -type l \) | head -n 1; }
for name in icred git-credential-icred icred-worker libicred.so icred.h module.h libicred.pc issuer-icr.so \
	icred.1 git-credential-icred.1 icred.3 icred.7 icred-profile.5; do
	isnt "$name is installed" "$(where "$name")" ""
done
is "nothing that is for tests alone" "$(find "$dest" -name '*sandbox*' -o -name 'mint-threads*' -o -name 'libicred-core*')" ""
is "no file is for others to write to, or set-uid" "$(find "$dest" \( -perm /022 -o -perm /6000 \) ! -type l)" ""
unlike "no path of this folder is in a library" "$(find "$dest" -type f -name '*.so*' -exec readelf -d {} + 2>/dev/null)" \
	'(RPATH|RUNPATH)'
for program in "$dest"/*/bin/* "$dest"/*/*/bin/*; do
	[ -x "$program" ] || continue
	isnt "${program##*/} has a manual page" "$(where "${program##*/}.1")" ""
	like "  and a version" "$("$program" --version 2>/dev/null </dev/null)" '[0-9]+\.[0-9]+'
done

# -- a program of another project ----------------------------------------------------------

PKG_CONFIG_PATH=$(dirname "$(where libicred.pc)")
PKG_CONFIG_SYSROOT_DIR=$dest
PKG_CONFIG_LIBDIR=$PKG_CONFIG_PATH
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
run pkg-config --cflags --libs libicred
is "pkg-config" "$status.$err" "0."
unlike "  asks for nothing else" "$out" '(curl|gnutls|glib|json|secret)'
flags=$out
is "  and knows where modules go" "$dest$(pkg-config --variable=moduledir libicred | sed "s|^$dest||")" "$(dirname "$(where issuer-icr.so)")"
LD_LIBRARY_PATH=$(dirname "$(where libicred.so)")
ICRED_MODULE_DIR=$(dirname "$(where issuer-icr.so)")
ICRED_LIBEXEC_DIR=$(dirname "$(where icred-worker)")
PATH=$(dirname "$(where icred)"):$PATH
export LD_LIBRARY_PATH ICRED_MODULE_DIR ICRED_LIBEXEC_DIR PATH

cat >"$tmp/program.c" <<-'END'
	#include <icred/icred.h>
	#include <stdio.h>

	int main(int argc, char **argv)
	{
		icred_t *handle = NULL;
		icred_token_t *token = NULL;
		int r = icred_open(&handle, argc > 1 ? argv[1] : NULL, NULL);

		if (r == ICRED_OK)
			r = icred_get_token(handle, NULL, 0, &token);
		if (r == ICRED_OK)
			printf("%s\n", icred_token_secret(token));
		else
			printf("%s: %s\n", icred_kind(r), icred_error()->message);
		icred_token_unref(token);
		icred_close(handle);
		return r != ICRED_OK;
	}
END
# What the build was told about its compiler, such as a sanitizer, is not this program's business.
strict='-Wall -Wextra -Werror -pedantic'
# shellcheck disable=SC2086 # flags are words
ok "a C program compiles" $CC -std=c99 $strict "$tmp/program.c" $flags -o "$tmp/program-c"
if [ -n "${CXX:-}" ] && echo 'int main() { return 0; }' | $CXX -x c++ - -o "$tmp/.cxx" 2>/dev/null; then
	# shellcheck disable=SC2086
	ok "as C++, too" $CXX -std=c++11 $strict -x c++ "$tmp/program.c" -x none $flags -o "$tmp/program-c++"
else
	skip "there is no C++ compiler"
fi
! sanitized || {
	skip "a build with a sanitizer"
	rm -f "$tmp/program-c"
}
[ ! -x "$tmp/program-c" ] || is "without a profile it says what is wanted" "$("$tmp/program-c" nothing | sed 's/:.*//')" "not-found"
if ! [ -x "$tmp/program-c" ]; then
	:
elif command -v gnome-keyring-daemon >/dev/null 2>&1 && [ -e "$ICRED_MODULE_DIR/key-keyring.so" ]; then
	whole
	token=$("$tmp/program-c")
	like "it gets a token" "$token" '^crs_[0-9a-f]{48}$'
	for program in "$tmp/program-c++" icred-token; do
		[ "$program" = icred-token ] && program='icred token'
		# shellcheck disable=SC2086
		[ "$program" != "$tmp/program-c++" ] || [ -x "$program" ] || continue
		# shellcheck disable=SC2086
		is "${program##*/} gets the same" "$($program)" "$token"
	done
	is "minted once" "$(sandbox mints)" 1
	icred forget
else
	skip "there is no keyring here to get a token with"
fi

is "icred --version and libicred.pc name the same home page, or none" \
	"$(icred --version | sed -n 's/^Home page: //p')" "$(sed -n 's/^URL: //p' "$builddir/lib/libicred.pc")"
ok "make uninstall" make -C "$builddir" uninstall DESTDIR="$dest"
is "  leaves no file" "$(find "$dest" ! -type d)" ""
done_testing
