/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_cache.h: the keys a session has used last, opened: attributes, value and expanded schedule,
 * so that using a key again costs a comparison instead of a look-up, a lock or the store.
 *
 * An entry stays true while nothing has happened to its object, which one or two atomic loads tell:
 * a session object's slot version (pool.h), or for a token object the store's generation and the
 * token's login word.
 */
#ifndef KEYDIV_TOKEN_KEY_CACHE_H
#define KEYDIV_TOKEN_KEY_CACHE_H

#include <stdatomic.h>

#include "key/key.h"
#include "object/object.h"

#define KEY_CACHE_ENTRIES 8

struct cached_key {
	CK_OBJECT_HANDLE handle; /* 0: free */
	const _Atomic uint64_t
		*version;      /* what to compare: the slot's version, or the store's generation */
	uint64_t version_seen; /* with what */
	uint32_t pins;         /* operations that are using it: not replaced meanwhile */
	uint32_t last_used;
	struct object object; /* attributes, without the value, which `key` has */
	struct key *key;      /* kept and re-keyed when the entry is replaced */
};

struct key_cache {
	uint32_t clock;
	struct cached_key *last;    /* the entry used last */
	struct cached_key *entries; /* KEY_CACHE_ENTRIES, made on first use */
};

struct session;

/*
 * The key HANDLE as SESSION may see it, loaded. Valid until session_leave, or while pinned.
 * CKR_KEY_HANDLE_INVALID if there is no such object or it is not visible to the session or not a
 * key (a CKO_DATA object: CKR_KEY_HANDLE_INVALID too); CKR_DEVICE_ERROR, CKR_HOST_MEMORY;
 * CKR_USER_NOT_LOGGED_IN for a public token key whose value is sealed while nobody is logged in.
 */
MUST_USE CK_RV key_cache_get(
	struct session *session, CK_OBJECT_HANDLE handle, struct cached_key **ret);

/* An operation that goes on after the call pins its key, and unpins it when it ends. */
void key_cache_pin(struct cached_key *entry);
void key_cache_unpin(struct cached_key *entry);

/*
 * Forget the key HANDLE, which has been destroyed or changed, if it is there; a pinned one when
 * it is unpinned.
 */
void key_cache_drop(struct key_cache *cache, CK_OBJECT_HANDLE handle);

/* Wipe all entries (logout, close). Pins are void after this: the operations are ended first. */
void key_cache_reset(struct key_cache *cache);
void key_cache_free(struct key_cache *cache);

#endif
