/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times whole processes, from their start to their end, interleaved: each round
 * runs every entry once, in another order, so that noise on the machine affects
 * all of them alike.  Prints a line for each entry:
 *     name, minimum, median (microseconds), resident memory (kB), page faults
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES_MAX 32
#define COPIES_MAX  4096

/* One thing to run: =NAME [<FILE] [!PREPARE] [&COPIES] PROGRAM [ARGUMENT...] */
struct entry {
	const char *name;
	const char *input; /* its standard input */
	char *prepare;     /* a program that runs before each start, not timed */
	unsigned copies;   /* started at once */
	char **argv;
	double *times;
	long *resident, *faults;
};

struct plan {
	unsigned rounds;
	unsigned pause_us; /* before each run, so that what the one before started has ended */
	size_t count;
	struct entry entries[ENTRIES_MAX];
};

static void die(const char *what, const char *about, int error)
{
	fprintf(stderr, "runner: %s: %s%s%s\n", about, what, error ? ": " : "", error ? strerror(error) : "");
	exit(2);
}

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("out of memory", "start", 0);
	return memory;
}

static unsigned number(const char *text, unsigned most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > most)
		die("not a number, or too large", text, 0);
	return (unsigned)value;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void open_files(posix_spawn_file_actions_t *files, const char *input)
{
	posix_spawn_file_actions_init(files);
	posix_spawn_file_actions_addopen(files, STDIN_FILENO, input ? input : "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
}

static void reap(pid_t pid, const char *about, struct rusage *ret_usage)
{
	int status;

	while (wait4(pid, &status, 0, ret_usage) < 0)
		if (errno != EINTR)
			die("wait", about, errno);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("failed; nothing is measured", about, 0);
}

static void prepare(const struct plan *plan, const struct entry *entry)
{
	struct timespec pause = {0, (long)plan->pause_us * 1000};
	posix_spawn_file_actions_t files;
	struct rusage usage;
	char *argv[] = {entry->prepare, NULL};
	pid_t pid;
	int error;

	if (entry->prepare) {
		open_files(&files, NULL);
		error = posix_spawnp(&pid, entry->prepare, &files, NULL, argv, environ);
		if (error)
			die("cannot be started", entry->prepare, error);
		reap(pid, entry->prepare, &usage);
		posix_spawn_file_actions_destroy(&files);
	}
	if (plan->pause_us)
		nanosleep(&pause, NULL);
}

static double run_once(const struct entry *entry)
{
	static pid_t pids[COPIES_MAX];
	posix_spawn_file_actions_t files;
	struct rusage usage;
	double began;
	int error;

	open_files(&files, entry->input);
	began = now_us();
	for (unsigned i = 0; i < entry->copies; i++) {
		error = posix_spawnp(&pids[i], entry->argv[0], &files, NULL, entry->argv, environ);
		if (error)
			die("cannot be started", entry->name, error);
	}
	for (unsigned i = 0; i < entry->copies; i++)
		reap(pids[i], entry->name, &usage);
	began = now_us() - began;
	posix_spawn_file_actions_destroy(&files);
	return began;
}

/*
 * By fork(2), untimed: posix_spawn(3) uses vfork, after which the child would be
 * charged with this process's memory too.
 */
static void weigh(const struct entry *entry, unsigned round)
{
	struct rusage usage;
	int in = open(entry->input ? entry->input : "/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		execvp(entry->argv[0], entry->argv);
		_exit(127);
	}
	if (pid < 0)
		die("fork", entry->name, errno);
	close(in);
	close(out);
	reap(pid, entry->name, &usage);
	entry->resident[round] = usage.ru_maxrss;
	entry->faults[round] = usage.ru_minflt;
}

static void shuffle(size_t *order, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)random() % i, kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static void run_all(struct plan *plan)
{
	size_t order[ENTRIES_MAX];

	for (size_t i = 0; i < plan->count; i++)
		order[i] = i;
	for (unsigned round = 0; round < plan->rounds; round++) {
		shuffle(order, plan->count);
		for (size_t i = 0; i < plan->count; i++) {
			struct entry *entry = &plan->entries[order[i]];
			prepare(plan, entry);
			entry->times[round] = run_once(entry);
		}
	}
	for (unsigned round = 0; round < plan->rounds; round++)
		for (size_t i = 0; i < plan->count; i++)
			if (plan->entries[i].copies == 1 && !plan->entries[i].prepare)
				weigh(&plan->entries[i], round);
}

static int by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_long(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_all(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct entry *entry = &plan->entries[i];
		qsort(entry->times, plan->rounds, sizeof(*entry->times), by_time);
		qsort(entry->resident, plan->rounds, sizeof(*entry->resident), by_long);
		qsort(entry->faults, plan->rounds, sizeof(*entry->faults), by_long);
		printf("%s\t%.1f\t%.1f\t%ld\t%ld\n", entry->name, entry->times[0],
		       entry->times[plan->rounds / 2], entry->resident[plan->rounds / 2],
		       entry->faults[plan->rounds / 2]);
	}
}

/* Ends the words of an entry where the next one begins. */
static char **read_entry(struct plan *plan, char **word)
{
	struct entry *entry = &plan->entries[plan->count++];

	if (plan->count > ENTRIES_MAX || **word != '=')
		die("an entry must begin with =NAME, or there are too many", *word, 0);
	entry->name = *word + 1;
	*word++ = NULL;
	entry->copies = 1;
	for (; *word; word++) {
		if (**word == '<')
			entry->input = *word + 1;
		else if (**word == '!')
			entry->prepare = *word + 1;
		else if (**word == '&')
			entry->copies = number(*word + 1, COPIES_MAX);
		else
			break;
	}
	entry->argv = word;
	while (*word && **word != '=')
		word++;
	if (entry->argv == word)
		die("nothing to run", entry->name, 0);
	entry->times = zeroed(plan->rounds, sizeof(*entry->times));
	entry->resident = zeroed(plan->rounds, sizeof(*entry->resident));
	entry->faults = zeroed(plan->rounds, sizeof(*entry->faults));
	return word;
}

int main(int argc, char **argv)
{
	static struct plan plan;
	char **word = argv + 3;

	if (argc < 5) {
		fprintf(stderr, "usage: runner ROUNDS PAUSE-US "
				"{=NAME [<FILE] [!PREPARE] [&COPIES] PROGRAM [ARGUMENT...]}...\n");
		return 2;
	}
	plan.rounds = number(argv[1], 1000000);
	plan.pause_us = number(argv[2], 999999);
	if (plan.rounds == 0)
		die("the number of rounds must not be 0", argv[1], 0);
	while (*word)
		word = read_entry(&plan, word);
	run_all(&plan);
	print_all(&plan);
	return 0;
}
