/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_marks.c: the store of marks: what a use of it may see and change, many marks, many masters,
 * and a backend whose calls fail.
 */
#include "store/marks.h"

#include <sqlite3.h>

#include "store/backend.h"
#include "store_support.h"

static struct store *store;

/* --- A backend whose calls fail --- */

static const struct store_backend *real;
static struct store_backend controlled;
static unsigned passes; /* calls before the one that fails */
static unsigned removals;
static size_t most_removed; /* by one call */

static CK_RV begin_read(struct store *marks)
{
	return passes-- > 0 ? real->begin_read(marks) : CKR_HOST_MEMORY;
}

static CK_RV make_schema(struct store *marks)
{
	return passes-- > 0 ? real->make_schema(marks) : CKR_DEVICE_ERROR;
}

static CK_RV remove_some(struct store *marks, int64_t master, size_t max, size_t *ret_n)
{
	removals++;
	if (passes-- == 0)
		return CKR_DEVICE_MEMORY;
	CK_RV rv = real->marks_remove(marks, master, max, ret_n);
	if (rv == CKR_OK && *ret_n > most_removed)
		most_removed = *ret_n;
	return rv;
}

static CK_RV next(struct store *marks, int64_t after, int64_t *ret_master)
{
	return passes-- > 0 ? real->marks_next(marks, after, ret_master) : CKR_DEVICE_ERROR;
}

static void start(void)
{
	store = new_store();
	real = store->marks->backend;
	controlled = *real;
}

static void stop(void)
{
	store->marks->backend = real;
	store_close(store);
}

/* --- Uses --- */

/* Marks of MASTER with the numbers FIRST to LAST, whose text is the number. */
struct some {
	int64_t master;
	uint32_t first, last;
	CK_RV result; /* that the use gives afterwards */
};

static void name_mark(uint32_t number, uint8_t ret_stream[MARK_STREAM_LEN])
{
	memset(ret_stream, 0, MARK_STREAM_LEN);
	put_be32(ret_stream + MARK_STREAM_LEN - 4, number);
}

static CK_RV run_put(struct store *marks, void *arg)
{
	const struct some *some = arg;
	uint8_t stream[MARK_STREAM_LEN], text[4];

	for (uint32_t i = some->first; i <= some->last; i++) {
		name_mark(i, stream);
		put_be32(text, i);
		TRY(marks_put(marks, some->master, stream, bytes_of(text, sizeof text)));
	}
	return some->result;
}

static CK_RV put(int64_t master, uint32_t first, uint32_t last, CK_RV result)
{
	struct some some = {master, first, last, result};

	return store_marks_change(
		store, true, &(struct store_marks_use){.edit = run_put, .arg = &some});
}

struct one {
	int64_t master;
	uint32_t number, text;
	size_t n;
};

static CK_RV run_get(struct store *marks, void *arg)
{
	struct one *one = arg;
	uint8_t stream[MARK_STREAM_LEN], mark[MARK_MAX];

	name_mark(one->number, stream);
	TRY(marks_get(marks, one->master, stream, mark, &one->n));
	if (one->n == 4)
		one->text = get_be32(mark);
	return CKR_OK;
}

/* Return true if MASTER has the mark NUMBER, with its text. */
static bool has(int64_t master, uint32_t number)
{
	struct one one = {.master = master, .number = number};

	ck_ok(store_marks_read(store, &(struct store_marks_use){.edit = run_get, .arg = &one}));
	if (one.n == 0)
		return false;
	ck_assert_uint_eq(one.n, 4);
	ck_assert_uint_eq(one.text, number);
	return true;
}

START_TEST(uses)
{
	struct one one = {.master = 1, .number = 1};
	struct store_marks_use get = {.edit = run_get, .arg = &one};
	struct some some = {1, 1, 1, CKR_OK};
	start();

	/* no database yet */
	ck_rv(store_marks_read(store, &get), CKR_DEVICE_ERROR);
	ck_rv(store_marks_change(
		      store, false, &(struct store_marks_use){.edit = run_put, .arg = &some}),
		CKR_DEVICE_ERROR);
	ck_ok(store_marks_remove(store, 1));
	ck_ok(put(1, 1, 3, CKR_OK));
	ck_assert(has(1, 1) && has(1, 3) && !has(1, 4) && !has(2, 1));
	/* an error undoes what its use did, and comes back */
	ck_rv(put(1, 4, 4, CKR_KEYDIV_REPLAYED), CKR_KEYDIV_REPLAYED);
	ck_assert(!has(1, 4));
	ck_ok(store_marks_change(
		store, false, &(struct store_marks_use){.edit = run_put, .arg = &some}));
	stop();
}
END_TEST

static CK_RV run_near(struct store *marks, void *arg)
{
	struct mark_near *near = arg;
	uint8_t stream[MARK_STREAM_LEN];

	name_mark(5, stream);
	return marks_near(marks, near[0].master, stream, &near[0], &near[1]);
}

static uint32_t number_of(const struct mark_near *near)
{
	return get_be32(near->stream + MARK_STREAM_LEN - 4);
}

/* The rows beside a place, also where the next row is of another master, or missing. */
START_TEST(neighbours)
{
	struct mark_near near[2] = {{.master = 2}};
	struct store_marks_use use = {.edit = run_near, .arg = near};
	start();

	ck_ok(put(2, 3, 4, CKR_OK));
	ck_ok(put(2, 7, 8, CKR_OK));
	ck_ok(put(4, 6, 6, CKR_OK));
	ck_ok(store_marks_read(store, &use));
	ck_assert(near[0].n == 4 && near[0].master == 2 && number_of(&near[0]) == 4);
	ck_assert(near[1].n == 4 && near[1].master == 2 && number_of(&near[1]) == 7);
	ck_assert_uint_eq(get_be32(near[0].mark), 4);
	ck_assert_uint_eq(get_be32(near[1].mark), 7);
	ck_ok(put(3, 1, 4, CKR_OK));
	near[0].master = 3;
	ck_ok(store_marks_read(store, &use));
	ck_assert(near[0].master == 3 && number_of(&near[0]) == 4);
	ck_assert(near[1].n == 4 && near[1].master == 4 && number_of(&near[1]) == 6);
	ck_ok(put(5, 5, 5, CKR_OK));
	near[0].master = 5; /* has no row before the place */
	ck_rv(store_marks_read(store, &use), CKR_DEVICE_ERROR);
	ck_ok(put(5, 1, 1, CKR_OK));
	ck_ok(put(6, 1, 1, CKR_OK));
	near[0].master = 6;
	ck_ok(store_marks_read(store, &use));
	ck_assert(near[0].master == 6 && number_of(&near[0]) == 1 && near[1].n == 0);
	stop();
}
END_TEST

static void edit(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(in_token("windows.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

/* A row beside the place without a mark, or whose master is no record id, is damage. */
START_TEST(damaged_neighbours)
{
	struct mark_near near[2] = {{.master = 2}};
	struct store_marks_use use = {.edit = run_near, .arg = near};
	start();

	ck_ok(put(2, 3, 3, CKR_OK));
	ck_ok(put(7, 1, 1, CKR_OK));
	ck_ok(store_marks_read(store, &use));
	ck_assert_int_eq(near[1].master, 7);
	edit("UPDATE mark SET mark = x'' WHERE master = 7");
	near[0].master = 2;
	ck_rv(store_marks_read(store, &use), CKR_DEVICE_ERROR);
	edit("UPDATE mark SET mark = x'61', master = 0x7fffffffffffffff WHERE master = 7");
	near[0].master = 2;
	ck_rv(store_marks_read(store, &use), CKR_DEVICE_ERROR);
	stop();
}
END_TEST

static CK_RV put_short(struct store *marks, void *arg)
{
	uint8_t stream[MARK_STREAM_LEN];

	(void)arg;
	name_mark(1, stream);
	return marks_put(marks, 2, stream, bytes_of("x", 1));
}

/* The store does not know how long a mark must be, but no mark is empty. */
START_TEST(a_mark_of_one_byte)
{
	struct mark_near near[2] = {{.master = 2}};
	struct store_marks_use use = {.edit = run_near, .arg = near};
	struct one one = {.master = 2, .number = 1};
	start();

	ck_ok(store_marks_change(
		store, true, &(struct store_marks_use){.edit = put_short, .arg = NULL}));
	ck_ok(store_marks_read(store, &use));
	ck_assert(near[0].n == 1 && near[0].mark[0] == 'x');
	ck_ok(store_marks_read(store, &(struct store_marks_use){.edit = run_get, .arg = &one}));
	ck_assert_uint_eq(one.n, 1);
	edit("UPDATE mark SET mark = x''");
	ck_rv(store_marks_read(store, &use), CKR_DEVICE_ERROR);
	ck_rv(store_marks_read(store, &(struct store_marks_use){.edit = run_get, .arg = &one}),
		CKR_DEVICE_ERROR);
	stop();
}
END_TEST

static CK_RV run_remove(struct store *marks, void *arg)
{
	const struct one *one = arg;
	uint8_t stream[MARK_STREAM_LEN];

	name_mark(one->number, stream);
	return marks_remove(marks, one->master, stream);
}

START_TEST(removing_one)
{
	struct one one = {.master = 1, .number = 2};
	struct store_marks_use use = {.edit = run_remove, .arg = &one};
	start();

	ck_ok(put(1, 1, 3, CKR_OK));
	ck_ok(put(2, 2, 2, CKR_OK));
	ck_ok(store_marks_change(store, false, &use));
	ck_ok(store_marks_change(store, false, &use)); /* no error if there is none */
	ck_assert(has(1, 1) && !has(1, 2) && has(1, 3) && has(2, 2));
	stop();
}
END_TEST

/* A master with more marks than one transaction removes. */
START_TEST(removing_many)
{
	start();
	controlled.marks_remove = remove_some;
	store->marks->backend = &controlled;

	ck_ok(put(1, 1, 5000, CKR_OK));
	ck_ok(put(2, 1, 2, CKR_OK));
	passes = 100;
	removals = 0;
	ck_ok(store_marks_remove(store, 1));
	ck_assert_uint_eq(removals, 2);
	ck_assert_uint_lt(most_removed, 5000);
	ck_assert(!has(1, 1) && !has(1, 5000) && has(2, 1) && has(2, 2));
	passes = 0;
	ck_rv(store_marks_remove(store, 2), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(removals, 3);
	ck_assert(has(2, 1));
	stop();
}
END_TEST

#define MASTERS 40

START_TEST(all_masters)
{
	int64_t *ids = NULL;
	size_t n = 7;
	start();
	controlled.marks_next = next;
	store->marks->backend = &controlled;

	passes = 1000;
	ck_ok(store_marks_masters(store, &ids, &n)); /* no database */
	ck_assert_uint_eq(n, 0);
	free(ids);
	for (int64_t i = 1; i <= MASTERS; i++)
		ck_ok(put(3 * i, 1, 2, CKR_OK));
	ck_ok(store_marks_masters(store, &ids, &n));
	ck_assert_uint_eq(n, MASTERS);
	for (int64_t i = 1; i <= MASTERS; i++)
		ck_assert_int_eq(ids[i - 1], 3 * i);
	free(ids);
	ids = NULL;
	n = 7;
	passes = 20;
	ck_rv(store_marks_masters(store, &ids, &n), CKR_DEVICE_ERROR);
	ck_assert(ids == NULL && n == 7);
	passes = 1000; /* the lock was released */
	ck_ok(store_marks_masters(store, &ids, &n));
	ck_assert_uint_eq(n, MASTERS);
	free(ids);
	stop();
}
END_TEST

START_TEST(a_failing_backend)
{
	struct one one = {.master = 1, .number = 1};
	struct store_marks_use use = {.edit = run_get, .arg = &one};
	start();
	controlled.begin_read = begin_read;
	controlled.make_schema = make_schema;
	store->marks->backend = &controlled;

	passes = 0;
	ck_rv(put(1, 1, 1, CKR_OK), CKR_DEVICE_ERROR);
	passes = 1;
	ck_ok(put(1, 1, 1, CKR_OK));
	passes = 0;
	ck_rv(store_marks_read(store, &use), CKR_HOST_MEMORY);
	passes = 1;
	ck_assert(has(1, 1));
	stop();
}
END_TEST

RUN_SUITE("marks", uses, neighbours, damaged_neighbours, a_mark_of_one_byte, removing_one,
	removing_many, all_masters, a_failing_backend)
