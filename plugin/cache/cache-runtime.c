/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache runtime: one file per entry, NAME.token, in the user's runtime directory.
 *
 * A file is a header and the blob.  It is written under a name of its own and
 * then renamed, so that a reader sees the old entry or the new one and a full
 * disk or a kill leaves the old one whole.  A reader checks the file that it
 * has opened; one that we would not have written ourselves counts as missing.
 */
#include "config.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <icred/module.h>
#include "lib/base/descriptor.h"
#include "lib/base/rundir.h"
#include "lib/base/system-words.h"
#include "lib/base/text.h"
#include "plugin/cache/cache-entry.h"

#define RUNTIME_TOKEN  ".token"
#define RUNTIME_TEMP   ".temp"
#define RUNTIME_CURSOR "sweep"
#define RUNTIME_MODE   (S_IRUSR | S_IWUSR)

/* NAME.token, or NAME.0123456789abcdef.temp while it is written. */
#define RUNTIME_FILE_SIZE  (ICRED_NAME_MAX + sizeof(RUNTIME_TOKEN))
#define RUNTIME_TEMP_SIZE  (ICRED_NAME_MAX + sizeof(".0123456789abcdef" RUNTIME_TEMP))
#define RUNTIME_TEMP_TRIES 4
#define RUNTIME_WHY_SIZE   512

/* Files that one sweep looks at, and the age in seconds at which a temporary file is an orphan. */
#define RUNTIME_SWEEP     32
#define RUNTIME_SWEEP_AGE 60

#define RUNTIME_MAGIC "icredrt1"

/* Native byte order: the directory never leaves the machine. */
struct runtime_header {
	char magic[8];
	int64_t expires_at;
	uint64_t sum; /* of expires_at, len and the blob: notices damage, stops no attacker */
	uint32_t len;
	uint32_t zero;
};
_Static_assert(sizeof(struct runtime_header) == 32, "the header has no padding");

static uint64_t runtime_sum(const struct runtime_header *header, const void *blob)
{
	uint64_t sum = HASH_SEED;

	sum = hash_bytes(sum, &header->expires_at, sizeof(header->expires_at));
	sum = hash_bytes(sum, &header->len, sizeof(header->len));
	return hash_bytes(sum, blob, header->len);
}

static void runtime_file(const char *name, char file[static RUNTIME_FILE_SIZE])
{
	(void)snprintf(file, RUNTIME_FILE_SIZE, "%s" RUNTIME_TOKEN, name);
}

/* ICRED_E_UNSUPPORTED is silent, as it is no fault; a directory that cannot be trusted is reported. */
static int runtime_dir(const struct icred_host *host, int *ret_dir)
{
	char why[RUNTIME_WHY_SIZE];
	int r = rundir_open(ret_dir, why, sizeof(why));

	return r < 0 ? host->fail(host, r, "%s", why) : r;
}

/* For failures of the file system that the user has to repair. */
static int runtime_denied(const struct icred_host *host, const char *verb, int error)
{
	return host->fail(host, errno_code(error, ICRED_E_DENIED),
			  "cannot %s a file in the runtime directory, $XDG_RUNTIME_DIR/icred: %s%s", verb,
			  errno_words(error),
			  errno_advice(error, "; make it writable, or remove what is in the way"));
}

/* NULL if we would have written such a file, else what is wrong with it. */
static const char *runtime_wrong(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a file";
	if (st->st_uid != geteuid())
		return "belongs to another user";
	if ((st->st_mode & 07777u) != RUNTIME_MODE)
		return "has a mode other than 0600";
	if (st->st_nlink > 1)
		return "has a second name";
	if (st->st_size <= (off_t)sizeof(struct runtime_header) ||
	    st->st_size > (off_t)sizeof(struct runtime_header) + ICRED_BLOB_MAX)
		return "has a size that no entry has";
	return NULL;
}

static int runtime_ignored(const struct icred_host *host, const char *file, const char *what)
{
	host->log(host, ICRED_LOG_WARNING, "the cached token %s in the runtime directory %s; it is ignored",
		  file, what);
	return ICRED_E_NOT_FOUND;
}

static int runtime_open_file(int dir, const char *file)
{
	/* Not blocking: a FIFO of that name must not hold us up. */
	return openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* ICRED_E_NOT_FOUND where there is no runtime directory: then nothing is in it. */
static int runtime_find(const struct icred_host *host, const char *name, int *ret_dir)
{
	int r = cache_check_name(host, name);

	if (r == ICRED_OK)
		r = runtime_dir(host, ret_dir);
	return r == ICRED_E_UNSUPPORTED ? ICRED_E_NOT_FOUND : r;
}

/*
 * Header and blob in one read, the blob straight to where the caller wants it.
 * It finds expired entries too: the clock may be wrong for a while, and what cannot be found cannot be dropped.
 */
static int runtime_load(void *self, const struct icred_host *host, const char *name, void *blob, size_t cap,
			size_t *ret_len)
{
	struct runtime_header header;
	struct iovec part[] = {{&header, sizeof(header)}, {blob, cap}};
	char file[RUNTIME_FILE_SIZE];
	const char *wrong;
	int dir = -1, fd, r;
	struct stat st;
	ssize_t n;

	(void)self;
	r = runtime_find(host, name, &dir);
	if (r != ICRED_OK)
		return r;
	runtime_file(name, file);
	fd = runtime_open_file(dir, file);
	close_keep_errno(dir);
	if (fd < 0 && errno == ENOENT)
		return ICRED_E_NOT_FOUND;
	if (fd < 0)
		return runtime_ignored(host, file,
				       errno == ELOOP ? "is a symbolic link" : "cannot be opened");
	wrong = fstat(fd, &st) != 0 ? "cannot be examined" : runtime_wrong(&st);
	if (!wrong) {
		n = readv(fd, part, 2);
		if (n != st.st_size || memcmp(header.magic, RUNTIME_MAGIC, sizeof(header.magic)) != 0 ||
		    header.zero != 0 || header.len != (size_t)n - sizeof(header) ||
		    header.sum != runtime_sum(&header, blob))
			wrong = "is damaged";
	}
	close(fd);
	if (wrong) {
		explicit_bzero(blob, cap);
		return runtime_ignored(host, file, wrong);
	}
	*ret_len = header.len;
	return ICRED_OK;
}

static bool runtime_has_suffix(const char *file, const char *suffix)
{
	size_t len = strlen(file), n = strlen(suffix);

	return len > n && strcmp(file + len - n, suffix) == 0;
}

/* Whether the entry has expired, and was not replaced since it was opened. */
static bool runtime_is_expired(int dir, const char *file, int64_t now)
{
	struct runtime_header header;
	struct stat st, again;
	bool expired;
	int fd;

	fd = runtime_open_file(dir, file);
	if (fd < 0)
		return false;
	expired = fstat(fd, &st) == 0 && !runtime_wrong(&st) &&
		  read(fd, &header, sizeof(header)) == (ssize_t)sizeof(header) &&
		  memcmp(header.magic, RUNTIME_MAGIC, sizeof(header.magic)) == 0 &&
		  header.expires_at <= now && fstatat(dir, file, &again, AT_SYMLINK_NOFOLLOW) == 0 &&
		  again.st_ino == st.st_ino;
	close(fd);
	return expired;
}

/* Look at the next few files, and remember where to go on; closes `dir`. */
static int64_t runtime_sweep_from(int dir, int64_t position)
{
	int64_t now = (int64_t)time(NULL);
	struct dirent *entry;
	const char *file;
	struct stat st;
	DIR *list;
	int n;

	if (lseek(dir, (off_t)position, SEEK_SET) < 0)
		(void)lseek(dir, 0, SEEK_SET);
	list = fdopendir(dir);
	if (!list) {
		close(dir);
		return 0;
	}
	position = 0;
	for (n = 0; n < RUNTIME_SWEEP && (entry = readdir(list)); n++) {
		position = entry->d_off;
		file = entry->d_name;
		if (runtime_has_suffix(file, RUNTIME_TOKEN)) {
			if (runtime_is_expired(dir, file, now))
				(void)unlinkat(dir, file, 0);
		} else if (runtime_has_suffix(file, RUNTIME_TEMP) &&
			   fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
			   (st.st_mtime < now - RUNTIME_SWEEP_AGE || st.st_mtime > now + RUNTIME_SWEEP_AGE)) {
			(void)unlinkat(dir, file, 0); /* no process is writing it any more */
		}
	}
	closedir(list);
	return n < RUNTIME_SWEEP ? 0 : position;
}

/*
 * A save sweeps a bounded part of the directory, a later one the next part, so that among ten
 * thousand tokens a save costs no more than among some ten; one process, once a second, as a thousand
 * tokens may be saved in that time.  The cursor is a file that remembers where to go on.  Closes `dir`.
 */
static void runtime_sweep(int dir)
{
	int cursor = openat(dir, RUNTIME_CURSOR, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct quiet_write quiet;
	int64_t position = 0;
	bool due = true;
	struct stat st;

	if (cursor >= 0)
		due = fstat(cursor, &st) == 0 && st.st_mtime != time(NULL) &&
		      flock(cursor, LOCK_EX | LOCK_NB) == 0;
	else if (errno == ENOENT)
		cursor = openat(dir, RUNTIME_CURSOR, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, RUNTIME_MODE);
	if (cursor >= 0 && due) {
		if (pread(cursor, &position, sizeof(position), 0) != (ssize_t)sizeof(position))
			position = 0;
		position = runtime_sweep_from(dir, position);
		quiet_begin(&quiet);
		quiet_end(&quiet, pwrite(cursor, &position, sizeof(position), 0));
	} else {
		close(dir);
	}
	close_keep_errno(cursor);
}

/* A new file with all of the entry in it: 0, or -1 and errno, and then there is no file. */
static int runtime_write(int dir, const char *temp, struct iovec part[static 2])
{
	struct quiet_write quiet;
	int fd, error;
	ssize_t n;

	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, RUNTIME_MODE);
	if (fd < 0)
		return -1;
	/* The umask may have taken what the owner needs. */
	quiet_begin(&quiet);
	n = fchmod(fd, RUNTIME_MODE) == 0 ? writev(fd, part, 2) : -1;
	quiet_end(&quiet, n);
	error = n < 0 ? errno : ENOSPC;
	if (close(fd) != 0 && n >= 0) {
		error = errno;
		n = -1;
	}
	if (n == (ssize_t)(part[0].iov_len + part[1].iov_len))
		return 0;
	(void)unlinkat(dir, temp, 0);
	errno = error;
	return -1;
}

static int runtime_replace(int dir, const char *name, struct iovec part[static 2])
{
	char file[RUNTIME_FILE_SIZE], temp[RUNTIME_TEMP_SIZE];
	int tries = RUNTIME_TEMP_TRIES, r, error;
	uint64_t salt;

	runtime_file(name, file);
	do {
		if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
			return -1;
		(void)snprintf(temp, sizeof(temp), "%s.%016llx" RUNTIME_TEMP, name, (unsigned long long)salt);
		r = runtime_write(dir, temp, part);
	} while (r != 0 && errno == EEXIST && --tries > 0);
	if (r != 0)
		return -1;
	if (renameat(dir, temp, dir, file) == 0)
		return 0;
	error = errno;
	(void)unlinkat(dir, temp, 0);
	errno = error;
	return -1;
}

static int runtime_remove(const struct icred_host *host, int dir, const char *name)
{
	char file[RUNTIME_FILE_SIZE];

	runtime_file(name, file);
	if (unlinkat(dir, file, 0) == 0)
		return ICRED_OK;
	return errno == ENOENT ? ICRED_E_NOT_FOUND : runtime_denied(host, "remove", errno);
}

static int runtime_save(void *self, const struct icred_host *host, const char *name, const void *blob,
			size_t len, int64_t expires_at)
{
	struct runtime_header header = {.magic = RUNTIME_MAGIC, .expires_at = expires_at};
	/* writev() only reads the blob; its interface cannot say so. */
	struct iovec part[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)blob, len}};
	int dir = -1, r;

	(void)self;
	r = cache_check_name(host, name);
	if (r == ICRED_OK)
		r = cache_check_blob(host, len);
	if (r == ICRED_OK)
		r = runtime_dir(host, &dir);
	if (r != ICRED_OK)
		return r;
	header.len = (uint32_t)len;
	header.sum = runtime_sum(&header, blob);
	if (expires_at <= (int64_t)time(NULL)) {
		r = runtime_remove(host, dir, name);
		r = r == ICRED_E_NOT_FOUND ? ICRED_OK : r;
	} else if (runtime_replace(dir, name, part) != 0) {
		/* A full disk must not fail a request; a directory that refuses us does. */
		if (errno == EACCES || errno == EPERM || errno == EROFS || errno == EISDIR) {
			r = runtime_denied(host, "write", errno);
		} else {
			host->log(host, ICRED_LOG_WARNING,
				  "the token is not kept in the runtime directory: %s", errno_words(errno));
			r = ICRED_E_UNSUPPORTED;
		}
	}
	runtime_sweep(dir);
	return r;
}

static int runtime_drop(void *self, const struct icred_host *host, const char *name)
{
	int dir = -1, r;

	(void)self;
	r = runtime_find(host, name, &dir);
	if (r != ICRED_OK)
		return r;
	r = runtime_remove(host, dir, name);
	close(dir);
	return r;
}

static int runtime_each(void *self, const struct icred_host *host, int (*each)(const char *name, void *data),
			void *data)
{
	char name[RUNTIME_FILE_SIZE];
	struct dirent *entry;
	int dir = -1, r;
	size_t len;
	DIR *list;

	(void)self;
	r = runtime_dir(host, &dir);
	if (r != ICRED_OK)
		return r;
	list = fdopendir(dir);
	if (!list) {
		close(dir);
		return ICRED_E_NO_MEMORY;
	}
	while (r == ICRED_OK && (entry = readdir(list))) {
		len = strlen(entry->d_name);
		if (len >= sizeof(name) || !runtime_has_suffix(entry->d_name, RUNTIME_TOKEN))
			continue;
		/* Expired and damaged ones too, so that they can be dropped. */
		len -= strlen(RUNTIME_TOKEN);
		memcpy(name, entry->d_name, len);
		name[len] = '\0';
		if (cache_is_name(name))
			r = each(name, data);
	}
	closedir(list);
	return r;
}

static int runtime_open(const struct icred_host *host, void **ret_self)
{
	(void)host;
	*ret_self = NULL;
	return ICRED_OK;
}

static void runtime_close(void *self, const struct icred_host *host)
{
	(void)self;
	(void)host;
}

static const struct icred_cache_ops runtime_ops = {
	.size = sizeof(runtime_ops),
	.load = runtime_load,
	.save = runtime_save,
	.drop = runtime_drop,
	.each = runtime_each,
};

static const struct icred_module runtime_module = {
	.size = sizeof(runtime_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_CACHE,
	.name = "runtime",
	.threads = ICRED_THREADS_PARALLEL,
	.can = ICRED_CAN_CACHE,
	.open = runtime_open,
	.close = runtime_close,
	.ops = &runtime_ops,
	.arguments = "",
};

const struct icred_module *icred_module_1(void)
{
	return &runtime_module;
}
