/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gets a token of each installation on standard input, with one handle and THREADS threads. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <icred/icred.h>

#define IDS_MAX     100000
#define ID_MAX      64
#define THREADS_MAX 64

struct work {
	icred_t *handle;
	size_t count;
	_Atomic size_t next;
	char ids[IDS_MAX][ID_MAX];
};

static void *get_them(void *data)
{
	struct work *work = data;
	size_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->count) {
		icred_token_t *token;
		if (icred_get_token(work->handle, work->ids[i], 0, &token) < 0) {
			fprintf(stderr, "many: %s: %s\n", work->ids[i], icred_error()->message);
			exit(1);
		}
		icred_token_unref(token);
	}
	return NULL;
}

static size_t read_ids(struct work *work)
{
	while (work->count < IDS_MAX && fgets(work->ids[work->count], ID_MAX, stdin)) {
		work->ids[work->count][strcspn(work->ids[work->count], "\n")] = '\0';
		work->count++;
	}
	return work->count;
}

int main(int argc, char **argv)
{
	static struct work work;
	pthread_t ids[THREADS_MAX];
	size_t threads = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (threads < 1 || threads > THREADS_MAX || !read_ids(&work)) {
		fprintf(stderr, "usage: many THREADS <INSTALLATIONS\n");
		return 2;
	}
	if (icred_open(&work.handle, NULL, NULL) < 0) {
		fprintf(stderr, "many: %s\n", icred_error()->message);
		return 1;
	}
	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, get_them, &work))
			return 1;
	for (size_t i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	icred_close(work.handle);
	return 0;
}
