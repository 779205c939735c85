/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer that is not a token means: by its status, its headers and its body together. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <icred/icred.h>

#include "plugin/issuer/appauth/answer.h"
#include "tests/plugin/fake-host.h"

#define NOW   INT64_C(1700000000) /* 2023-11-14T22:13:20Z */
#define JSON  "application/json; charset=utf-8"
#define HTML  "text/html; charset=utf-8"
#define PAGE  "<!DOCTYPE html><title>x</title>"
#define SOON  60
#define NEVER -1 /* the error has no time */

#define REASON "there is no token in the answer"

static const struct appauth_scheme scheme = {.error_status = "statusCode"};

static const struct icred_host host = {.size = sizeof(host), .fail = host_fail, .retry_at = host_retry_at};

struct row {
	long status;
	const char *type;
	const char *body;
	int code;
	int64_t wait; /* from NOW on; NEVER: retryAt is not set */
	struct {
		const char *after;
		const char *remaining;
		const char *reset;
		int64_t date;
		const char *limits;
	} headers;
};

static int judge(const struct row *row)
{
	struct icred_mint_request request = {
		.size = sizeof(request), .app = "12345", .target = ICRED_TARGET_INSTALLATION, .id = "i-1"};
	struct http_reply reply = {.status = row->status,
				   .body = (char *)(uintptr_t)row->body,
				   .len = strlen(row->body),
				   .date = row->headers.date};
	struct answer_error error = {
		.scheme = &scheme, .request = &request, .reply = &reply, .peer = "host", .now = NOW};

	snprintf(reply.type, sizeof(reply.type), "%s", row->type);
	snprintf(reply.retry_after, sizeof(reply.retry_after), "%s",
		 row->headers.after ? row->headers.after : "");
	snprintf(reply.limit.remaining, sizeof(reply.limit.remaining), "%s",
		 row->headers.remaining ? row->headers.remaining : "");
	snprintf(reply.limit.reset, sizeof(reply.limit.reset), "%s",
		 row->headers.reset ? row->headers.reset : "");
	snprintf(reply.limits, sizeof(reply.limits), "%s", row->headers.limits ? row->headers.limits : "");
	return answer_is_success(&reply) ? answer_error_report_body(&host, &error, ICRED_E_PROTOCOL, REASON)
					 : answer_error_report(&host, &error);
}

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int code = judge(&rows[i]);
		int64_t wait = retry_at ? retry_at - NOW : NEVER;

		if (code != rows[i].code || wait != rows[i].wait)
			fail_msg("row %zu: %ld %s: code %d, not %d; wait %d, not %d; %s", i, rows[i].status,
				 rows[i].body, code, rows[i].code, (int)wait, (int)rows[i].wait, message);
		/* Only what the service itself says may put the blame on one of these. */
		if (code != ICRED_E_REJECTED && code != ICRED_E_SUSPENDED && code != ICRED_E_NOT_FOUND &&
		    code != ICRED_E_INVALID && code != ICRED_E_RATE_LIMITED) {
			assert_null(strstr(message, "refused the key"));
			assert_null(strstr(message, "dashboard"));
			assert_null(strstr(message, "installation"));
		}
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

#define SAYS(status, text) "{\"statusCode\":" #status ",\"message\":\"" text "\"}"

static void test_service(void **state)
{
	static const struct row rows[] = {
		{401, JSON, SAYS(401, "Unauthorized"), ICRED_E_REJECTED, NEVER, {0}},
		{401, "application/problem+json", SAYS(401, "No"), ICRED_E_REJECTED, NEVER, {0}},
		{401, "APPLICATION/JSON", SAYS(401, "No"), ICRED_E_REJECTED, NEVER, {0}},
		{403, JSON, SAYS(403, "Forbidden resource"), ICRED_E_REJECTED, NEVER, {0}},
		{403, JSON, "\xef\xbb\xbf" SAYS(403, "Forbidden"), ICRED_E_REJECTED, NEVER, {0}},
		{403, JSON, "{\"statusCode\":403,\"message\":[\"a\",\"b\"]}", ICRED_E_REJECTED, NEVER, {0}},
		{403, JSON, "{\"statusCode\":403,\"error\":\"Forbidden\"}", ICRED_E_REJECTED, NEVER, {0}},
		{403, JSON, SAYS(403, "The installation is suspended"), ICRED_E_SUSPENDED, NEVER, {0}},
		{403, JSON, SAYS(403, "App is not active"), ICRED_E_SUSPENDED, NEVER, {.after = "5"}},
		{404, JSON, SAYS(404, "Not Found"), ICRED_E_NOT_FOUND, NEVER, {0}},
		{410, JSON, SAYS(410, "Gone"), ICRED_E_NOT_FOUND, NEVER, {0}},
		{400, JSON, SAYS(400, "Bad Request"), ICRED_E_INVALID, NEVER, {0}},
		{422, JSON, SAYS(422, "No such version"), ICRED_E_INVALID, NEVER, {0}},
		{418, JSON, SAYS(418, "teapot"), ICRED_E_PROTOCOL, NEVER, {0}},
		{500, JSON, SAYS(500, "Internal server error"), ICRED_E_NETWORK, NEVER, {0}},
		{502, JSON, SAYS(502, "Bad Gateway"), ICRED_E_NETWORK, 9, {.after = "9"}},
		/* A status of success over an error. */
		{200, JSON, SAYS(403, "The installation is suspended"), ICRED_E_SUSPENDED, NEVER, {0}},
		{200, JSON, SAYS(401, "No"), ICRED_E_REJECTED, NEVER, {0}},
		{200, JSON, SAYS(429, "Too Many Requests"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{201, JSON, SAYS(403, "API rate limit exceeded"), ICRED_E_RATE_LIMITED, 7, {.after = "7"}},
	};

	(void)state;
	CHECK(rows);
}

static void test_limit(void **state)
{
	static const char no[] = SAYS(403, "Forbidden");
	static const struct row rows[] = {
		{429, JSON, SAYS(429, "Too Many Requests"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{429, "", "", ICRED_E_RATE_LIMITED, SOON, {0}},
		{429, "text/plain", "slow down", ICRED_E_RATE_LIMITED, 30, {.after = "30"}},
		{429, "text/html", "Too many requests.", ICRED_E_RATE_LIMITED, SOON, {0}},
		{429, JSON, "{\"message\":\"Limit Exceeded\"}", ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 120, {.after = "120"}},
		{403, "", "", ICRED_E_RATE_LIMITED, 120, {.after = "120"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, SOON, {.remaining = "0"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 100, {.remaining = "0", .reset = "1700000100"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 100, {.remaining = "0", .reset = "100"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 100, {.remaining = "00", .reset = "1700000100000"}},
		{403,
		 JSON,
		 no,
		 ICRED_E_RATE_LIMITED,
		 5,
		 {.after = "5", .remaining = "0", .reset = "1700000100"}},
		{503, JSON, SAYS(503, "Slow down"), ICRED_E_RATE_LIMITED, 9, {.after = "9"}},
		{503, JSON, SAYS(503, "x"), ICRED_E_RATE_LIMITED, 40, {.remaining = "0", .reset = "40"}},
		{403,
		 JSON,
		 SAYS(403, "You have exceeded a secondary rate limit"),
		 ICRED_E_RATE_LIMITED,
		 SOON,
		 {0}},
		{403, JSON, "{\"message\":\"API rate limit exceeded\"}", ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, SAYS(403, "abuse detection mechanism"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, SAYS(403, "ThrottlerException"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, "text/plain", "Rate-Limit reached", ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, SOON, {.after = "soon"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, SOON, {.after = "1.5"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, SOON, {.limits = "\"hour\";r=0"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 30, {.limits = "\"hour\";r=0;t=30"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 30, {.limits = "limit=10, remaining=0, reset=30"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 30, {.limits = "\"a\";r=0;t=30, \"b\";r=5;t=90"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 90, {.limits = "\"a\";r=0;t=30, \"b\";r=0;t=90"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 90, {"", "7", "9", 0, "\"a\";r=0;t=90"}},
		{403, JSON, no, ICRED_E_RATE_LIMITED, 9, {"", "0", "9", 0, "\"a\";r=1;t=90"}},
		{401, JSON, SAYS(401, "Too many requests"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, SAYS(403, "Request limit exceeded"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{403, JSON, SAYS(403, "suspended: too many requests"), ICRED_E_RATE_LIMITED, SOON, {0}},
		{200, JSON, "{\"message\":\"API rate limit exceeded\"}", ICRED_E_RATE_LIMITED, SOON, {0}},
		/* Not a limit: something remains, or the status is another. */
		{403, JSON, no, ICRED_E_REJECTED, NEVER, {.remaining = "1", .reset = "100"}},
		{403, JSON, no, ICRED_E_REJECTED, NEVER, {.remaining = "", .reset = "100"}},
		{403, JSON, no, ICRED_E_REJECTED, NEVER, {.remaining = "-0", .reset = "100"}},
		{403, JSON, no, ICRED_E_REJECTED, NEVER, {.limits = "\"hour\";r=1;t=30, limit=0"}},
		{403, JSON, no, ICRED_E_REJECTED, NEVER, {.limits = "r, r=, t=0;=0"}},
		{401, JSON, SAYS(401, "No"), ICRED_E_REJECTED, NEVER, {.remaining = "0", .reset = "100"}},
		{404, JSON, SAYS(404, "No"), ICRED_E_NOT_FOUND, NEVER, {.after = "30"}},
	};

	(void)state;
	CHECK(rows);
}

static void test_retry_time(void **state)
{
	static const struct {
		const char *after;
		int64_t date;
		int64_t wait;
	} rows[] = {
		{"30", 0, 30},
		{"0", 0, 1},
		{"000000000000000000000000000000000000000000000000000000000000007", 0, 7},
		{"86400", 0, 86400},
		{"86401", 0, 86400},
		{"99999999999999999999999999999999999999999", 0, 86400},
		{"Tue, 14 Nov 2023 22:14:20 GMT", 0, 60},
		{"Tue, 14 Nov 2023 22:14:20 GMT", NOW + 30, 30},
		{"Tuesday, 14-Nov-23 22:14:20 GMT", 0, 60},
		{"Tue Nov 14 22:14:20 2023", 0, 60},
		{"Tue, 14 Nov 2023 22:12:20 GMT", 0, 1},
		{"Thu, 01 Jan 2099 00:00:00 GMT", 0, 86400},
		{"-5", 0, SOON},
		{"+5", 0, SOON},
		{"1.5", 0, SOON},
		{"30 s", 0, SOON},
		{"soon", 0, SOON},
		{"", 0, SOON},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = {.status = 429,
				  .type = JSON,
				  .body = SAYS(429, "x"),
				  .code = ICRED_E_RATE_LIMITED,
				  .wait = rows[i].wait,
				  .headers = {.after = rows[i].after, .date = rows[i].date}};

		check(&row, 1);
	}
}

static void test_page(void **state)
{
	static const long protocol[] = {200, 201, 400, 401, 403, 404, 410, 418, 422, 451};
	static const long network[] = {407, 408, 429, 500, 502, 503, 504, 511, 520};
	static const char *const types[] = {HTML, JSON, "", "text/plain", "application/xhtml+xml"};
	static const char *const pages[] = {PAGE, ("\xef\xbb\xbf \r\n" PAGE), "<html>",
					    "<?xml version='1.0'?><Error/>",
					    "<h1>This installation is suspended: rate limit</h1>"};

	(void)state;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
		for (size_t p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
			struct row row = {.type = types[t], .body = pages[p], .wait = NEVER};

			row.code = ICRED_E_PROTOCOL;
			for (size_t i = 0; i < sizeof(protocol) / sizeof(protocol[0]); i++) {
				row.status = protocol[i];
				check(&row, 1);
			}
			row.code = ICRED_E_NETWORK;
			for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
				row.status = network[i];
				check(&row, 1);
			}
		}
	check(&(struct row){.status = 503,
			    .type = HTML,
			    .body = PAGE,
			    .code = ICRED_E_NETWORK,
			    .wait = 120,
			    .headers = {.after = "120"}},
	      1);
}

/* Neither a page nor the service's own form. */
static void test_unknown(void **state)
{
	static const char *const bodies[] = {
		"",
		" ",
		"Forbidden",
		"null",
		"5",
		"\"Unauthorized\"",
		"[]",
		"[{\"statusCode\":401,\"message\":\"x\"}]",
		"{}",
		"{\"message\":\"Forbidden\"}",
		"{\"Message\":\"User is not authorized\"}",
		"{\"error\":\"invalid_token\"}",
		"{\"statusCode\":499,\"message\":\"x\"}",
		"{\"statusCode\":\"401\"}",
		"{\"statusCode\":401}",
		"{\"statusCode\":401,\"message\":5}",
		"{\"statusCode\":401,\"message\":\"The installation is suspended\"",
		"{\"statusCode\":401,\"message\":\"x\"}{}",
		"{\"statusCode\":401,\"message\":\"x\",\"message\":\"y\"}",
		"{\"statusCode\\u0000\":401,\"message\":\"x\"}",
		"{\"statusCode\":401,\"message\\u0000\":\"x\"}",
		"{\"nested\":{\"statusCode\":401,\"message\":\"x\"}}",
	};
	static const long refusals[] = {400, 401, 403, 404, 405, 410, 422, 451};

	(void)state;
	for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++)
		for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
			check(&(struct row){refusals[i], JSON, bodies[b], ICRED_E_PROTOCOL, NEVER, {0}}, 1);
	/* The form is right, but for its type. */
	check(&(struct row){401, "text/plain", SAYS(401, "x"), ICRED_E_PROTOCOL, NEVER, {0}}, 1);
	check(&(struct row){401, "", SAYS(401, "x"), ICRED_E_PROTOCOL, NEVER, {0}}, 1);
	check(&(struct row){500, "", "", ICRED_E_NETWORK, NEVER, {0}}, 1);
	check(&(struct row){302, "", "", ICRED_E_PROTOCOL, NEVER, {0}}, 1);
	check(&(struct row){200, "", "", ICRED_E_PROTOCOL, NEVER, {0}}, 1);
	assert_non_null(strstr(message, REASON));
}

static bool is_refusal(long status, const char *type, const char *body, const char *after)
{
	struct http_reply reply = {.status = status, .body = (char *)(uintptr_t)body, .len = strlen(body)};

	snprintf(reply.type, sizeof(reply.type), "%s", type);
	snprintf(reply.retry_after, sizeof(reply.retry_after), "%s", after);
	return answer_rejects_jwt(&scheme, &reply);
}

/* When a JWT that was used before is given up for a new one. */
static void test_refusal(void **state)
{
	(void)state;
	assert_true(is_refusal(401, JSON, SAYS(401, "x"), ""));
	assert_true(is_refusal(403, JSON, SAYS(403, "x"), ""));
	assert_true(is_refusal(401, "", "", ""));
	assert_false(is_refusal(401, HTML, PAGE, ""));
	assert_false(is_refusal(403, JSON, SAYS(403, "x"), "30"));
	assert_false(is_refusal(403, JSON, SAYS(403, "suspended"), ""));
	assert_false(is_refusal(404, JSON, SAYS(404, "x"), ""));
	assert_false(is_refusal(429, JSON, SAYS(429, "x"), ""));
}

static void check_said(const char *body, const char *said)
{
	struct row row = {.status = 403, .type = JSON, .body = body};

	(void)judge(&row);
	if (!strstr(message, said))
		fail_msg("%s: %s", body, message);
}

static void test_said(void **state)
{
	(void)state;
	check_said("{\"statusCode\":403,\"message\":\"No\",\"error\":\"Forbidden\"}", "(403: \"No\")");
	check_said("{\"message\":[\"one\",5,\"two\"]}", "(403: \"one; two\")");
	check_said("{\"message\":[],\"error\":\"Forbidden\"}", "(403: \"Forbidden\")");
	check_said("{\"message\":{\"a\":1},\"error\":\"Forbidden\"}", "(403: \"Forbidden\")");
	check_said("{\"message\":5}", "(403)");
	check_said("[\"message\"]", "(403)");
	check_said("", "(403)");
	check_said("{\"message\":\"a\\r\\n\\u001b[0m crs_0123 eyJhbGc.e30.x\"}",
		   "(403: \"a???[0m [redacted] [redacted]\")");
}

static void test_long_message(void **state)
{
	char body[20000] = "{\"message\":[\"";
	size_t n = strlen(body);

	(void)state;
	memset(body + n, '.', 15000);
	snprintf(body + n + 15000, sizeof(body) - n - 15000, "\",\"b\",\"c\"]}");
	check_said(body, "...\")");
	assert_true(strlen(message) < 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service),    cmocka_unit_test(test_limit),
		cmocka_unit_test(test_retry_time), cmocka_unit_test(test_page),
		cmocka_unit_test(test_unknown),    cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_said),       cmocka_unit_test(test_long_message),
	};

	return cmocka_run_group_tests_name("answer-error", tests, NULL, NULL);
}
