/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.h: lines of comma-separated fields (RFC 4180, but a field does not run over the end
 * of a line).
 */
#ifndef KEYDIV_TOOL_CSV_H
#define KEYDIV_TOOL_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/text.h"

/*
 * Field COLUMN (from 0) of the line of N bytes at LINE, unquoted, into RET (SIZE bytes, NUL added);
 * its length in *RET_N. NULL if it is there; else what is wrong with the line.
 */
const char *csv_field(
	const char *line, size_t n, size_t column, char *ret, size_t size, size_t *ret_n);

/* The column of the heading NAME in the line of N bytes at LINE, in *RET. */
bool csv_column(const char *line, size_t n, const char *name, size_t *ret);

/* Append the field of N bytes at P, in quotes if it needs them. */
void csv_add(struct text *out, const char *p, size_t n);

#endif
