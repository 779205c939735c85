/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "lib/base/language.h"
#include "lib/base/worker-environment.h"

/* Keep the tables of icred-worker(8) in step, which also say what stays and why. */
static const char *const dropped[] = {
	/* A secret itself: what icred exec gives to its command. */
	"ICRED_TOKEN",
	/* Session keys, with which a recorded connection can be read: libcurl, GnuTLS, OpenSSL. */
	"SSLKEYLOGFILE",
	"GNUTLS_KEYLOGFILE",
	"QLOGDIR",
	/* Debug messages of libraries, some with what they send: GnuTLS, GLib, D-Bus, libcurl, ... */
	"GNUTLS_DEBUG_LEVEL",
	"GNUTLS_SKIP_FIPS_INTEGRITY_CHECKS",
	"G_DBUS_DEBUG",
	"G_DEBUG",
	"G_ENABLE_DIAGNOSTIC",
	"G_MESSAGES_DEBUG",
	"G_SLICE",
	"GOBJECT_DEBUG",
	"DBUS_VERBOSE",
	"CURL_DEBUG",
	"CURL_TRACE",
	"CURL_MEMDEBUG",
	"P11_KIT_DEBUG",
	"P11_KIT_STRICT",
	"NETTLE_FAT_VERBOSE",
	"KRB5_TRACE",
	"GPGRT_TRACE_FILE",
	"LIBMOUNT_DEBUG",
	"LIBBLKID_DEBUG",
	"OPENSSL_TRACE",
	/* The same of PKCS#11 modules, which see PINs: OpenSC, PC/SC, YKCS11, YubiHSM, nShield, tpm2-tss. */
	"OPENSC_DEBUG",
	"PKCS11SPY_OUTPUT",
	"PCSCLITE_DEBUG",
	"MUSCLECARD_DEBUG",
	"YKCS11_DBG",
	"YUBIHSM_PKCS11_DBG",
	"YUBIHSM_PKCS11_DINOUT",
	"YUBIHSM_LIB_DBG",
	"CKNFAST_DEBUG",
	"CKNFAST_DEBUGDIR",
	"CKNFAST_DEBUGFILE",
	"TSS2_LOG",
	"TSS2_LOGFILE",
	/* The same of the C library and its loader. */
	"LD_DEBUG",
	"LD_DEBUG_OUTPUT",
	"LD_PROFILE",
	"LD_PROFILE_OUTPUT",
	"LD_SHOW_AUXV",
	"MALLOC_TRACE",
	/* Code for libraries that the caller need not even have: GIO, iconv(3), OpenSSL, GSS-API, SASL. */
	"GIO_EXTRA_MODULES",
	"GIO_MODULE_DIR",
	"GCONV_PATH",
	"OPENSSL_CONF",
	"OPENSSL_CONF_INCLUDE",
	"OPENSSL_ENGINES",
	"OPENSSL_MODULES",
	"GSS_MECH_CONFIG",
	"SASL_PATH",
	"SASL_CONF_PATH",
};

bool environment_drops(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (strncmp(dropped[i], name, len) == 0 && !dropped[i][len])
			return true;
	return false;
}

/* Copy what stays, perhaps in place; returns how much that is. */
static size_t copy_kept(char **to, char *const *from)
{
	size_t kept = 0;

	for (; from && *from; from++)
		if (!environment_drops(*from, strcspn(*from, "=")))
			to[kept++] = *from;
	to[kept] = NULL;
	return kept;
}

char **worker_environment(void)
{
	static char path[] = "PATH=/usr/bin:/bin";
	size_t count = 0;
	char **copy;

	while (environ && environ[count])
		count++;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	/* A privileged caller does not trust its own. */
	if (getauxval(AT_SECURE))
		copy[0] = path;
	else
		copy_kept(copy, environ);
	return copy;
}

bool environment_clean(void)
{
	size_t count = 0;

	while (environ && environ[count])
		count++;
	return count && copy_kept(environ, environ) < count;
}
