/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h: all SQL text, which is the schemas of STORAGE.md and the statements. */
#ifndef KEYDIV_STORE_SCHEMA_H
#define KEYDIV_STORE_SCHEMA_H

#include <stddef.h>

#include <stdint.h>

#include "store/columns.h"

/*
 * One entry of sqlite_schema, in the order of creation. SQL is the statement that creates the
 * entry. SQLite makes one table itself: SQL is then NULL, and MADE_AS is the text in sqlite_schema.
 */
struct schema_entry {
	const char *type, *name, *table, *sql, *made_as;
};

/* One kind of database: the name of its file, and the format that the file must have. */
struct schema {
	const char *file;
	const char *journal; /* the name of the rollback journal */
	int32_t application; /* PRAGMA application_id */
	int32_t format;      /* PRAGMA user_version */
	const struct schema_entry *entries;
	size_t n;
};

extern const struct schema schema_token;   /* token.db */
extern const struct schema schema_windows; /* windows.db: the marks of replay windows */

/* Settings of every connection, before anything is read. */
extern const char *const schema_settings;

#define SCHEMA_STATEMENT_MAX 400

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
	SQL_WINDOW_GET,
	SQL_WINDOW_BEFORE,
	SQL_WINDOW_FROM,
	SQL_WINDOW_AFTER,
	SQL_WINDOW_PUT,
	SQL_WINDOW_REMOVE,
	SQL_WINDOW_REMOVE_SOME,
	SQL_WINDOW_NEXT_MASTER,
	SQL_BEGIN,
	SQL_BEGIN_READ,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_RELEASE,
	SQL_ROLLBACK_TO,
	SQL_COUNT_OF_STATEMENTS,
};

/* Write the text of statement WHICH to OUT. */
void schema_statement(enum sql which, char out[SCHEMA_STATEMENT_MAX]);

#endif
