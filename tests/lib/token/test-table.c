/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include "lib/token/table.h"
#include "tests/lib/core.h"

#define THREADS 8
#define TURNS   1500
#define IDS     24
#define LIFE    7200

static struct table table;
static struct secret_pool *pool;

static int set_up(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	pool = secret_pool_new();
	return pool ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	table_clear(&table);
	pool = secret_pool_unref(pool);
	return 0;
}

static void put(const char *id, int64_t minted_at, int64_t expires_at)
{
	struct token_body *body = test_body(pool, id, minted_at, expires_at);

	table_put(&table, body);
	token_body_unref(body);
}

static icred_token_t *get(const char *id, unsigned min_ttl)
{
	return table_get(&table, ICRED_TARGET_INSTALLATION, id, clock_utc(), min_ttl);
}

static void what_was_put_is_got(void **state)
{
	int64_t now = clock_utc();
	icred_token_t *token;

	(void)state;
	assert_null(get("a", 0));
	put("a", now, now + LIFE);
	token = get("a", 0);
	assert_non_null(token);
	assert_string_equal(icred_token_secret(token), "crs_a");
	assert_string_equal(icred_token_app(token), "12345");
	assert_int_equal(icred_token_minted_at(token), now);
	assert_int_equal(icred_token_expires_at(token), now + LIFE);
	icred_token_unref(token);
	assert_null(get("b", 0));
	assert_null(get("", 0));
	assert_null(table_get(&table, ICRED_TARGET_ORGANIZATION, "a", now, 0));
}

static void only_a_fresh_token_is_got(void **state)
{
	int64_t now = clock_utc();
	struct token_body *body;
	icred_token_t *token;

	(void)state;
	put("old", now - LIFE, now + 100); /* in its last tenth */
	assert_null(get("old", 0));
	body = table_find(&table, ICRED_TARGET_INSTALLATION, "old"); /* but it is there, and alive */
	assert_non_null(body);
	assert_true(token_alive(body, now, 100));
	assert_false(token_alive(body, now, 101));
	token_body_unref(body);

	put("new", now, now + LIFE);
	assert_null(get("new", LIFE + 10));
	body = table_find(&table, ICRED_TARGET_INSTALLATION, "new");
	assert_null(table_get(&table, ICRED_TARGET_INSTALLATION, "new", now + LIFE, 0));
	atomic_store(&body->dead, true); /* a server refused it */
	assert_null(get("new", 0));
	token_body_unref(body);
	put("new", now, now + LIFE);
	token = get("new", 0);
	assert_non_null(token);
	icred_token_unref(token);
	assert_null(table_find(&table, ICRED_TARGET_INSTALLATION, "none"));
}

static void a_newer_token_replaces_the_older(void **state)
{
	int64_t now = clock_utc();
	icred_token_t *token;

	(void)state;
	put("a", now, now + LIFE);
	put("a", now, now + LIFE + 7);
	token = get("a", 0);
	assert_non_null(token);
	assert_int_equal(icred_token_expires_at(token), now + LIFE + 7);
	icred_token_unref(token);
	for (size_t i = 0; i < STRIPES; i++)
		assert_int_equal(table.stripes[i].slots.count, 1);
}

static void *has_none(void *data)
{
	icred_token_t *token = get("a", 0);

	(void)data;
	icred_token_unref(token);
	return token;
}

/* Two threads that put it at the same time leave some stripes with the one body and some with the other. */
static void a_refused_token_is_dead_in_every_stripe(void **state)
{
	static struct table other;
	int64_t now = clock_utc();
	struct token_body *body;
	pthread_t thread;
	void *found;

	(void)state;
	body = test_body(pool, "a", now, now + LIFE);
	put("a", now, now + LIFE);
	table_put(&other, body);
	for (size_t i = 0; i < STRIPES; i += 2) {
		struct slots slots = table.stripes[i].slots;
		table.stripes[i].slots = other.stripes[i].slots;
		other.stripes[i].slots = slots;
	}
	table_reject(&table, &body->record);
	for (size_t i = 0; i < STRIPES; i++) { /* each thread comes to the next stripe */
		assert_int_equal(pthread_create(&thread, NULL, has_none, NULL), 0);
		pthread_join(thread, &found);
		assert_null(found);
	}
	/* Another token of the same installation is not meant. */
	put("a", now, now + LIFE);
	body->record.secret = "crs_another";
	table_reject(&table, &body->record);
	assert_non_null(has_none(NULL));
	token_body_unref(body);
	table_clear(&other);
}

static void it_grows_past_a_thousand(void **state)
{
	int64_t now = clock_utc();
	char id[16], secret[24];

	(void)state;
	for (int i = 0; i < 1200; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		put(id, now, now + LIFE);
	}
	for (int i = 0; i < 1200; i++) {
		icred_token_t *token;
		(void)snprintf(id, sizeof(id), "%d", i);
		(void)snprintf(secret, sizeof(secret), "crs_%d", i);
		token = get(id, 0);
		assert_non_null(token);
		assert_string_equal(icred_token_secret(token), secret);
		icred_token_unref(token);
	}
	assert_null(get("1200", 0));
	assert_int_equal(table.stripes[0].slots.count, 1200);
}

static void what_has_expired_takes_no_room_for_ever(void **state)
{
	int64_t now = clock_utc();
	icred_token_t *token;
	char id[16];

	(void)state;
	put("living", now, now + LIFE);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		put(id, now - LIFE, now - 1);
	}
	assert_true(table.stripes[0].slots.cap <= 64);
	token = get("living", 0);
	assert_non_null(token);
	icred_token_unref(token);
}

static void a_token_outlives_its_table_and_pool(void **state)
{
	int64_t now = clock_utc();
	icred_token_t *token, *again;

	put("a", now, now + LIFE);
	token = get("a", 0);
	assert_non_null(token);
	again = icred_token_ref(token);
	tear_down(state);
	assert_null(get("a", 0));
	icred_token_unref(token);
	assert_string_equal(icred_token_secret(again), "crs_a");
	icred_token_unref(again);
	icred_token_unref(NULL);
	assert_null(icred_token_ref(NULL));
}

static void permissions_are_counted(void **state)
{
	struct record record = {.identity = {"icr", "https://x.example", "1", ICRED_TARGET_APP, ""},
				.secret = "t",
				.minted_at = 1,
				.expires_at = 2,
				.permissions = {"projects", "VIEW", "credits", "EDIT", NULL}};
	struct wire wire = {.bytes = secret_alloc(pool, 1000), .cap = 1000};
	const char *name = NULL;
	struct token_body *body;
	icred_token_t *token;

	(void)state;
	record_write(&wire, &record);
	body = token_body_new(wire.bytes, wire.len);
	assert_non_null(body);
	token = token_new(body);
	token_body_unref(body);
	assert_string_equal(icred_token_permission(token, 0, &name), "VIEW");
	assert_string_equal(name, "projects");
	assert_string_equal(icred_token_permission(token, 1, &name), "EDIT");
	assert_string_equal(icred_token_permission(token, 1, NULL), "EDIT");
	assert_string_equal(name, "credits");
	assert_null(icred_token_permission(token, 2, &name));
	assert_null(icred_token_permission(token, SIZE_MAX, &name));
	icred_token_unref(token);
}

static void *get_here(void *data)
{
	return get(data, 0);
}

static void threads_have_their_own_stripe_and_the_same_token(void **state)
{
	icred_token_t *tokens[2] = {NULL};
	int64_t now = clock_utc();
	char id[] = "a";

	(void)state;
	put(id, now, now + LIFE);
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		void *token = NULL;
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, get_here, id), 0);
		assert_int_equal(pthread_join(thread, &token), 0);
		tokens[i] = token;
		assert_non_null(tokens[i]);
	}
	assert_ptr_not_equal(tokens[0], tokens[1]);
	assert_ptr_equal(tokens[0]->body, tokens[1]->body);
	icred_token_unref(tokens[0]);
	icred_token_unref(tokens[1]);
}

/* Get, put and reject; returns how often something was not as it must be. */
static void *hammer(void *data)
{
	uint32_t seed = (uint32_t)(uintptr_t)data * 2654435761u;
	uintptr_t wrong = 0;

	for (int i = 0; i < TURNS; i++) {
		int64_t now = clock_utc();
		icred_token_t *token;
		char id[16], secret[24];
		seed = seed * 1664525u + 1013904223u;
		(void)snprintf(id, sizeof(id), "%u", (seed >> 16) % IDS);
		(void)snprintf(secret, sizeof(secret), "crs_%s", id);
		token = get(id, 0);
		if (!token) {
			put(id, now, now + LIFE);
			continue;
		}
		wrong += strcmp(icred_token_secret(token), secret) != 0;
		if (i % 16 == 0)
			atomic_store(&token->body->dead, true);
		icred_token_unref(token);
		struct token_body *body = table_find(&table, ICRED_TARGET_INSTALLATION, id);
		wrong += !body || strcmp(body->record.secret, secret) != 0;
		token_body_unref(body);
	}
	return (void *)wrong;
}

static void eight_threads_hammer_it(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *wrong = NULL;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	for (size_t i = 0; i < STRIPES; i++)
		assert_in_range(table.stripes[i].slots.count, 1, IDS);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_got),
		TEST(only_a_fresh_token_is_got),
		TEST(a_newer_token_replaces_the_older),
		TEST(a_refused_token_is_dead_in_every_stripe),
		TEST(it_grows_past_a_thousand),
		TEST(what_has_expired_takes_no_room_for_ever),
		TEST(a_token_outlives_its_table_and_pool),
		TEST(permissions_are_counted),
		TEST(threads_have_their_own_stripe_and_the_same_token),
		TEST(eight_threads_hammer_it),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
