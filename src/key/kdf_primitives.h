/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kdf_primitives.h: HKDF (RFC 5869) and PBKDF2 (RFC 8018), for the standard mechanisms that
 * stand on them.
 */
#ifndef KEYDIV_KEY_KDF_PRIMITIVES_H
#define KEYDIV_KEY_KDF_PRIMITIVES_H

#include "key/digest.h"
#include "key/key.h"

#define HKDF_BLOCKS_MAX 255 /* the output is at most that many digests long, RFC 5869 section 2.3 */

/*
 * RET = HKDF of KEY: extract and expand, or one of them. Extract alone gives the pseudo-random key,
 * one digest long: LEN must be that (or 0, which means that). Expand alone takes KEY as the
 * pseudo-random key. An absent or empty SALT is a digest of zero bytes; INFO matters to expand
 * only. A key of any type serves.
 *
 * CKR_MECHANISM_PARAM_INVALID if neither step is asked for or there is no such digest;
 * CKR_KEY_SIZE_RANGE if LEN is 0 (with expand) or over 255 digests or SECRET_MAX, or KEY is empty;
 * CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. RET is then empty.
 */
MUST_USE CK_RV key_hkdf(struct key *key, enum digest_kind kind, bool extract, bool expand,
	struct bytes salt, struct bytes info, size_t len, struct secret *ret);

/*
 * RET = LEN bytes of PBKDF2 with HMAC of KIND. An empty password or salt is allowed.
 * CKR_MECHANISM_PARAM_INVALID for no digest or no iterations (or over 2^31 - 1); CKR_KEY_SIZE_RANGE
 * if LEN is 0 or over SECRET_MAX; CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV pbkdf2(enum digest_kind kind, struct bytes password, struct bytes salt,
	uint64_t iterations, size_t len, struct secret *ret);

#endif
