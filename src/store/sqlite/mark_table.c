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

static CK_RV step_near(struct statement *s, struct mark_near *ret)
{
	struct bytes stream, mark;
	bool found;

	ret->n = 0;
	TRY(statement_step(s, &found));
	if (!found)
		return CKR_OK;
	TRY(statement_number(s, 0, 1, STORE_ID_MAX, &ret->master));
	TRY(statement_bytes(s, 1, MARK_STREAM_LEN, &stream));
	TRY(statement_bytes(s, 2, MARK_MAX, &mark));
	ENSURE(stream.n == MARK_STREAM_LEN && mark.n > 0, CKR_DEVICE_ERROR);
	memcpy(ret->stream, stream.p, stream.n);
	memcpy(ret->mark, mark.p, mark.n);
	ret->n = mark.n;
	return CKR_OK;
}

/* Run the query WHICH with a place. The caller resets RET with statement_done. */
static CK_RV ask_near(struct database *db, enum sql which, int64_t master,
	const uint8_t stream[MARK_STREAM_LEN], struct statement **ret)
{
	TRY(database_statement(db, which, ret));
	TRY(statement_bind_number(*ret, 1, master));
	return statement_bind_bytes(*ret, 2, bytes_of(stream, MARK_STREAM_LEN));
}

/*
 * Read the mark of BEFORE again, and the next mark of the same master. The next row is found by a
 * step and not by a search. A search passes by a damaged row without columns, and a step does not.
 */
static CK_RV step_from(
	struct database *db, const struct mark_near *before, struct mark_near *ret_after)
{
	STATEMENT *s = NULL;
	struct mark_near again;

	TRY(ask_near(db, SQL_WINDOW_FROM, before->master, before->stream, &s));
	TRY(step_near(s, &again));
	ENSURE(again.n > 0 && memcmp(again.stream, before->stream, MARK_STREAM_LEN) == 0,
		CKR_DEVICE_ERROR);
	return step_near(s, ret_after);
}

CK_RV sqlite_mark_near(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct mark_near *ret_before, struct mark_near *ret_after)
{
	struct database *db = sqlite_of(store)->db;
	STATEMENT *before = NULL, *after = NULL;

	TRY(ask_near(db, SQL_WINDOW_BEFORE, master, stream, &before));
	TRY(step_near(before, ret_before));
	ENSURE(ret_before->n > 0 && ret_before->master == master, CKR_DEVICE_ERROR);
	TRY(step_from(db, ret_before, ret_after));
	if (ret_after->n > 0)
		return CKR_OK;
	TRY(ask_near(db, SQL_WINDOW_AFTER, master, stream, &after));
	return step_near(after, ret_after);
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
