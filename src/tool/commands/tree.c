/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: binomial counts, exactly, in 128 bits. */
#include "tool/commands/tree.h"

/*
 * Pascal's rule along a path length: C(n, k) from C(n', k-1), exact at each step. The sum over k is
 * C(R+N, R) - 1.
 */
bool tree_count(unsigned registers, unsigned calls, struct scheme *ret)
{
	wide paths = 1, keys = 0, sum = 0;

	for (unsigned k = 1; k <= calls; k++) {
		paths = paths * (registers + k - 1) / k; /* C(R+k-1, k) */
		keys += paths;
		sum += paths * k;
	}
	if (keys >> 63)
		return false;
	*ret = (struct scheme){registers, calls, (uint64_t)keys, sum};
	return true;
}

void counter_count(unsigned registers, unsigned calls, struct scheme *ret)
{
	wide chosen = 1, keys = 0, sum = 0;

	for (unsigned k = 1; k <= calls; k++) {
		chosen = chosen * (registers - k + 1) / k; /* C(registers, k) */
		keys += chosen;
		sum += chosen * k;
	}
	*ret = (struct scheme){registers, calls, (uint64_t)keys, sum};
}

uint64_t scheme_mean(const struct scheme *s)
{
	return (uint64_t)((s->call_sum * 1000 + s->keys / 2) / s->keys);
}
