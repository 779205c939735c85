/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of icred-worker.  A request of the library is a job here, from the packet that brings it to its answer.
 * Each part uses only those before it.
 */
#ifndef ICRED_HELPER_WORKER_ICRED_WORKER_H
#define ICRED_HELPER_WORKER_ICRED_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/module/host.h"
#include "lib/protocol/frames.h"

#define JOBS_MAX      64 /* at work at a time */
#define KEY_NAME_SIZE 45 /* a fingerprint: base64 of 32 bytes, and NUL */
#define KEY_LINES_MAX 64 /* of further key lines the first key alone is tried */

/* -- words.c: text put together without stdio, locale and malloc(), as a crashing process needs it -- */

struct words {
	char *text;
	size_t cap, len;
};
#define WORDS(array) ((struct words){(array), sizeof(array), 0})

/* What does not fit is cut off; the text always ends with a NUL. */
void words_add(struct words *words, const char *text);
void words_add_number(struct words *words, uint64_t number);

/* -- job.c: a job and its answers -- */

/* The modules that a job can be in at one moment: of the line it has come to, and on other threads key modules. */
enum inside { INSIDE_CALL, INSIDE_KEY, INSIDE_PREPARE, INSIDE_COUNT };

struct job {
	_Atomic unsigned refs;
	int fd;           /* the socket that came with the request */
	int frame;        /* which request it is */
	int64_t due;      /* clock_ms(): it has to be answered by then, whatever its modules do */
	int64_t deadline; /* for its modules: a little earlier */
	bool given_up;    /* that time has passed, and the module it is in is not waited for */
	_Atomic(const struct line *) inside[INSIDE_COUNT];
	struct secret_pool *pool;
	struct profile *profile; /* NULL if the library has not sent one that we understand */
	struct log log;
	struct host host;
	/* from the request; they point into `bytes` */
	int target;
	const char *target_id, *label, *fingerprint;
	const unsigned char *pem;
	size_t pem_len;
	unsigned char *bytes; /* the packet, in secret memory */
	/* How many keys of each key line the server has refused, and which line signed last, from 1. */
	unsigned spent[KEY_LINES_MAX];
	_Atomic size_t signer;
	/*
	 * For the audit: which key signed last ("": none), and whether the outcome has been reported.  A thread that
	 * is left behind may sign while that is done, so a new name does not overwrite the one that is being read.
	 */
	char keys[2][KEY_NAME_SIZE];
	_Atomic(const char *) key;
	_Atomic bool audited;
};

/* Takes fd and bytes over, on failure as well.  The host table is complete but for what serve.c puts in. */
int job_new(const struct hello *hello, struct secret_pool *pool, int fd, unsigned char *bytes, size_t len,
	    struct job **ret_job);
struct job *job_ref(struct job *job);
struct job *job_unref(struct job *job);

/* Which keys to ask for; fails without an app. */
int job_key_query(const struct job *job, struct icred_key_query *ret_query);
/* A detached thread; returns an errno. */
int job_thread(void *(*run)(void *data), void *data);

int job_send(struct job *job, const struct wire *wire);
/* DONE with one string (tag 0: none). */
int job_done(struct job *job, uint16_t tag, const char *text);
/* FAILED, with this thread's failure. */
void job_failed(struct job *job);

/*
 * -- audit.c: one line in the system's log for each mint of a profile that is audited; never a secret.  A log that is
 * missing, full or stuck costs a record, and never a mint --
 */

#define AUDIT_MAX 2048

struct audit {
	pid_t pid; /* of the program, and its user */
	uid_t uid;
	const char *program; /* its executable; "" if that cannot be read */
	const char *command; /* the name it gives itself; "" as well */
	const char *profile, *app, *api, *issuer;
	int target;
	const char *id;
	const char *key; /* "" if none has signed */
	int code;        /* ICRED_OK or the failure */
	int64_t expires_at;
};

/* Returns the length. */
size_t audit_format(const struct audit *audit, char text[AUDIT_MAX]);
/* Returns 0 or an errno.  Waits at most that long until the log takes it. */
int audit_send(const char *socket_path, const char *text, size_t len, int patience_ms);

/* Of the host table: which key has signed. */
void audit_signed_by(const struct icred_host *table, const char *fingerprint);
/* What came of a mint; only the first report counts.  Fit for a signal handler, as a module may crash. */
void audit_granted(struct job *job, int64_t expires_at);
void audit_failed(struct job *job, int code);

/* -- inside.c: which module each job is in, so that the failure names one that crashes, exits or hangs -- */

/* Once, at the start: the signal handlers. */
void inside_watch(void);
/* A job begins and ends. */
void inside_begin(struct job *job);
void inside_end(struct job *job);
/* Around everything that may call into the line's module, its loading too.  It costs no message. */
void inside_enter(struct job *job, enum inside which, const struct line *line);
void inside_leave(struct job *job, enum inside which);

/* Milliseconds until the next job has to be answered; -1 if there is none. */
int inside_due(void);
/* Answer for those whose time has passed; one that is in a module retires the worker. */
void inside_overdue(void);
/* A thread of this worker may be stuck for good: it serves what it has, and the library starts another one. */
void inside_retire(void);
bool inside_is_retired(void);

/* -- ask.c and sign.c: what the host table offers beside that of lib/module -- */

int ask_user(const struct icred_host *table, int style, const char *text, char *reply, size_t cap);
/*
 * The key stack runs on a thread of its own, so that the issuer can connect to its server while a keyring takes
 * its time.
 */
int sign_begin(const struct icred_host *table, const void *data, size_t len,
	       struct icred_signing **ret_signing);
int sign_end(const struct icred_host *table, struct icred_signing *signing, void *signature, size_t cap,
	     size_t *ret_len);

/* -- prepare.c, mint.c and key-jobs.c: each request -- */

/*
 * Before the others: load every module of the profile, which fails as a whole if one is missing or breaks the ABI.
 * At a worker's first mint, the key stack gets ready on a thread beside that.
 */
int prepare(struct job *job);
/* PROBE: which modules of the profile cannot be loaded? */
int probe(struct job *job);
/* MINT: the issuer stack, with one key of the app after the other while the server refuses them. */
int mint(struct job *job);
/* KEY_CHECK, KEY_STORE, KEY_LIST and KEY_REMOVE */
int keys_check(struct job *job);
int keys_store(struct job *job);
int keys_list(struct job *job);
int keys_remove(struct job *job);

/* -- serve.c: the loop -- */

/*
 * Serve the library at the other end of standard input until it closes its end, or has asked for nothing for a few
 * seconds.  Returns the exit status.
 */
int serve(void);

#endif
