/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_attacks.c: he reads and edits the files: what is touched gives CKR_DEVICE_ERROR, never
 * a changed key.
 */
#include <openssl/evp.h>
#include <sqlite3.h>

#include "store_victim.h"

#define FORMAT 2

/* The checksums of STORAGE.md, which an attacker can compute: the seals must stand without them. */
static void add(EVP_MD_CTX *hash, uint64_t number, int bytes)
{
	uint8_t b[8];
	int i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(number >> (56 - 8 * i));
	EVP_DigestUpdate(hash, b + 8 - bytes, (size_t)bytes);
}

static void row_checksum(sqlite3_context *context, int count, sqlite3_value **v)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8_t sum[32];
	int i;

	EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	add(hash, FORMAT, 8);
	add(hash, (uint64_t)sqlite3_value_int64(v[0]), 8);
	add(hash, (uint64_t)sqlite3_value_int64(v[1]), 8);
	add(hash, (uint64_t)sqlite3_value_int64(v[2]), 1);
	for (i = 3; i < count; i++) {
		bool null = sqlite3_value_type(v[i]) == SQLITE_NULL;
		int n = sqlite3_value_bytes(v[i]);

		add(hash, null ? (uint64_t)-1 : (uint64_t)n, 8);
		if (n > 0)
			EVP_DigestUpdate(hash, sqlite3_value_blob(v[i]), (size_t)n);
	}
	EVP_DigestFinal_ex(hash, sum, NULL);
	EVP_MD_CTX_free(hash);
	sqlite3_result_blob(context, sum, sizeof sum, SQLITE_TRANSIENT);
}

static void add_padded(EVP_MD_CTX *hash, sqlite3_value *v, int room)
{
	static const uint8_t zeroes[64];
	int n = sqlite3_value_bytes(v);

	n = n > room ? room : n;
	if (n > 0)
		EVP_DigestUpdate(hash, sqlite3_value_blob(v), (size_t)n);
	EVP_DigestUpdate(hash, zeroes, (size_t)(room - n));
}

/*
 * The arguments are uuid, serial, label, scrypt_log2_n, so_salt, so_key, user_salt, user_key
 * and count_seal.
 */
static void token_checksum(sqlite3_context *context, int count, sqlite3_value **v)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8_t sum[32];
	int i;

	(void)count;
	EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	add(hash, FORMAT, 8);
	add_padded(hash, v[0], 16);
	add_padded(hash, v[1], 8);
	add_padded(hash, v[2], 32);
	add(hash, (uint64_t)sqlite3_value_int64(v[3]), 8);
	for (i = 4; i < 8; i += 2) {
		add(hash, sqlite3_value_type(v[i]) != SQLITE_NULL, 8);
		add_padded(hash, v[i], 16);
		add_padded(hash, v[i + 1], 60);
	}
	add(hash, (uint64_t)sqlite3_value_bytes(v[8]), 8);
	add_padded(hash, v[8], 64);
	EVP_DigestFinal_ex(hash, sum, NULL);
	EVP_MD_CTX_free(hash);
	sqlite3_result_blob(context, sum, sizeof sum, SQLITE_TRANSIENT);
}

/* flip(blob, byte, mask) */
static void flip(sqlite3_context *context, int count, sqlite3_value **v)
{
	int n = sqlite3_value_bytes(v[0]), at = sqlite3_value_int(v[1]);
	uint8_t *copy = sqlite3_malloc(n + 1);

	(void)count;
	memcpy(copy, sqlite3_value_blob(v[0]), (size_t)n);
	if (at < n)
		copy[at] ^= (uint8_t)sqlite3_value_int(v[2]);
	sqlite3_result_blob(context, copy, n, sqlite3_free);
}

#define REPAIR                                                                                     \
	"; UPDATE object SET checksum = row_checksum(id, class, private, label, object_id, "       \
	"attributes, sealed)"

#define REPAIR_TOKEN                                                                               \
	"; UPDATE token SET checksum = token_checksum(uuid, serial, label, scrypt_log2_n, "        \
	"so_salt, so_key, user_salt, user_key, count_seal)"

static void sql(const char *format, ...)
{
	sqlite3 *db = NULL;
	char *text, *error = NULL;
	va_list list;

	va_start(list, format);
	text = sqlite3_vmprintf(format, list);
	va_end(list);
	ck_assert_int_eq(sqlite3_open(database(), &db), SQLITE_OK);
	sqlite3_create_function(db, "row_checksum", 7, SQLITE_UTF8, NULL, row_checksum, NULL, NULL);
	sqlite3_create_function(
		db, "token_checksum", 9, SQLITE_UTF8, NULL, token_checksum, NULL, NULL);
	sqlite3_create_function(db, "flip", 3, SQLITE_UTF8, NULL, flip, NULL, NULL);
	if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
		ck_abort_msg("%s: %s", text, error);
	ck_assert_msg(strncmp(text, "UPDATE", 6) != 0 || sqlite3_changes(db) > 0,
		"%s changed nothing", text);
	sqlite3_free(text);
	sqlite3_close(db);
}

/* All words of the object table's columns, to damage them one by one. */
static int columns(char names[16][64], char types[16][32], const char *table)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char query[100];
	int n = 0;

	snprintf(query, sizeof query, "PRAGMA table_info(%s)", table);
	ck_assert_int_eq(sqlite3_open(database(), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW && n < 16) {
		snprintf(names[n], 64, "%s", (const char *)sqlite3_column_text(st, 1));
		snprintf(types[n++], 32, "%s", (const char *)sqlite3_column_text(st, 2));
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	ck_assert_int_gt(n, 0);
	return n;
}

START_TEST(untouched_files_are_fine)
{
	holds(!look());
	/* and our checksums are right */
	sql("UPDATE object SET class = class" REPAIR);
	sql("UPDATE token SET id = 1" REPAIR_TOKEN);
	holds(!look());
}
END_TEST

START_TEST(every_column_of_a_row)
{
	char names[16][64], types[16][32];
	const char *table = "object";
	int n = columns(names, types, table), i;

	ck_assert_int_lt(_i, 16);
	for (i = 0; i < n; i++) {
		if (i != _i)
			continue;
		if (strstr(types[i], "BLOB") != NULL || strstr(types[i], "TEXT") != NULL)
			sql("UPDATE \"%w\" SET \"%w\" = x'00112233' WHERE rowid = (SELECT "
			    "min(rowid) FROM \"%w\")",
				table, names[i], table);
		else
			sql("UPDATE \"%w\" SET \"%w\" = \"%w\" + 5 WHERE rowid = (SELECT "
			    "min(rowid) FROM \"%w\")",
				table, names[i], names[i], table);
		if (!holds(look()))
			expect_true(false, names[i], __FILE__, __LINE__);
	}
}
END_TEST

START_TEST(swapped_between_objects)
{
	char names[16][64], types[16][32];
	const char *table = "object";
	int n = columns(names, types, table);

	if (_i >= n || strstr(types[_i], "BLOB") == NULL)
		return;
	sql("UPDATE \"%w\" SET \"%w\" = (SELECT \"%w\" FROM \"%w\" WHERE rowid = (SELECT "
	    "max(rowid) FROM \"%w\")) "
	    "WHERE rowid = (SELECT min(rowid) FROM \"%w\")",
		table, names[_i], names[_i], table, table, table);
	if (!holds(look()))
		expect_true(false, names[_i], __FILE__, __LINE__);
}
END_TEST

/* The rest with right checksums: only the seals are left to notice. */
START_TEST(edited_attributes)
{
	/* Every bit of the attributes of the closed key, so every flag too. */
	int at, length;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;

	ck_assert_int_eq(sqlite3_open(database(), &db), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_prepare_v2(
			db, "SELECT length(attributes) FROM object WHERE id = 2", -1, &st, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	length = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	ck_assert_int_gt(length, 8);
	for (at = _i; at < length; at += 8) {
		int mask = 1 << (at * 5 + at / 8) % 8;

		sql("UPDATE object SET attributes = flip(attributes, %d, %d) WHERE id = 2" REPAIR,
			at, mask);
		holds(look());
		sql("UPDATE object SET attributes = flip(attributes, %d, %d) WHERE id = 2" REPAIR,
			at, mask);
	}
	holds(!look());
}
END_TEST

START_TEST(edited_columns)
{
	static const char *const edits[] = {"private = 0 WHERE id = 2", "private = 1 WHERE id = 3",
		"class = 0 WHERE id = 2", "label = x'6669727374' WHERE id = 2",
		"label = NULL WHERE id = 2", "object_id = x'31' WHERE id = 2",
		"sealed = NULL WHERE id = 2", "sealed = flip(sealed, 0, 1) WHERE id = 2",
		"sealed = flip(sealed, 20, 128) WHERE id = 2",
		"sealed = (SELECT sealed FROM object WHERE id = 1) WHERE id = 2",
		("(sealed, attributes) = (SELECT sealed, attributes FROM object WHERE id = 1) "
		 "WHERE id = 2"),
		"attributes = (SELECT attributes FROM object WHERE id = 3) WHERE id = 1",
		"attributes = x'' WHERE id = 1", "sealed = x'' WHERE id = 1",
		"id = 77 WHERE id = 2"};

	sql("UPDATE object SET %s" REPAIR, edits[_i]);
	if (!holds(look()))
		expect_true(false, edits[_i], __FILE__, __LINE__);
}
END_TEST

START_TEST(edited_flags_give_device_error)
{
	/* The public attributes and the value of one key are sealed together: using it says so. */
	CK_OBJECT_HANDLE key = 0, child;

	sql("UPDATE object SET sealed = flip(sealed, 13, 1) WHERE id = 2" REPAIR);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "first")), NULL, 0) == 1);
	CK_RV rv = f->C_FindObjectsInit(s, T(STR(CKA_LABEL, "second")));
	CK_ULONG n = 0;
	if (rv == CKR_OK)
		rv = f->C_FindObjects(s, &key, 1, &n);
	f->C_FindObjectsFinal(s);
	if (rv == CKR_OK && n == 1)
		gives(CKR_DEVICE_ERROR, derive_device(key, NOTHING, &child));
	else
		gives(CKR_DEVICE_ERROR, rv);
}
END_TEST

START_TEST(edited_token_data)
{
	static const char *const edits[] = {"uuid = flip(uuid, 3, 1)",
		"user_salt = flip(user_salt, 0, 1)", "user_key = flip(user_key, 30, 1)",
		"user_key = so_key, user_salt = so_salt", "count_seal = flip(count_seal, 14, 1)",
		"count_seal = NULL", "count_seal = x''", "scrypt_log2_n = 40", "scrypt_log2_n = -1",
		"scrypt_log2_n = 15", "user_key = x'00'", "label = x'00'", "id = 5",
		"label = flip(label, 0, 1)", "serial = flip(serial, 0, 1)"};

	sql("UPDATE token SET %s" REPAIR_TOKEN, edits[_i]);
	if (!holds(look()))
		expect_true(false, edits[_i], __FILE__, __LINE__);
}
END_TEST

START_TEST(a_spoiled_count_is_a_device_error)
{
	static const char *const edits[] = {"count_seal = flip(count_seal, 14, 1)",
		"count_seal = NULL", "count_seal = x''", "label = flip(label, 0, 1)",
		"scrypt_log2_n = 40", "user_key = x'00'"};

	sql("UPDATE token SET %s" REPAIR_TOKEN, edits[_i]);
	CK_RV rv = f->C_Initialize(NULL);
	if (rv == CKR_OK)
		rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s);
	if (rv == CKR_OK)
		rv = f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4);
	gives(CKR_DEVICE_ERROR, rv);
}
END_TEST

START_TEST(foreign_schemas)
{
	static const char *const edits[] = {
		"CREATE TRIGGER t AFTER INSERT ON object BEGIN DELETE FROM object; END",
		"CREATE VIEW v AS SELECT 1", "PRAGMA user_version = 1", "PRAGMA user_version = 3",
		"PRAGMA application_id = 1", "ALTER TABLE object ADD COLUMN more",
		"DROP TABLE token", "CREATE TABLE more (x)"};
	CK_RV rv;

	sql("%s", edits[_i]);
	rv = f->C_Initialize(NULL);
	if (rv == CKR_OK)
		rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s);
	if (rv == CKR_OK)
		rv = f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4);
	gives(CKR_DEVICE_ERROR, rv);
}
END_TEST

START_TEST(whole_rows_swapped)
{
	const char *table = "object";

	/* all columns of one row under the other's number */
	sql("UPDATE \"%w\" SET rowid = -1 WHERE rowid = (SELECT min(rowid) FROM \"%w\")", table,
		table);
	sql("UPDATE \"%w\" SET rowid = 1 WHERE rowid = (SELECT max(rowid) FROM \"%w\")", table,
		table);
	sql("UPDATE object SET class = class" REPAIR);
	holds(look());
}
END_TEST

START_TEST(deleted_rows_are_missed)
{
	sql("DELETE FROM \"%w\" WHERE rowid = (SELECT max(rowid) FROM \"%w\")", "object", "object");
	holds(look());
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	gives(CKR_DEVICE_ERROR, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
}
END_TEST

START_TEST(doubled_rows_are_noticed)
{
	char names[16][64], types[16][32], list[600] = "";
	const char *table = "object";
	int n = columns(names, types, table), i;

	for (i = 1; i < n; i++) {
		strcat(list, ", \"");
		strcat(list, names[i]);
		strcat(list, "\"");
	}
	sql("INSERT INTO \"%w\" SELECT (SELECT max(rowid) + 1 FROM \"%w\")%s FROM \"%w\" WHERE "
	    "rowid = (SELECT "
	    "min(rowid) FROM \"%w\")",
		table, table, list, table, table);
	sql("UPDATE object SET class = class" REPAIR);
	holds(look());
}
END_TEST

START_TEST(row_ids_that_no_handle_has_room_for)
{
	CK_OBJECT_HANDLE made, first;

	/* 2^33 and more would run into the handle's other parts, and name another object. */
	sql("UPDATE object SET id = (SELECT min(id) FROM object) + 8589934592 WHERE label = "
	    "cast('third' AS BLOB)" REPAIR);
	holds(look());
	sql("UPDATE object SET id = 3 WHERE id > 8589934592" REPAIR);
	sql("UPDATE sqlite_sequence SET seq = (SELECT min(id) FROM object) + 8589934591");
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "first")), &first, 1) == 1);
	gives(CKR_DEVICE_ERROR,
		try_import(CKK_AES, mk32, 32, T(YES(CKA_TOKEN), YES(CKA_DERIVE)), &made));
}
END_TEST

START_TEST(values_from_another_token)
{
	/*
	 * The row of another token with the same PINs: the file of one copied over the other's row.
	 */
	char other[600], names[16][64], types[16][32], command[800];
	const char *table = "object";
	CK_UTF8CHAR label[32];
	sqlite3 *db;

	(void)columns(names, types, table);
	snprintf(other, sizeof other, "%s/other.db", test_dir);
	snprintf(command, sizeof command, "cp '%s' '%s'", database(), other);
	ck_assert_int_eq(system(command), 0);
	memset(label, ' ', sizeof label);
	ok(f->C_Initialize(NULL));
	ok(f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	ok(f->C_InitPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(f->C_Finalize(NULL));
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), READABLE, STR(CKA_LABEL, "first"),
			RAW(CKA_ID, "1", 1)));
	import(CKK_AES, mk32, 32,
		T(YES(CKA_TOKEN), YES(CKA_DERIVE), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
			STR(CKA_LABEL, "second")));
	import(CKK_AES, mk32, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_ENCRYPT), READABLE,
			STR(CKA_LABEL, "third")));
	ok(f->C_Finalize(NULL));
	holds(!look());
	ck_assert_int_eq(sqlite3_open(database(), &db), SQLITE_OK);
	snprintf(command, sizeof command,
		"ATTACH '%s' AS o; DELETE FROM main.\"%s\"; INSERT INTO main.\"%s\" SELECT * FROM "
		"o.\"%s\"",
		other, table, table, table);
	ck_assert_int_eq(sqlite3_exec(db, command, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	holds(look());
}
END_TEST

static CK_RV log_in_as_user(void)
{
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	return f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4);
}

static CK_OBJECT_HANDLE only(const char *label)
{
	CK_OBJECT_HANDLE found[2] = {0};

	ck_assert_uint_eq(find(s, T(RAW(CKA_LABEL, label, strlen(label))), found, 2), 1);
	return found[0];
}

static const char keep[] = "ATTACH '%s/kept.db' AS kept; DROP TABLE IF EXISTS kept.object; "
			   "CREATE TABLE kept.object AS SELECT * FROM main.object";

/* A key as it was before its list was shortened, in the place of the key as it is. */
START_TEST(one_row_put_back_is_noticed)
{
	sql(keep, test_dir);
	ok(log_in_as_user());
	ok(f->C_SetAttributeValue(s, only("second"), T(ALLOWED(CKM_KEYDIV_DATA_KEY))));
	ok(f->C_Finalize(NULL));
	holds(log_in_as_user() == CKR_OK);
	ok(f->C_Finalize(NULL));
	sql("ATTACH '%s/kept.db' AS kept; REPLACE INTO main.object SELECT * FROM kept.object WHERE "
	    "id = 2",
		test_dir);
	gives(CKR_DEVICE_ERROR, log_in_as_user());
}
END_TEST

/* The number of rows is right again. */
START_TEST(a_destroyed_row_in_exchange_for_another_is_noticed)
{
	sql(keep, test_dir);
	ok(log_in_as_user());
	ok(f->C_DestroyObject(s, only("first")));
	ok(f->C_Finalize(NULL));
	sql("ATTACH '%s/kept.db' AS kept; DELETE FROM main.object WHERE id = 3; INSERT INTO "
	    "main.object SELECT * FROM kept.object WHERE id = 1",
		test_dir);
	gives(CKR_DEVICE_ERROR, log_in_as_user());
}
END_TEST

/* While an SO is logged in; the next PIN would be sealed with N = 2. */
START_TEST(an_edited_scrypt_parameter_does_not_weaken_a_pin)
{
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	sql("UPDATE token SET scrypt_log2_n = 1" REPAIR_TOKEN);
	gives(CKR_DEVICE_ERROR, f->C_InitPIN(s, (CK_UTF8CHAR_PTR) "5678", 4));
}
END_TEST

/* The number that gives the next row its id is below that of a live row. */
START_TEST(a_sequence_that_was_edited_gives_no_id)
{
	CK_OBJECT_HANDLE new_key;

	sql("UPDATE sqlite_sequence SET seq = 1");
	ok(log_in_as_user());
	gives(CKR_DEVICE_ERROR,
		try_import(CKK_AES, mk32, 32, T(YES(CKA_TOKEN), YES(CKA_DERIVE)), &new_key));
	only("first");
	only("second");
}
END_TEST

static const char *const sequences[] = {"DELETE FROM sqlite_sequence",
	"UPDATE sqlite_sequence SET seq = NULL", "UPDATE sqlite_sequence SET seq = -5",
	"UPDATE sqlite_sequence SET seq = 'x'", "UPDATE sqlite_sequence SET seq = x'01'",
	"UPDATE sqlite_sequence SET seq = 2.5",
	"UPDATE sqlite_sequence SET seq = 9223372036854775807",
	"UPDATE sqlite_sequence SET seq = 9223372036854775806",
	"INSERT INTO sqlite_sequence VALUES ('object', 1)"};

/* Whatever the sequence is, a new key takes the id of no other key. */
START_TEST(sequences_of_every_kind)
{
	CK_OBJECT_HANDLE new_key, found[8];
	CK_RV rv;

	sql("%s", sequences[_i]);
	ok(log_in_as_user());
	rv = try_import(CKK_AES, mk32, 32, T(YES(CKA_TOKEN), YES(CKA_DERIVE)), &new_key);
	holds(rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY);
	only("first");
	only("second");
	only("third");
	ck_assert_uint_eq(find(s, T(CLASS(CKO_SECRET_KEY)), found, 8), 3 + (rv == CKR_OK));
	ok(f->C_Finalize(NULL));
	holds(log_in_as_user() == CKR_OK);
	ck_assert_uint_eq(find(s, T(CLASS(CKO_SECRET_KEY)), found, 8), 3 + (rv == CKR_OK));
	ok(f->C_Finalize(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store attacks");
	TCase *tc = add_case(suite, "files", make_victim);

	tcase_add_test(tc, untouched_files_are_fine);
	tcase_add_loop_test(tc, every_column_of_a_row, 0, 12);
	tcase_add_loop_test(tc, swapped_between_objects, 0, 12);
	tcase_add_loop_test(tc, edited_attributes, 0, 8);
	tcase_add_loop_test(tc, edited_columns, 0, 15);
	tcase_add_test(tc, edited_flags_give_device_error);
	tcase_add_loop_test(tc, edited_token_data, 0, 15);
	tcase_add_loop_test(tc, a_spoiled_count_is_a_device_error, 0, 6);
	tcase_add_loop_test(tc, foreign_schemas, 0, 8);
	tcase_add_test(tc, whole_rows_swapped);
	tcase_add_test(tc, deleted_rows_are_missed);
	tcase_add_test(tc, doubled_rows_are_noticed);
	tcase_add_test(tc, row_ids_that_no_handle_has_room_for);
	tcase_add_test(tc, values_from_another_token);
	tcase_add_test(tc, one_row_put_back_is_noticed);
	tcase_add_test(tc, a_destroyed_row_in_exchange_for_another_is_noticed);
	tcase_add_test(tc, an_edited_scrypt_parameter_does_not_weaken_a_pin);
	tcase_add_test(tc, a_sequence_that_was_edited_gives_no_id);
	tcase_add_loop_test(tc, sequences_of_every_kind, 0, sizeof sequences / sizeof *sequences);
	return run(suite);
}
