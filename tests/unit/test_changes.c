/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_changes.c: the commands of store.h with real objects: sealed records, the inventory of all
 * records, ids, and the state files that the layer above keeps.
 */
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "store/inventory.h"
#include "store_support.h"

static struct store *store;
static struct snapshot keys;

/* --- State files: the ids of those that exist, and what was asked for --- */

static int64_t states[8];
static size_t state_count;
static CK_RV create_result;

static CK_RV create_state(
	struct store *s, const struct snapshot *k, int64_t id, const struct object *o)
{
	(void)s;
	ck_assert_mem_eq(k->uuid, keys.uuid, sizeof keys.uuid);
	ck_assert(record_has_state(o));
	TRY(create_result);
	states[state_count++] = id;
	return CKR_OK;
}

static CK_RV remove_state(struct store *s, int64_t id)
{
	(void)s;
	for (size_t i = 0; i < state_count; i++)
		if (states[i] == id)
			states[i] = states[--state_count];
	return CKR_OK;
}

static CK_RV list_states(struct store *s, int64_t **ret_ids, size_t *ret_n)
{
	(void)s;
	*ret_ids = calloc(state_count + 1, sizeof **ret_ids);
	memcpy(*ret_ids, states, state_count * sizeof *states);
	*ret_n = state_count;
	return CKR_OK;
}

static const struct store_above above = {create_state, remove_state, list_states, NULL};

static bool has_state(int64_t id)
{
	for (size_t i = 0; i < state_count; i++)
		if (states[i] == id)
			return true;
	return false;
}

/* --- A store with a token of no objects --- */

static struct store *open_with_states(void)
{
	struct store *s = NULL;

	ck_ok(store_open(token_dir, &above, &s));
	return s;
}

static void new_token(void)
{
	const struct inventory none = {0};
	struct store_token token = sample_token();
	bool as_seen = false;

	store = open_with_states();
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
	ck_ok(inventory_seal(&keys, &none, &token));
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
	ck_assert(as_seen);
}

static struct object new_object(CK_KEY_TYPE type, const char *value)
{
	struct object o = {.object_class = CKO_SECRET_KEY,
		.key_type = type,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN | FLAG_DESTROYABLE};

	ck_ok(secret_set(&o.value, value, strlen(value)));
	return o;
}

static CK_RV try_add(CK_KEY_TYPE type, const char *value, int64_t *ret_id)
{
	OBJECT o = new_object(type, value);
	struct object *objects[] = {&o};

	return store_add_objects(store, &keys, objects, 1, ret_id);
}

static int64_t add(const char *value)
{
	int64_t id = 0;

	ck_ok(try_add(CKK_GENERIC_SECRET, value, &id));
	return id;
}

static bool value_is(int64_t id, const char *value)
{
	RECORD record = {0};
	OBJECT o = {0};

	ck_ok(store_read(store, id, &record));
	ck_ok(record_open(&keys, &record, &o));
	return bytes_equal(bytes_of(secret_peek(&o.value), o.value.len), text_bytes(value));
}

static CK_RV change_value(struct object *o, void *arg)
{
	TRY(secret_set(&o->value, arg, strlen(arg)));
	return strcmp(arg, "refused") == 0 ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
}

START_TEST(the_inventory_follows_every_change)
{
	new_token();
	ck_ok(store_verify(store, &keys));
	for (int i = 0; i < 300; i++) /* more than are read at once */
		add("value");
	ck_ok(store_verify(store, &keys));
	ck_ok(store_edit_object(store, &keys, 7, change_value, (void *)"other"));
	ck_assert(value_is(7, "other"));
	ck_rv(store_edit_object(store, &keys, 7, change_value, (void *)"refused"),
		CKR_ATTRIBUTE_READ_ONLY);
	ck_assert(value_is(7, "other"));
	ck_ok(store_verify(store, &keys));
	ck_ok(store_remove_object(store, &keys, 7));
	ck_rv(store_remove_object(store, &keys, 7), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_edit_object(store, &keys, 7, change_value, (void *)"x"),
		CKR_OBJECT_HANDLE_INVALID);
	ck_ok(store_verify(store, &keys));
	ck_assert_uint_eq(count_objects(store), 299);
	store_close(store);
}
END_TEST

START_TEST(several_objects_are_added_or_none)
{
	OBJECT good = new_object(CKK_GENERIC_SECRET, "good");
	OBJECT client = new_object(CKK_KEYDIV_ODUKPT_CLIENT, "state");
	struct object *objects[] = {&good, &client};
	int64_t ids[2] = {0};

	new_token();
	create_result = CKR_DEVICE_MEMORY;
	ck_rv(store_add_objects(store, &keys, objects, 2, ids), CKR_DEVICE_MEMORY);
	ck_assert(ids[0] == 0 && ids[1] == 0);
	ck_assert_uint_eq(count_objects(store), 0);
	create_result = CKR_OK;
	ck_ok(store_add_objects(store, &keys, objects, 2, ids));
	ck_assert(ids[1] > ids[0] && has_state(ids[1]) && !has_state(ids[0]));
	ck_assert(value_is(ids[0], "good") && value_is(ids[1], "")); /* the state is elsewhere */
	ck_ok(store_verify(store, &keys));
	store_close(store);
}
END_TEST

/* --- What another program does to the records --- */

static struct record kept;

static CK_RV put_back(struct record *record, void *arg)
{
	(void)arg;
	record->object_class = kept.object_class;
	record->is_private = kept.is_private;
	record->attributes = kept.attributes;
	record->sealed = kept.sealed;
	return CKR_OK;
}

START_TEST(a_record_put_back_as_it_was_is_noticed)
{
	new_token();
	int64_t id = add("before");
	ck_ok(store_read(store, id, &kept));
	ck_ok(store_edit_object(store, &keys, id, change_value, (void *)"after"));
	ck_ok(store_verify(store, &keys));
	ck_ok(raw_update(store, id, put_back, NULL));
	ck_assert(value_is(id, "before")); /* the record itself is good */
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR);
	record_free(&kept);
	store_close(store);
}
END_TEST

static CK_RV raw_run_insert_kept(struct store *s, struct change *change)
{
	(void)change;
	return s->backend->insert(s, &kept);
}

START_TEST(a_destroyed_record_in_exchange_for_another_is_noticed)
{
	struct change insert_kept = {.run = raw_run_insert_kept};

	new_token();
	int64_t destroyed = add("destroyed"), other = add("other");
	ck_ok(store_read(store, destroyed, &kept));
	ck_ok(store_remove_object(store, &keys, destroyed));
	ck_ok(raw_remove(store, other));
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR); /* one is missing */
	ck_ok(queue_commit(store, &insert_kept));
	ck_assert_uint_eq(count_objects(store), 1);
	ck_assert(value_is(destroyed, "destroyed"));
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR);
	record_free(&kept);
	store_close(store);
}
END_TEST

static CK_RV edit_token(struct store_token *token, void *arg)
{
	switch (*(int *)arg) {
	case 0:
		token->scrypt_log2_n = 1;
		return CKR_OK;
	case 1:
		token->label[0] ^= 1;
		return CKR_OK;
	case 2:
		token->uuid[0] ^= 1;
		return CKR_OK;
	case 3:
		token->count_seal[20] ^= 1;
		return CKR_OK;
	default:
		token->count_seal_len = 0;
		return CKR_OK;
	}
}

START_TEST(an_edited_token_record_is_noticed)
{
	int64_t id = 0;

	new_token();
	ck_ok(raw_token_update(store, edit_token, &_i));
	ck_rv(store_verify(store, &keys), CKR_DEVICE_ERROR);
	ck_rv(try_add(CKK_GENERIC_SECRET, "x", &id), CKR_DEVICE_ERROR);
	ck_assert_int_eq(id, 0);
	store_close(store);
}
END_TEST

/* --- Ids and state files --- */

static CK_RV insert_fails(struct store *s, const struct record *record)
{
	(void)s;
	ck_assert(has_state(record->id)); /* the file exists before the record */
	return CKR_DEVICE_MEMORY;
}

START_TEST(a_failed_insert_leaves_no_state_file)
{
	const struct store_backend *good;
	int64_t id = 0;

	new_token();
	good = store->backend;
	struct store_backend failing = *good;
	failing.insert = insert_fails;
	store->backend = &failing;
	ck_rv(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &id), CKR_DEVICE_MEMORY);
	ck_assert(id == 0 && state_count == 0);
	store->backend = good;
	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &id));
	ck_assert_int_eq(id, 2);
	store_close(store);
}
END_TEST

static void set_sequence(const char *value)
{
	char sql[100];
	sqlite3 *db;

	snprintf(sql, sizeof sql, "UPDATE sqlite_sequence SET seq = %s", value);
	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* The file of a live client was erased, or its numbers given again, by an edited sequence. */
START_TEST(a_sequence_below_the_highest_id_is_damage)
{
	static const char *const wrong[] = {"0", "1", "2", "-1", "NULL", "'x'"};
	int64_t client = 0, id = 0;

	new_token();
	add("first");
	add("second");
	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &client));
	store_close(store);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		set_sequence(wrong[i]);
		store = open_with_states();
		ck_rv(try_add(CKK_GENERIC_SECRET, "x", &id), CKR_DEVICE_ERROR);
		ck_rv(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "x", &id), CKR_DEVICE_ERROR);
		ck_assert(has_state(client) && state_count == 1);
		store_close(store);
	}
	set_sequence("10"); /* a jump forward does no harm */
	store = open_with_states();
	ck_assert_int_eq(add("x"), 11);
	ck_assert(has_state(client));
	store_close(store);
}
END_TEST

START_TEST(files_without_records_are_swept)
{
	int64_t client = 0;

	new_token();
	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &client));
	store_close(store);
	states[state_count++] = client + 1; /* of an insert that was killed */
	states[state_count++] = 4711;       /* of a removal that was killed */
	store = open_with_states();
	add("any change");
	ck_assert(has_state(client));
	ck_assert(!has_state(client + 1) && !has_state(4711));
	store_close(store);
}
END_TEST

static CK_RV list_result;

static CK_RV try_to_list(struct store *s, int64_t **ret_ids, size_t *ret_n)
{
	TRY(list_result);
	return list_states(s, ret_ids, ret_n);
}

START_TEST(a_sweep_that_fails_is_made_by_the_next_change)
{
	static const struct store_above failing = {create_state, remove_state, try_to_list, NULL};

	new_token();
	store_close(store);
	states[state_count++] = 4711; /* of a removal that was killed */
	ck_ok(store_open(token_dir, &failing, &store));
	list_result = CKR_DEVICE_ERROR;
	add("first change");
	ck_assert(has_state(4711));
	list_result = CKR_OK;
	add("second change");
	ck_assert(!has_state(4711));
	store_close(store);
}
END_TEST

/* --- A removal and the sweep in one commit --- */

static int64_t removed_client;
static pthread_t holder, remover;

static size_t waiting_commands(void)
{
	size_t n = 0;

	pthread_mutex_lock(&store->queue_lock);
	for (const struct change *c = store->first; c != NULL; c = c->next)
		n++;
	pthread_mutex_unlock(&store->queue_lock);
	return n;
}

static _Atomic bool holding;

/* Runs until the removal and the sweep wait, so that both join its transaction. */
static CK_RV run_hold(struct store *s, struct change *change)
{
	(void)s;
	(void)change;
	atomic_store(&holding, true);
	while (waiting_commands() < 2)
		sched_yield();
	return CKR_OK;
}

static void *hold(void *arg)
{
	struct change change = {.run = run_hold};

	(void)arg;
	ck_ok(queue_commit(store, &change));
	return NULL;
}

static void *remove_client(void *arg)
{
	(void)arg;
	ck_ok(store_remove_object(store, &keys, removed_client));
	return NULL;
}

/* The sweep lists the files, and before its command waits, a removal does. */
static CK_RV list_and_remove(struct store *s, int64_t **ret_ids, size_t *ret_n)
{
	TRY(list_states(s, ret_ids, ret_n));
	if (atomic_load(&holding))
		return CKR_OK;
	ck_assert_int_eq(pthread_create(&holder, NULL, hold, NULL), 0);
	while (!atomic_load(&holding))
		sched_yield();
	ck_assert_int_eq(pthread_create(&remover, NULL, remove_client, NULL), 0);
	while (waiting_commands() < 1)
		sched_yield();
	return CKR_OK;
}

static struct store *observer; /* sees what is committed */

/* A file is removed only when its record is gone for every process. */
static CK_RV remove_committed(struct store *s, int64_t id)
{
	struct record record = {0};

	if (id == removed_client)
		ck_rv(store_read(observer, id, &record), CKR_OBJECT_HANDLE_INVALID);
	return remove_state(s, id);
}

/* Had the commit failed, the record would be back and would need its file. */
START_TEST(a_sweep_spares_records_that_the_same_commit_removes)
{
	static const struct store_above removing = {
		create_state, remove_committed, list_and_remove, NULL};

	new_token();
	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &removed_client));
	store_close(store);
	states[state_count++] = 4711; /* of a removal that was killed */
	observer = open_store();
	ck_ok(store_open(token_dir, &removing, &store));
	add("first change");
	pthread_join(holder, NULL);
	pthread_join(remover, NULL);
	ck_assert(!has_state(4711) && !has_state(removed_client));
	store_close(store);
	store_close(observer);
}
END_TEST

START_TEST(initialising_removes_all_files)
{
	struct store_token token, seen;
	int64_t client = 0;
	bool as_seen = true;

	new_token();
	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &client));
	ck_ok(store_token_get(store, &token));
	seen = token;
	seen.so.salt[0] ^= 1; /* another process has changed the PIN since */
	ck_ok(store_init_token(store, &token, &seen, &as_seen));
	ck_assert(!as_seen && has_state(client));
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
	ck_assert(!as_seen && has_state(client));
	ck_ok(store_init_token(store, &token, &token, &as_seen));
	ck_assert(as_seen && !has_state(client));
	ck_assert_uint_eq(count_objects(store), 0);
	ck_assert_int_gt(add("next"), client); /* ids are not used again */
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("changes");
	TCase *tcase = tcase_create("changes");

	tcase_set_timeout(tcase, TIME_LIMIT);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_inventory_follows_every_change);
	tcase_add_test(tcase, several_objects_are_added_or_none);
	tcase_add_test(tcase, a_record_put_back_as_it_was_is_noticed);
	tcase_add_test(tcase, a_destroyed_record_in_exchange_for_another_is_noticed);
	tcase_add_loop_test(tcase, an_edited_token_record_is_noticed, 0, 5);
	tcase_add_test(tcase, a_failed_insert_leaves_no_state_file);
	tcase_add_test(tcase, a_sequence_below_the_highest_id_is_damage);
	tcase_add_test(tcase, files_without_records_are_swept);
	tcase_add_test(tcase, a_sweep_that_fails_is_made_by_the_next_change);
	tcase_add_test(tcase, a_sweep_spares_records_that_the_same_commit_removes);
	tcase_add_test(tcase, initialising_removes_all_files);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
