/* SPDX-License-Identifier: Apache-2.0 */
/* nfold.c: the n-fold function. */
#include "nfold.h"

#include <assert.h>
#include <string.h>

#define ROTATION 13 /* each further copy of the input is rotated right by this number of bits */

static size_t least_common_multiple(size_t a, size_t b)
{
	size_t x = a, y = b;

	while (y != 0) {
		size_t rest = x % y;
		x = y;
		y = rest;
	}
	return a / x * b;
}

/* Return byte I of the endless string IN || IN rotated once || IN rotated twice || ... */
static unsigned byte_at(const uint8_t *in, size_t in_len, size_t i)
{
	size_t bits = 8 * in_len, copy = i / in_len;
	size_t from = (8 * (i % in_len) + bits - ROTATION * copy % bits) % bits;
	unsigned pair = (unsigned)in[from / 8] << 8 | in[(from / 8 + 1) % in_len];

	return pair >> (8 - from % 8) & 0xFF;
}

void nfold(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
	size_t i = least_common_multiple(in_len, out_len);
	unsigned sum = 0; /* the carry so far, plus a byte */

	assert(in_len > 0 && out_len > 0);
	memset(out, 0, out_len);
	/*
	 * Add from the last byte to the first. A carry out of a piece goes into the end of the next
	 * piece, which is the end-around carry.
	 */
	while (i-- > 0) {
		sum += byte_at(in, in_len, i) + out[i % out_len];
		out[i % out_len] = (uint8_t)sum;
		sum >>= 8;
	}
	/*
	 * The carry of the last piece goes around too. Only a sum of all ones can carry a second
	 * time, and no third carry is possible.
	 */
	for (int pass = 0; pass < 2; pass++)
		for (i = out_len; i-- > 0; sum >>= 8) {
			sum += out[i];
			out[i] = (uint8_t)sum;
		}
}
