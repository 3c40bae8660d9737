/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_shapes.h: the counts of Optimal-DUKPT and its forerunners: how many keys a shape has, and how far
 * the server goes for them.
 */
#ifndef KEYDIV_TOOL_ODUKPT_SHAPES_H
#define KEYDIV_TOOL_ODUKPT_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_MAX 32 /* largest R and N */

__extension__ typedef unsigned __int128 wide; /* room for products of counts below 2^63 */

/* A scheme with its registers and limits; all counts are exact. */
struct scheme {
	unsigned registers; /* R: keys the client keeps */
	unsigned
		calls; /* N: most PRF calls of the server, from the initial key to the key's register */
	uint64_t keys; /* T: transactions */
	wide call_sum; /* PRF calls over all keys: call_sum / keys is the mean */
};

/*
 * Optimal-DUKPT with R registers and N calls (1..32 each): keys of a path of length k are C(R+k-1,
 * k), since a path is a non-increasing sequence of registers. False if T >= 2^63.
 */
bool tree_count(unsigned registers, unsigned calls, struct scheme *ret);

/*
 * DUKPT with a counter of REGISTERS bits of which at most CALLS are set: keys of distance k
 * are C(registers, k).
 */
void counter_count(unsigned registers, unsigned calls, struct scheme *ret);

/* The mean of S in thousandths, rounded to the nearest. */
uint64_t scheme_mean(const struct scheme *s);

/* The shapes for WANTED transactions, by growing N; returns how many. */
size_t plan_shapes(uint64_t wanted, struct scheme ret[SHAPE_MAX]);

#endif
