/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_LIB_BASE_WIPE_H
#define ICRED_LIB_BASE_WIPE_H

/*
 * Wipe what copying and measuring a secret has left outside of secret memory:
 * in the registers that a call may change, and in the stack below the caller,
 * where they may have been saved.  Called last by each function of the API
 * that has touched one, so that a core file of the program does not show it.
 */
void wipe_traces(void);

#endif
