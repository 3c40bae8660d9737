/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h: reads the published answers in tests/vectors: `name = value` lines, an empty line
 * after each case, lines with '#' are comments.
 *
 * 	struct vectors v;
 * 	for (vectors_open(&v, "cmac_aes.txt"); vectors_next(&v);)
 * 		key_len = vector_hex(&v, "key", key, sizeof key);
 *
 * An error in a file fails the test that reads it.
 */
#ifndef KEYDIV_TESTS_VECTORS_H
#define KEYDIV_TESTS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VECTOR_FIELDS 24
#define VECTOR_TEXT 65536 /* of one case */

struct vectors {
	FILE *file;
	const char *name;
	unsigned line;  /* of the file, for messages */
	unsigned cases; /* read so far */
	size_t count;   /* fields of this case */
	struct {
		const char *name, *value;
	} field[VECTOR_FIELDS];
	char text[VECTOR_TEXT];
};

void vectors_open(struct vectors *v, const char *file);

/*
 * Go to the next case; false at the end of the file, which is closed then. A file without any case
 * fails the test.
 */
bool vectors_next(struct vectors *v);

/* The value of NAME as it stands, "" if empty; NULL if the case has no such line. */
const char *vector_text(const struct vectors *v, const char *name);

/* The value of NAME, which must be there, as bytes; returns their number, at most ROOM. */
size_t vector_hex(const struct vectors *v, const char *name, uint8_t *out, size_t room);

/* The value of NAME, which must be there, as a decimal number. */
unsigned long vector_number(const struct vectors *v, const char *name);

#endif
