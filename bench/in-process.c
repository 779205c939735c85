/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many warm icred_get_token() calls one thread makes per second, and two together.
 * Slices of one and of two threads take turns.  Prints the nanoseconds of one
 * thread's call, in its best slice and in the median one; then the rate of two
 * threads together as a multiple of one's: best slices of both, and median slices.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <icred/icred.h>

#define SLICE_NS   20000000.0
#define BATCH      1000
#define SLICES_MAX 10000

/* One thread's work and its speed; aligned, so that no other data is in its cache lines. */
struct runner {
	icred_t *handle;
	const char *installation;
	pthread_barrier_t *start;
	double rate; /* calls per nanosecond */
} __attribute__((aligned(256)));

static void die(const char *what)
{
	fprintf(stderr, "in-process: %s: %s\n", what, icred_error()->message);
	exit(2);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void get_once(icred_t *handle, const char *installation)
{
	icred_token_t *token;

	if (icred_get_token(handle, installation, 0, &token) < 0)
		die("icred_get_token");
	icred_token_unref(token);
}

static void *run_slice(void *data)
{
	struct runner *runner = data;
	double began, now, calls = 0;

	pthread_barrier_wait(runner->start);
	began = now = now_ns();
	while (now - began < SLICE_NS) {
		for (int i = 0; i < BATCH; i++)
			get_once(runner->handle, runner->installation);
		calls += BATCH;
		now = now_ns();
	}
	runner->rate = calls / (now - began);
	return NULL;
}

/* The rate of all these threads together. */
static double run_threads(icred_t *handle, const char *installation, unsigned threads)
{
	static struct runner runners[2];
	pthread_barrier_t start;
	pthread_t ids[2];
	double rate = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		runners[i] = (struct runner){.handle = handle, .installation = installation, .start = &start};
		if (pthread_create(&ids[i], NULL, run_slice, &runners[i]))
			die("no thread");
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		rate += runners[i].rate;
	}
	pthread_barrier_destroy(&start);
	return rate;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	static double one[SLICES_MAX], two[SLICES_MAX];
	size_t slices = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	const char *installation = argc > 2 ? argv[2] : NULL;
	icred_t *handle;
	size_t best;

	if (slices < 1 || slices > SLICES_MAX) {
		fprintf(stderr, "usage: in-process SLICES [INSTALLATION]\n");
		return 2;
	}
	if (icred_open(&handle, NULL, NULL) < 0)
		die("icred_open");
	get_once(handle, installation);
	for (size_t i = 0; i < slices; i++) {
		one[i] = run_threads(handle, installation, 1);
		two[i] = run_threads(handle, installation, 2);
	}
	icred_close(handle);
	qsort(one, slices, sizeof(*one), by_value);
	qsort(two, slices, sizeof(*two), by_value);
	best = slices - 1;
	printf("%.1f\t%.1f\t%.3f\t%.3f\n", 1 / one[best], 1 / one[slices / 2], two[best] / one[best],
	       two[slices / 2] / one[slices / 2]);
	return 0;
}
