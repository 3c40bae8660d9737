/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_cache.h: the keys that a session has used last, with attributes, value and expanded schedule.
 * Using a key again costs a comparison instead of a lookup, a lock or the store.
 *
 * An entry is fresh while its object is unchanged. One atomic load decides this, of the slot
 * version of a session object (pool.h), or of the store's freshness counter for a token object.
 *
 * The session's lock guards its cache.
 */
#ifndef KEYDIV_TOKEN_KEY_CACHE_H
#define KEYDIV_TOKEN_KEY_CACHE_H

#include <stdatomic.h>

#include "key/key.h"
#include "object/object.h"
#include "policy/kept_plan.h"

#define KEY_CACHE_ENTRIES 10 /* more than operations with keys, and one for a derivation */

/* The address of a number that changes with the object, and its value when the object was read. */
struct cached_version {
	const _Atomic uint64_t *now;
	uint64_t seen;
};

struct cached_key {
	CK_OBJECT_HANDLE handle; /* 0 if the entry is free */
	struct cached_version version;
	uint32_t
		pins; /* number of operations that use the entry, which is not replaced meanwhile */
	uint32_t last_used;
	struct object object; /* attributes, without the value, which is in `key` */
	struct key *key;      /* kept and re-keyed when the entry is replaced */
	/*
	 * The last use that plan_may_use has permitted, by mechanism and flag. The object
	 * of an entry never changes, so the answer holds as long as the entry.
	 */
	struct {
		const struct mechanism *mech; /* NULL: nothing */
		uint32_t flag;
	} permitted;
	struct kept_plan plan; /* of the keys that are derived from this key */
};

struct key_cache {
	uint32_t clock;
	struct cached_key *last;    /* the entry used last */
	struct cached_key *entries; /* KEY_CACHE_ENTRIES in the arena, made on first use */
};

/* Return true if the object of ENTRY has not changed since the entry was filled. */
static inline bool key_cache_fresh(const struct cached_key *entry)
{
	return atomic_load_explicit(entry->version.now, memory_order_acquire) ==
	       entry->version.seen;
}

/*
 * Set *RET to the fresh entry of HANDLE or, if there is none, to an empty entry (handle 0, with a
 * key object) that the caller fills. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV key_cache_entry(
	struct key_cache *cache, CK_OBJECT_HANDLE handle, struct cached_key **ret);

/* Check the length of the key of ENTRY for MECH, which may take keys of one length only. */
MUST_USE static inline CK_RV key_cache_check_length(
	const struct cached_key *entry, const struct mechanism *mech)
{
	size_t only = mech->info.ulMinKeySize;

	REQUIRE(only != mech->info.ulMaxKeySize || only == 0 || key_length(entry->key) == only,
		CKR_KEY_SIZE_RANGE, "the mechanism does not take a key of this length");
	return CKR_OK;
}

/*
 * plan_may_use for the object of ENTRY, and its codes. Then CKR_KEY_SIZE_RANGE for a mechanism that
 * takes keys of one other length.
 */
MUST_USE static inline CK_RV key_cache_may_use(
	struct cached_key *entry, const struct mechanism *mech, uint32_t flag)
{
	if (__builtin_expect(entry->permitted.mech == mech && entry->permitted.flag == flag, 1))
		return CKR_OK;
	TRY(plan_may_use(&entry->object, mech, flag));
	TRY(key_cache_check_length(entry, mech));
	entry->permitted.mech = mech;
	entry->permitted.flag = flag;
	return CKR_OK;
}

/* The flag of a permission that plan_may_use_derived has given, which no key has. */
#define PERMITTED_DERIVED UINT32_MAX

/* plan_may_use_derived for the object of ENTRY, and its codes. */
MUST_USE static inline CK_RV key_cache_may_use_derived(
	struct cached_key *entry, const struct mechanism *mech)
{
	if (entry->permitted.mech == mech && entry->permitted.flag == PERMITTED_DERIVED)
		return CKR_OK;
	TRY(plan_may_use_derived(&entry->object, mech));
	entry->permitted.mech = mech;
	entry->permitted.flag = PERMITTED_DERIVED;
	return CKR_OK;
}

/* Note that ENTRY was used now. */
void key_cache_used(struct key_cache *cache, struct cached_key *entry);

/* Empty ENTRY, which is not pinned, and wipe its key. */
void key_cache_clear(struct cached_key *entry);

/* An operation that outlasts the call pins its key, and unpins it when the operation ends. */
void key_cache_pin(struct cached_key *entry);
void key_cache_unpin(struct cached_key *entry);

/* Forget the key HANDLE, which has been destroyed. A pinned entry is wiped when it is unpinned. */
void key_cache_drop(struct key_cache *cache, CK_OBJECT_HANDLE handle);

/* Wipe all entries (logout, close). The caller has ended the operations that pin entries. */
void key_cache_reset(struct key_cache *cache);

/* Wipe all entries and free the memory. */
void key_cache_free(struct key_cache *cache);

/* Give back the memory that key caches do not need now. */
void key_caches_trim(void);

#endif
