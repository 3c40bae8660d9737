/* SPDX-License-Identifier: Apache-2.0 */
/* attributes.c: fill templates and read attributes. */
#include "tool/token/attributes.h"

#include <assert.h>
#include <string.h>

#include "tool/output.h"
#include "tool/report.h"

static CK_ATTRIBUTE *next(struct template *t)
{
	assert(t->count < TEMPLATE_MAX);
	return &t->attributes[t->count++];
}

void template_flag(struct template *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	CK_BBOOL *kept = &t->flags[t->count];

	*kept = value ? CK_TRUE : CK_FALSE;
	*next(t) = (CK_ATTRIBUTE){type, kept, sizeof *kept};
}

void template_number(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	CK_ULONG *kept = &t->numbers[t->count];

	*kept = value;
	*next(t) = (CK_ATTRIBUTE){type, kept, sizeof *kept};
}

void template_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, const void *p, CK_ULONG n)
{
	*next(t) = (CK_ATTRIBUTE){type, (void *)p, n};
}

void template_text(struct template *t, CK_ATTRIBUTE_TYPE type, const char *text)
{
	if (text)
		template_bytes(t, type, text, strlen(text));
}

static _Thread_local CK_RV failure = CKR_OK; /* the first since attributes_result() */

CK_RV attributes_result(void)
{
	CK_RV rv = failure;

	failure = CKR_OK;
	return rv;
}

bool attributes_were_read(void)
{
	CK_RV rv = attributes_result();

	return rv == CKR_OK ? true : fail_rv(rv, "cannot read what the token says of an object");
}

bool attributes_show(struct json_object *o)
{
	bool ok = attributes_were_read();

	if (ok)
		show(o);
	else
		json_object_put(o);
	return ok;
}

CK_RV attribute_get(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type, void *p, CK_ULONG size, CK_ULONG *ret_n)
{
	CK_ATTRIBUTE a = {type, p, size};
	CK_RV rv = f->C_GetAttributeValue(session, object, &a, 1);

	if (rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID) {
		a.ulValueLen = CK_UNAVAILABLE_INFORMATION;
	} else if (rv != CKR_OK) {
		if (rv != CKR_BUFFER_TOO_SMALL && failure == CKR_OK)
			failure = rv;
		return rv;
	}
	*ret_n = a.ulValueLen;
	return CKR_OK;
}

CK_ULONG attribute_number(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type, CK_ULONG fallback)
{
	CK_ULONG value, n;

	if (attribute_get(f, session, object, type, &value, sizeof value, &n) != CKR_OK ||
		n != sizeof value)
		return fallback;
	return value;
}

bool attribute_flag(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value;
	CK_ULONG n;

	return attribute_get(f, session, object, type, &value, sizeof value, &n) == CKR_OK &&
	       n == sizeof value && value == CK_TRUE;
}

void check_value(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	char ret[CHECK_VALUE_TEXT])
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char value[3];
	CK_ULONG n;

	ret[0] = '\0';
	if (attribute_get(f, session, object, CKA_CHECK_VALUE, value, sizeof value, &n) != CKR_OK ||
		n != sizeof value)
		return;
	for (size_t i = 0; i < sizeof value; i++) {
		ret[2 * i] = digits[value[i] >> 4];
		ret[2 * i + 1] = digits[value[i] & 15];
	}
	ret[2 * sizeof value] = '\0';
}
