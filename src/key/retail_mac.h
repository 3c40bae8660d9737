/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retail_mac.h: ISO/IEC 9797-1 MAC algorithm 3 (ANSI X9.19), for key.c and mac.c. All blocks except
 * the last one go through single DES with the left half of a DES2 key. The last block goes through
 * TDES with the whole key, because E(left, D(right, E(left, x))) is TDES of x.
 */
#ifndef KEYDIV_KEY_RETAIL_MAC_H
#define KEYDIV_KEY_RETAIL_MAC_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "key/algorithms.h"
#include "key/schedule.h"

struct key;

#define RETAIL_BLOCK 8

/* Return true if KIND is one of the two paddings of this MAC. */
static inline bool mac_is_retail(enum mac_kind kind)
{
	return kind == MAC_RETAIL || kind == MAC_RETAIL_ZEROS;
}

/*
 * Set LEFT to the left half of KEY, and STATE to zeros, or to the encryption of IV (8 bytes) if IV
 * has bytes. The codes are CKR_KEY_TYPE_INCONSISTENT unless KEY is a DES2 key,
 * CKR_KEY_FUNCTION_NOT_PERMITTED for a key in another token, CKR_MECHANISM_PARAM_INVALID for an IV
 * of another length, CKR_HOST_MEMORY and CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV retail_begin(
	const struct key *key, struct bytes iv, struct schedule *left, uint8_t state[RETAIL_BLOCK]);

/* Process N bytes at IN, whole blocks, none of which is the last block of the message. */
MUST_USE CK_RV retail_blocks(
	const struct schedule *left, uint8_t state[RETAIL_BLOCK], const uint8_t *in, size_t n);

/*
 * Pad the last N bytes at LAST (0 to 8, and 0 only for an empty message) as KIND says, write the
 * MAC of 8 bytes to RET_MAC, and wipe STATE.
 */
MUST_USE CK_RV retail_last(struct key *key, const struct schedule *left, enum mac_kind kind,
	uint8_t state[RETAIL_BLOCK], const uint8_t *last, size_t n, uint8_t *ret_mac);

/* The whole MAC of N bytes at MSG, without an IV. */
MUST_USE CK_RV retail_once(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac);

#endif
