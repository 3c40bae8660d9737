/* SPDX-License-Identifier: Apache-2.0 */
/* kdf_primitives.h: HKDF (RFC 5869) and PBKDF2 (RFC 8018), for the standard mechanisms. */
#ifndef KEYDIV_KEY_KDF_PRIMITIVES_H
#define KEYDIV_KEY_KDF_PRIMITIVES_H

#include "key/digest.h"
#include "key/key.h"

/* The output has at most this number of digests (RFC 5869, section 2.3). */
#define HKDF_BLOCKS_MAX 255

/*
 * Compute HKDF of KEY into RET by extract, by expand, or by both. Extract alone gives the
 * pseudo-random key of one digest, and LEN must be the length of the digest or 0. Expand alone
 * takes KEY as the pseudo-random key, which may be in another token. An absent or empty SALT is a
 * digest of zero bytes. Only expand uses INFO. A key of any type is accepted.
 *
 * CKR_MECHANISM_PARAM_INVALID if neither step is requested or the digest does not exist.
 * CKR_KEY_SIZE_RANGE if KEY is empty, or if LEN is 0 (with expand) or over 255 digests or
 * SECRET_MAX. CKR_KEY_FUNCTION_NOT_PERMITTED for extract if KEY is in another token.
 * CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. RET is empty after an error.
 */
MUST_USE CK_RV key_hkdf(struct key *key, enum digest_kind kind, bool extract, bool expand,
	struct bytes salt, struct bytes info, size_t len, struct secret *ret);

/*
 * Compute LEN bytes of PBKDF2 with HMAC of KIND into RET. An empty password or salt is allowed.
 * CKR_MECHANISM_PARAM_INVALID for no digest, or for no iterations or more than 2^31 - 1.
 * CKR_KEY_SIZE_RANGE if LEN is 0 or over SECRET_MAX. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV pbkdf2(enum digest_kind kind, struct bytes password, struct bytes salt,
	uint64_t iterations, size_t len, struct secret *ret);

#endif
