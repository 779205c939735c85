/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/profile/origin.h"
#include "tests/lib/core.h"

#define API "https://api.carbonregistry.com"

static void urls_have_one_spelling_of_their_origin(void **state)
{
	static const struct {
		const char *url, *origin;
		bool loopback;
	} cases[] = {
		{API, API, false},
		{API "/", API, false},
		{API "?q=https://evil.example", API, false},
		{API "#@evil.example", API, false},
		{API "/a@b:c", API, false},
		{"HTTPS://API.CarbonRegistry.COM/Projects", API, false},
		{API ":443/projects", API, false},
		{API ":", API, false},
		{API ":0443", API, false},
		{API ":80", API ":80", false},
		{API ":1", API ":1", false},
		{API ":65535", API ":65535", false},
		{API ".", API ".", false},
		{"http://api.carbonregistry.com", "http://api.carbonregistry.com", false},
		{"http://api.carbonregistry.com:80/", "http://api.carbonregistry.com", false},
		{"http://api.carbonregistry.com:443", "http://api.carbonregistry.com:443", false},
		{"https://[2001:DB8:0:0:0:0:0:1]:8443/x", "https://[2001:db8::1]:8443", false},
		{"https://[2001:db8::0001]", "https://[2001:db8::1]", false},
		{"http://localhost:8080", "http://localhost:8080", true},
		{"http://LOCALHOST", "http://localhost", true},
		{"http://127.0.0.1:1/", "http://127.0.0.1:1", true},
		{"http://127.255.0.9", "http://127.255.0.9", true},
		{"http://[::1]:99", "http://[::1]:99", true},
		{"http://[0:0:0:0:0:0:0:1]", "http://[::1]", true},
		{"http://localhost.", "http://localhost.", false},
		{"http://localhost.evil.example", "http://localhost.evil.example", false},
		{"http://127.0.0.1.evil.example", "http://127.0.0.1.evil.example", false},
		{"http://127.1", "http://127.1", false},
		{"http://2130706433", "http://2130706433", false},
		{"http://0.0.0.0", "http://0.0.0.0", false},
		{"http://128.0.0.1", "http://128.0.0.1", false},
		{"http://[::]", "http://[::]", false},
	};
	char text[ORIGIN_MAX];
	struct origin origin;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!origin_parse(cases[i].url, &origin))
			fail_msg("%s was refused", cases[i].url);
		origin_format(&origin, text);
		assert_string_equal(text, cases[i].origin);
		if (origin.loopback != cases[i].loopback)
			fail_msg("%s: loopback is %d", cases[i].url, origin.loopback);
	}
}

static void doubtful_urls_have_no_origin(void **state)
{
	static const char *const urls[] = {
		"",
		"api.carbonregistry.com",
		"//api.carbonregistry.com",
		"https:",
		"https:/api.carbonregistry.com",
		"https://",
		"https:///projects",
		"https://:443",
		"https://.",
		"https://?x",
		"ftp://api.carbonregistry.com",
		"httpsx://api.carbonregistry.com",
		"file:///etc/passwd",
		"javascript:alert(1)",
		"https://user@api.carbonregistry.com",
		"https://user:pass@api.carbonregistry.com",
		"https://api.carbonregistry.com@evil.example",
		"https://@api.carbonregistry.com",
		API ":0",
		API ":65536",
		API ":99999999999999999999",
		API ":-1",
		API ":+443",
		API ":443x",
		API ":4 43",
		API ":443:443",
		" " API,
		API " ",
		API "/a b",
		API "\n",
		API "/\r\nHost: evil.example",
		API "\t",
		API "/\x01",
		API "/\x7f",
		API "\\.evil.example",
		"https:\\\\api.carbonregistry.com",
		"https://api%2ecarbonregistry.com",
		"https://api.carbonregistry.com%00.evil.example",
		"https://api.carbonregistry.com%40evil.example",
		"https://api.carbonregistry.com;evil.example",
		"https://api.carbonregistry.com,evil.example",
		"https://api.c\xc3\xa4rbon.example",
		API "/\xc2\xa0",
		"https://[::1",
		"https://::1",
		"https://[::1]evil.example",
		"https://[::1]@evil.example",
		"https://[]",
		"https://[127.0.0.1]",
		"https://[::1%25lo]",
		"https://[v1.x]",
		"https://[::1:2:3:4:5:6:7:8:9]",
		"https://[0000000000000000000000000000000000000000000000000000000000000000000000::1]",
	};
	struct origin origin = {.port = 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		if (origin_parse(urls[i], &origin))
			fail_msg("%s was taken", urls[i]);
	assert_false(origin_parse(NULL, &origin));
	assert_int_equal(origin.port, 7); /* failures write nothing */
}

static void a_host_has_at_most_255_bytes(void **state)
{
	char url[300] = "https://", text[ORIGIN_MAX];
	struct origin origin;

	(void)state;
	memset(url + 8, 'a', 255);
	(void)strcpy(url + 8 + 255, ":65535");
	assert_true(origin_parse(url, &origin));
	origin_format(&origin, text);
	assert_string_equal(text, url);
	(void)strcpy(url + 8 + 255, "a");
	assert_false(origin_parse(url, &origin));
}

static void only_the_very_same_origin_is_equal(void **state)
{
	static const struct {
		const char *url;
		bool same;
	} cases[] = {
		{API "/any/path?q#f", true},
		{"https://API.CARBONREGISTRY.COM:443", true},
		{"http://api.carbonregistry.com", false},
		{"http://api.carbonregistry.com:443", false},
		{API ":8443", false},
		{API ".evil.example", false},
		{API ".", false},
		{"https://evil-api.carbonregistry.com", false},
		{"https://api.carbonregistry.com-evil.example", false},
		{"https://carbonregistry.com", false},
		{"https://a.api.carbonregistry.com", false},
		{"https://api.carbonregistry.co", false},
		{"https://evil.example/api.carbonregistry.com", false},
		{"https://evil.example?" API, false},
	};
	struct origin ours, origin;

	(void)state;
	assert_true(origin_parse(API, &ours));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(origin_parse(cases[i].url, &origin));
		if (origin_equal(&ours, &origin) != cases[i].same ||
		    origin_equal(&origin, &ours) != cases[i].same)
			fail_msg("%s is taken for %s origin", cases[i].url,
				 cases[i].same ? "another" : "our");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_one_spelling_of_their_origin),
		cmocka_unit_test(doubtful_urls_have_no_origin),
		cmocka_unit_test(a_host_has_at_most_255_bytes),
		cmocka_unit_test(only_the_very_same_origin_is_equal),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
