/* SPDX-License-Identifier: Apache-2.0 */
/* token_objects.c: token objects by handle, see token_objects.h. */
#include "token/token_objects.h"

#include <stdlib.h>

#include "base/log.h"
#include "state/state.h"
#include "state/window.h"
#include "token/handle.h"

_Static_assert(STORE_ID_MAX <= HANDLE_RECORD_ID_MASK, "a handle has room for every record id");

static uint64_t epoch(const struct session *s)
{
	return s->login >> 2 & HANDLE_EPOCH_MASK;
}

CK_OBJECT_HANDLE token_object_handle(const struct session *s, int64_t id, bool is_private)
{
	return handle_of_record(s->token->slot, is_private ? epoch(s) : 0, id);
}

CK_RV token_object_id(const struct session *s, CK_OBJECT_HANDLE handle, int64_t *ret_id)
{
	uint64_t login = handle_epoch(handle);

	REQUIRE(handle_slot(handle) == s->token->slot, CKR_OBJECT_HANDLE_INVALID,
		"no such object in this slot");
	if (login != 0)
		REQUIRE(session_rights(s).user && login == epoch(s), CKR_OBJECT_HANDLE_INVALID,
			"the handle is from an earlier login");
	REQUIRE(handle_record_id(handle) != 0, CKR_OBJECT_HANDLE_INVALID, "no such object");
	*ret_id = handle_record_id(handle);
	return CKR_OK;
}

/* --- Reading --- */

CK_RV token_object_get(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret)
{
	SNAPSHOT keys = {0};
	RECORD record = {0};
	int64_t id;

	TRY(token_object_id(s, handle, &id));
	TRY(vault_snapshot(&s->token->vault, &keys));
	TRY(store_read(s->token->store, id, &record));
	TRY(record_open(&keys, &record, ret));
	/*
	 * A private object is visible to the user only, and through a handle of this login. The
	 * handle of a public object carries no login.
	 */
	if ((ret->flags & FLAG_PRIVATE) &&
		!(session_rights(s).user && handle == token_object_handle(s, id, true))) {
		object_wipe(ret);
		return FAIL(CKR_OBJECT_HANDLE_INVALID, "the handle is from an earlier login");
	}
	return CKR_OK;
}

/* --- Writing --- */

CK_RV token_objects_add(
	struct session *s, struct object *const *objects, size_t n, CK_OBJECT_HANDLE *ret_handles)
{
	SNAPSHOT keys = {0};
	int64_t *ids = calloc(n, sizeof *ids);

	ENSURE(ids != NULL, CKR_HOST_MEMORY);
	CK_RV rv = vault_snapshot_key(&s->token->vault, &keys);
	if (rv == CKR_OK)
		rv = store_add_objects(s->token->store, &keys, objects, n, ids);
	for (size_t i = 0; rv == CKR_OK && i < n; i++) {
		ret_handles[i] = token_object_handle(s, ids[i], objects[i]->flags & FLAG_PRIVATE);
		object_wipe(objects[i]);
	}
	free(ids);
	return rv;
}

CK_RV token_object_add(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle)
{
	return token_objects_add(s, &o, 1, ret_handle);
}

CK_RV token_object_change(struct session *s, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg)
{
	SNAPSHOT keys = {0};
	OBJECT now = {0};
	int64_t id;

	TRY(token_object_get(s, handle, &now)); /* check that S may see the object */
	TRY(token_object_id(s, handle, &id));
	TRY(vault_snapshot_key(&s->token->vault, &keys));
	return store_edit_object(s->token->store, &keys, id, change, arg);
}

CK_RV token_object_take_back(struct session *s, CK_OBJECT_HANDLE handle)
{
	SNAPSHOT keys = {0};
	int64_t id;

	TRY(token_object_id(s, handle, &id));
	TRY(vault_snapshot_key(&s->token->vault, &keys));
	return store_remove_object(s->token->store, &keys, id);
}

CK_RV token_object_destroy(struct session *s, CK_OBJECT_HANDLE handle)
{
	OBJECT o = {0};
	struct rights rights = session_rights(s);
	int64_t id;

	TRY(token_object_get(s, handle, &o));
	TRY(plan_access(&rights, o.flags));
	if (!(o.flags & FLAG_DESTROYABLE))
		return FAIL(CKR_ACTION_PROHIBITED, "CKA_DESTROYABLE is CK_FALSE");
	TRY(token_object_id(s, handle, &id));
	TRY(token_object_take_back(s, handle));
	/*
	 * The record is gone and the call says so, whatever becomes of the file: without its record
	 * a state cannot be used, and a file that is left is removed by the next process that
	 * changes the token.
	 */
	if (object_window(&o) > 0) {
		CK_RV rv = windows_remove(s->token->store, &s->token->vault, id);
		if (rv != CKR_OK)
			log_error("windows of destroyed master %lld are left: %s", (long long)id,
				rv_name(rv));
	}
	if (!record_has_state(&o))
		return CKR_OK;
	struct state_location at = {
		s->token->store, &s->token->vault, id, state_kind_of(o.key_type)};
	CK_RV rv = state_remove(&at);
	if (rv != CKR_OK)
		log_error("clients/%lld of a destroyed client is left: %s", (long long)id,
			rv_name(rv));
	return CKR_OK;
}
