/* SPDX-License-Identifier: Apache-2.0 */
/* attribute_value.h: the value of one attribute of one object, for reading and searching. */
#ifndef KEYDIV_OBJECT_ATTRIBUTE_VALUE_H
#define KEYDIV_OBJECT_ATTRIBUTE_VALUE_H

#include "object/attribute.h"

struct attribute_value {
	/*
	 * In the caller's form. Lists, stored numbers and templates are encoded as in template.h.
	 */
	struct bytes bytes;
	/* If not NULL, this is the list, in the order of the machine; bytes.n is its length. */
	const CK_MECHANISM_TYPE *list;
	uint8_t small[40]; /* room for short values; CKA_UNIQUE_ID takes 33 bytes */
};

/*
 * Get the attribute ATTR of r->object. RET borrows from the object and must not be copied.
 * CKR_ATTRIBUTE_SENSITIVE if the value must not be seen, CKR_ATTRIBUTE_TYPE_INVALID if the object
 * has no such attribute.
 */
MUST_USE CK_RV attribute_value(
	const struct reading *r, const struct attribute *attr, struct attribute_value *ret);

#endif
