/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways to write a key's fingerprint. */
#ifndef ICRED_HELPER_COMMON_FINGERPRINT_H
#define ICRED_HELPER_COMMON_FINGERPRINT_H

#define FINGERPRINT_BYTES  32
#define FINGERPRINT_BASE64 45 /* with padding and NUL */
#define FINGERPRINT_HEX    65

/*
 * Base64 (with or without padding) or hex (with or without colons), with or
 * without "SHA256:" before it, to padded base64; -1 if it is none of these.
 */
int fingerprint_base64(const char *text, char ret_base64[FINGERPRINT_BASE64]);
int fingerprint_hex(const char *text, char ret_hex[FINGERPRINT_HEX]);

#endif
