/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache keyctl: entries in the kernel's keyrings, which expire by themselves.
 *
 * Each entry is a "user" key called icred:NAME.  A new one is made ready,
 * permissions and time limit included, in the thread's own keyring and only
 * then linked to where others find it: the link replaces the older key in one
 * step, and there is never a key without a time limit, whenever we are killed.
 * It is also the only way if the process does not possess the user keyring (cron, a
 * systemd service): then a key's owner may not set its limit.
 */
#include "config.h"
#include <errno.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <icred/module.h>
#include "plugin/cache/cache-entry.h"

#define KEYCTL_TYPE   "user"
#define KEYCTL_PREFIX "icred:"

/* linux/keyctl.h leaves the permission bits out: possessor all; user view, read, write, search. */
#define KEYCTL_PERMISSIONS 0x3f0f0000ul

/* "icred:NAME", and what KEYCTL_DESCRIBE makes of it: "user;UID;GID;PERM;icred:NAME". */
#define KEYCTL_TITLE_SIZE    (sizeof(KEYCTL_PREFIX) + ICRED_NAME_MAX)
#define KEYCTL_DESCRIBE_SIZE (KEYCTL_TITLE_SIZE + 64)

/* How much of a keyring is listed: no user's quota is near it. */
#define KEYCTL_LIST_MAX   (256u * 1024u * sizeof(int32_t))
#define KEYCTL_LIST_FIRST (512u * sizeof(int32_t))
#define KEYCTL_LIST_SPARE (64u * sizeof(int32_t))

/* Another process may replace or remove a key after we have found it. */
#define KEYCTL_TRIES    3
#define KEYCTL_PAUSE_NS 10000000

struct keyctl_ring {
	const char *name;
	long (*find)(void); /* the keyring's id, or -1 and errno */
};

static long keyctl_search(long ring, const char *title)
{
	return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, ring, KEYCTL_TYPE, title, 0L);
}

static long keyctl_read(long key, void *data, size_t cap)
{
	return syscall(SYS_keyctl, (long)KEYCTL_READ, key, data, cap, 0L);
}

static long keyctl_unlink(long key, long ring)
{
	return syscall(SYS_keyctl, (long)KEYCTL_UNLINK, key, ring, 0L, 0L);
}

static long keyctl_find_user(void)
{
	return KEY_SPEC_USER_KEYRING;
}

/*
 * By its number: to link into "the session keyring" where there is none would
 * make a new one.  After su or sudo it may be another user's, who would read along.
 */
static long keyctl_find_session(void)
{
	long ring =
		syscall(SYS_keyctl, (long)KEYCTL_GET_KEYRING_ID, (long)KEY_SPEC_SESSION_KEYRING, 0L, 0L, 0L);
	char text[KEYCTL_DESCRIBE_SIZE];
	const char *owner = NULL;
	long len;

	if (ring == -1)
		return -1;
	len = syscall(SYS_keyctl, (long)KEYCTL_DESCRIBE, ring, text, sizeof(text), 0L);
	if (len > 0 && (size_t)len <= sizeof(text))
		owner = strchr(text, ';');
	if (owner && strtoul(owner + 1, NULL, 10) == geteuid())
		return ring;
	errno = EPERM;
	return -1;
}

static long keyctl_find_persistent(void)
{
	return syscall(SYS_keyctl, (long)KEYCTL_GET_PERSISTENT, -1L, (long)KEY_SPEC_THREAD_KEYRING, 0L, 0L);
}

static long keyctl_find_none(void)
{
	errno = EPERM;
	return -1;
}

static struct keyctl_ring keyctl_rings[] = {
	{"user", keyctl_find_user},
	{"session", keyctl_find_session},
	{"persistent", keyctl_find_persistent},
	{"none", keyctl_find_none},
};
enum { KEYCTL_RINGS = 3, KEYCTL_NONE = 3 };

static int keyctl_open(const struct icred_host *host, void **ret_self)
{
	const char *wanted = host->argument(host, "keyring");
	size_t i;

	for (i = 0; wanted && i < KEYCTL_RINGS && strcmp(wanted, keyctl_rings[i].name) != 0; i++)
		;
	if (i == KEYCTL_RINGS)
		return host->fail(host, ICRED_E_INVALID,
				  "cache keyctl: keyring= must be user, session or persistent, not \"%.60s\"",
				  wanted);
	/*
	 * The kernel picks the user keyring by the real user ID, so in a process that runs for
	 * another user it is not ours, and what is in it not to be trusted.
	 */
	if (getauxval(AT_SECURE) != 0 || getuid() != geteuid())
		i = KEYCTL_NONE;
	*ret_self = &keyctl_rings[i];
	return ICRED_OK;
}

static void keyctl_close(void *self, const struct icred_host *host)
{
	(void)self;
	(void)host;
}

static long keyctl_ring(const void *self)
{
	return ((const struct keyctl_ring *)self)->find();
}

static void keyctl_title(const char *name, char title[static KEYCTL_TITLE_SIZE])
{
	(void)snprintf(title, KEYCTL_TITLE_SIZE, KEYCTL_PREFIX "%s", name);
}

/* No keyrings in a container, or a full quota, is reported only at the debug level. */
static int keyctl_quiet(const struct icred_host *host, int code, const char *verb)
{
	if (errno != ENOKEY && errno != EKEYEXPIRED && errno != EKEYREVOKED)
		host->log(host, ICRED_LOG_DEBUG, "the kernel keyring cannot %s: %s", verb, strerror(errno));
	return code;
}

/* Shown only if no other cache keeps the token, or with the log. */
static int keyctl_unsaved(const struct icred_host *host)
{
	return host->fail(host, ICRED_E_UNSUPPORTED,
			  "the kernel keyring cannot take the token: %s; cache runtime can, where "
			  "XDG_RUNTIME_DIR is a directory of the user's own",
			  strerror(errno));
}

static int keyctl_load(void *self, const struct icred_host *host, const char *name, void *blob, size_t cap,
		       size_t *ret_len)
{
	char title[KEYCTL_TITLE_SIZE];
	long ring, key, len = -1;
	int tries, r;

	r = cache_check_name(host, name);
	if (r != ICRED_OK)
		return r;
	keyctl_title(name, title);
	ring = keyctl_ring(self);
	for (tries = KEYCTL_TRIES; ring != -1 && len < 0 && tries > 0; tries--) {
		key = keyctl_search(ring, title);
		if (key < 0)
			break;
		len = keyctl_read(key, blob, cap);
	}
	if (len < 0)
		return keyctl_quiet(host, ICRED_E_NOT_FOUND, "be read");
	if (len > 0 && (size_t)len <= cap) {
		*ret_len = (size_t)len;
		return ICRED_OK;
	}
	explicit_bzero(blob, cap);
	host->log(host, ICRED_LOG_WARNING, "the key %s has %ld bytes, which no entry has; it is ignored",
		  title, len);
	return ICRED_E_NOT_FOUND;
}

/* The key gets its permissions and its time limit before it is linked to where others find it. */
static long keyctl_put(long ring, const char *title, const void *blob, size_t len, unsigned seconds)
{
	long key = syscall(SYS_add_key, KEYCTL_TYPE, title, blob, len, (long)KEY_SPEC_THREAD_KEYRING), r;
	int error;

	if (key < 0)
		return -1;
	r = syscall(SYS_keyctl, (long)KEYCTL_SETPERM, key, KEYCTL_PERMISSIONS, 0L, 0L);
	if (r == 0)
		r = syscall(SYS_keyctl, (long)KEYCTL_SET_TIMEOUT, key, (long)seconds, 0L, 0L);
	if (r == 0)
		r = syscall(SYS_keyctl, (long)KEYCTL_LINK, key, ring, 0L, 0L);
	error = errno;
	(void)keyctl_unlink(key, KEY_SPEC_THREAD_KEYRING);
	errno = error;
	return r;
}

/* Revoked first: other processes that hold it cannot use it any more, and its share of the quota is free at once. */
static int keyctl_remove(long ring, const char *title)
{
	long key = keyctl_search(ring, title);
	int revoked;

	if (key < 0)
		return -1;
	revoked = syscall(SYS_keyctl, (long)KEYCTL_REVOKE, key, 0L, 0L, 0L) == 0;
	return keyctl_unlink(key, ring) == 0 || revoked ? 0 : -1;
}

static int keyctl_drop(void *self, const struct icred_host *host, const char *name)
{
	char title[KEYCTL_TITLE_SIZE];
	long ring;
	int r;

	r = cache_check_name(host, name);
	if (r != ICRED_OK)
		return r;
	keyctl_title(name, title);
	ring = keyctl_ring(self);
	if (ring == -1 || keyctl_remove(ring, title) != 0)
		return keyctl_quiet(host, ICRED_E_NOT_FOUND, "drop an entry");
	return ICRED_OK;
}

static int keyctl_save(void *self, const struct icred_host *host, const char *name, const void *blob,
		       size_t len, int64_t expires_at)
{
	char title[KEYCTL_TITLE_SIZE];
	int64_t seconds = expires_at - (int64_t)time(NULL);
	const struct timespec pause = {0, KEYCTL_PAUSE_NS};
	int tries = KEYCTL_TRIES, r;
	long ring;

	r = cache_check_name(host, name);
	if (r == ICRED_OK)
		r = cache_check_blob(host, len);
	if (r != ICRED_OK)
		return r;
	keyctl_title(name, title);
	ring = keyctl_ring(self);
	if (ring == -1)
		return keyctl_unsaved(host);
	if (seconds <= 0) {
		(void)keyctl_remove(ring, title);
		return ICRED_OK;
	}
	if (seconds > INT_MAX)
		seconds = INT_MAX;
	if (keyctl_put(ring, title, blob, len, (unsigned)seconds) == 0)
		return ICRED_OK;
	/*
	 * For a moment there are two keys.  If the quota has no room for that, the old one
	 * goes first; the kernel takes some milliseconds to count it as gone.
	 */
	if (errno != EDQUOT)
		return keyctl_unsaved(host);
	if (keyctl_remove(ring, title) != 0) {
		errno = EDQUOT; /* not that there is no old one */
		return keyctl_unsaved(host);
	}
	while (keyctl_put(ring, title, blob, len, (unsigned)seconds) != 0) {
		if (errno != EDQUOT || tries-- == 0)
			return keyctl_unsaved(host);
		(void)nanosleep(&pause, NULL);
	}
	return ICRED_OK;
}

/* The numbers of all keys in the keyring: how many, or -1; *ret_keys is to be freed. */
static long keyctl_list(long ring, int32_t **ret_keys)
{
	size_t cap = KEYCTL_LIST_FIRST;
	int32_t *keys;
	long len;

	while (cap <= KEYCTL_LIST_MAX) {
		keys = malloc(cap);
		len = !keys ? -1 : keyctl_read(ring, keys, cap);
		if (len >= 0 && (size_t)len <= cap) {
			*ret_keys = keys;
			return len / (long)sizeof(*keys);
		}
		free(keys);
		if (len < 0)
			return -1;
		cap = (size_t)len + KEYCTL_LIST_SPARE;
	}
	errno = E2BIG;
	return -1;
}

static int keyctl_each(void *self, const struct icred_host *host, int (*each)(const char *name, void *data),
		       void *data)
{
	char text[KEYCTL_DESCRIBE_SIZE];
	long ring = keyctl_ring(self), n, i;
	int32_t *keys = NULL;
	const char *title;
	int r = ICRED_OK;
	long len;

	n = ring == -1 ? -1 : keyctl_list(ring, &keys);
	if (n < 0)
		return keyctl_quiet(host, ICRED_E_UNSUPPORTED, "be listed");
	for (i = 0; r == ICRED_OK && i < n; i++) {
		len = syscall(SYS_keyctl, (long)KEYCTL_DESCRIBE, (long)keys[i], text, sizeof(text), 0L);
		title = len > 0 && (size_t)len <= sizeof(text) ? strrchr(text, ';') : NULL;
		if (!title || strncmp(++title, KEYCTL_PREFIX, strlen(KEYCTL_PREFIX)) != 0)
			continue;
		/* Not what load() would find: of another type, expired, or another user's. */
		if (cache_is_name(title + strlen(KEYCTL_PREFIX)) && keyctl_search(ring, title) == keys[i])
			r = each(title + strlen(KEYCTL_PREFIX), data);
	}
	free(keys);
	return r;
}

static const struct icred_cache_ops keyctl_ops = {
	.size = sizeof(keyctl_ops),
	.load = keyctl_load,
	.save = keyctl_save,
	.drop = keyctl_drop,
	.each = keyctl_each,
};

static const struct icred_module keyctl_module = {
	.size = sizeof(keyctl_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_CACHE,
	.name = "keyctl",
	.threads = ICRED_THREADS_PARALLEL,
	.can = ICRED_CAN_CACHE,
	.open = keyctl_open,
	.close = keyctl_close,
	.ops = &keyctl_ops,
	.arguments = "keyring",
};

const struct icred_module *icred_module_1(void)
{
	return &keyctl_module;
}
