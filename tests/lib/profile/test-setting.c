/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/profile/setting.h"
#include "tests/lib/core.h"

static char why[160];

static int add(struct settings *settings, const char *name, const char *value)
{
	return settings_add(settings, name, value, why, sizeof(why));
}

static void values_are_checked_as_they_are_added(void **state)
{
	static const struct {
		const char *name, *value;
		bool ok;
	} cases[] = {
		{"app", "12345", true},
		{"app", "", false},
		{"app", ".", false},
		{"app", "..", false},
		{"app", "...", true},
		{"app", "../x", false},
		{"app", "a b", false},
		{"app", "a%2fb", false},
		{"app", "a\"b", false},
		{"app", "a\\b", false},
		{"app", "a?b", false},
		{"app", "a#b", false},
		{"app", "\xc3\xa4", false},
		{"installation", "8d0c4f5e-0000-4000-8000-000000000000", true},
		{"organization", "acme", true},
		{"organization", "a\nb", false},
		{"as-app", "yes", true},
		{"as-app", "no", true},
		{"as-app", "YES", false},
		{"as-app", "1", false},
		{"api", "https://api.carbonregistry.com/base", true},
		{"api", "api.carbonregistry.com", false},
		{"origin", "https://u@x.example", false},
		{"origin", "https://x.example:8443/", true},
		{"origin", "https://x.example/only/this", false},
		{"origin", "https://x.example?q", false},
		{"api-version", "2023-06-16", true},
		{"api-version", "a b", false},
		{"api-version", "a:b", false},
		{"username", "x-access-token", true},
		{"username", "", false},
		{"path-prefix", "/v1", true},
		{"path-prefix", "v1", false},
		{"path-prefix", "/a/../b", false},
		{"path-prefix", "//evil.example", false},
		{"path-prefix", "/a?b", false},
		{"ca", "/etc/ssl/ca.pem", true},
		{"ca", "ca.pem", false},
		{"min-ttl", "0", true},
		{"min-ttl", "90", true},
		{"min-ttl", "90s", true},
		{"min-ttl", "5m", true},
		{"min-ttl", "8760h", true},
		{"min-ttl", "8761h", false},
		{"timeout", "", false},
		{"timeout", "s", false},
		{"timeout", "-1", false},
		{"timeout", "1.5m", false},
		{"timeout", "5d", false},
		{"timeout", "5 m", false},
		{"timeout", "99999999999999h", false},
		{"timeout", "999999999999999999999999", false},
		{"git-path", "/org/repo 123", true},
		{"git-path", "/org", false},
		{"git-path", "/org ", false},
		{"git-path", " 123", false},
		{"git-path", "/org a/b", false},
		{"insecure-loopback", "yes", true},
		{"insecure-loopback", "maybe", false},
		{"colour", "blue", false},
		{"App", "1", false},
		{"", "1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct settings settings = {NULL, 0};
		int r = add(&settings, cases[i].name, cases[i].value);
		if (r != (cases[i].ok ? ICRED_OK : ICRED_E_INVALID))
			fail_msg("%s %s: %s", cases[i].name, cases[i].value, icred_kind(r));
		assert_int_equal(settings.count, cases[i].ok);
		if (r < 0)
			assert_non_null(strstr(why, cases[i].name));
		else
			assert_string_equal(settings_get(&settings, cases[i].name, 0), cases[i].value);
		settings_clear(&settings);
	}
}

static void an_id_has_an_end(void **state)
{
	struct settings settings = {NULL, 0};
	char id[ICRED_ID_MAX + 2];

	(void)state;
	memset(id, '1', sizeof(id));
	id[ICRED_ID_MAX + 1] = '\0';
	assert_int_equal(add(&settings, "app", id), ICRED_E_INVALID);
	id[ICRED_ID_MAX] = '\0';
	assert_int_equal(add(&settings, "app", id), ICRED_OK);
	settings_clear(&settings);
}

static void a_later_line_replaces_but_a_repeatable_one_is_added(void **state)
{
	struct settings settings = {NULL, 0};
	const char *value = NULL;

	(void)state;
	assert_int_equal(add(&settings, "app", "1"), ICRED_OK);
	assert_int_equal(add(&settings, "origin", "https://a.example"), ICRED_OK);
	assert_int_equal(add(&settings, "app", "2"), ICRED_OK);
	assert_int_equal(add(&settings, "origin", "https://b.example"), ICRED_OK);
	assert_int_equal(add(&settings, "app", "/bad"), ICRED_E_INVALID); /* and leaves the good one */
	assert_string_equal(settings_get(&settings, "app", 0), "2");
	assert_null(settings_get(&settings, "app", 1));
	assert_string_equal(settings_get(&settings, "origin", 0), "https://a.example");
	assert_string_equal(settings_get(&settings, "origin", 1), "https://b.example");
	assert_null(settings_get(&settings, "origin", 2));
	assert_string_equal(settings_at(&settings, 1, &value), "app");
	assert_string_equal(value, "2");
	assert_null(settings_at(&settings, 3, &value));
	settings_clear(&settings);
	assert_null(settings_at(&settings, 0, &value));
}

static void only_the_last_target_counts(void **state)
{
	static const char *const targets[][2] = {
		{"installation", "i"}, {"organization", "o"}, {"as-app", "yes"}, {"installation", "j"}};
	struct settings settings = {NULL, 0};

	(void)state;
	assert_int_equal(add(&settings, "app", "1"), ICRED_OK);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		assert_int_equal(add(&settings, targets[i][0], targets[i][1]), ICRED_OK);
		assert_int_equal(settings.count, 2);
		for (size_t other = 0; other < ARRAY_SIZE(targets); other++) {
			const char *value = settings_get(&settings, targets[other][0], 0);
			if (strcmp(targets[other][0], targets[i][0]) == 0)
				assert_string_equal(value, targets[i][1]);
			else
				assert_null(value);
		}
	}
	settings_clear(&settings);
}

static void what_is_not_set_has_its_default(void **state)
{
	const struct settings none = {NULL, 0};

	(void)state;
	assert_string_equal(settings_get(&none, "api", 0), "https://api.carbonregistry.com");
	assert_string_equal(settings_get(&none, "username", 0), "x-access-token");
	assert_null(settings_get(&none, "api", 1));
	assert_null(settings_get(&none, "origin", 0));
	assert_null(settings_get(&none, "app", 0));
	assert_null(settings_get(&none, "colour", 0));
	assert_int_equal(settings_seconds(&none, "timeout"), 30);
	assert_int_equal(settings_seconds(&none, "min-ttl"), 0);
	assert_false(settings_yes(&none, "insecure-loopback"));
	assert_false(settings_yes(&none, "as-app"));
}

static void durations_are_in_seconds(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds;
	} cases[] = {{"90", 90}, {"90s", 90}, {"5m", 300}, {"1h", 3600}, {"8760h", 31536000}};
	struct settings settings = {NULL, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(add(&settings, "min-ttl", cases[i].text), ICRED_OK);
		assert_int_equal(settings_seconds(&settings, "min-ttl"), cases[i].seconds);
	}
	settings_clear(&settings);
}

static void there_is_an_end_of_settings(void **state)
{
	struct settings settings = {NULL, 0};
	int r = ICRED_OK, count = 0;

	(void)state;
	while (r == ICRED_OK && count < 10000) {
		r = add(&settings, "origin", "https://a.example");
		count++;
	}
	assert_int_equal(r, ICRED_E_INVALID);
	assert_int_equal(count, 257);
	assert_non_null(strstr(why, "too many"));
	settings_clear(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_checked_as_they_are_added),
		cmocka_unit_test(an_id_has_an_end),
		cmocka_unit_test(a_later_line_replaces_but_a_repeatable_one_is_added),
		cmocka_unit_test(only_the_last_target_counts),
		cmocka_unit_test(what_is_not_set_has_its_default),
		cmocka_unit_test(durations_are_in_seconds),
		cmocka_unit_test(there_is_an_end_of_settings),
	};

	return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
