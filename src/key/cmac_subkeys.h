/* SPDX-License-Identifier: Apache-2.0 */
/* cmac_subkeys.h: the subkeys of CMAC (SP 800-38B section 6.1), for every CMAC of this project. */
#ifndef KEYDIV_KEY_CMAC_SUBKEYS_H
#define KEYDIV_KEY_CMAC_SUBKEYS_H

#include "base/bytes.h"

/*
 * Double IN in GF(2^128) or GF(2^64) into OUT, in constant time (section 6.1, steps 2 and 3). IN
 * and OUT have BLOCK (16 or 8) bytes, and may be the same. K1 is the encrypted zero block doubled,
 * K2 is K1 doubled.
 */
static inline void cmac_double(const uint8_t *in, uint8_t *out, size_t block)
{
	uint64_t high = get_be64(in), carry = 0 - (high >> 63);

	if (block == 16) {
		uint64_t low = get_be64(in + 8);
		put_be64(out, high << 1 | low >> 63);
		put_be64(out + 8, low << 1 ^ (carry & 0x87));
	} else {
		put_be64(out, high << 1 ^ (carry & 0x1b));
	}
}

#endif
