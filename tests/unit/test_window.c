/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window.c: replay windows in the store: each counter once, whatever threads, processes and
 * kills do.
 *
 * KEYDIV_TEST_KILLS names the number of kills of the last test, 60 by default.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "state/window_leave.h"
#include "window_support.h"

/* --- One process --- */

START_TEST(each_counter_once)
{
	start();
	struct window_location at = stream("a", 64), out = at, other = stream("b", 64);
	out.direction = WINDOW_OUTGOING;

	accepted(&at, 0);
	replayed(&at, 0);
	accepted(&at, 100);
	accepted(&at, 36);
	replayed(&at, 35);
	replayed(&at, 36);
	accepted(&other, 36); /* another stream */
	accepted(&out, 36);   /* another direction */
	replayed(&out, 36);
	replayed(&out, 35);
	accepted(&out, 37);
	accepted(&at, UINT64_MAX);
	replayed(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 64);
	replayed(&at, UINT64_MAX - 65);
	other.master = OTHER_MASTER;
	accepted(&other, 36); /* another master */
	other.direction = WINDOW_OUTGOING;
	accepted(&other, 0); /* the lowest counter of a new stream */
	replayed(&other, 0);
	close_all();
	open_all();
	at = stream("a", 64);
	replayed(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 63);
	close_all();
}
END_TEST

/* --- Reservations --- */

START_TEST(a_reservation)
{
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 14); /* 5 to 14 */
	accepted(&at, 14);
	accepted(&at, 6);
	replayed(&at, 6);
	replayed(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 14);
	accepted(&at, 15);
	ck_assert_uint_eq(stored(at).highest, 24);
	accepted(&at, 7); /* of the first reservation */
	replayed(&at, 15);
	close_all();
	open_all();
	at = reserving("a", 64, 10);
	ck_assert_uint_eq(stored(at).highest, 15); /* written back */
	replayed(&at, 15);
	replayed(&at, 7);
	accepted(&at, 8);
	accepted(&at, 16);
	close_all();
}
END_TEST

START_TEST(a_reservation_at_the_end_of_the_range)
{
	start();
	struct window_location at = reserving("a", 1024, 4096);

	accepted(&at, UINT64_MAX - 3);
	accepted(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 1);
	replayed(&at, UINT64_MAX);
	replayed(&at, 0);
	close_all();
}
END_TEST

/* An entry is believed only if each of its marks says so. */
START_TEST(a_known_reservation)
{
	start();
	uint64_t now = atomic_load(store_freshness(store));
	ck_assert_uint_eq(now & 1, 0);
	const struct window_entry good = {.owner = 1, .phase = WINDOW_AT_REST, .freshness = now};
	struct window_entry e = good;

	ck_assert(window_is_known(&e, store));
	e.phase = WINDOW_EXTENDING;
	ck_assert(window_is_known(&e, store));
	e.phase = WINDOW_LEAVING;
	ck_assert(!window_is_known(&e, store));
	e = good;
	e.owner = 0;
	ck_assert(!window_is_known(&e, store));
	ck_assert(window_is_known(&e, NULL)); /* of a session master */
	e = good;
	e.freshness = now + 2;
	ck_assert(!window_is_known(&e, store));
	ck_ok(store_touch(store));
	ck_assert(!window_is_known(&good, store));
	close_all();
}
END_TEST

/* Two vaults have nothing in common but the file, as two processes do. */
START_TEST(reservations_of_two)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1); /* 1 to 10 */
	for (uint64_t c = 0; c <= 10; c++)
		replayed(&theirs, c);
	accepted(&theirs, 11); /* 11 to 20 */
	accepted(&mine, 2);
	replayed(&mine, 1);
	replayed(&mine, 12);
	accepted(&theirs, 12);
	accepted(&mine, 21); /* 21 to 30; what was left of 1 to 10 is skipped */
	replayed(&mine, 13);
	accepted(&theirs, 13);
	replayed(&theirs, 22);
	accepted(&mine, 22);
	windows_logout(store, &second); /* writes nothing back over the newer mark */
	replayed(&theirs, 14);
	replayed(&theirs, 22);
	accepted(&mine, 23);
	windows_logout(store, &vault);
	replayed(&theirs, 23);
	accepted(&theirs, 24);
	close_vault(&second);
	close_all();
}
END_TEST

/* A stream that somebody forgets: a reservation of another process ends, too. */
START_TEST(forgotten_by_another)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	ck_ok(window_forget(&theirs));
	accepted(&theirs, 1); /* 1 to 10 are theirs now */
	replayed(&mine, 2);
	replayed(&mine, 1);
	accepted(&theirs, 2);
	windows_logout(store, &vault); /* must not free what is theirs */
	replayed(&mine, 3);
	accepted(&theirs, 3);
	close_vault(&second);
	close_all();
}
END_TEST

/* More streams than reservations fit into memory: the oldest are written back. */
START_TEST(reservations_have_a_bound)
{
	start();
	struct window_location at = reserving("", 8, 4);
	uint8_t name[4];
	at.stream = bytes_of(name, sizeof name);

	for (uint32_t i = 0; i < WINDOW_RESERVED_MAX + 10; i++) {
		put_be32(name, i);
		accepted(&at, 1);
	}
	put_be32(name, 0);
	ck_assert_uint_eq(stored(at).highest, 1);
	replayed(&at, 1);
	accepted(&at, 2);
	put_be32(name, WINDOW_RESERVED_MAX);
	ck_assert_uint_eq(stored(at).highest, 4);
	accepted(&at, 3);
	replayed(&at, 1);
	close_all();
}
END_TEST

START_TEST(reserve_set_back_to_one)
{
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	at.reserve = 1;
	accepted(&at, 2);
	replayed(&at, 1);
	accepted(&at, 11);
	accepted(&at, 10);
	replayed(&at, 11);
	replayed(&at, 10);
	close_all();
}
END_TEST

/* --- Threads and processes --- */

#define THREADS 16
#define COUNTERS 60

static _Atomic unsigned times[COUNTERS]; /* that each counter was accepted */

static void *mark_all(void *arg)
{
	const struct window_location *at = arg;

	for (uint64_t c = 0; c < COUNTERS; c++) {
		CK_RV rv = window_mark(at, c);
		if (rv == CKR_OK)
			atomic_fetch_add(&times[c], 1);
		else
			ck_rv(rv, CKR_KEYDIV_REPLAYED);
	}
	return NULL;
}

static void race(struct window_location at)
{
	pthread_t threads[THREADS];

	memset(times, 0, sizeof times);
	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, mark_all, &at), 0);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (unsigned c = 0; c < COUNTERS; c++)
		ck_assert_uint_eq(times[c], 1);
}

START_TEST(threads_on_the_same_counters)
{
	start();
	race(stream("a", 1024));
	race(reserving("b", 1024, 2));
	race(reserving("c", 1024, 16));
	struct window_location memory = stream("d", 1024);
	memory.store = NULL;
	race(memory);
	close_all();
}
END_TEST

/* Accepted counters of two streams, shared by all processes of a test. */
#define SHARED_COUNTERS (1 << 22)
struct shared {
	_Atomic uint64_t progress[2];
	_Atomic uint8_t times[2][SHARED_COUNTERS];
};

static struct shared *share(void)
{
	void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

static void unshare_all(struct shared *shared)
{
	munmap(shared, sizeof *shared);
}

static const char *const names[2] = {"exact", "reserved"};

/* Use a counter near the highest that was accepted. An error other than a replay is returned. */
static CK_RV use_some(struct shared *shared, unsigned *seed)
{
	unsigned which = (unsigned)rand_r(seed) % 2;
	struct window_location at = reserving(names[which], 64, which == 0 ? 1 : 7);
	uint64_t now = atomic_load(&shared->progress[which]);
	uint64_t up = (uint64_t)rand_r(seed) % 4, down = (uint64_t)rand_r(seed) % 70;
	uint64_t counter = rand_r(seed) % 2 ? now + up : now > down ? now - down : 0;

	if (counter >= SHARED_COUNTERS)
		return CKR_OK;
	CK_RV rv = window_mark(&at, counter);
	if (rv != CKR_OK)
		return rv == CKR_KEYDIV_REPLAYED ? CKR_OK : rv;
	atomic_fetch_add(&shared->times[which][counter], 1);
	while (now < counter &&
		!atomic_compare_exchange_weak(&shared->progress[which], &now, counter))
		;
	return CKR_OK;
}

/* No counter was accepted twice. Returns how many were accepted. */
static uint64_t check_shared(struct shared *shared)
{
	uint64_t sum = 0;

	for (unsigned which = 0; which < 2; which++)
		for (uint64_t c = 0; c <= shared->progress[which]; c++) {
			ck_assert_uint_le(shared->times[which][c], 1);
			sum += shared->times[which][c];
		}
	return sum;
}

struct worker {
	pthread_t thread;
	struct shared *shared;
	unsigned seed, uses;
};

/* Exit with 1 if a use fails. The asserts of Check belong to the parent. */
static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < w->uses; i++) {
		CK_RV rv = use_some(w->shared, &w->seed);
		if (rv != CKR_OK) {
			fprintf(stderr, "a use gives %s\n", rv_name(rv));
			_exit(1);
		}
	}
	return NULL;
}

/* A child that opens the store and uses counters in four threads. */
static pid_t start_child(struct shared *shared, unsigned seed, unsigned uses)
{
	struct worker workers[4];
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child != 0)
		return child;
	open_all();
	for (unsigned t = 0; t < 4; t++) {
		workers[t] = (struct worker){.shared = shared, .seed = 4 * seed + t, .uses = uses};
		if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0)
			_exit(1);
	}
	for (unsigned t = 0; t < 4; t++)
		pthread_join(workers[t].thread, NULL);
	close_all();
	_exit(0);
}

START_TEST(processes_on_the_same_counters)
{
	struct shared *shared = share();
	pid_t children[4];
	int status;

	start();
	close_all();
	for (unsigned i = 0; i < 4; i++)
		children[i] = start_child(shared, i, 150);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_uint_gt(check_shared(shared), 100);
	unshare_all(shared);
}
END_TEST

static void wait_a_moment(long most_ns)
{
	struct timespec pause_for = {.tv_nsec = random() % most_ns};

	nanosleep(&pause_for, NULL);
}

/* Two processes use counters; each in turn is killed at a random moment and started again. */
START_TEST(killed_while_marking)
{
	const char *text = getenv("KEYDIV_TEST_KILLS");
	unsigned kills = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 60;
	struct shared *shared = share();
	pid_t children[2];
	int status;

	start();
	close_all();
	srandom((unsigned)getpid());
	for (unsigned i = 0; i < 2; i++)
		children[i] = start_child(shared, i, UINT32_MAX);
	for (unsigned i = 0; i < kills; i++) {
		pid_t *child = &children[i % 2];
		wait_a_moment(i % 2 ? 5000000 : 40000000); /* also while the store is opened */
		ck_assert_int_eq(kill(*child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(*child, &status, 0), *child);
		ck_assert(WIFSIGNALED(status)); /* did not end by an error */
		*child = start_child(shared, i + 2, UINT32_MAX);
	}
	while (check_shared(shared) == 0) /* where every child was too slow to accept a counter */
		wait_a_moment(5000000);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(kill(children[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
	}
	uint64_t marked = check_shared(shared);
	ck_assert_uint_gt(marked, 0);
	if (text != NULL)
		printf("%u kills, %llu counters accepted, none twice\n", kills,
			(unsigned long long)marked);
	open_all(); /* what was accepted is still refused */
	for (unsigned which = 0; which < 2; which++) {
		struct window_location at = reserving(names[which], 64, which == 0 ? 1 : 7);
		for (uint64_t c = shared->progress[which], n = 0; n < 64 && c > 0; n++, c--)
			if (shared->times[which][c] > 0)
				replayed(&at, c);
	}
	close_all();
	unshare_all(shared);
}
END_TEST

/* A forked child has no reservation of its parent. */
START_TEST(a_fork)
{
	int status;
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	pid_t child = fork();
	if (child == 0) {
		windows_forked();
		vault_forked(&vault);
		store_abandon(store);
		open_all();
		at.store = store;
		bool right = window_mark(&at, 2) == CKR_KEYDIV_REPLAYED &&
			     window_mark(&at, 11) == CKR_OK;
		close_all();
		_exit(right ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	accepted(&at, 2);
	replayed(&at, 11);
	close_all();
}
END_TEST

RUN_SUITE("window", each_counter_once, a_reservation, a_reservation_at_the_end_of_the_range,
	a_known_reservation, reservations_of_two, forgotten_by_another, reservations_have_a_bound,
	reserve_set_back_to_one, threads_on_the_same_counters, processes_on_the_same_counters,
	killed_while_marking, a_fork)
