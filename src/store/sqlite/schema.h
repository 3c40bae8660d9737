/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h: the text of everything that is said to SQLite: the schema of STORAGE.md
 * and the statements.
 */
#ifndef KEYDIV_STORE_SCHEMA_H
#define KEYDIV_STORE_SCHEMA_H

#include <stddef.h>

#include "store/sqlite/database.h"

#define SCHEMA_APPLICATION_ID 0x6b646976 /* "kdiv" */

/*
 * One row of sqlite_schema, in the order in which they are made. SQL is what makes it, NULL for
 * what SQLite makes itself.
 */
struct schema_row {
	const char *type, *name, *table, *sql, *made_as;
};

extern const struct schema_row schema[];
extern const size_t schema_rows;

/* Settings of every connection, before anything is read. */
extern const char *const schema_settings;

#define SCHEMA_STATEMENT_MAX 400

/* The text of statement WHICH to OUT. */
void schema_statement(enum sql which, char out[SCHEMA_STATEMENT_MAX]);

#endif
