/* SPDX-License-Identifier: Apache-2.0 */
/* csv_record.h: a record as a line of CSV, for records.c. */
#ifndef KEYDIV_TOOL_CSV_RECORD_H
#define KEYDIV_TOOL_CSV_RECORD_H

#include "tool/bulk/record.h"

/*
 * Read the record of LINE, N bytes. RET refers to MEMORY and to LINE. False: PROBLEM is set.
 */
MUST_USE bool csv_record(const struct record_format *format, const char *line, size_t n,
	struct record_memory *memory, struct record *ret, struct problem *problem);

/*
 * Check that LINE, N bytes, can be a record or a heading: it is neither blank nor a comment. False:
 * PROBLEM is set.
 */
MUST_USE bool csv_check_line(
	const struct record_format *format, const char *line, size_t n, struct problem *problem);

/*
 * Return a delimiter of other lists that LINE has, or NUL if LINE has the delimiter of FORMAT or
 * none at all.
 */
char csv_other_delimiter(const struct record_format *format, const char *line, size_t n);

#endif
