/* SPDX-License-Identifier: Apache-2.0 */
/* template_list.h: a template that a key carries, such as CKA_UNWRAP_TEMPLATE, as a text. */
#ifndef KEYDIV_TOOL_TEMPLATE_LIST_H
#define KEYDIV_TOOL_TEMPLATE_LIST_H

#include "tool/token/attributes.h"
#include "tool/token/names.h"

struct template_list {
	struct template t;
	struct allowed allowed;
};

/* The flags of a template by name, besides the usages. */
extern const struct usage template_flags[]; /* ended by a NULL name */

/*
 * Read a list with commas: names of flags ("sensitive", "wrap-with-trusted", "derive=no", ...),
 * "allow=NAME" for mechanisms and schemes, and "window=NUMBER". RET must stay where it is while its
 * template is in use. False after a report.
 */
MUST_USE bool template_list_read(const char *text, struct template_list *ret);

/*
 * Write the flat form of LIST (keydiv.h, CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE) to OUT, which has room
 * for TEMPLATE_MAX headers of 8 bytes, as many flags and ALLOWED_MAX numbers. Returns its length.
 */
CK_ULONG template_list_flat(const struct template_list *list, unsigned char *out);

#endif
