/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database_calls.c: database.h and vfs.h, one function after another: codes of SQLite's
 * errors, statements that are used again, and the errno of system calls of SQLite that fail.
 *
 * database.c is included, with some calls led through the functions below.
 */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#include "store/sqlite/database.h"
#include "store/sqlite/vfs.h"
#include "store_support.h"

static int fake_system_errno(sqlite3 *db);
static int fake_file_control(sqlite3 *db, const char *name, int what, void *arg);
static const void *fake_blob(sqlite3_stmt *s, int i);
#define sqlite3_system_errno fake_system_errno
#define sqlite3_file_control fake_file_control
#define sqlite3_column_blob fake_blob
#include "store/sqlite/database.c"
#undef sqlite3_system_errno
#undef sqlite3_file_control
#undef sqlite3_column_blob

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

/* --- The errno of a system call of SQLite --- */

static const char *failing_call; /* the system call that fails with failing_errno */
static int failing_errno;

static bool fails(const char *call)
{
	errno = failing_errno;
	return failing_call != NULL && strcmp(call, failing_call) == 0;
}

static ssize_t call_pread(int fd, void *p, size_t n, off_t at)
{
	return fails("pread") ? -1 : pread(fd, p, n, at);
}

static ssize_t call_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails("pwrite") ? -1 : pwrite(fd, p, n, at);
}

static int call_ftruncate(int fd, off_t n)
{
	return fails("ftruncate") ? -1 : ftruncate(fd, n);
}

static int call_fstat(int fd, struct stat *st)
{
	return fails("fstat") ? -1 : fstat(fd, st);
}

static int call_unlink(const char *path)
{
	return fails("unlink") ? -1 : unlink(path);
}

static int call_fcntl(int fd, int command, ...)
{
	va_list list;

	va_start(list, command);
	void *arg = va_arg(list, void *);
	va_end(list);
	return command == F_SETLK && fails("fcntl") ? -1 : fcntl(fd, command, arg);
}

static int call_open(const char *path, int flags, int mode)
{
	return (flags & O_CREAT) && fails("open") ? -1 : open(path, flags, mode);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return fails("sync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return fails("sync") ? -1 : (int)syscall(SYS_fsync, fd);
}

static void replace(const char *name, void *call)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
	sqlite3_syscall_ptr pointer;

	memcpy(&pointer, &call, sizeof pointer);
	if (vfs->xGetSystemCall(vfs, name) != NULL)
		ck_assert_int_eq(vfs->xSetSystemCall(vfs, name, pointer), SQLITE_OK);
}

static const struct {
	const char *name;
	const char *sql;
	int error, kept; /* errno that the layer keeps */
} system_calls[] = {
	{"pread", "SELECT count(*) FROM t", EIO, EIO},
	{"pread", "SELECT count(*) FROM t", ENXIO, ENXIO},
	{"pwrite", "INSERT INTO t VALUES(1)", EDQUOT, EDQUOT},
	{"pwrite", "INSERT INTO t VALUES(1)", EFBIG, EFBIG},
	{"pwrite", "INSERT INTO t VALUES(1)", ENOSPC, ENOSPC},
	{"sync", "INSERT INTO t VALUES(1)", EIO, EIO},
	{"sync", "INSERT INTO t VALUES(1)", EDQUOT, EDQUOT},
	{"ftruncate", "PRAGMA journal_mode = TRUNCATE; INSERT INTO t VALUES(1)", EDQUOT, EDQUOT},
	{"fstat", "SELECT count(*) FROM t", EOVERFLOW, EOVERFLOW},
	{"unlink", "INSERT INTO t VALUES(1)", EDQUOT, EDQUOT},
	{"fcntl", "SELECT count(*) FROM t", EIO, EIO},
	{"open", "INSERT INTO t VALUES(1)", EDQUOT, EDQUOT},
	{"open", "INSERT INTO t VALUES(1)", ENOENT, ENOENT},
	{NULL, "INSERT INTO t VALUES(1)", EIO, 0},
};

/* SQLite keeps the errno of some of its calls only, and undoing a change makes more calls. */
START_TEST(the_errno_of_a_system_call)
{
	sqlite3 *sqlite = NULL;
	char path[160];
	bool fails_now = system_calls[_i].name != NULL;

	snprintf(path, sizeof path, "%s/layer.db", test_dir);
	void *own[] = {call_pread, call_pread, call_pwrite, call_pwrite, call_ftruncate, call_fstat,
		call_unlink, call_fcntl, call_open};
	static const char *const names[] = {"pread", "pread64", "pwrite", "pwrite64", "ftruncate",
		"fstat", "unlink", "fcntl", "open"};
	ck_assert_int_eq(
		vfs_open(path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE), SQLITE_OK);
	ck_assert_ptr_null(sqlite3_vfs_find("keydiv")); /* the module may be unloaded */
	ck_assert_int_eq(sqlite3_exec(sqlite,
				 "PRAGMA cache_size = 1; CREATE TABLE t(x); INSERT INTO t VALUES"
				 "(zeroblob(90000)); DELETE FROM t",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(sqlite);
	ck_assert_int_eq(vfs_open(path, &sqlite, SQLITE_OPEN_READWRITE), SQLITE_OK);
	vfs_forget_error();
	ck_assert_int_eq(vfs_first_error(), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		replace(names[i], own[i]);
	failing_call = system_calls[_i].name;
	failing_errno = system_calls[_i].error;
	int code = sqlite3_exec(sqlite, system_calls[_i].sql, NULL, NULL, NULL);
	failing_call = NULL;
	ck_assert_msg((code != SQLITE_OK) == fails_now, "code %d", code);
	ck_assert_int_eq(vfs_first_error(), system_calls[_i].kept);
	failing_errno = EBADF; /* a later error does not hide the first */
	failing_call = fails_now ? "pread" : NULL;
	(void)sqlite3_exec(sqlite, "SELECT count(*) FROM t", NULL, NULL, NULL);
	failing_call = NULL;
	ck_assert_int_eq(vfs_first_error(), system_calls[_i].kept);
	vfs_forget_error();
	ck_assert_int_eq(vfs_first_error(), 0);
	ck_assert_int_eq(
		sqlite3_exec(sqlite, "INSERT INTO t VALUES(2)", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(vfs_first_error(), 0);
	sqlite3_close(sqlite);
}
END_TEST

/* The layer opens what SQLite would open, and makes nothing that was not asked for. */
START_TEST(the_layer_opens_what_sqlite_opens)
{
	sqlite3 *sqlite = NULL;
	char path[160];

	store_close(new_store());
	snprintf(path, sizeof path, "%s/link.db", test_dir);
	ck_assert_int_eq(symlink(in_token("token.db"), path), 0);
	ck_assert_int_eq(vfs_open(path, &sqlite, SQLITE_OPEN_READWRITE), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "DELETE FROM token", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sqlite);
	snprintf(path, sizeof path, "%s/none.db", test_dir);
	ck_assert_int_eq(vfs_open(path, &sqlite, SQLITE_OPEN_READWRITE), SQLITE_CANTOPEN);
	sqlite3_close(sqlite);
	ck_assert_int_eq(vfs_first_error(), ENOENT);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* A file that is locked is no failure: the errno of an earlier failure does not count. */
START_TEST(a_lock_has_no_errno)
{
	sqlite3 *other = NULL;

	open_token();
	replace("pread", call_pread);
	replace("pread64", call_pread);
	failing_call = "pread";
	failing_errno = EIO;
	ck_rv(database_run_text(db, "SELECT count(*) FROM object", "test"), CKR_DEVICE_ERROR);
	failing_call = NULL;
	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	vfs_forget_error();
	db->impatient = true;
	ck_assert_int_eq(sqlite3_exec(db->sqlite, "SELECT count(*) FROM object", NULL, NULL, NULL),
		SQLITE_BUSY);
	ck_assert_int_eq(vfs_first_error(), 0);
	sqlite3_close(other);
	close_token();
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("database_calls");
	TCase *tcase = tcase_create("database_calls");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_code_of_an_error);
	tcase_add_test(tcase, a_statement_that_is_used_again);
	tcase_add_test(tcase, a_value_of_a_row);
	tcase_add_test(tcase, the_count_of_changes);
	tcase_add_test(tcase, a_read_only_connection);
	tcase_add_test(tcase, two_processes_make_the_schema);
	tcase_add_loop_test(tcase, the_errno_of_a_system_call, 0, COUNT(system_calls));
	tcase_add_test(tcase, the_layer_opens_what_sqlite_opens);
	tcase_add_test(tcase, a_lock_has_no_errno);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
