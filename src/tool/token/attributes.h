/* SPDX-License-Identifier: Apache-2.0 */
/* attributes.h: fill PKCS#11 templates and read attributes. */
#ifndef KEYDIV_TOOL_ATTRIBUTES_H
#define KEYDIV_TOOL_ATTRIBUTES_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/error.h"

#define TEMPLATE_MAX 24
#define CHECK_VALUE_TEXT 8

struct template
{
	CK_ULONG count;
	CK_ATTRIBUTE attributes[TEMPLATE_MAX];
	CK_ULONG numbers[TEMPLATE_MAX];
	CK_BBOOL flags[TEMPLATE_MAX];
};

void template_flag(struct template *t, CK_ATTRIBUTE_TYPE type, bool value);
void template_number(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void template_bytes(
	struct template *t, CK_ATTRIBUTE_TYPE type, const void *p, CK_ULONG n); /* borrows P */
void template_text(struct template *t, CK_ATTRIBUTE_TYPE type,
	const char *text); /* borrows TEXT, adds nothing for NULL */

/*
 * Read up to SIZE bytes of the attribute TYPE of OBJECT into P. *RET_N is -1 if the attribute does
 * not exist or is not readable.
 */
MUST_USE CK_RV attribute_get(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *p, CK_ULONG size, CK_ULONG *ret_n);

/*
 * Return the code of the first call of C_GetAttributeValue that has failed in this thread since the
 * last call of this function, or CKR_OK. A missing attribute, one that is not readable and one that
 * is longer than its buffer are no failures.
 */
MUST_USE CK_RV attributes_result(void);

/*
 * Return true if attributes_result() is CKR_OK. Otherwise report the code and return false: the
 * functions of this header have returned values that the token did not give.
 */
MUST_USE bool attributes_were_read(void);

/* Print O as show() does if attributes_were_read(), and free O. */
MUST_USE bool attributes_show(struct json_object *o);

/* Return the number or flag TYPE of OBJECT, or FALLBACK if OBJECT has none. */
CK_ULONG attribute_number(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type, CK_ULONG fallback);
bool attribute_flag(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type);

/* Write CKA_CHECK_VALUE of OBJECT to RET in upper-case hexadecimal, or "" if OBJECT has none. */
void check_value(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	char ret[CHECK_VALUE_TEXT]);

#endif
