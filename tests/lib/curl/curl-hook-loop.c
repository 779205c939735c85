/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook with many handles at once: threads, multi handles, event loops and requests. */
#include "tests/lib/curl/curl-hook.h"

#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_barrier_t barrier;

static void *storm_run(void *data)
{
	CURL *easy = new_easy();
	(void)data;

	IS(icred_curl_apply(auth, easy, at("/projects"), NULL), 0);
	pthread_barrier_wait(&barrier); /* all have the token */
	pthread_barrier_wait(&barrier); /* it is dead now */
	IS(curl_easy_perform(easy), CURLE_OK);
	CHECK(status_of(easy) == 401 || status_of(easy) == 403);
	IS(icred_curl_should_retry(auth, easy), 1);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 200);
	end_easy(easy);
	return NULL;
}

/* So many requests with one dead token: one mint, ours or (theirs) of another process. */
static void storm(int theirs)
{
	pthread_t threads[STORM];

	pthread_barrier_init(&barrier, NULL, STORM + 1);
	for (int i = 0; i < STORM; i++)
		pthread_create(&threads[i], NULL, storm_run, NULL);
	pthread_barrier_wait(&barrier);
	kill_tokens();
	if (theirs)
		IS(system("icred -q forget && icred -q token >/dev/null"), 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < STORM; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	IS(count("mints"), 2);
}

void test_storm_401(void)
{
	control("reading", "{\"dead-token\":\"401\"}");
	storm(0);
}

void test_storm_403(void)
{
	storm(0);
}

/* Nothing is minted, nor a worker started, in this process. */
void test_storm_warm(void)
{
	IS(system("icred -q token >/dev/null"), 0);
	storm(1);
}

static long connects_of(CURL *easy)
{
	long connects = 0;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	return connects;
}

/* So many transfers in one multi handle; the token dies on the way. */
void test_multi(void)
{
	CURLM *multi = curl_multi_init();
	long connects = 0;
	int running = 1, left, done = 0, again = 0;
	CURLMsg *message;

	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 8L);
	for (int i = 0; i < STORM; i++) {
		CURL *easy = new_easy();
		IS(icred_curl_apply(auth, easy, at("/projects"), NULL), 0);
		curl_multi_add_handle(multi, easy);
	}
	kill_tokens();
	while (done < STORM && !wrong) {
		curl_multi_perform(multi, &running);
		while ((message = curl_multi_info_read(multi, &left))) {
			CURL *easy = message->easy_handle;
			connects += connects_of(easy);
			if (icred_curl_multi_done(auth, multi, message)) {
				again++;
				continue;
			}
			IS(status_of(easy), 200);
			curl_multi_remove_handle(multi, easy);
			end_easy(easy);
			done++;
		}
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	IS(done, STORM);
	IS(again, STORM);
	IS(count("mints"), 2);
	if (http_version == CURL_HTTP_VERSION_2_0)
		IS(connects, 1); /* as they are all streams of one connection */
	curl_multi_cleanup(multi);
}

static pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];

static void share_lock(CURL *easy, curl_lock_data data, curl_lock_access access_, void *user)
{
	(void)easy;
	(void)access_;
	(void)user;
	pthread_mutex_lock(&share_locks[data]);
}

static void share_unlock(CURL *easy, curl_lock_data data, void *user)
{
	(void)easy;
	(void)user;
	pthread_mutex_unlock(&share_locks[data]);
}

static void *share_run(void *share)
{
	CURL *easy = new_easy();

	curl_easy_setopt(easy, CURLOPT_SHARE, share);
	for (int i = 0; i < 5; i++) {
		IS(icred_curl_perform(auth, easy, at("/projects"), NULL), CURLE_OK);
		IS(status_of(easy), 200);
	}
	icred_curl_forget(auth, easy);
	curl_easy_cleanup(easy);
	return NULL;
}

/* With or without a token: the connection is the same, and what is sent is the request's own. */
static void share_connection(void)
{
	CURLSH *share = curl_share_init();
	CURL *with = new_easy(), *without = new_easy();

	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	curl_easy_setopt(with, CURLOPT_SHARE, share);
	curl_easy_setopt(without, CURLOPT_SHARE, share);
	curl_easy_setopt(without, CURLOPT_URL, at("/projects"));
	IS(send_once(with, "/projects"), 200);
	IS(curl_easy_perform(without), CURLE_OK);
	IS(status_of(without), 401);
	IS(connects_of(without), 0);
	IS(send_once(with, "/projects"), 200);
	IS(connects_of(with), 0);
	icred_curl_forget(auth, with);
	curl_easy_cleanup(with);
	curl_easy_cleanup(without);
	IS(curl_share_cleanup(share), CURLSHE_OK);
}

void test_share(void)
{
	CURLSH *share = curl_share_init();
	pthread_t threads[4];

	for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&share_locks[i], NULL);
	curl_share_setopt(share, CURLSHOPT_LOCKFUNC, share_lock);
	curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, share_unlock);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, share_run, share);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	IS(curl_share_cleanup(share), CURLSHE_OK);
	share_connection();
	IS(count("mints"), 1);
}

static int is_ready(int fd, int wait_ms)
{
	struct pollfd wait_for = {.fd = fd, .events = POLLIN};

	return poll(&wait_for, 1, wait_ms) == 1;
}

void test_loop(void)
{
	icred_request_t *request = NULL;
	CURL *easy = new_easy();

	IS(icred_curl_start(auth, easy, elsewhere, NULL, &request), ICRED_E_ORIGIN);
	IS(icred_curl_start(auth, easy, at("/projects"), NULL, &request), 0);
	CHECK(request != NULL);
	CHECK(is_ready(icred_request_fd(request), WAIT_MS));
	IS(icred_curl_finish(auth, easy, request), 0);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 200);
	IS(icred_curl_restart(auth, easy, &request), 0);
	IS(icred_curl_start(auth, easy, at("/projects"), NULL, &request), 0);
	CHECK(request == NULL);
	kill_tokens();
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 403);
	IS(icred_curl_restart(auth, easy, &request), 1);
	CHECK(is_ready(icred_request_fd(request), WAIT_MS));
	IS(icred_curl_finish(auth, easy, request), 0);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 200);
	IS(icred_curl_restart(auth, easy, &request), 0);
	IS(count("mints"), 2);
	end_easy(easy);
}

void test_request(void)
{
	icred_request_t *requests[STORM], *request;
	icred_token_t *token = NULL, *same;

	for (int i = 0; i < STORM; i++)
		IS(icred_request_start(handle, NULL, 0, &requests[i]), 0);
	for (int i = 0; i < STORM; i += 2)
		icred_request_cancel(requests[i]);
	for (int i = 1; i < STORM; i += 2) {
		CHECK(is_ready(icred_request_fd(requests[i]), WAIT_MS));
		IS(icred_request_finish(requests[i], &same), 0);
		CHECK(!token || !strcmp(icred_token_secret(token), icred_token_secret(same)));
		icred_token_unref(token);
		token = same;
	}
	icred_token_unref(token);
	IS(count("mints"), 1);
	/* What is at hand is there at once. */
	IS(icred_request_start(handle, NULL, 0, &request), 0);
	CHECK(is_ready(icred_request_fd(request), 0));
	IS(icred_request_finish(request, &token), 0);
	icred_token_unref(token);
	/* Finish without a look waits; a failure is an answer as well. */
	IS(icred_request_start(handle, "8d0c4f5e-0000-4000-8000-0000000000ff", 0, &request), 0);
	CHECK(icred_request_finish(request, &token) < 0);
	CHECK(icred_error()->message[0] != '\0');
	CHECK(icred_request_start(handle, "no installation", 0, &request) == ICRED_E_INVALID);
	IS(icred_request_finish(NULL, &token), ICRED_E_INVALID);
	IS(icred_request_fd(NULL), -1);
	icred_request_cancel(NULL);
}

#define REFUSERS 4
#define REFUSALS 10

static void *refuse_run(void *data)
{
	icred_request_t *request;
	icred_token_t *token, *next;
	(void)data;

	for (int i = 0; i < REFUSALS && !wrong; i++) {
		/* This may be of the same mint as the request that the next one joins, and be had before it. */
		IS(icred_get_token(handle, NULL, 0, &token), 0);
		IS(icred_reject_token(handle, token), 0);
		IS(icred_request_start(handle, NULL, 0, &request), 0);
		IS(icred_request_finish(request, &next), 0);
		CHECK(strcmp(icred_token_secret(token), icred_token_secret(next)) != 0);
		icred_token_unref(token);
		icred_token_unref(next);
	}
	return NULL;
}

/* What begins after a refusal never gets the refused token, though it joins what is under way. */
void test_refused(void)
{
	pthread_t threads[REFUSERS];

	for (int i = 0; i < REFUSERS; i++)
		pthread_create(&threads[i], NULL, refuse_run, NULL);
	for (int i = 0; i < REFUSERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(count("mints") <= REFUSERS * REFUSALS + 1);
}

/*
 * A request stays with the process that began it.  The fork comes while the server has the thread's
 * question: in the midst of malloc() only a C library's own one survives it, not a sanitizer's.
 */
void test_fork(void)
{
	icred_request_t *request;
	icred_token_t *token;
	int status = 0;
	pid_t pid;

	control("fault", "{\"kind\":\"delay\",\"value\":\"1.5\",\"on\":\"mint\",\"times\":\"1\"}");
	IS(icred_request_start(handle, NULL, 0, &request), 0);
	for (int i = 0; i < 100 && count("faults_served") < 1; i++)
		CHECK(!is_ready(icred_request_fd(request), 50));
	pid = fork();
	if (pid == 0) {
		IS(icred_request_finish(request, &token), ICRED_E_CANCELLED);
		IS(icred_request_start(handle, NULL, 0, &request), 0);
		CHECK(is_ready(icred_request_fd(request), WAIT_MS));
		IS(icred_request_finish(request, &token), 0);
		fflush(stdout);
		_exit(wrong);
	}
	IS(waitpid(pid, &status, 0), pid);
	IS(status, 0);
	IS(icred_request_finish(request, &token), 0);
	icred_token_unref(token);
}

/* Closing does not wait for a server that hangs. */
void test_close(void)
{
	icred_request_t *request;
	struct timespec began, ended;
	icred_token_t *token;
	icred_t *own;

	control("fault", "{\"kind\":\"hang\",\"on\":\"mint\"}");
	IS(icred_open(&own, NULL, NULL), 0);
	IS(icred_request_start(own, NULL, 0, &request), 0);
	CHECK(!is_ready(icred_request_fd(request), 300));
	clock_gettime(CLOCK_MONOTONIC, &began);
	icred_request_cancel(request);
	IS(icred_request_start(own, NULL, 0, &request), 0);
	icred_request_cancel(request);
	icred_close(own);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	CHECK(ended.tv_sec - began.tv_sec < 5);
	control("clear", "{}");
	IS(icred_request_start(handle, NULL, 0, &request), 0);
	IS(icred_request_finish(request, &token), 0);
	icred_token_unref(token);
}
