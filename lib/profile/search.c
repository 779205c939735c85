/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/errno-words.h"
#include "lib/base/error.h"
#include "lib/profile/search.h"
#include "lib/base/trust.h"

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

/* The user's directory, or "" where there is none or a privileged process must not believe it. */
static void user_directory(struct search *search)
{
	const char *own = secure_getenv("ICRED_CONFIG_DIR"), *config = secure_getenv("XDG_CONFIG_HOME"),
		   *home = secure_getenv("HOME");
	size_t cap = sizeof(search->user);
	int n = -1;

	if (own && own[0] == '/')
		n = snprintf(search->user, cap, "%s", own);
	else if (config && config[0] == '/')
		n = snprintf(search->user, cap, "%s/icred", config);
	else if (home && home[0] == '/')
		n = snprintf(search->user, cap, "%s/.config/icred", home);
	if (n >= 0 && (size_t)n < cap)
		return;
	if (n >= 0)
		note_unreadable(search, search->user, ENAMETOOLONG);
	search->user[0] = '\0';
}

bool profile_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > PROFILE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= 0x20 || (unsigned char)*name >= 0x7f || *name == '/')
			return false;
	return true;
}

bool profile_is_machines(const char *file)
{
	static const char machine[] = SYSCONF_DIR "/icred/", vendor[] = VENDOR_DIR "/";

	return strncmp(file, machine, strlen(machine)) == 0 || strncmp(file, vendor, strlen(vendor)) == 0;
}

static void search_init(struct search *search, const struct log *log)
{
	search->log = log;
	user_directory(search);
	search->directories[SEARCH_USER] = search->user;
	search->directories[1] = SYSCONF_DIR "/icred";
	search->directories[2] = VENDOR_DIR;
}

/* The name's file in directory i; false where there is no such directory. */
static bool profile_path(const struct search *search, size_t i, const char *name, char path[SEARCH_PATH_MAX])
{
	if (!search->directories[i][0])
		return false;
	snprintf(path, SEARCH_PATH_MAX, "%s/%s" SUFFIX, search->directories[i], name);
	return true;
}

/* No memory or descriptor is left: this says nothing about the file. */
static bool is_exhausted(int error)
{
	return errno_code(error, ICRED_OK) != ICRED_OK;
}

/* A file that is there and cannot be read must not make way for another one. */
static int unreadable(const char *file, int error)
{
	note_error(errno_code(error, ICRED_E_INVALID), "%s: %s%s", file, errno_words(error),
		   error == EACCES || error == EPERM
			   ? "; make it readable for the user who runs this, or remove it"
		   : error == ELOOP ? "; correct the symbolic link, or remove it"
				    : "");
	set_error_where("", file, 0);
	return icred_error()->code;
}

static int dangling(const char *file, const struct trail *trail)
{
	note_error(ICRED_E_INVALID,
		   "%s: a symbolic link to %.150s/%s, which does not exist; correct it, or remove it", file,
		   trail->path, trail->leaf);
	set_error_where("", file, 0);
	return ICRED_E_INVALID;
}

static int untrusted(const char *file, const char *why)
{
	note_error(ICRED_E_INVALID, "%s", why);
	set_error_where("", file, 0);
	return ICRED_E_INVALID;
}

static int open_directory(int at, const char *path)
{
	return openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What `fd` is open on must be the work of root or the user: the file, or (leaf NULL) the directory it is in. */
static int check_trust(const struct trail *trail, const char *file, int fd, const char *leaf)
{
	const struct trusted trusted = {
		.path = trail->path, .leaf = leaf, .directory = !leaf, .system = trail->system};
	char why[TRUST_WHY_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return unreadable(file, errno);
	return trust_stat(&trusted, &st, why, sizeof(why)) ? ICRED_OK : untrusted(file, why);
}

/* Make the link's target, behind the directory's path in `text`, the place to look at next. */
static int go_to(struct trail *trail, const char *file, char *text, char *target)
{
	char *slash = strrchr(target, '/');
	const char *leaf = slash ? slash + 1 : target, *directory = target;
	int next = -1;

	if (!*leaf || strcmp(leaf, ".") == 0 || strcmp(leaf, "..") == 0)
		return unreadable(file, EISDIR);
	if (slash) {
		*slash = '\0';
		directory = slash == target ? "/" : target;
		next = open_directory(trail->directory, directory);
	} else {
		target[-1] = '\0';
	}
	trail->path = *directory == '/' ? directory : text;
	trail->leaf = leaf;
	if (slash && next < 0)
		return errno == ENOENT || errno == ENOTDIR ? dangling(file, trail) : unreadable(file, errno);
	if (slash) {
		close(trail->directory);
		trail->directory = next;
	}
	return ICRED_OK;
}

/* Go on where the link leads, which may be another one. */
static int follow(struct trail *trail, const char *file)
{
	size_t used = strlen(trail->path) + 1;
	char *text = malloc(used + PATH_MAX), *before = trail->owned;
	ssize_t len;
	int r;

	if (!text)
		return set_no_memory();
	len = readlinkat(trail->directory, trail->leaf, text + used, PATH_MAX - 1);
	if (len < 0 || trail->links++ == LINKS_MAX) {
		r = unreadable(file, len < 0 ? errno : ELOOP);
		free(text);
		return r;
	}
	memcpy(text, trail->path, used - 1);
	text[used - 1] = '/';
	text[used + (size_t)len] = '\0';
	trail->owned = text;
	r = go_to(trail, file, text, text + used);
	free(before);
	return r;
}

/* The directory was found: the profile's file in it, or NOT_FOUND. */
static int open_in(const struct search *search, struct trail *trail, const char *file, int *ret_fd)
{
	struct stat st;
	int fd, r;

	for (;;) {
		fd = openat(trail->directory, trail->leaf,
			    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		if (fd < 0 && errno != ELOOP)
			break;
		r = check_trust(trail, file, trail->directory, NULL);
		if (r == ICRED_OK && fd >= 0)
			r = check_trust(trail, file, fd, trail->leaf);
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
	    fstatat(trail->directory, trail->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		note_unreadable(search, trail->path, EACCES);
		return ICRED_E_NOT_FOUND;
	}
	return unreadable(file, errno);
}

/* A directory that cannot be read is one that has no profile. */
static int open_at(const struct search *search, size_t i, const char *name, char file[SEARCH_PATH_MAX],
		   int *ret_fd)
{
	struct trail trail = {.links = 0, .system = i != SEARCH_USER};
	int r;

	if (!profile_path(search, i, name, file))
		return ICRED_E_NOT_FOUND;
	trail.directory = open_directory(AT_FDCWD, search->directories[i]);
	if (trail.directory < 0) {
		if (is_exhausted(errno))
			return unreadable(file, errno);
		if (errno != ENOENT)
			note_unreadable(search, search->directories[i], errno);
		return ICRED_E_NOT_FOUND;
	}
	trail.path = search->directories[i];
	trail.leaf = file + strlen(trail.path) + 1;
	r = open_in(search, &trail, file, ret_fd);
	close(trail.directory);
	free(trail.owned);
	return r;
}

/* Without "default" the built-in profile applies, which must not cost a look through all directories. */
static int not_there(const struct search *search, const char *name)
{
	struct suggestion similar = suggest_for("", 0);

	if (strcmp(name, "default") != 0)
		similar = profile_similar(name);
	return set_error(
		ICRED_E_NOT_FOUND,
		"there is no profile \"%s\": write %s/%s.conf, as icred-profile(5) shows, or name another one%s",
		name, search->user[0] ? search->user : SYSCONF_DIR "/icred", name, suggest_text(&similar));
}

/* The first file of that name in the three directories. */
int profile_open(const struct log *log, const char *name, char **ret_file, int *ret_fd)
{
	struct search search;
	char file[SEARCH_PATH_MAX], *copy;
	int fd = -1, r = ICRED_E_NOT_FOUND;

	if (!profile_name_ok(name))
		return set_error(ICRED_E_INVALID, "\"%.60s\" can't be the name of a profile", name);
	search_init(&search, log);
	for (size_t i = 0; r == ICRED_E_NOT_FOUND && i < SEARCH_DIRECTORIES; i++)
		r = open_at(&search, i, name, file, &fd);
	if (r == ICRED_E_NOT_FOUND)
		return not_there(&search, name);
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

static int list_directory(const struct search *search, size_t i, struct dirent ***ret_entries)
{
	const char *directory = search->directories[i];
	int count = directory[0] ? scandir(directory, ret_entries, is_profile, alphasort) : 0;

	if (count < 0 && errno != ENOENT)
		note_unreadable(search, directory, errno);
	return count;
}

int profile_each(const struct log *log,
		 int (*each)(const char *name, const char *file, bool hidden, void *data), void *data)
{
	struct search search;
	int r = 0;

	search_init(&search, log);
	for (size_t i = 0; i < SEARCH_DIRECTORIES; i++) {
		struct dirent **entries = NULL;
		int count = list_directory(&search, i, &entries);
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
