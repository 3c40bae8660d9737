/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_objects.h: token objects by handle. The store seals and opens them (store/record.h).
 *
 * While nobody is logged in there is no token key. Then the attributes of public objects can be
 * read, protected by the checksum of their records only, and the values of keys cannot.
 */
#ifndef KEYDIV_TOKEN_TOKEN_OBJECTS_H
#define KEYDIV_TOKEN_TOKEN_OBJECTS_H

#include "object/object.h"
#include "token/session.h"
#include "token/token.h"

/*
 * Do for token objects what objects.h says. The value of an object that has a state (state.h) is
 * left empty here.
 */
MUST_USE CK_RV token_object_get(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret);
MUST_USE CK_RV token_object_add(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle);
/*
 * Add N objects in one transaction, all or none. After success the objects are empty. After a
 * failure the objects and RET_HANDLES are unchanged.
 */
MUST_USE CK_RV token_objects_add(
	struct session *s, struct object *const *objects, size_t n, CK_OBJECT_HANDLE *ret_handles);
MUST_USE CK_RV token_object_change(struct session *s, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg);
MUST_USE CK_RV token_object_destroy(struct session *s, CK_OBJECT_HANDLE handle);
MUST_USE CK_RV token_object_take_back(struct session *s, CK_OBJECT_HANDLE handle);

/*
 * Find the id of the record of HANDLE. CKR_OBJECT_HANDLE_INVALID if S may not use HANDLE: the slot
 * is another, or HANDLE is that of a private object and from another login.
 */
MUST_USE CK_RV token_object_id(const struct session *s, CK_OBJECT_HANDLE handle, int64_t *ret_id);

/* Return the handle of record ID under the login of S. */
CK_OBJECT_HANDLE token_object_handle(const struct session *s, int64_t id, bool is_private);

#endif
