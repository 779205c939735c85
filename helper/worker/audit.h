/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line in the system's log for each mint of a profile that is audited: who,
 * for whom, with which key, and what came of it; never a secret.  icred-worker(8)
 *
 * A log that is missing, full or stuck costs a record, and never a mint.
 */
#ifndef ICRED_HELPER_WORKER_AUDIT_H
#define ICRED_HELPER_WORKER_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/worker/job.h"

/* The key that signed for this request. */
void audit_signed_by(struct request *request, const char *fingerprint);
/* What came of the request; the first of the two counts.  Fit for a signal handler, as a module may crash. */
void audit_granted(struct request *request, int64_t expires_at);
void audit_failed(struct request *request, int code);

/* The parts, for the test. */
#define AUDIT_MAX 2048

struct audit {
	pid_t pid; /* of the program, and its user */
	uid_t uid;
	const char *program; /* its executable; "" if that cannot be read */
	const char *command; /* its name for itself; "" too */
	const char *profile, *app, *api, *issuer;
	int target;
	const char *id;
	const char *key; /* "" if none has signed */
	int code;        /* ICRED_OK or the failure */
	int64_t expires_at;
};

/* Returns the length. */
size_t audit_format(const struct audit *audit, char text[AUDIT_MAX]);
/* 0 or an errno.  Waits for room for that long at most. */
int audit_send(const char *socket_path, const char *text, size_t len, int patience_ms);

#endif
