/* SPDX-License-Identifier: Apache-2.0 */
/* token_objects.c: see token_objects.h. */
#include "token/token_objects.h"

#include <stdlib.h>

#include "base/log.h"
#include "state/client_file.h"
#include "state/client_state.h"
#include "token/handle.h"
#include "token/token_count.h"

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

	ENSURE(handle_slot(handle) == s->token->slot, CKR_OBJECT_HANDLE_INVALID);
	if (login != 0)
		ENSURE(session_rights(s).user && login == epoch(s), CKR_OBJECT_HANDLE_INVALID);
	ENSURE(handle_record_id(handle) != 0, CKR_OBJECT_HANDLE_INVALID);
	*ret_id = handle_record_id(handle);
	return CKR_OK;
}

/* --- Sealing --- */

/* The attributes are authenticated with the value: an edited flag breaks the key. */
static struct binding row_binding(const struct store_row *row)
{
	return (struct binding){.id = row->id, .more = row->attributes};
}

/* What is written while a row is inserted or updated; freed by writing_end. */
struct writing {
	struct token *token;
	struct snapshot keys;
	struct object *object; /* what to write */
	CK_RV (*change)(struct object *o, void *arg);
	void *arg;
	uint8_t *attributes, *sealed;
};

static CK_RV writing_begin(struct session *s, struct object *o, struct writing *w)
{
	*w = (struct writing){.token = s->token, .object = o};
	return vault_snapshot_key(&s->token->vault, &w->keys);
}

static void writing_end(struct writing *w)
{
	snapshot_wipe(&w->keys);
	free(w->attributes);
	free(w->sealed);
}

/*
 * An O-DUKPT client's state is not in its row, which would leave used registers on the disk, but in
 * a file of its own.
 */
static bool value_is_elsewhere(const struct object *o)
{
	return key_type_is_state(o->key_type);
}

/* Fill in ROW, whose id is known, from OBJECT. */
static CK_RV seal_row(struct store_row *row, struct writing *w, const struct object *o)
{
	size_t n, value_len = value_is_elsewhere(o) ? 0 : o->value.len;

	TRY(object_encode(o, &w->attributes, &n));
	row->object_class = o->object_class;
	row->is_private = o->flags & FLAG_PRIVATE;
	row->label = object_variable(o, VAR_LABEL);
	row->object_id = object_variable(o, o->object_class == CKO_DATA ? VAR_OBJECT_ID : VAR_ID);
	row->attributes = bytes_of(w->attributes, n);

	w->sealed = malloc(value_len + SEAL_OVERHEAD);
	ENSURE(w->sealed != NULL, CKR_HOST_MEMORY);
	row->sealed = bytes_of(w->sealed, value_len + SEAL_OVERHEAD);
	struct binding binding = row_binding(row);
	return vault_seal(&w->keys, &binding, secret_peek(&o->value), value_len, w->sealed);
}

/* Whether the columns that the store searches by are what the authenticated attributes say. */
static bool columns_agree(const struct store_row *row, const struct object *o)
{
	struct bytes label = object_variable(o, VAR_LABEL);
	struct bytes id = object_variable(o, o->object_class == CKO_DATA ? VAR_OBJECT_ID : VAR_ID);

	return row->object_class == o->object_class &&
	       row->is_private == ((o->flags & FLAG_PRIVATE) != 0) &&
	       (row->label.p != NULL) == (label.p != NULL) && bytes_equal(row->label, label) &&
	       (row->object_id.p != NULL) == (id.p != NULL) && bytes_equal(row->object_id, id);
}

static CK_RV open_sealed(
	const struct snapshot *keys, const struct store_row *row, struct object *ret)
{
	struct binding binding = row_binding(row);
	CK_RV rv = vault_open(keys, &binding, row->sealed, &ret->value);

	return rv == CKR_ENCRYPTED_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

CK_RV token_object_open(
	const struct snapshot *keys, const struct store_row *row, struct object *ret)
{
	CK_RV rv = object_decode(row->attributes, ret);

	if (rv == CKR_OK && (!columns_agree(row, ret) || !(ret->flags & FLAG_TOKEN)))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK && keys->key.len > 0)
		rv = open_sealed(keys, row, ret);
	if (rv == CKR_DEVICE_ERROR)
		log_error("object %lld is damaged, or not of this token", (long long)row->id);
	if (rv != CKR_OK)
		object_wipe(ret);
	return rv;
}

/* --- Reading --- */

CK_RV token_object_get(struct session *s, CK_OBJECT_HANDLE handle, struct object *ret)
{
	SNAPSHOT keys = {0};
	struct store_row row;
	int64_t id;

	TRY(token_object_id(s, handle, &id));
	TRY(vault_snapshot(&s->token->vault, &keys));
	TRY(store_read(s->token->store, id, &row));
	CK_RV rv = token_object_open(&keys, &row, ret);
	store_row_free(&row);
	TRY(rv);
	/*
	 * A private object is reached by the user only, and by a handle of this login; a public
	 * one's handle carries no login.
	 */
	if ((ret->flags & FLAG_PRIVATE) &&
		!(session_rights(s).user && handle == token_object_handle(s, id, true))) {
		object_wipe(ret);
		return FAIL(CKR_OBJECT_HANDLE_INVALID, "the handle is from an earlier login");
	}
	return CKR_OK;
}

/* --- Writing --- */

static CK_RV recount(struct store_token *stored, int by, void *arg)
{
	struct writing *w = arg;
	return token_count_by(stored, w->keys.uuid, &w->keys.key, by);
}

static CK_RV prepare_insert(struct store_row *row, void *arg)
{
	struct writing *w = arg;

	/*
	 * A file of that name can only be of an insert whose process was killed before it
	 * committed. It must not stay, whatever the new row is: the state in it leads to all that a
	 * client loaded again has used since.
	 */
	TRY(client_file_remove(w->token->store, row->id));
	if (value_is_elsewhere(w->object))
		TRY(client_state_create(w->token->store, &w->keys, row->id, &w->object->value));
	return seal_row(row, w, w->object);
}

/* The insert of O as row ID (0: it had none yet) has failed: its client's file goes too. */
static void forget_file(struct token *token, const struct object *o, int64_t id)
{
	CK_RV rv =
		id != 0 && value_is_elsewhere(o) ? client_file_take_back(token->store, id) : CKR_OK;

	if (rv != CKR_OK)
		log_error("clients/%lld is left of a client that could not be made: %s",
			(long long)id, rv_name(rv));
}

/* Write N objects; WRITING, ROWS and ARGS have room for each. */
static CK_RV insert_all(struct session *s, struct object *const *objects, size_t n,
	struct writing *writing, struct store_row *rows, void **args)
{
	for (size_t i = 0; i < n; i++) {
		TRY(writing_begin(s, objects[i], &writing[i]));
		args[i] = &writing[i];
	}
	CK_RV rv = store_insert_all(s->token->store, rows, n, prepare_insert, recount, args);
	for (size_t i = 0; rv != CKR_OK && i < n; i++)
		forget_file(s->token, objects[i], rows[i].id);
	return rv;
}

CK_RV token_objects_add(
	struct session *s, struct object *const *objects, size_t n, CK_OBJECT_HANDLE *ret_handles)
{
	struct writing *writing = calloc(n, sizeof *writing);
	struct store_row *rows = calloc(n, sizeof *rows);
	void **args = calloc(n, sizeof *args);

	CK_RV rv = writing && rows && args ? insert_all(s, objects, n, writing, rows, args)
					   : CKR_HOST_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (writing)
			writing_end(&writing[i]);
		if (rv != CKR_OK)
			continue;
		ret_handles[i] =
			token_object_handle(s, rows[i].id, objects[i]->flags & FLAG_PRIVATE);
		object_wipe(objects[i]);
	}
	free(args);
	free(rows);
	free(writing);
	return rv;
}

CK_RV token_object_add(struct session *s, struct object *o, CK_OBJECT_HANDLE *ret_handle)
{
	return token_objects_add(s, &o, 1, ret_handle);
}

static CK_RV prepare_update(struct store_row *row, void *arg)
{
	struct writing *w = arg;
	struct object o = {0};

	CK_RV rv = token_object_open(&w->keys, row, &o);
	if (rv == CKR_OK)
		rv = w->change(&o, w->arg);
	if (rv == CKR_OK) {
		/* The row keeps borrowing from the object until it is written. */
		object_move(&o, w->object);
		rv = seal_row(row, w, w->object);
	}
	object_wipe(&o);
	return rv;
}

CK_RV token_object_change(struct session *s, CK_OBJECT_HANDLE handle,
	CK_RV (*change)(struct object *o, void *arg), void *arg)
{
	struct writing w;
	struct object now = {0};
	int64_t id;

	TRY(token_object_get(s, handle, &now)); /* whether S may see it at all */
	object_wipe(&now);
	TRY(token_object_id(s, handle, &id));
	CK_RV rv = writing_begin(s, &now, &w);
	w.change = change;
	w.arg = arg;
	if (rv == CKR_OK)
		rv = store_update(s->token->store, id, prepare_update, &w);
	writing_end(&w);
	object_wipe(&now);
	return rv;
}

CK_RV token_object_take_back(struct session *s, CK_OBJECT_HANDLE handle)
{
	struct writing w;
	int64_t id;

	TRY(token_object_id(s, handle, &id));
	CK_RV rv = writing_begin(s, NULL, &w);
	if (rv == CKR_OK)
		rv = store_remove_counted(s->token->store, id, recount, &w);
	writing_end(&w);
	return rv;
}

CK_RV token_object_destroy(struct session *s, CK_OBJECT_HANDLE handle)
{
	struct object o = {0};
	struct rights rights = session_rights(s);
	int64_t id;

	TRY(token_object_get(s, handle, &o));
	CK_RV rv = plan_access(&rights, o.flags);
	if (rv == CKR_OK && !(o.flags & FLAG_DESTROYABLE))
		rv = FAIL(CKR_ACTION_PROHIBITED, "CKA_DESTROYABLE is CK_FALSE");
	bool client = key_type_is_state(o.key_type);
	object_wipe(&o);
	TRY(rv);
	TRY(token_object_id(s, handle, &id));
	TRY(token_object_take_back(s, handle));
	/* The row is gone, so the state can no longer be used; what its file holds goes with it. */
	if (client)
		return client_state_remove(s->token->store, &s->token->vault, id);
	return CKR_OK;
}
