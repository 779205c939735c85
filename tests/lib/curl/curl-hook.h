/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the scenarios of the hook share: the sandbox, an application, and how a failure is told. */
#ifndef ICRED_TESTS_LIB_CURL_CURL_HOOK_H
#define ICRED_TESTS_LIB_CURL_CURL_HOOK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <icred/curl.h>

#define STORM   100
#define WAIT_MS 20000

/* In each flavour's object its own. */
#pragma GCC visibility push(hidden)

extern const char *base, *ca, *elsewhere;
extern long http_version; /* of CURL_HTTP_VERSION_, what has to be spoken; or 0 */
extern icred_t *handle;
extern struct icred_curl *auth;
extern int wrong;

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define IS(got, wanted)  is((long)(got), (long)(wanted), #got, __FILE__, __LINE__)

void check(int good, const char *what, const char *file, int line);
void is(long got, long wanted, const char *what, const char *file, int line);

struct text {
	char bytes[16384];
	size_t len;
};

/* A write callback; its data is a struct text or NULL. */
size_t keep(char *data, size_t size, size_t count, void *into);
/* Tell the sandbox something, or (NULL) ask it. */
struct text control(const char *name, const char *json);
/* A number in what the sandbox tells; -1 if it is not there. */
long number(const char *asked, const char *name);
long count(const char *name);
void kill_tokens(void);

/* The URL of a path; this thread's until the next call. */
const char *at(const char *path);
/* What every handle of this application has. */
void dress(CURL *easy);
CURL *new_easy(void);
long status_of(CURL *easy);
void end_easy(CURL *easy);
/* Apply and perform: the status. */
long send_once(CURL *easy, const char *path);

void test_own_header(void);
void test_reset(void);
void test_duplicate(void);
void test_forget(void);
void test_outlive(void);
void test_same_address(void);
void test_same_address_rewind(void);
void test_versions(void);

void test_storm_401(void);
void test_storm_403(void);
void test_storm_warm(void);
void test_multi(void);
void test_share(void);
void test_loop(void);
void test_request(void);
void test_refused(void);
void test_fork(void);
void test_close(void);

#pragma GCC visibility pop
#endif
