/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template_value.h: one attribute value between the caller's form and ours
 * (template.h: encoded values).
 */
#ifndef KEYDIV_TOKEN_TEMPLATE_VALUE_H
#define KEYDIV_TOKEN_TEMPLATE_VALUE_H

#include "object/attribute.h"

/*
 * Check the caller's value of A, whose attr is ATTR (of any kind but computed and other ones), and
 * write it to OUT (MAX bytes) as we encode it. CKR_ATTRIBUTE_VALUE_INVALID; for nested templates
 * also CKR_ATTRIBUTE_TYPE_INVALID and CKR_TEMPLATE_INCONSISTENT.
 */
MUST_USE CK_RV template_value_encode(const struct attribute *attr, const CK_ATTRIBUTE *a,
	uint8_t *out, size_t max, size_t *ret_n);

/*
 * Whether VALUE, as read from a store, is one that template_value_encode could have
 * written for ATTR.
 */
bool template_value_sound(const struct attribute *attr, struct bytes value);

#endif
