/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_queue_again.c: transactions that a backend gives up and that run again, backends that are
 * told what is coming, and transactions that end by themselves. See recorded_queue.h.
 */
#include <time.h>
#include <unistd.h>

#include "counted_locks.h"

static int test_clock(clockid_t clock, struct timespec *ret);
static int test_pause(useconds_t microseconds);
#define clock_gettime test_clock
#define usleep test_pause
#include "store/queue.c"
#undef clock_gettime
#undef usleep

#include "recorded_queue.h"

static struct timespec now = {.tv_sec = 1000};
static useconds_t pauses[32];
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
	pauses[paused++ % 32] = microseconds;
	return 0;
}

/* --- A backend that gives up commits --- */

#define E1 CKR_ATTRIBUTE_READ_ONLY
#define E2 CKR_DEVICE_MEMORY

static unsigned given_up; /* commits that are given up before one that succeeds */
static struct store_backend giving_up;

static CK_RV give_up(struct store *s)
{
	CK_RV rv = commit_one(s);

	s->again = true; /* counts only with an error */
	next = commands;
	if (given_up == 0)
		return rv;
	given_up--;
	return E2;
}

static void start(void)
{
	set_up();
	giving_up = backend;
	giving_up.commit = give_up;
	store.backend = &giving_up;
	store.again = true; /* of the transaction before */
}

static void add_others(void)
{
	add_one();
	add_one();
}

static void forget_journal(void)
{
	memset(journal, 0, sizeof journal);
}

/* A command that failed because of a conflict succeeds later, and its caller does not notice. */
START_TEST(commands_run_again_after_a_conflict)
{
	given_up = 2;
	commands[1].rv = E1;
	in_begin = add_others;
	ck_ok(queue_commit(&store, &commands[0].change));
	ck_assert_str_eq(journal, "Bs0rs1us2rCBs0rs1us2rCBs0rs1us2rC");
	ck_assert_uint_eq(paused, 2);
	ck_rv(commands[1].change.rv, E1);
	ck_ok(commands[2].change.rv);
	ck_assert(commands[1].change.done && commands[2].change.done && !store.leading);
	forget_journal();
	commands[0].rv = E1; /* an error of the command is no reason to run it again */
	ck_rv(queue_commit(&store, &commands[0].change), E1);
	ck_assert_str_eq(journal, "Bs0uR");
}
END_TEST

/* A command must not wait for ever for others that are faster. */
START_TEST(commands_run_again_twenty_times)
{
	given_up = UINT32_MAX;
	ck_rv(queue_commit(&store, &commands[0].change), E2);
	ck_assert_uint_eq(begins, 21);
	ck_assert_uint_eq(paused, 20);
	given_up = 20;
	ck_ok(queue_commit(&store, &commands[0].change));
	ck_assert_uint_eq(begins, 42);
}
END_TEST

static void fail_next_begin(void)
{
	begin_rv = E1;
}

/* Commands that cannot begin again have failed. */
START_TEST(a_begin_that_fails_ends_it)
{
	given_up = UINT32_MAX;
	in_commit = fail_next_begin;
	ck_rv(queue_commit(&store, &commands[0].change), E1);
	ck_assert_str_eq(journal, "Bs0rCB");
	ck_assert(!is_locked(&store.lock));
}
END_TEST

/* Hosts that meet in a conflict do not meet again and again: pauses are random and grow. */
START_TEST(pauses_between_conflicts)
{
	static const useconds_t longest[] = {
		500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000, 64000};

	for (unsigned i = 0; i < sizeof longest / sizeof longest[0]; i++)
		for (unsigned shortest = 0; shortest < 2; shortest++) {
			now.tv_nsec = 64L * (longest[i] - !shortest);
			given_up = 20;
			paused = 0;
			forget_journal();
			ck_ok(queue_commit(&store, &commands[0].change));
			ck_assert_uint_eq(pauses[i], shortest ? 100 : 99 + longest[i]);
		}
}
END_TEST

static void no_conflict(void)
{
	commands[0].rv = CKR_OK;
}

static void conflict(void)
{
	store.again = true;
	in_begin = no_conflict;
	next = commands;
}

/* A conflict that a command meets before the commit has the same effect. */
START_TEST(a_conflict_in_the_middle)
{
	commands[0].rv = E1;
	commands[0].ends = true;
	commands[0].meanwhile = conflict;
	ck_ok(queue_commit(&store, &commands[0].change));
	ck_assert_str_eq(journal, "Bs0RBs0rC");
}
END_TEST

/* --- A transaction that is gone --- */

static void lose_it(void)
{
	open_now = false;
}

/* Nobody is told that a change was made if the transaction ended without an error. */
START_TEST(a_transaction_that_is_lost)
{
	store.backend = &backend;
	commands[1].meanwhile = lose_it;
	in_begin = add_others;
	ck_rv(queue_commit(&store, &commands[0].change), CKR_DEVICE_ERROR);
	ck_assert_str_eq(journal, "Bs0rs1rR");
	ck_rv(commands[1].change.rv, CKR_DEVICE_ERROR);
	ck_rv(commands[2].change.rv, CKR_DEVICE_ERROR);
}
END_TEST

static void add_and_lose(void)
{
	add_one();
	open_now = false;
}

/* A command that comes when the transaction is gone belongs to the next. */
START_TEST(a_lost_transaction_takes_no_more)
{
	store.backend = &backend;
	commands[0].meanwhile = add_and_lose;
	ck_rv(queue_commit(&store, &commands[0].change), CKR_DEVICE_ERROR);
	ck_assert_ptr_eq(store.first, &commands[1].change);
	ck_assert(!commands[1].change.done);
}
END_TEST

/* --- A backend that is told what is coming --- */

static void expect(struct store *s, const struct change *list)
{
	ck_assert(s == &store && list != NULL && is_locked(&store.lock));
	note('e');
	for (; list != NULL; list = list->next)
		note(((const struct command *)list)->name);
	note('.');
}

static void add_once(void)
{
	commands[0].meanwhile = NULL;
	add_others();
}

/* Commands that run again are told again. Others that come meanwhile wait for the next turn. */
START_TEST(a_backend_that_is_told_what_comes)
{
	giving_up.expect = expect;
	given_up = 1;
	commands[0].meanwhile = add_once;
	ck_ok(queue_commit(&store, &commands[0].change));
	ck_assert_str_eq(journal, "e0.Bs0rCe0.Bs0rC");
	ck_assert_ptr_eq(store.first, &commands[1].change);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {commands_run_again_after_a_conflict,
		commands_run_again_twenty_times, a_begin_that_fails_ends_it,
		pauses_between_conflicts, a_conflict_in_the_middle, a_transaction_that_is_lost,
		a_lost_transaction_takes_no_more, a_backend_that_is_told_what_comes};
	Suite *suite = suite_create("queue again");
	TCase *tcase = tcase_create("queue again");

	tcase_add_checked_fixture(tcase, start, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
