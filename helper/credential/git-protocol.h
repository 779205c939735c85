/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git's credential helper protocol: reading what git-credential(1) calls IOFMT. */
#ifndef ICRED_HELPER_CREDENTIAL_GIT_PROTOCOL_H
#define ICRED_HELPER_CREDENTIAL_GIT_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#define GITPROTO_LINE_MAX 65535u /* with its LF, as in git */
#define GITPROTO_MAX      (256u << 10)

/* Strings point into the buffer that was parsed; NULL for what was not said. */
struct gitproto {
	bool can_authtype; /* capability[]=authtype */
	const char *protocol, *host, *path, *username, *password, *credential;
};

/* True when buf holds the whole description: there is a blank line. */
bool gitproto_complete(const char *buf, size_t len);
/*
 * Parse a description of len bytes; buf is modified and has room for one byte
 * more.  -1, with *ret as it was, if anything in it could mean two things.
 */
int gitproto_parse(char *buf, size_t len, struct gitproto *ret);

#endif
