/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_backend.c: what the backend of the store promises for each of its functions (backend.h), one
 * call after another, and what a fork and a missing standard input do to a store.
 */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/file.h>

#include "state/state_file.h"
#include "store/inventory.h"
#include "store_support.h"

static struct store *store;

static void begin(void)
{
	bool busy = true;

	ck_ok(store->backend->begin(store, false, &busy));
	ck_assert(!busy);
}

static int64_t insert(int64_t id)
{
	struct sample_text text;
	struct record record = {.id = id, .object_class = CKO_DATA};

	ck_ok(sample_prepare(&record, &text));
	ck_ok(store->backend->insert(store, &record));
	return id;
}

static bool has(int64_t id)
{
	RECORD record = {0};

	return store_read(store, id, &record) == CKR_OK && is_sample(&record);
}

static uint64_t freshness(void)
{
	return atomic_load(store_freshness(store));
}

/* --- Transactions --- */

START_TEST(a_savepoint_that_is_undone_leaves_the_rest)
{
	store = new_store();
	begin();
	ck_ok(store->backend->savepoint(store));
	insert(1);
	ck_ok(store->backend->release(store));
	ck_ok(store->backend->savepoint(store));
	insert(2);
	store->backend->undo(store);
	ck_assert(store->backend->in_transaction(store));
	ck_ok(store->backend->savepoint(store));
	insert(3);
	ck_ok(store->backend->release(store));
	ck_ok(store->backend->commit(store));
	ck_assert(!store->backend->in_transaction(store));
	ck_assert(has(1) && !has(2) && has(3));
	begin();
	insert(4);
	store->backend->rollback(store);
	ck_assert(!store->backend->in_transaction(store) && !has(4));
	store_close(store);
}
END_TEST

/* A reader of another process must not trust what it has while a change is under way. */
START_TEST(the_freshness_is_odd_during_a_change)
{
	store = new_store();
	for (int commits = 0; commits < 2; commits++) {
		uint64_t before = freshness();
		ck_assert_uint_eq(before % 2, 0);
		begin();
		ck_assert(freshness() % 2 == 1 && freshness() > before);
		insert(1 + commits);
		if (commits)
			ck_ok(store->backend->commit(store));
		else
			store->backend->rollback(store);
		ck_assert(freshness() % 2 == 0 && freshness() > before);
	}
	store_close(store);
}
END_TEST

/* The number that a killed writer has left changes too, and is odd until the next change ends. */
START_TEST(the_freshness_after_a_writer_that_died)
{
	uint64_t left;

	store = new_store();
	left = freshness() + 1;
	int fd = open(in_token("token.gen"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, &left, sizeof left, 0), sizeof left);
	close(fd);
	ck_assert_uint_eq(freshness(), left);
	begin();
	ck_assert(freshness() % 2 == 1 && freshness() > left);
	store->backend->rollback(store);
	ck_assert(freshness() % 2 == 0 && freshness() > left);
	store_close(store);
}
END_TEST

/* A process that may not write the number must not cache anything. */
START_TEST(the_freshness_of_a_token_without_a_number_is_odd)
{
	store_close(new_store());
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	ck_assert_int_eq(mkdir(in_token("token.gen"), 0700), 0);
	store = open_store();
	const _Atomic uint64_t *place = store_freshness(store);
	ck_assert_uint_eq(freshness() % 2, 1);
	store->backend->check_freshness(store);
	ck_assert_uint_eq(freshness() % 2, 1);
	ck_assert_ptr_eq(store_freshness(store), place); /* one page, however often that is */
	store_close(store);
}
END_TEST

/* A process that may only read the number must notice that it reads that of a file that is gone. */
START_TEST(a_number_that_was_replaced_is_noticed_by_a_reader)
{
	store_close(new_store());
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	store = open_store();
	uint64_t before = freshness();
	ck_assert_uint_eq(before % 2, 0);
	store->backend->check_freshness(store);
	ck_assert_uint_eq(freshness(), before);
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	store_close(open_store()); /* makes the file again, with a number that no file had */
	store->backend->check_freshness(store);
	ck_assert_uint_gt(freshness(), before);
	store_close(store);
}
END_TEST

/* --- The token record and the ids --- */

START_TEST(token_records_with_impossible_numbers_are_not_written)
{
	struct store_token token = sample_token(), stored;

	store = new_store();
	begin();
	token.count_seal_len = sizeof token.count_seal + 1;
	ck_rv(store->backend->token_update(store, &token), CKR_GENERAL_ERROR);
	token.count_seal_len = sizeof token.count_seal;
	token.scrypt_log2_n = 64;
	ck_rv(store->backend->token_update(store, &token), CKR_GENERAL_ERROR);
	token.scrypt_log2_n = 63;
	ck_ok(store->backend->token_update(store, &token));
	ck_ok(store->backend->commit(store));
	ck_ok(store_token_get(store, &stored));
	ck_assert_uint_eq(stored.scrypt_log2_n, 63);
	ck_assert_uint_eq(stored.count_seal_len, sizeof token.count_seal);
	ck_assert_mem_eq(stored.count_seal, token.count_seal, sizeof token.count_seal);
	store_close(store);
}
END_TEST

static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static struct snapshot keys;

static CK_RV add(int64_t *ret_id)
{
	OBJECT o = {.object_class = CKO_DATA,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN};
	struct object *objects[] = {&o};

	return store_add_objects(store, &keys, objects, 1, ret_id);
}

static void new_token(void)
{
	const struct inventory none = {0};
	struct store_token token = sample_token();
	bool as_seen = false;

	store = open_store();
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
	ck_ok(inventory_seal(&keys, &none, &token));
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
}

/* A handle has 33 bits for the id of a record, and no id is used twice. */
START_TEST(the_last_id)
{
	char sql[120];
	int64_t id = 0;

	new_token();
	ck_ok(add(&id));
	store_close(store);
	snprintf(sql, sizeof sql, "UPDATE sqlite_sequence SET seq = %lld WHERE name = 'object'",
		(long long)STORE_ID_MAX - 1);
	run_sql(sql);
	store = open_store();
	ck_ok(add(&id));
	ck_assert_int_eq(id, STORE_ID_MAX);
	ck_rv(add(&id), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(count_objects(store), 2);
	ck_ok(store_verify(store, &keys));
	store_close(store);
}
END_TEST

/* --- The inventory --- */

START_TEST(an_inventory_counts_in_and_out)
{
	TALLY tally = {0};
	uint8_t tags[2][RECORD_TAG_LEN] = {{1}, {2}};
	static const uint8_t none[INVENTORY_DIGEST_LEN];

	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	ck_ok(tally_begin(&keys, &tally));
	ck_rv(tally_remove(&tally, 1, tags[0]), CKR_DEVICE_ERROR);
	ck_ok(tally_add(&tally, 1, tags[0]));
	ck_ok(tally_add(&tally, 2, tags[1]));
	ck_assert_uint_eq(tally.inventory.count, 2);
	ck_ok(tally_remove(&tally, 1, tags[0]));
	ck_assert(memcmp(tally.inventory.digest, none, sizeof none) != 0);
	ck_ok(tally_remove(&tally, 1, tags[1])); /* the tag of another record */
	ck_assert(memcmp(tally.inventory.digest, none, sizeof none) != 0);
	tally.inventory = (struct inventory){.count = INT64_MAX - 1};
	ck_ok(tally_add(&tally, 2, tags[0]));
	ck_rv(tally_add(&tally, 3, tags[0]), CKR_DEVICE_ERROR);
	ck_ok(tally_remove(&tally, 2, tags[0]));
	ck_assert_mem_eq(tally.inventory.digest, none, sizeof none);
}
END_TEST

/* The seal of the inventory holds the label, the serial number, the scrypt parameter, the uuid. */
START_TEST(an_inventory_is_bound_to_its_token)
{
	struct store_token token = sample_token(), other;
	struct inventory inventory = {.count = 7}, opened = {0};

	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
	memset(inventory.digest, 9, sizeof inventory.digest);
	ck_ok(inventory_seal(&keys, &inventory, &token));
	ck_ok(inventory_open(&keys, &token, &opened));
	ck_assert_uint_eq(opened.count, 7);
	ck_assert_mem_eq(opened.digest, inventory.digest, sizeof opened.digest);
	for (int change = 0; change < 8; change++) {
		other = token;
		other.label[0] ^= change == 0;
		other.label[STORE_LABEL_LEN - 1] ^= change == 1;
		other.serial[0] ^= change == 2;
		other.serial[STORE_SERIAL_LEN - 1] ^= change == 3;
		other.scrypt_log2_n += change == 4;
		other.uuid[0] ^= change == 5;
		other.count_seal_len -= change == 6;
		other.count_seal[8] ^= change == 7;
		ck_rv(inventory_open(&keys, &other, &opened), CKR_DEVICE_ERROR);
	}
}
END_TEST

/* --- Locks --- */

/* Return true if another program could lock the directory in this way now. */
static bool can_lock(int how)
{
	int fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	bool can = flock(fd, how | LOCK_NB) == 0;

	ck_assert(fd >= 0 && (can || errno == EWOULDBLOCK));
	close(fd);
	return can;
}

START_TEST(the_lock_on_the_pins_keeps_other_processes_out)
{
	store = new_store();
	for (int i = 0; i < 2; i++) {
		ck_assert(can_lock(LOCK_EX));
		store_lock_pins(store);
		ck_assert(can_lock(LOCK_SH) && !can_lock(LOCK_EX));
		ck_assert(store_lock_pins_alone(store));
		ck_assert(!can_lock(LOCK_SH));
		store_unlock_pins(store);
	}
	ck_assert(can_lock(LOCK_EX));
	store_close(store);
}
END_TEST

static _Atomic bool forked;

static void *fork_once(void *arg)
{
	pid_t child = fork();

	(void)arg;
	if (child == 0)
		_exit(0);
	atomic_store(&forked, true);
	waitpid(child, NULL, 0);
	return NULL;
}

/* A child must not inherit SQLite in the middle of a transaction, whichever store has it. */
START_TEST(a_fork_waits_for_every_store)
{
	struct store *other = new_store();
	pthread_t thread;

	store = open_store();
	struct store *all[] = {store, store->marks, other, other->marks};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		atomic_store(&forked, false);
		pthread_mutex_lock(&all[i]->lock);
		ck_assert_int_eq(pthread_create(&thread, NULL, fork_once, NULL), 0);
		usleep(50000);
		ck_assert(!atomic_load(&forked));
		pthread_mutex_unlock(&all[i]->lock);
		pthread_join(thread, NULL);
		ck_assert(atomic_load(&forked));
	}
	store_close(store);
	store_close(other);
	ck_assert_int_eq(pthread_create(&thread, NULL, fork_once, NULL), 0);
	pthread_join(thread, NULL); /* and for no store that is closed */
}
END_TEST

/* --- Files --- */

static mode_t mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(in_token(name), &st), 0);
	return st.st_mode & 0777;
}

/* An administrator may let a group read a token. The module gives modes only to what it makes. */
START_TEST(a_database_keeps_its_mode)
{
	struct store_token token = sample_token(), seen;
	bool as_seen = false;

	store = new_store();
	ck_assert_uint_eq(mode_of("token.db"), 0600);
	store_close(store);
	ck_assert_int_eq(chmod(in_token("token.db"), 0640), 0);
	store = open_store();
	ck_ok(store_token_get(store, &seen));
	store_close(store);
	store = open_store();
	ck_ok(store_init_token(store, &token, &seen, &as_seen));
	ck_assert(as_seen);
	ck_assert_uint_eq(mode_of("token.db"), 0640);
	store_close(store);
}
END_TEST

/* One of the two version numbers in the header is enough for SQLite to make files of WAL mode. */
START_TEST(each_version_of_wal_is_refused)
{
	for (off_t at = 18; at < 20; at++) {
		struct store_token token;
		uint8_t two = 2, one = 1;
		if (at == 18)
			store_close(new_store());
		int fd = open(in_token("token.db"), O_RDWR);
		ck_assert_int_eq(pwrite(fd, &two, 1, at), 1);
		store = open_store();
		ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
		store_close(store);
		ck_assert_int_eq(pwrite(fd, &one, 1, at), 1);
		close(fd);
		store = open_store();
		ck_ok(store_token_get(store, &token));
		store_close(store);
	}
}
END_TEST

/* A directory in place of windows.db is refused, by each way to begin. */
START_TEST(windows_that_are_no_file)
{
	bool busy = false;

	store = new_store();
	ck_assert_int_eq(mkdir(in_token("windows.db"), 0700), 0);
	struct store *marks = store->marks;
	ck_rv(marks->backend->begin(marks, true, &busy), CKR_DEVICE_ERROR);
	ck_rv(marks->backend->begin(marks, false, &busy), CKR_DEVICE_ERROR);
	ck_rv(marks->backend->begin_read(marks), CKR_DEVICE_ERROR);
	ck_assert_int_eq(rmdir(in_token("windows.db")), 0);
	ck_rv(marks->backend->begin(marks, false, &busy), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(marks->backend->begin_read(marks), CKR_TOKEN_NOT_RECOGNIZED);
	ck_ok(marks->backend->begin(marks, true, &busy));
	marks->backend->rollback(marks);
	store_close(store);
}
END_TEST

/* --- Descriptor 0 --- */

static CK_RV count_one(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	(void)arg;
	tries->wrong++;
	return CKR_OK;
}

/* A daemon may have closed its standard input. What is opened next has descriptor 0 then. */
START_TEST(descriptor_0_is_a_descriptor)
{
	struct state_file *file = NULL;
	int64_t *ids = NULL;
	size_t n = 0;
	int dirfd = -1;

	close(0);
	new_token();
	close(0);
	ck_ok(store->backend->state_directory(store, true, &dirfd));
	ck_assert_int_ge(dirfd, 0);
	ck_ok(store->backend->state_directory(store, false, &dirfd));
	ck_assert_int_ge(dirfd, 0);
	store_close(store);
	store = open_store();
	close(0);
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	store->backend->check_freshness(store);
	ck_assert_uint_eq(freshness() % 2, 0);
	close(0);
	store_lock_pins(store);
	ck_assert(store_lock_pins_alone(store) && !can_lock(LOCK_SH));
	store_unlock_pins(store);
	ck_assert(can_lock(LOCK_EX));
	ck_ok(store_tries_edit(store, STORE_SO, count_one, NULL));
	ck_assert(!store_tries_in_memory(store));
	ck_ok(store->backend->state_directory(store, true, &dirfd));
	close(0);
	ck_ok(state_file_create(store, 1, bytes_of("text", 4)));
	ck_ok(state_file_open(store, 1, &file));
	ck_ok(state_file_write(file, 0, 2, bytes_of("more", 4)));
	state_file_close(file);
	ck_ok(state_file_list(store, &ids, &n));
	ck_assert(n == 1 && ids[0] == 1);
	free(ids);
	ck_ok(state_file_remove(store, 1));
	ck_rv(state_file_open(store, 1, &file), CKR_OBJECT_HANDLE_INVALID);
	store_close(store);
	ck_assert_int_eq(open("/dev/null", O_RDONLY), 0); /* as many as before */
}
END_TEST

RUN_SUITE("backend", a_savepoint_that_is_undone_leaves_the_rest,
	the_freshness_is_odd_during_a_change, the_freshness_after_a_writer_that_died,
	the_freshness_of_a_token_without_a_number_is_odd,
	a_number_that_was_replaced_is_noticed_by_a_reader,
	token_records_with_impossible_numbers_are_not_written, the_last_id,
	an_inventory_counts_in_and_out, an_inventory_is_bound_to_its_token,
	the_lock_on_the_pins_keeps_other_processes_out, a_fork_waits_for_every_store,
	a_database_keeps_its_mode, each_version_of_wal_is_refused, windows_that_are_no_file,
	descriptor_0_is_a_descriptor)
