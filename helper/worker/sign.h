/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures for issuers: the key stack runs on a thread of its own, so that
 * the issuer can connect to its server while a keyring takes its time.
 */
#ifndef ICRED_HELPER_WORKER_SIGN_H
#define ICRED_HELPER_WORKER_SIGN_H

#include <icred/module.h>

void sign_into(struct icred_host *table);

#endif
