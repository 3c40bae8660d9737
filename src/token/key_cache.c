/* SPDX-License-Identifier: Apache-2.0 */
/* key_cache.c: see key_cache.h. */
#include "token/key_cache.h"

#include <stdlib.h>

#include "token/objects.h"
#include "token/pool.h"
#include "token/session.h"
#include "token/token.h"
#include "token/token_objects.h"

static bool is_true(const struct cached_key *e)
{
	return atomic_load_explicit(e->version, memory_order_acquire) == e->version_seen;
}

static void entry_forget(struct cached_key *e)
{
	if (e->handle == 0)
		return;
	e->handle = 0;
	object_wipe(&e->object);
	key_unload(e->key);
}

/* The entry of HANDLE, true or not, or NULL. */
static struct cached_key *entry_of(const struct key_cache *cache, CK_OBJECT_HANDLE handle)
{
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++)
		if (cache->entries[i].handle == handle)
			return &cache->entries[i];
	return NULL;
}

/* An entry to fill: a free one, else the one that was not used for longest; pinned ones stay. */
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

/* Read the object HANDLE into RET, and tell by what its staying true is seen. */
static CK_RV read_object(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret,
	const _Atomic uint64_t **ret_version, uint64_t *ret_seen)
{
	if (!(handle & HANDLE_TOKEN_OBJECT))
		return pool_get(
			s->token, handle, session_rights(s).user, ret, ret_version, ret_seen);

	/*
	 * The generation is read first: if a writer comes between, the entry is taken for stale,
	 * never for true.
	 */
	*ret_version = s->token->generation;
	*ret_seen = atomic_load_explicit(s->token->generation, memory_order_acquire);
	if (*ret_seen & 1)
		*ret_seen =
			UINT64_MAX; /* a writer is at work: use what is read once, and read again next time */
	return token_object_get(s, handle, ret);
}

/*
 * Load what was read of E, if it is a key; the state of a client is not loaded before it is used.
 */
static CK_RV load(struct cached_key *e)
{
	const struct object *o = &e->object;

	ENSURE(o->object_class == CKO_SECRET_KEY, CKR_KEY_HANDLE_INVALID);
	if (o->key_type == CKK_KEYDIV_ODUKPT_CLIENT)
		return CKR_OK;
	/* A public token key: its value is sealed under the token key. */
	ENSURE(o->value.len > 0, CKR_USER_NOT_LOGGED_IN);
	return key_load(e->key, o->key_type, secret_peek(&o->value), o->value.len);
}

static CK_RV fill(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key *e)
{
	CK_RV rv = read_object(s, handle, &e->object, &e->version, &e->version_seen);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = FAIL(CKR_KEY_HANDLE_INVALID, "no such object");
	if (rv == CKR_OK)
		rv = load(e);
	secret_wipe(&e->object.value);
	if (rv != CKR_OK) {
		object_wipe(&e->object);
		key_unload(e->key);
		return rv;
	}
	e->handle = handle;
	return CKR_OK;
}

static CK_RV miss(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	struct key_cache *cache = &s->keys;

	if (cache->entries == NULL) {
		cache->entries = calloc(KEY_CACHE_ENTRIES, sizeof *cache->entries);
		ENSURE(cache->entries != NULL, CKR_HOST_MEMORY);
	}
	ENSURE(handle != 0, CKR_KEY_HANDLE_INVALID);
	struct cached_key *e = entry_of(cache, handle);
	if (e == NULL || !is_true(e)) {
		/*
		 * A stale entry that an operation still uses keeps its place; the key as it is
		 * now gets another.
		 */
		if (e != NULL && e->pins > 0)
			e->handle = 0, e = NULL;
		if (e == NULL)
			e = entry_to_replace(cache);
		ENSURE(e != NULL,
			CKR_HOST_MEMORY); /* there are more entries than operations: not reached */
		entry_forget(e);
		if (e->key == NULL) {
			e->key = key_new();
			ENSURE(e->key != NULL, CKR_HOST_MEMORY);
		}
		TRY(fill(s, handle, e));
	}
	e->last_used = ++cache->clock;
	cache->last = e;
	*ret = e;
	return CKR_OK;
}

CK_RV key_cache_get(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	struct cached_key *e = s->keys.last;

	if (__builtin_expect(e != NULL && e->handle == handle && handle != 0 && is_true(e), 1)) {
		*ret = e;
		return CKR_OK;
	}
	return miss(s, handle, ret);
}

void key_cache_drop(struct key_cache *cache, CK_OBJECT_HANDLE handle)
{
	struct cached_key *e = cache->entries == NULL ? NULL : entry_of(cache, handle);

	if (e == NULL)
		return;
	if (e->pins > 0)
		e->handle = 0; /* key_cache_unpin wipes it */
	else
		entry_forget(e);
}

void key_cache_pin(struct cached_key *e)
{
	e->pins++;
}

void key_cache_unpin(struct cached_key *e)
{
	/* A stale one whose place was given up while it was pinned. */
	if (--e->pins == 0 && e->handle == 0) {
		object_wipe(&e->object);
		key_unload(e->key);
	}
}

void key_cache_reset(struct key_cache *cache)
{
	if (cache->entries == NULL)
		return;
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++) {
		struct cached_key *e = &cache->entries[i];
		e->pins = 0;
		if (e->key != NULL) {
			object_wipe(&e->object);
			key_unload(e->key);
		}
		e->handle = 0;
	}
	cache->last = NULL;
}

void key_cache_free(struct key_cache *cache)
{
	key_cache_reset(cache);
	for (unsigned i = 0; cache->entries != NULL && i < KEY_CACHE_ENTRIES; i++)
		key_free(cache->entries[i].key);
	free(cache->entries);
	*cache = (struct key_cache){0};
}
