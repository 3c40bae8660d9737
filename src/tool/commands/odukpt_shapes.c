/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_shapes.c: counts by exact binomial coefficients in 128 bits, and the choice of shapes. */
#include "tool/commands/odukpt_shapes.h"

/*
 * Count by Pascal's rule along a path length, C(n, k) from C(n', k-1), which is exact at each step.
 * The sum over k is C(R+N, R) - 1.
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

/*
 * For each N, choose the least R with enough transactions. Drop a shape if a shape with fewer
 * computations needs no more registers.
 */
size_t plan_shapes(uint64_t wanted, struct scheme ret[SHAPE_MAX])
{
	size_t count = 0;

	for (unsigned calls = 1; calls <= SHAPE_MAX; calls++)
		for (unsigned registers = 1; registers <= SHAPE_MAX; registers++) {
			struct scheme s;
			if (!tree_count(registers, calls, &s))
				break;
			if (s.keys < wanted)
				continue;
			if (count == 0 || s.registers < ret[count - 1].registers)
				ret[count++] = s;
			break;
		}
	return count;
}
