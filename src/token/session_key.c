/* SPDX-License-Identifier: Apache-2.0 */
/* session_key.c: find a key by handle and load it. */
#include "token/session_key.h"

#include <time.h>

#include "object/object_foreign.h"
#include "state_kind.h"
#include "token/handle.h"
#include "token/pool.h"
#include "token/token.h"
#include "token/token_objects.h"

/* Read the object HANDLE, with the number that changes when the object changes. */
static CK_RV read_object(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret,
	struct cached_version *ret_version)
{
	if (!handle_is_token_object(handle))
		return pool_get(s->token, handle, session_rights(s).user, ret, &ret_version->now,
			&ret_version->seen);

	/*
	 * The store's freshness counter is read before the object. If a writer comes between, the
	 * entry seems stale and is read again, but a stale entry never seems fresh.
	 */
	ret_version->now = store_freshness(s->token->store);
	ret_version->seen = atomic_load_explicit(ret_version->now, memory_order_acquire);
	if (ret_version->seen & 1)
		ret_version->seen = UINT64_MAX; /* a writer is active, so read again next time */
	return token_object_get(s, handle, ret);
}

/* Attach the key in the other token of E, a foreign master. */
__attribute__((cold, noinline)) static CK_RV attach(struct session *s, struct cached_key *e)
{
	const struct object *o = &e->object;
	struct object_foreign parts = object_foreign(o);

	REQUIRE(parts.uri.n > 0, CKR_USER_NOT_LOGGED_IN,
		"the URI of a public foreign master is sealed while nobody is logged in");
	return foreign_attach(session_foreign(s), parts.uri, o->key_type, object_key_length(o),
		parts.check, e->key);
}

/* Load the value of E if it is a key. A state is read when a key is taken from it. */
static CK_RV load(struct session *s, struct cached_key *e)
{
	const struct object *o = &e->object;

	REQUIRE(o->object_class == CKO_SECRET_KEY, CKR_KEY_HANDLE_INVALID,
		"the object is not a key");
	if (key_type_is_state(o->key_type))
		return CKR_OK;
	if (object_is_foreign(o))
		return attach(s, e);
	/* A public token key is visible without login, but its value is sealed. */
	REQUIRE(o->value.len > 0, CKR_USER_NOT_LOGGED_IN,
		"the value of a public token key is sealed while nobody is logged in");
	return key_load(e->key, o->key_type, secret_peek(&o->value), o->value.len);
}

static CK_RV fill(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key *e)
{
	CK_RV rv = read_object(s, handle, &e->object, &e->version);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = FAIL(CKR_KEY_HANDLE_INVALID, "no such object");
	if (rv == CKR_OK)
		rv = load(s, e);
	secret_wipe(&e->object.value);
	if (rv != CKR_OK) {
		key_cache_clear(e);
		return rv;
	}
	e->handle = handle;
	return CKR_OK;
}

/* Return true if E is the entry of HANDLE and its object has not changed. */
static inline bool is_hit(const struct cached_key *e, CK_OBJECT_HANDLE handle)
{
	return __builtin_expect(
		e != NULL && e->handle == handle && handle != 0 && key_cache_fresh(e), 1);
}

/* Not inline, so that a hit saves no registers and needs no stack. */
__attribute__((noinline)) static CK_RV miss(
	struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	struct cached_key *e;

	REQUIRE(handle != 0, CKR_KEY_HANDLE_INVALID, "no such key");
	TRY(key_cache_entry(&s->keys, handle, &e));
	if (e->handle == 0)
		TRY(fill(s, handle, e));
	key_cache_used(&s->keys, e);
	*ret = e;
	return CKR_OK;
}

/* Note what the counter was before the first token object of this call was looked for. */
static void note_lease(struct session *s)
{
	if (s->leased)
		return;
	s->leased = true;
	s->leased_at = atomic_load_explicit(s->token->lease->freshness, memory_order_acquire);
}

static inline bool must_renew(const struct store_lease *lease)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec >=
	       atomic_load_explicit(&lease->renew_at, memory_order_acquire);
}

static inline bool has_changed(const struct session *s)
{
	return atomic_load_explicit(s->token->lease->freshness, memory_order_acquire) !=
	       s->leased_at;
}

bool session_lease_runs(const struct session *s)
{
	return !must_renew(s->token->lease) && !has_changed(s);
}

CK_RV session_confirm_lease(struct session *s, bool *ret_again)
{
	CK_RV rv = CKR_OK;

	if (must_renew(s->token->lease))
		rv = store_confirm(s->token->store);
	s->leased = false;
	TRY(rv);
	*ret_again = has_changed(s);
	return CKR_OK;
}

/* Find the key in the cache, or load it. */
static inline CK_RV find(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	if (is_hit(s->keys.last, handle)) {
		*ret = s->keys.last;
		return CKR_OK;
	}
	return miss(s, handle, ret);
}

CK_RV session_key(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	if (handle_is_token_object(handle)) {
		if (__builtin_expect(s->token->lease == NULL, 1))
			store_check_freshness(s->token->store);
		else
			note_lease(s);
	}
	return find(s, handle, ret);
}

/* session_key_now in a store with a lease. */
__attribute__((cold, noinline)) static CK_RV find_under_lease(
	struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	bool again;

	do {
		s->leased = false;
		TRY(session_key(s, handle, ret));
		TRY(session_confirm(s, &again));
	} while (again);
	return CKR_OK;
}

CK_RV session_key_now(struct session *s, CK_OBJECT_HANDLE handle, struct cached_key **ret)
{
	if (__builtin_expect(s->token->lease != NULL, 0))
		return find_under_lease(s, handle, ret);
	if (handle_is_token_object(handle))
		store_check_freshness(s->token->store);
	return find(s, handle, ret);
}
