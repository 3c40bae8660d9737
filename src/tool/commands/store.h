/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: shared by the commands about stores. */
#ifndef KEYDIV_TOOL_STORE_H
#define KEYDIV_TOOL_STORE_H

#include "tool/output.h"
#include "tool/token/store_module.h"

/*
 * The lines of an answer. A line is appended to O, as a number if it is one. A line "error" is kept
 * in REASON, and a line "warning" is printed as a note.
 */
struct store_answer {
	struct json_object *o;
	char reason[512]; /* begins with ": ", or is empty */
};

/* A store_line, with a struct store_answer as ARG. */
void store_answer_line(void *arg, const char *name, const char *text);

/*
 * Load the module and return its interface for stores in RET. False after a report, also if the
 * module is not keydiv's own.
 */
MUST_USE bool store_load(struct client *client, const struct store_interface **ret);

/* Print what ANSWER has got if RV is CKR_OK. Else free it and report that FAILURE happened. */
MUST_USE bool store_show(struct store_answer *answer, CK_RV rv, const char *failure);

#endif
