/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's runtime directory: where lock files and the runtime cache live.
 *
 * Every directory is opened without following a link and judged by its own
 * descriptor, so what was checked is what is used.  This file is part of the
 * library and of cache-runtime.so; it needs libc alone.
 */
#ifndef ICRED_LIB_BASE_RUNDIR_H
#define ICRED_LIB_BASE_RUNDIR_H

#include <stddef.h>
#include <icred/icred.h>

/*
 * Open $XDG_RUNTIME_DIR/icred, or /run/user/EUID/icred if the variable is unset
 * or the process privileged; made if missing.  ICRED_E_UNSUPPORTED: there is
 * no runtime directory on this machine; ICRED_E_DENIED: there is one which
 * cannot be trusted or used.  Then `why` is one line that says what to do.
 */
ICRED_MUST_CHECK int rundir_open(int *ret_fd, char *why, size_t why_cap);

/*
 * /tmp/icred-EUID, where that is safe, else ICRED_E_DENIED: for lock files,
 * which hold no secret, where rundir_open() fails.
 */
ICRED_MUST_CHECK int rundir_open_spare(int *ret_fd, char *why, size_t why_cap);

#endif
