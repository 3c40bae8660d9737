/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h: lines of fields between delimiters (RFC 4180, but a field ends with its line). */
#ifndef KEYDIV_TOOL_CSV_H
#define KEYDIV_TOOL_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/text.h"

/* A field as it is in its line. */
struct csv_field {
	const char *p; /* without quotation marks around it */
	size_t n;
	bool quoted;
	bool doubled; /* has quotation marks written twice */
};

/*
 * Find field COLUMN, counted from 0, of the line of N bytes at LINE. With TRIM, blanks may be
 * around the quotation marks of a field. Returns NULL, or what is wrong with the line.
 */
const char *csv_find(const char *line, size_t n, char delimiter, bool trim, size_t column,
	struct csv_field *ret);

/*
 * Copy FIELD to RET (SIZE bytes) with each doubled quotation mark once and a NUL behind it. False
 * if there is no room.
 */
bool csv_copy(const struct csv_field *field, char *ret, size_t size, size_t *ret_n);

/* Count the characters C outside of quotation marks in the N bytes at P. */
size_t csv_count(const char *p, size_t n, char c);

/* Return the number of bytes of blanks that begin, or end, the N bytes at P. */
size_t csv_blanks_before(const char *p, size_t n, char delimiter);
size_t csv_blanks_behind(const char *p, size_t n, char delimiter);

/* Find the column whose heading is NAME in the line of N bytes at LINE. */
bool csv_column(
	const char *line, size_t n, char delimiter, bool trim, const char *name, size_t *ret);

/* Append the field of N bytes at P and quote it where a reader could take it for something else. */
void csv_add(struct text *out, const char *p, size_t n);

#endif
