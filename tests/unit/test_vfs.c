/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vfs.c: the errno of system calls of SQLite that fail, as vfs.h keeps it, and the code that
 * database.h makes of it.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "store/sqlite/database.h"
#include "store/sqlite/vfs.h"
#include "store_support.h"

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

static int call_open_any(const char *path, int flags, int mode)
{
	return fails("open any") ? -1 : open(path, flags, mode);
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
	sqlite3_file *file = NULL; /* nor is the end of a file */
	uint8_t bytes[8];
	ck_assert_int_eq(sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file),
		SQLITE_OK);
	ck_assert_int_eq(
		file->pMethods->xRead(file, bytes, sizeof bytes, 1 << 30), SQLITE_IOERR_SHORT_READ);
	ck_assert_int_eq(vfs_first_error(), 0);
	close_token();
}
END_TEST

/* Leave the errno of a full disk behind, as a call whose error nobody has asked for. */
static void leave_full_disk(void)
{
	replace("pwrite", call_pwrite);
	replace("pwrite64", call_pwrite);
	failing_call = "pwrite";
	failing_errno = ENOSPC;
	ck_assert_int_ne(
		sqlite3_exec(db->sqlite, "UPDATE token SET label = NULL", NULL, NULL, NULL),
		SQLITE_OK);
	failing_call = NULL;
	ck_assert_int_eq(vfs_first_error(), ENOSPC);
}

/* An error has the code of its own errno. */
START_TEST(an_errno_of_before)
{
	struct database *again = NULL;
	STATEMENT *s = NULL;
	bool found;

	open_token();
	replace("pread", call_pread);
	replace("pread64", call_pread);
	leave_full_disk();
	failing_errno = EIO;
	failing_call = "pread";
	ck_rv(database_run_text(db, "SELECT count(*) FROM object", "test"), CKR_DEVICE_ERROR);
	leave_full_disk();
	failing_errno = EIO;
	failing_call = "pread";
	ck_ok(database_statement(db, SQL_TOKEN_GET, &s));
	ck_rv(statement_step(s, &found), CKR_DEVICE_ERROR);
	statement_done(&s);
	leave_full_disk();
	replace("open", call_open_any);
	failing_errno = EMFILE;
	failing_call = "open any";
	ck_rv(database_open(token_fd, token_dir, &schema_token, false, &again), CKR_DEVICE_ERROR);
	failing_call = NULL;
	close_token();
}
END_TEST

/* A table that another program has exchanged for a virtual table: its code is not run. */
START_TEST(a_table_that_becomes_virtual)
{
	sqlite3 *other = NULL;
	STATEMENT *s = NULL;
	bool found;

	open_token();
	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &other), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(other,
			"DROP TABLE object; CREATE VIRTUAL TABLE object USING fts5(id, class, "
			"private, label, object_id, attributes, sealed, checksum)",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(other);
	ck_ok(database_statement(db, SQL_READ, &s));
	ck_ok(statement_bind_number(s, 1, 1));
	ck_rv(statement_step(s, &found), CKR_DEVICE_ERROR);
	statement_done(&s);
	ck_ok(database_statement(db, SQL_TOKEN_GET, &s));
	statement_done(&s);
	close_token();
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("vfs");
	TCase *tcase = tcase_create("vfs");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_errno_of_a_system_call, 0, COUNT(system_calls));
	tcase_add_test(tcase, the_layer_opens_what_sqlite_opens);
	tcase_add_test(tcase, a_lock_has_no_errno);
	tcase_add_test(tcase, an_errno_of_before);
	tcase_add_test(tcase, a_table_that_becomes_virtual);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
