/* SPDX-License-Identifier: Apache-2.0 */
/*
 * built_in.h: the objects that every token has without storing them: CKO_PROFILE (baseline and
 * extended provider), and one CKO_MECHANISM for each mechanism. They are public and cannot be
 * changed. A search finds them only if the template names their class or an attribute that
 * only they have.
 */
#ifndef KEYDIV_TOKEN_BUILT_IN_H
#define KEYDIV_TOKEN_BUILT_IN_H

#include "object/object.h"

/*
 * Return true if HANDLE, which has HANDLE_BUILT_IN (handle.h), is the handle of a built-in object.
 */
bool built_in_exists(CK_OBJECT_HANDLE handle);

/* Read the built-in object HANDLE. CKR_OBJECT_HANDLE_INVALID. */
MUST_USE CK_RV built_in_get(CK_OBJECT_HANDLE handle, struct object *ret);

/* Call EACH for every built-in object. O is valid during the call only. */
void built_in_each(
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg);

#endif
