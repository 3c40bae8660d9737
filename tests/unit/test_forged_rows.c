/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_forged_rows.c: rows whose checksum is right and whose columns are not. A program that can
 * write the file can compute the checksum, so each column must be refused by itself.
 *
 * The checksums are computed here, as STORAGE.md describes them.
 */
#include <sqlite3.h>

#include "key/digest.h"
#include "store_support.h"

#define FORMAT 2 /* of token.db */
#define SUM_LEN 32

/* The text of a checksum. */
static uint8_t text[STORE_FIELD_MAX + 1024];
static size_t text_len;

static void add_number(uint64_t number)
{
	put_be64(text + text_len, number);
	text_len += 8;
}

static void add_zeroes(size_t n)
{
	memset(text + text_len, 0, n);
	text_len += n;
}

/* Run SQL, whose parameter ?1 is the checksum of the text. */
static void run_with_checksum(const char *sql)
{
	uint8_t sum[DIGEST_MAX];
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;

	ck_ok(digest_once(DIGEST_SHA256, text, text_len, sum));
	ck_assert_int_eq(
		sqlite3_open_v2(in_token("token.db"), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", sql,
		sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_bind_blob(s, 1, sum, SUM_LEN, SQLITE_STATIC), SQLITE_OK);
	ck_assert_msg(sqlite3_step(s) == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* --- The token record --- */

/*
 * The record is zeroes, without PINs. SET edits it. The checksum is that of the record for which a
 * reader that does not check the edited column would take it.
 */
static const struct forged_token {
	const char *set;
	bool good;
	uint64_t log2_n;
	bool so, user;
	size_t seal;
} forged_tokens[] = {
	{.set = "id = 1", .good = true},
	{.set = "uuid = NULL"},
	{.set = "uuid = zeroblob(15)"},
	{.set = "uuid = zeroblob(17)"},
	{.set = "uuid = CAST(zeroblob(16) AS TEXT)"},
	{.set = "serial = NULL"},
	{.set = "serial = zeroblob(7)"},
	{.set = "serial = zeroblob(9)"},
	{.set = "serial = 0"},
	{.set = "label = NULL"},
	{.set = "label = zeroblob(31)"},
	{.set = "label = zeroblob(33)"},
	{.set = "label = CAST(zeroblob(32) AS TEXT)"},
	{.set = "scrypt_log2_n = 1", .good = true, .log2_n = 1},
	{.set = "scrypt_log2_n = 63", .good = true, .log2_n = 63},
	{.set = "scrypt_log2_n = 64", .log2_n = 64},
	{.set = "scrypt_log2_n = 65", .log2_n = 65},
	{.set = "scrypt_log2_n = -1", .log2_n = UINT32_MAX},
	{.set = "scrypt_log2_n = 4294967296"},
	{.set = "scrypt_log2_n = NULL"},
	{.set = "scrypt_log2_n = x'00'"},
	{.set = "scrypt_log2_n = 0.5"},
	{.set = "so_salt = zeroblob(16), so_key = zeroblob(60)", .good = true, .so = true},
	{.set = "so_salt = zeroblob(16), so_key = NULL", .so = true},
	{.set = "so_salt = zeroblob(15), so_key = zeroblob(60)", .so = true},
	{.set = "so_salt = zeroblob(17), so_key = zeroblob(60)", .so = true},
	{.set = "so_salt = 'x', so_key = zeroblob(60)", .so = true},
	{.set = "so_salt = NULL, so_key = zeroblob(60)"},
	{.set = "so_salt = zeroblob(16), so_key = zeroblob(59)", .so = true},
	{.set = "so_salt = zeroblob(16), so_key = zeroblob(61)", .so = true},
	{.set = "so_salt = zeroblob(16), so_key = 7", .so = true},
	{.set = "user_salt = zeroblob(16), user_key = zeroblob(60)", .good = true, .user = true},
	{.set = "user_salt = zeroblob(16), user_key = NULL", .user = true},
	{.set = "user_salt = NULL, user_key = zeroblob(60)"},
	{.set = "user_salt = zeroblob(15), user_key = zeroblob(60)", .user = true},
	{.set = "user_salt = zeroblob(16), user_key = zeroblob(61)", .user = true},
	{.set = "count_seal = zeroblob(1)", .good = true, .seal = 1},
	{.set = "count_seal = zeroblob(64)", .good = true, .seal = 64},
	{.set = "count_seal = zeroblob(65)", .seal = 65},
	{.set = "count_seal = NULL"},
	{.set = "count_seal = ''"},
};

static void add_pin(bool set)
{
	add_number(set);
	add_zeroes(16 + 60);
}

START_TEST(a_column_of_the_token_record)
{
	const struct forged_token *forged = &forged_tokens[_i];
	struct store_token token = {0};
	struct store *store = open_store();
	char sql[200];

	ck_ok(raw_init(store, &token));
	store_close(store);
	text_len = 0;
	add_number(FORMAT);
	add_zeroes(VAULT_UUID_LEN + STORE_SERIAL_LEN + STORE_LABEL_LEN);
	add_number(forged->log2_n);
	add_pin(forged->so);
	add_pin(forged->user);
	add_number(forged->seal);
	add_zeroes(COUNT_SEAL_MAX);
	snprintf(sql, sizeof sql, "UPDATE token SET %s, checksum = ?1", forged->set);
	run_with_checksum(sql);
	store = open_store();
	ck_rv(store_token_get(store, &token), forged->good ? CKR_OK : CKR_DEVICE_ERROR);
	if (forged->good) {
		ck_assert_uint_eq(token.scrypt_log2_n, forged->log2_n);
		ck_assert(token.so.set == forged->so && token.user.set == forged->user);
		ck_assert_uint_eq(token.count_seal_len, forged->seal);
	}
	store_close(store);
}
END_TEST

/* --- Records --- */

#define NONE SIZE_MAX /* the field is NULL */

/* A record of class 0 whose fields are NULL, edited by SET. The rest as above. */
static const struct forged_record {
	const char *set;
	bool good;
	int64_t id;
	uint64_t class;
	bool is_private;
	size_t length[4]; /* of label, object id, attributes, sealed; the bytes are zeroes */
} forged_records[] = {
	{"id = 7", true, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"id = 0", false, 0, 0, false, {NONE, NONE, NONE, NONE}},
	{"id = -1", false, -1, 0, false, {NONE, NONE, NONE, NONE}},
	{"id = 8589934591", true, STORE_ID_MAX, 0, false, {NONE, NONE, NONE, NONE}},
	{"id = 8589934592", false, STORE_ID_MAX + 1, 0, false, {NONE, NONE, NONE, NONE}},
	{"class = -1", true, 7, UINT64_MAX, false, {NONE, NONE, NONE, NONE}},
	{"class = 'x'", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"class = NULL", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"class = 0.5", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"private = 1", true, 7, 0, true, {NONE, NONE, NONE, NONE}},
	{"private = 2", false, 7, 0, true, {NONE, NONE, NONE, NONE}},
	{"private = -1", false, 7, 0, true, {NONE, NONE, NONE, NONE}},
	{"private = NULL", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"private = 'x'", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"label = x''", true, 7, 0, false, {0, NONE, NONE, NONE}},
	{"label = 'x'", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"label = zeroblob(131072)", true, 7, 0, false, {131072, NONE, NONE, NONE}},
	{"label = zeroblob(131073)", false, 7, 0, false, {131073, NONE, NONE, NONE}},
	{"object_id = x'00'", true, 7, 0, false, {NONE, 1, NONE, NONE}},
	{"object_id = ''", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"object_id = 7", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"attributes = x'0000'", true, 7, 0, false, {NONE, NONE, 2, NONE}},
	{"attributes = 0.0", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"attributes = zeroblob(131073)", false, 7, 0, false, {NONE, NONE, 131073, NONE}},
	{"sealed = x'000000'", true, 7, 0, false, {NONE, NONE, NONE, 3}},
	{"sealed = 0", false, 7, 0, false, {NONE, NONE, NONE, NONE}},
	{"sealed = zeroblob(131073)", false, 7, 0, false, {NONE, NONE, NONE, 131073}},
	/* The lengths before the fields tell apart records whose fields have the same bytes. */
	{"label = x'00', object_id = x''", false, 7, 0, false, {0, 1, NONE, NONE}},
	{"label = x''", false, 7, 0, false, {NONE, 0, NONE, NONE}},
};

START_TEST(a_column_of_a_record)
{
	const struct forged_record *forged = &forged_records[_i];
	struct store *store = new_store();
	RECORD record = {0};
	char sql[200];

	store_close(store);
	text_len = 0;
	add_number(FORMAT);
	add_number((uint64_t)forged->id);
	add_number(forged->class);
	text[text_len++] = forged->is_private;
	for (int i = 0; i < 4; i++) {
		add_number(forged->length[i]);
		add_zeroes(forged->length[i] == NONE ? 0 : forged->length[i]);
	}
	run_with_checksum("INSERT INTO object VALUES(7, 0, 0, NULL, NULL, NULL, NULL, ?1)");
	snprintf(sql, sizeof sql, "UPDATE object SET %s WHERE checksum = ?1", forged->set);
	run_with_checksum(sql);
	store = open_store();
	ck_rv(store->backend->read(store, forged->id, &record),
		forged->good ? CKR_OK : CKR_DEVICE_ERROR);
	if (forged->good) {
		ck_assert_int_eq(record.id, forged->id);
		ck_assert_uint_eq(record.object_class, forged->class);
		ck_assert_int_eq(record.is_private, forged->is_private);
	}
	store_close(store);
}
END_TEST

/* --- Tags and the sequence of ids --- */

/* Rows with the tags that the inventory is compared with, in ascending order of id. */
static const struct {
	const char *sql;
	int64_t after;
	CK_RV rv;
	size_t n;
} tag_lists[] = {
	{"INSERT INTO object(id, sealed) VALUES(3, zeroblob(16)), (5, zeroblob(17))", 0, CKR_OK, 2},
	{"INSERT INTO object(id, sealed) VALUES(3, zeroblob(16)), (5, zeroblob(17))", 3, CKR_OK, 1},
	{"INSERT INTO object(id, sealed) VALUES(3, zeroblob(16)), (5, zeroblob(17))", 5, CKR_OK, 0},
	{"INSERT INTO object(id, sealed) VALUES(8589934591, zeroblob(16))", 0, CKR_OK, 1},
	{"INSERT INTO object(id, sealed) VALUES(8589934592, zeroblob(16))", 0, CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id, sealed) VALUES(3, zeroblob(15))", 0, CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id, sealed) VALUES(3, NULL)", 0, CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id, sealed) VALUES(3, 'sixteen letters.')", 0, CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id, sealed) VALUES(3, zeroblob(16)), (4, 7)", 0, CKR_DEVICE_ERROR, 0},
};

static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(
		sqlite3_open_v2(in_token("token.db"), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		sqlite3_errmsg(db));
	sqlite3_close(db);
}

START_TEST(tags_of_records)
{
	struct record_tag tags[3];
	size_t n = 77;

	store_close(new_store());
	run_sql(tag_lists[_i].sql);
	struct store *store = open_store();
	ck_rv(store->backend->tags(store, tag_lists[_i].after, tags, 3, &n), tag_lists[_i].rv);
	if (tag_lists[_i].rv == CKR_OK) {
		ck_assert_uint_eq(n, tag_lists[_i].n);
		for (size_t i = 0; i < n; i++)
			ck_assert_int_gt(tags[i].id, i == 0 ? tag_lists[_i].after : tags[i - 1].id);
	}
	if (tag_lists[_i].n == 2) { /* as many as there is room for */
		ck_ok(store->backend->tags(store, 0, tags, 1, &n));
		ck_assert(n == 1 && tags[0].id == 3);
		ck_ok(store->backend->tags(store, 0, tags, 0, &n));
		ck_assert_uint_eq(n, 0);
	}
	store_close(store);
}
END_TEST

/* The number of the last record, from a sequence that somebody has edited. */
static const struct {
	const char *sql;
	CK_RV rv;
	int64_t last;
} sequences[] = {
	{"DELETE FROM sqlite_sequence", CKR_OK, 0},
	{"INSERT INTO sqlite_sequence VALUES('object', 0)", CKR_OK, 0},
	{"INSERT INTO sqlite_sequence VALUES('other', 9)", CKR_OK, 0},
	{"INSERT INTO sqlite_sequence VALUES('object', NULL)", CKR_OK, 0},
	{"INSERT INTO sqlite_sequence VALUES('object', 8589934591)", CKR_OK, STORE_ID_MAX},
	{"INSERT INTO sqlite_sequence VALUES('object', 8589934592)", CKR_DEVICE_ERROR, 0},
	{"INSERT INTO sqlite_sequence VALUES('object', -1)", CKR_DEVICE_ERROR, 0},
	{"INSERT INTO sqlite_sequence VALUES('object', 'x')", CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id) VALUES(4)", CKR_OK, 4},
	{"INSERT INTO object(id) VALUES(4); UPDATE sqlite_sequence SET seq = 5", CKR_OK, 5},
	{"INSERT INTO object(id) VALUES(4); UPDATE sqlite_sequence SET seq = 3", CKR_DEVICE_ERROR,
		0},
	{"INSERT INTO object(id) VALUES(4); DELETE FROM sqlite_sequence", CKR_DEVICE_ERROR, 0},
	{"INSERT INTO object(id) VALUES(8589934592); UPDATE sqlite_sequence SET seq = 1",
		CKR_DEVICE_ERROR, 0},
};

START_TEST(the_sequence_of_ids)
{
	bool busy = true;
	int64_t last = -7;

	store_close(new_store());
	run_sql(sequences[_i].sql);
	struct store *store = open_store();
	ck_ok(store->backend->begin(store, false, &busy));
	ck_assert(!busy);
	ck_rv(store->backend->last_id(store, &last), sequences[_i].rv);
	ck_assert_int_eq(last, sequences[_i].rv == CKR_OK ? sequences[_i].last : -7);
	store->backend->rollback(store);
	store_close(store);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("forged_rows");
	TCase *tcase = tcase_create("forged_rows");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_column_of_the_token_record, 0, COUNT(forged_tokens));
	tcase_add_loop_test(tcase, a_column_of_a_record, 0, COUNT(forged_records));
	tcase_add_loop_test(tcase, tags_of_records, 0, COUNT(tag_lists));
	tcase_add_loop_test(tcase, the_sequence_of_ids, 0, COUNT(sequences));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
