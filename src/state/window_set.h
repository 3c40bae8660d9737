/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_set.h: the counters that were used in one stream, as a window below the highest. Pure
 * arithmetic.
 *
 * A window of SIZE accepts a counter once, if the counter is above the highest used counter or at
 * most SIZE below it. Nothing needs to be known of lower counters, because they are all refused.
 */
#ifndef KEYDIV_STATE_WINDOW_SET_H
#define KEYDIV_STATE_WINDOW_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/object.h"

#define WINDOW_WORDS (WINDOW_MAX / 64)

struct window_set {
	uint64_t highest;             /* the highest used counter */
	uint32_t size;                /* 1..WINDOW_MAX */
	bool any;                     /* a counter was used; highest and below are undefined else */
	uint64_t below[WINDOW_WORDS]; /* bit i is set if highest - 1 - i was used */
};

/* Return the set of size SIZE in which no counter was used. */
static inline struct window_set window_set_empty(unsigned size)
{
	return (struct window_set){.size = size};
}

/* Return true if COUNTER must be refused, because it was used or is too far below the highest. */
bool window_set_refuses(const struct window_set *set, uint64_t counter);

/* Note that COUNTER, which the set does not refuse, was used. */
void window_set_add(struct window_set *set, uint64_t counter);

/* Note that every counter up to LIMIT was used. Counters above LIMIT are unchanged. */
void window_set_fill(struct window_set *set, uint64_t limit);

/* Return the number of bytes that window_set_encode writes for a set of SIZE. */
static inline size_t window_set_bytes(unsigned size)
{
	return (size + 7) / 8;
}

/*
 * Write the bits of `below` to OUT, which has window_set_bytes. The first byte has the bits of the
 * eight counters just below the highest, with the counter next to the highest as its lowest bit.
 */
void window_set_encode(const struct window_set *set, uint8_t *out);

/* Return the set whose highest counter is HIGHEST, with the bits of IN (window_set_bytes). */
struct window_set window_set_decode(unsigned size, uint64_t highest, const uint8_t *in);

#endif
