/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_LIB_BASE_SIGNAL_NAME_H
#define ICRED_LIB_BASE_SIGNAL_NAME_H

/* "SIGSEGV"; of one that has no name here "a signal".  For signal handlers too. */
const char *signal_name(int number);

#endif
