/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keyring-module MODULE COMMAND...: key-keyring.so under a host of our own.
 *
 *   life              everything on an unlocked, empty keyring
 *   keep              store one key, print its fingerprint and leave it there
 *   sign [SECONDS]    sign; prints "ok" or "KIND: message"; again after a line on stdin
 *   list              each key: fingerprint, bits, locked, where, label
 *   pem               a key's text, for the stand-in of a service
 *   store | remove    a new key; or fingerprint "none"
 *   often             sign many times; prints how many threads that left
 *   time              what a first and a second signature cost
 *
 * ICRED_TEST_INTERACTIVE=1 makes the host interactive, and
 * ICRED_TEST_DEADLINE=MS is the time left that it reports (5000).  ICRED_TEST_WHERE
 * is where listed keys must be (Login).
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <icred/module.h>
#include "plugin/shared/rsa.h"
#include "tests/plugin/fake-host.h"

#define PEM_CAP 32768
#define OFTEN   50
#define BIG     16000 /* bytes of a PEM with much text before it */

static const struct icred_module *module;
static const struct icred_key_ops *ops;
static void *self;
static int64_t deadline;
static int failures;

struct key {
	char pem[PEM_CAP];
	struct rsa_info info;
	gnutls_x509_privkey_t raw;
};

static const struct icred_key_query query = {sizeof(query), "12345", "https://api.carbonregistry.com"};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double now_exact(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int64_t host_time_left(const struct icred_host *asked)
{
	int64_t left = deadline - now_ms();

	(void)asked;
	return left > 0 ? left : 0;
}

static struct icred_host host = {
	.size = sizeof(host),
	.minor = ICRED_MODULE_MINOR,
	.fail = host_fail,
	.log = host_log,
	.time_left = host_time_left,
	.secret_alloc = host_secret_alloc,
	.secret_free = host_secret_free,
};

static void new_call(void)
{
	const char *ms = getenv("ICRED_TEST_DEADLINE");

	message[0] = 0;
	deadline = now_ms() + (ms ? atol(ms) : 5000);
}

static void check(int good, const char *what)
{
	if (good)
		return;
	failures++;
	printf("FAILED: %s (%s)\n", what, message);
}

static void make_key(struct key *key, size_t pad)
{
	size_t len = sizeof(key->pem) - pad - 1;
	char why[RSA_WHY_SIZE];

	memset(key->pem, 'x', pad);
	for (size_t i = 70; i < pad; i += 71)
		key->pem[i] = '\n';
	if (pad)
		key->pem[pad - 1] = '\n';
	if (gnutls_x509_privkey_init(&key->raw) ||
	    gnutls_x509_privkey_generate(key->raw, GNUTLS_PK_RSA, 2048, 0) ||
	    gnutls_x509_privkey_export_pkcs8(key->raw, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
					     key->pem + pad, &len))
		exit(99);
	key->pem[pad + len] = 0;
	if (rsa_check(key->pem, pad + len, &key->info, why, sizeof(why)))
		exit(99);
}

static int verifies(const struct key *key, const void *data, size_t len, const void *signature,
		    size_t signed_len)
{
	gnutls_datum_t what = {(unsigned char *)(uintptr_t)data, (unsigned)len};
	gnutls_datum_t by = {(unsigned char *)(uintptr_t)signature, (unsigned)signed_len};
	gnutls_privkey_t private;
	gnutls_pubkey_t public;
	int r;

	gnutls_privkey_init(&private);
	gnutls_privkey_import_x509(private, key->raw, GNUTLS_PRIVKEY_IMPORT_COPY);
	gnutls_pubkey_init(&public);
	gnutls_pubkey_import_privkey(public, private, 0, 0);
	r = gnutls_pubkey_verify_data2(public, GNUTLS_SIGN_RSA_SHA256, 0, &what, &by);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
	return r >= 0;
}

static int sign(const struct icred_key_query *whose, unsigned nth, unsigned char *signature, size_t *ret_len)
{
	new_call();
	return ops->sign(self, &host, whose, nth, "header.payload", 14, signature, RSA_SIGNATURE_MAX,
			 ret_len);
}

static void signs(const struct key *key, unsigned nth, const char *what)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	size_t len = 0;
	int r = sign(&query, nth, signature, &len);

	check(r == 0 && verifies(key, "header.payload", 14, signature, len), what);
}

static int store(const struct key *key, const char *label)
{
	new_call();
	return ops->store(self, &host, &query, key->pem, label, key->info.fingerprint);
}

static int drop(const char *fingerprint)
{
	new_call();
	return ops->remove(self, &host, &query, fingerprint);
}

struct list {
	unsigned n;
	char text[4096];
};

static int listed(const struct icred_key *key, void *data)
{
	struct list *list = data;
	size_t used = strlen(list->text);

	list->n++;
	snprintf(list->text + used, sizeof(list->text) - used, "%s %u %s %s %s %s %s\n",
		 key->fingerprint[0] ? key->fingerprint : "-", key->bits, key->locked ? "locked" : "open",
		 key->app, key->created_at > 1600000000 ? "dated" : "undated", key->where, key->label);
	return 0;
}

static int stop_at_once(const struct icred_key *key, void *data)
{
	(void)key, (void)data;
	return 7;
}

static int list_keys(struct list *list)
{
	*list = (struct list){.n = 0};
	new_call();
	return ops->each(self, &host, &query, listed, list);
}

static void *sign_elsewhere(void *data)
{
	static unsigned char signature[RSA_SIGNATURE_MAX];
	size_t len;

	(void)data;
	return sign(&query, 0, signature, &len) == 0 ? signature : NULL;
}

static void in_thread(const char *what)
{
	void *done = NULL;
	pthread_t thread;

	if (pthread_create(&thread, NULL, sign_elsewhere, NULL) || pthread_join(thread, &done))
		exit(99);
	check(done != NULL, what);
}

static void reopen(void)
{
	if (self)
		module->close(self, &host);
	self = NULL;
	if (module->open(&host, &self))
		exit(99);
}

static void life_empty(void)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	struct list list;
	size_t len;

	check(sign(&query, 0, signature, &len) == ICRED_E_NOT_FOUND && strstr(message, "icred key import"),
	      "an empty keyring has no key, and the message says what to do");
	check(list_keys(&list) == 0 && list.n == 0, "an empty keyring lists none");
	check(drop("none") == ICRED_E_NOT_FOUND, "there is nothing to remove");
}

static int is_by_file(void)
{
	const char *where = getenv("ICRED_TEST_WHERE");

	return where && strcmp(where, "libsecret-file") == 0;
}

static int is_where_expected(const char *list)
{
	const char *where = getenv("ICRED_TEST_WHERE");
	char text[128];

	snprintf(text, sizeof(text), " 2048 open 12345 dated %s ", where ? where : "Login");
	return strstr(list, text) != NULL;
}

static void life_one(const struct key *a)
{
	const struct icred_key_query app = {sizeof(app), "54321", query.origin};
	const struct icred_key_query origin = {sizeof(origin), query.app, "https://sandbox.example"};
	unsigned char signature[RSA_SIGNATURE_MAX];
	struct list list;
	size_t len;

	check(store(a, NULL) == 0, "store");
	signs(a, 0, "what was stored signs");
	signs(a, 0, "and again, from memory");
	check(sign(&query, 1, signature, &len) == ICRED_E_NOT_FOUND, "there is no second key");
	check(sign(&app, 0, signature, &len) == ICRED_E_NOT_FOUND, "another app has none");
	check(sign(&origin, 0, signature, &len) == ICRED_E_NOT_FOUND, "another API has none");
	check(is_by_file() ||
		      strstr(message,
			     "but for https://api.carbonregistry.com, not for https://sandbox.example; "),
	      "and the message says which has");
	check(list_keys(&list) == 0 && list.n == 1, "one is listed");
	check(strstr(list.text, a->info.fingerprint) && is_where_expected(list.text) &&
		      strstr(list.text, "ICR app 12345 key (api.carbonregistry.com) SHA256:"),
	      list.text);
	check(store(a, "my own label") == 0, "the same key may be stored again");
	check(list_keys(&list) == 0 && list.n == 1 && strstr(list.text, "my own label"), "and is there once");
	check(ops->each(self, &host, &query, stop_at_once, NULL) == 7,
	      "the listing stops when each() returns non-zero");
}

static int has_twice(const char *text, const char *what)
{
	const char *first = strstr(text, what);

	return first && strstr(first + 1, what);
}

static void life_more(const struct key *a, const struct key *b, const struct key *c)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	struct list list;
	size_t len;

	check(store(b, "my own label") == 0 && store(c, "bad \xff label") == 0,
	      "more keys, one of them with 16 kB of text");
	signs(c, 0, "the newest comes first");
	signs(b, 1, "then the one before");
	signs(a, 2, "then the oldest");
	check(sign(&query, 3, signature, &len) == ICRED_E_NOT_FOUND, "then none");
	reopen();
	signs(c, 0, "16 kB come back whole");
	in_thread("from another thread");
	reopen();
	in_thread("from another thread first of all");
	check(list_keys(&list) == 0 && list.n == 3, "three are listed");
	check(has_twice(list.text, " my own label\n"), "two of them with one label");
	check(drop(c->info.fingerprint) == 0, "remove");
	signs(b, 0, "a removed key signs no more");
	check(drop(c->info.fingerprint) == ICRED_E_NOT_FOUND, "and is not there to be removed");
	check(drop(a->info.fingerprint) == 0 && drop(b->info.fingerprint) == 0, "remove the others");
	check(list_keys(&list) == 0 && list.n == 0, "none is left");
}

static int run_life(void)
{
	static struct key a, b, c;

	make_key(&a, 0);
	make_key(&b, 0);
	make_key(&c, BIG);
	life_empty();
	life_one(&a);
	life_more(&a, &b, &c);
	gnutls_x509_privkey_deinit(a.raw);
	gnutls_x509_privkey_deinit(b.raw);
	gnutls_x509_privkey_deinit(c.raw);
	if (!failures)
		printf("ok\n");
	return failures != 0;
}

static int report(int r)
{
	if (r)
		printf("%d: %s\n", r, message);
	else
		printf("ok\n");
	fflush(stdout);
	return 0;
}

static int run_sign(void)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	char line[8];
	size_t len;

	report(sign(&query, 0, signature, &len));
	while (fgets(line, sizeof(line), stdin)) {
		/* "n" asks for a key that is not in memory. */
		report(sign(&query, line[0] == 'n' ? 1 : 0, signature, &len));
	}
	return 0;
}

/* Calls that are left behind must not add up. */
static int run_often(void)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	struct dirent *entry;
	unsigned threads = 0;
	size_t len;
	DIR *tasks;

	for (unsigned i = 0; i < OFTEN; i++)
		if (sign(&query, 0, signature, &len) != ICRED_E_TIMEOUT)
			return report(1);
	tasks = opendir("/proc/self/task");
	while (tasks && (entry = readdir(tasks)))
		threads += entry->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	printf("%u\n", threads);
	return 0;
}

static int run_pem(void)
{
	static struct key key;

	make_key(&key, 0);
	fputs(key.pem, stdout);
	gnutls_x509_privkey_deinit(key.raw);
	return 0;
}

static int run_store(int keep)
{
	static struct key key;
	int r;

	make_key(&key, 0);
	r = store(&key, NULL);
	gnutls_x509_privkey_deinit(key.raw);
	if (r || !keep)
		return report(r);
	printf("%s\n", key.info.fingerprint);
	return 0;
}

static int run_list(void)
{
	struct list list;
	int r = list_keys(&list);

	if (r)
		return report(r);
	fputs(list.text, stdout);
	return 0;
}

static int run_time(void)
{
	unsigned char signature[RSA_SIGNATURE_MAX];
	double start = now_exact(), first;
	size_t len;

	if (sign(&query, 0, signature, &len))
		return report(1);
	first = now_exact();
	if (sign(&query, 0, signature, &len))
		return report(1);
	printf("%.2f ms, then %.2f ms\n", first - start, now_exact() - first);
	return 0;
}

static int run(const char *what)
{
	if (strcmp(what, "life") == 0)
		return run_life();
	if (strcmp(what, "sign") == 0)
		return run_sign();
	if (strcmp(what, "list") == 0)
		return run_list();
	if (strcmp(what, "store") == 0 || strcmp(what, "keep") == 0)
		return run_store(what[0] == 'k');
	if (strcmp(what, "remove") == 0)
		return report(drop("none"));
	if (strcmp(what, "often") == 0)
		return run_often();
	if (strcmp(what, "pem") == 0)
		return run_pem();
	if (strcmp(what, "time") == 0)
		return run_time();
	return 2;
}

int main(int argc, char **argv)
{
	const struct icred_module *(*get)(void);
	const char *interactive = getenv("ICRED_TEST_INTERACTIVE");
	void *object;
	int r;

	if (argc != 3)
		return 2;
	object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		return 99;
	}
	*(void **)&get = dlsym(object, "icred_module_1");
	if (!get)
		return 99;
	host.interactive = interactive && interactive[0] == '1';
	module = get();
	ops = module->ops;
	new_call();
	reopen();
	r = run(argv[2]);
	module->close(self, &host);
	return r;
}
