/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_database_open.c: each check of a database that is opened, with system calls that say what a
 * test can bring about in no other way.
 *
 * The file under test is included, with its system calls led through the functions below.
 */
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>

#include "base/files.h"
#include "store_support.h"

static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags);
static int fake_mknodat(int dirfd, const char *name, mode_t mode, dev_t device);
static int fake_faccessat(int dirfd, const char *name, int mode, int flags);
static int fake_file_control(sqlite3 *db, const char *name, int what, void *arg);
static uid_t fake_geteuid(void);
static void *fake_calloc(size_t n, size_t size);
static gid_t fake_getegid(void);
#define fstatat fake_fstatat
#define mknodat fake_mknodat
#define faccessat fake_faccessat
#define sqlite3_file_control fake_file_control
#define geteuid fake_geteuid
#define calloc fake_calloc
#define getegid fake_getegid
#include "store/sqlite/database_open.c"
#undef fstatat
#undef mknodat
#undef faccessat
#undef sqlite3_file_control
#undef geteuid
#undef calloc
#undef getegid

/* --- System calls --- */

static int calls;        /* of fstatat for token.db */
static int changed_call; /* the call that the next members change */
static int status_error, another_inode, another_device;
static mode_t another_mode;
static int journal_error, make_error;

static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags)
{
	bool journal = strstr(name, "journal") != NULL;
	bool changed = !journal && ++calls == changed_call;

	ck_assert_int_eq(flags, AT_SYMLINK_NOFOLLOW);
	errno = journal ? journal_error : changed ? status_error : 0;
	if (errno != 0)
		return -1;
	int rv = fstatat(dirfd, name, ret, flags);
	if (changed) {
		ret->st_ino += (ino_t)another_inode;
		ret->st_dev += (dev_t)another_device;
		ret->st_mode = another_mode ? another_mode : ret->st_mode;
	}
	return rv;
}

static int fake_mknodat(int dirfd, const char *name, mode_t mode, dev_t device)
{
	if (make_error == 0)
		return mknodat(dirfd, name, mode, device);
	errno = make_error;
	return -1;
}

static int effective_error, real_error; /* of faccessat, with AT_EACCESS and without */
static bool faked_access, other_uid, other_gid;

static int fake_faccessat(int dirfd, const char *name, int mode, int flags)
{
	if (!faked_access)
		return faccessat(dirfd, name, mode, flags);
	ck_assert(mode == W_OK && (flags == AT_EACCESS || flags == 0));
	errno = flags == AT_EACCESS ? effective_error : real_error;
	return errno == 0 ? 0 : -1;
}

static uid_t fake_geteuid(void)
{
	return getuid() + other_uid;
}

static gid_t fake_getegid(void)
{
	return getgid() + other_gid;
}

static bool no_memory;

static void *fake_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : calloc(n, size);
}

static int control_code, moved; /* of sqlite3_file_control; moved: what HAS_MOVED says */
static bool no_file;
static int header_code; /* of xRead */
static int (*own_read)(sqlite3_file *, void *, int, sqlite3_int64);

static int failing_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	int code = header_code;

	header_code = SQLITE_OK; /* once */
	return code != SQLITE_OK ? code : own_read(file, p, n, at);
}

static int fake_file_control(sqlite3 *db, const char *name, int what, void *arg)
{
	static sqlite3_io_methods methods;

	if (what == SQLITE_FCNTL_HAS_MOVED && moved == -2)
		return SQLITE_OK;
	int code = sqlite3_file_control(db, name, what, arg);

	if (what == SQLITE_FCNTL_HAS_MOVED) {
		*(int *)arg |= moved;
		return moved < 0 ? SQLITE_ERROR : code;
	}
	if (control_code != SQLITE_OK)
		return control_code;
	sqlite3_file **file = arg;
	if (no_file) {
		*file = NULL;
	} else if (header_code != SQLITE_OK) {
		methods = *(*file)->pMethods;
		own_read = methods.xRead;
		methods.xRead = failing_read;
		(*file)->pMethods = &methods;
	}
	return code;
}

/* --- Opening --- */

static int token_fd = -1;
static struct database nowhere; /* no function returns it */

static void make_directory(void)
{
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(token_fd, 0);
}

/* Make a token and close it. */
static void make_token(void)
{
	store_close(new_store());
	token_fd = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(token_fd, 0);
}

static struct database *opened;

static CK_RV try(bool create)
{
	calls = 0;
	opened = &nowhere;
	return database_open(token_fd, token_dir, &schema_token, create, &opened);
}

static void close_opened(void)
{
	ck_assert_ptr_ne(opened, &nowhere);
	database_close(opened);
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

START_TEST(a_database_that_is_missing_or_empty)
{
	make_directory();
	ck_ok(try(false));
	ck_assert_ptr_null(opened);
	ck_assert_int_ne(access(in_token("token.db"), F_OK), 0);
	close(open(in_token("token.db"), O_CREAT | O_WRONLY, 0644));
	ck_ok(try(false));
	ck_assert_ptr_null(opened);
	run_sql("PRAGMA user_version = 1; PRAGMA user_version = 0"); /* a header, and no schema */
	ck_ok(try(false));
	ck_assert_ptr_null(opened);
	ck_ok(try(true));
	ck_assert(database_is_empty(opened) && !database_is_read_only(opened));
	close_opened();
	ck_assert_int_eq(unlink(in_token("token.db")), 0);
	umask(0777);
	ck_ok(try(true));
	umask(022);
	ck_assert(database_is_empty(opened));
	close_opened();
	struct stat st;
	ck_assert_int_eq(stat(in_token("token.db"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	close(token_fd);
}
END_TEST

START_TEST(a_database_that_cannot_be_made)
{
	static const struct {
		int error;
		CK_RV rv;
	} errors[] = {{ENOSPC, CKR_DEVICE_MEMORY}, {EROFS, CKR_TOKEN_WRITE_PROTECTED},
		{EIO, CKR_DEVICE_ERROR}};

	make_directory();
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		make_error = errors[i].error;
		ck_rv(try(true), errors[i].rv);
	}
	make_error = EEXIST; /* as if another process had made and removed the file */
	ck_rv(try(true), CKR_DEVICE_ERROR);
	close(token_fd);
}
END_TEST

/* Each thing that is wrong with the file or with what SQLite has opened. */
static const struct refusal {
	int call, error, inode, device;
	mode_t mode;
	int journal, control;
	bool no_file, create;
	int header, moved;
	CK_RV rv;
} refusals[] = {
	{.rv = CKR_OK},
	{.call = 1, .error = EIO, .rv = CKR_DEVICE_ERROR},
	{.call = 1, .mode = S_IFIFO | 0600, .rv = CKR_DEVICE_ERROR},
	{.call = 1, .mode = S_IFREG | 0620, .rv = CKR_DEVICE_ERROR},
	{.journal = ENOENT, .rv = CKR_OK},
	{.journal = EIO, .rv = CKR_DEVICE_ERROR},
	{.journal = ENOMEM, .rv = CKR_HOST_MEMORY},
	{.create = true, .call = 1, .error = EIO, .rv = CKR_DEVICE_ERROR},
	{.create = true, .call = 1, .mode = S_IFIFO | 0600, .rv = CKR_DEVICE_ERROR},
	{.call = 2, .error = ENOENT, .rv = CKR_DEVICE_ERROR},
	{.call = 2, .inode = 1, .rv = CKR_DEVICE_ERROR},
	{.call = 2, .device = 1, .rv = CKR_DEVICE_ERROR},
	{.call = 2, .mode = S_IFLNK | 0600, .rv = CKR_DEVICE_ERROR},
	{.moved = 1, .rv = CKR_DEVICE_ERROR},
	{.moved = -1, .rv = CKR_DEVICE_ERROR},
	{.moved = -2, .rv = CKR_DEVICE_ERROR}, /* SQLite says nothing */
	{.control = SQLITE_ERROR, .rv = CKR_DEVICE_ERROR},
	{.no_file = true, .rv = CKR_DEVICE_ERROR},
	{.header = SQLITE_IOERR_READ, .rv = CKR_DEVICE_ERROR},
	{.header = SQLITE_IOERR_NOMEM, .rv = CKR_HOST_MEMORY},
};

START_TEST(a_check_that_fails)
{
	const struct refusal *refusal = &refusals[_i];

	make_token();
	changed_call = refusal->call;
	status_error = refusal->error;
	another_inode = refusal->inode;
	another_device = refusal->device;
	another_mode = refusal->mode;
	journal_error = refusal->journal;
	control_code = refusal->control;
	no_file = refusal->no_file;
	header_code = refusal->header;
	moved = refusal->moved;
	ck_rv(try(refusal->create), refusal->rv);
	if (refusal->rv == CKR_OK)
		close_opened();
	close(token_fd);
}
END_TEST

/* A journal of this user is left by a process that died, and one of others is not believed. */
START_TEST(a_journal)
{
	make_token();
	close(open(in_token("token.db-journal"), O_CREAT | O_WRONLY, 0600));
	ck_ok(try(false));
	close_opened();
	ck_assert_int_eq(chmod(in_token("token.db-journal"), 0602), 0);
	ck_rv(try(false), CKR_DEVICE_ERROR);
	close(token_fd);
}
END_TEST

static int open_error;
static bool only_writing;

static int failing_open(const char *path, int flags, int mode)
{
	if (strstr(path, "token.db") == NULL || (only_writing && (flags & O_ACCMODE) == O_RDONLY))
		return open(path, flags, mode);
	errno = open_error;
	return -1;
}

static const struct {
	int error;
	bool only_writing;
	CK_RV rv;
} failing_opens[] = {
	{EACCES, false, CKR_DEVICE_ERROR}, /* not even read, so it is not write-protected */
	{EROFS, false, CKR_DEVICE_ERROR},
	{EMFILE, false, CKR_DEVICE_ERROR},
	{ENOSPC, false, CKR_DEVICE_MEMORY},
	{EMFILE, true, CKR_DEVICE_ERROR}, /* for a moment: the token is not read-only for good */
	{EACCES, true, CKR_DEVICE_ERROR},
};

START_TEST(a_file_that_sqlite_cannot_open)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	make_token();
	open_error = failing_opens[_i].error;
	only_writing = failing_opens[_i].only_writing;
	ck_assert_int_eq(
		vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)failing_open), SQLITE_OK);
	ck_rv(try(false), failing_opens[_i].rv);
	vfs->xSetSystemCall(vfs, "open", NULL);
	ck_ok(try(false));
	close_opened();
	no_memory = true;
	ck_rv(try(false), CKR_HOST_MEMORY);
	close(token_fd);
}
END_TEST

/* A symbolic link on the way could lead elsewhere between two calls. */
START_TEST(a_path_that_is_none)
{
	char path[PATH_MAX + 20];

	make_token();
	snprintf(path, sizeof path, "%s/link", test_dir);
	ck_assert_int_eq(symlink(token_dir, path), 0);
	ck_rv(database_open(token_fd, path, &schema_token, false, &opened), CKR_DEVICE_ERROR);
	memset(path, '/', sizeof path);
	path[sizeof path - 1] = '\0';
	ck_rv(database_open(token_fd, path, &schema_token, false, &opened), CKR_DEVICE_ERROR);
	close(token_fd);
}
END_TEST

/* --- Files that may not be written --- */

static const struct {
	mode_t mode;
	int effective, real;
	bool uid, gid, writable;
} accesses[] = {
	{.mode = 0600, .writable = true},
	{.mode = 0200, .writable = true},
	{.mode = 0600, .real = EACCES, .writable = true}, /* of a program with set-user-id */
	{.mode = 0020, .writable = true},
	{.mode = 0400, .writable = false}, /* root could write it */
	{.mode = 0555, .writable = false},
	{.mode = 0600, .effective = EACCES, .writable = false},
	{.mode = 0600, .effective = EROFS, .writable = false},
	/* The call is refused: the real user decides if it is the effective user too. */
	{.mode = 0600, .effective = EPERM, .writable = true},
	{.mode = 0600, .effective = EPERM, .real = EACCES, .writable = false},
	{.mode = 0600, .effective = EPERM, .real = EROFS, .writable = false},
	{.mode = 0600, .effective = EPERM, .real = EPERM, .writable = true},
	{.mode = 0600, .effective = EPERM, .real = EACCES, .uid = true, .writable = true},
	{.mode = 0600, .effective = EPERM, .real = EACCES, .gid = true, .writable = true},
};

START_TEST(a_file_that_may_be_written)
{
	struct database read_only = {.schema = &schema_token};

	make_token();
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	ck_ok(try(false));
	ck_assert(database_is_read_only(opened));
	read_only.sqlite = opened->sqlite;
	ck_assert_int_eq(chmod(in_token("token.db"), accesses[_i].mode), 0);
	faked_access = true;
	effective_error = accesses[_i].effective;
	real_error = accesses[_i].real;
	other_uid = accesses[_i].uid;
	other_gid = accesses[_i].gid;
	ck_assert(database_became_writable(&read_only, token_fd) == accesses[_i].writable);
	ck_assert_int_eq(unlink(in_token("token.db")), 0);
	ck_assert(!database_became_writable(&read_only, token_fd));
	database_close(opened);
	close(token_fd);
}
END_TEST

/* --- Settings --- */

static const struct {
	const char *pragma;
	int value;
} pragmas[] = {{"mmap_size", 0}, {"temp_store", 2}, {"secure_delete", 1}, {"trusted_schema", 0},
	{"cell_size_check", 1}, {"cache_size", -4096}, {"page_size", 4096}, {"synchronous", 3}};

static const struct {
	int option, value;
} options[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};

/* Settings that keep a hostile file from running anything, and removed bytes from staying. */
START_TEST(settings_of_a_connection)
{
	char sql[80];
	int64_t number;

	make_token();
	ck_ok(try(false));
	for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
		number = 77;
		snprintf(sql, sizeof sql, "PRAGMA %s", pragmas[i].pragma);
		ck_ok(ask_number(opened, sql, &number));
		ck_assert_msg(number == pragmas[i].value, "%s", sql);
	}
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		int value = -1;
		ck_assert_int_eq(sqlite3_db_config(opened->sqlite, options[i].option, -1, &value),
			SQLITE_OK);
		ck_assert_msg(value == options[i].value, "option %d", options[i].option);
	}
	ck_assert_int_eq(sqlite3_limit(opened->sqlite, SQLITE_LIMIT_LENGTH, -1), 1 << 20);
	ck_assert_int_eq(sqlite3_limit(opened->sqlite, SQLITE_LIMIT_ATTACHED, -1), 0);
	ck_assert_ptr_null(sqlite3_db_mutex(opened->sqlite)); /* store->lock is enough */
	ck_assert(sqlite3_get_autocommit(opened->sqlite));
	ck_assert_int_eq(sqlite3_exec(opened->sqlite, "INSERT INTO object(id) VALUES(1), (1)", NULL,
				 NULL, NULL),
		SQLITE_CONSTRAINT_PRIMARYKEY); /* an extended code */
	ck_rv(ask_number(opened, "SELECT nothing", &number), CKR_DEVICE_ERROR);
	ck_assert(!database_became_writable(opened, token_fd)); /* it is */
	close_opened();
	close(token_fd);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("database_open");
	TCase *tcase = tcase_create("database_open");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_database_that_is_missing_or_empty);
	tcase_add_test(tcase, a_database_that_cannot_be_made);
	tcase_add_loop_test(tcase, a_check_that_fails, 0, COUNT(refusals));
	tcase_add_test(tcase, a_journal);
	tcase_add_loop_test(tcase, a_file_that_sqlite_cannot_open, 0, COUNT(failing_opens));
	tcase_add_test(tcase, a_path_that_is_none);
	tcase_add_loop_test(tcase, a_file_that_may_be_written, 0, COUNT(accesses));
	tcase_add_test(tcase, settings_of_a_connection);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
