/* SPDX-License-Identifier: Apache-2.0 */
/* output.h: results, which are built as JSON objects and printed as JSON or as text. */
#ifndef KEYDIV_TOOL_OUTPUT_H
#define KEYDIV_TOOL_OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Append the member NAME to the object O. The output has the members in the order of the calls. The
 * values are copied. add_hex writes N bytes in lower-case hexadecimal. Bytes of TEXT that are not
 * UTF-8 become U+FFFD. A control character becomes a question mark unless JSON is printed.
 */
void add_text(struct json_object *o, const char *name, const char *text);
void add_number(struct json_object *o, const char *name, uint64_t number);
void add_flag(struct json_object *o, const char *name, bool flag);
void add_hex(struct json_object *o, const char *name, const void *p, size_t n);

/* Return true if the N bytes at TEXT are UTF-8. */
bool is_utf8(const char *text, size_t n);

/* Print O as JSON, or as one "name: value" line for each member with _ as a blank, and free O. */
void show(struct json_object *o);

/* One column of a table, with the member of the rows, the heading, and the alignment. */
struct column {
	const char *member, *heading;
	bool right;
};

/*
 * Print the array ROWS as JSON, or as a table of COLUMNS (ended by a NULL member), and free ROWS.
 */
void show_table(struct json_object *rows, const struct column *columns);

/*
 * Write the buffered output to standard output. False after a report, for example of a full disk.
 */
MUST_USE bool output_end(void);

#endif
