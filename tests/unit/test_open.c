/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_open.c: the life of stores, and the calls that are passed on to a backend, which the test
 * provides. The backend writes down how it is called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counted_locks.h"
#include "unit.h"

static int test_clock(clockid_t clock, struct timespec *ret);
static void *test_calloc(size_t count, size_t n);
static void test_free(void *p);
#define clock_gettime test_clock
#define calloc test_calloc
#define free test_free
#define store_configured test_configured
#include "store/load.h"
#include "store/open.c"
#undef clock_gettime
#undef calloc
#undef free

/* --- The backend --- */

static const struct store_backend test_backend;

const struct store_backend *test_configured(void)
{
	return &test_backend;
}

/*
 * The calls, one letter each: o open, c close, a abandon, d discard, and capitals for the store of
 * marks. Other letters are explained where they are expected.
 */
static char journal[100];

static bool is_marks(const struct store *store)
{
	return store->backend == test_backend.marks;
}

static void note(const struct store *store, char what)
{
	size_t n = strlen(journal);

	ck_assert_uint_lt(n + 1, sizeof journal);
	journal[n] = is_marks(store) ? (char)(what - 'a' + 'A') : what;
}

static void expect(const char *calls)
{
	ck_assert_str_eq(journal, calls);
	memset(journal, 0, sizeof journal);
}

static int opens_left = -1;               /* before one that fails; negative: none fails */
static const struct store *undiscardable; /* for now */
static const char *dir_seen;
static bool answer;   /* of the next calls that answer yes or no */
static bool argument; /* of the last call */
static _Atomic uint64_t number = 6;

static CK_RV open_test(struct store *store, const char *dir)
{
	note(store, 'o');
	dir_seen = dir;
	return opens_left >= 0 && opens_left-- == 0 ? CKR_DEVICE_ERROR : CKR_OK;
}

static void close_test(struct store *store)
{
	note(store, 'c');
}

static void abandon_test(struct store *store)
{
	note(store, 'a');
}

static bool discard_test(struct store *store)
{
	note(store, 'd');
	return store != undiscardable;
}

static const _Atomic uint64_t *freshness_test(const struct store *store)
{
	note(store, 'f');
	return &number;
}

static void check_freshness_test(struct store *store)
{
	note(store, 'k');
}

static CK_RV directory_test(struct store *store, bool make, int *ret_fd)
{
	note(store, 's');
	argument = make;
	*ret_fd = 77;
	return answer ? CKR_OK : CKR_DEVICE_MEMORY;
}

static bool is_locked(pthread_mutex_t *mutex)
{
	if (pthread_mutex_trylock(mutex) != 0)
		return true;
	pthread_mutex_unlock(mutex);
	return false;
}

static bool lock_pins_test(struct store *store, bool alone)
{
	ck_assert(is_locked(&store->pins_lock));
	note(store, alone ? 'x' : 'l');
	return answer;
}

static void unlock_pins_test(struct store *store)
{
	ck_assert(is_locked(&store->pins_lock)); /* no other thread has the lock yet */
	note(store, 'u');
}

static CK_RV edit_test(struct store *store, enum store_role role, store_edit_tries *edit, void *arg)
{
	ck_assert(edit == NULL && arg == &number);
	note(store, role == STORE_SO ? 'e' : 'i');
	return answer ? CKR_OK : CKR_PIN_LOCKED;
}

static bool in_memory_test(struct store *store)
{
	note(store, 'm');
	return answer;
}

static bool read_only_test(struct store *store)
{
	ck_assert(is_locked(&store->lock));
	note(store, 'r');
	return answer;
}

static const struct store_backend marks_backend = {
	.open = open_test, .close = close_test, .abandon = abandon_test, .discard = discard_test};

static const struct store_backend test_backend = {.marks = &marks_backend,
	.open = open_test,
	.close = close_test,
	.abandon = abandon_test,
	.discard = discard_test,
	.freshness = freshness_test,
	.check_freshness = check_freshness_test,
	.state_directory = directory_test,
	.lock_pins = lock_pins_test,
	.unlock_pins = unlock_pins_test,
	.tries_edit = edit_test,
	.tries_in_memory = in_memory_test,
	.is_read_only = read_only_test};

/* --- Memory and time --- */

static int callocs_left = -1; /* before one that fails; negative: none fails */
static int live;              /* stores that are not freed */

static void *test_calloc(size_t count, size_t n)
{
	if (callocs_left >= 0 && callocs_left-- == 0)
		return NULL;
	ck_assert_uint_eq(count, 1);
	live++;
	return calloc(count, n);
}

static void test_free(void *p)
{
	live--;
	free(p);
}

static struct timespec now = {.tv_sec = 5};

static int test_clock(clockid_t clock, struct timespec *ret)
{
	(void)clock;
	*ret = now;
	return 0;
}

/* --- Opening and closing --- */

static const struct store_above above;

static struct store *open_one_store(void)
{
	struct store *store = NULL;

	ck_ok(store_open("dir", &above, &store));
	return store;
}

/* Compare the list of stores, which a fork locks, with N stores and their stores of marks. */
static void expect_list(struct store *const *stores, size_t n)
{
	const struct store *s = all;

	for (size_t i = 0; i < n; i++) {
		/* Locked in the order in which a command locks them. */
		ck_assert_ptr_eq(s, stores[i]);
		ck_assert_ptr_eq(s->next, stores[i]->marks);
		s = s->next->next;
	}
	ck_assert_ptr_null(s);
	ck_assert(!is_locked(&all_lock));
	ck_assert_int_eq(live, (int)(2 * n));
	ck_assert_int_eq(live_locks, 3 * live);
}

START_TEST(a_store_has_a_store_of_marks)
{
	struct store *store = open_one_store();

	expect("Oo");
	ck_assert_str_eq(dir_seen, "dir");
	ck_assert(store->backend == &test_backend && store->above == &above);
	ck_assert(store->marks->backend == &marks_backend && store->marks->marks == NULL);
	ck_assert(store->first == NULL && store->end == &store->first && !store->swept);
	ck_assert_ptr_eq(store->marks->end, &store->marks->first);
	store_close(store);
	expect("Cc");
	expect_list(NULL, 0);
	store_close(NULL);
	store_abandon(NULL);
	expect("");
}
END_TEST

/* A fork must not wait for a store that is closed, and must wait for each that is open. */
START_TEST(stores_are_closed_in_any_order)
{
	for (int first = 0; first < 3; first++) {
		struct store *s[3];
		for (int i = 2; i >= 0; i--)
			s[i] = open_one_store();
		expect_list(s, 3);
		store_close(s[first]);
		for (int i = first; i < 2; i++)
			s[i] = s[i + 1];
		expect_list(s, 2);
		store_close(s[1]);
		expect_list(s, 1);
		store_close(s[0]);
		expect_list(NULL, 0);
	}
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_leaves_nothing)
{
	struct store *store = NULL;

	for (int k = 0; k < 2; k++) {
		opens_left = k;
		ck_rv(store_open("dir", &above, &store), CKR_DEVICE_ERROR);
		expect(k == 0 ? "O" : "OoC");
		ck_assert_ptr_null(store);
		expect_list(NULL, 0);
		callocs_left = k;
		ck_rv(store_open("dir", &above, &store), CKR_HOST_MEMORY);
		expect(k == 0 ? "" : "OC");
		ck_assert_ptr_null(store);
		expect_list(NULL, 0);
	}
	store_close(open_one_store());
}
END_TEST

/* --- Forks --- */

/* The child keeps what the parent may still need, until the backend says that it is over. */
START_TEST(stores_of_the_parent_are_freed_by_the_next_opening)
{
	struct store *one = open_one_store(), *two = open_one_store();

	expect("OoOo");
	undiscardable = one;
	store_abandon(one);
	store_abandon(two);
	expect("AaAa");
	ck_assert_ptr_null(all);
	ck_assert_int_eq(live, 4);
	struct store *mine = open_one_store();
	expect("dDdDOo");
	ck_assert_int_eq(live, 3);
	store_close(mine);
	undiscardable = NULL;
	mine = open_one_store();
	expect("CcdOo");
	live_locks = 6; /* those of the parent are not destroyed */
	expect_list(&mine, 1);
	store_close(mine);
	mine = open_one_store();
	expect("CcOo");
	store_close(mine);
}
END_TEST

static int try_locks(const struct store *store)
{
	struct store *s[] = {(struct store *)store, store->marks};

	for (size_t i = 0; i < 2; i++)
		if (is_locked(&s[i]->lock) || is_locked(&s[i]->queue_lock))
			return 1;
	return is_locked(&all_lock);
}

/* Parent and child go on with every lock free. */
START_TEST(locks_are_free_after_a_fork)
{
	struct store *one = open_one_store(), *two = open_one_store();
	int status;

	pid_t child = fork();
	if (child == 0)
		_exit(try_locks(one) + try_locks(two));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(try_locks(one) + try_locks(two), 0);
	before_fork(); /* in the thread that forks */
	ck_assert(is_locked(&all_lock));
	struct store *s[] = {one, one->marks, two, two->marks};
	for (size_t i = 0; i < 4; i++)
		ck_assert(is_locked(&s[i]->lock));
	after_fork();
	ck_assert_int_eq(try_locks(one) + try_locks(two), 0);
	store_close(one);
	store_close(two);
}
END_TEST

/* --- Calls that are passed on --- */

START_TEST(calls_are_passed_on_to_the_backend)
{
	struct store *store = open_one_store();
	int fd = 0;

	expect("Oo");
	ck_assert_ptr_eq(store_freshness(store), &number);
	expect("f");
	for (int i = 0; i < 2; i++) {
		answer = i == 0;
		ck_rv(store_state_directory(store, i == 1, &fd),
			answer ? CKR_OK : CKR_DEVICE_MEMORY);
		ck_assert(fd == 77 && argument == (i == 1));
		ck_assert_int_eq(store_is_read_only(store), answer);
		ck_assert(!is_locked(&store->lock));
		ck_rv(store_tries_edit(store, i ? STORE_USER : STORE_SO, NULL, &number),
			answer ? CKR_OK : CKR_PIN_LOCKED);
		ck_assert_int_eq(store_tries_in_memory(store), answer);
		expect(i ? "srim" : "srem");
	}
	store_close(store);
}
END_TEST

static const struct store_lease *lease_test(const struct store *store)
{
	note(store, 'z');
	return (const struct store_lease *)(const void *)&number;
}

static CK_RV confirm_test(struct store *store)
{
	note(store, 'y');
	return CKR_DEVICE_ERROR;
}

/* A backend on this host has no lease, and nothing to confirm. */
START_TEST(a_backend_with_a_lease)
{
	struct store *store = open_one_store();
	struct store_backend leasing = test_backend;

	expect("Oo");
	ck_assert_ptr_null(store_lease(store));
	ck_ok(store_confirm(store));
	expect("");
	leasing.lease = lease_test;
	leasing.confirm = confirm_test;
	store->backend = &leasing;
	ck_assert_ptr_eq((const void *)store_lease(store), (const void *)&number);
	ck_rv(store_confirm(store), CKR_DEVICE_ERROR);
	expect("zy");
	store_close(store);
}
END_TEST

/* The lock on the PINs keeps out the threads of this process, whatever the backend says. */
START_TEST(the_lock_on_the_pins)
{
	struct store *store = open_one_store();

	expect("Oo");
	for (int i = 0; i < 2; i++) {
		answer = i == 1;
		store_lock_pins(store);
		expect("l");
		ck_assert(is_locked(&store->pins_lock));
		ck_assert_int_eq(store_lock_pins_alone(store), answer);
		expect("x");
		store_unlock_pins(store);
		expect("u");
		ck_assert(!is_locked(&store->pins_lock));
	}
	store_close(store);
}
END_TEST

/* A derivation asks often. The backend is asked once a second. */
START_TEST(the_freshness_is_checked_once_a_second)
{
	struct store *store = open_one_store();

	expect("Oo");
	for (int i = 0; i < 3; i++) {
		now.tv_sec++;
		for (int k = 0; k < 5; k++)
			store_check_freshness(store);
		expect("k");
	}
	now.tv_sec--; /* the clock of a snapshot of a virtual machine, for example */
	store_check_freshness(store);
	expect("k");
	store_close(store);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_store_has_a_store_of_marks, stores_are_closed_in_any_order,
		a_store_that_cannot_be_opened_leaves_nothing,
		stores_of_the_parent_are_freed_by_the_next_opening, locks_are_free_after_a_fork,
		calls_are_passed_on_to_the_backend, a_backend_with_a_lease, the_lock_on_the_pins,
		the_freshness_is_checked_once_a_second};
	Suite *suite = suite_create("open");
	TCase *tcase = tcase_create("open");

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
