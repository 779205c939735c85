/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two libcurls in one process, each with its own hook, and one profile between
 * them: curl-flavours OPENSSL.so GNUTLS.so SCENARIO...  (see curl-hook.c)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <icred/curl.h>

typedef int scenario_fn(icred_t *profile, const char *name);
typedef const struct icred_curl_functions *table_fn(void);

struct flavour {
	scenario_fn *scenario;
	table_fn *table;
	struct icred_curl *auth;
};

static int open_flavour(const char *path, struct flavour *flavour)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!object) {
		printf("%s\n", dlerror());
		return -1;
	}
	*(void **)&flavour->scenario = dlsym(object, "hook_scenario");
	*(void **)&flavour->table = dlsym(object, "hook_table");
	return flavour->scenario && flavour->table ? 0 : -1;
}

/* Each table is taken for itself, and nothing of both. */
static int check_tables(icred_t *profile, struct flavour flavours[2])
{
	struct icred_curl_functions mixed = *flavours[0].table();

	for (int i = 0; i < 2; i++) {
		flavours[i].auth = icred_curl_new(profile, flavours[i].table());
		if (!flavours[i].auth || icred_curl_check(flavours[i].auth, flavours[i].table()) < 0)
			return -1;
	}
	if (icred_curl_check(flavours[0].auth, flavours[1].table()) != ICRED_E_INVALID)
		return -1;
	printf("told: %s\n", icred_error()->message);
	mixed.easy_perform = flavours[1].table()->easy_perform;
	if (icred_curl_new(profile, &mixed))
		return -1;
	printf("told: %s\n", icred_error()->message);
	icred_curl_free(flavours[0].auth);
	icred_curl_free(flavours[1].auth);
	return 0;
}

int main(int argc, char **argv)
{
	struct flavour flavours[2];
	icred_t *profile;
	int failed = 0;

	if (argc < 4 || open_flavour(argv[1], &flavours[0]) < 0 || open_flavour(argv[2], &flavours[1]) < 0)
		return 2;
	if (icred_open(&profile, NULL, NULL) < 0 || check_tables(profile, flavours) < 0) {
		printf("%s\n", icred_error()->message);
		return 1;
	}
	for (int i = 3; i < argc; i++)
		for (int f = 0; f < 2; f++)
			failed |= flavours[f].scenario(profile, argv[i]);
	icred_close(profile);
	return failed;
}
