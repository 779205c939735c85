# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# Whole processes that get a cached token; and peers that look up a secret of theirs.

printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}" >"$tmp/asked"
printf 'protocol=https\nhost=peer.example\nusername=x-access-token\npassword=%s\n\n' "$(icred token)" >"$tmp/known"
printf 'protocol=https\nhost=peer.example\n\n' >"$tmp/peer"
printf 'https://peer.example' >"$tmp/docker"
warm_peers=()

# Debian's git package ships the source of its helper for the Secret Service, not the program.
build_git_libsecret() {
	local from=/usr/share/doc/git/contrib/credential/libsecret/git-credential-libsecret.c
	[ -e "$from" ] || {
		remark "git-credential-libsecret is left out: git's contrib folder is not installed"
		return 1
	}
	mkdir -p "$tmp/bin" && PATH=$tmp/bin:$PATH
	# shellcheck disable=SC2046 # flags
	"${CC:-cc}" -O2 -o "$tmp/bin/git-credential-libsecret" "$from" \
		$(pkg-config --cflags --libs libsecret-1) 2>"$tmp/cc.log" || {
		remark "git-credential-libsecret is left out: it does not compile (is libsecret-1-dev installed?)"
		return 1
	}
	git-credential-libsecret store <"$tmp/known" >/dev/null
}

add_git_peers() {
	have git || return 0
	# shellcheck disable=SC2317 # called on exit
	stop_credential_cache() { git credential-cache exit; }
	cleanup stop_credential_cache
	git credential-store store <"$tmp/known"
	git credential-cache store <"$tmp/known"
	warm_quick+=("=git-store" "<$tmp/peer" git credential-store get)
	warm_quick+=("=git-cache" "<$tmp/peer" git credential-cache get)
}

add_keyring_peers() {
	if build_git_libsecret; then
		warm_peers+=("=git-libsecret" "<$tmp/peer" git-credential-libsecret get)
	fi
	if have docker-credential-secretservice; then
		printf '{"ServerURL":"https://peer.example","Username":"x","Secret":"%s"}' "$(icred token)" |
			docker-credential-secretservice store
		warm_peers+=("=docker" "<$tmp/docker" docker-credential-secretservice get)
	else
		remark "docker-credential-secretservice is left out (Debian: golang-docker-credential-helpers)"
	fi
	if have secret-tool; then
		icred token | secret-tool store --label=peer service peer.example
		warm_peers+=("=secret-tool" secret-tool lookup service peer.example)
	else
		remark "secret-tool is left out (Debian: libsecret-tools)"
	fi
}

section "Warm: the token is cached (in the kernel's keyring); peers look up a secret of the same size"
warm_quick=("=true" /bin/true "=get" "<$tmp/asked" git-credential-icred get "=token" icred token)
add_git_peers
add_keyring_peers
timed "$rounds" "${warm_quick[@]}"
table true true=/bin/true get='git-credential-icred get' token='icred token' \
	git-store='git credential-store get' git-cache='git credential-cache get'
compared "git-credential-icred get, warm, whole process : /bin/true" '<=' 1.25 get true
compared "icred token, warm, whole process : /bin/true" '<=' 1.25 token true
figure "resident memory of a warm get : /bin/true" '<=' 1.3 "" "$(ratio get true 4)"
if timed "$(share 6)" "=true" /bin/true "=get" "<$tmp/asked" git-credential-icred get "${warm_peers[@]}"; then
	echo
	table get true=/bin/true get='git-credential-icred get' git-libsecret='git-credential-libsecret get' \
		docker='docker-credential-secretservice get' secret-tool='secret-tool lookup'
	compared "git-credential-libsecret : git-credential-icred get" '>=' 10 git-libsecret get
fi
