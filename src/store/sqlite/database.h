/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.h: the door to SQLite: one connection to one token.db, opened with care, and
 * statements kept prepared.
 *
 * The file is hostile input: what is not exactly our format, down to the text of the schema, is not
 * opened, and a column of another type or length than asked for is CKR_DEVICE_ERROR. Nothing here
 * locks: a connection is used by one thread at a time. Errors as store.h; the reason is logged.
 */
#ifndef KEYDIV_STORE_DATABASE_H
#define KEYDIV_STORE_DATABASE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

#define DATABASE_FILE "token.db"
#define DATABASE_FORMAT 2
#define DATABASE_WAIT_SECONDS 60 /* for another process */

struct database;
struct statement;

/* What a query by column may ask for: bits of the number of a find statement. */
enum find {
	FIND_LABEL = 1,
	FIND_OBJECT_ID = 2,
	FIND_CLASS = 4,
	FIND_PUBLIC = 8,
	FIND_KINDS = 16,
};

/* The statements. Their texts, with the numbers of parameters and columns, are in schema.c. */
enum sql {
	SQL_FIND, /* and the FIND_KINDS - 1 that follow */
	SQL_READ = SQL_FIND + FIND_KINDS,
	SQL_TAGS,
	SQL_SEQUENCE,
	SQL_HIGHEST_ID,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_REMOVE,
	SQL_TOKEN_GET,
	SQL_TOKEN_PUT,
	SQL_CLEAR_OBJECTS,
	SQL_CLEAR_TOKEN,
	SQL_BEGIN,
	SQL_BEGIN_READ,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_RELEASE,
	SQL_ROLLBACK_TO,
	SQL_COUNT_OF_STATEMENTS,
};

/*
 * Open token.db in the directory DIRFD, which is at PATH; read-only if the file is. CREATE: make
 * the file if it is missing. RET_DB is NULL, and that no error, if there is no file, or one without
 * a schema and not CREATE: an uninitialised token.
 */
MUST_USE CK_RV database_open(int dirfd, const char *path, bool create, struct database **ret_db);
void database_close(struct database *db);

/* Whether it was opened read-only: changes are CKR_TOKEN_WRITE_PROTECTED. */
bool database_is_read_only(const struct database *db);
/* Return true if there is no schema yet: only after database_open with CREATE. */
bool database_is_empty(const struct database *db);
/* Inside a transaction: make the schema, unless another process has made it. */
MUST_USE CK_RV database_make_schema(struct database *db);

/*
 * BEGIN IMMEDIATE. RET_BUSY: another process writes; not waited for, CKR_OK is returned and
 * nothing has begun.
 */
MUST_USE CK_RV database_begin(struct database *db, bool *ret_busy);
/*
 * COMMIT; if that fails everything since database_begin is undone, save for what store.h says of
 * the last sync. DIRFD: the directory of token.db.
 */
MUST_USE CK_RV database_commit(struct database *db, int dirfd);
/* Undo everything since database_begin; no transaction is open afterwards. */
void database_rollback(struct database *db);
/* Undo everything since SQL_SAVEPOINT. If that fails, undo everything since database_begin. */
void database_undo(struct database *db);
/* Whether a transaction is open: some errors end it. */
bool database_in_transaction(const struct database *db);

/*
 * A statement ready to be bound. Declare it `STATEMENT *s = NULL;`: it is reset when
 * it leaves scope.
 */
#define STATEMENT __attribute__((cleanup(statement_done))) struct statement
MUST_USE CK_RV database_statement(
	struct database *db, enum sql which, struct statement **ret_statement);
void statement_done(struct statement **statement);

/* Bind parameter I (from 1). Bytes must stay until the statement is done; absent ones are NULL. */
MUST_USE CK_RV statement_bind_number(struct statement *statement, int i, int64_t value);
MUST_USE CK_RV statement_bind_bytes(struct statement *statement, int i, struct bytes value);

/* The next row. */
MUST_USE CK_RV statement_step(struct statement *statement, bool *ret_found);
/* A statement without rows: prepare, step. */
MUST_USE CK_RV database_run(struct database *db, enum sql which);

/*
 * Column I (from 0) of the row: a number from LOW to HIGH; or a blob of at most MAX bytes or NULL,
 * valid until the next step.
 */
MUST_USE CK_RV statement_number(
	struct statement *statement, int i, int64_t low, int64_t high, int64_t *ret_value);
bool statement_is_null(struct statement *statement, int i);
MUST_USE CK_RV statement_bytes(
	struct statement *statement, int i, size_t max, struct bytes *ret_value);

/* How many rows the last INSERT, UPDATE or DELETE changed. */
int database_changes(const struct database *db);

#endif
