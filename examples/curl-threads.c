/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Eight threads, each with an easy handle of its own; they share the profile and the hook.
 *
 *   cc -pthread curl-threads.c $(pkg-config --cflags --libs libicred libcurl) -o curl-threads
 *   ./curl-threads https://api.carbonregistry.com/projects
 */
#include <pthread.h>
#include <stdio.h>
#include <icred/curl.h>

#define THREADS  8
#define REQUESTS 10

struct job {
	icred_t *handle;
	struct icred_curl *auth;
	const char *url;
	pthread_t thread;
	int good;
};

static size_t drop(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static void *work(void *data)
{
	struct job *job = data;
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	if (icred_setting(job->handle, "ca", 0))
		curl_easy_setopt(easy, CURLOPT_CAINFO, icred_setting(job->handle, "ca", 0));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	for (int i = 0; i < REQUESTS; i++) {
		long status = 0;
		int code = icred_curl_perform(job->auth, easy, job->url, NULL);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (code == CURLE_OK && status == 200)
			job->good++;
		else if (code < 0) /* icred_error() is this thread's own */
			fprintf(stderr, "curl-threads: %s\n", icred_error()->message);
	}
	icred_curl_forget(job->auth, easy);
	curl_easy_cleanup(easy);
	return NULL;
}

int main(int argc, char **argv)
{
	struct job jobs[THREADS];
	struct icred_curl *auth = NULL;
	icred_t *handle = NULL;
	int begun = 0, good = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: curl-threads URL\n");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT); /* before there are threads */
	if (icred_open(&handle, NULL, NULL) == 0)
		auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	if (!auth)
		fprintf(stderr, "curl-threads: %s\n", icred_error()->message);
	for (; auth && begun < THREADS; begun++) {
		jobs[begun] = (struct job){.handle = handle, .auth = auth, .url = argv[1]};
		if (pthread_create(&jobs[begun].thread, NULL, work, &jobs[begun]))
			break;
	}
	while (begun--) {
		pthread_join(jobs[begun].thread, NULL);
		good += jobs[begun].good;
	}
	printf("%d of %d\n", good, THREADS * REQUESTS);
	icred_curl_free(auth);
	icred_close(handle);
	curl_global_cleanup();
	return good != THREADS * REQUESTS;
}
