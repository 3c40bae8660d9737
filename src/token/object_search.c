/* SPDX-License-Identifier: Apache-2.0 */
/* object_search.c: search the pool, the store and the built-in objects. */
#include "token/object_search.h"

#include <stdlib.h>

#include "object/attribute.h"
#include "token/built_in.h"
#include "token/objects.h"
#include "token/pool.h"
#include "token/token.h"
#include "token/token_objects.h"

struct found {
	struct session *session;
	const struct template *t;
	bool private_too;
	CK_OBJECT_HANDLE *handles;
	size_t count, room;
	CK_RV rv;
};

static void found_add(struct found *f, CK_OBJECT_HANDLE handle)
{
	if (f->rv != CKR_OK)
		return;
	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		CK_OBJECT_HANDLE *more = reallocarray(f->handles, room, sizeof *more);
		if (more == NULL) {
			f->rv = CKR_HOST_MEMORY;
			return;
		}
		f->handles = more;
		f->room = room;
	}
	f->handles[f->count++] = handle;
}

/* Add the object to the result if the object matches. */
static void consider(CK_OBJECT_HANDLE handle, const struct object *o, void *arg)
{
	struct found *f = arg;
	uint8_t unique_id[16];

	if ((o->flags & FLAG_PRIVATE) && !f->private_too)
		return;
	struct reading r = {.object = o, .handle = handle, .key = f->session->scratch[0]};
	if (f->t->given & GIVEN_UNIQUE_ID) { /* else the id would be computed for nothing */
		object_unique_id(f->session, handle, unique_id);
		r.unique_id = unique_id;
	}
	if (attributes_match(&r, f->t))
		found_add(f, handle);
}

/*
 * Return true if the indices of the store decide alone, because T names only class, label, id and
 * CKA_TOKEN. An empty label is not indexed.
 */
static bool store_decides(const struct template *t)
{
	const uint32_t columns = 1u << VAR_LABEL | 1u << VAR_ID;

	if (t->variables_given & 1u << VAR_LABEL && t->variable[VAR_LABEL].n == 0)
		return false;
	if (t->variables_given & 1u << VAR_ID && t->variable[VAR_ID].n == 0)
		return false;
	return (t->given & ~(uint32_t)GIVEN_CLASS) == 0 && (t->variables_given & ~columns) == 0 &&
	       (t->flags_given & ~(uint32_t)FLAG_TOKEN) == 0 &&
	       (!(t->variables_given & 1u << VAR_ID) ||
		       (t->given & GIVEN_CLASS && t->object_class == CKO_SECRET_KEY));
}

/* Return the variable attribute ID of T. p == NULL if T gives none, or an empty one. */
static struct bytes not_empty(const struct template *t, enum variable id)
{
	bool given = t->variables_given >> id & 1 && t->variable[id].n > 0;

	return given ? t->variable[id] : bytes_of(NULL, 0);
}

static struct store_query query_of(const struct template *t, bool private_too)
{
	struct bytes object_id = not_empty(t, VAR_OBJECT_ID);
	struct store_query q = {.public_only = !private_too};

	if (t->given & GIVEN_CLASS) {
		q.by_class = true;
		q.object_class = t->object_class;
	}
	q.label = not_empty(t, VAR_LABEL);
	q.object_id = object_id.p != NULL ? object_id : not_empty(t, VAR_ID);
	return q;
}

#define BATCH 64

/* A damaged record is logged and not found. Without memory the search fails. */
static void open_and_consider(struct found *f, const struct snapshot *keys, struct record *record)
{
	OBJECT o = {0};
	CK_RV rv = record_open(keys, record, &o);

	if (rv == CKR_OK)
		consider(token_object_handle(f->session, record->id, record->is_private), &o, f);
	else if (rv == CKR_HOST_MEMORY && f->rv == CKR_OK)
		f->rv = rv;
}

/* Find the records of the query, open them and match them. */
static CK_RV find_records(struct found *f, struct store_query q)
{
	SNAPSHOT keys = {0};
	struct token *token = f->session->token;
	struct record records[BATCH];
	size_t n;

	TRY(vault_snapshot(&token->vault, &keys));
	/* Only public attributes are compared, so no value has to be opened. */
	if (!(f->t->given & (GIVEN_VALUE | GIVEN_VALUE_LEN | GIVEN_CHECK_VALUE)) &&
		!(f->t->variables_given >> VAR_FOREIGN_KEY & 1))
		snapshot_wipe(&keys);
	do {
		TRY(store_find(token->store, &q, records, BATCH, &n));
		for (size_t i = 0; i < n; i++) {
			open_and_consider(f, &keys, &records[i]);
			q.after = records[i].id;
			record_free(&records[i]);
		}
	} while (n == BATCH && f->rv == CKR_OK);
	return f->rv;
}

/*
 * Find the records of the query without opening them, because the store has compared everything
 * in the template.
 */
static CK_RV find_ids_in_store(struct found *f, struct store_query q)
{
	struct token *token = f->session->token;
	struct record records[BATCH];
	size_t n;

	do {
		TRY(store_find(token->store, &q, records, BATCH, &n));
		for (size_t i = 0; i < n; i++) {
			found_add(f, token_object_handle(
					     f->session, records[i].id, records[i].is_private));
			q.after = records[i].id;
			record_free(&records[i]);
		}
	} while (n == BATCH && f->rv == CKR_OK);
	return f->rv;
}

/* The same, with the results that the session has kept. */
static CK_RV find_ids(struct found *f, const struct store_query *q)
{
	struct session *s = f->session;
	struct cached_version version;

	store_check_freshness(s->token->store);
	TRY(store_confirm(s->token->store));
	const struct kept_search *kept = kept_search_find(&s->kept_searches, q, s->login);
	for (size_t i = 0; kept != NULL && i < kept->count; i++)
		found_add(f, kept->handles[i]);
	if (kept != NULL)
		return f->rv;
	/* Read before the search, so that a change in between makes the result stale. */
	version.now = store_freshness(s->token->store);
	version.seen = atomic_load_explicit(version.now, memory_order_acquire);
	TRY(find_ids_in_store(f, *q));
	kept_search_keep(&s->kept_searches, q, s->login, &version, f->handles, f->count);
	return CKR_OK;
}

/*
 * Return true if a built-in object may match. Comparing all of them took a third of the time of
 * a search for a key.
 */
static bool may_be_built_in(const struct template *t)
{
	if (t->given & GIVEN_CLASS)
		return t->object_class == CKO_PROFILE || t->object_class == CKO_MECHANISM;
	return (t->given & (GIVEN_PROFILE_ID | GIVEN_MECHANISM_TYPE)) != 0;
}

/* Return true if T asks for a label or an id, so that an object without both does not match. */
static bool asks_for_name(const struct template *t)
{
	return not_empty(t, VAR_LABEL).p != NULL || not_empty(t, VAR_ID).p != NULL;
}

CK_RV objects_find(
	struct session *s, const struct template *t, CK_OBJECT_HANDLE **ret, size_t *ret_n)
{
	bool private_too = session_rights(s).user;
	struct found f = {.session = s, .t = t, .private_too = private_too};
	bool tokens = !(t->flags_given & FLAG_TOKEN) || t->flags & FLAG_TOKEN;
	bool sessions = !(t->flags_given & FLAG_TOKEN) || !(t->flags & FLAG_TOKEN);

	TRY(session_scratch(s));
	if (tokens) {
		struct store_query q = query_of(t, private_too);
		f.rv = store_decides(t) ? find_ids(&f, &q) : find_records(&f, q);
		if (may_be_built_in(t))
			built_in_each(consider, &f);
	}
	if (sessions)
		pool_each(s->token, asks_for_name(t), consider, &f);
	if (f.rv != CKR_OK) {
		free(f.handles);
		return f.rv;
	}
	*ret = f.handles;
	*ret_n = f.count;
	return CKR_OK;
}
