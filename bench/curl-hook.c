/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the libcurl hook costs.  curl-hook URL CAFILE REQUESTS prints
 *   - nanoseconds of icred_curl_apply() beyond the setopt calls that it makes, best and median slice
 *   - the time of so many requests on one kept connection with the hook, as a multiple of those with a
 *     fixed token, the best slices of both and the median; slices of both take turns
 * A slice is short, some milliseconds at most, so that two neighbours have the same noise, and there are
 * enough of them for a median.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <icred/curl.h>

#define APPLIES    20000
#define SLICES     25
#define SLICE_SIZE 10
#define SLICES_MAX 10000

static const char *url, *ca;
static icred_t *handle;
static struct icred_curl *auth;
static char *token_text;

static void die(const char *what)
{
	fprintf(stderr, "curl-hook: %s: %s\n", what, icred_error()->message);
	exit(2);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static size_t drop(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static CURL *new_easy(void)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	return easy;
}

/* The same calls as the hook's. */
static void set_by_hand(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_CURLU, NULL);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PORT, 0L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
	curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token_text);
}

static double apply_slice(CURL *easy, int hook)
{
	double began = now_ns();

	for (int i = 0; i < APPLIES; i++) {
		if (!hook)
			set_by_hand(easy);
		else if (icred_curl_apply(auth, easy, url, NULL) < 0)
			die("icred_curl_apply");
	}
	return (now_ns() - began) / APPLIES;
}

static double request_slice(CURL *easy, int hook)
{
	double began = now_ns();
	long status = 0;

	for (int i = 0; i < SLICE_SIZE; i++) {
		int code;
		if (hook)
			code = icred_curl_perform(auth, easy, url, NULL);
		else /* an application sets its URL for each request too */
			code = curl_easy_setopt(easy, CURLOPT_URL, url) || curl_easy_perform(easy);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (code || status != 200)
			die("a request");
	}
	return now_ns() - began;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

static void measure_apply(void)
{
	CURL *by_hand = new_easy(), *by_hook = new_easy();
	double a[SLICES], b[SLICES], differences[SLICES], more;

	for (int i = 0; i < SLICES; i++) {
		a[i] = apply_slice(by_hand, 0);
		b[i] = apply_slice(by_hook, 1);
		differences[i] = b[i] - a[i];
	}
	more = median(differences, SLICES);
	median(a, SLICES);
	median(b, SLICES);
	printf("%.0f %.0f", b[0] - a[0], more);
	icred_curl_forget(auth, by_hook);
	curl_easy_cleanup(by_hand);
	curl_easy_cleanup(by_hook);
}

/* On one handle, so on one connection: two would have two threads in the server, on one CPU or on two. */
static void measure_requests(size_t slices)
{
	static double a[SLICES_MAX], b[SLICES_MAX], ratios[SLICES_MAX];
	CURL *easy = new_easy();
	double ratio;

	set_by_hand(easy);
	request_slice(easy, 0);
	request_slice(easy, 1);
	for (size_t i = 0; i < slices; i++) { /* which of them is first alternates */
		if (i % 2)
			b[i] = request_slice(easy, 1);
		a[i] = request_slice(easy, 0);
		if (i % 2 == 0)
			b[i] = request_slice(easy, 1);
		ratios[i] = b[i] / a[i];
	}
	/* Of neighbours in time, which have the same noise. */
	ratio = median(ratios, slices);
	median(a, slices);
	median(b, slices);
	printf(" %.4f %.4f\n", b[0] / a[0], ratio);
	icred_curl_forget(auth, easy);
	curl_easy_cleanup(easy);
}

int main(int argc, char **argv)
{
	icred_token_t *token;
	size_t slices;

	if (argc != 4)
		return 2;
	url = argv[1];
	ca = argv[2];
	slices = strtoul(argv[3], NULL, 10) / SLICE_SIZE;
	if (slices < 1 || slices > SLICES_MAX)
		return 2;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (icred_open(&handle, NULL, NULL) < 0 || icred_get_token(handle, NULL, 0, &token) < 0)
		die("icred_get_token");
	/* Only a bench may do this: a program should not keep a token's text. */
	if (asprintf(&token_text, "%s", icred_token_secret(token)) < 0)
		return 2;
	auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	if (!auth)
		die("icred_curl_new");
	measure_apply();
	measure_requests(slices);
	free(token_text);
	icred_token_unref(token);
	icred_curl_free(auth);
	icred_close(handle);
	curl_global_cleanup();
	return 0;
}
