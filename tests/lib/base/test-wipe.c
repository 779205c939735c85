/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left of a secret in registers and on the stack. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/language.h"
#include "lib/base/secret.h"

#if __has_attribute(noipa)
#define _opaque_ __attribute__((noipa))
#else
#define _opaque_ __attribute__((noinline))
#endif

static const char secret[64] = "crs_5f49e9e1104b9ca4d8e243e1649b8514765fabac5d50c784 and so on.";

#ifdef __x86_64__

static bool contains(const void *memory, size_t len)
{
	for (size_t at = 0; at + 8 <= sizeof(secret) - 1; at++)
		if (memmem(memory, len, secret + at, 8))
			return true;
	return false;
}

#define LOAD_XMM(n) "movdqu (%0), %%xmm" #n "\n\t"
#define SAVE_XMM(n) "movdqu %%xmm" #n ", 16*" #n "(%0)\n\t"
#define LOAD_ZMM(n) "vmovdqu64 (%0), %%zmm" #n "\n\t"
#define SAVE_ZMM(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%0)\n\t"
#define LOAD_YMM(n) "vmovdqu (%0), %%ymm" #n "\n\t"
#define SAVE_YMM(n) "vmovdqu %%ymm" #n ", 32*" #n "(%0)\n\t"
#define FIRST_16(do) \
	do           \
	(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11) do(12) do(13) do(14) do(15)
#define LAST_16(do)                                                                                         \
	do                                                                                                  \
	(16) do(17) do(18) do(19) do(20) do(21) do(22) do(23) do(24) do(25) do(26) do(27) do(28) do(29) do( \
		30) do(31)

static void _opaque_ load(const void *from)
{
	if (__builtin_cpu_supports("avx512f"))
		__asm__ volatile(FIRST_16(LOAD_ZMM) LAST_16(LOAD_ZMM)::"r"(from) : "memory");
	else if (__builtin_cpu_supports("avx"))
		__asm__ volatile(FIRST_16(LOAD_YMM)::"r"(from) : "memory");
	else
		__asm__ volatile(FIRST_16(LOAD_XMM)::"r"(from) : "memory");
}

/* Room for 32 of 64 bytes. */
static void _opaque_ save(void *to)
{
	if (__builtin_cpu_supports("avx512f"))
		__asm__ volatile(FIRST_16(SAVE_ZMM) LAST_16(SAVE_ZMM)::"r"(to) : "memory");
	else if (__builtin_cpu_supports("avx"))
		__asm__ volatile(FIRST_16(SAVE_YMM)::"r"(to) : "memory");
	else
		__asm__ volatile(FIRST_16(SAVE_XMM)::"r"(to) : "memory");
}

static void no_register_keeps_it(void **state)
{
	static unsigned char saved[32 * 64];

	(void)state;
	load(secret);
	save(saved);
	assert_true(contains(saved, sizeof(saved)));
	load(secret);
	wipe_traces();
	save(saved);
	assert_false(contains(saved, sizeof(saved)));
	for (size_t i = 0; i < sizeof(saved); i++)
		assert_int_equal(saved[i], 0);
}

#endif

/* Where a function that handled a secret had its frame; that it is gone is the point of this. */
static volatile uintptr_t left;

static void _opaque_ __attribute__((no_sanitize("address"))) handle_it(size_t deep)
{
	char frame[256];

	memcpy(frame, secret, sizeof(secret));
	__asm__ volatile("" ::"r"(frame) : "memory");
	if (deep)
		handle_it(deep - 1);
	else
		left = (uintptr_t)frame;
	__asm__ volatile("" ::"r"(frame) : "memory");
}

/* Reads it as it is: the address is not that of any object. */
static bool __attribute__((no_sanitize("address"))) _opaque_ still_there(void)
{
	const volatile char *at = (const volatile char *)left;

	for (size_t i = 0; i < 8; i++)
		if (at[i] != secret[i])
			return false;
	return true;
}

static void no_frame_keeps_it(void **state)
{
	(void)state;
	for (size_t deep = 0; deep < 8; deep++) {
		handle_it(deep);
		wipe_traces();
		assert_false(still_there());
	}
}

static void what_is_in_use_stays(void **state)
{
	char mine[64];
	double sum = 0;

	(void)state;
	memcpy(mine, secret, sizeof(mine));
	for (int i = 0; i < 100; i++) {
		sum += i;
		wipe_traces();
	}
	assert_true(sum > 4949.9 && sum < 4950.1);
	assert_memory_equal(mine, secret, sizeof(mine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(no_register_keeps_it),
#endif
		cmocka_unit_test(no_frame_keeps_it),
		cmocka_unit_test(what_is_in_use_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
