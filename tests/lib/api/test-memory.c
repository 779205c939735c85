/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory runs out, at each place in turn: that is an error, and nothing is lost, left open or half done. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/api/handle.h"
#include "lib/curl/curl-types.h"
#include "lib/protocol/frames.h"
#include "lib/token/cache.h"
#include "tests/lib/core.h"

#define ID    "8d0c4f5e-0000-4000-8000-000000000001"
#define OTHER "8d0c4f5e-0000-4000-8000-000000000002"
#define API   "https://api.carbonregistry.com"

/* -- memory that counts, and fails when told (linked with --wrap) ------------- */

static atomic_long asked, living;
static atomic_long failing; /* the allocation that fails; 0: none */

static bool granted(void)
{
	if (atomic_fetch_add(&asked, 1) + 1 != atomic_load(&failing))
		return true;
	errno = ENOMEM;
	return false;
}

static void *counted(void *memory)
{
	if (memory)
		atomic_fetch_add(&living, 1);
	return memory;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void __wrap_free(void *memory);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));

void *__wrap_malloc(size_t size)
{
	return granted() ? counted(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return granted() ? counted(__real_calloc(count, size)) : NULL;
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	void *grown = granted() ? __real_reallocarray(memory, count, size) : NULL;

	return memory ? grown : counted(grown);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return __wrap_reallocarray(memory, 1, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return granted() ? counted(__real_aligned_alloc(alignment, size)) : NULL;
}

char *__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return granted() ? __real_mmap(at, len, protection, flags, fd, offset) : MAP_FAILED;
}

void __wrap_free(void *memory)
{
	if (memory)
		atomic_fetch_sub(&living, 1);
	__real_free(memory);
}

/* A node of the tree, which libc allocates. */
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
	return granted() ? __real_tsearch(key, root, compare) : NULL;
}

/* -- what is tried ------------------------------------------------------------- */

/* `r` is what it should be, or there was no memory for that and the error says so. */
static void result(int r, int expected, const char *what)
{
	bool injected = atomic_load(&failing) && atomic_load(&asked) >= atomic_load(&failing);

	if (r == expected || (injected && r == ICRED_E_NO_MEMORY))
		return;
	/* A cache for which there is no memory is passed over, and then the worker has to be asked. */
	if (injected && expected == ICRED_OK && r == ICRED_E_INTERNAL)
		return;
	fail_msg("allocation %ld: %s: %s (%s)", atomic_load(&failing), what, icred_kind(r),
		 icred_error()->message);
}

static void get(icred_t *handle, const char *installation, int expected)
{
	icred_token_t *token = NULL;
	int r = icred_get_token(handle, installation, 60, &token);

	result(r, expected, "icred_get_token");
	if (r == ICRED_OK)
		assert_string_equal(icred_token_secret(token), "crs_memory");
	else
		assert_null(token);
	icred_token_unref(token);
}

static void request(icred_t *handle, const char *installation, int expected)
{
	icred_request_t *request = NULL;
	icred_token_t *token = NULL;
	int r = icred_request_start(handle, installation, 0, &request);

	result(r, ICRED_OK, "icred_request_start");
	if (r < 0) {
		assert_null(request);
		return;
	}
	r = icred_request_finish(request, &token);
	result(r, expected, "icred_request_finish");
	assert_true((r == ICRED_OK) == (token != NULL));
	icred_token_unref(token);
}

static int count_token(icred_token_t *token, const char *cache, void *data)
{
	(void)cache;
	assert_string_equal(icred_token_installation(token), "");
	++*(int *)data;
	return 0;
}

static CURLcode no_option(CURL *easy, CURLoption option, ...)
{
	(void)easy;
	(void)option;
	return CURL_OK;
}

/* Each answer is a 401, and what is not known is 0. */
static CURLcode refused(CURL *easy, CURLINFO info, ...)
{
	va_list arguments;

	(void)easy;
	va_start(arguments, info);
	if (info == CURL_GET_RESPONSE_CODE)
		*va_arg(arguments, long *) = 401;
	else if (info == CURL_GET_EFFECTIVE_URL)
		*va_arg(arguments, const char **) = API "/projects";
	else
		*va_arg(arguments, int64_t *) = 0;
	va_end(arguments);
	return CURL_OK;
}

static CURLcode performed(CURL *easy)
{
	(void)easy;
	return CURL_OK;
}

static CURLMcode moved(CURLM *multi, CURL *easy)
{
	(void)multi;
	(void)easy;
	return 0;
}

static curl_version_info_data *version(CURLversion age)
{
	static curl_version_info_data data = {.version = "8", .version_num = 0x080000};

	(void)age;
	return &data;
}

/* A token is on the handle, is refused, and there is no other one. */
static void hook(icred_t *handle)
{
	static const struct icred_curl_functions functions = {
		sizeof(functions), no_option, refused, performed, moved, moved, version};
	char easy[1];
	struct icred_curl *auth = icred_curl_new(handle, &functions);
	int r;

	result(auth ? ICRED_OK : ICRED_E_NO_MEMORY, ICRED_OK, "icred_curl_new");
	if (!auth)
		return;
	r = icred_curl_apply(auth, easy, API "/projects", ID);
	result(r, ICRED_OK, "icred_curl_apply");
	if (r == ICRED_OK)
		assert_int_equal(icred_curl_should_retry(auth, easy), 0);
	if (r == ICRED_OK)
		result(icred_error()->code, ICRED_E_INTERNAL, "icred_curl_should_retry");
	icred_curl_forget(auth, easy);
	icred_curl_free(auth);
}

static void use(icred_t *handle)
{
	int tokens = 0;

	get(handle, NULL, ICRED_OK);
	get(handle, ID, ICRED_OK);
	request(handle, ID, ICRED_OK);
	result(icred_token_each(handle, count_token, &tokens), ICRED_OK, "icred_token_each");
	hook(handle);
	get(handle, OTHER, ICRED_E_INTERNAL);
	request(handle, OTHER, ICRED_E_INTERNAL);
	result(icred_forget(handle), ICRED_OK, "icred_forget");
}

static int count_entry(const struct icred_profile_entry *entry, void *data)
{
	assert_non_null(entry->arguments);
	++*(int *)data;
	return 0;
}

/* What the worker makes of the profile that it is sent. */
static void send_profile(const struct profile *profile)
{
	static unsigned char bytes[WIRE_MAX];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	struct reader reader;
	struct hello hello;
	int r;

	hello_write(&wire, profile, 0, ICRED_LOG_ERROR);
	assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_HELLO);
	r = hello_read(&reader, &hello);
	result(r, ICRED_OK, "hello_read");
	if (r == ICRED_OK)
		profile_free(hello.profile);
	else
		assert_failure(ICRED_E_NO_MEMORY, "out of memory");
}

static void try_all(void)
{
	int entries = 0;
	struct icred_options options = {.size = sizeof(options), .app = "12345", .timeout_ms = 20000};
	icred_t *handle = NULL;
	int r = icred_open(&handle, "memory", &options);

	result(r, ICRED_OK, "icred_open");
	if (r == ICRED_OK)
		use(handle);
	else
		assert_null(handle);
	if (r == ICRED_OK)
		assert_int_equal(icred_profile_show(handle, count_entry, &entries), 0);
	if (r == ICRED_OK)
		send_profile(handle->context.profile);
	icred_close(handle);
	/* All is well but for the worker, which is not there. */
	result(icred_profile_check("memory", &options, NULL, NULL), ICRED_E_INTERNAL, "icred_profile_check");
}

/* -- where it is tried ------------------------------------------------------------ */

static char home[64];

static int begin(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof(home), "/tmp/test-memory-XXXXXX");
	assert_non_null(mkdtemp(home));
	setenv("ICRED_CONFIG_DIR", home, 1);
	setenv("XDG_RUNTIME_DIR", home, 1);
	setenv("ICRED_LIBEXEC_DIR", "/nonexistent", 1);
	test_write_profile(home, "memory",
			   "include memory-more\n"
			   "installation " ID "\n"
			   "origin " API "\norigin https://git.example.org\n"
			   "cache sufficient runtime\n");
	test_write_profile(home, "memory-more",
			   "key sufficient [file] [path=/no where/key.pem] \\\n  # the rest\n"
			   "key [success=done default=ignore] keyring\n");
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

/* The token that all of it begins with, in the cache. */
static void have_token(void)
{
	icred_t *handle;
	struct token_body *body;
	int64_t now = clock_utc();
	struct record record = {
		.identity = {"icr", API, "12345", ICRED_TARGET_INSTALLATION, ID},
		.secret = "crs_memory",
		.minted_at = now,
		.expires_at = now + 7200,
	};
	struct icred_options options = {.size = sizeof(options), .app = "12345"};
	struct wire wire;

	assert_int_equal(icred_open(&handle, "memory", &options), ICRED_OK);
	wire = (struct wire){.bytes = secret_alloc(handle->context.pool, 1024), .cap = 1024};
	assert_non_null(wire.bytes);
	record_write(&wire, &record);
	assert_false(wire.overflow);
	body = token_body_new(wire.bytes, wire.len);
	assert_non_null(body);
	assert_int_equal(cache_save(&handle->context, body), ICRED_OK);
	token_body_unref(body);
	icred_close(handle);
}

static int open_files(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void everything_works_with_memory(void **state)
{
	(void)state;
	have_token();
	atomic_store(&failing, 0);
	try_all();
}

static void each_allocation_may_fail(void **state)
{
	long before, at = 0;
	int files = open_files();

	(void)state;
	do {
		have_token();
		before = atomic_load(&living);
		atomic_store(&asked, 0);
		atomic_store(&failing, ++at);
		try_all();
		atomic_store(&failing, 0);
		if (atomic_load(&living) != before)
			fail_msg("allocation %ld: %ld pieces of memory are lost", at,
				 atomic_load(&living) - before);
		if (open_files() != files)
			fail_msg("allocation %ld: %d files are left open", at, open_files() - files);
	} while (atomic_load(&asked) >= at);
	assert_true(at > 50); /* or nothing was tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_works_with_memory),
		cmocka_unit_test(each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
