#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completions: icred's own words, and after curl and exec those of the other program.
. "${srcdir:-.}/tests/lib.sh"

have() {
	command -v "$1" >/dev/null 2>&1 || {
		skip "$1 is missing"
		return 1
	}
}
mkdir "$tmp/here" "$tmp/bin"
printf '#!/bin/sh\n' >"$tmp/bin/nightly-report"
chmod 755 "$tmp/bin/nightly-report"
PATH=$tmp/bin:$PATH
cd "$tmp/here" || exit 99
: >answer.json
: >"$ICRED_CONFIG_DIR/work.conf"

# -- bash: _command_offset is bash-completion's, which says here from which word on it was asked --------

cat >"$tmp/bash" <<-'END'
	. "$srcdir/completions/icred"
	_command_offset() { COMPREPLY=("from:${COMP_WORDS[$1]}"); }
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_icred
	echo "${COMPREPLY[*]}"
END
in_bash() { bash "$tmp/bash" "$@"; }
if have bash; then
	is "bash: a command" "$(in_bash icred cu)" "curl-config curl"
	is "  a profile" "$(in_bash icred -p w)" work
	is "  what the options are before" "$(in_bash icred -p work key im)" import
	is "  and a descriptor" "$(in_bash icred --passphrase-fd 3 key im)" import
	is "  curl's part" "$(in_bash icred -p work curl -sS --loc)" from:curl
	is "  exec's" "$(in_bash icred exec git chec)" from:git
	is "    after two dashes" "$(in_bash icred -p work exec -- git chec)" from:git
	is "    and options of icred" "$(in_bash icred exec --min-ttl 5m -- git log -- chec)" from:git
fi

# -- fish ----------------------------------------------------------------------------------------

cat >"$tmp/fish" <<-'END'
	source $srcdir/completions/fish/icred.fish
	complete -c curl -l location-trusted
	complete -C $argv[1]
END
# Each candidate and its description are a line.
in_fish() { fish --no-config "$tmp/fish" "$1" | cut -f1 | tr '\n' ' '; }
if have fish; then
	is "fish: a command" "$(in_fish 'icred cu')" "curl curl-config "
	is "  a profile" "$(in_fish 'icred -p w')" "work "
	is "  what the options are before" "$(in_fish 'icred -p work key im')" "import "
	is "  help's second word" "$(in_fish 'icred help key ')" "fingerprint import list remove "
	for words in 'curl' '-p work curl' 'exec curl' '-p work exec -- curl' 'exec --min-ttl 5m -- curl'; do
		is "  $words: the other program's words" "$(in_fish "icred $words -o answ")" "answer.json "
		is "    and options" "$(in_fish "icred $words -sS --location-t")" "--location-trusted "
	done
	is "  exec: a program" "$(in_fish 'icred exec -- nightly-r')" "nightly-report "
	is "    or an option of icred" "$(in_fish 'icred exec --min' 2>&1)" "--min-ttl "
	is "  help exec: nothing more" "$(in_fish 'icred help exec nightly-r' 2>&1)" ""
fi

# -- zsh: only at a terminal; it completes the line, which then says itself --------------------------

cat >"$tmp/zsh" <<-'END'
	set timeout 20
	log_user 0
	set env(TERM) dumb
	spawn zsh -f -i
	send "PS1=; unsetopt zle_bracketed_paste 2>/dev/null; fpath=($env(srcdir)/completions/zsh \$fpath); autoload -U compinit; compinit -u -D; said() { print -r -- 'said:'\$*:; }; compdef _icred said; print re''ady\r"
	expect "ready\r"
	send -- "$env(line)\t\r"
	expect -re {said:([^\r:]*):} { puts $expect_out(1,string) } timeout { puts timeout }
END
in_zsh() { line="said $*" expect -f "$tmp/zsh"; }
if have zsh && have expect; then
	is "zsh: a command" "$(in_zsh tok)" "token"
	is "  a profile" "$(in_zsh -p w)" "-p work"
	for words in 'curl' '-p work curl' 'exec curl' '-p work exec -- curl' 'exec --min-ttl 5m -- curl'; do
		is "  $words: the other program's words" "$(in_zsh "$words -o answ")" "$words -o answer.json"
	done
	is "  exec: a program" "$(in_zsh exec -- nightly-r)" "exec -- nightly-report"
fi
done_testing
