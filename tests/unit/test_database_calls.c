/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database_calls.c: database.h, one function after another: codes of SQLite's errors and what
 * is logged of them, statements that are used again, and values as a file may have them.
 *
 * database.c is included, with some calls led through the functions below.
 */
#include <errno.h>
#include <sqlite3.h>

#include "store/sqlite/database.h"
#include "store/sqlite/vfs.h"
#include "store_support.h"

static int fake_system_errno(sqlite3 *db);
static int fake_file_control(sqlite3 *db, const char *name, int what, void *arg);
static const void *fake_blob(sqlite3_stmt *s, int i);
static int fake_step(sqlite3_stmt *s);
#define sqlite3_system_errno fake_system_errno
#define sqlite3_file_control fake_file_control
#define sqlite3_column_blob fake_blob
#define sqlite3_step fake_step
#include "store/sqlite/database.c"
#undef sqlite3_system_errno
#undef sqlite3_file_control
#undef sqlite3_column_blob
#undef sqlite3_step

static int system_errno;

static int fake_system_errno(sqlite3 *db)
{
	(void)db;
	return system_errno;
}

static int control_code;
static bool no_blob;

static int fake_file_control(sqlite3 *db, const char *name, int what, void *arg)
{
	int code = sqlite3_file_control(db, name, what, arg);

	return control_code != SQLITE_OK ? control_code : code;
}

static const void *fake_blob(sqlite3_stmt *s, int i)
{
	return no_blob ? NULL : sqlite3_column_blob(s, i);
}

static int step_code; /* of the next steps; SQLITE_OK: they are made */

static int fake_step(sqlite3_stmt *s)
{
	return step_code != SQLITE_OK ? step_code : sqlite3_step(s);
}

static struct database *db;
static int token_fd;

static void open_token(void)
{
	store_close(new_store());
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_ok(database_open(token_fd, token_dir, &schema_token, false, &db));
	ck_assert_ptr_nonnull(db);
}

static void close_token(void)
{
	database_close(db);
	close(token_fd);
}

/* --- Codes of errors --- */

static const struct {
	int code, error;
	CK_RV rv;
} failures[] = {
	{SQLITE_ERROR, 0, CKR_DEVICE_ERROR},
	{SQLITE_CORRUPT, 0, CKR_DEVICE_ERROR},
	{SQLITE_NOTADB, 0, CKR_DEVICE_ERROR},
	{SQLITE_BUSY, 0, CKR_DEVICE_ERROR},
	{SQLITE_PROTOCOL, 0, CKR_DEVICE_ERROR},
	{SQLITE_NOMEM, 0, CKR_HOST_MEMORY},
	{SQLITE_IOERR_NOMEM, 0, CKR_HOST_MEMORY},
	{SQLITE_IOERR_NOMEM, ENOSPC, CKR_HOST_MEMORY},
	{SQLITE_NOMEM | (1 << 8), 0, CKR_HOST_MEMORY},
	{SQLITE_FULL, 0, CKR_DEVICE_MEMORY},
	{SQLITE_FULL | (1 << 8), 0, CKR_DEVICE_MEMORY},
	{SQLITE_IOERR, 0, CKR_DEVICE_ERROR},
	{SQLITE_IOERR_WRITE, EIO, CKR_DEVICE_ERROR},
	{SQLITE_IOERR_WRITE, ENOSPC, CKR_DEVICE_MEMORY},
	{SQLITE_IOERR_WRITE, EDQUOT, CKR_DEVICE_MEMORY},
	{SQLITE_IOERR_WRITE, EFBIG, CKR_DEVICE_MEMORY},
	{SQLITE_IOERR_FSYNC, ENOSPC, CKR_DEVICE_MEMORY},
	{SQLITE_IOERR_WRITE, EROFS, CKR_DEVICE_ERROR},
	{SQLITE_IOERR_ACCESS, EACCES, CKR_DEVICE_ERROR},
	{SQLITE_CANTOPEN, ENOSPC, CKR_DEVICE_MEMORY},
	{SQLITE_CANTOPEN, EDQUOT, CKR_DEVICE_MEMORY},
	{SQLITE_CANTOPEN, EROFS, CKR_TOKEN_WRITE_PROTECTED},
	{SQLITE_CANTOPEN, EACCES, CKR_TOKEN_WRITE_PROTECTED},
	{SQLITE_CANTOPEN_ISDIR, EACCES, CKR_TOKEN_WRITE_PROTECTED},
	{SQLITE_CANTOPEN, EMFILE, CKR_DEVICE_ERROR},
	{SQLITE_CANTOPEN, 0, CKR_DEVICE_ERROR},
	{SQLITE_READONLY, 0, CKR_TOKEN_WRITE_PROTECTED},
	{SQLITE_READONLY_DIRECTORY, 0, CKR_TOKEN_WRITE_PROTECTED},
	{SQLITE_READONLY_DBMOVED, 0, CKR_DEVICE_ERROR},
	{SQLITE_READONLY_ROLLBACK, EROFS, CKR_DEVICE_ERROR},
	/* An errno means nothing for an error that is not of the system. */
	{SQLITE_CORRUPT, ENOSPC, CKR_DEVICE_ERROR},
	{SQLITE_PROTOCOL, ENOSPC, CKR_DEVICE_ERROR},
	{SQLITE_PROTOCOL, EROFS, CKR_DEVICE_ERROR},
	{SQLITE_CONSTRAINT, EDQUOT, CKR_DEVICE_ERROR},
};

START_TEST(the_code_of_an_error)
{
	open_token();
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		system_errno = failures[i].error;
		CK_RV rv = database_failure(db->sqlite, failures[i].code, "test");
		ck_assert_msg(rv == failures[i].rv, "%d, errno %d: %s", failures[i].code,
			failures[i].error, rv_name(rv));
	}
	system_errno = ENOSPC; /* of no connection */
	ck_rv(database_failure(NULL, SQLITE_CANTOPEN, "test"), CKR_DEVICE_ERROR);
	ck_rv(database_failure(NULL, SQLITE_NOMEM, "test"), CKR_HOST_MEMORY);
	close_token();
}
END_TEST

/* Return true if the only line of the log has TEXT in it. Empty the log. */
static bool logged(const char *text)
{
	char path[160], lines[1000] = "";

	snprintf(path, sizeof path, "%s/log", test_dir);
	int fd = open(path, O_RDWR);
	ck_assert_int_ge(read(fd, lines, sizeof lines - 1), 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	close(fd);
	return strstr(lines, text) != NULL && strchr(lines, '\n') == strrchr(lines, '\n');
}

/* An administrator must learn which file it is, and the errno if the system has refused. */
START_TEST(the_log_of_an_error)
{
	char path[160];

	open_token();
	snprintf(path, sizeof path, "%s/log", test_dir);
	ck_assert(log_open(path, LOG_ERROR));
	system_errno = EDQUOT;
	(void)database_failure(db->sqlite, SQLITE_IOERR_WRITE, "testing");
	ck_assert(logged(" token.db: testing: disk I/O error (778, errno 122)\n"));
	(void)database_failure(db->sqlite, SQLITE_CANTOPEN, "testing");
	ck_assert(logged(" token.db: testing: unable to open database file (14, errno 122)\n"));
	(void)database_failure(db->sqlite, SQLITE_CORRUPT, "testing");
	ck_assert(logged(" token.db: testing: database disk image is malformed (11, errno 0)\n"));
	(void)database_failure(NULL, SQLITE_NOMEM, "testing");
	ck_assert(logged(" database: testing: out of memory (7, errno 0)\n"));
	log_close();
	close_token();
}
END_TEST

/* --- Statements --- */

static void find_one(int64_t id, bool bind, bool expected)
{
	STATEMENT *s = NULL;
	bool found = !expected;

	ck_ok(database_statement(db, SQL_READ, &s));
	ck_assert_ptr_eq(s, db->statements[SQL_READ]);
	if (bind)
		ck_ok(statement_bind_number(s, 1, id));
	ck_ok(statement_step(s, &found));
	ck_assert_int_eq(found, expected);
}

/* Bytes that were bound before may be freed, so they are not bound any more. */
START_TEST(a_statement_that_is_used_again)
{
	bool busy = true;

	open_token();
	ck_ok(database_begin(db, &busy));
	ck_assert(!busy && database_in_transaction(db));
	ck_ok(database_run_text(db, "INSERT INTO object(id) VALUES(3)", "test"));
	ck_assert_int_eq(database_changes(db), 1);
	find_one(3, true, true);
	const void *kept = db->statements[SQL_READ];
	find_one(0, false, false);
	find_one(4, true, false);
	find_one(3, true, true);
	ck_assert_ptr_eq(db->statements[SQL_READ], kept); /* prepared once */
	ck_rv(database_run_text(db, "INSERT INTO object(id) VALUES(3)", "test"), CKR_DEVICE_ERROR);
	database_rollback(db);
	ck_assert(!database_in_transaction(db));
	find_one(3, true, false);
	struct statement *none = NULL;
	statement_done(&none);
	close_token();
	database_close(NULL);
}
END_TEST

/* Values as they are in a file that anybody may have edited. */
static const struct {
	const char *value;
	bool null;
	CK_RV number, bytes; /* of reading a number from -2 to 2, or at most two bytes */
	int64_t n;           /* the number, or how many bytes */
} values[] = {
	{"NULL", true, CKR_DEVICE_ERROR, CKR_OK, 0},
	{"-3", false, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, 0},
	{"-2", false, CKR_OK, CKR_DEVICE_ERROR, -2},
	{"2", false, CKR_OK, CKR_DEVICE_ERROR, 2},
	{"3", false, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, 0},
	{"1.5", false, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, 0},
	{"'1'", false, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, 0},
	{"x''", false, CKR_DEVICE_ERROR, CKR_OK, 0},
	{"x'0102'", false, CKR_DEVICE_ERROR, CKR_OK, 2},
	{"x'010203'", false, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, 0},
};

START_TEST(a_value_of_a_row)
{
	open_token();
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		int64_t number = 77;
		struct bytes bytes = {(const uint8_t *)"", 77};
		sqlite3_stmt *s = NULL;
		char sql[80];
		snprintf(sql, sizeof sql, "SELECT %s", values[i].value);
		ck_assert_int_eq(sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL), SQLITE_OK);
		ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
		struct statement *row = (struct statement *)s;
		ck_assert(statement_is_null(row, 0) == values[i].null);
		ck_rv(statement_number(row, 0, -2, 2, &number), values[i].number);
		ck_assert_int_eq(number, values[i].number == CKR_OK ? values[i].n : 77);
		ck_rv(statement_bytes(row, 0, 2, &bytes), values[i].bytes);
		if (values[i].bytes == CKR_OK) {
			ck_assert_uint_eq(bytes.n, (size_t)values[i].n);
			ck_assert((bytes.p == NULL) == values[i].null);
		}
		if (values[i].bytes == CKR_OK && values[i].n == 2) {
			ck_assert_mem_eq(bytes.p, "\1\2", 2);
			no_blob = true;
			ck_rv(statement_bytes(row, 0, 2, &bytes), CKR_HOST_MEMORY);
			no_blob = false;
		}
		sqlite3_finalize(s);
	}
	close_token();
}
END_TEST

/* The count shows each change of the file, also one by another program. */
START_TEST(the_count_of_changes)
{
	uint32_t before = 0, after = 0;
	sqlite3 *other = NULL;

	open_token();
	ck_ok(database_change_count(db, &before));
	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &other), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(other, "UPDATE token SET label = NULL", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	ck_ok(database_change_count(db, &after));
	ck_assert_uint_eq(after, before + 1);
	control_code = SQLITE_ERROR;
	ck_rv(database_change_count(db, &after), CKR_DEVICE_ERROR);
	control_code = SQLITE_OK;
	ck_assert_int_eq(truncate(in_token("token.db"), 20), 0);
	ck_rv(database_change_count(db, &after), CKR_DEVICE_ERROR);
	close_token();
}
END_TEST

/* Another writer is no error, whichever kind of it SQLite names. */
START_TEST(kinds_of_being_busy)
{
	static const struct {
		int code;
		bool busy;
		CK_RV rv;
	} kinds[] = {{SQLITE_BUSY, true, CKR_OK}, {SQLITE_BUSY_RECOVERY, true, CKR_OK},
		{SQLITE_IOERR, false, CKR_DEVICE_ERROR}, {SQLITE_LOCKED, false, CKR_DEVICE_ERROR},
		{SQLITE_NOMEM, false, CKR_HOST_MEMORY}, {SQLITE_ROW, false, CKR_DEVICE_ERROR},
		{SQLITE_DONE, false, CKR_OK}};

	open_token();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		bool busy = false;
		step_code = kinds[i].code;
		ck_rv(database_begin(db, &busy), kinds[i].rv);
		ck_assert(busy == kinds[i].busy && !db->impatient);
	}
	close_token();
}
END_TEST

/* Errors that come after the commit: the change is made, and is durable if the directory is. */
START_TEST(errors_after_a_commit)
{
	static const struct {
		int code;
		bool committed, durable_without_sync;
	} codes[] = {{SQLITE_IOERR_DIR_FSYNC, true, false}, {SQLITE_IOERR_UNLOCK, true, true},
		{SQLITE_IOERR_RDLOCK, true, true}, {SQLITE_IOERR_FSYNC, false, true},
		{SQLITE_IOERR, false, true}, {SQLITE_FULL, false, true}, {SQLITE_BUSY, false, true},
		{SQLITE_OK, false, true}};

	open_token();
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		bool durable = false;
		ck_assert(is_committed(codes[i].code, token_fd, &durable) == codes[i].committed);
		ck_assert(durable);
		ck_assert(is_committed(codes[i].code, -1, &durable) == codes[i].committed);
		ck_assert(durable == codes[i].durable_without_sync);
	}
	close_token();
}
END_TEST

/* A change that cannot be undone must not be committed with the next one. */
START_TEST(a_change_that_cannot_be_undone)
{
	open_token();
	for (int how = 0; how < 3; how++) {
		bool busy = true;
		step_code = SQLITE_OK;
		ck_ok(database_begin(db, &busy));
		ck_ok(database_run(db, SQL_SAVEPOINT));
		ck_assert(database_in_transaction(db) && !database_is_broken(db));
		step_code = SQLITE_IOERR;
		if (how == 0)
			database_rollback(db);
		else if (how == 1)
			database_undo(db);
		else
			ck_rv(database_commit(db, token_fd), CKR_DEVICE_ERROR);
		ck_assert(database_is_broken(db) && !database_in_transaction(db));
		database_rollback(db); /* it is not tried again */
		database_close(db);    /* and this undoes the change */
		step_code = SQLITE_OK;
		ck_ok(database_open(token_fd, token_dir, &schema_token, false, &db));
	}
	close_token();
}
END_TEST

/* A connection for reading begins no change, and says so. */
START_TEST(a_read_only_connection)
{
	bool busy = false;

	store_close(new_store());
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_ok(database_open(token_fd, token_dir, &schema_token, false, &db));
	ck_assert(database_is_read_only(db) && !database_is_empty(db) && !database_is_broken(db));
	ck_rv(database_begin(db, &busy), CKR_TOKEN_WRITE_PROTECTED);
	ck_assert(!busy && !database_in_transaction(db));
	close_token();
}
END_TEST

/* Of two processes that make a token at once, the second takes what the first has made. */
START_TEST(two_processes_make_the_schema)
{
	struct database *first, *second;
	bool busy = true;

	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_ok(database_open(token_fd, token_dir, &schema_token, true, &first));
	ck_ok(database_open(token_fd, token_dir, &schema_token, true, &second));
	ck_ok(database_begin(first, &busy));
	ck_ok(database_make_schema(first));
	ck_assert(!busy && !database_is_empty(first));
	ck_ok(database_make_schema(first)); /* once */
	database_rollback(first);
	ck_assert(database_is_empty(first));
	ck_ok(database_begin(second, &busy));
	ck_ok(database_make_schema(second));
	database_rollback(second);
	ck_ok(database_begin(first, &busy));
	ck_ok(database_make_schema(first));
	ck_ok(database_commit(first, token_fd));
	database_rollback(first); /* nothing */
	ck_assert(!database_is_empty(first) && database_is_empty(second));
	ck_ok(database_begin(second, &busy));
	ck_ok(database_make_schema(second));
	ck_assert(!busy && !database_is_empty(second));
	database_rollback(second);
	ck_assert(!database_is_empty(second)); /* it was made by another */
	database_close(first);
	database_close(second);
	ck_ok(database_open(token_fd, token_dir, &schema_token, false, &db));
	ck_assert(!database_is_empty(db));
	close_token();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("database_calls");
	TCase *tcase = tcase_create("database_calls");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_code_of_an_error);
	tcase_add_test(tcase, the_log_of_an_error);
	tcase_add_test(tcase, kinds_of_being_busy);
	tcase_add_test(tcase, a_statement_that_is_used_again);
	tcase_add_test(tcase, a_value_of_a_row);
	tcase_add_test(tcase, the_count_of_changes);
	tcase_add_test(tcase, errors_after_a_commit);
	tcase_add_test(tcase, a_change_that_cannot_be_undone);
	tcase_add_test(tcase, a_read_only_connection);
	tcase_add_test(tcase, two_processes_make_the_schema);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
