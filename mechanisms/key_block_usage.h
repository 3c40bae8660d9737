/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block_usage.h: the role of the key in a key block, and the header of a key. One table says
 * both (TR-31:2018 section A.5, ANSI X9.143:2021 section 6.3).
 *
 * The header of a key block says what the key may do. C_UnwrapKey takes the attributes of the key
 * from the header. C_WrapKey writes only a header that gives the same attributes back. No function
 * here locks or allocates.
 */
#ifndef KEYDIV_KEY_BLOCK_USAGE_H
#define KEYDIV_KEY_BLOCK_USAGE_H

#include "key_block_header.h"
#include "wrapping.h"

/*
 * Set type, usage, CKA_DERIVE and list of RET, the key of LENGTH bytes in a block with HEADER. The
 * exportability is not set.
 *
 * - CKR_KEY_TYPE_INCONSISTENT: the token offers nothing for this version, usage, algorithm, mode
 *   and hash, or nothing for a key of LENGTH bytes.
 * - CKR_WRAPPED_KEY_INVALID: no key of this algorithm has LENGTH bytes.
 */
MUST_USE CK_RV key_block_role(
	const struct key_block_header *header, size_t length, struct wrapped_role *ret);

/*
 * Set usage, algorithm, mode and hash of RET, whose version is set, for a key of LENGTH bytes with
 * ROLE. CKR_KEY_NOT_WRAPPABLE if no header says what the key is.
 */
MUST_USE CK_RV key_block_describe(
	const struct wrapped_role *role, size_t length, struct key_block_header *ret);

/*
 * Check that version, usage, algorithm, mode and hash of HEADER say what a key of LENGTH bytes with
 * ROLE is. CKR_MECHANISM_PARAM_INVALID.
 */
MUST_USE CK_RV key_block_fits(
	const struct key_block_header *header, const struct wrapped_role *role, size_t length);

#endif
