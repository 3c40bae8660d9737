/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h: the name that was probably meant. */
#ifndef KEYDIV_TOOL_SUGGEST_H
#define KEYDIV_TOOL_SUGGEST_H

#include <stddef.h>

/* Looks for the name nearest to a wrong one. Begin with SUGGESTION(wrong). */
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
 * Offer NAME, which must stay where it is. A name that differs in every other letter is not near.
 */
void suggestion_offer(struct suggestion *s, const char *name);

#endif
