/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_waits.c: how long a call waits for another program that has locked a file of the
 * token. A minute passes at once here, because the clock and the pauses are the test's.
 *
 * The files that wait are included, with their system calls led through the functions below.
 */
#include <errno.h>
#include <sqlite3.h>
#include <sys/file.h>

#include "store_support.h"

static int fake_clock(clockid_t clock, struct timespec *ret);
static int fake_usleep(useconds_t us);
static int fake_flock(int fd, int how);
static int fake_openat(int dirfd, const char *name, int flags, ...);
#define clock_gettime fake_clock
#define usleep fake_usleep
#define flock fake_flock
#define openat fake_openat
#define open_store open_store_of_schema
#include "base/files.c"
#include "store/sqlite/database_open.c"
#include "store/sqlite/sqlite_backend.c"
#undef clock_gettime
#undef usleep
#undef flock
#undef openat
#undef open_store

/* --- Time --- */

#define SECOND UINT64_C(1000000000)

static uint64_t now = 5000 * SECOND + 123456789; /* in nanoseconds */
static unsigned pauses;                          /* since begin_waiting */
static uint64_t began, longest, longest_early;   /* of the pauses; in the first five of them */
static unsigned releases_at;                     /* the pause in which the other program unlocks */
static void (*release)(void);

static int fake_clock(clockid_t clock, struct timespec *ret)
{
	ck_assert_int_eq(clock, CLOCK_MONOTONIC); /* setting the time of day must not matter */
	ret->tv_sec = (time_t)(now / SECOND);
	ret->tv_nsec = (long)(now % SECOND);
	return 0;
}

static int fake_usleep(useconds_t us)
{
	ck_assert_uint_gt(us, 0);
	now += us * UINT64_C(1000);
	longest = us > longest ? us : longest;
	if (pauses < 5)
		longest_early = us > longest_early ? us : longest_early;
	if (++pauses == releases_at && release != NULL)
		release();
	return 0;
}

static void begin_waiting(unsigned until, void (*how)(void))
{
	pauses = 0;
	longest = longest_early = 0;
	began = now;
	releases_at = until;
	release = how;
}

static double waited(void)
{
	return (double)(now - began) / (double)SECOND;
}

/* --- Calls that fail --- */

static int flock_errors[3]; /* of the next calls; 0: the call is made */
static unsigned flocks;
static bool failing_openat; /* of "." */

static int fake_flock(int fd, int how)
{
	int error = flocks < 3 ? flock_errors[flocks] : 0;

	flocks++;
	if (error == 0)
		return flock(fd, how);
	errno = error;
	return -1;
}

static int fake_openat(int dirfd, const char *name, int flags, ...)
{
	if (!failing_openat || strcmp(name, ".") != 0)
		return openat(dirfd, name, flags, 0600);
	errno = EMFILE;
	return -1;
}

/* --- The database --- */

static sqlite3 *other;

static void run_other(const char *sql)
{
	ck_assert_msg(sqlite3_exec(other, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		sqlite3_errmsg(other));
}

static void commit_other(void)
{
	run_other("COMMIT");
}

static struct store *store;

static void open_both(void)
{
	store = new_store();
	ck_assert_int_eq(sqlite3_open_v2(in_token("token.db"), &other, SQLITE_OPEN_READWRITE, NULL),
		SQLITE_OK);
}

static void close_both(void)
{
	sqlite3_close(other);
	store_close(store);
}

/* A reader waits for a minute, and the pauses are short at first. So does the next reader. */
START_TEST(a_reader_waits_for_a_minute)
{
	struct store_token token;

	open_both();
	run_other("BEGIN EXCLUSIVE");
	for (int i = 0; i < 2; i++) {
		begin_waiting(0, NULL);
		ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
		ck_assert(waited() > 58.9 && waited() < 60.1);
		ck_assert_uint_le(longest_early, 100 + (200 << 4));
		ck_assert(longest > 100 + (200 << 4) && longest <= 5100);
		ck_assert_uint_gt(pauses, 60 * 200);
		now += SECOND / 3;
	}
	begin_waiting(10, commit_other);
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(pauses, 10);
	begin_waiting(0, NULL);
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(pauses, 0);
	close_both();
}
END_TEST

/* Only the first pauses are short, or a thousand processes would be busy with waiting. */
START_TEST(pauses_become_longer)
{
	struct store_token token;
	uint64_t most[6] = {0};

	open_both();
	for (int i = 0; i < 200; i++)
		for (unsigned k = 0; k < 6; k++) {
			run_other("BEGIN EXCLUSIVE");
			begin_waiting(k + 1, commit_other);
			ck_ok(store_token_get(store, &token));
			ck_assert_uint_eq(pauses, k + 1);
			most[k] = longest > most[k] ? longest : most[k];
			now += 64 * 7919;
		}
	for (unsigned k = 0; k < 5; k++)
		ck_assert(most[k] <= 100 + (200U << k) && most[k] > 100 + (100U << k));
	ck_assert(most[5] > 100 + (200U << 4) && most[5] <= 5100);
	close_both();
}
END_TEST

/* The random part keeps processes that wait for the same lock from asking at the same time. */
START_TEST(the_random_part_of_a_pause)
{
	struct database db = {0};

	for (int tries = 0; tries < 8; tries++) {
		const uint64_t most = tries < 5 ? 200U << tries : 5000;
		const uint64_t parts[] = {0, 1, most - 1, most};
		for (int i = 0; i < 4; i++) {
			now = 5000 * SECOND + 64 * parts[i];
			begin_waiting(0, NULL);
			ck_assert_int_eq(wait_for_others(&db, tries), 1);
			ck_assert(pauses == 1 && longest == 100 + parts[i] % most);
		}
	}
}
END_TEST

/* A writer that finds another writer gives the lock back at once, so that its threads can read. */
START_TEST(a_writer_does_not_wait_with_the_lock)
{
	struct store_token token;
	bool busy = false;

	open_both();
	run_other("BEGIN IMMEDIATE");
	begin_waiting(0, NULL);
	uint64_t before = atomic_load(store_freshness(store));
	ck_ok(store->backend->begin(store, false, &busy));
	ck_assert(busy && pauses == 0);
	ck_assert(!store->backend->in_transaction(store));
	ck_assert_uint_eq(atomic_load(store_freshness(store)), before); /* no change has begun */
	commit_other();
	run_other("BEGIN EXCLUSIVE");
	begin_waiting(3, commit_other); /* a reader waits again */
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(pauses, 3);
	ck_ok(store->backend->begin(store, false, &busy));
	ck_assert(!busy && store->backend->in_transaction(store));
	store->backend->rollback(store);
	close_both();
}
END_TEST

/* --- Locks of files --- */

static int locked_fd = -1;

static void lock_as_another(const char *path, int how)
{
	locked_fd = open(path, O_RDONLY);
	ck_assert_int_eq(flock(locked_fd, how | LOCK_NB), 0);
}

static void unlock_as_another(void)
{
	close(locked_fd);
}

/* PINs: whom one kind of lock keeps out. */
static const struct {
	int others;
	bool alone, waits;
} pin_locks[] = {
	{LOCK_SH, false, false},
	{LOCK_SH, true, true},
	{LOCK_EX, false, true},
	{LOCK_EX, true, true},
};

START_TEST(the_lock_of_the_pins_is_waited_for)
{
	bool alone = pin_locks[_i].alone, waits = pin_locks[_i].waits;

	store = new_store();
	lock_as_another(token_dir, pin_locks[_i].others);
	begin_waiting(0, NULL);
	ck_assert(store->backend->lock_pins(store, alone) == !waits);
	if (waits)
		ck_assert(waited() > 59.999 && waited() < 60.001 && longest <= 10000);
	else
		ck_assert_uint_eq(pauses, 0);
	store->backend->unlock_pins(store);
	begin_waiting(3, unlock_as_another);
	ck_assert(store->backend->lock_pins(store, alone));
	ck_assert_uint_eq(pauses, waits ? 3 : 0);
	store->backend->unlock_pins(store);
	if (!waits)
		unlock_as_another();
	store_close(store);
}
END_TEST

/* A file system without locks must not lock everybody out, and a signal ends no wait. */
START_TEST(the_lock_of_the_pins_fails)
{
	static const struct {
		int errors[3];
		unsigned calls;
	} cases[] = {
		{{ENOLCK}, 1},
		{{EOPNOTSUPP}, 1},
		{{EINTR}, 2},
		{{EINTR, EWOULDBLOCK, ENOLCK}, 3},
		{{EWOULDBLOCK, EINTR, 0}, 3},
	};

	store = new_store();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(flock_errors, cases[i].errors, sizeof flock_errors);
		flocks = 0;
		begin_waiting(0, NULL);
		ck_assert(store->backend->lock_pins(store, true));
		ck_assert_uint_eq(flocks, cases[i].calls);
		ck_assert_uint_eq(pauses, cases[i].calls - 1);
		store->backend->unlock_pins(store);
	}
	failing_openat = true;
	flocks = 0;
	begin_waiting(0, NULL);
	ck_assert(store->backend->lock_pins(store, true));
	ck_assert(flocks == 0 && pauses == 0);
	store->backend->unlock_pins(store);
	ck_assert_uint_eq(flocks, 0);
	store_close(store);
}
END_TEST

/* A program that the application starts while a PIN is tried must not keep the lock. */
START_TEST(the_lock_of_the_pins_is_not_inherited)
{
	store = new_store();
	ck_assert(store->backend->lock_pins(store, false));
	ck_assert_int_eq(fcntl(sqlite_of(store)->pins_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	int inherited = dup(sqlite_of(store)->pins_fd); /* by a child of a fork */
	store->backend->unlock_pins(store);
	ck_assert_int_eq(sqlite_of(store)->pins_fd, -1);
	lock_as_another(token_dir, LOCK_EX);
	unlock_as_another();
	close(inherited);
	store->backend->unlock_pins(store); /* nothing to unlock */
	ck_assert(store->backend->lock_pins(store, false));
	store_close(store); /* closes it too */
}
END_TEST

static CK_RV count_wrong(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	(void)arg;
	tries->wrong++;
	return CKR_OK;
}

START_TEST(the_file_of_tries_is_waited_for)
{
	store = new_store();
	lock_as_another(in_token("token.tries"), LOCK_EX);
	begin_waiting(0, NULL);
	ck_rv(store_tries_edit(store, STORE_SO, count_wrong, NULL), CKR_DEVICE_ERROR);
	ck_assert(waited() > 59.9 && waited() < 60.1);
	begin_waiting(3, unlock_as_another);
	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	ck_assert_uint_eq(pauses, 3);
	begin_waiting(0, NULL);
	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL)); /* nothing is left locked */
	ck_assert_uint_eq(pauses, 0);
	store_close(store);
}
END_TEST

/* C_InitToken holds the lock of the store, for which the holder of the file may be waiting. */
START_TEST(a_new_token_does_not_wait_for_the_file_of_tries)
{
	bool busy = true;

	store = new_store();
	ck_assert_int_eq(truncate(in_token("token.tries"), 0), 0);
	lock_as_another(in_token("token.tries"), LOCK_EX);
	begin_waiting(0, NULL);
	ck_ok(store->backend->begin(store, true, &busy));
	ck_assert(!busy && pauses == 0);
	store->backend->rollback(store);
	unlock_as_another();
	store_close(store);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("store_waits");
	TCase *tcase = tcase_create("store_waits");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_reader_waits_for_a_minute);
	tcase_add_test(tcase, pauses_become_longer);
	tcase_add_test(tcase, the_random_part_of_a_pause);
	tcase_add_test(tcase, a_writer_does_not_wait_with_the_lock);
	tcase_add_loop_test(tcase, the_lock_of_the_pins_is_waited_for, 0, COUNT(pin_locks));
	tcase_add_test(tcase, the_lock_of_the_pins_fails);
	tcase_add_test(tcase, the_lock_of_the_pins_is_not_inherited);
	tcase_add_test(tcase, the_file_of_tries_is_waited_for);
	tcase_add_test(tcase, a_new_token_does_not_wait_for_the_file_of_tries);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
