/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request with a valid token, in libcurl's easy interface.
 *
 *   cc curl-easy.c $(pkg-config --cflags --libs libicred libcurl) -o curl-easy
 *   ./curl-easy https://api.carbonregistry.com/projects
 */
#include <stdio.h>
#include <icred/curl.h>

static int complain(int code)
{
	fprintf(stderr, "curl-easy: %s\n",
		code < 0 ? icred_error()->message : curl_easy_strerror((CURLcode)code));
	return 1;
}

static int fetch(icred_t *handle, const char *url)
{
	struct icred_curl *auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	CURL *easy = curl_easy_init();
	long status = 0;
	int code = ICRED_E_NO_MEMORY;

	if (auth && easy) {
		if (icred_setting(handle, "ca", 0))
			curl_easy_setopt(easy, CURLOPT_CAINFO, icred_setting(handle, "ca", 0));
		code = icred_curl_perform(auth, easy, url, NULL);
	}
	if (code == CURLE_OK) {
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		fprintf(stderr, "\nstatus %ld\n", status);
	}
	if (easy) {
		icred_curl_forget(auth, easy);
		curl_easy_cleanup(easy);
	}
	icred_curl_free(auth);
	return code ? complain(code) : status != 200;
}

int main(int argc, char **argv)
{
	icred_t *handle;
	int result = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: curl-easy URL\n");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (icred_open(&handle, NULL, NULL) < 0) {
		result = complain(-1);
	} else {
		result = fetch(handle, argv[1]);
		icred_close(handle);
	}
	curl_global_cleanup();
	return result;
}
