/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drives an issuer module alone: loads it with a host of its own, which signs
 * with a PEM file on another thread, as slowly as --sign-ms says, and prints the
 * result of each mint.
 *
 *   issuer-module MODULE.so --key FILE.pem [--set NAME=VALUE]... [--arg NAME=VALUE]...
 *                 [--sign-ms N] [--timeout-ms N] [--count N] [--threads N] [--pause-ms N]
 *                 [--fail-sign CODE] [--serial] installation|organization|app [ID]
 *
 * Lines on standard output: "granted TOKEN EXPIRES INSTALLATION ORGANIZATION PERMISSIONS us=N signed=N"
 * or "failed KIND RETRY-IN us=N MESSAGE".  Exit 0 if every mint was granted.
 */
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <icred/module.h>

#define PAIRS_MAX 16
#define PEM_MAX   65536

struct options {
	const char *module;
	const char *key;
	const char *settings[PAIRS_MAX];
	const char *arguments[PAIRS_MAX];
	size_t n_settings;
	size_t n_arguments;
	int sign_ms;
	int timeout_ms;
	int count;
	int threads;
	int pause_ms;
	int fail_sign;
	int serial; /* sign before the transfer: what a mint without overlap costs */
	int target;
	const char *id;
};

/* The host's own end of one call. */
struct request {
	struct icred_host host; /* first: the table is the request */
	int64_t deadline;
	int code;
	int64_t retry_at;
	char message[1024];
	char granted[8192];
	unsigned grants;
};

struct icred_signing {
	pthread_t thread;
	const struct request *request;
	const void *data;
	size_t len;
	gnutls_datum_t signature;
	int code;
};

static struct options options = {.timeout_ms = 10000, .count = 1, .threads = 1, .id = ""};
static gnutls_privkey_t key;
static atomic_uint signed_count;
static atomic_int secrets; /* how many blocks are out: must be 0 in the end */
static atomic_int failures;
static const struct icred_module *module;
static void *self;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* time(2) is some milliseconds behind it, and might say of a token that it lives longer than it does. */
static int64_t now_utc(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static void sleep_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

static struct request *request_of(const struct icred_host *host)
{
	return (struct request *)(uintptr_t)host;
}

ICRED_PRINTF(3, 4)
static int host_fail(const struct icred_host *host, int code, const char *format, ...)
{
	struct request *r = request_of(host);
	va_list args;

	va_start(args, format);
	vsnprintf(r->message, sizeof(r->message), format, args);
	va_end(args);
	r->code = code;
	return code;
}

ICRED_PRINTF(3, 4)
static void host_log(const struct icred_host *host, int level, const char *format, ...)
{
	va_list args;

	(void)host;
	fprintf(stderr, "log %d: ", level);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static const char *look_up(const char *const *pairs, size_t count, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (strncmp(pairs[i], name, n) == 0 && pairs[i][n] == '=')
			return pairs[i] + n + 1;
	return NULL;
}

static const char *host_setting(const struct icred_host *host, const char *name)
{
	(void)host;
	return look_up(options.settings, options.n_settings, name);
}

static const char *host_argument(const struct icred_host *host, const char *name)
{
	(void)host;
	return look_up(options.arguments, options.n_arguments, name);
}

static int64_t host_time_left(const struct icred_host *host)
{
	int64_t left = (request_of(host)->deadline - now_us()) / 1000;

	return left > 0 ? left : 0;
}

static void *host_secret_alloc(const struct icred_host *host, size_t size)
{
	(void)host;
	atomic_fetch_add(&secrets, 1);
	return calloc(1, size);
}

static void host_secret_free(const struct icred_host *host, void *secret)
{
	(void)host;
	atomic_fetch_sub(&secrets, 1);
	free(secret);
}

static int host_prompt(const struct icred_host *host, int style, const char *text, char *reply, size_t cap)
{
	(void)style;
	(void)text;
	(void)reply;
	(void)cap;
	return host_fail(host, ICRED_E_LOCKED, "cannot ask");
}

static void *sign_run(void *data)
{
	struct icred_signing *s = data;
	gnutls_datum_t text = {.data = (unsigned char *)(uintptr_t)s->data, .size = (unsigned)s->len};

	if (options.sign_ms > 0)
		sleep_ms(options.sign_ms);
	if (options.fail_sign < 0)
		s->code = options.fail_sign;
	else if (gnutls_privkey_sign_data2(key, GNUTLS_SIGN_RSA_SHA256, 0, &text, &s->signature) < 0)
		s->code = ICRED_E_INTERNAL;
	atomic_fetch_add(&signed_count, 1);
	return NULL;
}

static int host_sign_begin(const struct icred_host *host, const void *data, size_t len,
			   struct icred_signing **ret_signing)
{
	struct icred_signing *s = calloc(1, sizeof(*s));

	if (!s)
		return host_fail(host, ICRED_E_NO_MEMORY, "out of memory");
	s->request = request_of(host);
	s->data = data;
	s->len = len;
	if (pthread_create(&s->thread, NULL, sign_run, s) != 0) {
		free(s);
		return host_fail(host, ICRED_E_NO_MEMORY, "no thread");
	}
	if (options.serial)
		sleep_ms(options.sign_ms + 1);
	*ret_signing = s;
	return 0;
}

static int host_sign_end(const struct icred_host *host, struct icred_signing *signing, void *signature,
			 size_t cap, size_t *ret_len)
{
	int code;

	pthread_join(signing->thread, NULL);
	code = signing->code;
	if (code == 0 && signature) {
		if (signing->signature.size > cap)
			code = ICRED_E_INTERNAL;
		else
			memcpy(signature, signing->signature.data, *ret_len = signing->signature.size);
	}
	gnutls_free(signing->signature.data);
	free(signing);
	return code < 0 && signature ? host_fail(host, code, "the driver's key does not sign") : code;
}

static void host_retry_at(const struct icred_host *host, int64_t utc)
{
	request_of(host)->retry_at = utc;
}

static void request_init(struct request *r)
{
	memset(r, 0, sizeof(*r));
	r->host = (struct icred_host){.size = sizeof(r->host),
				      .minor = ICRED_MODULE_MINOR,
				      .fail = host_fail,
				      .log = host_log,
				      .setting = host_setting,
				      .argument = host_argument,
				      .time_left = host_time_left,
				      .secret_alloc = host_secret_alloc,
				      .secret_free = host_secret_free,
				      .prompt = host_prompt,
				      .sign_begin = host_sign_begin,
				      .sign_end = host_sign_end,
				      .retry_at = host_retry_at};
	r->deadline = now_us() + (int64_t)options.timeout_ms * 1000;
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static int on_granted(const struct icred_grant *grant, void *data)
{
	struct request *r = data;
	int n;

	r->grants++;
	n = snprintf(r->granted, sizeof(r->granted), "granted %s %" PRId64 " %s %s ", grant->token,
		     grant->expires_at - now_utc(), or_dash(grant->installation),
		     or_dash(grant->organization));
	for (size_t i = 0; grant->permissions && grant->permissions[i]; i += 2)
		n += snprintf(r->granted + n, sizeof(r->granted) - (size_t)n, "%s%s=%s", i ? "," : "",
			      grant->permissions[i], grant->permissions[i + 1]);
	return 0;
}

static void mint_once(void)
{
	struct icred_mint_request mint = {.size = sizeof(mint), .target = options.target, .id = options.id};
	const struct icred_issuer_ops *ops = module->ops;
	struct request r;
	int64_t start = now_us();
	int code;

	request_init(&r);
	mint.app = host_setting(&r.host, "app");
	code = ops->mint(self, &r.host, &mint, on_granted, &r);
	start = now_us() - start;
	if (code == 0 && r.grants == 1) {
		printf("%s us=%" PRId64 " signed=%u\n", r.granted, start, atomic_load(&signed_count));
		return;
	}
	atomic_fetch_add(&failures, 1);
	printf("failed %d%s %" PRId64 " us=%" PRId64 " %s\n", code,
	       code == r.code ? "" : " (recorded otherwise)",
	       r.retry_at ? r.retry_at - (int64_t)time(NULL) : 0, start, r.message);
}

static void *mint_run(void *data)
{
	for (int i = 0; i < options.count; i++) {
		if (i > 0)
			sleep_ms(options.pause_ms);
		mint_once();
		fflush(stdout);
	}
	return data;
}

static int load_key(const char *name)
{
	static char pem[PEM_MAX];
	gnutls_datum_t text = {.data = (unsigned char *)pem};
	FILE *file = fopen(name, "re");

	if (!file)
		return -1;
	text.size = (unsigned)fread(pem, 1, sizeof(pem), file);
	fclose(file);
	if (gnutls_privkey_init(&key) < 0)
		return -1;
	return gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static int load_module(const char *name)
{
	const struct icred_module *(*get)(void);
	struct request r;
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	int code;

	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&get = dlsym(handle, "icred_module_1");
	if (!get)
		return -1;
	module = get();
	request_init(&r);
	code = module->open(&r.host, &self);
	if (code < 0)
		printf("failed %d 0 us=0 %s\n", code, r.message);
	return code;
}

static void close_module(void)
{
	struct request r;

	request_init(&r);
	module->close(self, &r.host);
}

static int target_of(const char *text)
{
	return strcmp(text, "app") == 0            ? ICRED_TARGET_APP
	       : strcmp(text, "organization") == 0 ? ICRED_TARGET_ORGANIZATION
						   : ICRED_TARGET_INSTALLATION;
}

static int *number_option(const char *name)
{
	static const struct {
		const char *name;
		int *value;
	} numbers[] = {{"--sign-ms", &options.sign_ms},   {"--timeout-ms", &options.timeout_ms},
		       {"--count", &options.count},       {"--threads", &options.threads},
		       {"--pause-ms", &options.pause_ms}, {"--fail-sign", &options.fail_sign}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, name) == 0)
			return numbers[i].value;
	return NULL;
}

static void read_options(int argc, char **argv)
{
	options.module = argv[1];
	for (int i = 2; i < argc; i++) {
		int *number = number_option(argv[i]);

		if (strcmp(argv[i], "--serial") == 0)
			options.serial = 1;
		else if (argv[i][0] != '-') {
			options.target = target_of(argv[i]);
			options.id = i + 1 < argc ? argv[i + 1] : "";
			return;
		} else if (i + 1 == argc)
			return;
		else if (number)
			*number = atoi(argv[++i]);
		else if (strcmp(argv[i], "--key") == 0)
			options.key = argv[++i];
		else if (strcmp(argv[i], "--set") == 0 && options.n_settings < PAIRS_MAX)
			options.settings[options.n_settings++] = argv[++i];
		else if (strcmp(argv[i], "--arg") == 0 && options.n_arguments < PAIRS_MAX)
			options.arguments[options.n_arguments++] = argv[++i];
	}
}

static void run_threads(void)
{
	pthread_t threads[64];
	int n = options.threads < 64 ? options.threads : 64;

	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, mint_run, NULL) != 0)
			abort();
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	read_options(argc, argv);
	if (!options.key || load_key(options.key) < 0) {
		fprintf(stderr, "issuer-module: no --key that can be read\n");
		return 2;
	}
	if (load_module(options.module) < 0)
		return 1;
	if (options.threads > 1)
		run_threads();
	else
		mint_run(NULL);
	close_module();
	gnutls_privkey_deinit(key);
	if (atomic_load(&secrets) != 0) {
		fprintf(stderr, "issuer-module: %d secrets were not given back\n", atomic_load(&secrets));
		return 1;
	}
	return atomic_load(&failures) ? 1 : 0;
}
