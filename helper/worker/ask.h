/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_ASK_H
#define ICRED_HELPER_WORKER_ASK_H

#include <icred/module.h>

/* Give the table a prompt that goes to the caller's conversation and brings its reply. */
void ask_into(struct icred_host *table);

#endif
