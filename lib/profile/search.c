/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/descriptor.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"
#include "lib/base/text.h"
#include "lib/base/trust.h"
#include "lib/profile/search.h"

#define SEARCH_PATH_MAX    4300
#define SEARCH_DIRECTORIES 3
#define SEARCH_USER        0 /* the one that is the user's own */
#define SUFFIX             ".conf"
#define LINKS_MAX          16

struct search {
	const struct log *log;
	char user[4096];
	const char *directories[SEARCH_DIRECTORIES]; /* "" where there is none */
};

/* Where the file is, as far as links have been followed; a warm process follows none and copies nothing. */
struct trail {
	int directory;
	const char *path, *leaf; /* of the directory, and in it */
	char *owned;             /* what path and leaf point into once a link was followed */
	unsigned links;
	bool system;
};

static void note_unreadable(const struct search *search, const char *directory, int error)
{
	log_line(search->log, ICRED_LOG_INFO, "profiles are not looked for in %.200s: %s", directory,
		 errno_words(error));
}

bool profile_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len <= PROFILE_NAME_MAX && name[0] != '.' && name[0] != '-' && text_is_plain(name, "/");
}

bool profile_is_machines(const char *file)
{
	static const char machine[] = SYSCONF_DIR "/icred/", vendor[] = VENDOR_DIR "/";

	return strncmp(file, machine, strlen(machine)) == 0 || strncmp(file, vendor, strlen(vendor)) == 0;
}

/* The user's own directory is "" where there is none, or where a privileged process must not believe it. */
static void search_init(struct search *search, const struct log *log)
{
	const char *own = secure_getenv("ICRED_CONFIG_DIR"), *config = secure_getenv("XDG_CONFIG_HOME"),
		   *home = secure_getenv("HOME");
	size_t cap = sizeof(search->user);
	int n = 0;

	search->log = log;
	search->user[0] = '\0';
	search->directories[SEARCH_USER] = search->user;
	search->directories[1] = SYSCONF_DIR "/icred";
	search->directories[2] = VENDOR_DIR;
	if (own && own[0] == '/')
		n = snprintf(search->user, cap, "%s", own);
	else if (config && config[0] == '/')
		n = snprintf(search->user, cap, "%s/icred", config);
	else if (home && home[0] == '/')
		n = snprintf(search->user, cap, "%s/.config/icred", home);
	if (n >= 0 && (size_t)n < cap)
		return;
	note_unreadable(search, search->user, ENAMETOOLONG);
	search->user[0] = '\0';
}

/* The name's file in directory i; false where there is no such directory. */
static bool profile_path(const struct search *search, size_t i, const char *name, char path[SEARCH_PATH_MAX])
{
	if (!search->directories[i][0])
		return false;
	snprintf(path, SEARCH_PATH_MAX, "%s/%s" SUFFIX, search->directories[i], name);
	return true;
}

/* A failure of the profile's file, which must not make way for another one. */
static int _printf_(3, 4) refuse(const char *file, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vset_error(code, format, arguments);
	va_end(arguments);
	set_error_where("", file, 0);
	return code;
}

static int unreadable(const char *file, int error)
{
	return refuse(file, errno_code(error, ICRED_E_INVALID), "%s: %s%s", file, errno_words(error),
		      error == EACCES || error == EPERM
			      ? "; make it readable for the user who runs this, or remove it"
		      : error == ELOOP ? "; correct the symbolic link, or remove it"
				       : "");
}

static int dangling(const char *file, const struct trail *trail)
{
	return refuse(file, ICRED_E_INVALID,
		      "%s: a symbolic link to %.150s/%s, which does not exist; correct it, or remove it",
		      file, trail->path, trail->leaf);
}

static int open_directory(int at, const char *path)
{
	return openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What `fd` is open on must be the work of root or the user: the file, or (leaf NULL) the directory it is in. */
static int check_trust(const struct trail *trail, const char *file, int fd, const char *leaf,
		       struct stat *ret_st)
{
	const struct trusted trusted = {
		.path = trail->path, .leaf = leaf, .directory = !leaf, .system = trail->system};
	char why[TRUST_WHY_SIZE];

	if (fstat(fd, ret_st) < 0)
		return unreadable(file, errno);
	return trust_stat(&trusted, ret_st, why, sizeof(why)) ? ICRED_OK
							      : refuse(file, ICRED_E_INVALID, "%s", why);
}

/* Go on where the link leads, which may be another one. */
static int follow(struct trail *trail, const char *file)
{
	size_t used = strlen(trail->path) + 1;
	char *text = malloc(used + PATH_MAX), *target, *slash;
	_cleanup_free_ char *before = NULL;
	const char *directory;
	ssize_t len;
	int next, error;

	if (!text)
		return set_no_memory();
	target = text + used;
	len = readlinkat(trail->directory, trail->leaf, target, PATH_MAX - 1);
	if (len < 0 || trail->links++ == LINKS_MAX) {
		error = len < 0 ? errno : ELOOP;
		free(text);
		return unreadable(file, error);
	}
	memcpy(text, trail->path, used - 1);
	text[used - 1] = '/';
	target[len] = '\0';
	before = trail->owned;
	trail->owned = text;
	slash = strrchr(target, '/');
	trail->leaf = slash ? slash + 1 : target;
	if (!*trail->leaf || strcmp(trail->leaf, ".") == 0 || strcmp(trail->leaf, "..") == 0)
		return unreadable(file, EISDIR);
	if (!slash) {
		target[-1] = '\0';
		trail->path = text;
		return ICRED_OK;
	}
	*slash = '\0';
	directory = slash == target ? "/" : target;
	trail->path = *directory == '/' ? directory : text;
	next = open_directory(trail->directory, directory);
	if (next < 0)
		return errno == ENOENT || errno == ENOTDIR ? dangling(file, trail) : unreadable(file, errno);
	close(trail->directory);
	trail->directory = next;
	return ICRED_OK;
}

/* The directory was found: the profile's file in it, or NOT_FOUND. */
static int open_in(const struct search *search, struct trail *trail, const char *file, int *ret_fd,
		   struct stat *ret_st)
{
	int fd, r;

	for (;;) {
		fd = openat(trail->directory, trail->leaf,
			    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		if (fd < 0 && errno != ELOOP)
			break;
		r = check_trust(trail, file, trail->directory, NULL, ret_st);
		if (r == ICRED_OK && fd >= 0)
			r = check_trust(trail, file, fd, trail->leaf, ret_st);
		else if (r == ICRED_OK)
			r = follow(trail, file);
		if (r == ICRED_OK && fd >= 0)
			*ret_fd = fd;
		else
			close_keep_errno(fd);
		if (r < 0 || fd >= 0)
			return r;
	}
	if (errno == ENOENT)
		return trail->links ? dangling(file, trail) : ICRED_E_NOT_FOUND;
	/* It is the directory that refuses us, so nothing is known of a file. */
	if (errno == EACCES && !trail->links &&
	    fstatat(trail->directory, trail->leaf, ret_st, AT_SYMLINK_NOFOLLOW) < 0) {
		note_unreadable(search, trail->path, EACCES);
		return ICRED_E_NOT_FOUND;
	}
	return unreadable(file, errno);
}

/* A directory that cannot be read is one that has no profile. */
static int open_at(const struct search *search, size_t i, const char *name, char file[SEARCH_PATH_MAX],
		   int *ret_fd, struct stat *ret_st)
{
	struct trail trail = {.links = 0, .system = i != SEARCH_USER};
	int r;

	if (!profile_path(search, i, name, file))
		return ICRED_E_NOT_FOUND;
	trail.directory = open_directory(AT_FDCWD, search->directories[i]);
	if (trail.directory < 0) {
		if (errno_code(errno, ICRED_OK) != ICRED_OK) /* a limit, which says nothing about the file */
			return unreadable(file, errno);
		if (errno != ENOENT)
			note_unreadable(search, search->directories[i], errno);
		return ICRED_E_NOT_FOUND;
	}
	trail.path = search->directories[i];
	trail.leaf = file + strlen(trail.path) + 1;
	r = open_in(search, &trail, file, ret_fd, ret_st);
	close(trail.directory);
	free(trail.owned);
	return r;
}

int profile_open(const struct log *log, const char *name, char **ret_file, int *ret_fd, struct stat *ret_st)
{
	struct search search;
	struct suggestion similar;
	char file[SEARCH_PATH_MAX], *copy;
	int fd = -1, r = ICRED_E_NOT_FOUND;

	if (!profile_name_ok(name))
		return set_error(ICRED_E_INVALID, "\"%.60s\" cannot be the name of a profile", name);
	search_init(&search, log);
	for (size_t i = 0; r == ICRED_E_NOT_FOUND && i < SEARCH_DIRECTORIES; i++)
		r = open_at(&search, i, name, file, &fd, ret_st);
	if (r == ICRED_E_NOT_FOUND) {
		/* Without "default" the built-in profile applies, which must not cost a look through all directories. */
		similar = strcmp(name, "default") == 0 ? suggest_for("", 0) : profile_similar(name);
		return set_error(
			r,
			"there is no profile \"%s\"; write %s/%s.conf, as icred-profile(5) shows, or name another one%s",
			name, search.user[0] ? search.user : SYSCONF_DIR "/icred", name,
			suggest_text(&similar));
	}
	if (r < 0)
		return r;
	copy = strdup(file);
	if (!copy) {
		close(fd);
		return set_no_memory();
	}
	*ret_file = copy;
	*ret_fd = fd;
	return ICRED_OK;
}

/* "NAME.conf" gives NAME; false for any other file. */
static bool name_of_file(const char *file, char name[PROFILE_NAME_MAX + 1])
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);

	if (len <= suffix || len - suffix > PROFILE_NAME_MAX || strcmp(file + len - suffix, SUFFIX) != 0)
		return false;
	memcpy(name, file, len - suffix);
	name[len - suffix] = '\0';
	return profile_name_ok(name);
}

/* A link counts, even one that leads nowhere. */
static bool is_hidden(const struct search *search, size_t directory, const char *name)
{
	char path[SEARCH_PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < directory; i++)
		if (profile_path(search, i, name, path) && lstat(path, &st) == 0)
			return true;
	return false;
}

static int is_profile(const struct dirent *entry)
{
	char name[PROFILE_NAME_MAX + 1];

	return name_of_file(entry->d_name, name);
}

int profile_each(const struct log *log,
		 int (*each)(const char *name, const char *file, bool hidden, void *data), void *data)
{
	struct search search;
	int r = 0;

	search_init(&search, log);
	for (size_t i = 0; i < SEARCH_DIRECTORIES; i++) {
		const char *directory = search.directories[i];
		struct dirent **entries = NULL;
		int count = directory[0] ? scandir(directory, &entries, is_profile, alphasort) : 0;
		if (count < 0 && errno != ENOENT)
			note_unreadable(&search, directory, errno);
		for (int n = 0; n < count; n++) {
			char name[PROFILE_NAME_MAX + 1], path[SEARCH_PATH_MAX];
			if (!r && name_of_file(entries[n]->d_name, name) &&
			    profile_path(&search, i, name, path))
				r = each(name, path, is_hidden(&search, i, name), data);
			free(entries[n]);
		}
		free(entries);
	}
	return r;
}

static int suggest_profile(const char *name, const char *file, bool hidden, void *data)
{
	(void)file;
	(void)hidden;
	suggest_name(data, name, strlen(name));
	return 0;
}

struct suggestion profile_similar(const char *name)
{
	struct suggestion similar = suggest_for(name, strlen(name));

	profile_each(NULL, suggest_profile, &similar);
	return similar;
}
