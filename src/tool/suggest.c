/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.c: the edit distance between names. */
#include "tool/suggest.h"

#include <string.h>

#define TEXT_MAX 64

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * Return how many letters must be inserted, removed, replaced or exchanged with their neighbour to
 * change A to B (Damerau and Levenshtein, restricted edit distance).
 */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][TEXT_MAX + 1]; /* of the letter before the last one, of the last one, now */
	size_t n = strlen(b);

	for (size_t k = 0; k <= n; k++)
		row[1][k] = k;
	for (size_t i = 1; a[i - 1]; i++) {
		row[2][0] = i;
		for (size_t k = 1; k <= n; k++) {
			row[2][k] = least(row[1][k] + 1, row[2][k - 1] + 1,
				row[1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[2][k] = least(row[2][k], row[0][k - 2] + 1, row[2][k]);
		}
		memcpy(row[0], row[1], sizeof row[0]);
		memcpy(row[1], row[2], sizeof row[1]);
	}
	return row[1][n];
}

void suggestion_offer(struct suggestion *s, const char *name)
{
	size_t n = strlen(s->wrong), longest = strlen(name) > n ? strlen(name) : n;

	if (longest > TEXT_MAX)
		return;
	size_t d = distance(s->wrong, name);
	if (2 * d < longest + 1 && (!s->nearest || d < s->distance)) {
		s->nearest = name;
		s->distance = d;
	}
}
