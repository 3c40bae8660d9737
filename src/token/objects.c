/* SPDX-License-Identifier: Apache-2.0 */
/* objects.c: select between the pool, the store and the built-in objects. */
#include "token/objects.h"

#include "key/random.h"
#include "state/state.h"
#include "token/built_in.h"
#include "token/handle.h"
#include "token/operations.h"
#include "token/pool.h"
#include "token/session_key.h"
#include "token/token.h"
#include "token/token_objects.h"

/* Random, so that session objects of two processes differ in CKA_UNIQUE_ID. */
static uint8_t process_id[8];

CK_RV objects_start(void)
{
	return random_bytes(process_id, sizeof process_id);
}

void object_unique_id(const struct session *s, CK_OBJECT_HANDLE handle, uint8_t ret[16])
{
	int64_t id;

	if (handle_is_token_object(handle) && token_object_id(s, handle, &id) == CKR_OK) {
		uint8_t uuid[VAULT_UUID_LEN];
		vault_uuid(&s->token->vault, uuid);
		memcpy(ret, uuid, 8);
		put_be64(ret + 8, (uint64_t)id);
	} else {
		memcpy(ret, process_id, 8);
		put_be64(ret + 8, handle);
	}
}

/* Tell where the state of the token object HANDLE is. */
static CK_RV locate_state(struct session *s, CK_OBJECT_HANDLE handle, const struct state_kind *kind,
	struct state_location *ret)
{
	*ret = (struct state_location){s->token->store, &s->token->vault, 0, kind};
	return token_object_id(s, handle, &ret->id);
}

/* Read the state of the token object O into its value. Without a login the value stays empty. */
static CK_RV read_state(struct session *s, CK_OBJECT_HANDLE handle, struct object *o)
{
	const struct state_kind *kind = state_kind_of(o->key_type);
	struct state_location at;

	if (kind == NULL || token_login_state(s->token) == LOGIN_NONE)
		return CKR_OK;
	TRY(locate_state(s, handle, kind, &at));
	return state_read(&at, &o->value);
}

CK_RV object_get(
	struct session *s, CK_OBJECT_HANDLE handle, struct object *ret, uint8_t ret_unique_id[16])
{
	REQUIRE(handle != 0, CKR_OBJECT_HANDLE_INVALID, "no such object");
	if (handle_is_built_in(handle)) {
		TRY(built_in_get(handle, ret));
	} else if (handle_is_token_object(handle)) {
		TRY(token_object_get(s, handle, ret));
		CK_RV rv = read_state(s, handle, ret);
		if (rv != CKR_OK) {
			object_wipe(ret);
			return rv;
		}
	} else {
		TRY(pool_get(s->token, handle, session_rights(s).user, ret, NULL, NULL));
	}
	object_unique_id(s, handle, ret_unique_id);
	return CKR_OK;
}

CK_RV object_add(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle)
{
	if (__builtin_expect(o->flags & FLAG_TOKEN, 0))
		return token_object_add(s, o, ret_handle);
	return pool_add(s->token, &s->owned, o, ret_handle);
}

CK_RV object_add_under_lease(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle)
{
	CK_OBJECT_HANDLE handle;

	*ret_handle = 0;
	TRY(pool_add_hidden(&s->owned, o, &handle));
	if (!session_lease_runs(s)) {
		pool_take_hidden(handle, o);
		return CKR_OK;
	}
	pool_show(s->token, handle);
	s->leased = false;
	*ret_handle = handle;
	return CKR_OK;
}

/* Refuse a change of a built-in object. */
static CK_RV refuse_built_in(CK_OBJECT_HANDLE handle)
{
	REQUIRE(built_in_exists(handle), CKR_OBJECT_HANDLE_INVALID, "no such object");
	return FAIL(CKR_ACTION_PROHIBITED, "a built-in object cannot be changed");
}

CK_RV object_change(struct session *s, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg)
{
	REQUIRE(handle != 0, CKR_OBJECT_HANDLE_INVALID, "no such object");
	if (handle_is_built_in(handle))
		return refuse_built_in(handle);
	if (handle_is_token_object(handle))
		return token_object_change(s, handle, change, arg);
	return pool_change(s->token, handle, session_rights(s).user, change, arg);
}

CK_RV object_destroy(struct session *s, CK_OBJECT_HANDLE handle)
{
	REQUIRE(handle != 0, CKR_OBJECT_HANDLE_INVALID, "no such object");
	if (handle_is_built_in(handle))
		return refuse_built_in(handle);
	if (handle_is_token_object(handle))
		TRY(token_object_destroy(s, handle));
	else
		TRY(pool_destroy(s->token, handle, session_rights(s).user));
	operations_forget(s->operations, handle);
	key_cache_drop(&s->keys, handle);
	return CKR_OK;
}

CK_RV object_take_back(struct session *s, CK_OBJECT_HANDLE handle)
{
	return handle_is_token_object(handle) ? token_object_take_back(s, handle)
					      : pool_take_back(s->token, handle);
}

struct step {
	struct derivation *d;
	struct secret *ret_key;
};

static CK_RV step_in_pool(struct object *o, void *arg)
{
	struct step *step = arg;

	return step->d->mechanism->derive.state->advance(
		step->d, secret_bytes(&o->value), o->value.len, step->ret_key);
}

CK_RV object_advance(struct session *s, CK_OBJECT_HANDLE handle, uint64_t reserve,
	struct derivation *d, struct secret *ret_key)
{
	struct step step = {d, ret_key};
	struct state_location at;

	if (!handle_is_token_object(handle))
		return pool_change(s->token, handle, session_rights(s).user, step_in_pool, &step);
	TRY(locate_state(s, handle, d->mechanism->derive.state, &at));
	return state_advance(&at, reserve, d, ret_key);
}
