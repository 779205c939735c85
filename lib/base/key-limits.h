/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs, library, worker and modules must agree on, so that a user hears one number. */
#ifndef ICRED_LIB_BASE_KEY_LIMITS_H
#define ICRED_LIB_BASE_KEY_LIMITS_H

#define PEM_MAX   32768 /* bytes; a 16384-bit key has 12.5 kB       */
#define LABEL_MAX 512   /* bytes; it travels in REQUEST_ROOM        */

#endif
