/* SPDX-License-Identifier: Apache-2.0 */
/* window_set.c: see window_set.h. */
#include "state/window_set.h"

#include <string.h>

static bool is_set(const struct window_set *set, uint64_t i)
{
	return (set->below[i / 64] >> (i % 64) & 1) != 0;
}

bool window_set_refuses(const struct window_set *set, uint64_t counter)
{
	if (!set->any || counter > set->highest)
		return false;
	if (counter == set->highest || set->highest - counter > set->size)
		return true;
	return is_set(set, set->highest - counter - 1);
}

/* Move every bit up by N, because the highest counter rises by N. */
static void shift(struct window_set *set, uint64_t n)
{
	size_t words = n < WINDOW_MAX ? (size_t)(n / 64) : WINDOW_WORDS;
	unsigned bits = (unsigned)(n % 64);

	for (size_t i = WINDOW_WORDS; i-- > 0;) {
		uint64_t v = i >= words ? set->below[i - words] << bits : 0;
		if (bits > 0 && i > words)
			v |= set->below[i - words - 1] >> (64 - bits);
		set->below[i] = v;
	}
}

static void set_bit(struct window_set *set, uint64_t i)
{
	if (i < set->size)
		set->below[i / 64] |= UINT64_C(1) << (i % 64);
}

void window_set_add(struct window_set *set, uint64_t counter)
{
	if (!set->any) {
		set->any = true;
		set->highest = counter;
		return;
	}
	if (counter < set->highest) {
		set_bit(set, set->highest - counter - 1);
		return;
	}
	uint64_t rise = counter - set->highest;
	shift(set, rise);
	set_bit(set, rise - 1);
	set->highest = counter;
}

void window_set_fill(struct window_set *set, uint64_t limit)
{
	if (!set->any || set->highest <= limit) {
		set->any = true;
		set->highest = limit;
		memset(set->below, 0xff, sizeof set->below);
		return;
	}
	for (uint64_t i = set->highest - limit - 1; i < set->size; i++)
		set_bit(set, i);
}

void window_set_encode(const struct window_set *set, uint8_t *out)
{
	for (size_t i = 0; i < window_set_bytes(set->size); i++)
		out[i] = (uint8_t)(set->below[i / 8] >> (8 * (i % 8)));
}

struct window_set window_set_decode(unsigned size, uint64_t highest, const uint8_t *in)
{
	struct window_set set = {.highest = highest, .size = size, .any = true};

	for (size_t i = 0; i < window_set_bytes(size); i++)
		set.below[i / 8] |= (uint64_t)in[i] << (8 * (i % 8));
	return set;
}
