/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h: a record of a list of devices, keys or messages, and the form of such a list. A line
 * that could be read in two ways is refused, because a key derived for the wrong serial looks like
 * any other key.
 */
#ifndef KEYDIV_TOOL_RECORD_H
#define KEYDIV_TOOL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/report.h"

#define NAME_MAX_BYTES 512 /* of a serial or label */
#define RECORD_VALUES 5    /* fields of a record besides its name, at most */
#ifndef RECORD_VALUE_MAX
#define RECORD_VALUE_MAX 16384 /* of a field with quotation marks in it: as long as a line */
#endif

/* A further field of a record, which the heading NAME or the JSON member NAME announces. */
struct value_column {
	const char *name;                                /* NULL ends a list */
	enum { OPTIONAL, REQUIRED, FORBIDDEN } presence; /* in the list */
	bool hex;                                        /* the field is hexadecimal, or empty */
};

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
	bool json_lines;    /* each line is a JSON object, whose member MEMBER is the name */
	bool utf8_only;     /* names must be UTF-8, because JSON is printed */
	const struct value_column *values; /* further fields found by heading, or NULL */
	/* set by record_format_read() */
	char delimiter;
	size_t column_index; /* from 0; set by records_start() if COLUMN is a heading */
	bool column_by_name;
	/* set by records_start(): columns of VALUES from 0, or NO_COLUMN */
	size_t value_index[RECORD_VALUES];
};

#define NO_COLUMN SIZE_MAX

/* A field besides the name. P is NULL if the record has no such field. */
struct record_value {
	const char *p;
	size_t n;
};

struct record {
	unsigned long long line;
	size_t n;          /* bytes of NAME */
	const char *name;  /* the serial or label, with a NUL behind it */
	const char *shown; /* NAME as output and messages show it: hexadecimal with --hex */
	/*
	 * The field behind the name, or those of struct value_column. WORK of struct bulk finds a
	 * NUL behind each.
	 */
	struct record_value value[RECORD_VALUES];
	const char *text; /* the whole line, where VALUES are found by heading */
	size_t text_n;
};

struct json_object;

/* The memory that a record refers to, until the next record is read. Begin with {0}. */
struct record_memory {
	unsigned long long count; /* records read so far */
	char name[NAME_MAX_BYTES + 1];
	char shown[2 * NAME_MAX_BYTES + 1];
	char value[RECORD_VALUE_MAX]; /* the field behind the name, if it has quotation marks */
	struct json_object *object;   /* the parsed line, with JSON lines */
};

/* Check the options of FORMAT. False: reported. */
MUST_USE bool record_format_read(struct record_format *format);

/*
 * Read the N bytes at TEXT, a name as operands and files give it, and set name, shown and n of RET.
 * With --hex, the name is decoded to NAME and written to SHOWN. Otherwise RET refers to TEXT.
 * False: the name is empty, not hexadecimal, or not UTF-8 where JSON needs UTF-8. PROBLEM is set.
 */
MUST_USE bool record_name(const struct record_format *format, const char *text, size_t n,
	char name[NAME_MAX_BYTES + 1], char shown[2 * NAME_MAX_BYTES + 1], struct record *ret,
	struct problem *problem);

/*
 * Check the form of the field VALUE of COLUMN. An absent field is in order. False: PROBLEM is set.
 */
MUST_USE bool record_value_check(const struct value_column *column,
	const struct record_value *value, struct problem *problem);

#endif
