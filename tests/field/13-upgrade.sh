#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A library and a worker of neighbouring versions, and what each finds in the caches of the other.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
start_sandbox || exit 99
install -m 600 "$sandbox_key" "$tmp/app.pem"
next=$builddir/tests/field/next
token='^crs_[0-9a-f]{48}$'

# with WORKER PROGRAM ARGUMENT...: this program, with the worker of that folder
with() {
	with_worker=$1
	shift
	run env "ICRED_LIBEXEC_DIR=$with_worker" "$@"
}
mints() { sandbox mints; }

# pair NAME WORKER PROGRAM: all that a library says to a worker, and what comes back
pair() {
	pair_name=$1
	pair_worker=$2
	pair_program=$3
	profile default "key [success=done rate_limited=die default=ignore] file path=$tmp/app.pem" \
		"cache sufficient runtime" "-key optional none"
	icred forget
	"$next/icred" forget
	before=$(mints)
	with "$pair_worker" "$pair_program" token
	like "$pair_name: a token" "$status.$out.$err" '^0\.crs_[0-9a-f]{48}\.$'
	first=$out
	with "$pair_worker" "$pair_program" token
	is "  the same again, from the cache" "$out.$(mints)" "$first.$((before + 1))"
	with "$pair_worker" "$pair_program" token --json
	is "  with all that is known of it" "$(json '[d["token"], d["installation"], d["app"], d["expiresIn"] > 600]')" \
		"['$first', '$sandbox_installation', '12345', True]"
	with "$pair_worker" "$pair_program" key list --json
	is "  a list of keys" "$(json '[(k["module"], k["bits"]) for k in d["keys"]]')" "[('file', 2048)]"
	with "$pair_worker" "$pair_program" key fingerprint "$tmp/app.pem"
	like "  the fingerprint of a key" "$status.$out" '^0\.[A-Za-z0-9+/]{43}=$'
	with "$pair_worker" "$pair_program" profile check default
	is "  profile check, which loads every module" "$status" 0
	"$pair_program" forget
	with "$pair_worker" "$pair_program" -vv token
	like "  a log" "$status.$err" "^icred: icred-worker started"
	like "    of what the worker does, too" "$err" '^icred: key file \(.*default\.conf:5\): success, which decides'
	printf 'key required file path=%s\n' "$tmp/none.pem" >"$tmp/line"
	profile missing "$(cat "$tmp/line")" "cache sufficient runtime"
	refused "  a module's failure, with its words" 3 not-found "$tmp/none.pem" env "ICRED_LIBEXEC_DIR=$pair_worker" \
		"$pair_program" -p missing -i "$(sandbox installations | awk 'NR == 2 { print $1 }')" token
	openssl rsa -aes128 -passout pass:secret -in "$tmp/app.pem" -out "$tmp/locked.pem" 2>/dev/null
	chmod 600 "$tmp/locked.pem"
	profile locked "key required file path=$tmp/locked.pem" "cache sufficient runtime"
	echo secret >"$tmp/passphrase"
	"$pair_program" -p locked forget
	run env "ICRED_LIBEXEC_DIR=$pair_worker" "$pair_program" -p locked --passphrase-fd 3 token 3<"$tmp/passphrase"
	like "  a question and its reply" "$out$err" "$token"
}
pair "today's library, the next worker" "$next" icred
pair "the next library, today's worker" "$builddir" "$next/icred"
pair "both of the next version" "$next" "$next/icred"

# -- records of another version --------------------------------------------------------------------

cached_by() { "$1" --no-interactive status --json | "$PYTHON" -c 'import json, sys; print(len(json.load(sys.stdin)["tokens"]))'; }
# foreign CACHE: what one version has cached is "not here" for the other, and not an error
foreign() {
	profile default "key sufficient file path=$tmp/app.pem" "cache sufficient $1"
	for writer in icred "$next/icred"; do
		reader=$next/icred
		[ "$writer" = icred ] || reader=icred
		icred forget
		"$next/icred" forget
		run "$writer" token
		first=$out
		before=$(mints)
		run "$reader" status --json
		is "$1: $(basename "$(dirname "$writer")")/icred has cached a token: status of the other" \
			"$status.$(json 'len(d["tokens"])').$err" "0.0."
		run "$reader" token
		like "  token" "$status.$out.$err" '^0\.crs_[0-9a-f]{48}\.$'
		isnt "    is another one" "$out" "$first"
		is "    newly minted" "$(mints)" "$((before + 1))"
		run "$reader" token
		is "    and cached in its turn" "$(mints).$err" "$((before + 1))."
		icred forget
		"$next/icred" forget
		run "$writer" token
		run "$reader" forget
		is "  forget takes the other version's record along" "$status.$err.$(cached_by "$writer")" "0..0"
	done
}
foreign runtime
if keyctl show @s >/dev/null 2>&1; then
	foreign "keyctl keyring=session"
fi

# -- a worker that is replaced while the program runs ------------------------------------------------

mkdir "$tmp/libexec"
cp "$builddir/icred-worker" "$tmp/libexec/icred-worker"
profile default "key sufficient file path=$tmp/app.pem" "cache sufficient runtime"
icred forget
with "$tmp/libexec" icred token
like "before the upgrade" "$out" "$token"
cp "$next/icred-worker" "$tmp/libexec/new"
mv "$tmp/libexec/new" "$tmp/libexec/icred-worker"
icred forget
with "$tmp/libexec" icred token
like "after it" "$out$err" "$token"
printf '#!/bin/sh\nexit 0\n' >"$tmp/libexec/icred-worker"
icred forget
with "$tmp/libexec" icred token
like "what is not a worker is reported" "$status.$err" '^1\.icred: icred-worker ended'
done_testing
