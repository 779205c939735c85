/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_LIB_API_PROBE_MODULES_H
#define ICRED_LIB_API_PROBE_MODULES_H

#include <icred/icred.h>

/*
 * Load every module of the profile, here and in the worker, without using any.
 * found() is called for each failure, which is this thread's then; returns the first.
 */
int probe_modules(icred_t *handle, void (*found)(void *data), void *data);

#endif
