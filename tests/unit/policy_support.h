/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_support.h: templates written down in one line, for the tests of objects,
 * templates and plans.
 */
#ifndef KEYDIV_TESTS_POLICY_SUPPORT_H
#define KEYDIV_TESTS_POLICY_SUPPORT_H

#include "policy/plan.h"
#include "unit.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define ATTR(type, p, n)                                                                           \
	{                                                                                          \
		(type), (void *)(uintptr_t)(p), (n)                                                \
	}
#define ON(type) ATTR(type, &yes, 1)
#define OFF(type) ATTR(type, &no, 1)
#define NUMBER(type, n) ATTR(type, &(CK_ULONG){n}, sizeof(CK_ULONG))
#define TEXT(type, s) ATTR(type, s, sizeof(s) - 1)
#define LIST(type, ...)                                                                            \
	ATTR(type, ((CK_MECHANISM_TYPE[]){__VA_ARGS__}), sizeof((CK_MECHANISM_TYPE[]){__VA_ARGS__}))
#define NESTED(type, ...)                                                                          \
	ATTR(type, ((CK_ATTRIBUTE[]){__VA_ARGS__}), sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}))

#define SECRET_KEY NUMBER(CKA_CLASS, CKO_SECRET_KEY)
#define DATA NUMBER(CKA_CLASS, CKO_DATA)
#define AES NUMBER(CKA_KEY_TYPE, CKK_AES)
#define LENGTH(n) NUMBER(CKA_VALUE_LEN, n)
#define VALUE16 TEXT(CKA_VALUE, "0123456789abcdef")

/* The result of parsing the attributes given as T. */
#define parse(t, ...)                                                                              \
	template_parse((CK_ATTRIBUTE[]){__VA_ARGS__},                                              \
		sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE), t)

static const struct rights user = {.user = true, .read_write = true};

/*
 * Return true if O has CKA_ALLOWED_MECHANISMS. Without the attribute, even a number of no
 * mechanism is allowed.
 */
static inline bool has_list(const struct object *o)
{
	return !object_allows(o, CK_UNAVAILABLE_INFORMATION);
}

static inline bool has(const struct object *o, uint32_t flags)
{
	return (o->flags & flags) == flags;
}

#endif
