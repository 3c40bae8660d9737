/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: session objects, in slots of a locked arena that is excluded from core dumps and wiped
 * in forked children.
 *
 * The pool is divided into shards, each with a lock, a free list and slots. A session always uses
 * the same shard, so threads with a session each rarely wait for each other. A slot keeps its
 * memory for ever. The version of a slot changes when an object in the slot is made, changed or
 * destroyed, so a cache compares one number to detect a change.
 */
#ifndef KEYDIV_TOKEN_POOL_H
#define KEYDIV_TOKEN_POOL_H

#include <stdatomic.h>

#include "object/object.h"

struct token;

/*
 * The part of a session that the pool uses. Embedded in struct session and initially zero. The
 * shard's lock guards changes of `first`.
 */
struct pool_owner {
	/* A number that differs among sessions, taken modulo the number of shards. */
	uint32_t shard;
	/*
	 * First object of the session as slot + 1, or 0. Atomic, because pool_destroy_owned reads
	 * the field without the lock.
	 */
	_Atomic uint32_t first;
};

/*
 * Start and stop the pool. pool_stop wipes all objects and frees the memory. In a forked child the
 * kernel has zeroed the arena, and pool_start alone starts a new pool.
 */
MUST_USE CK_RV pool_start(void);
void pool_stop(void);

/* Move O into a slot for OWNER, a session of TOKEN. CKR_HOST_MEMORY, and O is then unchanged. */
MUST_USE CK_RV pool_add(struct token *token, struct pool_owner *owner, struct object *o,
	CK_OBJECT_HANDLE *ret_handle);
/*
 * The same, but nobody finds the object until the caller shows it. The caller calls one of the
 * other two before the owner does anything else: pool_show, or pool_take_hidden, which moves the
 * object back to O.
 */
MUST_USE CK_RV pool_add_hidden(
	struct pool_owner *owner, struct object *o, CK_OBJECT_HANDLE *ret_handle);
void pool_show(struct token *token, CK_OBJECT_HANDLE handle);
void pool_take_hidden(CK_OBJECT_HANDLE handle, struct object *o);

/*
 * Copy the object HANDLE of TOKEN to RET. RET_VERSION, if not NULL, is set to the address of the
 * slot's version, and *RET_SEEN to its value. CKR_OBJECT_HANDLE_INVALID if there is no such object,
 * or if the object is private and PRIVATE_TOO is false.
 */
MUST_USE CK_RV pool_get(struct token *token, CK_OBJECT_HANDLE handle, bool private_too,
	struct object *ret, const _Atomic uint64_t **ret_version, uint64_t *ret_seen);

/*
 * Change an object under the shard's lock. CHANGE edits a copy. If CHANGE returns CKR_OK, the copy
 * replaces the object.
 */
MUST_USE CK_RV pool_change(struct token *token, CK_OBJECT_HANDLE handle, bool private_too,
	CK_RV (*change)(struct object *o, void *arg), void *arg);

/*
 * Destroy an object. CKR_OBJECT_HANDLE_INVALID as pool_get. CKR_ACTION_PROHIBITED if
 * CKA_DESTROYABLE is false.
 */
MUST_USE CK_RV pool_destroy(struct token *token, CK_OBJECT_HANDLE handle, bool private_too);

/*
 * Destroy an object that was just added and whose handle no caller knows, whatever
 * its CKA_DESTROYABLE. CKR_OBJECT_HANDLE_INVALID.
 */
MUST_USE CK_RV pool_take_back(struct token *token, CK_OBJECT_HANDLE handle);

/*
 * Destroy all objects of a session (when the session closes; the caller holds the session's lock),
 * or all private objects of TOKEN (logout).
 */
void pool_destroy_owned(struct pool_owner *owner);
void pool_destroy_private(struct token *token);

/*
 * Call EACH for every live object of TOKEN, under a shard's lock. With NAMED, objects that have
 * neither a label nor an id may be left out. EACH must not call the pool.
 */
void pool_each(struct token *token, bool named,
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg);

#endif
