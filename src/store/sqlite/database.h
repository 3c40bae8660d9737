/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.h: the interface to SQLite. One connection opens one database of a token with checks,
 * and keeps statements prepared.
 *
 * The file is hostile input. A file that differs from the format, down to the text of the
 * schema, is not opened. A column of a type or length other than expected gives
 * CKR_DEVICE_ERROR. Nothing here locks, so one thread at a time uses a connection. Errors as
 * store.h, and the reason is logged.
 */
#ifndef KEYDIV_STORE_DATABASE_H
#define KEYDIV_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <time.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/sqlite/schema.h"

#define DATABASE_WAIT_SECONDS 60 /* for another process */

struct statement;

/* One connection. Only database.c and database_open.c use the members. */
struct database {
	const struct schema *schema;
	sqlite3 *sqlite;
	sqlite3_stmt
		*statements[SQL_COUNT_OF_STATEMENTS]; /* prepared when first needed, then kept */
	bool empty;                                   /* there is no schema yet */
	bool made;                                    /* the schema was made in this transaction */
	bool broken;                                  /* to be closed, see database_is_broken */
	bool impatient;                               /* do not wait for other processes now */
	struct timespec waiting_since;
};

/* Return the CKR_ code of SQLite's error CODE in the action WHAT, and log the error. */
CK_RV database_failure(sqlite3 *sqlite, int code, const char *what);
/* Run the statements of SQL, which give no results. */
MUST_USE CK_RV database_run_text(struct database *db, const char *sql, const char *what);

/*
 * Open the file of SCHEMA in the directory DIRFD, which is at PATH, read-only if the file is. With
 * CREATE, make the file if it is missing. If there is no file, or a file without a schema and no
 * CREATE, RET_DB is NULL, and the result is CKR_OK.
 */
MUST_USE CK_RV database_open(int dirfd, const char *path, const struct schema *schema, bool create,
	struct database **ret_db);
void database_close(struct database *db);

/* Return true if the database was opened read-only. Changes then give CKR_TOKEN_WRITE_PROTECTED. */
bool database_is_read_only(const struct database *db);
/*
 * Return true if DB, in the directory DIRFD, was opened read-only and its file may be written now.
 * The caller closes DB and opens it again.
 */
bool database_became_writable(const struct database *db, int dirfd);
/*
 * Return true if an error has left DB with locks that it should not have, after a commit or after a
 * rollback that failed. The caller closes DB, which undoes an open change and releases them.
 */
bool database_is_broken(const struct database *db);
/* Return true if there is no schema yet, which is possible only after database_open with CREATE. */
bool database_is_empty(const struct database *db);
/* Make the schema inside a transaction, unless another process has made it. */
MUST_USE CK_RV database_make_schema(struct database *db);

/*
 * Run BEGIN IMMEDIATE. If another process writes, set RET_BUSY and return CKR_OK without waiting.
 * No transaction has then begun.
 */
MUST_USE CK_RV database_begin(struct database *db, bool *ret_busy);
/*
 * Run COMMIT. If COMMIT fails, undo everything since database_begin, except as store.h says about
 * the last sync. DIRFD is the directory of the file.
 */
MUST_USE CK_RV database_commit(struct database *db, int dirfd);
/* Undo everything since database_begin. No transaction is open afterwards. */
void database_rollback(struct database *db);
/* Undo everything since SQL_SAVEPOINT. If that fails, undo everything since database_begin. */
void database_undo(struct database *db);
/*
 * Read how many changes the file has seen, without a lock: SQLite counts them in the header of the
 * file. CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV database_change_count(struct database *db, uint32_t *ret_count);
/* Return true if a transaction is open. Some errors end a transaction. */
bool database_in_transaction(const struct database *db);

/*
 * Get a statement that is ready for binding. Declare it `STATEMENT *s = NULL;`, so that it is reset
 * when it leaves scope.
 */
#define STATEMENT __attribute__((cleanup(statement_done))) struct statement
MUST_USE CK_RV database_statement(
	struct database *db, enum sql which, struct statement **ret_statement);
void statement_done(struct statement **statement);

/*
 * Bind parameter I (from 1). Bytes must stay valid until the statement is done. Absent
 * bytes are NULL.
 */
MUST_USE CK_RV statement_bind_number(struct statement *statement, int i, int64_t value);
MUST_USE CK_RV statement_bind_bytes(struct statement *statement, int i, struct bytes value);

/* Step to the next result. */
MUST_USE CK_RV statement_step(struct statement *statement, bool *ret_found);
/* Prepare and run a statement that gives no results. */
MUST_USE CK_RV database_run(struct database *db, enum sql which);

/*
 * Read column I (from 0) of the result, which is a number from LOW to HIGH, or a blob of at most
 * MAX bytes or NULL. A blob is valid until the next step.
 */
MUST_USE CK_RV statement_number(
	struct statement *statement, int i, int64_t low, int64_t high, int64_t *ret_value);
bool statement_is_null(struct statement *statement, int i);
MUST_USE CK_RV statement_bytes(
	struct statement *statement, int i, size_t max, struct bytes *ret_value);

/* Return how many records the last INSERT, UPDATE or DELETE changed. */
int database_changes(const struct database *db);

#endif
