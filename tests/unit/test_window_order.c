/* SPDX-License-Identifier: Apache-2.0 */
/* test_window_order.c: replay windows while a transaction of another thread is under way. */
#include "other_thread.h"
#include "window_control.h"

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

/* Start the call of OTHER in a thread. Return when it is done, or waits for somebody. */
static void start_other(void)
{
	other.id = 0;
	other.done = false;
	ck_assert_int_eq(pthread_create(&other.thread, NULL, run_other, &other), 0);
	while (!other.done && (other.id == 0 || !thread_sleeps(other.id)))
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

/* --- Two threads --- */

static CK_RV verdict;

static void other_is_judged(void)
{
	start_other();
	verdict = end_other(); /* does not wait for this commit */
}

/* Reserved counters are judged while a thread reserves more. */
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

RUN_SUITE("window order", judging_while_extending, waiting_for_an_extension,
	forgetting_while_extending, marking_while_forgetting, marking_while_logging_out,
	logging_out_while_extending, entries_of_a_destroyed_master, a_fork_while_the_list_is_locked)
