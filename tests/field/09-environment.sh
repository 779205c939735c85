#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The environment of the worker: what makes a library write secrets or load code is not there, what modules and
# their vendors need is; and key exec passes the variables that its line names, or says why it cannot.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
start_sandbox || exit 99
profile default "key required file path=$sandbox_key"
token='^crs_[0-9a-f]{48}$'

# A worker that writes its environment to a file before it starts, or gets variables that libicred had dropped.
real_worker=$ICRED_LIBEXEC_DIR/icred-worker
ICRED_LIBEXEC_DIR=$tmp/libexec
export ICRED_LIBEXEC_DIR
mkdir "$ICRED_LIBEXEC_DIR"
# wrapper TEXT: what comes before the worker
wrapper() {
	printf '#!/bin/sh\n%s\nexec "%s"\n' "$1" "$real_worker" >"$ICRED_LIBEXEC_DIR/.new"
	chmod 700 "$ICRED_LIBEXEC_DIR/.new"
	mv "$ICRED_LIBEXEC_DIR/.new" "$ICRED_LIBEXEC_DIR/icred-worker"
}
# mint: a token that no cache has
mint() {
	icred forget 2>"$tmp/.err"
	run icred --no-interactive token
}

# -- what goes and what stays ---------------------------------------------------------------

gone='ICRED_TOKEN SSLKEYLOGFILE GNUTLS_KEYLOGFILE QLOGDIR GNUTLS_DEBUG_LEVEL GNUTLS_SKIP_FIPS_INTEGRITY_CHECKS
	G_DBUS_DEBUG G_DEBUG G_ENABLE_DIAGNOSTIC G_MESSAGES_DEBUG G_SLICE GOBJECT_DEBUG DBUS_VERBOSE
	CURL_DEBUG CURL_TRACE CURL_MEMDEBUG P11_KIT_DEBUG P11_KIT_STRICT NETTLE_FAT_VERBOSE KRB5_TRACE
	GPGRT_TRACE_FILE LIBMOUNT_DEBUG LIBBLKID_DEBUG OPENSSL_TRACE OPENSC_DEBUG PKCS11SPY_OUTPUT YKCS11_DBG
	PCSCLITE_DEBUG MUSCLECARD_DEBUG YUBIHSM_PKCS11_DBG YUBIHSM_PKCS11_DINOUT YUBIHSM_LIB_DBG
	CKNFAST_DEBUG CKNFAST_DEBUGDIR CKNFAST_DEBUGFILE
	TSS2_LOG TSS2_LOGFILE LD_DEBUG LD_DEBUG_OUTPUT LD_PROFILE LD_PROFILE_OUTPUT LD_SHOW_AUXV MALLOC_TRACE
	GIO_EXTRA_MODULES GIO_MODULE_DIR GCONV_PATH OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_ENGINES
	OPENSSL_MODULES GSS_MECH_CONFIG SASL_PATH SASL_CONF_PATH'
kept='SOFTHSM2_CONF TPM2_PKCS11_STORE TPM2_PKCS11_TCTI OPENSC_CONF PKCS11SPY YUBIHSM_PKCS11_CONF
	AWS_PROFILE AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS AZURE_CLIENT_SECRET VAULT_ADDR VAULT_TOKEN
	NO_PROXY no_proxy SSH_AUTH_SOCK CREDENTIALS_DIRECTORY GNUPGHOME
	DISPLAY WAYLAND_DISPLAY XAUTHORITY LANG TZ TMPDIR SECRET_BACKEND SECRET_FILE_TEST_PATH P11_KIT_NO_USER_CONFIG
	SSL_CERT_FILE SSL_CERT_DIR GNUTLS_FORCE_FIPS_MODE GNUTLS_SYSTEM_PRIORITY_FILE GNUTLS_CPUID_OVERRIDE
	RES_OPTIONS HOSTALIASES LOCPATH LD_LIBRARY_PATH GLIBC_TUNABLES ASAN_OPTIONS UBSAN_OPTIONS
	SSLKEYLOGFILE_ XSSLKEYLOGFILE SSLKEYLOGFIL sslkeylogfile G_DEBUGGER ICRED_TOKENS'
# listed NAMES: sorted, one a line
listed() { for name in $1; do echo "$name"; done | LC_ALL=C sort; }
# value NAME: what it is set to; a sanitizer wants a pair
value() { case $1 in *_OPTIONS) echo verbosity=0 ;; *) echo "value-of-$1" ;; esac; }
# values NAMES: NAME=VALUE for each, in words
values() { for name in $1; do printf '%s=%s ' "$name" "$(value "$name")"; done; }
# found NAMES: those of them that the worker was started with, as they were
found() { for name in $1; do grep -qxF "$name=$(value "$name")" "$tmp/environment" && echo "$name"; done | LC_ALL=C sort; }

# The shell and the programs of this test need not obey them.
cat >"$tmp/start.py" <<'END'
import os, sys
os.environ.update(pair.split("=", 1) for pair in sys.argv[1].split())
os.execvp(sys.argv[2], sys.argv[2:])
END
wrapper "tr '\\0' '\\n' </proc/\$\$/environ >'$tmp/environment'"
run "$PYTHON" "$tmp/start.py" "$(values "$gone $kept")" icred --no-interactive token 2>/dev/null
like "a token, whatever the environment has" "$out" "$token"
is "gone from the worker's environment" "$(found "$gone")" ""
is "still there" "$(found "$kept")" "$(listed "$kept")"
like "as are places" "$(cat "$tmp/environment")" "^XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR\$"
is "each that goes is explained in the manual" \
	"$(listed "$gone" | while read -r name; do grep -qE "Ev .*\b$name\b" "$srcdir/man/icred-worker.8" || echo "$name"; done)" ""
is "no other goes" "$(sed -n '/^static const char \*const dropped/,/^};/s/.*"\([A-Z0-9_]*\)".*/\1/p' \
	"$srcdir/lib/base/worker-environment.c" | LC_ALL=C sort)" "$(listed "$gone")"

# -- seen from outside: session keys and debugging output -------------------------------------

# the check sees it where it happens: curl(1) writes its session keys, GnuTLS its messages as it is loaded
SSLKEYLOGFILE=$tmp/curl-keys curl -q -s -o "$tmp/.body" --cacert "$sandbox_ca" "$sandbox_url/" || :
if [ -s "$tmp/curl-keys" ]; then
	like "control: another program writes session keys here" "$(cat "$tmp/curl-keys")" 'TRAFFIC_SECRET|CLIENT_RANDOM'
else
	skip "this curl does not write session keys"
fi
like "control: GnuTLS talks when it may" \
	"$(GNUTLS_DEBUG_LEVEL=9 "$real_worker" --version 2>&1)" 'gnutls\[[0-9]+\]'

SSLKEYLOGFILE=$tmp/keys GNUTLS_KEYLOGFILE=$tmp/keys QLOGDIR=$tmp GNUTLS_DEBUG_LEVEL=9 ICRED_TRACE=1 \
	G_MESSAGES_DEBUG=all
export SSLKEYLOGFILE GNUTLS_KEYLOGFILE QLOGDIR GNUTLS_DEBUG_LEVEL ICRED_TRACE G_MESSAGES_DEBUG
wrapper ''
mint
like "a token over TLS" "$out" "$token"
ok "  no session keys were written" test ! -e "$tmp/keys"
unlike "  nor does GnuTLS talk, where standard error is shown" "$err" 'gnutls\['

wrapper "SSLKEYLOGFILE='$tmp/keys' GNUTLS_DEBUG_LEVEL=9; export SSLKEYLOGFILE GNUTLS_DEBUG_LEVEL"
mint
like "a worker whose starter cleaned nothing: a token" "$out" "$token"
ok "  no session keys were written" test ! -e "$tmp/keys"
unlike "  nor what a connection says" "$err" 'gnutls\[[0-9]+\]: (HSK|REC|BUF|WRITE|READ)'
unset SSLKEYLOGFILE GNUTLS_KEYLOGFILE QLOGDIR GNUTLS_DEBUG_LEVEL ICRED_TRACE G_MESSAGES_DEBUG
ICRED_LIBEXEC_DIR=$builddir

# -- key exec ------------------------------------------------------------------------------------

fetch=$tmp/fetch
printf '#!/bin/sh\ncat "%s"; env >"%s"\n' "$sandbox_key" "$tmp/env" >"$fetch"
chmod 700 "$fetch"
# names TEXT: of the line's env=
names() {
	icred forget 2>"$tmp/.err"
	profile default "key required exec [command=$fetch] [env=$1]"
}
# has NAME: the command had it
has() { grep -c "^$1=" "$tmp/env"; }

VAULT_TOKEN=v _a1=a AWS_SECRET_ACCESS_KEY=s LD_LIBRARY_PATH=$tmp OTHER=o SSLKEYLOGFILE=$tmp/keys
export VAULT_TOKEN _a1 AWS_SECRET_ACCESS_KEY LD_LIBRARY_PATH OTHER SSLKEYLOGFILE
names 'VAULT_TOKEN, _a1 ,,AWS_SECRET_ACCESS_KEY	LD_LIBRARY_PATH,UNSET'
mint
like "what the line names is passed" "$out" "$token"
for name in VAULT_TOKEN _a1 AWS_SECRET_ACCESS_KEY LD_LIBRARY_PATH; do is "  $name" "$(has $name)" 1; done
for name in OTHER SSLKEYLOGFILE UNSET; do is "  not $name" "$(has $name)" 0; done
names ''
mint
like "no names at all" "$out" "$token"
# shellcheck disable=SC2016 # as it stands
for bad in 'A=1' '1A' 'A-B' 'A.B' '*' 'A;B' 'GOOD Ä' '$HOME' 'A:B'; do
	names "$bad"
	refused "not a name: $bad" 8 invalid "env=: '.*' cannot be the name of a variable; write" icred token
done
for bad in $gone; do
	names "HOME $bad"
	refused "not in the worker: $bad" 8 invalid "env=: icred-worker does not have $bad; write \[command=/usr/bin/env $bad=VALUE" \
		icred token
done
many=$(seq -s ' ' -f 'N%g' 1 64)
names "$many"
mint
like "64 names" "$out" "$token"
names "$many N65"
refused "one more" 8 invalid 'env=: more than 64 names' icred token
run icred profile check
is "profile check finds it too" "$status" 8
profile default "key required exec [command=/usr/bin/env SSLKEYLOGFILE=mine $fetch]"
mint
like "the remedy works" "$out" "$token"
is "  in the command's own environment" "$(grep SSLKEYLOGFILE "$tmp/env")" SSLKEYLOGFILE=mine
errors_checked
done_testing
