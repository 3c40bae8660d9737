/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c: objects as rows of the database: read, found, counted, changed; each with its checksum.
 */
#include <limits.h>
#include <stdlib.h>

#include "key/digest.h"
#include "state/client_file.h"
#include "store/sqlite/store_internal.h"

#define ABSENT UINT64_MAX /* the length written for an absent field in what is hashed */

/* Columns, in the order of every statement's text (schema.c). */
enum {
	COL_ID,
	COL_CLASS,
	COL_PRIVATE,
	COL_LABEL,
	COL_OBJECT_ID,
	COL_ATTRIBUTES,
	COL_SEALED,
	COL_CHECKSUM
};

#define FIELDS 4
#define FIXED_LEN (8 + 8 + 8 + 1) /* format, id, class, private */

static struct bytes *field(struct store_row *row, unsigned i)
{
	struct bytes *fields[FIELDS] = {
		&row->label, &row->object_id, &row->attributes, &row->sealed};
	return fields[i];
}

/*
 * Write ROW to one new buffer, in a form in which no two rows are alike, point the row's fields
 * into it, and hash it. The buffer becomes row->owned.
 */
static CK_RV own_and_hash(struct store_row *row, uint8_t ret_checksum[DIGEST_MAX])
{
	size_t n = FIXED_LEN;

	for (unsigned i = 0; i < FIELDS; i++)
		n += 8 + field(row, i)->n;
	uint8_t *p = malloc(n);
	ENSURE(p != NULL, CKR_HOST_MEMORY);
	put_be64(p, DATABASE_FORMAT);
	put_be64(p + 8, (uint64_t)row->id);
	put_be64(p + 16, row->object_class);
	p[24] = row->is_private;
	size_t at = FIXED_LEN;
	for (unsigned i = 0; i < FIELDS; i++) {
		struct bytes *f = field(row, i);
		put_be64(p + at, f->p ? f->n : ABSENT);
		at += 8;
		if (f->p == NULL)
			continue;
		if (f->n)
			memcpy(p + at, f->p, f->n);
		f->p = p + at;
		at += f->n;
	}
	CK_RV rv = digest_once(DIGEST_SHA256, p, at, ret_checksum);
	if (rv != CKR_OK) {
		free(p);
		return rv;
	}
	row->owned = p;
	return CKR_OK;
}

void store_row_free(struct store_row *row)
{
	free(row->owned);
	*row = (struct store_row){0};
}

#define ROW __attribute__((cleanup(store_row_free))) struct store_row

/* The row that S stands on, its checksum compared. */
static CK_RV take_row(struct statement *s, struct store_row *ret_row)
{
	struct store_row row = {0};
	struct bytes checksum;
	uint8_t expected[DIGEST_MAX];
	int64_t class, is_private;

	TRY(statement_number(s, COL_ID, 1, STORE_ID_MAX, &row.id));
	TRY(statement_number(s, COL_CLASS, INT64_MIN, INT64_MAX, &class));
	TRY(statement_number(s, COL_PRIVATE, 0, 1, &is_private));
	for (unsigned i = 0; i < FIELDS; i++)
		TRY(statement_bytes(s, COL_LABEL + (int)i, STORE_FIELD_MAX, field(&row, i)));
	TRY(statement_bytes(s, COL_CHECKSUM, CHECKSUM_LEN, &checksum));
	row.object_class = (CK_OBJECT_CLASS) class;
	row.is_private = is_private != 0;
	TRY(own_and_hash(&row, expected));
	if (!bytes_equal(checksum, bytes_of(expected, CHECKSUM_LEN))) {
		free(row.owned);
		return FAIL(CKR_DEVICE_ERROR, "the record's checksum is wrong");
	}
	*ret_row = row;
	return CKR_OK;
}

/* With the lock held: the row ID. */
static CK_RV read_row(struct database *db, int64_t id, struct store_row *ret_row)
{
	STATEMENT *s = NULL;
	ROW row = {0};
	bool found;

	TRY(database_statement(db, SQL_READ, &s));
	TRY(statement_bind_number(s, 1, id));
	TRY(statement_step(s, &found));
	ENSURE(found, CKR_OBJECT_HANDLE_INVALID);
	TRY(take_row(s, &row));
	ENSURE(row.id == id, CKR_DEVICE_ERROR);
	*ret_row = row;
	row.owned = NULL;
	return CKR_OK;
}

CK_RV store_read(struct store *store, int64_t id, struct store_row *ret_row)
{
	HOLD(&store->lock);
	TRY(store_need_database(store, false));
	ENSURE(store->db != NULL, CKR_OBJECT_HANDLE_INVALID);
	return read_row(store->db, id, ret_row);
}

static CK_RV bind_query(struct statement *s, const struct store_query *query, size_t max)
{
	TRY(statement_bind_number(s, 1, query->after));
	TRY(statement_bind_number(s, 2, max < INT_MAX ? (int64_t)max : INT_MAX));
	if (query->label.p)
		TRY(statement_bind_bytes(s, 3, query->label));
	if (query->object_id.p)
		TRY(statement_bind_bytes(s, 4, query->object_id));
	if (query->by_class)
		TRY(statement_bind_number(s, 5, (int64_t)query->object_class));
	return CKR_OK;
}

/* What an index says is not believed: a damaged one must not give a row that does not match. */
static bool row_matches(const struct store_query *query, const struct store_row *row)
{
	return row->id > query->after &&
	       (!query->by_class || row->object_class == query->object_class) &&
	       (!query->public_only || !row->is_private) &&
	       (query->label.p == NULL ||
		       (row->label.p && bytes_equal(row->label, query->label))) &&
	       (query->object_id.p == NULL ||
		       (row->object_id.p && bytes_equal(row->object_id, query->object_id)));
}

/* The matching rows, or (RET_ROWS NULL) their ids. */
static CK_RV find(struct store *store, const struct store_query *query, struct store_row *ret_rows,
	int64_t *ret_ids, size_t max, size_t *ret_n)
{
	STATEMENT *s = NULL;
	unsigned kind = (query->label.p ? FIND_LABEL : 0) |
			(query->object_id.p ? FIND_OBJECT_ID : 0) |
			(query->by_class ? FIND_CLASS : 0) | (query->public_only ? FIND_PUBLIC : 0);
	struct store_query rest = *query;
	bool found = true;

	*ret_n = 0;
	TRY(database_statement(store->db, (enum sql)(SQL_FIND + kind), &s));
	TRY(bind_query(s, query, max));
	while (*ret_n < max) {
		ROW row = {0};
		TRY(statement_step(s, &found));
		if (!found)
			break;
		TRY(take_row(s, &row));
		ENSURE(row_matches(&rest, &row), CKR_DEVICE_ERROR);
		rest.after = row.id;
		if (ret_rows) {
			ret_rows[*ret_n] = row;
			row.owned = NULL;
		} else {
			ret_ids[*ret_n] = row.id;
		}
		(*ret_n)++;
	}
	return CKR_OK;
}

CK_RV store_find(struct store *store, const struct store_query *query, int64_t *ret_ids, size_t max,
	size_t *ret_n)
{
	size_t n = 0;

	HOLD(&store->lock);
	TRY(store_need_database(store, false));
	if (store->db)
		TRY(find(store, query, NULL, ret_ids, max, &n));
	*ret_n = n;
	return CKR_OK;
}

CK_RV store_find_rows(struct store *store, const struct store_query *query,
	struct store_row *ret_rows, size_t max, size_t *ret_n)
{
	size_t n = 0;
	CK_RV rv = CKR_OK;

	HOLD(&store->lock);
	TRY(store_need_database(store, false));
	if (store->db)
		rv = find(store, query, ret_rows, NULL, max, &n);
	if (rv != CKR_OK) {
		while (n > 0)
			store_row_free(&ret_rows[--n]);
		return rv;
	}
	*ret_n = n;
	return CKR_OK;
}

CK_RV rows_count(struct database *db, uint64_t *ret_n)
{
	STATEMENT *s = NULL;
	int64_t n;
	bool row;

	TRY(database_statement(db, SQL_COUNT, &s));
	TRY(statement_step(s, &row));
	ENSURE(row, CKR_DEVICE_ERROR);
	TRY(statement_number(s, 0, 0, INT64_MAX, &n));
	*ret_n = (uint64_t)n;
	return CKR_OK;
}

CK_RV store_count(struct store *store, uint64_t *ret_n)
{
	uint64_t n = 0;

	HOLD(&store->lock);
	TRY(store_need_database(store, false));
	if (store->db)
		TRY(rows_count(store->db, &n));
	*ret_n = n;
	return CKR_OK;
}

/* Write ROW by the statement WHICH, SQL_INSERT or SQL_UPDATE. */
static CK_RV write_row(struct database *db, enum sql which, const struct store_row *given)
{
	ROW row = *given;
	STATEMENT *s = NULL;
	uint8_t checksum[DIGEST_MAX];
	bool unused;

	row.owned = NULL;
	for (unsigned i = 0; i < FIELDS; i++)
		ENSURE(field(&row, i)->n <= STORE_FIELD_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	TRY(own_and_hash(&row, checksum));
	TRY(database_statement(db, which, &s));
	TRY(statement_bind_number(s, COL_ID + 1, row.id));
	TRY(statement_bind_number(s, COL_CLASS + 1, (int64_t)row.object_class));
	TRY(statement_bind_number(s, COL_PRIVATE + 1, row.is_private));
	for (unsigned i = 0; i < FIELDS; i++)
		TRY(statement_bind_bytes(s, COL_LABEL + 1 + (int)i, *field(&row, i)));
	TRY(statement_bind_bytes(s, COL_CHECKSUM + 1, bytes_of(checksum, CHECKSUM_LEN)));
	TRY(statement_step(s, &unused));
	ENSURE(database_changes(db) == 1, CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV rows_last_id(struct database *db, int64_t *ret_id)
{
	STATEMENT *s = NULL;
	int64_t last = 0;
	bool found;

	TRY(database_statement(db, SQL_LAST_ID, &s));
	TRY(statement_step(s, &found));
	if (found)
		TRY(statement_number(s, 0, 0, STORE_ID_MAX, &last));
	*ret_id = last;
	return CKR_OK;
}

/* The next row id: above all that were ever committed and all that this process has tried. */
static CK_RV next_id(struct store *store, int64_t *ret_id)
{
	int64_t last = 0;

	TRY(rows_last_id(store->db, &last));
	if (store->last_id < last)
		store->last_id = last;
	ENSURE(store->last_id < STORE_ID_MAX, CKR_DEVICE_ERROR);
	*ret_id = ++store->last_id;
	return CKR_OK;
}

static CK_RV insert_row(struct store *store, struct change *change, struct store_row *row)
{
	TRY(next_id(store, &change->id));
	row->id = change->id;
	TRY(change->prepare(row, change->arg));
	row->id = change->id;
	TRY(write_row(store->db, SQL_INSERT, row));
	return token_row_recount(store->db, change, 1);
}

static CK_RV run_insert(struct store *store, struct change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		change->arg = change->args[i];
		TRY(insert_row(store, change, &change->rows[i]));
	}
	return CKR_OK;
}

CK_RV store_insert_all(struct store *store, struct store_row *rows, size_t n,
	store_prepare *prepare, store_recount *recount, void *const *args)
{
	struct change change = {.run = run_insert,
		.rows = rows,
		.count = n,
		.prepare = prepare,
		.recount = recount,
		.args = args};
	return commit_change(store, &change);
}

CK_RV store_insert_counted(struct store *store, struct store_row *row, store_prepare *prepare,
	store_recount *recount, void *arg)
{
	return store_insert_all(store, row, 1, prepare, recount, &arg);
}

CK_RV store_insert(struct store *store, struct store_row *row, store_prepare *prepare, void *arg)
{
	return store_insert_counted(store, row, prepare, NULL, arg);
}

static CK_RV run_update(struct store *store, struct change *change)
{
	ROW stored = {0};

	TRY(read_row(store->db, change->id, &stored));
	struct store_row row = stored; /* PREPARE may change every field; the buffer stays ours */
	TRY(change->prepare(&row, change->arg));
	row.id = change->id;
	return write_row(store->db, SQL_UPDATE, &row);
}

CK_RV store_update(struct store *store, int64_t id, store_prepare *prepare, void *arg)
{
	struct change change = {.run = run_update, .id = id, .prepare = prepare, .arg = arg};
	CK_RV rv = commit_change(store, &change);
	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV run_remove(struct store *store, struct change *change)
{
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(store->db, SQL_REMOVE, &s));
	TRY(statement_bind_number(s, 1, change->id));
	TRY(statement_step(s, &unused));
	ENSURE(database_changes(store->db) > 0, CKR_OBJECT_HANDLE_INVALID);
	return token_row_recount(store->db, change, -1);
}

CK_RV store_remove_counted(struct store *store, int64_t id, store_recount *recount, void *arg)
{
	struct change change = {.run = run_remove, .id = id, .recount = recount, .arg = arg};
	CK_RV rv = commit_change(store, &change);
	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV run_take_back(struct store *store, struct change *change)
{
	ROW row = {0};
	CK_RV rv = read_row(store->db, change->id, &row);

	return rv == CKR_OBJECT_HANDLE_INVALID ? client_file_remove(store, change->id) : rv;
}

CK_RV client_file_take_back(struct store *store, int64_t id)
{
	struct change change = {.run = run_take_back, .id = id};
	return commit_change(store, &change);
}

CK_RV store_remove(struct store *store, int64_t id)
{
	return store_remove_counted(store, id, NULL, NULL);
}
