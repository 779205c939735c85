/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit: a line in the system's log for each mint. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/descriptor.h"
#include "lib/base/error.h"

/* Where syslog(3) sends to, and journald listens.  syslog(3) itself waits for as long as the daemon is busy. */
#define AUDIT_SOCKET "/dev/log"
#define PATIENCE_MS  50
#define PROGRAM_MAX  512

/* A JWT serves several mints, so its key may have signed for an earlier request. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_key[KEY_NAME_SIZE];
/* The log did not take a record in time: later ones do not wait for it. */
static _Atomic bool stuck;

/* -- the line -- */

/* A value cannot end its quotes, begin a line, or look like other characters than it has. */
static void add_quoted(struct words *words, const char *name, const char *value)
{
	char one[2] = "";

	words_add(words, " ");
	words_add(words, name);
	words_add(words, "=\"");
	for (; *value; value++) {
		one[0] = *value < 0x20 || *value > 0x7e || *value == '"' || *value == '\\' ? '?' : *value;
		words_add(words, one);
	}
	words_add(words, "\"");
}

size_t audit_format(const struct audit *audit, char text[AUDIT_MAX])
{
	struct words words = {text, AUDIT_MAX, 0};
	char expires[CLOCK_TEXT];

	words_add(&words, "<");
	words_add_number(&words, LOG_AUTHPRIV | (audit->code ? LOG_NOTICE : LOG_INFO));
	words_add(&words, ">icred-worker[");
	words_add_number(&words, (uint64_t)getpid());
	words_add(&words, "]: mint outcome=");
	words_add(&words, audit->code ? icred_kind(audit->code) : "granted");
	if (!audit->code) {
		words_add(&words, " expires=");
		words_add(&words, clock_format_utc(audit->expires_at, expires));
	}
	words_add(&words, " uid=");
	words_add_number(&words, audit->uid);
	words_add(&words, " pid=");
	words_add_number(&words, (uint64_t)audit->pid);
	if (audit->program[0])
		add_quoted(&words, "program", audit->program);
	else
		add_quoted(&words, "comm", audit->command);
	add_quoted(&words, "profile", audit->profile);
	add_quoted(&words, "app", audit->app);
	words_add(&words, " target=");
	words_add(&words, audit->target == ICRED_TARGET_INSTALLATION   ? "installation"
			  : audit->target == ICRED_TARGET_ORGANIZATION ? "organization"
								       : "app");
	if (audit->id[0])
		add_quoted(&words, "id", audit->id);
	add_quoted(&words, "issuer", audit->issuer);
	add_quoted(&words, "api", audit->api);
	if (audit->key[0])
		add_quoted(&words, "key", audit->key);
	return words.len;
}

/* -- the socket -- */

static int connect_to(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd, error;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int audit_send(const char *socket_path, const char *text, size_t len, int patience_ms)
{
	int fd = connect_to(socket_path, SOCK_DGRAM), error = 0;
	size_t end = 0;

	if (fd == -EPROTOTYPE) { /* an older daemon's, where a NUL ends a line */
		fd = connect_to(socket_path, SOCK_STREAM);
		end = 1;
	}
	if (fd < 0)
		return -fd;
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	if (send(fd, text, len + end, MSG_NOSIGNAL) < 0)
		error = errno;
	if (error == EAGAIN && patience_ms > 0 && poll(&room, 1, patience_ms) == 1)
		error = send(fd, text, len + end, MSG_NOSIGNAL) < 0 ? errno : 0;
	close(fd);
	return error;
}

/* -- who -- */

/* "/proc/PID/NAME"; false if it cannot be read. */
static bool read_proc(pid_t pid, const char *name, char *to, size_t cap)
{
	char path[64];
	struct words words = WORDS(path);
	ssize_t n;
	int fd;

	words_add(&words, "/proc/");
	words_add_number(&words, (uint64_t)pid);
	words_add(&words, name);
	n = readlink(path, to, cap - 1);
	if (n < 0 && errno == EINVAL) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		n = fd < 0 ? -1 : read(fd, to, cap - 1);
		close_keep_errno(fd);
		n -= n > 0 && to[n - 1] == '\n';
	}
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Returns 0, also for what is not audited or was reported before, or an errno. */
static int report(struct job *job, int code, int64_t expires_at, const char *key)
{
	const struct profile *profile = job->profile;
	char text[AUDIT_MAX], program[PROGRAM_MAX], command[32] = "";
	struct ucred caller = {0, (uid_t)-1, (gid_t)-1};
	socklen_t size = sizeof(caller);
	const char *app;
	int error;

	if (job->frame != FRAME_MINT || !profile || !profile_audits(profile) ||
	    atomic_exchange(&job->audited, true))
		return 0;
	/* What the kernel says about the process that made this pair of sockets, which is the program. */
	getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &caller, &size);
	if (!read_proc(caller.pid, "/exe", program, sizeof(program)))
		read_proc(caller.pid, "/comm", command, sizeof(command));
	app = settings_get(&profile->settings, "app", 0);
	const struct audit audit = {
		.pid = caller.pid,
		.uid = caller.uid,
		.program = program,
		.command = command,
		.profile = profile->name,
		.app = app ? app : "",
		.api = profile->api_origin,
		.issuer = profile_issuer(profile),
		.target = job->target,
		.id = job->target_id,
		.key = key,
		.code = code,
		.expires_at = expires_at,
	};
	error = audit_send(AUDIT_SOCKET, text, audit_format(&audit, text),
			   atomic_load(&stuck) ? 0 : MIN(PATIENCE_MS, clock_left(job->deadline)));
	if (error == EAGAIN)
		atomic_store(&stuck, true);
	return error;
}

/* -- what the rest of the worker calls -- */

void audit_signed_by(const struct icred_host *table, const char *fingerprint)
{
	struct job *job = host_of(table)->request;
	char *key;

	pthread_mutex_lock(&lock);
	key = job->keys[atomic_load(&job->key) == job->keys[0]];
	snprintf(key, KEY_NAME_SIZE, "%s", fingerprint);
	atomic_store(&job->key, key);
	snprintf(last_key, sizeof(last_key), "%s", fingerprint);
	pthread_mutex_unlock(&lock);
}

void audit_granted(struct job *job, int64_t expires_at)
{
	const char *signer = atomic_load(&job->key);
	char key[KEY_NAME_SIZE];
	int error;

	pthread_mutex_lock(&lock);
	snprintf(key, sizeof(key), "%s", signer[0] ? signer : last_key);
	pthread_mutex_unlock(&lock);
	error = report(job, ICRED_OK, expires_at, key);
	if (error)
		log_line(&job->log, ICRED_LOG_DEBUG, "no audit record of this mint: %s: %s", AUDIT_SOCKET,
			 strerror(error));
}

void audit_failed(struct job *job, int code)
{
	report(job, code, 0, atomic_load(&job->key));
}
