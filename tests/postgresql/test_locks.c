/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_locks.c: somebody else has a lock that a host needs. The server ends the wait with
 * lock_not_available, or with query_canceled when an administrator cancels the statement or its
 * lock_timeout ended in the moment when it got the lock. The host asks again, and the call
 * succeeds when the lock is free.
 */
#include "store_on_server.h"

#define CANCELS 3
#define LONGER_MS (PATIENT_LOCK_WAIT + 200)

static PGconn *locker; /* has the lock */
static _Atomic bool is_done;

/* Let the locker begin a transaction that locks the rows of the slot in TABLE. */
static void lock_rows(const char *table)
{
	char sql[200];

	/* Of keydiv.change no row is locked, because a change inserts its own. */
	if (strcmp(table, "change") == 0)
		snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE keydiv.change IN EXCLUSIVE MODE");
	else
		snprintf(sql, sizeof sql, "BEGIN; SELECT FROM keydiv.%s WHERE slot = %s FOR UPDATE",
			table, token_dir + strlen("/slot-"));
	PGresult *r = PQexec(locker, sql);
	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK,
		"%s", PQerrorMessage(locker));
	PQclear(r);
}

/* --- Calls --- */

static CK_RV change(void)
{
	return store_touch(store);
}

static CK_RV use(void)
{
	static uint64_t counter = 10;
	struct window_location at = stream("a", 64);

	return window_mark(&at, counter++);
}

static CK_RV count_up(const struct store_token *t, struct store_tries *tries, void *unused)
{
	(void)t;
	(void)unused;
	tries->wrong++;
	return CKR_OK;
}

static CK_RV count(void)
{
	return store_tries_edit(store, STORE_USER, count_up, NULL);
}

static CK_RV try_pin(void)
{
	bool got = store_lock_pins_alone(store);

	store_unlock_pins(store);
	return got ? CKR_OK : CKR_DEVICE_ERROR;
}

static const struct {
	const char *locked;
	CK_RV (*call)(void);
} cases[] = {
	{"slot", change},
	{"mark", use},
	{"tries", count},
	{"pin_turn", try_pin},
	/* The insertion of the change's id, which goes with the COMMIT. */
	{"change", change},
	{"change", use},
	{"change", count},
};
#define CASES ((int)(sizeof cases / sizeof cases[0]))
#define WITH_COMMIT 4

/* --- Tests --- */

/* Make the rows that are locked, and take the lock of case I. */
static void take_lock(int i)
{
	start();
	for (int k = 0; k < CASES; k++)
		ck_ok(cases[k].call());
	locker = PQconnectdb("service=direct");
	lock_rows(cases[i].locked);
}

static void *call(void *arg)
{
	static CK_RV rv;

	rv = cases[*(const int *)arg].call();
	atomic_store(&is_done, true);
	return &rv;
}

static void give_back_and_join(pthread_t thread)
{
	void *rv = NULL;

	ck_assert(!atomic_load(&is_done));
	PQfinish(locker);
	pthread_join(thread, &rv);
	ck_ok(*(CK_RV *)rv);
	close_all();
}

/* Cancel the statement of a host that waits for a lock. Return how many waited. */
static long cancel(void)
{
	return ask_sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
		       "WHERE application_name = 'keydiv' AND wait_event_type = 'Lock'");
}

START_TEST(statements_that_are_cancelled)
{
	pthread_t thread;

	take_lock(_i);
	ck_assert_int_eq(pthread_create(&thread, NULL, call, &_i), 0);
	for (int n = 0; n < CANCELS; usleep(5000)) {
		ck_assert(!atomic_load(&is_done));
		n += cancel() > 0;
	}
	give_back_and_join(thread);
}
END_TEST

START_TEST(locks_that_are_kept)
{
	pthread_t thread;

	take_lock(_i);
	ck_assert_int_eq(pthread_create(&thread, NULL, call, &_i), 0);
	usleep(LONGER_MS * 1000);
	give_back_and_join(thread);
}
END_TEST

int main(void)
{
	TCase *tests;
	Suite *suite = server_suite("locks", 30, &tests);

	tcase_add_loop_test(tests, statements_that_are_cancelled, 0, CASES);
	tcase_add_loop_test(tests, locks_that_are_kept, WITH_COMMIT, CASES);
	return run_suite(suite);
}
