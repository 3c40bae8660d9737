/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_objects.h: objects in the store: sealed, opened, bound to what they are.
 *
 * A row's secret is sealed under the token key with token uuid, row id and the encoded attributes
 * as associated data, so that an edited flag, a value from another row or another token does not
 * open (CKR_DEVICE_ERROR) instead of freeing a key. While nobody is logged in there is no token
 * key: public objects' attributes can be read (the store's checksum alone speaks for them), values
 * of keys cannot.
 */
#ifndef KEYDIV_TOKEN_TOKEN_OBJECTS_H
#define KEYDIV_TOKEN_TOKEN_OBJECTS_H

#include "object/object.h"
#include "token/session.h"
#include "token/token.h"

/*
 * As in objects.h, for token objects. The value of an O-DUKPT client is in its file
 * (client_state.h) and left empty here.
 */
MUST_USE CK_RV token_object_get(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret);
MUST_USE CK_RV token_object_add(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle);
/*
 * N objects, all or none, in one transaction. On failure they are as they were,
 * and RET_HANDLES untouched.
 */
MUST_USE CK_RV token_objects_add(
	struct session *s, struct object *const *objects, size_t n, CK_OBJECT_HANDLE *ret_handles);
MUST_USE CK_RV token_object_change(struct session *s, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg);
MUST_USE CK_RV token_object_destroy(struct session *s, CK_OBJECT_HANDLE handle);
MUST_USE CK_RV token_object_take_back(struct session *s, CK_OBJECT_HANDLE handle);

/*
 * The row id of HANDLE if S may use it: its slot, and for private objects the login it was
 * given under. CKR_OBJECT_HANDLE_INVALID.
 */
MUST_USE CK_RV token_object_id(const struct session *s, CK_OBJECT_HANDLE handle, int64_t *ret_id);
CK_OBJECT_HANDLE token_object_handle(const struct session *s, int64_t id, bool is_private);

/*
 * Decode RECORD to RET. The value is opened too if KEYS has the token key. CKR_DEVICE_ERROR if the
 * record is damaged, edited, or not of this token.
 */
MUST_USE CK_RV token_object_open(
	const struct snapshot *keys, const struct store_row *row, struct object *ret);

#endif
