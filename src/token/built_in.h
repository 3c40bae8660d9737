/* SPDX-License-Identifier: Apache-2.0 */
/*
 * built_in.h: the objects every token has without storing them: CKO_PROFILE (baseline and extended
 * provider) and one CKO_MECHANISM for each row of the registry. They are public and cannot be
 * changed; a search finds them only if it names their class or their own attribute.
 */
#ifndef KEYDIV_TOKEN_BUILT_IN_H
#define KEYDIV_TOKEN_BUILT_IN_H

#include "object/object.h"

/* Whether HANDLE, which has HANDLE_BUILT_IN (objects.h), is that of one of them. */
bool built_in_exists(CK_OBJECT_HANDLE handle);

/* CKR_OBJECT_HANDLE_INVALID */
MUST_USE CK_RV built_in_get(CK_OBJECT_HANDLE handle, struct object *ret);

/* Call EACH for every one of them; O is valid during the call only. */
void built_in_each(
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg);

#endif
