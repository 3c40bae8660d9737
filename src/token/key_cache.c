/* SPDX-License-Identifier: Apache-2.0 */
/* key_cache.c: the keys that a session has used last. */
#include "token/key_cache.h"

#include "base/arena.h"

/* A forked child inherits the entries, and sessions_forked empties them. */
static struct arena entries;
#define ENTRIES_LEN (KEY_CACHE_ENTRIES * sizeof(struct cached_key))

void key_cache_clear(struct cached_key *e)
{
	e->handle = 0;
	e->permitted.mech = NULL;
	kept_plan_forget(&e->plan);
	object_wipe(&e->object);
	if (e->key != NULL)
		key_unload(e->key);
}

/* Return the entry of HANDLE, fresh or not, or NULL. */
static struct cached_key *entry_of(const struct key_cache *cache, CK_OBJECT_HANDLE handle)
{
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++)
		if (cache->entries[i].handle == handle)
			return &cache->entries[i];
	return NULL;
}

/* Return a free entry, else the entry that was not used for longest. Pinned entries stay. */
static struct cached_key *entry_to_replace(struct key_cache *cache)
{
	struct cached_key *oldest = NULL;

	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++) {
		struct cached_key *e = &cache->entries[i];
		if (e->pins > 0)
			continue;
		if (e->handle == 0)
			return e;
		if (oldest == NULL ||
			cache->clock - e->last_used > cache->clock - oldest->last_used)
			oldest = e;
	}
	return oldest;
}

CK_RV key_cache_entry(struct key_cache *cache, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	if (cache->entries == NULL) {
		cache->entries = arena_take(&entries, ENTRIES_LEN);
		ENSURE(cache->entries != NULL, CKR_HOST_MEMORY);
	}
	struct cached_key *e = entry_of(cache, handle);
	if (e != NULL && key_cache_fresh(e)) {
		*ret = e;
		return CKR_OK;
	}
	/*
	 * An operation that has pinned a stale entry goes on with the old key. The entry keeps its
	 * place without a handle, and the key as it is now gets another entry.
	 */
	if (e != NULL && e->pins > 0)
		e->handle = 0, e = NULL;
	if (e == NULL)
		e = entry_to_replace(cache);
	ENSURE(e != NULL,
		CKR_HOST_MEMORY); /* not reached, because there are fewer operations than entries */
	if (e->handle != 0)
		key_cache_clear(e);
	if (e->key == NULL) {
		e->key = key_new();
		ENSURE(e->key != NULL, CKR_HOST_MEMORY);
	}
	*ret = e;
	return CKR_OK;
}

void key_cache_used(struct key_cache *cache, struct cached_key *e)
{
	e->last_used = ++cache->clock;
	cache->last = e;
}

void key_cache_pin(struct cached_key *e)
{
	e->pins++;
}

void key_cache_unpin(struct cached_key *e)
{
	/* The last operation of an entry that lost its handle while pinned. */
	if (--e->pins == 0 && e->handle == 0)
		key_cache_clear(e);
}

void key_cache_drop(struct key_cache *cache, CK_OBJECT_HANDLE handle)
{
	struct cached_key *e = cache->entries == NULL ? NULL : entry_of(cache, handle);

	if (e == NULL || handle == 0)
		return;
	if (e->pins > 0)
		e->handle = 0;
	else
		key_cache_clear(e);
}

void key_cache_reset(struct key_cache *cache)
{
	if (cache->entries == NULL)
		return;
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++) {
		cache->entries[i].pins = 0;
		key_cache_clear(&cache->entries[i]);
	}
	cache->last = NULL;
}

void key_cache_free(struct key_cache *cache)
{
	key_cache_reset(cache);
	for (unsigned i = 0; cache->entries != NULL && i < KEY_CACHE_ENTRIES; i++)
		key_free(cache->entries[i].key);
	arena_give(&entries, cache->entries, ENTRIES_LEN);
	*cache = (struct key_cache){0};
}

void key_caches_trim(void)
{
	arena_trim(&entries);
}
