/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database_schema.c: files whose schema or format differs from that of a token in one place.
 */
#include <sqlite3.h>

#include "store/sqlite/database.h"
#include "store_support.h"

static int token_fd = -1;

static CK_RV try(bool create)
{
	struct database *db = NULL;
	CK_RV rv = database_open(token_fd, token_dir, &schema_token, create, &db);

	database_close(db);
	return rv;
}

static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(message == NULL, "%s: %s", sql, message);
	sqlite3_close(db);
}

#define EDIT "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET "

/* Schemas that differ in one column of one entry, and in length or in a byte only. */
static const char *const schemas[] = {
	EDIT "type = 'tabld' WHERE name = 'object'",
	EDIT "type = 'table2' WHERE name = 'object'",
	EDIT "type = NULL WHERE name = 'object'",
	EDIT "type = CAST('index' || x'00' || 'x' AS TEXT) WHERE name = 'public'",
	EDIT "name = 'publid' WHERE name = 'public'",
	EDIT "tbl_name = 'objecu' WHERE name = 'public'",
	EDIT "tbl_name = CAST('object' || x'00' AS TEXT) WHERE name = 'public'",
	EDIT "sql = replace(sql, 'private = 0', 'private = 1') WHERE name = 'public'",
	EDIT "sql = sql || ' ' WHERE name = 'public'",
	EDIT "sql = CAST(sql || x'00' || ' ' AS TEXT) WHERE name = 'public'",
	EDIT "sql = replace(sql, 'WHERE', 'where') WHERE name = 'public_label'",
	EDIT "sql = replace(sql, 'seq', 'sep') WHERE name = 'sqlite_sequence'",
	"DROP INDEX public", /* the last entry */
	"CREATE INDEX zzz ON token(uuid)",
	"PRAGMA user_version = 0; PRAGMA application_id = 0",
	"PRAGMA user_version = 0; PRAGMA application_id = 1801742710",
	"PRAGMA application_id = 0",
};

START_TEST(a_schema_that_differs)
{
	store_close(new_store());
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_ok(try(false));
	run_sql(schemas[_i]);
	ck_rv(try(false), CKR_DEVICE_ERROR);
	ck_rv(try(true), CKR_DEVICE_ERROR);
	close(token_fd);
}
END_TEST

/* Files of a format without its schema. */
START_TEST(a_format_without_a_schema)
{
	static const char *const settings[] = {
		"PRAGMA user_version = 2; PRAGMA application_id = 1801742710",
		"PRAGMA user_version = 2", "PRAGMA application_id = 1801742710",
		"PRAGMA application_id = 1"};

	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		run_sql(settings[i]);
		ck_assert_int_eq(chmod(in_token("token.db"), 0600), 0);
		ck_rv(try(false), CKR_DEVICE_ERROR);
		ck_rv(try(true), CKR_DEVICE_ERROR);
		ck_assert_int_eq(unlink(in_token("token.db")), 0);
	}
	close(token_fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("database_schema");
	TCase *tcase = tcase_create("database_schema");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
		tcase, a_schema_that_differs, 0, (int)(sizeof schemas / sizeof schemas[0]));
	tcase_add_test(tcase, a_format_without_a_schema);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
