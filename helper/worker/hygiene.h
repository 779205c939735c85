/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_HYGIENE_H
#define ICRED_HELPER_WORKER_HYGIENE_H

/*
 * Make the process fit to hold a private key, whatever its caller left it
 * with: no core file, no debugger of the same user, signals as they are at
 * birth, files for nobody else.
 */
void hygiene(void);

#endif
