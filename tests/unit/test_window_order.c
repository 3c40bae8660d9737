/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_order.c: replay windows while a transaction of another thread is under way, and after
 * one that has failed. The backend of the marks calls the test before each commit.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "state/window_leave.h"
#include "store/backend.h"
#include "window_support.h"

/* --- A backend that the test controls --- */

static const struct store_backend *real;
static struct store_backend controlled;

static unsigned begins, commits;
static unsigned failing_begins, failing_commits, failing_gets, failing_puts; /* to come */
static _Atomic uint64_t freshness;
static void (*in_commit)(void); /* called before the next commit */

static CK_RV begin(struct store *marks, bool create, bool *ret_busy)
{
	begins++;
	if (failing_begins > 0 && failing_begins-- > 0)
		return CKR_DEVICE_ERROR;
	return real->begin(marks, create, ret_busy);
}

static CK_RV commit(struct store *marks)
{
	void (*call)(void) = in_commit;

	in_commit = NULL;
	if (call != NULL)
		call();
	if (failing_commits > 0 && failing_commits-- > 0) {
		real->rollback(marks);
		return CKR_DEVICE_MEMORY;
	}
	commits++;
	return real->commit(marks);
}

static CK_RV get(struct store *marks, int64_t master, const uint8_t name[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n)
{
	if (failing_gets > 0 && failing_gets-- > 0)
		return CKR_DEVICE_ERROR;
	return real->mark_get(marks, master, name, ret_mark, ret_n);
}

static CK_RV put(
	struct store *marks, int64_t master, const uint8_t name[MARK_STREAM_LEN], struct bytes mark)
{
	if (failing_puts > 0 && failing_puts-- > 0)
		return CKR_DEVICE_MEMORY;
	return real->mark_put(marks, master, name, mark);
}

static const _Atomic uint64_t *get_freshness(const struct store *unused)
{
	(void)unused;
	return &freshness;
}

/* Close the store with its own backend. */
static void stop(void)
{
	store->marks->backend = real;
	close_all();
}

static struct window_space *space(void)
{
	return window_space_of(&vault, false);
}

/* Two masters, and a backend under control. */
static void start_controlled(void)
{
	start();
	real = store->marks->backend;
	controlled = *real;
	controlled.begin = begin;
	controlled.commit = commit;
	controlled.mark_get = get;
	controlled.mark_put = put;
	store->marks->backend = &controlled;
	ck_assert_ptr_nonnull(window_space_of(&vault, true));
	begins = commits = failing_begins = failing_commits = failing_gets = failing_puts = 0;
}

/* --- Another thread --- */

/* A call of another thread, and its result. */
static struct other {
	pthread_t thread;
	CK_RV (*call)(const struct window_location *at, uint64_t counter);
	struct window_location at;
	uint64_t counter;
	CK_RV rv;
	_Atomic long id;
	_Atomic bool done;
} other;

static void *run_other(void *arg)
{
	struct other *o = arg;

	o->id = syscall(SYS_gettid);
	o->rv = o->call(&o->at, o->counter);
	o->done = true;
	return NULL;
}

static bool sleeps(long id)
{
	char path[80], text[400] = "";

	snprintf(path, sizeof path, "/proc/self/task/%ld/stat", id);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	const char *name_end = n > 0 ? strrchr(text, ')') : NULL;
	return name_end != NULL && name_end[2] == 'S';
}

/* Start the call of OTHER in a thread. Return when it is done, or waits for somebody. */
static void start_other(void)
{
	other.id = 0;
	other.done = false;
	ck_assert_int_eq(pthread_create(&other.thread, NULL, run_other, &other), 0);
	while (!other.done && (other.id == 0 || !sleeps(other.id)))
		sched_yield();
}

static CK_RV end_other(void)
{
	pthread_join(other.thread, NULL);
	return other.rv;
}

static void other_marks(struct window_location at, uint64_t counter)
{
	other.call = window_mark;
	other.at = at;
	other.counter = counter;
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
	ck_ok(vault_init(&second));
	log_in(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	accepted(&theirs, 11);
	ck_assert_uint_eq(space()->reserved.n, 1);
	replayed(&mine, 12);
	ck_assert_uint_eq(space()->reserved.n, 0);
	accepted(&theirs, 12);
	windows_logout(store, &second);
	windows_close(&second);
	vault_destroy(&second);
	stop();
}
END_TEST

/* --- A full table --- */

/* Add N entries of PHASE to TABLE, which no stream has. */
static void add_entries(struct window_table *table, size_t n, enum window_phase phase)
{
	uint8_t name[MARK_STREAM_LEN] = {0};

	for (size_t i = 0; i < n; i++) {
		put_be32(name, (uint32_t)i);
		struct window_entry *e = window_table_add(table, MASTER, name);
		ck_assert_ptr_nonnull(e);
		e->phase = phase;
		e->owner = 1;
		e->set = window_set_empty(64);
	}
}

START_TEST(a_full_table)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	add_entries(&space()->reserved, WINDOW_RESERVED_MAX - 1, WINDOW_AT_REST);
	accepted(&at, 1); /* the last place */
	ck_assert_uint_eq(space()->reserved.n, WINDOW_RESERVED_MAX);
	ck_assert_uint_eq(begins, 1);
	at.stream = text_bytes("b");
	accepted(&at, 1);
	ck_assert_uint_eq(begins, 3);
	ck_assert_uint_lt(space()->reserved.n, WINDOW_RESERVED_MAX);
	at.stream = text_bytes("a");
	accepted(&at, 2); /* the newest ones stay */
	ck_assert_uint_eq(begins, 3);
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

/* --- Orders of two threads --- */

static CK_RV verdict;

static void other_is_judged(void)
{
	start_other();
	verdict = end_other(); /* does not wait for this commit */
}

/* What is reserved is judged while a thread reserves more. */
START_TEST(judging_while_extending)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	other_marks(at, 5);
	in_commit = other_is_judged;
	accepted(&at, 11);
	ck_ok(verdict);
	ck_assert_uint_eq(begins, 2);
	replayed(&at, 5);
	replayed(&at, 11);
	accepted(&at, 6);
	stop();
}
END_TEST

/* A counter above the limit waits for the thread that extends the reservation. */
START_TEST(waiting_for_an_extension)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	other_marks(at, 12);
	in_commit = start_other;
	accepted(&at, 11);
	ck_ok(end_other());
	ck_assert_uint_eq(begins, 2);
	replayed(&at, 12);
	stop();
}
END_TEST

static CK_RV forget(const struct window_location *at, uint64_t counter)
{
	(void)counter;
	return window_forget(at);
}

START_TEST(forgetting_while_extending)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	other_marks(at, 0);
	other.call = forget;
	in_commit = start_other;
	accepted(&at, 11);
	ck_ok(end_other());
	ck_assert_uint_eq(space()->reserved.n, 0);
	ck_assert(!stored(at).any);
	accepted(&at, 11);
	stop();
}
END_TEST

/* No counter is judged by a reservation that a thread forgets. */
START_TEST(marking_while_forgetting)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	other_marks(at, 2);
	in_commit = start_other;
	ck_ok(window_forget(&at));
	ck_ok(end_other());
	ck_assert_uint_eq(stored(at).highest, 11); /* a new reservation, from 2 on */
	replayed(&at, 2);
	accepted(&at, 3);
	stop();
}
END_TEST

/*
 * A logout writes back that 2 is free. So 2 must not be judged by memory meanwhile, and the thread
 * that asks comes after the logout.
 */
START_TEST(marking_while_logging_out)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	other_marks(at, 2);
	in_commit = start_other;
	vault_wipe_key(&vault);
	windows_logout(store, &vault);
	ck_rv(end_other(), CKR_USER_NOT_LOGGED_IN);
	log_in(&vault);
	ck_assert_uint_eq(stored(at).highest, 1);
	ck_assert_uint_eq(space()->reserved.n, 0);
	accepted(&at, 2);
	replayed(&at, 2);
	stop();
}
END_TEST

static CK_RV log_out(const struct window_location *at, uint64_t counter)
{
	(void)counter;
	windows_logout(at->store, at->vault);
	return CKR_OK;
}

/* A logout waits for a thread that extends a reservation, and writes the reservation back. */
START_TEST(logging_out_while_extending)
{
	start_controlled();
	struct window_location at = reserving("a", 64, 10);

	other_marks(at, 0);
	other.call = log_out;
	in_commit = start_other;
	accepted(&at, 1);
	ck_ok(end_other());
	ck_assert_uint_eq(space()->reserved.n, 0);
	ck_assert(!space()->loaded);
	ck_assert_uint_eq(stored(at).highest, 1);
	stop();
}
END_TEST

/* A master that is destroyed takes its entries along, except those that a thread works on. */
START_TEST(entries_of_a_destroyed_master)
{
	start_controlled();
	struct window_table *table = &space()->reserved;

	add_entries(table, 3, WINDOW_AT_REST);
	table->oldest->phase = WINDOW_EXTENDING;
	table->newest->master = OTHER_MASTER;
	ck_ok(windows_remove(store, &vault, MASTER));
	ck_assert_uint_eq(table->n, 2);
	ck_assert_int_eq(table->oldest->phase, WINDOW_EXTENDING);
	ck_assert_int_eq(table->newest->master, OTHER_MASTER);
	window_table_forget(table, 0);
	stop();
}
END_TEST

/* --- Forks --- */

static _Atomic bool held, released;

static void hold_until_released(struct window_space *unused, void *arg)
{
	(void)unused;
	(void)arg;
	held = true;
	while (!released)
		sched_yield();
}

static void *hold_the_list(void *arg)
{
	window_spaces_each(hold_until_released, NULL);
	return arg;
}

/* A child does not inherit the lock of the list, which a thread of the parent has. */
START_TEST(a_fork_while_the_list_is_locked)
{
	pthread_t thread;
	int status;
	start_controlled();
	held = released = false;

	ck_assert_int_eq(pthread_create(&thread, NULL, hold_the_list, NULL), 0);
	while (!held)
		sched_yield();
	pid_t child = fork();
	if (child == 0) {
		windows_forked();
		_exit(window_space_of(&vault, false) == NULL ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	released = true;
	pthread_join(thread, NULL);
	stop();
}
END_TEST

RUN_SUITE("window order", a_reserved_counter_needs_no_transaction,
	an_outgoing_stream_reserves_nothing, a_reservation_that_is_confirmed, a_change_under_way,
	a_reservation_below_the_highest, reservations_near_the_end_of_the_range, the_order_of_use,
	logging_out_with_an_unreadable_mark, logging_out_on_a_full_disk,
	a_transaction_that_does_not_begin, a_transaction_that_does_not_commit,
	a_replaced_reservation, a_full_table, a_table_of_busy_entries,
	a_full_table_on_a_failing_disk, judging_while_extending, waiting_for_an_extension,
	forgetting_while_extending, marking_while_forgetting, marking_while_logging_out,
	logging_out_while_extending, entries_of_a_destroyed_master, a_fork_while_the_list_is_locked)
