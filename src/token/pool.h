/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: session objects, in slots of a locked arena that stays out of core dumps and is wiped
 * in forked children.
 *
 * The pool is cut into shards, each with a lock, a free list and its own slots; a session always
 * uses the same shard, so threads with a session each do not meet. A slot keeps its memory for
 * ever; its version changes when an object is made, changed or destroyed in it, so whoever has
 * cached what was there compares one number.
 */
#ifndef KEYDIV_TOKEN_POOL_H
#define KEYDIV_TOKEN_POOL_H

#include <stdatomic.h>

#include "object/object.h"

struct token;

/*
 * A session as the pool sees it: the objects it made. Embedded in struct session, zero at first;
 * the shard's lock guards `first`.
 */
struct pool_owner {
	uint32_t
		shard; /* any number that differs among sessions; taken modulo the number of shards */
	uint32_t first; /* slot + 1, or 0 */
};

/*
 * pool_stop wipes all objects and gives the memory back. In a forked child, where the kernel has
 * zeroed the arena, pool_start alone begins anew.
 */
MUST_USE CK_RV pool_start(void);
void pool_stop(void);

/* Put O (moved) into a slot for OWNER, a session of TOKEN. CKR_HOST_MEMORY; O is then as it was. */
MUST_USE CK_RV pool_add(struct token *token, struct pool_owner *owner, struct object *o,
	CK_OBJECT_HANDLE *ret_handle);

/*
 * RET = a copy of the object HANDLE of TOKEN. RET_VERSION, if not NULL, is set to where the slot's
 * version stands, and *RET_SEEN to what it was. CKR_OBJECT_HANDLE_INVALID if there is none, or it
 * is private and not PRIVATE_TOO.
 */
MUST_USE CK_RV pool_get(struct token *token, CK_OBJECT_HANDLE handle, bool private_too,
	struct object *ret, const _Atomic uint64_t **ret_version, uint64_t *ret_seen);

/*
 * Under the shard's lock: CHANGE edits a copy; if it returns CKR_OK the copy replaces the object.
 */
MUST_USE CK_RV pool_change(struct token *token, CK_OBJECT_HANDLE handle, bool private_too,
	CK_RV (*change)(struct object *o, void *arg), void *arg);

/*
 * Destroy. CKR_OBJECT_HANDLE_INVALID as pool_get; CKR_ACTION_PROHIBITED if
 * CKA_DESTROYABLE is false.
 */
MUST_USE CK_RV pool_destroy(struct token *token, CK_OBJECT_HANDLE handle, bool private_too);

/*
 * Destroy one that has just been added and is not known to anybody yet, whatever
 * its CKA_DESTROYABLE. CKR_OBJECT_HANDLE_INVALID.
 */
MUST_USE CK_RV pool_take_back(struct token *token, CK_OBJECT_HANDLE handle);

/* Destroy all objects of a session (when it closes), or all private ones of TOKEN (logout). */
void pool_destroy_owned(struct pool_owner *owner);
void pool_destroy_private(struct token *token);

/*
 * Call EACH for every live object of TOKEN, under a shard's lock; it must not call back
 * into the pool.
 */
void pool_each(struct token *token,
	void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg);

#endif
