/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MINT_H
#define MINT_H

#include "worker/request.h"

/* Answer a MINT request: the issuer stack, with one key of the app after the other while the server refuses them. */
int mint(struct request *request);

#endif
