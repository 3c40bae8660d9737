/* SPDX-License-Identifier: Apache-2.0 */
/* mark_table.c: the table `mark` of windows.db. */
#include <limits.h>

#include "store/sqlite/sqlite_store.h"

CK_RV sqlite_mark_get(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n)
{
	struct database *db = NULL;
	STATEMENT *s = NULL;
	struct bytes mark;
	bool found;

	TRY(sqlite_need_database(store, &db));
	ENSURE(db != NULL, CKR_TOKEN_NOT_RECOGNIZED);
	TRY(database_statement(db, SQL_WINDOW_GET, &s));
	TRY(statement_bind_number(s, 1, master));
	TRY(statement_bind_bytes(s, 2, bytes_of(stream, MARK_STREAM_LEN)));
	TRY(statement_step(s, &found));
	if (!found) {
		*ret_n = 0;
		return CKR_OK;
	}
	TRY(statement_bytes(s, 0, MARK_MAX, &mark));
	ENSURE(mark.n > 0, CKR_DEVICE_ERROR);
	memcpy(ret_mark, mark.p, mark.n);
	*ret_n = mark.n;
	return CKR_OK;
}

CK_RV sqlite_mark_put(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct bytes mark)
{
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(sqlite_of(store)->db, SQL_WINDOW_PUT, &s));
	TRY(statement_bind_number(s, 1, master));
	TRY(statement_bind_bytes(s, 2, bytes_of(stream, MARK_STREAM_LEN)));
	TRY(statement_bind_bytes(s, 3, mark));
	return statement_step(s, &unused);
}

CK_RV sqlite_mark_remove(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(sqlite_of(store)->db, SQL_WINDOW_REMOVE, &s));
	TRY(statement_bind_number(s, 1, master));
	TRY(statement_bind_bytes(s, 2, bytes_of(stream, MARK_STREAM_LEN)));
	return statement_step(s, &unused);
}

CK_RV sqlite_marks_remove(struct store *store, int64_t master, size_t max, size_t *ret_n)
{
	struct database *db = sqlite_of(store)->db;
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(db, SQL_WINDOW_REMOVE_SOME, &s));
	TRY(statement_bind_number(s, 1, master));
	TRY(statement_bind_number(s, 2, max < INT_MAX ? (int64_t)max : INT_MAX));
	TRY(statement_step(s, &unused));
	*ret_n = (size_t)database_changes(db);
	return CKR_OK;
}

CK_RV sqlite_marks_next(struct store *store, int64_t after, int64_t *ret_master)
{
	struct database *db = NULL;
	STATEMENT *s = NULL;
	bool found;

	TRY(sqlite_need_database(store, &db));
	if (db == NULL) {
		*ret_master = 0;
		return CKR_OK;
	}
	TRY(database_statement(db, SQL_WINDOW_NEXT_MASTER, &s));
	TRY(statement_bind_number(s, 1, after));
	TRY(statement_step(s, &found));
	if (!found || statement_is_null(s, 0)) {
		*ret_master = 0;
		return CKR_OK;
	}
	return statement_number(s, 0, 1, STORE_ID_MAX, ret_master);
}
