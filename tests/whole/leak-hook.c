/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One transfer with the hook, for the leak matrix; it sets what an application
 * might set that knows nothing of tokens:
 *     leak-hook PROFILE CA FOLLOW NETRC PROXY URL      (FOLLOW, NETRC: 0 or 1; PROXY may be empty)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <icred/curl.h>

#define LEAK_TIMEOUT 10L

static size_t leak_drop(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static void leak_prepare(CURL *easy, char **argv)
{
	curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, (long)atoi(argv[3]));
	curl_easy_setopt(easy, CURLOPT_NETRC,
			 atoi(argv[4]) ? (long)CURL_NETRC_OPTIONAL : (long)CURL_NETRC_IGNORED);
	if (*argv[5])
		curl_easy_setopt(easy, CURLOPT_PROXY, argv[5]);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, LEAK_TIMEOUT);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, leak_drop);
}

static int leak_transfer(icred_t *handle, CURL *easy, const char *url)
{
	struct icred_curl *auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	int r;

	if (!auth)
		return ICRED_E_INTERNAL;
	r = icred_curl_perform(auth, easy, url, NULL);
	if (r < 0)
		fprintf(stderr, "leak-hook: %s\n", icred_error()->message);
	icred_curl_forget(auth, easy);
	icred_curl_free(auth);
	return r;
}

int main(int argc, char **argv)
{
	icred_t *handle = NULL;
	CURL *easy;
	int r;

	if (argc != 7 || icred_open(&handle, argv[1], NULL) < 0)
		return 2;
	easy = curl_easy_init();
	if (!easy)
		return 2;
	leak_prepare(easy, argv);
	r = leak_transfer(handle, easy, argv[6]);
	curl_easy_cleanup(easy);
	icred_close(handle);
	return r == 0 ? 0 : 1;
}
