/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HYGIENE_H
#define HYGIENE_H

/*
 * Make the process fit to hold a private key, whatever its caller left it
 * with: no core file, no debugger of the same user, signals as they are at
 * birth, files for nobody else.
 */
void hygiene(void);

#endif
