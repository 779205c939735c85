/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook on a libcurl that only notes what it is told: each option, old versions, what an answer means. */
#include "config.h"

#include "lib/api/handle.h"
#include "lib/curl/curl-hook.h"
#include "tests/lib/core.h"

#define API "https://api.carbonregistry.com"
#define ID  "8d0c4f5e-0000-4000-8000-000000000001"

/* What the pretended libcurl was told, and what it tells. */
static struct {
	unsigned version;
	char said[2048]; /* "option=value " each, in order */
	unsigned refuse; /* this option */
	unsigned with;   /* with this error */
	long status;
	const char *url;
	int64_t sent;
	int performed, removed, added;
} fake;

static void note(unsigned option, const char *text, long number)
{
	size_t len = strlen(fake.said);

	if (text)
		(void)snprintf(fake.said + len, sizeof(fake.said) - len, "%u=%s ", option, text);
	else
		(void)snprintf(fake.said + len, sizeof(fake.said) - len, "%u=%ld ", option, number);
}

static CURLcode fake_setopt(CURL *easy, CURLoption option, ...)
{
	va_list arguments;

	(void)easy;
	va_start(arguments, option);
	if (option >= 10000) {
		const char *text = va_arg(arguments, const char *);
		note(option, text ? text : "NULL", 0);
	} else {
		note(option, NULL, va_arg(arguments, long));
	}
	va_end(arguments);
	return option == fake.refuse ? fake.with : CURL_OK;
}

static CURLcode fake_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list arguments;
	void *into;

	(void)easy;
	va_start(arguments, info);
	into = va_arg(arguments, void *);
	va_end(arguments);
	if (info == CURL_GET_RESPONSE_CODE)
		*(long *)into = fake.status;
	else if (info == CURL_GET_EFFECTIVE_URL)
		*(const char **)into = fake.url;
	else if (info == CURL_GET_SIZE_UPLOAD)
		*(int64_t *)into = fake.sent;
	else
		return CURL_UNKNOWN_OPTION;
	return CURL_OK;
}

static CURLcode fake_perform(CURL *easy)
{
	(void)easy;
	fake.performed++;
	return CURL_OK;
}

static CURLMcode fake_add(CURLM *multi, CURL *easy)
{
	(void)multi;
	(void)easy;
	fake.added++;
	return 0;
}

static CURLMcode fake_remove(CURLM *multi, CURL *easy)
{
	(void)multi;
	(void)easy;
	fake.removed++;
	return 0;
}

static curl_version_info_data *fake_version(CURLversion age)
{
	static curl_version_info_data data = {.version = "7.x", .ssl_version = "FakeTLS/1"};

	(void)age;
	data.version_num = fake.version;
	return &data;
}

static const struct icred_curl_functions functions = {
	sizeof(functions), fake_setopt, fake_getinfo, fake_perform, fake_add, fake_remove, fake_version,
};

static icred_t *handle;
static struct icred_curl *auth;
static char easy[1]; /* an address is all that a handle is here */

/* A token as if it had been minted: the table gives it out. */
static void have_token_of(const char *id, const char *secret)
{
	int64_t now = clock_utc();
	struct record record = {
		.identity = {profile_issuer(handle->context.profile), API, "12345", ICRED_TARGET_INSTALLATION,
			     id},
		.secret = secret,
		.minted_at = now,
		.expires_at = now + 7200,
	};
	unsigned char *blob = secret_alloc(handle->context.pool, 1024);
	struct wire wire = {.bytes = blob, .cap = 1024};
	struct token_body *body;

	assert_non_null(blob);
	record_write(&wire, &record);
	assert_false(wire.overflow);
	body = token_body_new(blob, wire.len);
	assert_non_null(body);
	table_put(&handle->table, body);
	token_body_unref(body);
}

static void have_token(const char *secret)
{
	have_token_of(ID, secret);
}

static int begin(void **state)
{
	struct icred_options options = {
		.size = sizeof(options), .app = "12345", .installation = ID, .flags = ICRED_NO_CACHE};

	(void)state;
	setenv("ICRED_CONFIG_DIR", "/nonexistent", 1);
	setenv("ICRED_LIBEXEC_DIR", "/nonexistent", 1);
	memset(&fake, 0, sizeof(fake));
	fake.version = 0x075801;
	fake.url = API "/projects";
	if (icred_open(&handle, NULL, &options) < 0)
		return -1;
	have_token("crs_one");
	auth = icred_curl_new(handle, &functions);
	return auth ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	icred_curl_free(auth);
	icred_close(handle);
	return 0;
}

static void apply(void)
{
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_apply(auth, easy, API "/projects", NULL), 0);
}

static void assert_said(const char *said)
{
	if (!strstr(fake.said, said))
		fail_msg("\"%s\" is not in \"%s\"", said, fake.said);
}

static void assert_not_said(const char *said)
{
	if (strstr(fake.said, said))
		fail_msg("\"%s\" is in \"%s\"", said, fake.said);
}

static void test_options(void **state)
{
	(void)state;
	apply();
	assert_string_equal(fake.said,
			    "10282=NULL 10002=" API "/projects 3=0 10318=https 10319=https 51=0 105=0 "
			    "107=64 10220=crs_one ");
	fake.version = 0x075400; /* what it was as the hook was made counts */
	icred_curl_free(auth);
	auth = icred_curl_new(handle, &functions);
	apply();
	assert_said("181=2 182=2 ");
	assert_not_said("10318");
}

static void test_flags(void **state)
{
	(void)state;
	icred_curl_set_flags(auth, ICRED_CURL_ANY_PROTOCOL);
	apply();
	assert_not_said("=https ");
	assert_said("51=0 ");
	icred_curl_set_flags(auth, ICRED_CURL_KEEP_NETRC | ICRED_CURL_KEEP_UNRESTRICTED);
	apply();
	assert_not_said("51=");
	assert_not_said("105=");
	assert_said("10318=https ");
	icred_curl_set_flags(auth, ICRED_CURL_KEEP_URL | ICRED_CURL_NO_REDIRECTS);
	apply();
	assert_not_said("10002=");
	assert_said("52=0 ");
	assert_said("107=64 10220=crs_one ");
}

static void test_old(void **state)
{
	(void)state;
	icred_curl_free(auth);
	fake.version = 0x075200;
	auth = icred_curl_new(handle, &functions);
	assert_non_null(auth);
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_apply(auth, easy, API "/", NULL), ICRED_E_UNSUPPORTED);
	assert_failure(ICRED_E_UNSUPPORTED, "ICRED_CURL_NO_REDIRECTS");
	assert_string_equal(fake.said, "10220=NULL ");
	icred_curl_set_flags(auth, ICRED_CURL_NO_REDIRECTS);
	apply();
	assert_said("52=0 ");
	icred_curl_free(auth);
	fake.version = 0x073c00;
	auth = icred_curl_new(handle, &functions);
	assert_null(auth);
	assert_failure(ICRED_E_UNSUPPORTED, "7.61");
}

/* Nothing is set before the origin is known to be good, nor left on the handle when it is not. */
static void test_origin(void **state)
{
	(void)state;
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_apply(auth, easy, "https://api.carbonregistry.com.example/", NULL),
			 ICRED_E_ORIGIN);
	assert_int_equal(icred_curl_apply(auth, easy, API ":444/", NULL), ICRED_E_ORIGIN);
	assert_int_equal(icred_curl_apply(auth, easy, "http://api.carbonregistry.com/", NULL),
			 ICRED_E_ORIGIN);
	assert_int_equal(icred_curl_apply(auth, easy, "https://a@api.carbonregistry.com/", NULL),
			 ICRED_E_INVALID);
	/* All that happens to a handle we do not know: it may be a copy of one that we do. */
	assert_string_equal(fake.said, "10220=NULL 10220=NULL 10220=NULL 10220=NULL ");
	apply();
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_apply(auth, easy, "https://example.org/", NULL), ICRED_E_ORIGIN);
	assert_string_equal(fake.said, "10220=NULL ");
}

/* Where an option of the protection cannot be set, the token isn't either. */
static void test_refused_option(void **state)
{
	(void)state;
	fake.refuse = CURL_SET_REDIR_PROTOCOLS_STR;
	fake.with = CURL_UNKNOWN_OPTION;
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_apply(auth, easy, API "/", NULL), ICRED_E_INTERNAL);
	assert_not_said("crs_one");
	fake.refuse = CURL_SET_NETRC; /* one that was built without has none to ignore */
	apply();
	assert_said("crs_one");
}

static int retry(long status)
{
	have_token("crs_one");
	apply();
	have_token("crs_two"); /* as another thread would have it by now */
	fake.status = status;
	fake.said[0] = '\0';
	return icred_curl_should_retry(auth, easy);
}

static void test_retry(void **state)
{
	(void)state;
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_failure(ICRED_E_INVALID, "icred_curl_apply()");
	assert_int_equal(retry(200), 0);
	assert_int_equal(icred_error()->code, 0);
	assert_int_equal(retry(500), 0);
	assert_int_equal(retry(407), 0);
	assert_int_equal(retry(401), 1);
	assert_said("10220=crs_two ");
	assert_int_equal(icred_curl_should_retry(auth, easy), 0); /* once */
	assert_failure(ICRED_E_REJECTED, "new token as well");
	assert_false(rejected_has(&handle->rejected, "crs_two"));
	assert_true(rejected_has(&handle->rejected, "crs_one"));
	fake.status = 200; /* and nothing of that is said after a request that went well */
	have_token("crs_three");
	assert_int_equal(icred_curl_perform(auth, easy, API "/projects", NULL), CURL_OK);
	assert_int_equal(icred_error()->code, 0);
	assert_int_equal(fake.performed, 1);
	assert_int_equal(atomic_load(&auth->backoffs.count), 0); /* good news, too */
	fake.status = 500;
	assert_int_equal(icred_curl_apply(auth, easy, "", NULL), ICRED_E_INVALID);
	assert_int_equal(icred_curl_perform(auth, easy, API "/projects", NULL), CURL_OK);
	assert_int_equal(icred_error()->code, 0);
}

static void test_elsewhere(void **state)
{
	(void)state;
	fake.url = "https://example.org/login";
	assert_int_equal(retry(401), 0);
	assert_false(rejected_has(&handle->rejected, "crs_one"));
	fake.url = "https://api.carbonregistry.com:444/";
	assert_int_equal(retry(401), 0);
	fake.url = "https://api.carbonregistry.com/other";
	assert_int_equal(retry(401), 1);
}

static void test_words(void **state)
{
	static const char dead[] = "{\"statusCode\":403,\"message\":\"Access token invalid\"}";

	(void)state;
	apply();
	icred_curl_saw(auth, easy, "Insufficient permissions", 24);
	fake.status = 403;
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	have_token("crs_one");
	apply();
	have_token("crs_two");
	for (size_t i = 0; i < sizeof(dead) - 1; i++) /* however it comes */
		icred_curl_saw(auth, easy, dead + i, 1);
	assert_int_equal(icred_curl_should_retry(auth, easy), 1);
}

static void test_resend(void **state)
{
	(void)state;
	fake.sent = 10;
	assert_int_equal(retry(401), 0);
	assert_failure(ICRED_E_UNSUPPORTED, "cannot be sent again");
	/* The next request has another token all the same. */
	assert_true(rejected_has(&handle->rejected, "crs_one"));
	fake.said[0] = '\0';
	apply();
	assert_said("10220=crs_two ");
	icred_curl_set_flags(auth, ICRED_CURL_RESEND);
	assert_int_equal(retry(401), 1);
}

/* Without a new token there is no repetition: it may be asked for again, and nothing is learned from it. */
static void test_no_other(void **state)
{
	icred_request_t *request;

	(void)state;
	fake.status = 403;
	apply();
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_failure(ICRED_E_INTERNAL, "icred-worker");
	have_token("crs_two");
	assert_int_equal(icred_curl_should_retry(auth, easy), 1);
	fake.status = 200;
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	for (int i = 0; i < 2; i++) {
		fake.status = 403;
		apply();
		assert_int_equal(icred_curl_restart(auth, easy, &request), 1);
		assert_int_equal(icred_curl_finish(auth, easy, request), ICRED_E_INTERNAL);
		have_token(i ? "crs_four" : "crs_three");
	}
	apply();
	have_token("crs_five");
	assert_int_equal(icred_curl_should_retry(auth, easy), 1);
	/* That one is for nothing, and so the last for a while. */
	apply();
	have_token("crs_six");
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_failure(ICRED_E_REJECTED, "keeps refusing tokens");
}

/* A token that stays on the handle is the one that icred_get_token() would give, at any time. */
static void test_current(void **state)
{
	static const char other[] = "8d0c4f5e-0000-4000-8000-000000000002";
	icred_request_t *request;
	icred_token_t *token;

	(void)state;
	apply();
	apply();
	assert_said("10220=crs_one ");
	have_token("crs_two");
	apply();
	assert_said("10220=crs_two ");
	/* Another installation's, and back. */
	fake.said[0] = '\0';
	assert_true(icred_curl_apply(auth, easy, API "/projects", other) < 0);
	assert_string_equal(fake.said, "10220=NULL ");
	have_token_of(other, "crs_other");
	assert_int_equal(icred_curl_apply(auth, easy, API "/projects", other), 0);
	assert_said("10220=crs_other ");
	assert_int_equal(icred_curl_apply(auth, easy, API "/projects", other), 0);
	apply();
	assert_said("10220=crs_two ");
	/* Whatever a request has put there. */
	assert_int_equal(icred_request_start(handle, other, 0, &request), 0);
	assert_int_equal(icred_curl_finish(auth, easy, request), 0);
	assert_said("10220=crs_other ");
	apply();
	assert_said("10220=crs_two ");
	/* Refused elsewhere, and forgotten. */
	assert_int_equal(icred_get_token(handle, NULL, 0, &token), 0);
	assert_int_equal(icred_reject_token(handle, token), 0);
	icred_token_unref(token);
	assert_true(icred_curl_apply(auth, easy, API "/projects", NULL) < 0);
	have_token("crs_three");
	apply();
	assert_said("10220=crs_three ");
	assert_int_equal(icred_forget(handle), 0);
	assert_true(icred_curl_apply(auth, easy, API "/projects", NULL) < 0);
}

/* A request that was begun before the refusal has the refused token. */
static void test_restart(void **state)
{
	icred_request_t *stale, *request = NULL;

	(void)state;
	apply();
	assert_int_equal(icred_request_start(handle, NULL, 0, &stale), 0);
	fake.status = 401;
	assert_int_equal(icred_curl_restart(auth, easy, &request), 1);
	icred_request_cancel(request);
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_finish(auth, easy, stale), ICRED_E_REJECTED);
	assert_failure(ICRED_E_REJECTED, "has not minted another one");
	assert_string_equal(fake.said, "10220=NULL ");
	/* What was begun after it has another one. */
	have_token("crs_two");
	apply();
	have_token("crs_three");
	assert_int_equal(icred_curl_restart(auth, easy, &request), 1);
	fake.said[0] = '\0';
	assert_int_equal(icred_curl_finish(auth, easy, request), 0);
	assert_said("10220=crs_three ");
	/* The same token twice is not a fault if no server has refused it. */
	assert_int_equal(icred_request_start(handle, NULL, 0, &request), 0);
	assert_int_equal(icred_curl_finish(auth, easy, request), 0);
	assert_int_equal(icred_curl_finish(auth, easy, NULL), ICRED_E_INVALID);
}

/* A token goes on a handle whose URL was checked, and on no other one. */
static void test_not_begun(void **state)
{
	icred_request_t *request;

	(void)state;
	icred_curl_set_flags(auth, ICRED_CURL_KEEP_URL);
	assert_int_equal(icred_curl_set_rewind(auth, easy, NULL, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(icred_request_start(handle, NULL, 0, &request), 0);
		fake.said[0] = '\0';
		assert_int_equal(icred_curl_finish(auth, easy, request), ICRED_E_INVALID);
		assert_failure(ICRED_E_INVALID, "icred_curl_start()");
		assert_string_equal(fake.said, "10220=NULL ");
		apply();
		assert_int_equal(icred_curl_start(auth, easy, "https://example.org/", NULL, &request),
				 ICRED_E_ORIGIN);
	}
}

/* The hook does not know a copy of a handle; the token that came along goes all the same. */
static void test_forget(void **state)
{
	char copy[1];

	(void)state;
	apply();
	fake.said[0] = '\0';
	icred_curl_forget(auth, copy);
	assert_string_equal(fake.said, "10220=NULL ");
	icred_curl_forget(auth, easy);
	icred_curl_forget(auth, NULL);
	icred_curl_forget(NULL, easy);
	assert_string_equal(fake.said, "10220=NULL 10220=NULL ");
}

/* Each profile has origins of its own: what one brings does not go on a handle of the other's hook. */
static void test_other_profile(void **state)
{
	struct icred_options options = {.size = sizeof(options), .app = "12345", .installation = ID};
	struct icred_curl *theirs;
	icred_request_t *request;
	icred_t *other;

	(void)state;
	assert_int_equal(icred_open(&other, NULL, &options), 0);
	theirs = icred_curl_new(other, &functions);
	assert_non_null(theirs);
	assert_int_equal(icred_request_start(handle, NULL, 0, &request), 0);
	assert_int_equal(icred_curl_set_rewind(theirs, easy, NULL, NULL), 0);
	assert_int_equal(icred_curl_finish(theirs, easy, request), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "another profile");
	assert_string_equal(fake.said, "10220=NULL ");
	icred_curl_free(theirs);
	icred_close(other);
}

/* A table as version 1.0 had it, and one of a later version: programs are older and newer than the library. */
static void test_table(void **state)
{
	enum { SIZE_1_0 = 7 * sizeof(void *) };
	struct {
		struct icred_curl_functions known;
		void *more[2];
	} later = {functions, {easy, easy}};
	struct icred_curl_functions *first = malloc(SIZE_1_0); /* of which nothing more can be read */
	struct icred_curl *other;

	(void)state;
	assert_non_null(first);
	memcpy(first, &functions, SIZE_1_0);
	for (size_t size = 0; size < SIZE_1_0; size++) {
		first->size = size;
		assert_null(icred_curl_new(handle, first));
		assert_failure(ICRED_E_INVALID, "ICRED_CURL_FUNCTIONS");
		assert_int_equal(icred_curl_check(auth, first), ICRED_E_INVALID);
	}
	first->size = SIZE_1_0;
	later.known.size = sizeof(later);
	assert_int_equal(icred_curl_check(auth, first), 0);
	assert_int_equal(icred_curl_check(auth, &later.known), 0);
	other = icred_curl_new(handle, first);
	assert_non_null(other);
	icred_curl_free(other);
	other = icred_curl_new(handle, &later.known);
	assert_non_null(other);
	assert_int_equal(icred_curl_apply(other, easy, API "/", NULL), 0);
	icred_curl_free(other);
	free(first);
}

static int rewound;

static int rewind_it(CURL *of, void *data)
{
	assert_ptr_equal(of, easy);
	assert_ptr_equal(data, &rewound);
	rewound++;
	return 0;
}

/* A handle was cleaned up, and the next one has its address: all that the hook has of a handle. */
static void test_same_address(void **state)
{
	(void)state;
	rewound = 0;
	assert_int_equal(icred_curl_set_rewind(auth, easy, rewind_it, &rewound), 0);
	assert_int_equal(retry(401), 1);
	assert_int_equal(rewound, 1);
	/* Forgotten before: nothing of it is left. */
	icred_curl_forget(auth, easy);
	fake.status = 401;
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_failure(ICRED_E_INVALID, "icred_curl_apply()");
	fake.sent = 10;
	have_token("crs_three");
	apply();
	have_token("crs_four");
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_failure(ICRED_E_UNSUPPORTED, "cannot be sent again");
	assert_int_equal(rewound, 1);
	/* Not forgotten: icred_curl_apply() begins a request of its own, which may be repeated once. */
	fake.sent = 0;
	assert_int_equal(icred_curl_should_retry(auth, easy), 1);
	fake.status = 0;
	have_token("crs_five");
	apply();
	assert_said("10220=crs_five ");
	assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	assert_int_equal(icred_error()->code, 0);
	have_token("crs_six");
	fake.status = 401;
	assert_int_equal(icred_curl_should_retry(auth, easy), 1);
	assert_said("10220=crs_six ");
	assert_false(rejected_has(&handle->rejected, "crs_six"));
}

static void test_multi(void **state)
{
	CURLMsg message = {.msg = CURL_MESSAGE_DONE, .easy_handle = easy};
	char multi[1];

	(void)state;
	fake.status = 401;
	apply();
	have_token("crs_two");
	assert_int_equal(icred_curl_multi_done(auth, multi, &message), 1);
	assert_int_equal(fake.removed, 1);
	assert_int_equal(fake.added, 1);
	assert_int_equal(icred_curl_multi_done(auth, multi, &message), 0);
	assert_int_equal(fake.removed, 1);
	message.msg = 0;
	assert_int_equal(icred_curl_multi_done(auth, multi, &message), 0);
}

/* Three for nothing, then pauses; good news end them. */
static void test_backoff(void **state)
{
	struct backoffs backoffs = {.list = NULL};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DEAD), 0);
	assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DEAD), 1);
	assert_int_equal(backoff_try(&backoffs, NULL, TOKEN_DEAD), 0);
	backoff_accepted(&backoffs, ID);
	assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DEAD), 0);
	backoff_accepted(&backoffs, ID);
	assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DOUBTFUL), 0);
	for (int i = 0; i < 100; i++) /* transfers that were all repeated with the one new token */
		backoff_learn(&backoffs, ID, false);
	backoff_accepted(&backoffs, ID);
	assert_in_range(backoff_try(&backoffs, ID, TOKEN_DOUBTFUL), 59, 60);
	assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DEAD), 0);
	backoff_learn(&backoffs, ID, true);
	assert_int_equal(backoff_try(&backoffs, ID, TOKEN_DOUBTFUL), 0);
	backoffs_clear(&backoffs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_options, begin, end),
		cmocka_unit_test_setup_teardown(test_flags, begin, end),
		cmocka_unit_test_setup_teardown(test_old, begin, end),
		cmocka_unit_test_setup_teardown(test_origin, begin, end),
		cmocka_unit_test_setup_teardown(test_refused_option, begin, end),
		cmocka_unit_test_setup_teardown(test_retry, begin, end),
		cmocka_unit_test_setup_teardown(test_elsewhere, begin, end),
		cmocka_unit_test_setup_teardown(test_words, begin, end),
		cmocka_unit_test_setup_teardown(test_resend, begin, end),
		cmocka_unit_test_setup_teardown(test_no_other, begin, end),
		cmocka_unit_test_setup_teardown(test_current, begin, end),
		cmocka_unit_test_setup_teardown(test_restart, begin, end),
		cmocka_unit_test_setup_teardown(test_not_begun, begin, end),
		cmocka_unit_test_setup_teardown(test_forget, begin, end),
		cmocka_unit_test_setup_teardown(test_other_profile, begin, end),
		cmocka_unit_test_setup_teardown(test_table, begin, end),
		cmocka_unit_test_setup_teardown(test_same_address, begin, end),
		cmocka_unit_test_setup_teardown(test_multi, begin, end),
		cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests_name("the libcurl hook", tests, NULL, NULL);
}
