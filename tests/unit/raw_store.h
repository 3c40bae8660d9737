/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_store.h: records and token records written without sealing and without the inventory, as
 * commands of the store's queue. Tests use them to fill a store with samples, and to put into a
 * store what an attacker would.
 */
#ifndef KEYDIV_TESTS_RAW_STORE_H
#define KEYDIV_TESTS_RAW_STORE_H

#include "store/queue.h"

#define RAW_STORE __attribute__((unused)) static

/*
 * Fills in attributes and sealed value of a record that has its id. For an update RECORD is the
 * record as stored. An error undoes the command.
 */
typedef CK_RV raw_prepare(struct record *record, void *arg);

struct raw_change {
	struct change change;
	struct record *record;
	int64_t id;
	raw_prepare *prepare;
	const struct store_token *token;
	void *arg;
};

RAW_STORE CK_RV raw_run_insert(struct store *store, struct change *change)
{
	struct raw_change *raw = (struct raw_change *)change;
	int64_t last;

	TRY(store->backend->last_id(store, &last));
	if (store->last_id < last)
		store->last_id = last;
	raw->id = raw->record->id = ++store->last_id;
	TRY(raw->prepare(raw->record, raw->arg));
	raw->record->id = raw->id;
	return store->backend->insert(store, raw->record);
}

RAW_STORE CK_RV raw_insert(
	struct store *store, struct record *record, raw_prepare *prepare, void *arg)
{
	struct raw_change raw = {
		.change.run = raw_run_insert, .record = record, .prepare = prepare, .arg = arg};

	return queue_commit(store, &raw.change);
}

RAW_STORE CK_RV raw_run_update(struct store *store, struct change *change)
{
	struct raw_change *raw = (struct raw_change *)change;
	RECORD stored = {0};

	TRY(store->backend->read(store, raw->id, &stored));
	struct record record = stored;
	TRY(raw->prepare(&record, raw->arg));
	record.id = raw->id;
	return store->backend->update(store, &record);
}

RAW_STORE CK_RV raw_update(struct store *store, int64_t id, raw_prepare *prepare, void *arg)
{
	struct raw_change raw = {
		.change.run = raw_run_update, .id = id, .prepare = prepare, .arg = arg};
	CK_RV rv = queue_commit(store, &raw.change);

	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

RAW_STORE CK_RV raw_run_remove(struct store *store, struct change *change)
{
	return store->backend->remove(store, ((struct raw_change *)change)->id);
}

RAW_STORE CK_RV raw_remove(struct store *store, int64_t id)
{
	struct raw_change raw = {.change.run = raw_run_remove, .id = id};
	CK_RV rv = queue_commit(store, &raw.change);

	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

RAW_STORE CK_RV raw_run_init(struct store *store, struct change *change)
{
	TRY(store->backend->make_schema(store));
	TRY(store->backend->clear(store));
	return store->backend->token_update(store, ((struct raw_change *)change)->token);
}

/* C_InitToken, whatever is stored now. State files stay. */
RAW_STORE CK_RV raw_init(struct store *store, const struct store_token *token)
{
	struct raw_change raw = {.change = {.run = raw_run_init, .creates = true}, .token = token};

	return queue_commit(store, &raw.change);
}

struct raw_token_change {
	struct change change;
	CK_RV (*edit)(struct store_token *token, void *arg);
	void *arg;
};

RAW_STORE CK_RV raw_run_token_update(struct store *store, struct change *change)
{
	struct raw_token_change *raw = (struct raw_token_change *)change;
	struct store_token token;

	TRY(store->backend->token_get(store, &token));
	TRY(raw->edit(&token, raw->arg));
	return store->backend->token_update(store, &token);
}

/* Edit the token record. An error of EDIT undoes the command. */
RAW_STORE CK_RV raw_token_update(
	struct store *store, CK_RV (*edit)(struct store_token *token, void *arg), void *arg)
{
	struct raw_token_change raw = {
		.change.run = raw_run_token_update, .edit = edit, .arg = arg};

	return queue_commit(store, &raw.change);
}

/* The ids of the matching records. */
RAW_STORE CK_RV raw_find_ids(struct store *store, const struct store_query *query, int64_t *ret_ids,
	size_t max, size_t *ret_n)
{
	struct store_query rest = *query;
	struct record record;
	size_t n = 0, one = 1;

	while (n < max && one == 1) {
		TRY(store_find(store, &rest, &record, 1, &one));
		if (one == 1) {
			rest.after = ret_ids[n++] = record.id;
			record_free(&record);
		}
	}
	if (max == 0) /* a damaged store must be noticed all the same */
		TRY(store_find(store, &rest, &record, 0, &one));
	*ret_n = n;
	return CKR_OK;
}

/* The number of records. */
RAW_STORE CK_RV raw_count(struct store *store, uint64_t *ret_n)
{
	struct store_query all = {0};
	struct record records[64];
	uint64_t count = 0;
	size_t n = 64;

	while (n == 64) {
		TRY(store_find(store, &all, records, 64, &n));
		all.after = n > 0 ? records[n - 1].id : all.after;
		for (size_t i = 0; i < n; i++)
			record_free(&records[i]);
		count += n;
	}
	*ret_n = count;
	return CKR_OK;
}

#endif
