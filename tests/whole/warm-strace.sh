#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a cached token costs: no library but libc, no process, no socket, few system calls.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires readelf

# needed FILE: the libraries it asks for
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(ld-linux|ld-musl|ld64|linux-vdso)' | sort | tr '\n' ' '; }
libc='^(libc\.so\.6|libc\.so|libc\.musl-[^ ]*) $'
! sanitized || plan skip_all "a build with a sanitizer"

library=$(find "$builddir/.libs" -name 'libicred.so.*.*.*' -type f | head -n 1)
like "libicred.so needs libc alone" "$(needed "$library")" "$libc"
for file in icred git-credential-icred; do
	like "$file needs libc alone" "$(needed "$builddir/$file")" "$libc"
done
for file in "$library" "$builddir/icred" "$builddir/git-credential-icred" "$builddir/icred-worker"; do
	unlike "${file##*/} has no executable stack" "$(readelf -lW "$file" | grep GNU_STACK)" 'RWE'
done

strace -f -o "$tmp/.strace" true 2>/dev/null || {
	diag "strace does not work here, so the rest is left out"
	done_testing
}
start_sandbox || exit 99
start_keyring || exit 99
icred_log=$tmp/strace

# warm NAME COMMAND...: from the cache, and how
warm() {
	warm_name=$1
	shift
	"$@" <"$tmp/description" >"$tmp/out" 2>"$tmp/err" || diag "not even the first time: $(cat "$tmp/err")"
	mints=$(sandbox mints)
	strace -f -o "$icred_log" "$@" <"$tmp/description" >"$tmp/out" 2>"$tmp/err"
	is "$warm_name works" "$?.$(cat "$tmp/err")" "0."
	like "  and gives a token" "$(cat "$tmp/out")" 'crs_[0-9a-f]{48}'
	is "  which is not minted" "$(sandbox mints)" "$mints"
	unlike "  it opens no libcurl, GnuTLS, GLib, json-c or libsecret" "$(cat "$icred_log")" \
		'open.*(curl|gnutls|glib|gio|gobject|json|secret|nettle|gmp|ssl|crypto|p11)'
	is "  nor any other library but libc" \
		"$(grep -E '^[0-9]+ +open.*\.so[."].*\) = [0-9]+$' "$icred_log" | grep -Evc '/(libc\.so|libc\.musl|ld-musl|ld\.so\.cache)')" 0
	unlike "  it starts no process and no thread" "$(tail -n +2 "$icred_log")" '^[0-9]+ +(fork|vfork|clone|clone3|execve|execveat)\('
	unlike "  it opens no socket" "$(cat "$icred_log")" '^[0-9]+ +(socket|socketpair|connect)\('
	unlike "  it reads no key, no certificate" "$(cat "$icred_log")" 'open.*(\.pem|\.crt|keyrings)'
	calls=$(grep -c '(' "$icred_log")
	diag "$warm_name: $calls system calls"
	ok "  it makes few system calls" test "$calls" -lt 150
}
printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}" >"$tmp/description"
profile default
icred -q key import "$sandbox_key" >"$tmp/imported"
warm "git-credential-icred get" git-credential-icred get
warm "icred token" icred token
warm "icred curl-config" icred curl-config
profile default 'cache sufficient runtime'
warm "icred token, from a file" icred token
printf 'protocol=https\nhost=example.org\n\n' >"$tmp/description"
strace -f -o "$icred_log" git-credential-icred get <"$tmp/description" >"$tmp/out" 2>"$tmp/err"
is "another host: no answer" "$?.$(cat "$tmp/out").$(cat "$tmp/err")" "0.."
unlike "  nor a look into the caches" "$(cat "$icred_log")" '(keyctl|request_key)\(|open.*run/icred'
done_testing
