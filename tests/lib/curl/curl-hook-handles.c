/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook and what an application does with an easy handle: its header, reset, copies, an end without a word. */
#include "tests/lib/curl/curl-hook.h"

void test_own_header(void)
{
	struct curl_slist *list = curl_slist_append(NULL, "Authorization: Bearer of-my-own");
	CURL *easy = new_easy();

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
	IS(send_once(easy, "/projects"), 403);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_should_retry(auth, easy), 0);
	IS(count("mints"), 1);
	/* What it is answered is taken for an answer to the hook's token, which nothing is wrong with. */
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
	IS(send_once(easy, "/projects"), 403);
	IS(icred_curl_should_retry(auth, easy), 1);
	IS(count("mints"), 2);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 403);
	IS(icred_curl_should_retry(auth, easy), 0);
	end_easy(easy);
	curl_slist_free_all(list);
}

void test_reset(void)
{
	CURL *easy = new_easy();

	IS(send_once(easy, "/projects"), 200);
	curl_easy_reset(easy);
	IS(icred_curl_should_retry(auth, easy), 0);
	dress(easy);
	curl_easy_setopt(easy, CURLOPT_URL, at("/projects"));
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 401); /* there is no token on it */
	IS(send_once(easy, "/projects"), 200);
	IS(count("mints"), 1);
	end_easy(easy);
}

void test_duplicate(void)
{
	CURL *easy = new_easy(), *copy;

	IS(send_once(easy, "/projects"), 200);
	copy = curl_easy_duphandle(easy);
	IS(curl_easy_perform(copy), CURLE_OK);
	IS(status_of(copy), 200);
	kill_tokens();
	IS(curl_easy_perform(copy), CURLE_OK);
	IS(icred_curl_should_retry(auth, copy), 0); /* the hook has not seen it yet */
	IS(icred_error()->code, ICRED_E_INVALID);
	IS(icred_curl_perform(auth, copy, at("/projects"), NULL), CURLE_OK);
	IS(status_of(copy), 200);
	IS(count("mints"), 2);
	end_easy(copy);
	/* Known or not, a handle that is to be forgotten has no token any more. */
	copy = curl_easy_duphandle(easy);
	icred_curl_forget(auth, copy);
	IS(curl_easy_perform(copy), CURLE_OK);
	IS(status_of(copy), 401);
	end_easy(copy);
	end_easy(easy);
}

void test_forget(void)
{
	CURL *easy = new_easy();

	IS(send_once(easy, "/projects"), 200);
	icred_curl_forget(auth, easy);
	icred_curl_forget(auth, easy);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 401);
	IS(icred_curl_should_retry(auth, easy), 0);
	curl_easy_cleanup(easy);
}

/* Easy handles, in a multi handle and alone, with a second hook after the first. */
void test_outlive(void)
{
	struct icred_curl *short_lived = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	CURL *easy = new_easy(), *copy;
	CURLM *multi = curl_multi_init();
	int running = 1;

	IS(icred_curl_apply(short_lived, easy, at("/projects"), NULL), 0);
	curl_multi_add_handle(multi, easy);
	icred_curl_free(short_lived);
	while (running && !curl_multi_perform(multi, &running))
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	IS(status_of(easy), 200);
	curl_multi_remove_handle(multi, easy);
	curl_multi_cleanup(multi);
	copy = curl_easy_duphandle(easy);
	IS(curl_easy_perform(copy), CURLE_OK);
	IS(status_of(copy), 200);
	curl_easy_cleanup(copy);
	IS(icred_curl_should_retry(auth, easy), 0); /* another hook does not know it */
	IS(icred_error()->code, ICRED_E_INVALID);
	kill_tokens();
	IS(icred_curl_perform(auth, easy, at("/projects"), NULL), CURLE_OK);
	IS(status_of(easy), 200);
	end_easy(easy);
}

#define HANDLES 50

/* Handles that are gone without the hook's knowledge, after a dead token and perhaps a repetition; malloc() reuses. */
void test_same_address(void)
{
	control("reading", "{\"dead-token\":\"401\"}");
	for (int i = 0; i < HANDLES && !wrong; i++) {
		CURL *easy = new_easy();
		IS(icred_curl_should_retry(auth, easy), 0); /* nothing has been sent */
		IS(send_once(easy, "/projects"), 200);
		IS(icred_curl_should_retry(auth, easy), 0);
		kill_tokens();
		IS(send_once(easy, "/projects"), 401);
		IS(icred_curl_should_retry(auth, easy), 1);
		if (i % 2)
			IS(curl_easy_perform(easy), CURLE_OK);
		curl_easy_cleanup(easy);
	}
	IS(count("mints"), HANDLES + 1);
}

static int rewinds;

static int count_rewind(CURL *easy, void *data)
{
	(void)easy, (void)data;
	rewinds++;
	return 0;
}

/* A new handle at the address of one that had a rewind function, however it came to be there. */
void test_same_address_rewind(void)
{
	CURL *template = new_easy(), *first = new_easy(), *easy = first;
	struct icred_curl *second = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);

	IS(send_once(template, "/projects"), 200);
	control("reading", "{\"dead-token\":\"401\"}");
	rewinds = 0;
	for (int i = 0; i < HANDLES; i++) {
		IS(icred_curl_set_rewind(auth, easy, count_rewind, NULL), 0);
		IS(send_once(easy, "/projects"), 200);
		curl_easy_cleanup(easy);
		easy = i % 2 ? new_easy() : curl_easy_duphandle(template);
		if (!i)
			IS(icred_curl_should_retry(auth, easy), 0); /* it has not been applied yet */
		IS(send_once(easy, "/projects"), 200);
		kill_tokens();
		IS(send_once(easy, "/projects"), 401);
		IS(icred_curl_should_retry(auth, easy), 1);
		IS(curl_easy_perform(easy), CURLE_OK);
		IS(icred_curl_should_retry(auth, easy), 0); /* good news */
		IS(rewinds, 0);
	}
	/* On one and the same handle it stays, a second hook or not. */
	IS(icred_curl_set_rewind(auth, easy, count_rewind, NULL), 0);
	IS(icred_curl_apply(second, easy, at("/projects"), NULL), 0);
	IS(send_once(easy, "/projects"), 200);
	kill_tokens();
	IS(send_once(easy, "/projects"), 401);
	IS(icred_curl_should_retry(auth, easy), 1);
	IS(rewinds, 1);
	end_easy(easy);
	end_easy(template);
	icred_curl_free(second);
}

/* The sandbox itself speaks HTTP/1.1 only; asked for HTTP/2, libcurl settles on that. */
void test_versions(void)
{
	static const long versions[] = {CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS};
	CURL *easy = new_easy();

	http_version = 0;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, versions[i]);
		IS(send_once(easy, "/projects"), 200);
	}
	end_easy(easy);
}
