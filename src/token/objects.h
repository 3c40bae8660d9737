/* SPDX-License-Identifier: Apache-2.0 */
/*
 * objects.h: the objects a session sees, whether they live in the session pool (pool.h) or in the
 * store (token_objects.h): get, add, change, destroy, by handle.
 */
#ifndef KEYDIV_TOKEN_OBJECTS_H
#define KEYDIV_TOKEN_OBJECTS_H

#include "object/object.h"
#include "object/template.h"
#include "token/session.h"

/* Once per C_Initialize, after crypto_start. CKR_FUNCTION_FAILED. */
MUST_USE CK_RV objects_start(void);

/*
 * The 16 bytes of CKA_UNIQUE_ID (32 hexadecimal digits): of the token and the row, or of the
 * process and the handle.
 */
void object_unique_id(const struct session *session, CK_OBJECT_HANDLE handle, uint8_t ret[16]);

/*
 * RET = a copy of the object HANDLE, value included where it can be had (public token keys
 * without login: empty). CKR_OBJECT_HANDLE_INVALID if it does not exist or SESSION may not
 * see it; functions whose handle is a key's turn that into CKR_KEY_HANDLE_INVALID.
 * *RET_UNIQUE_ID: 16 bytes.
 */
MUST_USE CK_RV object_get(struct session *session, CK_OBJECT_HANDLE handle, struct object *ret,
	uint8_t ret_unique_id[16]);

/*
 * Put O (moved: empty afterwards) into the session or the store, by its FLAG_TOKEN, whole or not at
 * all. plan_access has been asked. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV object_add(struct session *session, struct object *o, CK_OBJECT_HANDLE *ret_handle);

/*
 * Change the object HANDLE: CHANGE edits a copy, which then replaces it, whole or (if CHANGE
 * or the store fails) not at all. Not interrupted by other changes of the same object, by
 * other processes either.
 */
MUST_USE CK_RV object_change(struct session *session, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg);

/*
 * Destroy; storage first, then the handle. Checks rights:
 * CKR_ACTION_PROHIBITED, CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN.
 */
MUST_USE CK_RV object_destroy(struct session *session, CK_OBJECT_HANDLE handle);

/*
 * Remove the object HANDLE, which object_add has just made and whose handle nobody has seen: no
 * rights are asked, CKA_DESTROYABLE is not either.
 */
MUST_USE CK_RV object_take_back(struct session *session, CK_OBJECT_HANDLE handle);

/*
 * All handles that match T and SESSION may see: *RET malloc'ed. By label or id the store's
 * index is used.
 */
MUST_USE CK_RV objects_find(
	struct session *session, const struct template *t, CK_OBJECT_HANDLE **ret, size_t *ret_n);

/*
 * Step 6 of the derive pipeline for mechanisms with state: advance the state of the object HANDLE
 * by D's mechanism, durably if HANDLE is a token object, and only then set RET_KEY (the register
 * key) and d->number. RESERVE is the number of keys to claim at one sync, 1 or more; those that are
 * unused when the process ends are skipped. CKR_KEYDIV_EXHAUSTED.
 */
MUST_USE CK_RV object_advance(struct session *s, CK_OBJECT_HANDLE handle, uint64_t reserve,
	struct derivation *d, struct secret *ret_key);

#endif
