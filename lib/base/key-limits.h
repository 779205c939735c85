/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of a key, which programs, library, worker and modules report as the same number. */
#ifndef ICRED_LIB_BASE_KEY_LIMITS_H
#define ICRED_LIB_BASE_KEY_LIMITS_H

#define PEM_MAX   32768 /* bytes; a 16384-bit key has 12.5 kB       */
#define LABEL_MAX 512   /* bytes; it travels in REQUEST_ROOM        */

#endif
