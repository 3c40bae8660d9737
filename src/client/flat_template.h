/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat_template.h: templates in templates, which are arrays with pointers, and their flat forms
 * (keydiv.h). The flat form has type (4 bytes, big-endian), length (4 bytes, big-endian) and value
 * of each attribute. A template in it is flat too.
 */
#ifndef KEYDIV_CLIENT_FLAT_TEMPLATE_H
#define KEYDIV_CLIENT_FLAT_TEMPLATE_H

#include "base/pkcs11.h"
#include "wire.h"

/* The type of the flat form of TYPE, which is CKA_WRAP_, UNWRAP_ or DERIVE_TEMPLATE. */
CK_ATTRIBUTE_TYPE flat_template_type(CK_ATTRIBUTE_TYPE type);

/*
 * Append the flat form of the value of A to W. Return false if the value is no array of attributes
 * with valid lengths. W then holds a part of the flat form.
 */
bool flat_template_write(struct wire *w, const CK_ATTRIBUTE *a);

/*
 * Fill A, an attribute of a query, from the flat form VALUE as C_GetAttributeValue does:
 * a->ulValueLen becomes the size of the array, or CK_UNAVAILABLE_INFORMATION with
 * CKR_BUFFER_TOO_SMALL. *RET_VALID is false, and the result undefined, if VALUE is no flat form.
 */
MUST_USE CK_RV flat_template_read(CK_ATTRIBUTE *a, struct bytes value, bool *ret_valid);

#endif
