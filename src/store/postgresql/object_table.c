/* SPDX-License-Identifier: Apache-2.0 */
/* object_table.c: the table keydiv.object: records are read, found and changed. */
#include <limits.h>

#include "base/log.h"
#include "store/columns.h"
#include "store/postgresql/postgresql_store.h"

/* --- Reading --- */

/* Take the record in ROW, and compare its checksum. */
static CK_RV take_record(const PGresult *r, int row, struct record *ret_record)
{
	struct record record = {0};
	struct bytes checksum;
	int64_t class;

	TRY(result_number(r, row, COL_ID, 1, STORE_ID_MAX, &record.id));
	TRY(result_number(r, row, COL_CLASS, INT64_MIN, INT64_MAX, &class));
	TRY(result_bool(r, row, COL_PRIVATE, &record.is_private));
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		TRY(result_bytes(
			r, row, COL_LABEL + (int)i, STORE_FIELD_MAX, record_field(&record, i)));
	TRY(result_bytes(r, row, COL_CHECKSUM, CHECKSUM_LEN, &checksum));
	record.object_class = (CK_OBJECT_CLASS) class;
	TRY(columns_check_record(&record, checksum));
	*ret_record = record;
	return CKR_OK;
}

CK_RV postgresql_read(struct store *store, int64_t id, struct record *ret_record)
{
	struct parameters p = {.n = 0};
	RESULT *r = NULL;
	RECORD record = {0};

	parameter_int4(&p, postgresql_of(store)->slot);
	parameter_int8(&p, id);
	TRY(transaction_query(store, SQL_READ, &p, &r));
	ENSURE(PQntuples(r) > 0, CKR_OBJECT_HANDLE_INVALID);
	TRY(take_record(r, 0, &record));
	ENSURE(record.id == id, CKR_DEVICE_ERROR);
	*ret_record = record;
	record.owned = NULL;
	return CKR_OK;
}

static int64_t limit_of(size_t max)
{
	return max < INT_MAX ? (int64_t)max : INT_MAX;
}

/* RET_N counts the records that are in RET_RECORDS, also after an error. */
static CK_RV take_all(const PGresult *r, const struct store_query *query,
	struct record *ret_records, size_t max, size_t *ret_n)
{
	struct store_query rest = *query;

	ENSURE((size_t)PQntuples(r) <= max, CKR_DEVICE_ERROR);
	for (int i = 0; i < PQntuples(r); i++) {
		RECORD record = {0};
		TRY(take_record(r, i, &record));
		ENSURE(columns_match(&rest, &record), CKR_DEVICE_ERROR);
		rest.after = record.id;
		ret_records[(*ret_n)++] = record;
		record.owned = NULL;
	}
	return CKR_OK;
}

CK_RV postgresql_find(struct store *store, const struct store_query *query,
	struct record *ret_records, size_t max, size_t *ret_n)
{
	struct parameters p = {.n = 0};
	RESULT *r = NULL;
	size_t n = 0;

	parameter_int4(&p, postgresql_of(store)->slot);
	parameter_int8(&p, query->after);
	parameter_int8(&p, limit_of(max));
	parameter_bytes(&p, query->label);
	parameter_bytes(&p, query->object_id);
	parameter_int8(&p, (int64_t)query->object_class);
	enum sql which = (enum sql)(SQL_FIND + columns_of_query(query));
	TRY(transaction_query(store, which, &p, &r));
	CK_RV rv = take_all(r, query, ret_records, max, &n);
	while (rv != CKR_OK && n > 0)
		record_free(&ret_records[--n]);
	if (rv == CKR_OK)
		*ret_n = n;
	return rv;
}

#define TAG_LEN (8 + RECORD_TAG_LEN) /* of an id and a tag in the answer to SQL_TAGS */

/* Take N ids, which ascend from AFTER, and tags from ALL. A tag that is too short is damage. */
static CK_RV split_tags(
	struct bytes all, size_t n, int64_t after, struct record_tag *ret_tags, size_t *ret_n)
{
	ENSURE(all.n == n * TAG_LEN, CKR_DEVICE_ERROR);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = all.p + i * TAG_LEN;
		uint64_t id = get_be64(at);
		ENSURE(id > (uint64_t)after && id <= STORE_ID_MAX, CKR_DEVICE_ERROR);
		ret_tags[i].id = after = (int64_t)id;
		memcpy(ret_tags[i].tag, at + 8, RECORD_TAG_LEN);
	}
	*ret_n = n;
	return CKR_OK;
}

static void tags_parameters(
	const struct postgresql_store *p, int64_t after, size_t max, struct parameters *ret)
{
	parameter_int4(ret, p->slot);
	parameter_int8(ret, after);
	parameter_int8(ret, limit_of(max));
}

/*
 * Ask for the part above AFTER before the caller does, so that the server reads it while the caller
 * adds up the part before. The caller asks with the same MAX.
 */
static void ask_ahead(struct postgresql_store *p, int64_t after, size_t max)
{
	struct parameters parameters = {.n = 0};

	tags_parameters(p, after, max, &parameters);
	connection_send(&p->connection, SQL_TAGS, &parameters);
	connection_push(&p->connection);
	p->transaction.tags_after = after;
}

static CK_RV ask_tags(struct store *store, int64_t after, size_t max, PGresult **ret)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters parameters = {.n = 0};

	if (p->transaction.open && after != 0 && p->transaction.tags_after == after)
		return transaction_sync(store, 1, ret);
	tags_parameters(p, after, max, &parameters);
	return transaction_query(store, SQL_TAGS, &parameters, ret);
}

CK_RV postgresql_tags(
	struct store *store, int64_t after, struct record_tag *ret_tags, size_t max, size_t *ret_n)
{
	struct postgresql_store *p = postgresql_of(store);
	RESULT *r = NULL;
	struct bytes all = {0};
	int64_t n = 0;

	TRY(ask_tags(store, after, max, &r));
	ENSURE(PQntuples(r) == 1, CKR_DEVICE_ERROR);
	TRY(result_number(r, 0, 0, 0, limit_of(max), &n));
	TRY(result_bytes(r, 0, 1, max * TAG_LEN, &all));
	TRY(split_tags(all, (size_t)n, after, ret_tags, ret_n));
	if (p->transaction.open && *ret_n == max)
		ask_ahead(p, ret_tags[max - 1].id, max);
	return CKR_OK;
}

/*
 * The number in keydiv.slot alone is one number that nothing authenticates. Believing a smaller
 * number would give the id of an existing record to a new one.
 */
CK_RV postgresql_last_id(struct store *store, int64_t *ret_id)
{
	const struct transaction *t = &postgresql_of(store)->transaction;

	if (t->last_id < t->highest) {
		log_error("postgresql: keydiv.slot says last_id %lld, and there is a record %lld",
			(long long)t->last_id, (long long)t->highest);
		return CKR_DEVICE_ERROR;
	}
	*ret_id = t->last_id;
	return CKR_OK;
}

/* --- Changing --- */

/* Send SQL_INSERT or SQL_UPDATE. */
static CK_RV send_record(struct store *store, enum sql which, const struct record *given)
{
	struct postgresql_store *postgresql = postgresql_of(store);
	struct parameters p = {.n = 0};
	RECORD record = *given;
	uint8_t checksum[DIGEST_MAX];

	record.owned = NULL;
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		ENSURE(record_field(&record, i)->n <= STORE_FIELD_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	TRY(columns_own_record(&record, checksum));
	parameter_int4(&p, postgresql->slot);
	parameter_int8(&p, record.id);
	parameter_int8(&p, (int64_t)record.object_class);
	parameter_bool(&p, record.is_private);
	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		parameter_bytes(&p, *record_field(&record, i));
	parameter_bytes(&p, bytes_of(checksum, CHECKSUM_LEN));
	connection_send(&postgresql->connection, which, &p);
	return CKR_OK;
}

CK_RV postgresql_insert(struct store *store, const struct record *record)
{
	struct transaction *t = &postgresql_of(store)->transaction;

	TRY(send_record(store, SQL_INSERT, record));
	if (t->last_id < record->id)
		t->last_id = record->id;
	return CKR_OK; /* postgresql_release waits for the answer */
}

CK_RV postgresql_update(struct store *store, const struct record *record)
{
	RESULT *r = NULL;

	TRY(send_record(store, SQL_UPDATE, record));
	TRY(transaction_sync(store, 1, &r));
	ENSURE(result_changes(r) == 1, CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV postgresql_remove(struct store *store, int64_t id)
{
	struct parameters p = {.n = 0};
	RESULT *r = NULL;

	parameter_int4(&p, postgresql_of(store)->slot);
	parameter_int8(&p, id);
	connection_send(&postgresql_of(store)->connection, SQL_REMOVE, &p);
	TRY(transaction_sync(store, 1, &r));
	ENSURE(result_changes(r) > 0, CKR_OBJECT_HANDLE_INVALID);
	return CKR_OK;
}
