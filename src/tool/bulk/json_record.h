/* SPDX-License-Identifier: Apache-2.0 */
/* json_record.h: a record as a line of JSON (JSON lines), for records.c. */
#ifndef KEYDIV_TOOL_JSON_RECORD_H
#define KEYDIV_TOOL_JSON_RECORD_H

#include "tool/bulk/record.h"

/*
 * Read the record of LINE, N bytes, which is one JSON object. RET refers to MEMORY and to LINE. A
 * member that occurs twice, that is missing, or that is neither text nor a whole number is a
 * problem. False: PROBLEM is set.
 */
MUST_USE bool json_record(const struct record_format *format, const char *line, size_t n,
	struct record_memory *memory, struct record *ret, struct problem *problem);

/* Free the parsed line in MEMORY. */
void json_record_end(struct record_memory *memory);

#endif
