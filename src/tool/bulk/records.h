/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.h: a list of devices or keys as CSV, one record a line. A line that could be read in two
 * ways is refused, because a key derived for the wrong serial looks like any other key.
 */
#ifndef KEYDIV_TOOL_RECORDS_H
#define KEYDIV_TOOL_RECORDS_H

#include "tool/bulk/lines.h"

#define NAME_MAX_BYTES 512 /* of a serial or label */

struct record_format {
	/* from the options */
	const char *delimiter_text; /* NULL: comma */
	const char *column;         /* number from 1, or heading; NULL: 1 */
	bool header;                /* the first line is a heading */
	bool hex;                   /* names are in hexadecimal */
	bool trim;                  /* blanks around a name are removed */
	/* set by the command */
	const char *member; /* what a name is, for messages: "serial", "label" */
	bool with_value;    /* a record has a second field, behind the name */
	bool utf8_only;     /* names must be UTF-8, because JSON is printed */
	/* set by record_format_read() */
	char delimiter;
	size_t column_index; /* from 0; set by records_start() if COLUMN is a heading */
	bool column_by_name;
};

struct record {
	unsigned long long line;
	size_t n;          /* bytes of NAME */
	const char *name;  /* the serial or label, with a NUL behind it */
	const char *shown; /* NAME as output and messages show it: hexadecimal with --hex */
	const char *value; /* the second field; for WORK of struct bulk with a NUL behind it */
	size_t value_n;
};

struct records {
	struct lines lines;
	struct record_format *format;
	unsigned long long count; /* records returned */
	char name[NAME_MAX_BYTES + 1];
	char shown[2 * NAME_MAX_BYTES + 1];
};

/* Check the options of FORMAT. False: reported. */
MUST_USE bool record_format_read(struct record_format *format);

/*
 * Begin to read the records of FD (see lines_start) and read the heading if there is one. False:
 * PROBLEM is set, and its line number is records->lines.number.
 */
MUST_USE bool records_start(struct records *records, struct record_format *format, int fd,
	bool positioned, off_t start, int copy, struct problem *problem);

/*
 * Get the next record. RET points into RECORDS and is valid until the next call. Input without any
 * record is a problem. GOT_PROBLEM: as records_start.
 */
MUST_USE enum got records_next(
	struct records *records, struct record *ret, struct problem *problem);

/*
 * Read the N bytes at TEXT, a name as operands and files give it, and set name, shown and n of RET.
 * With --hex, the name is decoded to NAME and written to SHOWN. Otherwise RET refers to TEXT.
 * False: the name is empty, not hexadecimal, or not UTF-8 where JSON needs UTF-8. PROBLEM is set.
 */
MUST_USE bool record_name(const struct record_format *format, const char *text, size_t n,
	char name[NAME_MAX_BYTES + 1], char shown[2 * NAME_MAX_BYTES + 1], struct record *ret,
	struct problem *problem);

#endif
