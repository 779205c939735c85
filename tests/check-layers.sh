#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which folder may include which: a part stands above what it uses, and nothing goes back up.
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99

# FOLDER: the folders that its files may include beside itself and lib/icred.
# Arrows go from a line to lines above it, so a folder that is missing here is an error.
arrows='
lib/icred:
lib/base:
lib/profile:       lib/base
lib/module:        lib/base lib/profile
lib/protocol:      lib/base lib/profile
lib/token:         lib/base lib/profile lib/module lib/protocol
lib/client:        lib/base lib/module lib/protocol
lib/api:           lib/base lib/profile lib/module lib/protocol lib/token lib/client
lib/curl:          lib/base lib/profile lib/token lib/api
plugin/shared:     lib/base
plugin/cache:      lib/base
plugin/key:        lib/base plugin/shared
plugin/issuer:     lib/base plugin/shared
helper/common:     lib/base lib/profile lib/api
helper/curl:       lib/base lib/api helper/common
helper/icred:      lib/base lib/api helper/common helper/curl
helper/credential: lib/base lib/api helper/common
helper/worker:     lib/base lib/profile lib/module lib/protocol plugin/shared
'

# Each include of a file of ours, as "FILE INCLUDED".
includes() {
	find lib plugin helper -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
		sed -nE -e 's/^#include "((lib|plugin|helper)\/[^"]+)".*/\1/p' -e 's/^#include <(icred\/[^>]+)>.*/lib\/\1/p' "$file" |
			sed "s|^|$file |"
	done
}
includes >"$tmp/includes"
like "there is something to check" "$(wc -l <"$tmp/includes")" '^[0-9]{3,}$'

# The folder of a file is the first two names of its path: plugin/key/keyring/ is a part of plugin/key.
is "each folder includes only what its line allows" "$(printf '%s' "$arrows" | awk '
	function folder(path, names) { split(path, names, "/"); return names[1] "/" names[2] }
	FNR == NR { if (NF) { name = $1; sub(/:$/, "", name); known[name]; for (i = 2; i <= NF; i++) may[name, $i] } next }
	{
		from = folder($1); to = folder($2)
		if (!(from in known)) print $1 ": the folder " from " has no line"
		else if (from != to && to != "lib/icred" && !((from, to) in may)) print $1 " includes " $2
	}' - "$tmp/includes")" ""
is "an include is spelled from the top" \
	"$(find lib plugin helper -name '*.[ch]' -exec grep -nE '^#include "' {} + | grep -vE '#include "((lib|plugin|helper)/|config\.h")')" ""
is "no line of the table allows a folder that stands below it" "$(printf '%s' "$arrows" | awk '
	NF { name = $1; sub(/:$/, "", name); for (i = 2; i <= NF; i++) if (!($i in seen)) print name " -> " $i; seen[name] }')" ""

# The lines "FROM TO" that are left when all that use, or are used by, nothing more are taken away go in a circle.
circles() {
	awk '
	{ from[NR] = $1; to[NR] = $2; alive[NR] = 1 }
	END {
		do {
			changed = 0
			delete has
			for (i = 1; i <= NR; i++) if (alive[i]) has[from[i]]
			for (i = 1; i <= NR; i++) if (alive[i] && !(to[i] in has)) { alive[i] = 0; changed = 1 }
		} while (changed)
		do {
			changed = 0
			delete met
			for (i = 1; i <= NR; i++) if (alive[i]) met[to[i]]
			for (i = 1; i <= NR; i++) if (alive[i] && !(from[i] in met)) { alive[i] = 0; changed = 1 }
		} while (changed)
		for (i = 1; i <= NR; i++) if (alive[i]) print from[i] " -> " to[i]
	}'
}

# A .c and the .h of its name are one.
is "no files include each other in a circle" "$(sed 's/\.[ch]\b//g' "$tmp/includes" | awk '$1 != $2' | sort -u | circles)" ""

# Files of one part share a header, so what they use of each other is in their functions: "FILE FILE".
# shellcheck disable=SC2016 # awk's
find lib plugin helper -name '*.c' | LC_ALL=C sort | xargs awk '
	FNR == 1 { comment = 0 }
	{
		line = $0
		gsub(/"([^"\\]|\\.)*"/, "", line)
		if (comment) { if (sub(/.*\*\//, "", line)) comment = 0; else next }
		gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
		if (sub(/\/\*.*/, "", line)) comment = 1
		if (line ~ /^(_[a-z]+_ )?[a-z][a-z0-9_ ]*[ *][a-z0-9_]+\(/ && line !~ /^(static|typedef|extern) / && line !~ /;$/) {
			name = line; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
			if (name in home && home[name] != FILENAME) twice[name]
			home[name] = FILENAME
		}
		gsub(/(\.|->)[a-z0-9_]+/, "", line) # a member
		n = split(line, words, /[^A-Za-z0-9_]+/)
		for (i = 1; i <= n; i++) used[FILENAME, words[i]]
	}
	END {
		for (key in used) {
			split(key, part, SUBSEP)
			if (part[2] in home && !(part[2] in twice) && home[part[2]] != part[1]) print part[1], home[part[2]]
		}
	}' | sort -u >"$tmp/calls"
like "files use functions of others" "$(wc -l <"$tmp/calls")" '^[0-9]{3,}$'
is "no files use functions of each other in a circle" "$(circles <"$tmp/calls")" ""
is "no two files have one name" "$(find lib plugin helper -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d)" ""
is "no two files have one header guard" \
	"$(find lib plugin helper tests -name '*.h' ! -path 'tests/abi/*' -exec grep -hm1 '^#ifndef .*_H$' {} + | sort | uniq -d)" ""
# shellcheck disable=SC2016 # awk's
is "no structure has the name of another one" "$(find lib plugin helper -name '*.[ch]' -exec awk '
	FILENAME !~ /^lib\/icred\// && match($0, /^[ \t]*((typedef|static|const) )*struct [a-z0-9_]+ \{/) {
		name = $0; sub(/ \{.*/, "", name); sub(/.*struct /, "", name)
		if (name in at && at[name] != FILENAME) print name ": " at[name] ", " FILENAME
		at[name] = FILENAME
	}' {} +)" ""
done_testing
