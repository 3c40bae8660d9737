/* SPDX-License-Identifier: Apache-2.0 */
/* text.c: a growing buffer of text. */
#include "tool/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/report.h"

void text_add(struct text *t, const void *p, size_t n)
{
	if (n > t->size - t->n) {
		size_t size = 2 * t->size + n + 256;
		char *grown = realloc(t->p, size);
		if (!grown) {
			print_failure("out of memory");
			exit(1);
		}
		t->p = grown;
		t->size = size;
	}
	if (n > 0)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

void text_add_string(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){0};
}
