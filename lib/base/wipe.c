/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wiping what a secret has left on the stack and in registers: wipe_traces() of secret.h. */
#include "config.h"

#include <string.h>

#include "lib/base/secret.h"

/* More than the frames that handle a secret, with a signal's on top, and less than a mint needs anyway. */
#define STACK_WIPED 6144

/* The compiler must not see that registers change here which no C code uses. */
#if __has_attribute(noipa)
#define _opaque_ __attribute__((noipa))
#else
#define _opaque_ __attribute__((noinline))
#endif

/* One instruction for each of eight registers. */
#define EACH_OF_8(clear, a, b, c, d, e, f, g, h) \
	clear(a) clear(b) clear(c) clear(d) clear(e) clear(f) clear(g) clear(h)
#define REGISTERS_0(clear)  EACH_OF_8(clear, 0, 1, 2, 3, 4, 5, 6, 7)
#define REGISTERS_8(clear)  EACH_OF_8(clear, 8, 9, 10, 11, 12, 13, 14, 15)
#define REGISTERS_16(clear) EACH_OF_8(clear, 16, 17, 18, 19, 20, 21, 22, 23)
#define REGISTERS_24(clear) EACH_OF_8(clear, 24, 25, 26, 27, 28, 29, 30, 31)

#if defined(__x86_64__) || defined(__i386__)

/*
 * What the dynamic linker has found out already.  The compiler's own way asks
 * the processor again as each process starts, which in a virtual machine takes
 * a fifteenth of the time of one that has a cached token.
 */
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define HAS_AVX     CPU_FEATURE_ACTIVE(AVX)
#define HAS_AVX512F CPU_FEATURE_ACTIVE(AVX512F)
#define HAS_SSE2    CPU_FEATURE_ACTIVE(SSE2)
#else
#define HAS_AVX     __builtin_cpu_supports("avx")
#define HAS_AVX512F __builtin_cpu_supports("avx512f")
#define HAS_SSE2    __builtin_cpu_supports("sse2")
#endif

#define CLEAR_XMM(n) "pxor %xmm" #n ", %xmm" #n "\n\t"
#define CLEAR_ZMM(n) "vpxorq %zmm" #n ", %zmm" #n ", %zmm" #n "\n\t"

/* memcpy(3) and strlen(3) use the widest registers that the processor has. */
static void _opaque_ wipe_registers(void)
{
#ifdef __x86_64__
	__asm__ volatile(REGISTERS_0(CLEAR_XMM) REGISTERS_8(CLEAR_XMM));
	if (HAS_AVX512F)
		__asm__ volatile(REGISTERS_16(CLEAR_ZMM) REGISTERS_24(CLEAR_ZMM));
#else
	if (HAS_SSE2)
		__asm__ volatile(REGISTERS_0(CLEAR_XMM));
#endif
	if (HAS_AVX)
		__asm__ volatile("vzeroall"); /* the upper parts of the first sixteen */
}

#elif defined(__aarch64__)

#define CLEAR_V(n) "movi v" #n ".2d, #0\n\t"

/* All but 8 to 15, which a function gives back as they were. */
static void _opaque_ wipe_registers(void)
{
	__asm__ volatile(REGISTERS_0(CLEAR_V) REGISTERS_16(CLEAR_V) REGISTERS_24(CLEAR_V));
}

#else

/* Those that the compiler knows of. */
#if __has_attribute(zero_call_used_regs)
__attribute__((zero_call_used_regs("all")))
#endif
static void _opaque_
wipe_registers(void)
{
	__asm__ volatile("");
}

#endif

/*
 * Not inlined, so that its frame is where those of the functions were that
 * handled a secret; and the address sanitizer must not put it elsewhere.
 */
static void _opaque_ __attribute__((no_sanitize("address"))) wipe_stack(void)
{
	unsigned char below[STACK_WIPED];

	explicit_bzero(below, sizeof(below));
}

void wipe_traces(void)
{
	wipe_stack();
	wipe_registers();
}
