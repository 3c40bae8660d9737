/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h: the name that was probably meant. */
#ifndef KEYDIV_TOOL_SUGGEST_H
#define KEYDIV_TOOL_SUGGEST_H

#include <stddef.h>

/* A search for the name that is nearest to a wrong name. Begin with SUGGESTION(wrong). */
struct suggestion {
	const char *wrong;
	const char *nearest; /* NULL: no name is near */
	size_t distance;
};

#define SUGGESTION(text)                                                                           \
	{                                                                                          \
		.wrong = (text)                                                                    \
	}

/*
 * Offer NAME, which must stay where it is. NAME is near if at most half of the letters of the
 * longer name must change.
 */
void suggestion_offer(struct suggestion *s, const char *name);

#endif
