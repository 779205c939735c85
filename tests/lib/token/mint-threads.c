/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many threads that want a token at once, started together; prints how many
 * got one and how many different ones there were.
 *
 *   mint-threads one|each|uncached|many|fork N
 *
 * The same with a mistake at the end, to see that a thread sanitizer finds it:
 *
 *   mint-threads race N
 *
 * Or get one token and, at SIGUSR1, fork a child that sleeps and print its
 * number; then wait to be killed.
 *
 *   mint-threads orphan 1
 */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <icred/icred.h>

#define THREADS_MAX 256
#define SECRET_MAX  128
#define TIMEOUT_MS  50000
#define ORPHAN_S    60

static const char *const installations[] = {
	"8d0c4f5e-0000-4000-8000-000000000001",
	"8d0c4f5e-0000-4000-8000-000000000002",
	"8d0c4f5e-0000-4000-8000-000000000003",
};

struct seat {
	icred_t *handle;
	const char *installation;
	char (*secret)[SECRET_MAX]; /* what it got; "" for nothing */
};

static pthread_barrier_t together;
static bool racing;
static unsigned raced;

static void complain(const char *what)
{
	const struct icred_error *error = icred_error();

	printf("%s: %s: %s\n", what, icred_kind(error->code), error->message);
}

static icred_t *open_handle(unsigned flags)
{
	struct icred_options options = {.size = sizeof(options), .timeout_ms = TIMEOUT_MS, .flags = flags};
	icred_t *handle = NULL;

	if (icred_open(&handle, NULL, &options) < 0) {
		complain("open");
		exit(1);
	}
	return handle;
}

static void *sit(void *data)
{
	struct seat *seat = data;
	icred_token_t *token = NULL;

	pthread_barrier_wait(&together);
	if (icred_get_token(seat->handle, seat->installation, 0, &token) < 0) {
		complain("get");
		return NULL;
	}
	snprintf(*seat->secret, SECRET_MAX, "%s", icred_token_secret(token));
	icred_token_unref(token);
	if (racing) {
		pthread_barrier_wait(&together);
		raced++;
	}
	return NULL;
}

static void run(struct seat *seats, unsigned count)
{
	pthread_t threads[THREADS_MAX];

	pthread_barrier_init(&together, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, sit, &seats[i])) {
			puts("no more threads");
			exit(1);
		}
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
}

static int report(char (*secrets)[SECRET_MAX], unsigned count)
{
	unsigned tokens = 0, kinds = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned same = 0;
		while (same < i && strcmp(secrets[same], secrets[i]) != 0)
			same++;
		tokens += secrets[i][0] != '\0';
		kinds += secrets[i][0] != '\0' && same == i;
	}
	printf("%u tokens, %u kind%s\n", tokens, kinds, kinds == 1 ? "" : "s");
	return tokens != count;
}

/* The parent's handle, used by parent and child at the same time. */
static void run_forked(struct seat *seats, unsigned count)
{
	pid_t child;
	int status = 0;

	fflush(stdout);
	child = fork();
	if (child == 0)
		seats += count;
	run(seats, count);
	if (child == 0) {
		icred_close(seats->handle);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		printf("the child ended with %d\n", status);
}

/* The child has what the thread that was minting held. */
static int run_orphan(struct seat *seat)
{
	pthread_t thread;
	sigset_t wanted;
	pid_t child;
	int number;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &wanted, NULL);
	pthread_barrier_init(&together, NULL, 1);
	if (pthread_create(&thread, NULL, sit, seat) || sigwait(&wanted, &number))
		return 1;
	child = fork();
	if (child == 0) {
		sleep(ORPHAN_S);
		_exit(0);
	}
	printf("%d\n", (int)child);
	fflush(stdout);
	sleep(ORPHAN_S);
	return 1;
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	unsigned count = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	unsigned seats_count = strcmp(how, "fork") == 0 ? count * 2 : count;
	struct seat seats[THREADS_MAX];
	char(*secrets)[SECRET_MAX];
	icred_t *handle;

	if (!count || seats_count > THREADS_MAX)
		return 2;
	/* Shared with the child of a fork. */
	secrets = mmap(NULL, sizeof(*secrets) * THREADS_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (secrets == MAP_FAILED)
		return 1;
	racing = strcmp(how, "race") == 0;
	handle = open_handle(strcmp(how, "uncached") == 0 ? ICRED_NO_CACHE : 0);
	for (unsigned i = 0; i < seats_count; i++) {
		seats[i] = (struct seat){.handle = handle, .secret = &secrets[i]};
		if (strcmp(how, "each") == 0 && i)
			seats[i].handle = open_handle(0);
		if (strcmp(how, "many") == 0)
			seats[i].installation = installations[i % 3];
	}
	if (strcmp(how, "orphan") == 0)
		return run_orphan(seats);
	if (strcmp(how, "fork") == 0)
		run_forked(seats, count);
	else
		run(seats, count);
	for (unsigned i = 1; i < seats_count; i++)
		if (seats[i].handle != handle)
			icred_close(seats[i].handle);
	icred_close(handle);
	if (racing)
		printf("%u raced\n", raced);
	return report(secrets, seats_count);
}
