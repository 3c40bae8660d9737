/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_object_table.c: which records match a query, and records that cannot be read or written,
 * with calls that fail.
 *
 * The file under test is included, with its calls led through the functions below.
 */
#include <sqlite3.h>

#include "key/digest.h"
#include "store/sqlite/sqlite_store.h"
#include "store_support.h"

static void *fake_malloc(size_t n);
static CK_RV fake_digest(
	enum digest_kind kind, const uint8_t *in, size_t n, uint8_t ret_digest[DIGEST_MAX]);
static CK_RV fake_step(struct statement *statement, bool *ret_found);
#define malloc fake_malloc
#define statement_step fake_step
#define digest_once fake_digest
#include "store/columns.c"
#include "store/sqlite/object_table.c"
#undef malloc
#undef statement_step
#undef digest_once

static bool no_memory;
static int digests_left = -1; /* until a digest fails; negative: none fails */

static void *fake_malloc(size_t n)
{
	return no_memory ? NULL : malloc(n);
}

static CK_RV fake_digest(
	enum digest_kind kind, const uint8_t *in, size_t n, uint8_t ret_digest[DIGEST_MAX])
{
	if (digests_left >= 0 && digests_left-- == 0)
		return CKR_FUNCTION_FAILED;
	return digest_once(kind, in, n, ret_digest);
}

static bool repeated; /* every step gives the first row again, as a damaged index may */

static CK_RV fake_step(struct statement *statement, bool *ret_found)
{
	if (!repeated || sqlite3_data_count((sqlite3_stmt *)statement) == 0)
		return statement_step(statement, ret_found);
	*ret_found = true;
	return CKR_OK;
}

static struct bytes string(const char *s)
{
	return s != NULL ? bytes_of(s, strlen(s)) : (struct bytes){0};
}

/* --- Queries --- */

/* The record 7 of class 3, private, with label "abc" and object id "xyz", against a query. */
static const struct {
	bool by_class, public_only;
	CK_OBJECT_CLASS class;
	const char *label, *object_id;
	int64_t after;
	bool matches;
} queries[] = {
	{.matches = true},
	{.after = 6, .matches = true},
	{.after = 7, .matches = false},
	{.after = 8, .matches = false},
	{.by_class = true, .class = 3, .matches = true},
	{.by_class = true, .class = 4, .matches = false},
	{.by_class = true, .matches = false},
	{.class = 4, .matches = true},
	{.public_only = true, .matches = false},
	{.label = "abc", .matches = true},
	{.label = "abd", .matches = false},
	{.label = "ab", .matches = false},
	{.label = "", .matches = false},
	{.object_id = "xyz", .matches = true},
	{.object_id = "xyy", .matches = false},
	{.object_id = "", .matches = false},
	{.label = "abc", .object_id = "xyz", .by_class = true, .class = 3, .matches = true},
	{.label = "abc", .object_id = "abc", .matches = false},
	{.label = "xyz", .object_id = "xyz", .matches = false},
};

/* An index is not believed, so every condition is compared with the record itself. */
START_TEST(records_that_match)
{
	struct record record = {.id = 7,
		.object_class = 3,
		.is_private = true,
		.label = string("abc"),
		.object_id = string("xyz")};

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		struct store_query query = {queries[i].by_class, queries[i].public_only,
			queries[i].class, string(queries[i].label), string(queries[i].object_id),
			queries[i].after};
		ck_assert_msg(columns_match(&query, &record) == queries[i].matches, "%zu", i);
	}
	record.is_private = false;
	ck_assert(columns_match(&(struct store_query){.public_only = true}, &record));
	record.label = record.object_id = string(NULL); /* none is not the empty one */
	ck_assert(!columns_match(&(struct store_query){.label = string("")}, &record));
	ck_assert(!columns_match(&(struct store_query){.object_id = string("")}, &record));
	ck_assert(columns_match(&(struct store_query){0}, &record));
	record.label = record.object_id = string("");
	ck_assert(columns_match(&(struct store_query){.label = string("")}, &record));
	ck_assert(columns_match(&(struct store_query){.object_id = string("")}, &record));
}
END_TEST

/* --- Reading --- */

static struct store *store;

static void edit_file(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* An error after some records: none of them is given, and the memory of all is freed. */
START_TEST(a_search_that_fails_in_the_middle)
{
	struct record found[8];
	size_t n = 77;
	const struct store_query all = {0};

	store = new_store();
	for (int i = 0; i < 4; i++)
		insert_sample(store, CKO_DATA, i % 2, "label", "id");
	for (int k = 0; k < 4; k++) {
		digests_left = k;
		ck_rv(sqlite_find(store, &all, found, 8, &n), CKR_FUNCTION_FAILED);
		ck_assert_uint_eq(n, 77);
	}
	digests_left = -1;
	no_memory = true;
	ck_rv(sqlite_find(store, &all, found, 8, &n), CKR_HOST_MEMORY);
	no_memory = false;
	ck_assert_uint_eq(n, 77);
	for (size_t max = 0; max < 6; max++) {
		ck_ok(sqlite_find(store, &all, found, max, &n));
		ck_assert_uint_eq(n, max < 4 ? max : 4);
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(found[i].id, (int64_t)i + 1);
			record_free(&found[i]);
		}
	}
	edit_file("UPDATE object SET checksum = x'00' WHERE id = 3");
	ck_rv(sqlite_find(store, &all, found, 8, &n), CKR_DEVICE_ERROR);
	ck_ok(sqlite_find(store, &all, found, 2, &n));
	ck_assert_uint_eq(n, 2);
	record_free(&found[0]);
	record_free(&found[1]);
	store_close(store);
}
END_TEST

/* Records come in ascending order, so that a caller that asks for the rest comes to an end. */
START_TEST(a_record_that_comes_twice)
{
	const struct store_query all = {0};
	struct record found[3];
	struct record_tag tags[3];
	size_t n = 77;

	store = new_store();
	insert_sample(store, CKO_DATA, false, "label", "id");
	repeated = true;
	ck_rv(sqlite_find(store, &all, found, 3, &n), CKR_DEVICE_ERROR);
	ck_rv(sqlite_tags(store, 0, tags, 3, &n), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(n, 77);
	repeated = false;
	ck_ok(sqlite_tags(store, 0, tags, 3, &n));
	ck_assert_uint_eq(n, 1);
	store_close(store);
}
END_TEST

START_TEST(a_record_that_cannot_be_read)
{
	struct record record = {.id = 77};

	store = new_store();
	insert_sample(store, CKO_DATA, false, "label", NULL);
	digests_left = 0;
	ck_rv(sqlite_read(store, 1, &record), CKR_FUNCTION_FAILED);
	no_memory = true;
	ck_rv(sqlite_read(store, 1, &record), CKR_HOST_MEMORY);
	no_memory = false;
	ck_rv(sqlite_read(store, 2, &record), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(sqlite_read(store, 0, &record), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_int_eq(record.id, 77);
	ck_ok(sqlite_read(store, 1, &record));
	ck_assert(record.id == 1 && is_sample(&record));
	record_free(&record);
	edit_file("UPDATE object SET checksum = x'00'");
	ck_rv(sqlite_read(store, 1, &record), CKR_DEVICE_ERROR);
	store_close(store);
}
END_TEST

/* --- Writing --- */

START_TEST(a_record_that_cannot_be_written)
{
	struct sample_text text;
	struct record record = {.id = 1, .object_class = CKO_DATA}, back;
	bool busy = true;

	store = new_store();
	ck_ok(sample_prepare(&record, &text));
	ck_ok(store->backend->begin(store, false, &busy));
	ck_rv(sqlite_update(store, &record), CKR_DEVICE_ERROR); /* there is none */
	ck_rv(sqlite_remove(store, 1), CKR_OBJECT_HANDLE_INVALID);
	static uint8_t long_field[STORE_FIELD_MAX + 1];
	record.owned = malloc(8); /* stays the caller's, whatever fails */
	record.label = bytes_of(long_field, sizeof long_field);
	ck_rv(sqlite_insert(store, &record), CKR_ATTRIBUTE_VALUE_INVALID);
	record.label = (struct bytes){0};
	digests_left = 0;
	ck_rv(sqlite_insert(store, &record), CKR_FUNCTION_FAILED);
	free(record.owned);
	record.owned = NULL;
	no_memory = true;
	ck_rv(sqlite_insert(store, &record), CKR_HOST_MEMORY);
	no_memory = false;
	ck_ok(sqlite_insert(store, &record));
	ck_rv(sqlite_insert(store, &record), CKR_DEVICE_ERROR); /* the id is in use */
	record.is_private = true;
	record.label = string("new");
	ck_ok(sqlite_update(store, &record));
	ck_assert_ptr_null(record.owned); /* the caller's record is not changed */
	ck_ok(sqlite_read(store, 1, &back));
	ck_assert(back.is_private && bytes_equal(back.label, string("new")) && is_sample(&back));
	record_free(&back);
	ck_ok(sqlite_remove(store, 1));
	ck_rv(sqlite_remove(store, 1), CKR_OBJECT_HANDLE_INVALID);
	store->backend->rollback(store);
	store_close(store);
}
END_TEST

/* SQLite takes an int, and a negative limit is none. */
START_TEST(the_limit_of_a_search)
{
	ck_assert_int_eq(limit_of(0), 0);
	ck_assert_int_eq(limit_of(7), 7);
	ck_assert_int_eq(limit_of(INT_MAX), INT_MAX);
	ck_assert_int_eq(limit_of(SIZE_MAX), INT_MAX);
}
END_TEST

RUN_SUITE("object_table", records_that_match, a_search_that_fails_in_the_middle,
	a_record_that_comes_twice, a_record_that_cannot_be_read, a_record_that_cannot_be_written,
	the_limit_of_a_search)
