/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_TESTS_LIB_CLIENT_SPAWN_WORKER_H
#define ICRED_TESTS_LIB_CLIENT_SPAWN_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_FDS 1024

struct spawn_report {
	pid_t pid;
	int open; /* descriptors */
	bool null_out, null_error, valid_error, leader, named, token, environment;
	char directory[64];
};

#endif
