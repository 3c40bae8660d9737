/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_warnings.c: the server gives up waiting for its synchronous standby, and says so with a
 * warning beside the answer to COMMIT. Such an answer is no success, of a change and of a renewal
 * of the lease.
 */
#include "store_on_server.h"

/* Of the COMMIT or the renewal, and of what asks for the outcome. */
#define CANCELS 2

static _Atomic bool is_done; /* the call has returned */

/* Cancel the waits for the standby of hosts. Return how many there were. */
static long cancel(void)
{
	return ask_sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
		       "WHERE application_name = 'keydiv' AND wait_event = 'SyncRep'");
}

static void cancel_a_wait(void)
{
	while (!atomic_load(&is_done) && cancel() == 0)
		usleep(1000);
}

static CK_RV change(void)
{
	return store_touch(store);
}

static CK_RV use(void)
{
	struct window_location at = stream("a", 64);

	return window_mark(&at, 1);
}

static CK_RV confirm(void)
{
	lease_end(&postgresql_of(store)->lease);
	return store_confirm(store);
}

static CK_RV (*const calls[])(void) = {change, use, confirm};

static void *call(void *i)
{
	static CK_RV rv;

	rv = calls[*(int *)i]();
	atomic_store(&is_done, true);
	return &rv;
}

/* Call number I with a standby that is stopped, until CANCELS waits for it were cancelled. */
static pthread_t begin_without_standby(int *i)
{
	pthread_t thread;

	start();
	ck_ok(store_confirm(store));
	ck_ok(change());
	command("pause b");
	ck_assert_int_eq(pthread_create(&thread, NULL, call, i), 0);
	for (int n = 0; n < CANCELS && !atomic_load(&is_done); n++) {
		cancel_a_wait();
		usleep(200000);
	}
	return thread;
}

static CK_RV end_with_standby(pthread_t thread)
{
	void *rv = NULL;

	command("cont b");
	pthread_join(thread, &rv);
	return *(CK_RV *)rv;
}

/* The change is acknowledged when the standby is back, and was made once. */
START_TEST(a_change_that_is_not_on_the_standby)
{
	pthread_t thread = begin_without_standby(&_i);

	ck_assert(!atomic_load(&is_done));
	ck_ok(end_with_standby(thread));
	if (calls[_i] == use)
		ck_rv(use(), CKR_KEYDIV_REPLAYED);
	close_all();
}
END_TEST

/* The lease is not renewed, and is when the standby is back. */
START_TEST(a_renewal_that_is_not_on_the_standby)
{
	int i = 2;
	pthread_t thread = begin_without_standby(&i);
	int64_t until = atomic_load(&postgresql_of(store)->lease.until);
	CK_RV rv = end_with_standby(thread);

	ck_assert_int_eq(until, 0);

	ck_assert(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
	while (store_confirm(store) != CKR_OK)
		usleep(1000);
	close_all();
}
END_TEST

int main(void)
{
	TCase *tests;
	Suite *suite = server_suite("warnings", 60, &tests);

	tcase_add_loop_test(tests, a_change_that_is_not_on_the_standby, 0, 2);
	tcase_add_test(tests, a_renewal_that_is_not_on_the_standby);
	return run_suite(suite);
}
