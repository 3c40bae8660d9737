/* SPDX-License-Identifier: Apache-2.0 */
/* database.c: the only file that uses SQLite. */
#include "store/sqlite/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "store/sqlite/schema.h"

struct database {
	sqlite3 *sqlite;
	sqlite3_stmt
		*statements[SQL_COUNT_OF_STATEMENTS]; /* prepared when first needed, then kept */
	bool empty;                                   /* there is no schema yet */
	bool made;                                    /* the schema was made in this transaction */
	bool impatient;                               /* do not wait for other processes now */
	struct timespec waiting_since;
};

#define LENGTH_LIMIT (1 << 20) /* of a row or of a statement's text; a longer one is not valid */

/*
 * Convert SQLite's error CODE in WHAT to a CKR_ code, and log the error. The log gets fixed texts
 * and numbers only, because a message might quote the file.
 */
static CK_RV failure(sqlite3 *sqlite, int code, const char *what)
{
	int error = sqlite ? sqlite3_system_errno(sqlite) : 0;
	bool system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;

	/* The undo has changed errno, so ask for the errno of the file (quota, size limit). */
	if (code == SQLITE_IOERR_WRITE)
		sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	log_error("token.db: %s: %s (%d, errno %d)", what, sqlite3_errstr(code), code,
		system ? error : 0);
	if (code == SQLITE_IOERR_NOMEM || (code & 0xff) == SQLITE_NOMEM)
		return CKR_HOST_MEMORY;
	if ((code & 0xff) == SQLITE_FULL ||
		(system && (error == ENOSPC || error == EDQUOT || error == EFBIG)))
		return CKR_DEVICE_MEMORY;
	if (code == SQLITE_READONLY || code == SQLITE_READONLY_DIRECTORY)
		return CKR_TOKEN_WRITE_PROTECTED;
	if ((code & 0xff) == SQLITE_CANTOPEN &&
		(error == EROFS || error == EACCES || error == EPERM))
		return CKR_TOKEN_WRITE_PROTECTED;
	return CKR_DEVICE_ERROR;
}

/*
 * Decide whether to try again while another process has locked the file. Sleep for a short
 * random time first.
 */
static int wait_for_others(void *arg, int tries)
{
	struct database *db = arg;
	struct timespec now;

	if (db->impatient)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (tries == 0)
		db->waiting_since = now;
	if (now.tv_sec - db->waiting_since.tv_sec >= DATABASE_WAIT_SECONDS)
		return 0;
	unsigned most = tries < 5 ? 200U << tries : 5000;
	usleep(100 + (unsigned)(now.tv_nsec / 64) % most);
	return 1;
}

static CK_RV run_text(struct database *db, const char *sql, const char *what)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? CKR_OK : failure(db->sqlite, code, what);
}

/* Read the single number that the query SQL gives. */
static CK_RV ask_number(struct database *db, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		*ret_number = sqlite3_column_int64(s, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return code == SQLITE_OK ? CKR_OK : failure(db->sqlite, code, sql);
}

static bool text_is(sqlite3_stmt *s, int column, const char *expected)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	if (text == NULL || expected == NULL)
		return text == NULL && expected == NULL;
	return (size_t)sqlite3_column_bytes(s, column) == strlen(expected) &&
	       strcmp(text, expected) == 0;
}

/*
 * Check that the file's schema is exactly the expected text, without a trigger, view, generated
 * column or function.
 */
static CK_RV compare_schema(struct database *db, bool *ret_empty)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sqlite,
		"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid", -1, &s, NULL);
	size_t n = 0;
	bool same = true;

	while (code == SQLITE_OK && same && (code = sqlite3_step(s)) == SQLITE_ROW) {
		const struct schema_row *row = n < schema_rows ? &schema[n] : NULL;
		same = row && text_is(s, 0, row->type) && text_is(s, 1, row->name) &&
		       text_is(s, 2, row->table) &&
		       text_is(s, 3, row->sql ? row->sql : row->made_as);
		n++;
		code = SQLITE_OK;
	}
	sqlite3_finalize(s);
	if (code != SQLITE_OK && code != SQLITE_DONE)
		return failure(db->sqlite, code, "reading the schema");
	if (!same || (n != 0 && n != schema_rows)) {
		log_error("token.db: its schema is not that of format %d", DATABASE_FORMAT);
		return CKR_DEVICE_ERROR;
	}
	*ret_empty = n == 0;
	return CKR_OK;
}

/* Check the owner and the format of the file, inside a transaction of reading or writing. */
static CK_RV check_format(struct database *db, bool *ret_empty)
{
	int64_t application = 0, format = 0;
	bool empty = false;

	TRY(ask_number(db, "PRAGMA application_id", &application));
	TRY(ask_number(db, "PRAGMA user_version", &format));
	if (application != (format == 0 ? 0 : SCHEMA_APPLICATION_ID) ||
		(format != 0 && format != DATABASE_FORMAT)) {
		log_error("token.db: format %lld of application %lld, not %d of %d",
			(long long)format, (long long)application, DATABASE_FORMAT,
			SCHEMA_APPLICATION_ID);
		return CKR_DEVICE_ERROR;
	}
	TRY(compare_schema(db, &empty));
	ENSURE(empty == (format == 0), CKR_DEVICE_ERROR);
	*ret_empty = empty;
	return CKR_OK;
}

/* Refuse a file in WAL mode before SQLite reads it, because reading would make files beside it. */
static CK_RV refuse_wal(struct database *db)
{
	sqlite3_file *file = NULL;
	uint8_t header[20] = {0};

	int code = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (code != SQLITE_OK || file == NULL || file->pMethods == NULL)
		return failure(db->sqlite, code, "looking at the file");
	code = file->pMethods->xRead(file, header, sizeof header, 0);
	if (code == SQLITE_IOERR_SHORT_READ)
		return CKR_OK; /* empty */
	if (code != SQLITE_OK)
		return failure(db->sqlite, code, "reading the header");
	ENSURE(header[18] != 2 && header[19] != 2, CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV set_up(struct database *db)
{
	sqlite3 *sqlite = db->sqlite;

	sqlite3_extended_result_codes(sqlite, 1);
	sqlite3_busy_handler(sqlite, wait_for_others, db);
	sqlite3_limit(sqlite, SQLITE_LIMIT_LENGTH, LENGTH_LIMIT);
	sqlite3_limit(sqlite, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	TRY(refuse_wal(db));
	TRY(run_text(db, schema_settings, "setting up"));
	TRY(run_text(db, "BEGIN", "reading"));
	CK_RV rv = check_format(db, &db->empty);
	CK_RV end = run_text(db, "ROLLBACK", "reading");
	return rv != CKR_OK ? rv : end;
}

/*
 * Make the file without a descriptor of it. Closing a descriptor would drop this process's locks
 * on the file.
 */
static CK_RV make_file(int dirfd)
{
	struct stat st;

	if (mknodat(dirfd, DATABASE_FILE, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
		return file_error("making token.db");
	ENSURE(fstatat(dirfd, DATABASE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode),
		CKR_DEVICE_ERROR);
	if (st.st_size == 0 &&
		(st.st_mode & 0777) != 0600) /* the umask has removed permissions of the owner */
		ENSURE(fchmodat(dirfd, DATABASE_FILE, 0600, 0) == 0, CKR_DEVICE_ERROR);
	return CKR_OK;
}

/*
 * Check that SQLite has opened the regular file BEFORE in DIRFD, and not another file that was
 * put there meanwhile.
 */
static CK_RV check_same_file(struct database *db, int dirfd, const struct stat *before)
{
	struct stat after;
	int moved = 1;

	ENSURE(sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
				SQLITE_OK &&
			!moved,
		CKR_DEVICE_ERROR);
	ENSURE(fstatat(dirfd, DATABASE_FILE, &after, AT_SYMLINK_NOFOLLOW) == 0, CKR_DEVICE_ERROR);
	ENSURE(S_ISREG(after.st_mode) && after.st_dev == before->st_dev &&
			after.st_ino == before->st_ino,
		CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV open_file(struct database *db, int dirfd, const char *path, const struct stat *st)
{
	char name[PATH_MAX];
	/* Root may write a read-only file. Treat such a file as read-only. */
	bool read_only =
		(st->st_mode & 0222) == 0 || faccessat(dirfd, DATABASE_FILE, W_OK, AT_EACCESS) != 0;
	int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
		    SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	ENSURE(snprintf(name, sizeof name, "%s/%s", path, DATABASE_FILE) < (int)sizeof name,
		CKR_DEVICE_ERROR);
	int code = sqlite3_open_v2(name, &db->sqlite, flags, "unix");
	if (code != SQLITE_OK) {
		CK_RV rv = failure(db->sqlite, code, "opening");
		return rv == CKR_TOKEN_WRITE_PROTECTED ? CKR_DEVICE_ERROR
						       : rv; /* the file cannot even be read */
	}
	TRY(check_same_file(db, dirfd, st));
	return set_up(db);
}

CK_RV database_open(int dirfd, const char *path, bool create, struct database **ret_db)
{
	struct stat st;

	if (create)
		TRY(make_file(dirfd));
	if (fstatat(dirfd, DATABASE_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		ENSURE(errno == ENOENT, CKR_DEVICE_ERROR);
		*ret_db = NULL;
		return CKR_OK;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error("token.db: not a regular file");
		return CKR_DEVICE_ERROR;
	}
	if (st.st_size == 0 && !create) {
		*ret_db = NULL;
		return CKR_OK;
	}
	struct database *db = calloc(1, sizeof *db);
	ENSURE(db != NULL, CKR_HOST_MEMORY);
	CK_RV rv = open_file(db, dirfd, path, &st);
	if (rv != CKR_OK || (db->empty && !create)) {
		database_close(db);
		db = NULL;
	}
	if (rv == CKR_OK)
		*ret_db = db;
	return rv;
}

void database_close(struct database *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT_OF_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->sqlite);
	free(db);
}

bool database_is_read_only(const struct database *db)
{
	return sqlite3_db_readonly(db->sqlite, "main") != 0;
}

bool database_is_empty(const struct database *db)
{
	return db->empty;
}

CK_RV database_make_schema(struct database *db)
{
	char text[80];

	if (!db->empty)
		return CKR_OK;
	TRY(check_format(db, &db->empty)); /* another process may have made the schema */
	if (!db->empty)
		return CKR_OK;
	snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		SCHEMA_APPLICATION_ID, DATABASE_FORMAT);
	TRY(run_text(db, text, "writing the format"));
	for (size_t i = 0; i < schema_rows; i++)
		if (schema[i].sql)
			TRY(run_text(db, schema[i].sql, "making the schema"));
	db->empty = false;
	db->made = true;
	return CKR_OK;
}

CK_RV database_begin(struct database *db, bool *ret_busy)
{
	struct statement *begin = NULL;

	/* SQLite would begin a transaction as a reader. */
	ENSURE(!database_is_read_only(db), CKR_TOKEN_WRITE_PROTECTED);
	TRY(database_statement(db, SQL_BEGIN, &begin));
	db->impatient = true;
	int code = sqlite3_step((sqlite3_stmt *)begin);
	db->impatient = false;
	statement_done(&begin);
	if (code != SQLITE_DONE && (code & 0xff) != SQLITE_BUSY)
		return failure(db->sqlite, code, "beginning a change");
	*ret_busy = code != SQLITE_DONE;
	return CKR_OK;
}

CK_RV database_commit(struct database *db, int dirfd)
{
	CK_RV rv = database_run(db, SQL_COMMIT);

	/*
	 * The journal is removed, so every process sees the change. To report a failure would be
	 * wrong. Sync once more.
	 */
	if (rv != CKR_OK && sqlite3_extended_errcode(db->sqlite) == SQLITE_IOERR_DIR_FSYNC) {
		if (fsync(dirfd) == 0)
			rv = CKR_OK;
		else
			log_error("token.db: a change that is reported as failed has been made, "
				  "and may be undone by a "
				  "power cut");
	}
	if (rv != CKR_OK)
		database_rollback(db);
	db->made = false;
	return rv;
}

/* Forget a schema that was made in a transaction that is undone. */
static void forget_made(struct database *db)
{
	db->empty = db->empty || db->made;
	db->made = false;
}

void database_rollback(struct database *db)
{
	if (database_in_transaction(db) && database_run(db, SQL_ROLLBACK) != CKR_OK)
		log_error("token.db: a change could not be undone; the next opening will undo it");
	forget_made(db);
}

void database_undo(struct database *db)
{
	forget_made(db);
	if (database_run(db, SQL_ROLLBACK_TO) != CKR_OK || database_run(db, SQL_RELEASE) != CKR_OK)
		database_rollback(db);
}

bool database_in_transaction(const struct database *db)
{
	return sqlite3_get_autocommit(db->sqlite) == 0;
}

CK_RV database_statement(struct database *db, enum sql which, struct statement **ret_statement)
{
	sqlite3_stmt **kept = &db->statements[which];

	if (*kept == NULL) {
		char text[SCHEMA_STATEMENT_MAX];
		schema_statement(which, text);
		int code = sqlite3_prepare_v3(db->sqlite, text, -1,
			SQLITE_PREPARE_PERSISTENT | SQLITE_PREPARE_NO_VTAB, kept, NULL);
		if (code != SQLITE_OK)
			return failure(db->sqlite, code, "preparing a statement");
	}
	*ret_statement = (struct statement *)*kept;
	return CKR_OK;
}

void statement_done(struct statement **statement)
{
	sqlite3_stmt *s = (sqlite3_stmt *)*statement;

	if (s == NULL)
		return;
	sqlite3_reset(s); /* the step has reported the failure */
	sqlite3_clear_bindings(s);
	*statement = NULL;
}

static CK_RV bound(struct statement *statement, int code)
{
	return code == SQLITE_OK
		       ? CKR_OK
		       : failure(sqlite3_db_handle((sqlite3_stmt *)statement), code, "binding");
}

CK_RV statement_bind_number(struct statement *statement, int i, int64_t value)
{
	return bound(statement, sqlite3_bind_int64((sqlite3_stmt *)statement, i, value));
}

CK_RV statement_bind_bytes(struct statement *statement, int i, struct bytes value)
{
	sqlite3_stmt *s = (sqlite3_stmt *)statement;

	if (value.p == NULL)
		return bound(statement, sqlite3_bind_null(s, i));
	return bound(statement, sqlite3_bind_blob64(s, i, value.p, value.n, SQLITE_STATIC));
}

CK_RV statement_step(struct statement *statement, bool *ret_found)
{
	sqlite3_stmt *s = (sqlite3_stmt *)statement;
	int code = sqlite3_step(s);

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return failure(sqlite3_db_handle(s), code, "running a statement");
	*ret_found = code == SQLITE_ROW;
	return CKR_OK;
}

CK_RV database_run(struct database *db, enum sql which)
{
	STATEMENT *s = NULL;
	bool row;

	TRY(database_statement(db, which, &s));
	return statement_step(s, &row);
}

bool statement_is_null(struct statement *statement, int i)
{
	return sqlite3_column_type((sqlite3_stmt *)statement, i) == SQLITE_NULL;
}

CK_RV statement_number(
	struct statement *statement, int i, int64_t low, int64_t high, int64_t *ret_value)
{
	sqlite3_stmt *s = (sqlite3_stmt *)statement;

	ENSURE(sqlite3_column_type(s, i) == SQLITE_INTEGER, CKR_DEVICE_ERROR);
	int64_t value = sqlite3_column_int64(s, i);
	ENSURE(value >= low && value <= high, CKR_DEVICE_ERROR);
	*ret_value = value;
	return CKR_OK;
}

CK_RV statement_bytes(struct statement *statement, int i, size_t max, struct bytes *ret_value)
{
	sqlite3_stmt *s = (sqlite3_stmt *)statement;
	int type = sqlite3_column_type(s, i);

	if (type == SQLITE_NULL) {
		*ret_value = (struct bytes){0};
		return CKR_OK;
	}
	ENSURE(type == SQLITE_BLOB, CKR_DEVICE_ERROR);
	size_t n = (size_t)sqlite3_column_bytes(s, i);
	ENSURE(n <= max, CKR_DEVICE_ERROR);
	const void *p = sqlite3_column_blob(s, i);
	ENSURE(p != NULL || n == 0, CKR_HOST_MEMORY);
	*ret_value = bytes_of(p ? p : "", n);
	return CKR_OK;
}

int database_changes(const struct database *db)
{
	return sqlite3_changes(db->sqlite);
}
