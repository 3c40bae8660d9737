/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_reserve.c: when a reservation of replay counters needs a transaction, what a failing
 * transaction leaves of the reservation, and a table that is full.
 */
#include "window_control.h"

static _Atomic uint64_t freshness;

static const _Atomic uint64_t *get_freshness(const struct store *unused)
{
	(void)unused;
	return &freshness;
}

/* --- Reservations and transactions --- */

START_TEST(a_reserved_counter_needs_no_transaction)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	for (uint64_t c = 1; c <= 10; c++)
		accepted(&at, c);
	ck_assert_uint_eq(begins, 1);
	accepted(&at, 11);
	ck_assert_uint_eq(begins, 2);
	stop();
}
END_TEST

/* An outgoing counter is above all others, so a reserved counter would only be lost. */
START_TEST(an_outgoing_stream_reserves_nothing)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);
	at.direction = WINDOW_OUTGOING;

	accepted(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 5);
	accepted(&at, 6);
	ck_assert_uint_eq(begins, 2);
	ck_assert_uint_eq(space()->reserved.n, 0);
	stop();
}
END_TEST

/* The store is touched, as by another process: the mark is read once more, and is still ours. */
START_TEST(a_reservation_that_is_confirmed)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	ck_ok(store_touch(store));
	accepted(&at, 2);
	ck_assert_uint_eq(begins, 2);
	accepted(&at, 3);
	ck_assert_uint_eq(begins, 2);
	ck_ok(store_touch(store));
	replayed(&at, 2);
	replayed(&at, 3);
	accepted(&at, 10);
	ck_assert_uint_eq(stored(at).highest, 10);
	accepted(&at, 11);
	ck_assert_uint_eq(stored(at).highest, 20);
	stop();
}
END_TEST

/* No entry is believed while another process changes the store. */
START_TEST(a_change_under_way)
{
	start_controlled();
	struct store_backend of_store = *store->backend;
	const struct store_backend *own = store->backend;
	struct window_entry e = {.owner = 1, .phase = WINDOW_AT_REST};
	of_store.freshness = get_freshness;
	store->backend = &of_store;

	e.freshness = freshness = 4;
	ck_assert(window_is_known(&e, store));
	e.freshness = freshness = 5;
	ck_assert(!window_is_known(&e, store));
	store->backend = own;
	stop();
}
END_TEST

/* A new reservation reaches at least up to the highest counter, and past counters stay used. */
START_TEST(a_reservation_below_the_highest)
{
	start_controlled();
	struct window_location exact = stream("a", 64), at = reserving("a", 64, 10);

	accepted(&exact, 100);
	accepted(&at, 60);
	ck_assert_uint_eq(stored(at).highest, 100);
	accepted(&at, 80);
	ck_assert_uint_eq(begins, 2);
	replayed(&at, 100);
	replayed(&at, 60);
	replayed(&at, 80);
	accepted(&at, 101);
	ck_assert_uint_eq(stored(at).highest, 110);
	stop();
}
END_TEST

START_TEST(reservations_near_the_end_of_the_range)
{
	static const char *const streams[] = {
		"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"};
	start_controlled();

	for (uint64_t left = 0; left <= 12; left++) {
		struct window_location at = reserving(streams[left], 64, 10);
		accepted(&at, UINT64_MAX - left);
		ck_assert_uint_eq(
			stored(at).highest, left < 9 ? UINT64_MAX : UINT64_MAX - left + 9);
	}
	stop();
}
END_TEST

/* The entry that was used last is the newest, whether a transaction was needed or not. */
START_TEST(the_order_of_use)
{
	start_controlled();
	struct window_location a = reserving("a", 64, 10), b = reserving("b", 64, 10);

	accepted(&a, 1);
	struct window_entry *of_a = space()->reserved.newest;
	accepted(&b, 1);
	ck_assert_ptr_eq(space()->reserved.oldest, of_a);
	accepted(&a, 2);
	ck_assert_ptr_eq(space()->reserved.newest, of_a);
	accepted(&b, 2);
	ck_assert_ptr_eq(space()->reserved.oldest, of_a);
	accepted(&a, 11);
	ck_assert_ptr_eq(space()->reserved.newest, of_a);
	stop();
}
END_TEST

/* A logout writes back each reservation whose mark can be read. */
START_TEST(logging_out_with_an_unreadable_mark)
{
	start_controlled();
	struct window_location a = reserving("a", 64, 10), b = reserving("b", 64, 10);

	accepted(&a, 1);
	accepted(&b, 1);
	failing_gets = 1;
	windows_logout(store, &vault);
	ck_assert_uint_eq(space()->reserved.n, 0);
	ck_assert_uint_eq(stored(a).highest, 10);
	ck_assert_uint_eq(stored(b).highest, 1);
	stop();
}
END_TEST

/* A write that fails undoes those before it, and every counter that was reserved is skipped. */
START_TEST(logging_out_on_a_full_disk)
{
	start_controlled();
	struct window_location a = reserving("a", 64, 10), b = reserving("b", 64, 10);

	accepted(&a, 1);
	accepted(&b, 1);
	failing_puts = 1;
	windows_logout(store, &vault);
	ck_assert_uint_eq(space()->reserved.n, 0);
	ck_assert_uint_eq(stored(a).highest, 10);
	ck_assert_uint_eq(stored(b).highest, 10);
	replayed(&a, 2);
	accepted(&a, 11);
	stop();
}
END_TEST

/* A transaction that has not read the mark says nothing about the reservation. */
START_TEST(a_transaction_that_does_not_begin)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10), new = reserving("n", 64, 10);

	accepted(&at, 1);
	failing_begins = 2;
	ck_rv(window_mark(&at, 11), CKR_DEVICE_ERROR);
	ck_rv(window_mark(&new, 1), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(space()->reserved.n, 1); /* that of AT */
	ck_assert_int_eq(space()->reserved.oldest->phase, WINDOW_AT_REST);
	accepted(&at, 2);
	ck_assert_uint_eq(begins, 3);
	accepted(&at, 11);
	accepted(&at, 3);
	accepted(&new, 1);
	stop();
}
END_TEST

START_TEST(a_transaction_that_does_not_commit)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	failing_commits = 1;
	ck_rv(window_mark(&at, 11), CKR_DEVICE_MEMORY);
	accepted(&at, 2);
	accepted(&at, 10);
	ck_assert_uint_eq(begins, 2);
	accepted(&at, 11);
	replayed(&at, 11);
	replayed(&at, 10);
	stop();
}
END_TEST

/* The place of a reservation that another process has replaced is free again. */
START_TEST(a_replaced_reservation)
{
	static struct vault second;
	start_controlled();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	accepted(&theirs, 11);
	ck_assert_uint_eq(space()->reserved.n, 1);
	replayed(&mine, 12);
	ck_assert_uint_eq(space()->reserved.n, 0);
	accepted(&theirs, 12);
	windows_logout(store, &second);
	close_vault(&second);
	stop();
}
END_TEST

/* Each read of a mark fails, of the stream and of the rows beside a new one. */
START_TEST(marks_that_cannot_be_read)
{
	static const char *const streams[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
	unsigned failed = 0;
	start_controlled();

	for (unsigned i = 0; i < sizeof streams / sizeof streams[0]; i++)
		for (unsigned k = 0; k < 4; k++) {
			struct window_location at = reserving(streams[i], 64, 1 + i % 2);
			at.master = MASTER + i % 2;
			passing_gets = k;
			failing_gets = 1;
			CK_RV rv = window_mark(&at, 10 + k);
			ck_rv(rv, failing_gets > 0 ? CKR_OK : CKR_HOST_MEMORY);
			failed += failing_gets == 0;
			failing_gets = passing_gets = 0;
			if (rv != CKR_OK)
				accepted(&at, 10 + k);
			replayed(&at, 10 + k);
			ck_ok(window_forget(&at));
		}
	ck_assert_uint_ge(failed, 2 * sizeof streams / sizeof streams[0]);
	stop();
}
END_TEST

/* A row that is after the place of a new stream is not one that belongs before the place. */
START_TEST(rows_in_the_wrong_order)
{
	start_controlled();
	struct window_location at = stream("a", 64);

	after_is_before = true;
	ck_rv(window_mark(&at, 1), CKR_DEVICE_ERROR);
	after_is_before = false;
	accepted(&at, 1);
	stop();
}
END_TEST

/* Nothing is forgotten or skipped, and the caller learns that. */
START_TEST(changes_that_fail)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	failing_begins = 1;
	ck_rv(window_forget(&at), CKR_DEVICE_ERROR);
	replayed(&at, 1);
	failing_commits = 1;
	ck_rv(window_skip(&at, 50), CKR_DEVICE_MEMORY);
	accepted(&at, 50);
	ck_ok(window_forget(&at));
	accepted(&at, 1);
	stop();
}
END_TEST

/* Only the first master makes the database. Without a database, no stream is new. */
START_TEST(nothing_else_makes_a_database)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10), exact = stream("b", 64);
	struct window_set set;

	accepted(&at, 1);
	accepted(&exact, 1);
	ck_ok(window_skip(&exact, 5));
	ck_ok(window_read(&exact, &set));
	ck_ok(window_forget(&exact));
	windows_logout(store, &vault);
	ck_ok(windows_remove(store, &vault, OTHER_MASTER));
	ck_assert(!made_database);
	make_master(9);
	ck_assert(made_database);
	stop();
}
END_TEST

/* The smallest reservation is of two counters. */
START_TEST(a_reservation_of_two)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 2);

	accepted(&at, 1);
	accepted(&at, 2);
	ck_assert_uint_eq(begins, 1);
	accepted(&at, 3);
	ck_assert_uint_eq(begins, 2);
	stop();
}
END_TEST

/* A logout leaves the mark of another process as it is, also if nothing has told of that mark. */
START_TEST(logging_out_of_a_replaced_reservation)
{
	static struct vault second;
	start_controlled();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	accepted(&theirs, 11);
	windows_logout(store, &vault);
	ck_assert_uint_eq(stored(mine).highest, 20);
	replayed(&mine, 11);
	accepted(&theirs, 12);
	windows_logout(store, &second);
	close_vault(&second);
	stop();
}
END_TEST

/* --- A full table --- */

START_TEST(a_full_table)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	add_entries(&space()->reserved, WINDOW_RESERVED_MAX - 1, WINDOW_AT_REST);
	accepted(&at, 1); /* the last place */
	ck_assert_uint_eq(space()->reserved.n, WINDOW_RESERVED_MAX);
	ck_assert_uint_eq(begins, 1);
	accepted(&at, 11); /* a stream that has a place needs no other */
	ck_assert_uint_eq(space()->reserved.n, WINDOW_RESERVED_MAX);
	ck_assert_uint_eq(begins, 2);
	at.stream = text_bytes("b");
	at.reserve = 2;
	accepted(&at, 1);
	ck_assert_uint_eq(begins, 4);
	ck_assert_uint_lt(space()->reserved.n, WINDOW_RESERVED_MAX);
	at.stream = text_bytes("a");
	accepted(&at, 2); /* the newest ones stay */
	ck_assert_uint_eq(begins, 4);
	stop();
}
END_TEST

/* Every place is in use by threads that reserve counters. */
START_TEST(a_table_of_busy_entries)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10), exact = stream("a", 64);

	add_entries(&space()->reserved, WINDOW_RESERVED_MAX, WINDOW_EXTENDING);
	ck_rv(window_mark(&at, 1), CKR_HOST_MEMORY);
	ck_assert_uint_eq(begins, 0);
	accepted(&exact, 1); /* needs no place */
	ck_assert_uint_eq(space()->reserved.n, WINDOW_RESERVED_MAX);
	window_table_forget(&space()->reserved, 0);
	stop();
}
END_TEST

/* The write that makes room fails: the counter is not marked, and the next use has room. */
START_TEST(a_full_table_on_a_failing_disk)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	add_entries(&space()->reserved, WINDOW_RESERVED_MAX, WINDOW_AT_REST);
	failing_begins = 1;
	ck_rv(window_mark(&at, 1), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(begins, 1);
	ck_assert_uint_lt(space()->reserved.n, WINDOW_RESERVED_MAX);
	accepted(&at, 1);
	ck_assert_uint_eq(begins, 2);
	stop();
}
END_TEST

RUN_SUITE("window reserve", a_reserved_counter_needs_no_transaction,
	an_outgoing_stream_reserves_nothing, a_reservation_that_is_confirmed, a_change_under_way,
	a_reservation_below_the_highest, reservations_near_the_end_of_the_range, the_order_of_use,
	logging_out_with_an_unreadable_mark, logging_out_on_a_full_disk,
	a_transaction_that_does_not_begin, a_transaction_that_does_not_commit,
	a_replaced_reservation, marks_that_cannot_be_read, rows_in_the_wrong_order,
	changes_that_fail, nothing_else_makes_a_database, a_reservation_of_two,
	logging_out_of_a_replaced_reservation, a_full_table, a_table_of_busy_entries,
	a_full_table_on_a_failing_disk)
