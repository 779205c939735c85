/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/descriptor.h"
#include "lib/base/language.h"
#include "lib/base/trust.h"

#define TABLE_MAX    (4u << 20) /* of /etc/passwd and its kin; a larger one is not searched */
#define TABLE_STEP   16384
#define FIELDS_MAX   4
#define OVERFLOW_UID 65534 /* in a user namespace, the owner of files whose owner it does not know */
#define COMMAND_MAX  240
#define LINKS_MAX    40 /* as the kernel has it */

/* All of a file as a string, to be freed; NULL if it cannot be read, or is too large. */
static char *read_table(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = NULL, *grown;
	size_t len = 0;
	ssize_t n = -1;

	for (size_t cap = TABLE_STEP; fd >= 0 && cap <= TABLE_MAX; cap += TABLE_STEP) {
		grown = realloc(text, cap + 1);
		if (!grown)
			break;
		text = grown;
		n = read_up_to(fd, text + len, cap - len);
		if (n < 0)
			break;
		len += (size_t)n;
		if (len < cap) {
			text[len] = '\0';
			return text;
		}
	}
	free(text);
	return NULL;
}

/* The next line's first fields, in place; the last one has the rest of the line.  False at the end. */
static bool next_entry(char **at, char *field[FIELDS_MAX])
{
	char *line = *at;

	if (!line || !*line)
		return false;
	*at = strchr(line, '\n');
	if (*at)
		*(*at)++ = '\0';
	for (size_t i = 0; i < FIELDS_MAX; i++) {
		field[i] = line;
		line += i + 1 < FIELDS_MAX ? strcspn(line, ":") : 0;
		if (*line == ':')
			*line++ = '\0';
	}
	return true;
}

static bool is_number(const char *text, unsigned long number)
{
	char *end;

	return *text >= '0' && *text <= '9' && strtoul(text, &end, 10) == number &&
	       (*end == '\0' || *end == ':');
}

/*
 * The user's own private group, as useradd(8) makes it: the primary group of no
 * other user, of the user's name, and without another member.  Read from /etc
 * itself: the resolver of names may load modules into this process and ask a network.
 */
static bool group_is_private(uid_t uid, gid_t gid)
{
	char *users = read_table("/etc/passwd"), *groups = read_table("/etc/group");
	char *at = users, *field[FIELDS_MAX];
	const char *name = "";
	bool private = users && groups, found = false;

	while (private && next_entry(&at, field)) {
		if (!is_number(field[3], gid))
			continue;
		name = field[0];
		private = is_number(field[2], uid);
	}
	at = groups;
	while (private && next_entry(&at, field)) {
		if (!is_number(field[2], gid))
			continue;
		found = true;
		private = strcmp(field[0], name) == 0 && (!field[3][0] || strcmp(field[3], name) == 0);
	}
	private = private && found && *name;
	free(users);
	free(groups);
	return private;
}

/*
 * In a container that knows only some users, the owner of the system's own
 * files may not be one of them.  Elsewhere the number is a user like any other.
 */
static bool is_unknown_here(uid_t uid)
{
	char *map = uid == OVERFLOW_UID ? read_table("/proc/self/uid_map") : NULL, *at = map;
	bool unknown = map != NULL;

	while (at && *at) {
		unsigned long first = strtoul(at, &at, 10), count;
		(void)strtoul(at, &at, 10);
		count = strtoul(at, &at, 10);
		if (uid >= first && uid - first < count)
			unknown = false;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	free(map);
	return unknown;
}

/* "chmod go-w '/the path'", or without the path if it is too long to be typed. */
static void command_format(char command[COMMAND_MAX], const char *verb, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%,:";
	bool quoted = path[strspn(path, plain)] != '\0';
	size_t len = (size_t)snprintf(command, COMMAND_MAX, "%s %s", verb, quoted ? "'" : "");

	for (const char *at = path; *at; at++) {
		const char *text = *at == '\'' ? "'\\''" : (char[]){*at, '\0'};
		size_t n = strlen(text);
		if ((unsigned char)*at < 0x20 || *at == 0x7f || len + n + 2 > COMMAND_MAX) {
			(void)snprintf(command, COMMAND_MAX, "%s on it", verb);
			return;
		}
		memcpy(command + len, text, n);
		len += n;
	}
	(void)snprintf(command + len, COMMAND_MAX - len, "%s", quoted ? "'" : "");
}

static void path_format(const struct trusted *trusted, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s%s%s", trusted->path, trusted->leaf ? "/" : "",
		       trusted->leaf ? trusted->leaf : "");
}

/* These two are not inline, so that a file that is trusted does not cost their room on the stack. */
static __attribute__((noinline)) bool untrusted_owner(const struct trusted *trusted, uid_t owner, char *why,
						      size_t why_cap)
{
	char path[PATH_MAX], command[COMMAND_MAX], verb[40], as_owner[60] = "";
	uid_t me = geteuid();

	(void)snprintf(verb, sizeof(verb), "chown %lu", (unsigned long)me);
	path_format(trusted, path);
	command_format(command, verb, path);
	if (me == 0)
		(void)snprintf(as_owner, sizeof(as_owner), "run this as user %lu, or ", (unsigned long)owner);
	(void)snprintf(why, why_cap, "%.100s: %sbelongs to user %lu, not to %suser %lu; %srun: %s", path,
		       trusted->directory ? "this directory " : "it ", (unsigned long)owner,
		       me ? "root or " : "", (unsigned long)me, as_owner, command);
	return false;
}

static __attribute__((noinline)) bool untrusted_mode(const struct trusted *trusted, mode_t mode, char *why,
						     size_t why_cap)
{
	static const char *const for_all[] = {"/tmp", "/var/tmp",
					      "/dev/shm"}; /* these have to stay as they are */
	char path[PATH_MAX], command[COMMAND_MAX];

	path_format(trusted, path);
	for (size_t i = 0; trusted->directory && i < ARRAY_SIZE(for_all); i++) {
		if (strcmp(path, for_all[i]) == 0) {
			(void)snprintf(why, why_cap,
				       "%s: all users can write to this directory; use another one", path);
			return false;
		}
	}
	command_format(command, "chmod go-w", path);
	(void)snprintf(why, why_cap, "%.100s: other users can write to %s (mode %04o); run: %s", path,
		       trusted->directory ? "this directory" : "it", (unsigned)mode & 07777, command);
	return false;
}

bool trust_stat(const struct trusted *trusted, const struct stat *st, char *why, size_t why_cap)
{
	/* A device or a pipe is refused where it is read or run; its mode may be right as it is. */
	if (!trusted->directory && !S_ISREG(st->st_mode))
		return true;
	if (st->st_uid != 0 && st->st_uid != geteuid() && !(trusted->program && geteuid() != 0) &&
	    !(trusted->system && is_unknown_here(st->st_uid)))
		return untrusted_owner(trusted, st->st_uid, why, why_cap);
	if (st->st_mode & S_IWOTH)
		return untrusted_mode(trusted, st->st_mode, why, why_cap);
	/*
	 * In a group's sticky directory, such as /nix/store, a file can only be replaced by its owner.
	 * Who may install programs is for the system to say: Debian's /usr/local is of a group.
	 */
	if (!(st->st_mode & S_IWGRP) || (trusted->directory && (trusted->program || (st->st_mode & S_ISVTX))))
		return true;
	return group_is_private(st->st_uid, st->st_gid) || untrusted_mode(trusted, st->st_mode, why, why_cap);
}

static bool trust_path(const char *path, bool directory, char *why, size_t why_cap)
{
	const struct trusted trusted = {
		.path = path, .directory = directory, .system = true, .program = true};
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	bool ok = fd < 0 || fstat(fd, &st) < 0 || trust_stat(&trusted, &st, why, why_cap);

	if (fd >= 0)
		close(fd);
	return ok;
}

bool trust_program(const char *path, char *why, size_t why_cap)
{
	char at[PATH_MAX], text[PATH_MAX];
	size_t parent;
	ssize_t len;

	if (path[0] != '/' || strlen(path) >= sizeof(at))
		return true; /* no program is there: the kernel would not find it either */
	memcpy(at, path, strlen(path) + 1);
	for (unsigned links = 0; links <= LINKS_MAX; links++) {
		parent = (size_t)(strrchr(at, '/') - at);
		memcpy(text, at, parent + 1);
		text[parent ? parent : 1] = '\0';
		if (!trust_path(text, true, why, why_cap))
			return false;
		len = readlink(at, text, sizeof(text));
		if (len <= 0)
			break;
		/* A relative link leads on from its own directory. */
		parent = text[0] == '/' ? 0 : parent + 1;
		if (parent + (size_t)len >= sizeof(at))
			break;
		memcpy(at + parent, text, (size_t)len);
		at[parent + (size_t)len] = '\0';
	}
	return trust_path(at, false, why, why_cap);
}
