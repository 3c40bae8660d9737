/* SPDX-License-Identifier: Apache-2.0 */
/* records.h: reads the records of a list, one a line. The list is CSV or JSON lines. */
#ifndef KEYDIV_TOOL_RECORDS_H
#define KEYDIV_TOOL_RECORDS_H

#include "tool/bulk/lines.h"
#include "tool/bulk/record.h"
#include "tool/text.h"

struct records {
	struct lines lines;
	struct record_format *format;
	struct text heading; /* the first line, where VALUES are found by heading */
	struct record_memory memory;
};

/*
 * Begin to read the records of FD (see lines_start) and read the heading if there is one. False:
 * PROBLEM is set, and its line number is records->lines.number.
 */
MUST_USE bool records_start(struct records *records, struct record_format *format, int fd,
	bool positioned, off_t start, int copy, struct problem *problem);

/* Free what the records hold. */
void records_end(struct records *records);

/*
 * Get the next record. RET points into RECORDS and is valid until the next call. Input without any
 * record is a problem. GOT_PROBLEM: as records_start.
 */
MUST_USE enum got records_next(
	struct records *records, struct record *ret, struct problem *problem);

#endif
