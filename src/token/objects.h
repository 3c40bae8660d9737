/* SPDX-License-Identifier: Apache-2.0 */
/*
 * objects.h: the objects that a session sees, by handle. They are in the session pool (pool.h) or
 * in the store (token_objects.h).
 */
#ifndef KEYDIV_TOKEN_OBJECTS_H
#define KEYDIV_TOKEN_OBJECTS_H

#include "object/object.h"
#include "token/session.h"

/* Prepare unique ids. Call once per C_Initialize, after crypto_start. CKR_FUNCTION_FAILED. */
MUST_USE CK_RV objects_start(void);

/*
 * Compute the 16 bytes of CKA_UNIQUE_ID (32 hexadecimal digits), from the token and the record, or
 * from the process and the handle.
 */
void object_unique_id(const struct session *session, CK_OBJECT_HANDLE handle, uint8_t ret[16]);

/*
 * Copy the object HANDLE to RET, with its value where the value is available. The value of a public
 * token key is empty without login. RET_UNIQUE_ID gets 16 bytes. CKR_OBJECT_HANDLE_INVALID if the
 * object does not exist or SESSION may not see it. A function whose handle is a key's converts that
 * code to CKR_KEY_HANDLE_INVALID.
 */
MUST_USE CK_RV object_get(struct session *session, CK_OBJECT_HANDLE handle, struct object *ret,
	uint8_t ret_unique_id[16]);

/*
 * Move O into the session or the store, as its FLAG_TOKEN says. O is stored completely or
 * not at all, and is empty afterwards. The caller has called plan_access.
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV object_add(struct session *session, struct object *o, CK_OBJECT_HANDLE *ret_handle);
/*
 * As object_add, for a session object that was computed with a key of session_key, while the
 * session is leased. The clock is read when all else is done, and before anybody can find the
 * object. RET_HANDLE is 0, and O as it was, if the caller has to ask session_confirm first.
 */
MUST_USE CK_RV object_add_under_lease(
	struct session *session, struct object *o, CK_OBJECT_HANDLE *ret_handle);

/*
 * Change the object HANDLE. CHANGE edits a copy, which then replaces the object. If CHANGE or the
 * store fails, the object stays as it was. No other change of the object comes between, not even
 * one of another process.
 */
MUST_USE CK_RV object_change(struct session *session, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg);

/*
 * Destroy the object, first in storage and then the handle. Checks rights. CKR_ACTION_PROHIBITED,
 * CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN, CKR_OBJECT_HANDLE_INVALID.
 */
MUST_USE CK_RV object_destroy(struct session *session, CK_OBJECT_HANDLE handle);

/*
 * Remove the object HANDLE, which object_add has just made and whose handle no caller knows. Rights
 * and CKA_DESTROYABLE are not checked.
 */
MUST_USE CK_RV object_take_back(struct session *session, CK_OBJECT_HANDLE handle);

/*
 * Advance the state of the object HANDLE by D's mechanism, durably if HANDLE is a token
 * object, and only then set RET_KEY (the released key) and d->number. RESERVE is the
 * number of keys to claim at one sync, 1 or more; those that are unused when the process
 * ends are skipped. CKR_KEYDIV_EXHAUSTED.
 */
MUST_USE CK_RV object_advance(struct session *s, CK_OBJECT_HANDLE handle, uint64_t reserve,
	struct derivation *d, struct secret *ret_key);

#endif
