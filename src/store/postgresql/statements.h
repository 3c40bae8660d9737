/* SPDX-License-Identifier: Apache-2.0 */
/* statements.h: all statements of the store. schema_1.sql and the files after it have the tables. */
#ifndef KEYDIV_STORE_POSTGRESQL_STATEMENTS_H
#define KEYDIV_STORE_POSTGRESQL_STATEMENTS_H

#include "store/columns.h"

#define SCHEMA_VERSION 2 /* of the tables that the statements are for */

/* The statements. Their texts, with the numbers of parameters and columns, are in statements.c. */
enum sql {
	SQL_FIND, /* and the FIND_KINDS - 1 that follow */
	SQL_BEGIN = SQL_FIND + FIND_KINDS,
	SQL_BEGIN_READ,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_RELEASE,
	SQL_ROLLBACK_TO,
	SQL_SLOT_MAKE,
	SQL_SLOT_LOCK,
	SQL_SLOT_CHANGES,
	SQL_SLOT_CHANGED,
	SQL_SLOT_NOTIFY,
	SQL_HIGHEST_ID,
	SQL_TOKEN_GET,
	SQL_TOKEN_PUT,
	SQL_CLEAR_OBJECTS,
	SQL_CLEAR_TOKEN,
	SQL_READ,
	SQL_TAGS,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_REMOVE,
	SQL_CHANGE_PRUNE,
	SQL_CHANGE_FORGET,
	SQL_CHANGE_INSERT,
	SQL_CHANGE_SETTLE,
	SQL_HOST_PRUNE,
	SQL_HOST_MAKE,
	SQL_HOST_RENEW,
	SQL_HOST_REMOVE,
	SQL_HOST_WAITING,
	SQL_TRIES_MAKE,
	SQL_TRIES_GET,
	SQL_TRIES_PUT,
	SQL_PIN_PATIENCE,
	SQL_PIN_MAKE,
	SQL_PIN_SHARE,
	SQL_PIN_ALONE,
	SQL_MARK_FETCH,
	SQL_MARK_GET,
	SQL_MARK_HEAD,
	SQL_MARK_NEAR,
	SQL_MARK_INSERT,
	SQL_MARK_UPSERT,
	SQL_MARK_DELETE,
	SQL_MARK_LOCK_HEAD,
	SQL_MARK_REMOVE_SOME,
	SQL_MARK_NEXT_MASTER,
	SQL_COUNT_OF_STATEMENTS,
};

/* Return the text of statement WHICH. */
const char *sql_text(enum sql which);

#endif
