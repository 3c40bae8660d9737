/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c: the commands that change a token, see store.h. Each command is a struct with its
 * arguments and a function that runs in the transaction (queue.h). Records, token record and
 * inventory are changed together here and nowhere else. The state files and the windows of records
 * come before and go after their records.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/inventory.h"
#include "store/marks.h"
#include "store/queue.h"

/* --- State files without records --- */

/* Remove the state files of IDS that belong to no record. */
struct sweep {
	struct change change;
	const int64_t *ids;
	size_t n;
};

/* Remove the state file and the windows of record ID, which does not exist. */
static CK_RV remove_above(struct store *store, int64_t id)
{
	TRY(store->above->remove_state(store, id));
	return store_marks_remove(store, id);
}

/*
 * A record that an earlier command of the same transaction has removed is back if the commit fails,
 * and must then find its file. So such a transaction sweeps nothing, and the next change sweeps.
 */
static CK_RV run_sweep(struct store *store, struct change *change)
{
	struct sweep *sweep = (struct sweep *)change;

	if (store->removed) {
		store->swept = false;
		return CKR_OK;
	}
	for (size_t i = 0; i < sweep->n; i++) {
		RECORD record = {0};
		CK_RV rv = store->backend->read(store, sweep->ids[i], &record);
		if (rv == CKR_OBJECT_HANDLE_INVALID)
			rv = remove_above(store, sweep->ids[i]);
		if (rv != CKR_OK)
			log_error("the state of record %lld is left: %s", (long long)sweep->ids[i],
				rv_name(rv));
	}
	return CKR_OK;
}

static CK_RV sweep(struct store *store, const int64_t *ids, size_t n)
{
	struct sweep sweep = {{.run = run_sweep}, ids, n};

	return n > 0 ? queue_commit(store, &sweep.change) : CKR_OK;
}

/*
 * Sweep all state files. A process that dies while a record is removed, or before the insert of a
 * record commits, leaves a file that leads to the keys of a client. The first change of every
 * process removes such files. It holds the write lock then, so no other process is about to
 * insert a record. If the listing fails, the next change tries again.
 */
static void sweep_all(struct store *store)
{
	int64_t *ids = NULL;
	size_t n = 0;

	if (store->above == NULL)
		return;
	CK_RV rv = store->above->list_states(store, &ids, &n);
	if (rv == CKR_OK)
		rv = sweep(store, ids, n);
	free(ids);
	ids = NULL;
	if (rv == CKR_OK)
		rv = store_marks_masters(store, &ids, &n);
	if (rv == CKR_OK)
		rv = sweep(store, ids, n);
	free(ids);
	if (rv == CKR_OK)
		return;
	log_error("state files without records may be left: %s", rv_name(rv));
	HOLD(&store->lock);
	store->swept = false;
}

static bool must_sweep(struct store *store)
{
	HOLD(&store->lock);
	bool first = !store->swept;

	store->swept = true;
	return first;
}

static CK_RV commit(struct store *store, struct change *change)
{
	CK_RV rv = queue_commit(store, change);

	if (rv == CKR_OK && must_sweep(store))
		sweep_all(store);
	return rv;
}

/* A change has taken something away. Wait until no other host uses what was taken away. */
static void wait_for_hosts(struct store *store)
{
	if (store->backend->wait_for_hosts != NULL)
		store->backend->wait_for_hosts(store);
}

/* Commit a change that takes something away. */
static CK_RV commit_taking(struct store *store, struct change *change)
{
	TRY(commit(store, change));
	wait_for_hosts(store);
	return CKR_OK;
}

/* --- Inventory --- */

/* Read the token record, and begin a tally with the inventory in it. */
static CK_RV open_tally(struct store *store, const struct snapshot *keys,
	struct store_token *ret_token, struct tally *ret_tally)
{
	TRY(store->backend->token_get(store, ret_token));
	TRY(tally_begin(keys, ret_tally));
	return inventory_open(keys, ret_token, &ret_tally->inventory);
}

static CK_RV close_tally(struct store *store, const struct snapshot *keys,
	struct store_token *token, const struct tally *tally)
{
	TRY(inventory_seal(keys, &tally->inventory, token));
	return store->backend->token_update(store, token);
}

/* Return the tag of RECORD. CKR_DEVICE_ERROR if the sealed value is too short to have one. */
static CK_RV tag_of(const struct record *record, const uint8_t **ret)
{
	ENSURE(record->sealed.n >= RECORD_TAG_LEN, CKR_DEVICE_ERROR);
	*ret = record->sealed.p + record->sealed.n - RECORD_TAG_LEN;
	return CKR_OK;
}

static CK_RV count_in(struct tally *tally, const struct record *record)
{
	const uint8_t *tag = NULL;

	TRY(tag_of(record, &tag));
	return tally_add(tally, record->id, tag);
}

static CK_RV count_out(struct tally *tally, const struct record *record)
{
	const uint8_t *tag = NULL;

	TRY(tag_of(record, &tag));
	return tally_remove(tally, record->id, tag);
}

/* --- Insert --- */

struct insertion {
	struct change change;
	const struct snapshot *keys;
	struct object *const *objects;
	size_t n;
	int64_t *ids; /* of each object, set while the command runs; 0: none yet */
};

/* Choose the next id: above all that were ever committed and all that this process has tried. */
static CK_RV next_id(struct store *store, int64_t *ret_id)
{
	int64_t last = 0;

	TRY(store->backend->last_id(store, &last));
	if (store->last_id < last)
		store->last_id = last;
	ENSURE(store->last_id < STORE_ID_MAX, CKR_DEVICE_ERROR);
	*ret_id = ++store->last_id;
	return CKR_OK;
}

/*
 * Let the layer above create the state file of O, record ID. A file of that name can only be left
 * by an insert that did not commit, because no record has this id. It is removed also for an object
 * without a state.
 */
static CK_RV create_state_above(
	struct store *store, const struct snapshot *keys, int64_t id, const struct object *o)
{
	if (store->above == NULL)
		return CKR_OK;
	TRY(store->above->remove_state(store, id));
	if (object_window(o) > 0)
		TRY(store->above->create_windows(store, keys, id));
	return record_has_state(o) ? store->above->create_state(store, keys, id, o) : CKR_OK;
}

static CK_RV insert_one(struct store *store, const struct snapshot *keys, struct tally *tally,
	const struct object *o, int64_t *ret_id)
{
	RECORD record = {0};

	TRY(next_id(store, ret_id));
	TRY(create_state_above(store, keys, *ret_id, o));
	TRY(record_seal(keys, *ret_id, o, &record));
	TRY(store->backend->insert(store, &record));
	return count_in(tally, &record);
}

static CK_RV run_insertion(struct store *store, struct change *change)
{
	struct insertion *insertion = (struct insertion *)change;
	const struct snapshot *keys = insertion->keys;
	struct store_token token;
	TALLY tally = {0};

	TRY(open_tally(store, keys, &token, &tally));
	for (size_t i = 0; i < insertion->n; i++)
		TRY(insert_one(store, keys, &tally, insertion->objects[i], &insertion->ids[i]));
	return close_tally(store, keys, &token, &tally);
}

CK_RV store_add_objects(struct store *store, const struct snapshot *keys,
	struct object *const *objects, size_t n, int64_t *ret_ids)
{
	int64_t *ids = calloc(n, sizeof *ids);
	struct insertion insertion = {{.run = run_insertion}, keys, objects, n, ids};

	ENSURE(ids != NULL, CKR_HOST_MEMORY);
	CK_RV rv = commit(store, &insertion.change);
	if (rv == CKR_OK)
		memcpy(ret_ids, ids, n * sizeof *ids);
	for (size_t i = 0; rv != CKR_OK && i < n; i++) { /* the records do not exist */
		bool has_above = record_has_state(objects[i]) || object_window(objects[i]) > 0;
		if (ids[i] == 0 || !has_above || store->above == NULL)
			continue;
		if (sweep(store, &ids[i], 1) != CKR_OK)
			log_error("the state of record %lld, which could not be created, is left",
				(long long)ids[i]);
	}
	free(ids);
	return rv;
}

/* --- Edit --- */

struct edit {
	struct change change;
	const struct snapshot *keys;
	int64_t id;
	CK_RV (*edit_above)(struct object *o, void *arg);
	void *arg;
};

static CK_RV run_edit(struct store *store, struct change *change)
{
	struct edit *edit = (struct edit *)change;
	struct store_token token;
	TALLY tally = {0};
	RECORD before = {0};
	RECORD after = {0};
	OBJECT o = {0};

	TRY(store->backend->read(store, edit->id, &before));
	TRY(record_open(edit->keys, &before, &o));
	TRY(edit->edit_above(&o, edit->arg));
	TRY(record_seal(edit->keys, edit->id, &o, &after));
	TRY(open_tally(store, edit->keys, &token, &tally));
	TRY(count_out(&tally, &before));
	TRY(store->backend->update(store, &after));
	TRY(count_in(&tally, &after));
	return close_tally(store, edit->keys, &token, &tally);
}

CK_RV store_edit_object(struct store *store, const struct snapshot *keys, int64_t id,
	CK_RV (*edit_above)(struct object *o, void *arg), void *arg)
{
	struct edit edit = {{.run = run_edit, .takes = true}, keys, id, edit_above, arg};
	CK_RV rv = commit_taking(store, &edit.change);

	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

/* --- Remove --- */

struct removal {
	struct change change;
	const struct snapshot *keys;
	int64_t id;
};

static CK_RV run_removal(struct store *store, struct change *change)
{
	struct removal *removal = (struct removal *)change;
	struct store_token token;
	TALLY tally = {0};
	RECORD record = {0};

	TRY(store->backend->read(store, removal->id, &record));
	TRY(open_tally(store, removal->keys, &token, &tally));
	TRY(count_out(&tally, &record));
	store->removed = true;
	TRY(store->backend->remove(store, removal->id));
	return close_tally(store, removal->keys, &token, &tally);
}

CK_RV store_remove_object(struct store *store, const struct snapshot *keys, int64_t id)
{
	struct removal removal = {{.run = run_removal, .takes = true}, keys, id};
	CK_RV rv = commit_taking(store, &removal.change);

	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

/* --- The freshness counter --- */

/* The transaction itself changes the counter. */
static CK_RV run_touch(struct store *store, struct change *change)
{
	(void)store;
	(void)change;
	return CKR_OK;
}

CK_RV store_touch(struct store *store)
{
	struct change touch = {.run = run_touch, .takes = true};

	TRY(queue_commit(store, &touch));
	wait_for_hosts(store);
	return CKR_OK;
}

/* --- The token record --- */

struct initialization {
	struct change change;
	const struct store_token *token, *seen;
	bool as_seen;
};

/* Return true if the token that is stored now is the one that was SEEN, or there is still none. */
static bool is_as_seen(const struct store_token *now, const struct store_token *seen)
{
	if (now == NULL || seen == NULL)
		return now == NULL && seen == NULL;
	return memcmp(now->uuid, seen->uuid, sizeof now->uuid) == 0 &&
	       memcmp(now->so.salt, seen->so.salt, sizeof now->so.salt) == 0;
}

static CK_RV run_initialization(struct store *store, struct change *change)
{
	struct initialization *init = (struct initialization *)change;
	struct store_token now;

	TRY(store->backend->make_schema(store));
	CK_RV rv = store->backend->token_get(store, &now);
	if (rv != CKR_TOKEN_NOT_RECOGNIZED)
		TRY(rv);
	init->as_seen = is_as_seen(rv == CKR_OK ? &now : NULL, init->seen);
	if (!init->as_seen)
		return CKR_OK;
	store->removed = true;
	TRY(store->backend->clear(store));
	return store->backend->token_update(store, init->token);
}

CK_RV store_init_token(struct store *store, const struct store_token *token,
	const struct store_token *seen, bool *ret_as_seen)
{
	struct initialization init = {
		{.run = run_initialization, .creates = true, .takes = true}, token, seen, false};

	TRY(queue_commit(store, &init.change));
	/*
	 * The files are removed after the commit, because the records would need them if the commit
	 * failed. The sweep spares the files of the new token, in which another process may have
	 * made a client already.
	 */
	if (init.as_seen) {
		(void)must_sweep(store);
		sweep_all(store);
		wait_for_hosts(store);
	}
	*ret_as_seen = init.as_seen;
	return CKR_OK;
}

struct pin_change {
	struct change change;
	enum store_role role;
	const struct store_token *seen;
	bool same_pin;
	const struct store_pin *pin;
	bool as_seen;
};

static CK_RV run_pin_change(struct store *store, struct change *change)
{
	struct pin_change *c = (struct pin_change *)change;
	struct store_token now;

	TRY(store->backend->token_get(store, &now));
	struct store_pin *pin = c->role == STORE_SO ? &now.so : &now.user;
	const struct store_pin *seen = c->role == STORE_SO ? &c->seen->so : &c->seen->user;
	c->as_seen =
		memcmp(now.uuid, c->seen->uuid, sizeof now.uuid) == 0 &&
		(!c->same_pin || (pin->set && seen->set &&
					 memcmp(pin->salt, seen->salt, sizeof pin->salt) == 0));
	if (!c->as_seen)
		return CKR_OK;
	*pin = *c->pin;
	return store->backend->token_update(store, &now);
}

CK_RV store_set_pin(struct store *store, enum store_role role, const struct store_token *seen,
	bool same_pin, const struct store_pin *pin, bool *ret_as_seen)
{
	struct pin_change change = {
		{.run = run_pin_change, .takes = true}, role, seen, same_pin, pin, false};

	TRY(commit_taking(store, &change.change));
	*ret_as_seen = change.as_seen;
	return CKR_OK;
}
