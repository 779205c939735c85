/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hundred transfers at once, in libcurl's multi interface.
 *
 *   cc curl-multi.c $(pkg-config --cflags --libs libicred libcurl) -o curl-multi
 *   ./curl-multi https://api.carbonregistry.com/projects
 */
#include <stdio.h>
#include <icred/curl.h>

#define TRANSFERS   100
#define CONNECTIONS 10L

static size_t drop(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static int add(icred_t *handle, struct icred_curl *auth, CURLM *multi, const char *url)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return ICRED_E_NO_MEMORY;
	if (icred_setting(handle, "ca", 0))
		curl_easy_setopt(easy, CURLOPT_CAINFO, icred_setting(handle, "ca", 0));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	if (icred_curl_apply(auth, easy, url, NULL) < 0 || curl_multi_add_handle(multi, easy)) {
		fprintf(stderr, "curl-multi: %s\n", icred_error()->message);
		curl_easy_cleanup(easy);
		return ICRED_E_INTERNAL;
	}
	return 0;
}

/* Transfers that have ended: one whose token was refused starts again, others are done.  Counts the good ones. */
static void drain(struct icred_curl *auth, CURLM *multi, int *open, int *good)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *easy = message->easy_handle; /* the message does not outlive the next calls */
		long status = 0;
		if (icred_curl_multi_done(auth, multi, message))
			continue;
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		*good += status == 200;
		*open -= 1;
		curl_multi_remove_handle(multi, easy);
		icred_curl_forget(auth, easy);
		curl_easy_cleanup(easy);
	}
}

int main(int argc, char **argv)
{
	struct icred_curl *auth = NULL;
	icred_t *handle = NULL;
	CURLM *multi;
	int open = 0, good = 0, running;

	if (argc != 2) {
		fprintf(stderr, "usage: curl-multi URL\n");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	if (icred_open(&handle, NULL, NULL) == 0)
		auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	if (!auth)
		fprintf(stderr, "curl-multi: %s\n", icred_error()->message);
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS);
	while (auth && open < TRANSFERS && add(handle, auth, multi, argv[1]) == 0)
		open++;
	while (open) {
		curl_multi_perform(multi, &running);
		drain(auth, multi, &open, &good);
		if (open)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	printf("%d of %d\n", good, TRANSFERS);
	curl_multi_cleanup(multi);
	icred_curl_free(auth);
	icred_close(handle);
	curl_global_cleanup();
	return good != TRANSFERS;
}
