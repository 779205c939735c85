/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host of another release: built against the header of one that is in
 * tests/abi/RELEASE, it loads today's modules and uses them.
 *
 *     old-host sign KEY.so NAME=VALUE...              the signature of "text"
 *     old-host list KEY.so NAME=VALUE...              fingerprints
 *     old-host cache CACHE.so NAME=VALUE...           saves, loads, lists and drops an entry
 *     old-host mint ISSUER.so KEY.so NAME=VALUE...    a token
 *
 * What it hands over ends at the end of a page, and nothing is behind that: a
 * module that uses what this host does not have crashes.  Built with -DLATER it
 * is one of a release to come, whose structs go on in ways a module cannot know.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <icred/module.h>

#ifdef LATER
#define TAIL 64
#else
#define TAIL 0
#endif

struct icred_signing {
	size_t len;
	unsigned char data[8192];
};

struct part {
	struct icred_module table;
	union {
		struct icred_key_ops key;
		struct icred_cache_ops cache;
		struct icred_issuer_ops issuer;
	} ops;
	void *self;
	const struct icred_host *host;
};

static char **given; /* NAME=VALUE: arguments and settings in one */
static struct part key;

static int give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "old-host: %s: %s\n", what, why);
	exit(1);
}

/* -- what this host does for a module -- */

static int host_fail(const struct icred_host *host, int code, const char *format, ...)
{
	va_list arguments;

	(void)host;
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return code;
}

static void host_log(const struct icred_host *host, int level, const char *format, ...)
{
	(void)host;
	(void)level;
	(void)format;
}

static const char *host_given(const struct icred_host *host, const char *name)
{
	size_t len = strlen(name);

	(void)host;
	for (char **at = given; *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

static int64_t host_time_left(const struct icred_host *host)
{
	(void)host;
	return 20000;
}

static void *host_secret_alloc(const struct icred_host *host, size_t size)
{
	(void)host;
	return calloc(1, size);
}

static void host_secret_free(const struct icred_host *host, void *secret)
{
	(void)host;
	free(secret);
}

static int host_prompt(const struct icred_host *host, int style, const char *text, char *reply, size_t cap)
{
	(void)style;
	(void)reply;
	(void)cap;
	return host_fail(host, ICRED_E_LOCKED, "nobody is here to answer: %s", text);
}

static int host_sign_begin(const struct icred_host *host, const void *data, size_t len,
			   struct icred_signing **ret_signing)
{
	struct icred_signing *signing = calloc(1, sizeof(*signing));

	if (!signing || len > sizeof(signing->data))
		return host_fail(host, ICRED_E_NO_MEMORY, "too much to sign");
	memcpy(signing->data, data, len);
	signing->len = len;
	*ret_signing = signing;
	return 0;
}

/*
 * The structs, as this release has them.  A key and a cache get a table without
 * what only others call: it was always so that they do without.
 */
static const void *fenced(const void *what, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = len + TAIL;
	char *map = mmap(NULL, page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE))
		give_up("mmap", "no memory");
	memset(map, 0xa5, page);
	memcpy(map + page - whole, what, len);
	memcpy(map + page - whole, &whole, sizeof(whole));
	return map + page - whole;
}

static int host_sign_end(const struct icred_host *host, struct icred_signing *signing, void *signature,
			 size_t cap, size_t *ret_len);

static void host_retry_at(const struct icred_host *host, int64_t utc)
{
	(void)host;
	(void)utc;
}

static const struct icred_host *host_for(int facility)
{
	static const struct icred_host whole = {
		.minor = ICRED_MODULE_MINOR + TAIL,
		.fail = host_fail,
		.log = host_log,
		.setting = host_given,
		.argument = host_given,
		.time_left = host_time_left,
		.secret_alloc = host_secret_alloc,
		.secret_free = host_secret_free,
		.prompt = host_prompt,
		.sign_begin = host_sign_begin,
		.sign_end = host_sign_end,
		.retry_at = host_retry_at,
	};

	if (TAIL || facility == ICRED_ISSUER)
		return fenced(&whole, sizeof(whole));
	return fenced(&whole, facility == ICRED_KEY ? offsetof(struct icred_host, sign_begin)
						    : offsetof(struct icred_host, prompt));
}

static const struct icred_key_query *query(void)
{
	const struct icred_key_query own = {.app = host_given(NULL, "app"),
					    .origin = host_given(NULL, "api")};

	return fenced(&own, sizeof(own));
}

static int host_sign_end(const struct icred_host *host, struct icred_signing *signing, void *signature,
			 size_t cap, size_t *ret_len)
{
	int r = 0;

	(void)host;
	if (signature)
		r = key.ops.key.sign(key.self, key.host, query(), 0, signing->data, signing->len, signature,
				     cap, ret_len);
	free(signing);
	return r;
}

/* -- loading -- */

static void copy_sized(void *to, size_t to_size, const void *from)
{
	size_t from_size;

	memcpy(&from_size, from, sizeof(from_size));
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
}

static struct part load(const char *path, int facility)
{
	static const size_t ops_size[] = {[ICRED_KEY] = sizeof(struct icred_key_ops),
					  [ICRED_CACHE] = sizeof(struct icred_cache_ops),
					  [ICRED_ISSUER] = sizeof(struct icred_issuer_ops)};
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle ? dlsym(handle, "icred_module_1") : NULL;
	const struct icred_module *(*entry)(void);
	struct part part = {.host = host_for(facility)};

	if (!symbol)
		give_up(path, dlerror());
	memcpy(&entry, &symbol, sizeof(entry));
	copy_sized(&part.table, sizeof(part.table), entry());
	if (part.table.facility != facility || !part.table.open || !part.table.ops)
		give_up(path, "is not what was asked for");
	copy_sized(&part.ops, ops_size[facility], part.table.ops);
	if (part.table.open(part.host, &part.self))
		give_up(path, "does not open");
	return part;
}

static void unload(struct part *part)
{
	if (part->table.close)
		part->table.close(part->self, part->host);
}

/* -- using -- */

static int sign(void)
{
	unsigned char signature[2048];
	size_t len = 0;
	int r = key.ops.key.sign(key.self, key.host, query(), 0, "text", 4, signature, sizeof(signature),
				 &len);

	if (r || fwrite(signature, 1, len, stdout) != len)
		return 1;
	return key.ops.key.sign(key.self, key.host, query(), 1, "text", 4, signature, sizeof(signature),
				&len) != ICRED_E_NOT_FOUND;
}

static int list_one(const struct icred_key *found, void *data)
{
	(void)data;
	(void)printf("%s\n", found->fingerprint);
	return 0;
}

static int list(void)
{
	return key.ops.key.each(key.self, key.host, query(), list_one, NULL);
}

static int count_one(const char *name, void *data)
{
	*(int *)data += strcmp(name, "old-host.1") == 0;
	return 0;
}

static int keep(const char *path)
{
	struct part cache = load(path, ICRED_CACHE);
	const struct icred_cache_ops *ops = &cache.ops.cache;
	char blob[ICRED_BLOB_MAX];
	size_t len = 0;
	int count = 0;

	if (ops->save(cache.self, cache.host, "old-host.1", "a blob", 6, time(NULL) + 60) ||
	    ops->load(cache.self, cache.host, "old-host.1", blob, sizeof(blob), &len) || len != 6 ||
	    memcmp(blob, "a blob", 6) != 0)
		return 1;
	if (ops->each(cache.self, cache.host, count_one, &count) || count != 1 ||
	    ops->drop(cache.self, cache.host, "old-host.1") ||
	    ops->load(cache.self, cache.host, "old-host.1", blob, sizeof(blob), &len) != ICRED_E_NOT_FOUND)
		return 2;
	unload(&cache);
	return 0;
}

static int granted(const struct icred_grant *grant, void *data)
{
	struct icred_grant own;

	(void)data;
	copy_sized(&own, sizeof(own), grant);
	(void)printf("%s\n", own.token);
	return 0;
}

static int mint(const char *path)
{
	struct part issuer = load(path, ICRED_ISSUER);
	const struct icred_mint_request own = {.app = host_given(NULL, "app"),
					       .target = ICRED_TARGET_INSTALLATION,
					       .id = host_given(NULL, "installation")};
	int r = issuer.ops.issuer.mint(issuer.self, issuer.host, fenced(&own, sizeof(own)), granted, NULL);

	unload(&issuer);
	return r;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int is_mint = strcmp(what, "mint") == 0, is_cache = strcmp(what, "cache") == 0, r;

	if (argc < 3 + is_mint)
		return 2;
	given = argv + 3 + is_mint;
	if (is_cache)
		return keep(argv[2]);
	key = load(argv[2 + is_mint], ICRED_KEY);
	r = is_mint ? mint(argv[2]) : strcmp(what, "sign") == 0 ? sign() : list();
	unload(&key);
	return r != 0;
}
