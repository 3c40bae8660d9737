/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_queue.c: the calls that the queue of changes makes of a backend, in their order, with a
 * backend that keeps nothing. The clock and the pauses are those of the test, so that a minute
 * passes at once.
 */
#include <time.h>
#include <unistd.h>

#include "counted_locks.h"
#include "other_thread.h"

static int test_clock(clockid_t clock, struct timespec *ret);
static int test_pause(useconds_t microseconds);
#define clock_gettime test_clock
#define usleep test_pause
#include "store/queue.c"
#undef clock_gettime
#undef usleep

#include "recorded_queue.h"

static size_t wanted; /* commands */

static void add_others(void)
{
	while (added < wanted)
		add_one();
}

static void nothing_is_held(void)
{
	ck_assert(!is_locked(&store.lock) && !is_locked(&store.queue_lock));
	ck_assert(!store.leading && !open_now);
	ck_assert_int_eq(live_locks, locks_before);
}

/* Run N commands. The first begins, and the others join while the transaction begins. */
static CK_RV commit_commands(size_t n)
{
	wanted = n;
	in_begin = add_others;
	CK_RV rv = queue_commit(&store, &commands[0].change);
	ck_assert(rv == commands[0].change.rv);
	nothing_is_held();
	return rv;
}

/* --- One transaction --- */

#define E1 CKR_ATTRIBUTE_READ_ONLY
#define E2 CKR_DEVICE_MEMORY

static const struct {
	struct command commands[3];
	size_t n;
	CK_RV commit;
	const char *calls;
	CK_RV results[3];
} transactions[] = {
	{{{.rv = CKR_OK}}, 1, CKR_OK, "Bs0rC", {CKR_OK}},
	{{{.rv = CKR_OK}, {.rv = CKR_OK}}, 2, CKR_OK, "Bs0rs1rC", {CKR_OK, CKR_OK}},
	/* A command that fails is undone alone. */
	{{{.rv = CKR_OK}, {.rv = E1}, {.rv = CKR_OK}}, 3, CKR_OK, "Bs0rs1us2rC",
		{CKR_OK, E1, CKR_OK}},
	{{{.rv = E1}, {.rv = CKR_OK}}, 2, CKR_OK, "Bs0us1rC", {E1, CKR_OK}},
	{{{.savepoint = E1}}, 1, CKR_OK, "BsR", {E1}},
	{{{.release = E1}}, 1, CKR_OK, "Bs0ruR", {E1}},
	{{{.rv = CKR_OK}, {.release = E1}}, 2, CKR_OK, "Bs0rs1ruC", {CKR_OK, E1}},
	/* Nothing is committed if nothing has changed. */
	{{{.rv = E1}}, 1, CKR_OK, "Bs0uR", {E1}},
	{{{.rv = E1}, {.rv = E2}}, 2, CKR_OK, "Bs0us1uR", {E1, E2}},
	/* An error that ends the transaction is the error of all who have not failed before. */
	{{{.rv = CKR_OK}, {.rv = E1, .ends = true}, {.rv = CKR_OK}}, 3, CKR_OK, "Bs0rs1R",
		{E1, E1, E1}},
	{{{.rv = E2}, {.rv = E1, .ends = true}, {.rv = CKR_OK}}, 3, CKR_OK, "Bs0us1R",
		{E2, E1, E1}},
	{{{.rv = CKR_OK}, {.release = E1, .ends = true}}, 2, CKR_OK, "Bs0rs1rR", {E1, E1}},
	/* A commit that fails is the error of all who have not failed before. */
	{{{.rv = CKR_OK}, {.rv = E1}, {.rv = CKR_OK}}, 3, E2, "Bs0rs1us2rC", {E2, E1, E2}},
};

START_TEST(each_command_has_its_result_and_is_undone_alone)
{
	size_t n = transactions[_i].n;

	commit_rv = transactions[_i].commit;
	for (size_t i = 0; i < n; i++) {
		const struct command *from = &transactions[_i].commands[i];
		commands[i].rv = from->rv;
		commands[i].savepoint = from->savepoint;
		commands[i].release = from->release;
		commands[i].ends = from->ends;
	}
	ck_rv(commit_commands(n), transactions[_i].results[0]);
	ck_assert_str_eq(journal, transactions[_i].calls);
	for (size_t i = 0; i < n; i++) {
		ck_rv(commands[i].change.rv, transactions[_i].results[i]);
		ck_assert(commands[i].change.done);
	}
	ck_assert(store.first == NULL && store.end == &store.first);
}
END_TEST

/* A command may run where no token was initialised yet. Then the begin makes what is missing. */
START_TEST(a_command_that_creates_says_so_to_the_begin)
{
	commands[0].change.creates = true;
	ck_ok(commit_commands(1));
	commands[0].change.creates = false;
	ck_ok(commit_commands(1));
	ck_assert_str_eq(journal, "Ns0rCBs0rC");
}
END_TEST

/* Nobody waits for a transaction that could not begin, and no command runs. */
START_TEST(an_error_of_the_begin_is_everybodys)
{
	begin_rv = E2;
	ck_rv(commit_commands(1), E2);
	ck_assert_str_eq(journal, "B");
	ck_assert_uint_eq(begins, 1);
	begin_rv = CKR_OK;
	ck_ok(commit_commands(1));
}
END_TEST

/* A command that arrives while the last command runs is part of the same commit. */
START_TEST(commands_join_while_the_last_one_runs)
{
	wanted = 4;
	commands[0].meanwhile = commands[1].meanwhile = commands[2].meanwhile = add_one;
	ck_ok(queue_commit(&store, &commands[0].change));
	ck_assert_str_eq(journal, "Bs0rs1rs2rs3rC");
	nothing_is_held();
}
END_TEST

/* The first must not wait for ever while others arrive. A commit has 256 commands at most. */
START_TEST(a_commit_has_an_end)
{
	unsigned done = 0;

	ck_ok(commit_commands(300));
	for (size_t i = 0; i < 300; i++)
		done += commands[i].change.done;
	ck_assert_uint_eq(done, 256);
	ck_assert_uint_eq(strlen(journal), 2 + 3 * 256);
	ck_assert_ptr_eq(store.first, &commands[256].change);
	ck_assert_ptr_eq(store.end, &commands[299].change.next);
	ck_assert_ptr_null(commands[299].change.next);
}
END_TEST

/* --- Other processes --- */

static struct timespec now = {.tv_sec = 1000};
static bool clock_stands;
static useconds_t pauses[16];
static unsigned paused;

static int test_clock(clockid_t clock, struct timespec *ret)
{
	ck_assert_int_eq(clock, CLOCK_MONOTONIC);
	*ret = now;
	return 0;
}

static int test_pause(useconds_t microseconds)
{
	ck_assert(!is_locked(&store.lock)); /* readers of this process go on */
	if (paused < 16)
		pauses[paused] = microseconds;
	paused++;
	if (clock_stands)
		return 0;
	now.tv_nsec += microseconds * 1000L;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	return 0;
}

/* Another process that never ends its transaction is waited for a minute, and no longer. */
START_TEST(another_process_is_waited_for_a_minute)
{
	busy_times = UINT32_MAX;
	ck_rv(commit_commands(1), CKR_DEVICE_ERROR);
	ck_assert_str_eq(journal, "");
	ck_assert_int_eq(now.tv_sec, 1060);
	ck_assert_int_lt(now.tv_nsec, 5100000); /* the last pause */
	busy_times = 100;
	ck_ok(commit_commands(1));
	ck_assert_str_eq(journal, "Bs0rC");
}
END_TEST

/*
 * The pauses have a random part, so that two processes do not meet again and again. They become
 * longer, up to 5 ms.
 */
START_TEST(pauses_become_longer)
{
	static const useconds_t longest[] = {299, 499, 899, 1699, 3299, 5099, 5099};
	enum { N = sizeof longest / sizeof longest[0] };
	useconds_t least[N], most[N] = {0};

	memset(least, 0xff, sizeof least);
	clock_stands = true;
	for (unsigned k = 0; k <= 5000; k++) {
		now.tv_nsec = k * 64 + 63;
		busy_times = N;
		paused = 0;
		memset(journal, 0, sizeof journal);
		ck_ok(commit_commands(1));
		ck_assert_uint_eq(paused, N);
		for (size_t i = 0; i < N; i++) {
			least[i] = pauses[i] < least[i] ? pauses[i] : least[i];
			most[i] = pauses[i] > most[i] ? pauses[i] : most[i];
		}
	}
	for (size_t i = 0; i < N; i++) {
		ck_assert_uint_eq(least[i], 100);
		ck_assert_uint_eq(most[i], longest[i]);
	}
}
END_TEST

/* --- Threads --- */

static struct other_thread others[3]; /* each with the command of its number */

static void commit_other(void *arg)
{
	ck_ok(queue_commit(&store, arg));
}

static bool other_waits(unsigned i)
{
	others[i].call = commit_other;
	others[i].arg = &commands[i].change;
	return other_thread_waits(&others[i]);
}

static void start_two(void)
{
	ck_assert(other_waits(1) && other_waits(2));
}

static void end_two(void)
{
	other_thread_end(&others[1]);
	other_thread_end(&others[2]);
	ck_assert(store.first == NULL && store.end == &store.first);
	nothing_is_held();
}

/* Threads whose commands another thread has run are woken. */
START_TEST(threads_are_woken_when_their_commands_are_done)
{
	in_begin = start_two;
	ck_ok(queue_commit(&store, &commands[0].change));
	end_two();
	ck_assert_str_eq(journal, "Bs0rs1rs2rC");
}
END_TEST

static void start_two_and_look(void)
{
	start_two();
	pthread_mutex_lock(&store.queue_lock);
	ck_assert_ptr_eq(store.first, &commands[1].change); /* is not run by anybody yet */
	pthread_mutex_unlock(&store.queue_lock);
}

/* Threads that come during the commit wait, and the first of them is woken to make the next. */
START_TEST(threads_that_come_during_the_commit_make_the_next)
{
	commands[1].change.creates = true;
	in_commit = start_two_and_look;
	ck_ok(queue_commit(&store, &commands[0].change));
	end_two();
	ck_assert_str_eq(journal, "Bs0rCNs1rs2rC");
}
END_TEST

/* Only the first in the queue makes a commit, so that no command waits for later ones. */
START_TEST(a_thread_that_is_not_the_first_waits)
{
	added = 0;
	add_one();
	next = &commands[1];
	ck_assert(other_waits(1));
	ck_assert_str_eq(journal, "");
	pthread_mutex_lock(&store.queue_lock);
	store.first = commands[0].change.next; /* as the thread of the first does */
	pthread_cond_signal(&store.first->woken);
	pthread_mutex_unlock(&store.queue_lock);
	other_thread_end(&others[1]);
	ck_assert_str_eq(journal, "Bs1rC");
	nothing_is_held();
}
END_TEST

static _Atomic bool is_in_commit, may_commit;

static void wait_in_commit(void)
{
	is_in_commit = true;
	while (!may_commit)
		sched_yield();
}

/* The queue is changed under its lock, before a commit and after it. */
START_TEST(the_lock_of_the_queue_is_taken)
{
	next = &commands[1];
	in_commit = wait_in_commit;
	pthread_mutex_lock(&store.queue_lock);
	ck_assert(other_waits(1));
	ck_assert(store.first == NULL && !store.leading);
	pthread_mutex_unlock(&store.queue_lock);
	while (!is_in_commit)
		sched_yield();
	pthread_mutex_lock(&store.queue_lock);
	may_commit = true;
	while (!others[1].done && (open_now || !thread_sleeps(others[1].id)))
		sched_yield();
	ck_assert(!others[1].done && store.leading && !commands[1].change.done);
	pthread_mutex_unlock(&store.queue_lock);
	other_thread_end(&others[1]);
	nothing_is_held();
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_command_that_creates_says_so_to_the_begin,
		an_error_of_the_begin_is_everybodys, commands_join_while_the_last_one_runs,
		a_commit_has_an_end, another_process_is_waited_for_a_minute, pauses_become_longer,
		threads_are_woken_when_their_commands_are_done,
		threads_that_come_during_the_commit_make_the_next,
		a_thread_that_is_not_the_first_waits, the_lock_of_the_queue_is_taken};
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, each_command_has_its_result_and_is_undone_alone, 0,
		sizeof transactions / sizeof transactions[0]);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
