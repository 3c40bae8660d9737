/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: session objects, in slots of a locked arena that stays out of core dumps and is wiped in forked children.
 *
 * The pool is cut into shards, each with a lock, a free list and its own slots; a session always uses the same shard, so
 * threads with a session each do not meet. A slot keeps its memory for ever; its version changes when an object is made,
 * changed or destroyed in it, so whoever has cached what was there compares one number.
 */
#ifndef KEYDIV_TOKEN_POOL_H
#define KEYDIV_TOKEN_POOL_H

#include <stdatomic.h>

#include "token/object.h"

struct token;

MUST_USE CK_RV pool_start(void);
void pool_stop(void); /* wipes and gives all memory back */
void pool_forked(void); /* in the child: the kernel has wiped the arena; forget it */

/* Put O (moved) into a slot for session OWNER (its index) of TOKEN. CKR_HOST_MEMORY. */
MUST_USE CK_RV pool_add(struct token *token, uint32_t owner, struct object *o, CK_OBJECT_HANDLE *ret_handle);

/* RET = a copy of the object HANDLE of TOKEN; *RET_VERSION (may be NULL) tells where its version stands and *RET_SEEN what it was. CKR_OBJECT_HANDLE_INVALID. */
MUST_USE CK_RV pool_get(struct token *token, CK_OBJECT_HANDLE handle, struct object *ret, const _Atomic uint64_t **ret_version, uint64_t *ret_seen);

/* Under the shard's lock: CHANGE edits a copy; on CKR_OK it replaces the object. */
MUST_USE CK_RV pool_change(struct token *token, CK_OBJECT_HANDLE handle, CK_RV (*change)(struct object *o, void *arg), void *arg);

/* Destroy if FLAGS of the object satisfy: (flags & must) == must, else FALLBACK is returned. */
MUST_USE CK_RV pool_destroy(struct token *token, CK_OBJECT_HANDLE handle, bool may_see_private);

/* Destroy all objects of a session (when it closes), or all private ones of TOKEN (logout). */
void pool_destroy_owned(struct token *token, uint32_t owner);
void pool_destroy_private(struct token *token);

/* Call EACH for every live object of TOKEN, under the shard's lock; it must not call back into the pool. */
void pool_each(struct token *token, void (*each)(CK_OBJECT_HANDLE handle, const struct object *o, void *arg), void *arg);

#endif
