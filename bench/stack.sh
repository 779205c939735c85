# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# What a profile and its stack cost a warm process: lines, other profiles, and a cache with many tokens.

# stack_profile NAME LINE...: a copy of the default profile, with these lines added
stack_profile() {
	local file=$ICRED_CONFIG_DIR/$1.conf
	shift
	cp "$ICRED_CONFIG_DIR/default.conf" "$file"
	printf '%s\n' "$@" >>"$file"
}

# tokens_folder N: a runtime directory with N cached tokens, for the profile "tokens"
tokens_folder() {
	local folder=$tmp/tokens-$1 made n
	mkdir -m 700 "$folder"
	XDG_RUNTIME_DIR=$folder icred -q -p tokens token >/dev/null || return 1
	made=$(find "$folder" -type f -name '*.token' -size +100c)
	[ -n "$made" ] || return 1
	for ((n = 1; n < $1; n++)); do
		cp -p "$made" "$(printf '%s/%032x' "${made%/*}" "$n")"
	done
}

section "Profiles and stacks: a token that is cached"
stack_profile six 'key sufficient keyring' '-key sufficient pkcs11' '-key optional none' 'cache sufficient keyctl' \
	'cache sufficient runtime' 'issuer required icr'
printf -v stack_lines 'origin https://host-%d.example\n' {1..44}
for n in {1..100}; do
	stack_profile "p$n" 'origin https://api.example' "$stack_lines"
done
stack_profile tokens 'cache sufficient runtime'
timed "$rounds" "=true" /bin/true "=token" icred token "=six" icred -p six token "=p50" icred -p p50 token
table token token='icred token, a profile of 4 lines' six='the same, and a stack of 6 lines' \
	p50='the same, 50 lines, beside 100 others' true=/bin/true
compared "icred token, warm, a stack of six lines : the built-in one" '<=' 1.05 six token
compared "a profile of 50 lines, one of 100 on disk : one of 4 lines" '<=' 1.1 p50 token

if tokens_folder 10 && tokens_folder 10000; then
	timed "$rounds" "=ten" env "XDG_RUNTIME_DIR=$tmp/tokens-10" icred -p tokens token \
		"=many" env "XDG_RUNTIME_DIR=$tmp/tokens-10000" icred -p tokens token
	table ten ten='cache runtime, 10 tokens' many='cache runtime, 10,000 tokens'
	compared "cache runtime with 10,000 tokens : with 10" '<=' 1.1 many ten
else
	remark "cache runtime is left out: it did not keep a token"
fi
rm -rf "$tmp"/tokens-*
