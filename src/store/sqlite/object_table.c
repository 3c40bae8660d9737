/* SPDX-License-Identifier: Apache-2.0 */
/* object_table.c: the table `object`: records are read, found and changed, each with a checksum. */
#include <limits.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/columns.h"
#include "store/sqlite/sqlite_store.h"

/* --- Reading --- */

/* Take the record at which S has stopped, and compare its checksum. */
static CK_RV take_record(struct statement *s, struct record *ret_record)
{
	struct record record = {0};
	struct bytes checksum;
	struct {
		int64_t class, is_private;
	} number = {0};

	TRY(statement_number(s, COL_ID, 1, STORE_ID_MAX, &record.id));
	TRY(statement_number(s, COL_CLASS, INT64_MIN, INT64_MAX, &number.class));
	TRY(statement_number(s, COL_PRIVATE, 0, 1, &number.is_private));
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		TRY(statement_bytes(
			s, COL_LABEL + (int)i, STORE_FIELD_MAX, record_field(&record, i)));
	TRY(statement_bytes(s, COL_CHECKSUM, CHECKSUM_LEN, &checksum));
	record.object_class = (CK_OBJECT_CLASS)number.class;
	record.is_private = number.is_private != 0;
	TRY(columns_check_record(&record, checksum));
	*ret_record = record;
	return CKR_OK;
}

CK_RV sqlite_read(struct store *store, int64_t id, struct record *ret_record)
{
	struct database *db = NULL;
	STATEMENT *s = NULL;
	RECORD record = {0};
	bool found;

	TRY(sqlite_need_database(store, &db));
	ENSURE(db != NULL, CKR_OBJECT_HANDLE_INVALID);
	TRY(database_statement(db, SQL_READ, &s));
	TRY(statement_bind_number(s, 1, id));
	TRY(statement_step(s, &found));
	ENSURE(found, CKR_OBJECT_HANDLE_INVALID);
	TRY(take_record(s, &record));
	ENSURE(record.id == id, CKR_DEVICE_ERROR);
	*ret_record = record;
	record.owned = NULL;
	return CKR_OK;
}

static int64_t limit_of(size_t max)
{
	return max < INT_MAX ? (int64_t)max : INT_MAX;
}

static CK_RV bind_query(struct statement *s, const struct store_query *query, size_t max)
{
	TRY(statement_bind_number(s, 1, query->after));
	TRY(statement_bind_number(s, 2, limit_of(max)));
	if (query->label.p)
		TRY(statement_bind_bytes(s, 3, query->label));
	if (query->object_id.p)
		TRY(statement_bind_bytes(s, 4, query->object_id));
	if (query->by_class)
		TRY(statement_bind_number(s, 5, (int64_t)query->object_class));
	return CKR_OK;
}

/* RET_N counts the records that are in RET_RECORDS, also after an error. */
static CK_RV find(struct database *db, const struct store_query *query, struct record *ret_records,
	size_t max, size_t *ret_n)
{
	STATEMENT *s = NULL;
	struct store_query rest = *query;
	bool found;

	TRY(database_statement(db, (enum sql)(SQL_FIND + columns_of_query(query)), &s));
	TRY(bind_query(s, query, max));
	while (*ret_n < max) {
		RECORD record = {0};
		TRY(statement_step(s, &found));
		if (!found)
			break;
		TRY(take_record(s, &record));
		ENSURE(columns_match(&rest, &record), CKR_DEVICE_ERROR);
		rest.after = record.id;
		ret_records[(*ret_n)++] = record;
		record.owned = NULL;
	}
	return CKR_OK;
}

CK_RV sqlite_find(struct store *store, const struct store_query *query, struct record *ret_records,
	size_t max, size_t *ret_n)
{
	struct database *db = NULL;
	size_t n = 0;

	TRY(sqlite_need_database(store, &db));
	CK_RV rv = db != NULL ? find(db, query, ret_records, max, &n) : CKR_OK;
	while (rv != CKR_OK && n > 0)
		record_free(&ret_records[--n]);
	if (rv == CKR_OK)
		*ret_n = n;
	return rv;
}

CK_RV sqlite_tags(
	struct store *store, int64_t after, struct record_tag *ret_tags, size_t max, size_t *ret_n)
{
	struct database *db = NULL;
	STATEMENT *s = NULL;
	struct bytes tag;
	bool found;
	size_t n = 0;

	TRY(sqlite_need_database(store, &db));
	ENSURE(db != NULL, CKR_TOKEN_NOT_RECOGNIZED);
	TRY(database_statement(db, SQL_TAGS, &s));
	TRY(statement_bind_number(s, 1, after));
	TRY(statement_bind_number(s, 2, limit_of(max)));
	for (; n < max; n++) {
		TRY(statement_step(s, &found));
		if (!found)
			break;
		TRY(statement_number(s, 0, after + 1, STORE_ID_MAX, &ret_tags[n].id));
		after = ret_tags[n].id;
		TRY(statement_bytes(s, 1, RECORD_TAG_LEN, &tag));
		ENSURE(tag.n == RECORD_TAG_LEN, CKR_DEVICE_ERROR);
		memcpy(ret_tags[n].tag, tag.p, RECORD_TAG_LEN);
	}
	*ret_n = n;
	return CKR_OK;
}

/* Read the single number that WHICH selects; 0 if it selects nothing or NULL. */
static CK_RV read_id(struct database *db, enum sql which, int64_t *ret_id)
{
	STATEMENT *s = NULL;
	bool found;

	*ret_id = 0;
	TRY(database_statement(db, which, &s));
	TRY(statement_step(s, &found));
	if (!found || statement_is_null(s, 0))
		return CKR_OK;
	return statement_number(s, 0, 0, STORE_ID_MAX, ret_id);
}

/*
 * The sequence alone is one number that nothing authenticates. Believing a smaller number would
 * give the id of an existing record to a new one.
 */
CK_RV sqlite_last_id(struct store *store, int64_t *ret_id)
{
	struct database *db = sqlite_of(store)->db;
	int64_t sequence, highest;

	TRY(read_id(db, SQL_SEQUENCE, &sequence));
	TRY(read_id(db, SQL_HIGHEST_ID, &highest));
	if (sequence < highest) {
		log_error("token.db: sqlite_sequence says %lld, and there is a record %lld",
			(long long)sequence, (long long)highest);
		return CKR_DEVICE_ERROR;
	}
	*ret_id = sequence;
	return CKR_OK;
}

/* --- Changing --- */

/* Write a record by the statement WHICH, SQL_INSERT or SQL_UPDATE. */
static CK_RV write_record(struct store *store, enum sql which, const struct record *given)
{
	struct database *db = sqlite_of(store)->db;
	RECORD record = *given;
	STATEMENT *s = NULL;
	uint8_t checksum[DIGEST_MAX];
	bool unused;

	record.owned = NULL;
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		ENSURE(record_field(&record, i)->n <= STORE_FIELD_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	TRY(columns_own_record(&record, checksum));
	TRY(database_statement(db, which, &s));
	TRY(statement_bind_number(s, COL_ID + 1, record.id));
	TRY(statement_bind_number(s, COL_CLASS + 1, (int64_t)record.object_class));
	TRY(statement_bind_number(s, COL_PRIVATE + 1, record.is_private));
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		TRY(statement_bind_bytes(s, COL_LABEL + 1 + (int)i, *record_field(&record, i)));
	TRY(statement_bind_bytes(s, COL_CHECKSUM + 1, bytes_of(checksum, CHECKSUM_LEN)));
	TRY(statement_step(s, &unused));
	ENSURE(database_changes(db) == 1, CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV sqlite_insert(struct store *store, const struct record *record)
{
	return write_record(store, SQL_INSERT, record);
}

CK_RV sqlite_update(struct store *store, const struct record *record)
{
	return write_record(store, SQL_UPDATE, record);
}

CK_RV sqlite_remove(struct store *store, int64_t id)
{
	struct database *db = sqlite_of(store)->db;
	STATEMENT *s = NULL;
	bool unused;

	TRY(database_statement(db, SQL_REMOVE, &s));
	TRY(statement_bind_number(s, 1, id));
	TRY(statement_step(s, &unused));
	ENSURE(database_changes(db) > 0, CKR_OBJECT_HANDLE_INVALID);
	return CKR_OK;
}
