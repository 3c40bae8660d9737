/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h: AES key wrap (SP 800-38F) in two kinds, KW (RFC 3394) and KWP (RFC 5649). */
#ifndef KEYDIV_KEY_WRAP_H
#define KEYDIV_KEY_WRAP_H

#include "key.h"

enum wrap_kind { WRAP_NONE, WRAP_KW, WRAP_KWP };

/*
 * Return the length in bytes of N wrapped bytes, or 0 if KIND does not take N bytes. KW takes a
 * multiple of 8, at least 16. KWP takes at least 1.
 */
size_t wrap_length(enum wrap_kind kind, size_t n);

/*
 * Wrap N bytes at PLAIN under KEK (AES) into OUT, which has wrap_length bytes. OUT never contains
 * PLAIN, not even for a moment. CKR_KEY_TYPE_INCONSISTENT if KEK is no AES key,
 * CKR_KEY_SIZE_RANGE if KIND does not take N bytes. CKR_KEY_FUNCTION_NOT_PERMITTED if KEK is in
 * another token. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV key_wrap(
	struct key *kek, enum wrap_kind kind, const uint8_t *plain, size_t n, uint8_t *out);

/*
 * Unwrap N bytes at WRAPPED into RET_PLAIN. CKR_WRAPPED_KEY_LEN_RANGE for a length that no wrapped
 * key has. CKR_WRAPPED_KEY_INVALID if the integrity check fails. Other errors as key_wrap.
 * RET_PLAIN is empty after an error.
 */
MUST_USE CK_RV key_unwrap(struct key *kek, enum wrap_kind kind, const uint8_t *wrapped, size_t n,
	struct secret *ret_plain);

#endif
