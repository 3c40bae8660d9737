/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_shapes.h: the number of keys of a shape and the number of server calls for them, for
 * Optimal-DUKPT and its forerunners.
 */
#ifndef KEYDIV_TOOL_ODUKPT_SHAPES_H
#define KEYDIV_TOOL_ODUKPT_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_MAX 32 /* largest R and N */

__extension__ typedef unsigned __int128 wide; /* room for products of counts below 2^63 */

/* A scheme with its registers and limits. All counts are exact. */
struct scheme {
	unsigned registers; /* R, the number of keys that the client keeps */
	/* N, the most PRF calls of the server from the initial key to the key's register. */
	unsigned calls;
	uint64_t keys; /* T, the number of transactions */
	/* PRF calls over all keys. The mean is call_sum / keys. */
	wide call_sum;
};

/*
 * Count Optimal-DUKPT with R registers and N calls (1..32 each). There are C(R+k-1, k) keys with
 * a path of length k, because a path is a non-increasing sequence of registers. Return false if
 * T >= 2^63.
 */
bool tree_count(unsigned registers, unsigned calls, struct scheme *ret);

/*
 * Count DUKPT with a counter of REGISTERS bits of which at most CALLS are set. There are
 * C(registers, k) keys of distance k.
 */
void counter_count(unsigned registers, unsigned calls, struct scheme *ret);

/* Return the mean of S in thousandths, rounded to the nearest. */
uint64_t scheme_mean(const struct scheme *s);

/* Write the shapes for WANTED transactions to RET, by growing N. Return their number. */
size_t plan_shapes(uint64_t wanted, struct scheme ret[SHAPE_MAX]);

#endif
