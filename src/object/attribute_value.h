/* SPDX-License-Identifier: Apache-2.0 */
/* attribute_value.h: one attribute of one object, as reading and searching see it. */
#ifndef KEYDIV_TOKEN_ATTRIBUTE_VALUE_H
#define KEYDIV_TOKEN_ATTRIBUTE_VALUE_H

#include "object/attribute.h"

struct attribute_value {
	struct bytes
		bytes; /* in the caller's form; lists, stored numbers and templates as template.h encodes them */
	const CK_MECHANISM_TYPE *
		list; /* if not NULL, the list is here instead, in the machine's order; bytes.n is its length */
	uint8_t small[40]; /* where short ones are kept; 33 for CKA_UNIQUE_ID */
};

/*
 * The attribute ATTR of r->object. CKR_ATTRIBUTE_SENSITIVE: its value may not be seen;
 * CKR_ATTRIBUTE_TYPE_INVALID: the object has no such attribute. RET borrows from the object, and is
 * not to be copied.
 */
MUST_USE CK_RV attribute_value(
	const struct reading *r, const struct attribute *attr, struct attribute_value *ret);

#endif
