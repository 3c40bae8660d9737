/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: a growing buffer of text. */
#ifndef KEYDIV_TOOL_TEXT_H
#define KEYDIV_TOOL_TEXT_H

#include <stddef.h>

struct text {
	char *p; /* not ended by NUL */
	size_t n, size;
};

/*
 * Append the N bytes at P, or the characters of STRING. Ends the program with a message if there is
 * no memory left.
 */
void text_add(struct text *t, const void *p, size_t n);
void text_add_string(struct text *t, const char *string);

/* text_clear empties T and keeps its memory. text_free frees the memory. */
static inline void text_clear(struct text *t)
{
	t->n = 0;
}
void text_free(struct text *t);

#endif
