/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook, on a real libcurl and against the sandbox, which counts.  Built by
 * curl-hook.sh for each flavour of libcurl, as a program and as a shared object.
 *
 *   curl-hook SCENARIO...        ends with 0 if all is as it should be
 *
 * SANDBOX_URL, SANDBOX_CA, SANDBOX_DIR and SANDBOX_ELSEWHERE say where the sandbox is;
 * SANDBOX_HTTP, 1.1 or 2, is what has to be spoken there (anything, if it is not set).
 */
#include "tests/lib/curl/curl-hook.h"

const char *base, *ca, *elsewhere;
static const char *directory;
long http_version;
icred_t *handle;
struct icred_curl *auth;
int wrong;

void check(int good, const char *what, const char *file, int line)
{
	if (good)
		return;
	wrong = 1;
	printf("%s:%d: not true: %s (%s: %s)\n", file, line, what, icred_kind(icred_error()->code),
	       icred_error()->message);
}

void is(long got, long wanted, const char *what, const char *file, int line)
{
	if (got == wanted)
		return;
	wrong = 1;
	printf("%s:%d: %s is %ld, not %ld (%s: %s)\n", file, line, what, got, wanted,
	       icred_kind(icred_error()->code), icred_error()->message);
}

/* -- the sandbox ------------------------------------------------------------- */

size_t keep(char *data, size_t size, size_t count, void *into)
{
	struct text *text = into;
	size_t len = size * count;

	if (text && text->len + len < sizeof(text->bytes)) {
		memcpy(text->bytes + text->len, data, len);
		text->len += len;
		text->bytes[text->len] = '\0';
	}
	return len;
}

/* Tell the sandbox something, or (NULL) ask it. */
struct text control(const char *name, const char *json)
{
	char socket_path[512], url[256];
	CURL *easy = curl_easy_init();
	struct text text = {"", 0};

	snprintf(socket_path, sizeof(socket_path), "%s/control", directory);
	snprintf(url, sizeof(url), "http://sandbox/_sandbox/%s", name);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &text);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	if (json)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json);
	IS(curl_easy_perform(easy), CURLE_OK);
	curl_easy_cleanup(easy);
	return text;
}

/* A number in what the sandbox tells; -1 if it is not there. */
long number(const char *asked, const char *name)
{
	struct text told = control(asked, NULL);
	char key[64];
	const char *found;

	snprintf(key, sizeof(key), "\"%s\":", name);
	found = strstr(told.bytes, key);
	return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

long count(const char *name)
{
	return number("counts", name);
}

void kill_tokens(void)
{
	control("revoke-all", "{}");
}

/* -- an application ------------------------------------------------------------- */

const char *at(const char *path)
{
	static __thread char url[512];

	snprintf(url, sizeof(url), "%s%s", base, path);
	return url;
}

void dress(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, NULL);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, &base);
	if (http_version == CURL_HTTP_VERSION_1_1)
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version);
	if (http_version == CURL_HTTP_VERSION_2_0) {
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	}
}

CURL *new_easy(void)
{
	CURL *easy = curl_easy_init();

	dress(easy);
	return easy;
}

long status_of(CURL *easy)
{
	long status = 0, version = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	if (http_version)
		IS(version, http_version);
	return status;
}

void end_easy(CURL *easy)
{
	char *mine = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &mine);
	CHECK(mine == (char *)&base);
	icred_curl_forget(auth, easy);
	curl_easy_cleanup(easy);
}

/* Apply and perform: the status. */
long send_once(CURL *easy, const char *path)
{
	IS(icred_curl_apply(auth, easy, at(path), NULL), 0);
	IS(curl_easy_perform(easy), CURLE_OK);
	return status_of(easy);
}

/* -- scenarios --------------------------------------------------------------------- */

static void test_easy(void)
{
	CURL *easy = new_easy();

	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_should_retry(auth, easy), 0);
	IS(icred_error()->code, 0);
	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_perform(auth, easy, at("/projects"), NULL), CURLE_OK);
	IS(status_of(easy), 200);
	IS(count("mints"), 1);
	CHECK(count("connections") <= 2); /* one that was kept, and the worker's if that had none yet */
	end_easy(easy);
}

static void dead(void)
{
	CURL *easy = new_easy();

	IS(send_once(easy, "/projects"), 200);
	for (int i = 0; i < 2; i++) {
		kill_tokens();
		CHECK(send_once(easy, "/projects") != 200);
		IS(icred_curl_should_retry(auth, easy), 1);
		IS(curl_easy_perform(easy), CURLE_OK);
		IS(status_of(easy), 200);
		IS(icred_curl_should_retry(auth, easy), 0);
	}
	kill_tokens();
	IS(icred_curl_perform(auth, easy, at("/projects"), NULL), CURLE_OK);
	IS(status_of(easy), 200);
	IS(count("mints"), 4);
	end_easy(easy);
}

static void test_dead_401(void)
{
	control("reading", "{\"dead-token\":\"401\"}");
	dead();
}

static void test_dead_403(void)
{
	dead();
}

/* What is not permitted costs one mint at first, then none; with the words of the answer, none at all. */
static void test_forbidden(void)
{
	static const char *const path = "/organizations/00000000-0000-4000-8000-00000000dead";
	struct text text = {"", 0};
	CURL *easy = new_easy();

	for (int i = 0; i < 6; i++) {
		IS(icred_curl_perform(auth, easy, at(path), NULL), CURLE_OK);
		IS(status_of(easy), 403);
	}
	IS(count("mints"), 2);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &text);
	IS(send_once(easy, path), 403);
	icred_curl_saw(auth, easy, text.bytes, text.len);
	IS(icred_curl_should_retry(auth, easy), 0);
	IS(count("mints"), 2);
	/* The words of a dead token count, whatever was before. */
	kill_tokens();
	text.len = 0;
	IS(send_once(easy, "/projects"), 403);
	icred_curl_saw(auth, easy, text.bytes, text.len);
	IS(icred_curl_should_retry(auth, easy), 1);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 200);
	IS(count("mints"), 3);
	icred_curl_set_flags(auth, ICRED_CURL_ONLY_401);
	kill_tokens();
	IS(send_once(easy, "/projects"), 403);
	IS(icred_curl_should_retry(auth, easy), 0);
	icred_curl_set_flags(auth, 0);
	end_easy(easy);
}

/* A server that refuses every token does not make us mint for ever. */
static void test_refusing(void)
{
	CURL *easy = new_easy();
	int again, turns = 0;
	long mints;

	control("fault", "{\"kind\":\"refuse-token\",\"value\":\"401\",\"on\":\"projects\"}");
	/* The third pause, of four seconds, is longer than a request on any machine. */
	do {
		IS(send_once(easy, "/projects"), 401);
		again = icred_curl_should_retry(auth, easy);
	} while (again && ++turns < 10);
	IS(again, 0);
	IS(icred_error()->code, ICRED_E_REJECTED);
	CHECK(turns >= 3 && turns <= 6);
	mints = count("mints");
	IS(mints, 1 + turns);
	control("clear", "{}");
	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_should_retry(auth, easy), 0);
	kill_tokens();
	IS(icred_curl_perform(auth, easy, at("/projects"), NULL), CURLE_OK);
	IS(status_of(easy), 200);
	IS(count("mints"), mints + 1);
	end_easy(easy);
}

struct upload {
	const char *bytes;
	size_t at, len;
	int rewound;
};

static size_t upload_read(char *to, size_t size, size_t count_, void *data)
{
	struct upload *upload = data;
	size_t len = size * count_;

	if (len > upload->len - upload->at)
		len = upload->len - upload->at;
	memcpy(to, upload->bytes + upload->at, len);
	upload->at += len;
	return len;
}

static int upload_rewind(CURL *easy, void *data)
{
	struct upload *upload = data;
	(void)easy;

	upload->at = 0;
	upload->rewound++;
	return 0;
}

static int upload_stuck(CURL *easy, void *data)
{
	(void)easy;
	(void)data;
	return -1;
}

/* One request that is refused; whether it may be sent again. */
static int refused_once(CURL *easy)
{
	control("fault", "{\"kind\":\"refuse-token\",\"value\":\"401\",\"on\":\"other\",\"times\":\"1\"}");
	IS(send_once(easy, "/upload"), 401);
	return icred_curl_should_retry(auth, easy);
}

/* The sandbox has no such path, so 404 says that the repetition was served. */
static void sent_again(CURL *easy)
{
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 404);
	kill_tokens();
	IS(icred_curl_perform(auth, easy, at("/upload"), NULL), CURLE_OK);
}

static void test_upload(void)
{
	struct upload upload = {"body", 0, 4, 0};
	CURL *easy = new_easy();

	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "from memory");
	IS(refused_once(easy), 0);
	IS(icred_error()->code, ICRED_E_UNSUPPORTED);
	/* It is the one request that is lost: the next one has another token. */
	IS(count("mints"), 1);
	IS(send_once(easy, "/upload"), 404);
	IS(count("mints"), 2);
	icred_curl_set_flags(auth, ICRED_CURL_RESEND);
	IS(refused_once(easy), 1);
	sent_again(easy);
	icred_curl_set_flags(auth, 0);

	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
	IS(refused_once(easy), 0);
	CHECK(strstr(icred_error()->message, "cannot be sent again") != NULL);
	icred_curl_set_flags(auth, ICRED_CURL_RESEND);
	IS(refused_once(easy), 1);
	sent_again(easy);
	icred_curl_set_flags(auth, 0);
	end_easy(easy);

	easy = new_easy();
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, upload_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, &upload);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)4);
	IS(refused_once(easy), 0);
	IS(icred_error()->code, ICRED_E_UNSUPPORTED);
	upload.at = 0;
	IS(icred_curl_set_rewind(auth, easy, upload_stuck, &upload), 0);
	IS(refused_once(easy), 0);
	upload.at = 0;
	IS(icred_curl_set_rewind(auth, easy, upload_rewind, &upload), 0);
	IS(refused_once(easy), 1);
	IS(upload.rewound, 1);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 404);
	IS(upload.at, 4);
	IS(icred_curl_should_retry(auth, easy), 0); /* good news, which end the pauses */
	/* It outlives a reset, and ends when it is told to. */
	curl_easy_reset(easy);
	dress(easy);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "from memory");
	IS(refused_once(easy), 1);
	IS(upload.rewound, 2);
	sent_again(easy);
	IS(icred_curl_set_rewind(auth, easy, NULL, NULL), 0);
	IS(refused_once(easy), 0);
	IS(icred_error()->code, ICRED_E_UNSUPPORTED);
	end_easy(easy);
}

static void test_origin(void)
{
	static const char *const bad[] = {"https://example.org/", "http://127.0.0.1:1/",
					  "ftp://127.0.0.1/",     "https://user@127.0.0.1/",
					  "imaps://127.0.0.1/",   ""};
	CURL *easy = new_easy();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(icred_curl_apply(auth, easy, bad[i], NULL) < 0);
	IS(icred_curl_apply(auth, easy, elsewhere, NULL), ICRED_E_ORIGIN);
	IS(count("mints"), 0);
	/* A handle whose next URL is refused has nothing of the last one left. */
	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_apply(auth, easy, elsewhere, NULL), ICRED_E_ORIGIN);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 401);
	IS(icred_curl_should_retry(auth, easy), 0);
	IS(icred_curl_perform(auth, easy, elsewhere, NULL), ICRED_E_ORIGIN);
	/* What the application had set to lead elsewhere does not. */
	curl_easy_setopt(easy, CURLOPT_URL, elsewhere);
	curl_easy_setopt(easy, CURLOPT_PORT, 1L);
	IS(send_once(easy, "/projects"), 200);
	IS(count("mints"), 1);
	end_easy(easy);
}

/* A redirect to elsewhere comes without the token, and its 401 says nothing of the token. */
static void test_redirect(void)
{
	CURL *easy = new_easy();

	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	control("fault", "{\"kind\":\"redirect\",\"on\":\"projects\"}");
	IS(icred_curl_apply(auth, easy, at("/projects"), NULL), 0);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(icred_curl_should_retry(auth, easy), 0);
	IS(count("mints"), 1);
	IS(number("elsewhere", "requests"), 1);
	IS(number("elsewhere", "authorizations"), 0);
	end_easy(easy);
}

/* What goes without a mint of our own: this process never starts a worker. */
static void test_warm(void)
{
	icred_request_t *request;
	icred_token_t *token;
	CURL *easy = new_easy(), *copy;

	IS(system("icred -q token >/dev/null"), 0);
	IS(send_once(easy, "/projects"), 200);
	IS(icred_curl_should_retry(auth, easy), 0);
	copy = curl_easy_duphandle(easy);
	IS(icred_curl_start(auth, copy, at("/projects"), NULL, &request), 0);
	CHECK(request == NULL);
	IS(icred_curl_apply(auth, copy, elsewhere, NULL), ICRED_E_ORIGIN);
	curl_easy_reset(easy);
	dress(easy);
	IS(icred_curl_apply(auth, easy, at("/projects"), NULL), 0);
	/* The token dies, and another process has been quicker than we to mint a new one. */
	kill_tokens();
	IS(system("icred -q forget && icred -q token >/dev/null"), 0);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 403);
	IS(icred_curl_should_retry(auth, easy), 1);
	IS(curl_easy_perform(easy), CURLE_OK);
	IS(status_of(easy), 200);
	IS(count("mints"), 2);
	IS(icred_request_start(handle, NULL, 0, &request), 0);
	IS(icred_request_finish(request, &token), 0);
	icred_token_unref(token);
	IS(icred_request_start(handle, "8d0c4f5e-0000-4000-8000-0000000000ff", 0, &request), 0);
	CHECK(icred_request_finish(request, &token) < 0);
	IS(icred_request_start(handle, "8d0c4f5e-0000-4000-8000-0000000000fe", 0, &request), 0);
	icred_request_cancel(request);
	end_easy(copy);
	end_easy(easy);
}

static CURLcode not_of_it(CURL *easy)
{
	return curl_easy_perform(easy);
}

static void test_table(void)
{
	struct icred_curl_functions table = *ICRED_CURL_FUNCTIONS;

	IS(icred_curl_check(auth, ICRED_CURL_FUNCTIONS), 0);
	table.easy_perform = not_of_it;
	IS(icred_curl_check(auth, &table), ICRED_E_INVALID);
	CHECK(strstr(icred_error()->message, "make a hook for each") != NULL);
	table.easy_perform = NULL;
	CHECK(icred_curl_new(handle, &table) == NULL);
	table = *ICRED_CURL_FUNCTIONS;
	table.size = 8;
	CHECK(icred_curl_new(handle, &table) == NULL);
	CHECK(icred_curl_new(NULL, ICRED_CURL_FUNCTIONS) == NULL);
	CHECK(icred_curl_new(handle, NULL) == NULL);
	IS(icred_error()->code, ICRED_E_INVALID);
	icred_curl_free(NULL);
}

/* -- */

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{"easy", test_easy},
	{"dead-401", test_dead_401},
	{"dead-403", test_dead_403},
	{"forbidden", test_forbidden},
	{"refusing", test_refusing},
	{"storm-401", test_storm_401},
	{"storm-403", test_storm_403},
	{"storm-warm", test_storm_warm},
	{"upload", test_upload},
	{"origin", test_origin},
	{"redirect", test_redirect},
	{"own-header", test_own_header},
	{"reset", test_reset},
	{"duplicate", test_duplicate},
	{"forget", test_forget},
	{"outlive", test_outlive},
	{"multi", test_multi},
	{"share", test_share},
	{"versions", test_versions},
	{"loop", test_loop},
	{"request", test_request},
	{"refused", test_refused},
	{"fork", test_fork},
	{"close", test_close},
	{"warm", test_warm},
	{"table", test_table},
	{"same-address", test_same_address},
	{"same-address-rewind", test_same_address_rewind},
};

static long version_from(const char *text)
{
	if (!text)
		return 0;
	return strcmp(text, "2") == 0 ? CURL_HTTP_VERSION_2_0 : CURL_HTTP_VERSION_1_1;
}

/* With a profile that another part of the program has opened; the same for each flavour in one process. */
__attribute__((visibility("default"))) int hook_scenario(icred_t *profile, const char *name)
{
	base = getenv("SANDBOX_URL");
	ca = getenv("SANDBOX_CA");
	directory = getenv("SANDBOX_DIR");
	elsewhere = getenv("SANDBOX_ELSEWHERE");
	http_version = version_from(getenv("SANDBOX_HTTP"));
	handle = profile;
	auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	wrong = !auth;
	for (size_t i = 0; auth && i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, name) != 0)
			continue;
		IS(icred_forget(handle), 0);
		control("reset", "{}");
		scenarios[i].run();
		icred_curl_free(auth);
		return wrong;
	}
	printf("no scenario is called %s: %s\n", name, icred_error()->message);
	return 1;
}

__attribute__((visibility("default"))) const struct icred_curl_functions *hook_table(void)
{
	return ICRED_CURL_FUNCTIONS;
}

#ifndef HOOK_SHARED
int main(int argc, char **argv)
{
	icred_t *profile = NULL;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
			puts(scenarios[i].name);
		return 0;
	}
	if (icred_open(&profile, NULL, NULL) < 0) {
		printf("%s\n", icred_error()->message);
		return 1;
	}
	for (int i = 1; i < argc; i++)
		failed |= hook_scenario(profile, argv[i]);
	icred_close(profile);
	curl_global_cleanup();
	return failed;
}
#endif
