/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_block.h: the parts of the mechanism KEY_BLOCK (TR-31:2018, ANSI X9.143:2021, ISO 20038:2017).
 * key_block_wrap.c writes key blocks, key_block_unwrap.c reads them, key_block_header.c and
 * key_block_optional.c have the header, key_block_usage.c has the roles. src/key/binding.c encrypts
 * and authenticates.
 */
#ifndef KEYDIV_MECHANISMS_KEY_BLOCK_H
#define KEYDIV_MECHANISMS_KEY_BLOCK_H

#include "key/binding.h"
#include "key_block_header.h"
#include "mechanism.h"

/* wrap_key and unwrap_key of the mechanism. */
wrap_function key_block_wrap;
unwrap_function key_block_unwrap;

/* Return the binding of VERSION, which is a known version. */
enum binding key_block_binding(char version);

/* Return what the exportability of H, which is S, E or N, means for the key. */
enum exportability key_block_exportability(const struct key_block_header *h);

/*
 * Open the key block of N characters (at most KEY_BLOCK_TEXT_MAX) at TEXT under KBPK, without
 * regard to what the header says about the key. RET refers to TEXT, whose hexadecimal digits are
 * overwritten with the bytes. *RET_GOOD is false, with CKR_OK, if the block is malformed, changed
 * or under another key.
 */
MUST_USE CK_RV key_block_open(struct key *kbpk, struct key *const scratch[SCRATCH_KEYS],
	uint8_t *text, size_t n, struct key_block_parts *ret, struct secret *ret_value,
	bool *ret_good);

/*
 * Compare DATA, which has the form of an optional block KC or KP, with the check value of KEY.
 * *RET_SAME is false for a key that has no check value, too.
 */
MUST_USE CK_RV key_block_compare(struct key *key, struct bytes data, bool *ret_same);

#endif
