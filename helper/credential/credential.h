/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every credential helper shares, whatever protocol it speaks: who asks, for which
 * origin and path, and which token of the profile may go there.
 */
#ifndef ICRED_HELPER_CREDENTIAL_CREDENTIAL_H
#define ICRED_HELPER_CREDENTIAL_CREDENTIAL_H

#include <icred/icred.h>

#include "helper/common/options.h"

/* What a program asks for; NULL for what it does not say. */
struct credential_request {
	const char *client;          /* the program, for messages: "git" */
	const char *protocol, *host; /* "https" and "example.org:8443"   */
	const char *path, *username;
};

/* The answer.  Without a token there is nothing for this request: another helper may have something. */
struct credential_answer {
	icred_t *handle;
	icred_token_t *token;
	const char *username;
	int64_t expires_at; /* UTC, seconds: when the client must ask again */
	bool suspended; /* the issuer has suspended the installation, so no other helper can know better */
};

/*
 * The description that a client writes to standard input, to its end or until complete() finds
 * it whole.  0, or the exit status after reporting the failure; also if it fills the buffer.
 */
int credential_read(const struct options *o, char *buffer, size_t cap,
		    bool (*complete)(const char *buffer, size_t len), size_t *ret_len);
/* 0, or the exit status after reporting the failure; --verbose says why there is nothing. */
int credential_get(const struct options *o, const struct credential_request *request,
		   struct credential_answer *ret);
void credential_free(struct credential_answer *answer);
/* A server refused this token: forget it, if it is a cached one.  The same statuses. */
int credential_erase(const struct options *o, const struct credential_request *request, const char *secret);

/* May this be a host with an optional port, and nothing else, in a URL? */
bool credential_host_valid(const char *host);
/*
 * How many bytes of path the prefix covers, on a boundary of segments (or
 * before ".git"); 0 if none.  Slashes at either end do not matter.
 */
size_t credential_path_match(const char *path, const char *prefix, size_t prefix_len);

#endif
