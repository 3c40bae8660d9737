/* SPDX-License-Identifier: Apache-2.0 */
/* output.h: results, built once as JSON objects and printed as JSON or as text. */
#ifndef KEYDIV_TOOL_OUTPUT_H
#define KEYDIV_TOOL_OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Append NAME to the object O, in the order of the calls. In TEXT what is not UTF-8 becomes U+FFFD,
 * and, unless JSON is printed, a control character becomes a question mark.
 */
void add_text(struct json_object *o, const char *name, const char *text);
void add_number(struct json_object *o, const char *name, uint64_t number);
void add_flag(struct json_object *o, const char *name, bool flag);
void add_hex(struct json_object *o, const char *name, const void *p, size_t n);

/* Whether the N bytes at TEXT are UTF-8. */
bool is_utf8(const char *text, size_t n);

/*
 * Print O as the options say: JSON, or one "name: value" line for each member, with _ as a blank;
 * and free it.
 */
void show(struct json_object *o);

/* One column of a table: a member of the rows, its heading, and whether it stands to the right. */
struct column {
	const char *member, *heading;
	bool right;
};

/*
 * Print the array ROWS as the options say: JSON, or a table of COLUMNS (ended by a NULL member);
 * and free it.
 */
void show_table(struct json_object *rows, const struct column *columns);

/* Write what is buffered for standard output. False: reported, as on a full disk. */
MUST_USE bool output_end(void);

#endif
