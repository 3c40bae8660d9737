/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template_value.h: convert one attribute value between the form of PKCS#11 and the
 * encoded form (template.h).
 */
#ifndef KEYDIV_OBJECT_TEMPLATE_VALUE_H
#define KEYDIV_OBJECT_TEMPLATE_VALUE_H

#include "object/attribute.h"

/*
 * Check the caller's value A of the attribute ATTR and write its encoding to OUT (MAX bytes). ATTR
 * must not be computed or of another class. CKR_ATTRIBUTE_VALUE_INVALID, and for nested templates
 * also CKR_ATTRIBUTE_TYPE_INVALID and CKR_TEMPLATE_INCONSISTENT.
 */
MUST_USE CK_RV template_value_encode(const struct attribute *attr, const CK_ATTRIBUTE *a,
	uint8_t *out, size_t max, size_t *ret_n);

/* Return true if template_value_encode could have written VALUE for ATTR. */
bool template_value_sound(const struct attribute *attr, struct bytes value);

#endif
