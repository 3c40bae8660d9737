/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database.c: files that are damaged, foreign or hostile; SQLite's own hand is used to
 * make them so.
 */
#include <sqlite3.h>

#include "store_support.h"

#define ROWS 12

/*
 * The content of the file before it was damaged, which is records of sample_prepare
 * with these labels.
 */
static void row_label(int64_t id, char label[20])
{
	snprintf(label, 20, "label %lld", (long long)id % 5);
}

/* A token with ROWS rows, closed. */
static void make_token(void)
{
	struct store *store = new_store();

	for (int64_t i = 1; i <= ROWS; i++) {
		char label[20];
		row_label(i, label);
		ck_assert_int_eq(insert_sample(store, CKO_SECRET_KEY, i % 2, label,
					 i % 3 ? "object id" : NULL),
			i);
	}
	store_close(store);
}

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open_v2(in_token("token.db"), &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
		SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(message == NULL, "%s: %s", sql, message);
	sqlite3_close(db);
}

static CK_RV get_token(void)
{
	struct store *store = open_store();
	struct store_token token;
	CK_RV rv = store_token_get(store, &token);

	store_close(store);
	return rv;
}

START_TEST(foreign_files)
{
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	int fd = open(in_token("token.db"), O_CREAT | O_WRONLY, 0600);
	ck_rv(get_token(), CKR_TOKEN_NOT_RECOGNIZED); /* empty: as if it were not there */
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(write(fd, "This is no database.", 20), 20);
	close(fd);
	ck_rv(get_token(), CKR_DEVICE_ERROR);
	struct store *store = open_store();
	struct store_token token = sample_token();
	ck_rv(raw_init(store, &token), CKR_DEVICE_ERROR);
	store_close(store);
	ck_assert_int_eq(unlink(in_token("token.db")), 0);
	run_sql("CREATE TABLE somebody(elses)");
	ck_rv(get_token(), CKR_DEVICE_ERROR);
}
END_TEST

static const char *const hostile[] = {
	"PRAGMA user_version = 1",
	"PRAGMA user_version = 3",
	"PRAGMA user_version = 0",
	"PRAGMA application_id = 1",
	"PRAGMA journal_mode = WAL",
	"CREATE TRIGGER t AFTER INSERT ON object BEGIN DELETE FROM object; END",
	"CREATE TRIGGER t AFTER UPDATE ON token BEGIN UPDATE token SET user_salt = NULL; END",
	"CREATE VIEW v AS SELECT * FROM object",
	"CREATE TABLE more(id)",
	"CREATE INDEX more ON object(attributes)",
	"CREATE INDEX more ON object(abs(class))",
	"CREATE VIRTUAL TABLE more USING fts5(x)",
	"ALTER TABLE object ADD COLUMN more AS (1)",
	"ALTER TABLE object ADD COLUMN more DEFAULT 1",
	"ALTER TABLE object RENAME TO other",
	"DROP INDEX object_label",
	"DROP INDEX public",
	"DROP TABLE token",
	"ANALYZE",
	"DROP INDEX public_label; CREATE INDEX public_label ON object(label) WHERE private = 1 AND "
	"label IS NOT NULL",
	"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'private "
	"INTEGER', 'private INTEGER "
	"DEFAULT 0') WHERE name = 'object'",
	"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = "
	"'token'",
	"PRAGMA writable_schema = ON; DELETE FROM sqlite_schema",
};

START_TEST(hostile_schema)
{
	struct sample_text text;
	struct record row = {.object_class = CKO_DATA};
	int64_t id;
	size_t n;
	struct store_query query = {.label = text_bytes("label 1")};

	make_token();
	run_sql(hostile[_i]);
	ck_rv(get_token(), CKR_DEVICE_ERROR);
	struct store *store = open_store();
	ck_assert_uint_ne(raw_insert(store, &row, sample_prepare, &text), CKR_OK);
	ck_rv(store_read(store, 1, &row), CKR_DEVICE_ERROR);
	ck_rv(raw_find_ids(store, &query, &id, 1, &n), CKR_DEVICE_ERROR);
	ck_rv(raw_remove(store, 1), CKR_DEVICE_ERROR);
	store_close(store);
	ck_assert_int_ne(access(in_token("token.db-shm"), F_OK), 0);
}
END_TEST

/* A change of the schema while the store is open: what was added is not run. */
START_TEST(trigger_added_later)
{
	make_token();
	struct store *store = open_store();
	ck_assert_uint_eq(count_objects(store), ROWS);
	run_sql("CREATE TRIGGER t AFTER INSERT ON object BEGIN DELETE FROM object WHERE id < 5; "
		"END");
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_eq(count_objects(store), ROWS + 1);
	store_close(store);
}
END_TEST

static const char *const edited_rows[] = {
	"class = 3",
	"class = 'x'",
	"class = NULL",
	"class = 4.5",
	"private = 0",
	"private = 2",
	"private = NULL",
	"label = x'00'",
	"label = NULL",
	"label = CAST(label AS TEXT)",
	"object_id = NULL",
	"object_id = x''",
	"attributes = x'00'",
	"attributes = NULL",
	"attributes = zeroblob(65537)",
	"attributes = CAST(attributes AS TEXT)",
	"sealed = NULL",
	"sealed = x''",
	"sealed = zeroblob(70000)",
	"sealed = 7",
	"checksum = NULL",
	"checksum = x''",
	"checksum = zeroblob(32)",
	"checksum = zeroblob(33)",
	"checksum = substr(checksum, 1, 31)",
	"id = 1000",
	"sealed = (SELECT sealed FROM object WHERE id = 2)",
	("(attributes, sealed, checksum) = (SELECT attributes, sealed, checksum FROM object WHERE "
	 "id = 3)"),
	"label = object_id, object_id = label",
	"object_id = object_id || substr(attributes, 1, 1), attributes = substr(attributes, 2)",
};

START_TEST(edited_row)
{
	char sql[200];
	struct record row;
	struct store_query all = {0};
	int64_t ids[ROWS];
	struct sample_text text;
	size_t n;

	make_token();
	snprintf(sql, sizeof sql, "UPDATE object SET %s WHERE id = 1", edited_rows[_i]);
	run_sql(sql);
	int64_t id = strstr(edited_rows[_i], "1000") ? 1000 : 1;
	struct store *store = open_store();
	ck_rv(store_read(store, id, &row), CKR_DEVICE_ERROR);
	ck_rv(raw_update(store, id, sample_prepare, &text), CKR_DEVICE_ERROR);
	ck_rv(raw_find_ids(store, &all, ids, ROWS, &n), CKR_DEVICE_ERROR);
	ck_ok(store_read(store, 2, &row)); /* the others are not touched */
	ck_assert(is_sample(&row));
	record_free(&row);
	ck_ok(raw_remove(store, id)); /* and the damaged one can be got rid of */
	ck_ok(raw_find_ids(store, &all, ids, ROWS, &n));
	ck_assert_uint_eq(n, ROWS - 1);
	store_close(store);
}
END_TEST

static const char *const edited_tokens[] = {
	"uuid = zeroblob(16)",
	"uuid = zeroblob(15)",
	"uuid = NULL",
	"serial = zeroblob(8)",
	"serial = zeroblob(9)",
	"serial = NULL",
	"label = zeroblob(32)",
	"label = 'x'",
	"scrypt_log2_n = 1",
	"scrypt_log2_n = 64",
	"scrypt_log2_n = -1",
	"scrypt_log2_n = NULL",
	"so_salt = zeroblob(16)",
	"so_salt = NULL",
	"so_salt = NULL, so_key = NULL",
	"so_salt = x'00'",
	"so_key = zeroblob(60)",
	"so_key = zeroblob(61)",
	"user_salt = so_salt, user_key = so_key",
	"count_seal = NULL",
	"count_seal = x''",
	"count_seal = zeroblob(65)",
	"checksum = NULL",
	"checksum = zeroblob(32)",
	"checksum = 1",
};

static CK_RV no_edit(struct store_token *token, void *arg)
{
	(void)token;
	(void)arg;
	return CKR_OK;
}

START_TEST(edited_token)
{
	char sql[200];
	struct store_token token = sample_token();

	make_token();
	snprintf(sql, sizeof sql, "UPDATE token SET %s", edited_tokens[_i]);
	run_sql(sql);
	ck_rv(get_token(), CKR_DEVICE_ERROR);
	struct store *store = open_store();
	ck_rv(raw_token_update(store, no_edit, NULL), CKR_DEVICE_ERROR);
	ck_ok(raw_init(store, &token)); /* the way out of it */
	ck_ok(store_token_get(store, &token));
	store_close(store);
}
END_TEST

static const char take_index_away[] =
	"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET tbl_name = 'token', "
	"sql = replace(sql, 'object(label)', 'token(label)') WHERE name = 'object_label'";
static const char give_index_back[] =
	"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET tbl_name = 'object', "
	"sql = replace(sql, 'token(label)', 'object(label)') WHERE name = 'object_label'";

static CK_RV prepare_second(struct record *row, void *arg)
{
	row->label = text_bytes("second");
	return sample_prepare(row, arg);
}

/*
 * A row that is right while the index has it under another label: what is found by that must not
 * be given out.
 */
START_TEST(index_says_otherwise)
{
	struct store *store = new_store();
	struct store_query query = {.label = text_bytes("second")};
	struct sample_text text;
	struct record row;
	char sql[300];
	int64_t id;
	size_t n;

	insert_sample(store, CKO_DATA, true, "first", NULL);
	snprintf(sql, sizeof sql,
		"ATTACH '%s/side.db' AS side; CREATE TABLE side.kept AS SELECT label, checksum "
		"FROM object",
		test_dir);
	run_sql(sql);
	ck_ok(raw_update(store, 1, prepare_second, &text));
	ck_ok(raw_find_ids(store, &query, &id, 1, &n));
	ck_assert_uint_eq(n, 1);
	store_close(store);
	run_sql(take_index_away);
	snprintf(sql, sizeof sql,
		"ATTACH '%s/side.db' AS side; UPDATE object SET (label, checksum) = (SELECT label, "
		"checksum FROM "
		"side.kept)",
		test_dir);
	run_sql(sql);
	run_sql(give_index_back);
	store = open_store();
	ck_ok(store_read(store, 1, &row));
	ck_assert(bytes_equal(row.label, text_bytes("first")));
	record_free(&row);
	ck_rv(raw_find_ids(store, &query, &id, 1, &n), CKR_DEVICE_ERROR);
	ck_rv(store_find(store, &query, &row, 1, &n), CKR_DEVICE_ERROR);
	store_close(store);
}
END_TEST

/* An index that has an entry for a row that is gone. */
START_TEST(index_of_a_lost_row)
{
	struct store *store = new_store();
	struct store_query query = {.label = text_bytes("old")};
	struct record row;
	int64_t id;
	size_t n;

	insert_sample(store, CKO_DATA, true, "old", NULL);
	store_close(store);
	run_sql(take_index_away);
	run_sql("DELETE FROM object");
	run_sql(give_index_back);
	store = open_store();
	ck_rv(raw_find_ids(store, &query, &id, 1, &n), CKR_DEVICE_ERROR);
	ck_rv(store_read(store, 1, &row), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_int_eq(insert_sample(store, CKO_DATA, true, "new", NULL), 2);
	query.label = text_bytes("new");
	ck_ok(raw_find_ids(store, &query, &id, 1, &n));
	ck_assert_uint_eq(n, 1);
	store_close(store);
}
END_TEST

/*
 * All that can be asked of a damaged file: an error, or what was there before. Returns how often it
 * was an error.
 */
static unsigned ask_all(void)
{
	struct store *store = NULL;
	struct store_token token, expected = sample_token();
	unsigned errors = 0;
	uint64_t count;

	ck_ok(store_open(token_dir, NULL, &store));
	if (store_token_get(store, &token) == CKR_OK)
		ck_assert_mem_eq(
			token.so.wrapped_key, expected.so.wrapped_key, sizeof token.so.wrapped_key);
	else
		errors++;
	errors += raw_count(store, &count) != CKR_OK;
	for (int64_t id = 1; id <= ROWS; id++) {
		struct record row;
		char label[20];
		row_label(id, label);
		if (store_read(store, id, &row) != CKR_OK) {
			errors++;
			continue;
		}
		ck_assert_int_eq(row.id, id);
		ck_assert(is_sample(&row) && bytes_equal(row.label, text_bytes(label)));
		ck_assert_int_eq(row.is_private, id % 2);
		ck_assert_uint_eq(row.object_class, CKO_SECRET_KEY);
		ck_assert_int_eq(row.object_id.p != NULL, id % 3 != 0);
		record_free(&row);
	}
	for (unsigned kind = 0; kind < 16; kind++) {
		struct store_query q = {.by_class = kind & 1,
			.public_only = (kind & 2) != 0,
			.object_class = CKO_SECRET_KEY,
			.label = text_bytes(kind & 4 ? "label 3" : NULL),
			.object_id = text_bytes(kind & 8 ? "object id" : NULL)};
		int64_t ids[ROWS + 5];
		size_t n;
		if (raw_find_ids(store, &q, ids, ROWS + 5, &n) != CKR_OK) {
			errors++;
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			ck_assert(ids[i] >= 1 && ids[i] <= ROWS && (i == 0 || ids[i] > ids[i - 1]));
			ck_assert((!q.label.p || ids[i] % 5 == 3) &&
				  (!q.public_only || ids[i] % 2 == 0) &&
				  (!q.object_id.p || ids[i] % 3 != 0));
		}
	}
	store_close(store);
	return errors;
}

static uint8_t *file_content(size_t *ret_n)
{
	struct stat st;
	int fd = open(in_token("token.db"), O_RDONLY);

	ck_assert_int_eq(fstat(fd, &st), 0);
	uint8_t *p = malloc((size_t)st.st_size);
	ck_assert_int_eq(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_n = (size_t)st.st_size;
	return p;
}

static void put_file(const uint8_t *p, size_t n)
{
	int fd = open(in_token("token.db"), O_WRONLY | O_TRUNC);

	ck_assert_int_eq(write(fd, p, n), (ssize_t)n);
	close(fd);
}

START_TEST(flipped_bits)
{
	size_t n;
	unsigned noticed = 0;

	make_token();
	ck_assert_uint_eq(ask_all(), 0);
	uint8_t *p = file_content(&n);
	srandom(11);
	for (int i = 0; i < 300; i++) {
		/*
		 * Every third in the header and the schema, which everything depends on; the rest
		 * anywhere that is not empty.
		 */
		size_t at = (size_t)random() % (i % 3 ? n : 4096);
		while (i % 3 && p[at] == 0)
			at = (size_t)random() % n;
		uint8_t bit = (uint8_t)(1 << random() % 8);
		p[at] ^= bit;
		put_file(p, n);
		noticed += ask_all() != 0;
		p[at] ^= bit;
	}
	ck_assert_uint_gt(noticed, 100);
	for (int i = 0; i < 40; i++) {
		put_file(p, (size_t)random() % n);
		ask_all();
	}
	put_file(p, n);
	ck_assert_uint_eq(ask_all(), 0);
	free(p);
}
END_TEST

/* Writing to a damaged file: a code, and never a transaction left open. */
START_TEST(writes_to_a_damaged_file)
{
	size_t n;

	make_token();
	uint8_t *p = file_content(&n), *damaged = malloc(n);
	srandom(12);
	for (int i = 0; i < 60; i++) {
		struct store *store = NULL;
		struct record row = {.object_class = CKO_DATA, .label = text_bytes("label 2")};
		struct sample_text text;
		memcpy(damaged, p, n);
		for (int k = 0; k < 20; k++)
			damaged[4096 + (size_t)random() % (n - 4096)] ^=
				(uint8_t)(1 << random() % 8);
		put_file(damaged, n);
		ck_ok(store_open(token_dir, NULL, &store));
		(void)!raw_insert(store, &row, sample_prepare, &text);
		(void)!raw_update(store, 1 + i % ROWS, sample_prepare, &text);
		(void)!raw_remove(store, 2);
		ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
		store_close(store);
		ck_assert_int_ne(access(in_token("token.db-journal"), F_OK), 0);
	}
	free(damaged);
	free(p);
}
END_TEST

/* A generation file cut short or of another kind: made whole, or not used. */
START_TEST(damaged_generation)
{
	make_token();
	ck_assert_int_eq(truncate(in_token("token.gen"), 3), 0);
	struct store *store = open_store();
	uint64_t before = atomic_load(store_freshness(store));
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_ne(atomic_load(store_freshness(store)), before);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	store_close(store);
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	ck_assert_int_eq(mkdir(in_token("token.gen"), 0700), 0);
	store = open_store();
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 1);
	ck_rv(raw_remove(store, 1), CKR_DEVICE_ERROR);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("database");
	TCase *tcase = tcase_create("database");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, foreign_files);
	tcase_add_loop_test(tcase, hostile_schema, 0, sizeof hostile / sizeof hostile[0]);
	tcase_add_test(tcase, trigger_added_later);
	tcase_add_loop_test(tcase, edited_row, 0, sizeof edited_rows / sizeof edited_rows[0]);
	tcase_add_loop_test(tcase, edited_token, 0, sizeof edited_tokens / sizeof edited_tokens[0]);
	tcase_add_test(tcase, index_says_otherwise);
	tcase_add_test(tcase, index_of_a_lost_row);
	tcase_add_test(tcase, flipped_bits);
	tcase_add_test(tcase, writes_to_a_damaged_file);
	tcase_add_test(tcase, damaged_generation);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
