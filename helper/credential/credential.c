/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/session.h"
#include "helper/credential/credential.h"
#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"

#define CREDENTIAL_MARGIN     60        /* seconds: a transfer that begins now should still end well */
#define CREDENTIAL_EXPIRY_MAX (1 << 30) /* seconds from now; a later expiry is a defect, not an expiry */
#define CREDENTIAL_URL_MAX    1024

int credential_read(const struct options *o, char *buffer, size_t cap,
		    bool (*complete)(const char *buffer, size_t len), size_t *ret_len)
{
	struct pollfd readable = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t deadline = deadline_inside(session_first_deadline(o), 1);
	ssize_t n;

	*ret_len = 0;
	do {
		if (poll(&readable, 1, clock_left(deadline)) == 0)
			return fail(o, FAIL_NETWORK, "timeout",
				    "timed out reading the description on standard input");
		n = read(STDIN_FILENO, buffer + *ret_len, cap - *ret_len);
		if (n < 0 && errno != EINTR)
			return fail(o, FAIL_OTHER, "invalid", "cannot read the description: %s",
				    strerror(errno));
		*ret_len += n > 0 ? (size_t)n : 0;
		if (*ret_len == cap)
			return fail(o, FAIL_OTHER, "invalid", "the description is too long");
	} while (n != 0 && !complete(buffer, *ret_len));
	return 0;
}

bool credential_host_valid(const char *host)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

	return *host && strspn(host, fit) == strlen(host);
}

size_t credential_path_match(const char *path, const char *prefix, size_t prefix_len)
{
	const char *rest;

	path += strspn(path, "/");
	for (; prefix_len > 0 && *prefix == '/'; prefix_len--)
		prefix++;
	for (; prefix_len > 0 && prefix[prefix_len - 1] == '/'; prefix_len--)
		;
	if (prefix_len == 0 || strncmp(path, prefix, prefix_len) != 0)
		return 0;
	rest = path + prefix_len;
	if (strncmp(rest, ".git", 4) == 0)
		rest += 4;
	return *rest == '\0' || *rest == '/' ? prefix_len : 0;
}

/* "." and ".." would make the server see another path than the one compared here. */
static bool credential_path_is_plain(const char *path)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if ((len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[len])
			return true;
	}
}

static const char *credential_username(icred_t *handle)
{
	const char *username = icred_setting(handle, "username", 0);

	return username && *username && !strpbrk(username, "\r\n") ? username : "x-access-token";
}

/* An incomplete description never stands for "any host". */
static bool credential_is_whole(const struct options *o, const struct credential_request *r)
{
	if (!r->protocol)
		fail_explain(o, "nothing for %s: the description has no protocol", r->client);
	else if (!r->host)
		fail_explain(o, "nothing for %s: the description has no host", r->client);
	else if (!credential_host_valid(r->host))
		fail_explain(o, "nothing for %s: \"%.200s\" is not a host", r->client, r->host);
	else if (strcmp(r->protocol, "https") != 0 && strcmp(r->protocol, "http") != 0)
		fail_explain(o, "nothing for %s: the protocol is \"%.60s\", and tokens go to https only",
			     r->client, r->protocol);
	else
		return true;
	return false;
}

/* The profile, if its tokens may go to this origin under this user name; else 0 and no handle. */
static int credential_open(const struct options *o, const struct credential_request *r, icred_t **ret_handle)
{
	char url[CREDENTIAL_URL_MAX];
	icred_t *handle = NULL;
	const char *username;
	int n, status;

	if (!credential_is_whole(o, r))
		return 0;
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	username = credential_username(handle);
	n = snprintf(url, sizeof(url), "%s://%s/", r->protocol, r->host);
	if (n < 0 || (size_t)n >= sizeof(url) || icred_origin_allowed(handle, url) != 1) {
		fail_explain(
			o,
			"nothing for %s: %.5s://%.300s is not an origin of the profile; if its tokens may go "
			"there, add \"origin %.5s://%.300s\" to it",
			r->client, r->protocol, r->host, r->protocol, r->host);
	} else if (r->username && *r->username && strcmp(r->username, username) != 0) {
		fail_explain(
			o,
			"nothing for %s: the user name is \"%.200s\", and the profile's is \"%.200s\"; leave "
			"it out of the URL, or add \"username %.200s\" to the profile",
			r->client, r->username, username, r->username);
	} else {
		*ret_handle = handle;
		return 0;
	}
	icred_close(handle);
	return 0;
}

/* Whose token the path wants: an installation, or NULL for the profile's own.  False: there is none for this path. */
static bool credential_target(const struct options *o, icred_t *handle, const struct credential_request *r,
			      const char **ret_installation)
{
	const char *setting = icred_setting(handle, "git-path", 0);
	size_t i, prefix, match, longest = 0;

	*ret_installation = NULL;
	if (o->installation || o->organization || o->as_app || !setting)
		return true;
	if (r->path && !credential_path_is_plain(r->path)) {
		fail_explain(o, "nothing for %s: the path has a segment . or ..: %.300s", r->client, r->path);
		return false;
	}
	for (i = 0; r->path && setting; setting = icred_setting(handle, "git-path", ++i)) {
		prefix = strcspn(setting, " \t");
		match = credential_path_match(r->path, setting, prefix);
		if (match > longest) {
			longest = match;
			*ret_installation = setting + prefix + strspn(setting + prefix, " \t");
		}
	}
	if (*ret_installation || session_has_target(handle)) {
		fail_would_help(OPTION_INSTALLATION, false);
		return true;
	}
	if (r->path)
		fail_explain(o, "nothing for %s: no git-path of the profile fits the path %.300s", r->client,
			     r->path);
	else
		fail_explain(o,
			     "nothing for %s: git-path needs the path, which %s left out; run git config "
			     "--global credential.useHttpPath true",
			     r->client, r->client);
	return false;
}

void credential_free(struct credential_answer *answer)
{
	icred_token_unref(answer->token);
	icred_close(answer->handle);
	*answer = (struct credential_answer){0};
}

int credential_get(const struct options *o, const struct credential_request *request,
		   struct credential_answer *ret)
{
	struct credential_answer found = {0};
	int64_t now, left;
	const char *installation;
	int r, status = credential_open(o, request, &found.handle);

	if (found.handle && credential_target(o, found.handle, request, &installation)) {
		r = icred_get_token(found.handle, installation, o->min_ttl, &found.token);
		if (r < 0)
			status = fail_library(o, r);
		found.suspended = r == ICRED_E_SUSPENDED;
	}
	if (found.token) {
		found.username = credential_username(found.handle);
		found.expires_at = icred_token_expires_at(found.token);
		now = time(NULL);
		left = found.expires_at - now;
		/* Clients take an expiry that they cannot read for "never", and one that is past for "useless". */
		if (left <= 0 || left > CREDENTIAL_EXPIRY_MAX ||
		    strpbrk(icred_token_secret(found.token), "\r\n"))
			status = fail(o, FAIL_OTHER, "internal", "the token that was found cannot be used");
		else if (left > CREDENTIAL_MARGIN)
			found.expires_at -= CREDENTIAL_MARGIN;
	}
	if (status) {
		icred_token_unref(found.token);
		found.token = NULL;
	}
	*ret = found;
	return status;
}

int credential_erase(const struct options *o, const struct credential_request *request, const char *secret)
{
	icred_t *handle = NULL;
	int r, status = credential_open(o, request, &handle);

	if (!handle)
		return status;
	r = handle_reject_secret(handle, secret);
	if (r == ICRED_E_NOT_FOUND)
		fail_explain(o, "nothing for %s: the token to erase is not a cached one of this profile",
			     request->client);
	else if (r < 0)
		status = fail_library(o, r);
	icred_close(handle);
	return status;
}
