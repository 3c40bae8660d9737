/* SPDX-License-Identifier: Apache-2.0 */
/* database.c: transactions and statements of one SQLite connection, see database.h. */
#include "store/sqlite/database.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/vfs.h"

#define CHANGE_COUNT_AT 24 /* in the header of a SQLite file */

/* Return the name of the file of SQLITE without its directory. */
static const char *file_of(sqlite3 *sqlite)
{
	const char *path = sqlite != NULL ? sqlite3_db_filename(sqlite, "main") : NULL;
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? slash + 1 : "database";
}

/* Only fixed texts and numbers are logged: a message of SQLite might quote the file. */
CK_RV database_failure(sqlite3 *sqlite, int code, const char *what)
{
	bool system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
	int error = vfs_first_error();

	if (error == 0 && sqlite != NULL)
		error = sqlite3_system_errno(sqlite);
	vfs_forget_error();
	log_error("%s: %s: %s (%d, errno %d)", file_of(sqlite), what, sqlite3_errstr(code), code,
		system ? error : 0);
	if (code == SQLITE_IOERR_NOMEM || (code & 0xff) == SQLITE_NOMEM)
		return CKR_HOST_MEMORY;
	if ((code & 0xff) == SQLITE_FULL ||
		(system && (error == ENOSPC || error == EDQUOT || error == EFBIG)))
		return CKR_DEVICE_MEMORY;
	if (code == SQLITE_READONLY || code == SQLITE_READONLY_DIRECTORY)
		return CKR_TOKEN_WRITE_PROTECTED;
	if ((code & 0xff) == SQLITE_CANTOPEN && (error == EROFS || error == EACCES))
		return CKR_TOKEN_WRITE_PROTECTED;
	return CKR_DEVICE_ERROR;
}

CK_RV database_run_text(struct database *db, const char *sql, const char *what)
{
	vfs_forget_error();
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? CKR_OK : database_failure(db->sqlite, code, what);
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

bool database_is_broken(const struct database *db)
{
	return db->broken;
}

bool database_is_empty(const struct database *db)
{
	return db->empty;
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
		return database_failure(db->sqlite, code, "beginning a change");
	*ret_busy = code != SQLITE_DONE;
	return CKR_OK;
}

/*
 * COMMIT has failed with CODE. Some errors come after the journal is gone. Then the change is made,
 * everybody sees it, and to call it failed would be wrong. RET_DURABLE is false if a power cut may
 * still undo the change.
 */
static bool is_committed(int code, int dirfd, bool *ret_durable)
{
	*ret_durable = true;
	switch (code) {
	case SQLITE_IOERR_DIR_FSYNC: /* the removal of the journal was not synced */
		*ret_durable = fsync(dirfd) == 0;
		return true;
	case SQLITE_IOERR_UNLOCK: /* the locks were not released */
	case SQLITE_IOERR_RDLOCK:
		return true;
	default:
		return false;
	}
}

CK_RV database_commit(struct database *db, int dirfd)
{
	bool durable = false;
	CK_RV rv = database_run(db, SQL_COMMIT);

	if (rv != CKR_OK && is_committed(sqlite3_extended_errcode(db->sqlite), dirfd, &durable)) {
		db->broken = true;
		db->made = false;
		if (durable)
			return CKR_OK;
		log_error("%s: a change that is reported as failed has been made, and may be "
			  "undone by a power cut",
			db->schema->file);
		/* Not CKR_DEVICE_MEMORY, after which a caller frees room and tries again. */
		return CKR_DEVICE_ERROR;
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
	if (database_in_transaction(db) && database_run(db, SQL_ROLLBACK) != CKR_OK) {
		log_error("%s: a change could not be undone; the next opening will undo it",
			db->schema->file);
		db->broken = true;
	}
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
	/* A change that could not be undone must not be committed with other changes. */
	return !db->broken && sqlite3_get_autocommit(db->sqlite) == 0;
}

CK_RV database_change_count(struct database *db, uint32_t *ret_count)
{
	sqlite3_file *file = NULL;
	uint8_t count[4];

	int code = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (code == SQLITE_OK)
		code = file->pMethods->xRead(file, count, sizeof count, CHANGE_COUNT_AT);
	if (code != SQLITE_OK)
		return database_failure(db->sqlite, code, "reading the count of changes");
	*ret_count = get_be32(count);
	return CKR_OK;
}

CK_RV database_statement(struct database *db, enum sql which, struct statement **ret_statement)
{
	sqlite3_stmt **kept = &db->statements[which];

	vfs_forget_error();
	if (*kept == NULL) {
		char text[SCHEMA_STATEMENT_MAX];
		schema_statement(which, text);
		int code = sqlite3_prepare_v3(db->sqlite, text, -1,
			SQLITE_PREPARE_PERSISTENT | SQLITE_PREPARE_NO_VTAB, kept, NULL);
		if (code != SQLITE_OK)
			return database_failure(db->sqlite, code, "preparing a statement");
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
	return code == SQLITE_OK ? CKR_OK
				 : database_failure(sqlite3_db_handle((sqlite3_stmt *)statement),
					   code, "binding");
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
		return database_failure(sqlite3_db_handle(s), code, "running a statement");
	*ret_found = code == SQLITE_ROW;
	return CKR_OK;
}

CK_RV database_run(struct database *db, enum sql which)
{
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(db, which, &s));
	return statement_step(s, &unused);
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
