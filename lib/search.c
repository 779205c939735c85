/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "search.h"

#define SEARCH_PATH_MAX    4300
#define SEARCH_DIRECTORIES 3
#define SUFFIX             ".conf"

struct search {
	char user[4096];
	const char *directories[SEARCH_DIRECTORIES]; /* "" where there is none */
};

/* The user's directory, or "" where there is none or a privileged process must not believe it. */
static void user_directory(char *to, size_t cap)
{
	const char *own = secure_getenv("ICRED_CONFIG_DIR"), *config = secure_getenv("XDG_CONFIG_HOME"),
		   *home = secure_getenv("HOME");
	int n = -1;

	if (own && own[0] == '/')
		n = snprintf(to, cap, "%s", own);
	else if (config && config[0] == '/')
		n = snprintf(to, cap, "%s/icred", config);
	else if (home && home[0] == '/')
		n = snprintf(to, cap, "%s/.config/icred", home);
	if (n < 0 || (size_t)n >= cap)
		to[0] = '\0';
}

static bool profile_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > PROFILE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= 0x20 || (unsigned char)*name >= 0x7f || *name == '/')
			return false;
	return true;
}

static void search_init(struct search *search)
{
	user_directory(search->user, sizeof(search->user));
	search->directories[0] = search->user;
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

static int take_file(const char *file, int fd, char **ret_file, int *ret_fd)
{
	char *copy = strdup(file);

	if (!copy) {
		close_keep_errno(fd);
		return set_no_memory();
	}
	*ret_file = copy;
	*ret_fd = fd;
	return ICRED_OK;
}

/* The first file of that name in the three directories. */
int profile_open(const char *name, char **ret_file, int *ret_fd)
{
	struct search search;
	char file[SEARCH_PATH_MAX];

	if (!profile_name_ok(name))
		return set_error(ICRED_E_INVALID, "\"%.60s\" can't be the name of a profile", name);
	search_init(&search);
	for (size_t i = 0; i < SEARCH_DIRECTORIES; i++) {
		if (!profile_path(&search, i, name, file))
			continue;
		int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0)
			return take_file(file, fd, ret_file, ret_fd);
		if (errno != ENOENT && errno != ENOTDIR)
			return set_error(ICRED_E_INVALID, "%s: %s", file, strerror(errno));
	}
	return set_error(
		ICRED_E_NOT_FOUND,
		"there is no profile \"%s\": write %s/%s.conf, as icred-profile(5) shows, or name another with -p",
		name, search.user[0] ? search.user : SYSCONF_DIR "/icred", name);
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

static bool is_hidden(const struct search *search, size_t directory, const char *name)
{
	char path[SEARCH_PATH_MAX];

	for (size_t i = 0; i < directory; i++)
		if (profile_path(search, i, name, path) && access(path, F_OK) == 0)
			return true;
	return false;
}

static int is_profile(const struct dirent *entry)
{
	char name[PROFILE_NAME_MAX + 1];

	return name_of_file(entry->d_name, name);
}

int profile_each(int (*each)(const char *name, const char *file, bool hidden, void *data), void *data)
{
	struct search search;
	int r = 0;

	search_init(&search);
	for (size_t i = 0; i < SEARCH_DIRECTORIES; i++) {
		struct dirent **entries = NULL;
		int count = search.directories[i][0]
				    ? scandir(search.directories[i], &entries, is_profile, alphasort)
				    : 0;
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
