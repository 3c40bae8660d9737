/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_path.c: convert a transaction number to a register path and back. */
#include "odukpt_path.h"

__extension__ typedef unsigned __int128
	wide; /* holds the product of a binomial below 2^63 and a small number */

#define LIMIT ((uint64_t)1 << 63)

/*
 * Return C(n, k), or LIMIT if C(n, k) is at least LIMIT. Every intermediate value is a binomial
 * too, C(n - k + i, i), and the values ascend.
 */
static uint64_t binomial(unsigned n, unsigned k)
{
	wide c = 1;

	for (unsigned i = 1; i <= k; i++) {
		c = c * (n - k + i) / i;
		if (c >= LIMIT)
			return LIMIT;
	}
	return (uint64_t)c;
}

bool odukpt_transactions(unsigned r, unsigned n, uint64_t *ret_t)
{
	uint64_t all = binomial(n + r, r < n ? r : n);

	if (r == 0 || n == 0 || all - 1 >= LIMIT - 1)
		return false;
	*ret_t = all - 1;
	return true;
}

uint64_t odukpt_before(unsigned p, unsigned b)
{
	return binomial(b + p, p - 1) - 1;
}

/*
 * The position of a walk down the tree. The walk is at a key whose child is in register P with B
 * computations left below the child. C = C(B + P, P - 1) is one more than the number of keys before
 * that child. Along a path P never rises and B falls by one in each step, so the whole walk is at
 * most R + N updates of C.
 */
struct walk {
	unsigned p, b;
	uint64_t c;
};

static struct walk walk_start(unsigned r, unsigned n)
{
	return (struct walk){r, n - 1, binomial(n - 1 + r, r - 1)};
}

/* Step to the next lower register by C(b + p - 1, p - 2) = C(b + p, p - 1) * (p - 1) / (b + p). */
static void walk_lower(struct walk *w)
{
	w->c = (uint64_t)((wide)w->c * (w->p - 1) / (w->b + w->p));
	w->p--;
}

/*
 * Step into the child in register p, to its own child in the same register, by C(b - 1 + p, p - 1)
 * = C(b + p, p - 1) * (b + 1) / (b + p).
 */
static void walk_down(struct walk *w)
{
	w->c = (uint64_t)((wide)w->c * (w->b + 1) / (w->b + w->p));
	w->b--;
}

bool odukpt_path(unsigned r, unsigned n, uint64_t number, struct odukpt_path *ret)
{
	uint64_t t, rest = number;

	if (r > ODUKPT_SHAPE_MAX || n > ODUKPT_SHAPE_MAX || !odukpt_transactions(r, n, &t) ||
		number >= t)
		return false;
	struct walk w = walk_start(r, n);
	for (ret->length = 0;; walk_down(&w)) {
		while (w.c - 1 > rest) /* the last child that does not begin after the key */
			walk_lower(&w);
		rest -= w.c - 1;
		ret->at[ret->length] = (uint8_t)w.p;
		ret->number[ret->length++] = number - rest;
		if (rest == 0)
			return true;
		rest--; /* the child itself */
	}
}
