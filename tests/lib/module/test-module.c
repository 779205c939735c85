/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include <unistd.h>
#include "lib/module/loader.h"
#include "tests/lib/core.h"

#define MODULES "tests/lib/module/modules/.libs"
#define THREADS 8
#define TURNS   300

static struct secret_pool *pool;
static struct profile *profile;
static struct log silent = {.trace = {.fd = -1}};
static struct host host;

static int set_up(void **state)
{
	char directory[4096];

	(void)state;
	built(directory, sizeof(directory), MODULES);
	pool = secret_pool_new();
	profile = profile_new("p", "/etc/icred/p.conf");
	host_init(&host, profile, pool, &silent, clock_ms() + 30000);
	note_error(ICRED_OK, "%s", "");
	return profile && pool ? setenv("ICRED_MODULE_DIR", directory, 1) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	modules_close(&profile->stack, &host);
	profile = profile_free(profile);
	pool = secret_pool_unref(pool);
	return 0;
}

static struct line *add_line(int facility, const char *name, bool optional)
{
	char module[32], file[] = "/etc/icred/p.conf", argument[] = "need=a key";
	char *arguments[] = {argument, NULL};
	struct line line = {.facility = facility,
			    .optional_module = optional,
			    .module = module,
			    .arguments = arguments,
			    .file = file,
			    .number = 7,
			    .column = 14};

	(void)snprintf(module, sizeof(module), "%s", name);
	assert_int_equal(profile_add_line(profile, &line), ICRED_OK);
	return &profile->stack.lines[profile->stack.count - 1];
}

static void a_module_is_loaded_at_its_first_use_and_once(void **state)
{
	struct line *line = add_line(ICRED_KEY, "good", false);
	struct module *module = NULL, *again = NULL;
	struct icred_key_query query = {sizeof(query), "1", "https://x.example"};
	size_t len = 0;

	(void)state;
	assert_null(line->opened);
	assert_int_equal(module_get(line, &host, &module), ICRED_OK);
	assert_int_equal(module_get(line, &host, &again), ICRED_OK);
	assert_ptr_equal(module, again);
	assert_non_null(module->self);
	assert_string_equal(module->table.name, "good");
	assert_int_equal(module->ops.key.sign(module->self, &host.table, &query, 0, "x", 1, NULL, 0, &len),
			 ICRED_OK);
	assert_int_equal(len, 1);
	assert_int_equal(module->ops.key.sign(module->self, &host.table, &query, 1, "x", 1, NULL, 0, &len),
			 ICRED_E_NOT_FOUND);
}

static void a_module_that_is_looked_at_is_not_opened(void **state)
{
	struct line *line, *shut;
	struct module *module = NULL;

	(void)state;
	(void)add_line(ICRED_KEY, "good", false);
	shut = add_line(ICRED_KEY, "locked", false);
	line = shut - 1;
	assert_int_equal(module_check(line), ICRED_OK);
	assert_int_equal(module_check(shut), ICRED_OK);
	assert_null(line->opened);
	assert_int_equal(module_get(line, &host, &module), ICRED_OK);
	assert_ptr_equal(module, line->checked);
	assert_int_equal(module_get(shut, &host, &module), ICRED_E_LOCKED);
}

static void each_line_has_its_own_self(void **state)
{
	struct module *one = NULL, *two = NULL;

	(void)state;
	(void)add_line(ICRED_KEY, "good", false);
	(void)add_line(ICRED_KEY, "good", false);
	assert_int_equal(module_get(&profile->stack.lines[0], &host, &one), ICRED_OK);
	assert_int_equal(module_get(&profile->stack.lines[1], &host, &two), ICRED_OK);
	assert_ptr_not_equal(one->self, two->self);
	modules_close(&profile->stack, &host);
	assert_null(profile->stack.lines[0].opened);
	assert_int_equal(module_get(&profile->stack.lines[0], &host, &one), ICRED_OK); /* and once more */
}

static void a_module_that_breaks_the_rules_is_reported_with_its_line(void **state)
{
	static const struct {
		int facility;
		const char *name, *says;
		bool optional;
		int code;
	} cases[] = {
		{ICRED_KEY, "missing", "key missing cannot be loaded: ", false, ICRED_E_INVALID},
		{ICRED_KEY, "nosymbol", "key nosymbol has no icred_module_1", false, ICRED_E_INVALID},
		{ICRED_KEY, "nosymbol", "key nosymbol has no icred_module_1", true, ICRED_E_INVALID},
		{ICRED_KEY, "notable", "returned no table", false, ICRED_E_INVALID},
		{ICRED_KEY, "cache", "serves another facility", false, ICRED_E_INVALID},
		{ICRED_KEY, "noremove", "remove is missing", false, ICRED_E_INVALID},
		{ICRED_KEY, "stub", "without open or without ops", false, ICRED_E_INVALID},
		{ICRED_KEY, "locked", "come back with a key", false, ICRED_E_LOCKED},
		{ICRED_KEY, "locked", "come back with a key", true, ICRED_E_LOCKED},
		{ICRED_KEY, "picky", "key picky does not know the argument \"need\"; it takes nee needs",
		 false, ICRED_E_INVALID},
		{ICRED_CACHE, "modest", "cache modest does not claim ICRED_CAN_CACHE", false,
		 ICRED_E_INVALID},
		{ICRED_ISSUER, "good", "issuer good cannot be loaded: ", false, ICRED_E_INVALID},
		{ICRED_ISSUER, "idle", "issuer idle does not claim ICRED_CAN_MINT", false, ICRED_E_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line *line = add_line(cases[i].facility, cases[i].name, cases[i].optional);
		struct module *module = NULL;
		char name[48];
		assert_int_equal(module_get(line, &host, &module), cases[i].code);
		assert_null(module);
		assert_null(line->opened);
		/* What is wrong before it is asked to open is wrong for one that is only looked at. */
		assert_int_equal(module_check(line),
				 cases[i].code == ICRED_E_INVALID ? ICRED_E_INVALID : ICRED_OK);
		assert_failure(cases[i].code, cases[i].says);
		(void)snprintf(name, sizeof(name), "%s %s", facility_name(cases[i].facility), cases[i].name);
		assert_string_equal(icred_error()->module, name);
		assert_string_equal(icred_error()->file, "/etc/icred/p.conf");
		assert_int_equal(icred_error()->line, 7);
	}
}

/* Not the failure of the line before, and not a success. */
static void a_module_that_does_not_open_without_a_word_is_named(void **state)
{
	struct line *line = add_line(ICRED_KEY, "mute", false);
	struct module *module = NULL;

	(void)state;
	(void)set_error(ICRED_E_DENIED, "of a line before");
	assert_int_equal(module_get(line, &host, &module), ICRED_E_DENIED);
	assert_failure(ICRED_E_DENIED, "key mute: access was denied");
	assert_int_equal(icred_error()->line, 7);
	assert_int_equal(module_get(line, &host, &module), ICRED_E_INTERNAL);
	assert_failure(ICRED_E_INTERNAL, "key mute: an internal error");
	assert_null(module);
}

static void a_missing_module_after_a_dash_is_skipped(void **state)
{
	struct line *line = add_line(ICRED_KEY, "missing", true);
	struct module *module = NULL;

	(void)state;
	assert_int_equal(module_check(line), STACK_SKIP);
	assert_int_equal(module_get(line, &host, &module), STACK_SKIP);
	assert_int_equal(icred_error()->code, ICRED_OK);
	assert_null(module);
}

static void older_and_newer_modules_are_taken_for_what_they_are(void **state)
{
	static const char *const names[] = {"short", "long"};
	struct icred_key_query query = {sizeof(query), "1", "https://x.example"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct line *line = add_line(ICRED_KEY, names[i], false);
		struct module *module = NULL;
		size_t len = 0;
		if (module_get(line, &host, &module) < 0)
			fail_msg("%s", icred_error()->message);
		assert_ptr_equal(module->ops.key.each, NULL); /* the short one's is none of its own */
		assert_ptr_equal(module->ops.key.store, NULL);
		assert_ptr_equal(module->ops.key.remove, NULL);
		assert_int_equal(
			module->ops.key.sign(module->self, &host.table, &query, 0, "xy", 2, NULL, 0, &len),
			ICRED_OK);
		assert_int_equal(len, 2);
	}
}

static void the_directory_must_be_absolute(void **state)
{
	struct line *line = add_line(ICRED_KEY, "good", false);
	struct module *module = NULL;

	(void)state;
	assert_int_equal(setenv("ICRED_MODULE_DIR", MODULES, 1), 0);
	assert_int_equal(module_get(line, &host, &module), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, MODULE_DIR "/key-good.so");
}

struct crowd {
	struct module *module;
	_Atomic int inside, most;
};

static void *go_in_and_out(void *data)
{
	struct crowd *crowd = data;

	for (int i = 0; i < TURNS; i++) {
		int now, most;
		module_enter(crowd->module);
		now = atomic_fetch_add(&crowd->inside, 1) + 1;
		most = atomic_load(&crowd->most);
		while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
			;
		if (i % 100 == 0)
			clock_sleep(1);
		atomic_fetch_sub(&crowd->inside, 1);
		module_leave(crowd->module);
	}
	return NULL;
}

/* How many of eight threads are in the module at once. */
static int most_inside(const char *name)
{
	struct crowd crowd = {.module = NULL};
	pthread_t threads[THREADS];

	assert_int_equal(module_get(add_line(ICRED_KEY, name, false), &host, &crowd.module), ICRED_OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, go_in_and_out, &crowd), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	return crowd.most;
}

static void one_thread_at_a_time_is_in_a_serial_module(void **state)
{
	(void)state;
	assert_int_equal(most_inside("serial"), 1);
	assert_true(most_inside("good") > 1);
}

static void *get_module(void *data)
{
	struct module *module = NULL;

	if (module_check(data) != ICRED_OK)
		return NULL;
	return module_get(data, &host, &module) == ICRED_OK ? module : NULL;
}

static void threads_that_come_at_once_load_it_once(void **state)
{
	struct line *line = add_line(ICRED_KEY, "good", false);
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_module, line), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *module = NULL;
		assert_int_equal(pthread_join(threads[i], &module), 0);
		assert_non_null(module);
		assert_ptr_equal(module, line->opened);
	}
}

static int look_at(struct line *line, void *data)
{
	(void)data;
	return strcmp(line->module, "good") == 0 ? ICRED_OK : module_check(line);
}

/* How often a walk has passed over the first line, which is faulty. */
static void *walk_often(void *data)
{
	uintptr_t passed = 0;

	(void)data;
	for (int i = 0; i < TURNS; i++)
		passed += stack_run(&profile->stack, ICRED_KEY, NULL, look_at, NULL, 0, NULL) !=
			  ICRED_E_INVALID;
	return (void *)passed;
}

static void threads_that_come_at_once_to_a_faulty_one_all_fail(void **state)
{
	struct line *line = add_line(ICRED_KEY, "no-such-one", false);
	pthread_t threads[THREADS];
	char why[80];

	(void)state;
	assert_true(control_parse(ICRED_KEY, "optional", &line->control, why, sizeof(why)));
	line = add_line(ICRED_KEY, "good", false);
	assert_true(control_parse(ICRED_KEY, "sufficient", &line->control, why, sizeof(why)));
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, walk_often, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *passed = NULL;
		assert_int_equal(pthread_join(threads[i], &passed), 0);
		assert_null(passed);
	}
}

static void a_setting_that_is_not_there_has_its_default(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(
		settings_add(&profile->settings, "api", "https://API.example:443/v1", why, sizeof(why)),
		ICRED_OK);
	assert_int_equal(profile_complete(profile), ICRED_OK);
	assert_string_equal(host.table.setting(&host.table, "origin"), "https://api.example");
	assert_string_equal(host.table.setting(&host.table, "timeout"), "30");
	assert_null(host.table.setting(&host.table, "ca"));
	assert_null(host.table.setting(&host.table, "nonsense"));
	assert_int_equal(settings_add(&profile->settings, "origin", "https://a.example", why, sizeof(why)),
			 ICRED_OK);
	assert_string_equal(host.table.setting(&host.table, "origin"), "https://a.example");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_module_is_loaded_at_its_first_use_and_once),
		TEST(a_module_that_is_looked_at_is_not_opened),
		TEST(each_line_has_its_own_self),
		TEST(a_module_that_breaks_the_rules_is_reported_with_its_line),
		TEST(a_module_that_does_not_open_without_a_word_is_named),
		TEST(a_missing_module_after_a_dash_is_skipped),
		TEST(older_and_newer_modules_are_taken_for_what_they_are),
		TEST(the_directory_must_be_absolute),
		TEST(a_setting_that_is_not_there_has_its_default),
		TEST(one_thread_at_a_time_is_in_a_serial_module),
		TEST(threads_that_come_at_once_load_it_once),
		TEST(threads_that_come_at_once_to_a_faulty_one_all_fail),
	};

	return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
