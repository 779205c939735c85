/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "helper/worker/audit.h"

/* Where syslog(3) sends to; journald listens there too.  syslog(3) itself waits for as long as the daemon likes. */
#define AUDIT_SOCKET "/dev/log"
#define PATIENCE_MS  50
#define PROGRAM_MAX  512

/* A JWT serves several mints, so its key may have signed for an earlier request. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_key[KEY_NAME_SIZE];
/* It did not take a record in time: from then on none is waited for. */
static atomic_bool stuck;

/* -- the line: without stdio, locale and malloc(), as a crashing process writes it too -- */

struct text {
	char *bytes;
	size_t cap, len;
};

/* What does not fit is left out; the line has room for the longest of everything. */
static void put(struct text *to, const char *plain)
{
	size_t len = strlen(plain);

	if (to->len + len < to->cap) {
		memcpy(to->bytes + to->len, plain, len);
		to->len += len;
	}
}

static void put_number(struct text *to, int64_t number)
{
	char reversed[24], ordered[24];
	size_t n = 0;

	for (; !n || number > 0; number /= 10)
		reversed[n++] = (char)('0' + number % 10);
	for (size_t i = 0; i < n; i++)
		ordered[i] = reversed[n - 1 - i];
	ordered[n] = '\0';
	put(to, ordered);
}

/* A value cannot end its quotes, begin a line, or look like other characters than it has. */
static void put_quoted(struct text *to, const char *name, const char *value)
{
	char one[2] = "";

	put(to, " ");
	put(to, name);
	put(to, "=\"");
	for (; *value; value++) {
		one[0] = *value < 0x20 || *value > 0x7e || *value == '"' || *value == '\\' ? '?' : *value;
		put(to, one);
	}
	put(to, "\"");
}

static const char *target_name(int target)
{
	return target == ICRED_TARGET_INSTALLATION   ? "installation"
	       : target == ICRED_TARGET_ORGANIZATION ? "organization"
						     : "app";
}

size_t audit_format(const struct audit *audit, char text[AUDIT_MAX])
{
	struct text to = {text, AUDIT_MAX, 0};
	char expires[CLOCK_TEXT];

	put(&to, "<");
	put_number(&to, LOG_AUTHPRIV | (audit->code ? LOG_NOTICE : LOG_INFO));
	put(&to, ">icred-worker[");
	put_number(&to, getpid());
	put(&to, "]: mint");
	put(&to, audit->code ? " outcome=" : " outcome=granted");
	put(&to, audit->code ? icred_kind(audit->code) : "");
	if (!audit->code) {
		put(&to, " expires=");
		put(&to, clock_format_utc(audit->expires_at, expires));
	}
	put(&to, " uid=");
	put_number(&to, audit->uid);
	put(&to, " pid=");
	put_number(&to, audit->pid);
	if (audit->program[0])
		put_quoted(&to, "program", audit->program);
	else
		put_quoted(&to, "comm", audit->command);
	put_quoted(&to, "profile", audit->profile);
	put_quoted(&to, "app", audit->app);
	put(&to, " target=");
	put(&to, target_name(audit->target));
	if (audit->id[0])
		put_quoted(&to, "id", audit->id);
	put_quoted(&to, "issuer", audit->issuer);
	put_quoted(&to, "api", audit->api);
	if (audit->key[0])
		put_quoted(&to, "key", audit->key);
	text[to.len] = '\0';
	return to.len;
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

/* "/proc/PID/NAME"; false if it is not to be read. */
static bool read_proc(pid_t pid, const char *name, char *to, size_t cap)
{
	char bytes[64];
	struct text path = {bytes, sizeof(bytes), 0};
	ssize_t n;
	int fd;

	put(&path, "/proc/");
	put_number(&path, pid);
	put(&path, name);
	bytes[path.len] = '\0';
	n = readlink(bytes, to, cap - 1);
	if (n < 0 && errno == EINVAL) {
		fd = open(bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		n = fd < 0 ? -1 : read(fd, to, cap - 1);
		close_keep_errno(fd);
		n -= n > 0 && to[n - 1] == '\n';
	}
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Once for each mint, of whatever of its ends comes first. */
static bool is_wanted(struct request *request)
{
	return request->frame == FRAME_MINT && request->profile && profile_audits(request->profile) &&
	       !atomic_exchange(&request->audited, true);
}

static int report(struct request *request, int code, int64_t expires_at)
{
	const struct profile *profile = request->profile;
	const char *app = settings_get(&profile->settings, "app", 0);
	char text[AUDIT_MAX], program[PROGRAM_MAX], command[32] = "";
	struct ucred caller = {0, (uid_t)-1, (gid_t)-1};
	socklen_t size = sizeof(caller);
	int error;

	/* The kernel's word on who made this pair of sockets, which is the program. */
	getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &caller, &size);
	if (!read_proc(caller.pid, "/exe", program, sizeof(program)))
		read_proc(caller.pid, "/comm", command, sizeof(command));
	const struct audit audit = {
		.pid = caller.pid,
		.uid = caller.uid,
		.program = program,
		.command = command,
		.profile = profile->name,
		.app = app ? app : "",
		.api = profile->api_origin,
		.issuer = profile_issuer(profile),
		.target = request->target,
		.id = request->target_id,
		.key = request->key,
		.code = code,
		.expires_at = expires_at,
	};
	error = audit_send(AUDIT_SOCKET, text, audit_format(&audit, text),
			   stuck ? 0 : MIN(PATIENCE_MS, clock_left(request->deadline)));
	if (error == EAGAIN)
		atomic_store(&stuck, true);
	return error;
}

/* -- what the rest of the worker calls -- */

void audit_signed_by(struct request *request, const char *fingerprint)
{
	pthread_mutex_lock(&lock);
	snprintf(request->key, sizeof(request->key), "%s", fingerprint);
	snprintf(last_key, sizeof(last_key), "%s", fingerprint);
	pthread_mutex_unlock(&lock);
}

void audit_granted(struct request *request, int64_t expires_at)
{
	int error;

	if (!is_wanted(request))
		return;
	pthread_mutex_lock(&lock);
	if (!request->key[0])
		memcpy(request->key, last_key, sizeof(request->key));
	pthread_mutex_unlock(&lock);
	error = report(request, ICRED_OK, expires_at);
	if (error)
		log_line(&request->log, ICRED_LOG_DEBUG, "no audit record of this mint: %s: %s", AUDIT_SOCKET,
			 strerror(error));
}

void audit_failed(struct request *request, int code)
{
	if (is_wanted(request))
		report(request, code, 0);
}
