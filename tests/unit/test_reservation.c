/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reservation.c: reservations that several threads use, forget and inherit by a fork. Each
 * reservation that is freed passes the test first, which looks if its state was wiped.
 */
#include <stdlib.h>

#include "counted_locks.h"
#include "other_thread.h"

static void *test_calloc(size_t count, size_t n);
static void test_free(void *p);
#define calloc test_calloc
#define free test_free
#include "state/reservation.c"
#undef calloc
#undef free

static bool no_memory;

static void *test_calloc(size_t count, size_t n)
{
	ck_assert_uint_eq(count, 1);
	return no_memory ? NULL : calloc(count, n);
}

static unsigned freed;
static bool state_is_lost; /* a thread that does not exist here has the state */

static void test_free(void *p)
{
	static const uint8_t zero[SECRET_INLINE];
	const struct reservation *r = p;

	ck_assert_mem_eq(r->state.small, zero, sizeof zero);
	ck_assert(state_is_lost || r->state.len == 0);
	freed++;
	free(p);
}

static const struct vault vaults[2];

/* Make the reservation of record ID under vault V, with a state. */
static struct reservation *reserve(int v, int64_t id)
{
	struct reservation *r = reservation_take(&vaults[v], id, true);

	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->state.len, 0);
	ck_ok(secret_set(&r->state, "state", 5));
	return r;
}

static bool is_locked(pthread_mutex_t *mutex)
{
	if (pthread_mutex_trylock(mutex) != 0)
		return true;
	pthread_mutex_unlock(mutex);
	return false;
}

/* Return the number of reservations. No thread is changing the list. */
static size_t count(void)
{
	size_t n = 0;

	ck_assert(!is_locked(&list_lock));
	for (const struct reservation *r = list; r != NULL; r = r->next)
		n++;
	return n;
}

/* --- One thread --- */

START_TEST(each_record_of_each_vault_has_its_own)
{
	struct reservation *r[4];

	ck_assert_ptr_null(reservation_take(&vaults[0], 1, false));
	ck_assert_uint_eq(count(), 0);
	for (int i = 0; i < 4; i++) {
		r[i] = reserve(i / 2, 1 + i % 2);
		ck_assert(r[i]->vault == &vaults[i / 2] && r[i]->id == 1 + i % 2);
		ck_assert(is_locked(&r[i]->lock) && r[i]->users == 1 && !r[i]->dead);
		reservation_release(r[i]);
		ck_assert(!is_locked(&r[i]->lock) && r[i]->users == 0);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_ptr_eq(reservation_take(&vaults[i / 2], 1 + i % 2, i % 2 == 0), r[i]);
		ck_assert_uint_eq(r[i]->state.len, 5);
		reservation_release(r[i]);
	}
	ck_assert_uint_eq(count(), 4);
	ck_assert_uint_eq(freed, 0);
	ck_assert_ptr_null(reservation_take(&vaults[0], 3, false));
	reservations_forget(&vaults[0], 0);
	reservations_forget(&vaults[1], 0);
	ck_assert_uint_eq(count(), 0);
	ck_assert_int_eq(live_locks, 0);
}
END_TEST

/* A destroyed record loses its reservation, and a logout those of its vault, and no others. */
START_TEST(what_is_forgotten_is_wiped)
{
	for (int i = 0; i < 6; i++)
		reservation_release(reserve(i / 3, 1 + i % 3));
	reservations_forget(&vaults[0], 2);
	ck_assert_uint_eq(freed, 1);
	ck_assert_ptr_null(reservation_take(&vaults[0], 2, false));
	reservations_forget(&vaults[0], 2);
	ck_assert_uint_eq(count(), 5);
	reservations_forget(&vaults[1], 0);
	ck_assert_uint_eq(freed, 4);
	ck_assert_ptr_null(reservation_take(&vaults[1], 2, false));
	for (int64_t id = 1; id <= 3; id += 2)
		reservation_release(reservation_take(&vaults[0], id, false));
	reservations_forget(&vaults[0], 0);
	ck_assert_uint_eq(freed, 6);
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(no_memory_for_a_reservation)
{
	no_memory = true;
	ck_assert_ptr_null(reservation_take(&vaults[0], 1, true));
	no_memory = false;
	ck_assert_uint_eq(count(), 0);
	reservation_release(reserve(0, 1));
	reservations_forget(&vaults[0], 0);
}
END_TEST

/* --- Several threads --- */

static struct other_thread other;
static struct reservation *_Atomic taken; /* by the other thread */
static _Atomic bool may_release;

static void take_and_release(void *arg)
{
	(void)arg;
	taken = reservation_take(&vaults[0], 1, true);
	while (!may_release)
		sched_yield();
	reservation_release(taken);
}

/* Return the number of threads that use R, while other threads may change it. */
static uint32_t users_of(const struct reservation *r)
{
	pthread_mutex_lock(&list_lock);
	uint32_t n = r->users;
	pthread_mutex_unlock(&list_lock);
	return n;
}

/* A thread that waits for a reservation keeps it, also if it is forgotten meanwhile. */
START_TEST(a_reservation_that_is_used_is_not_freed)
{
	struct reservation *r = reserve(0, 1), *next;

	other.call = take_and_release;
	ck_assert(other_thread_waits(&other));
	ck_assert_uint_eq(users_of(r), 2);
	reservations_forget(&vaults[0], 1);
	ck_assert_uint_eq(freed, 0);
	ck_assert_uint_eq(r->state.len, 5); /* this thread may still use the state */
	next = reserve(0, 1);               /* nobody else is given the one that is dead */
	ck_assert_ptr_ne(next, r);
	reservation_release(next);
	reservation_release(r);
	ck_assert_uint_eq(freed, 0);
	may_release = true;
	other_thread_end(&other);
	ck_assert_ptr_eq(taken, r);
	ck_assert_uint_eq(freed, 1);
	ck_assert_uint_eq(count(), 1);
	ck_assert_ptr_eq(reservation_take(&vaults[0], 1, false), next);
	reservations_forget(&vaults[0], 0);
	ck_assert_uint_eq(freed, 1);
	reservation_release(next);
	ck_assert_uint_eq(freed, 2);
}
END_TEST

static void forget(void *arg)
{
	(void)arg;
	reservations_forget(&vaults[0], 1);
}

/* No two threads change the list at a time. */
START_TEST(taking_and_forgetting_wait_for_the_list)
{
	struct reservation *r = reserve(0, 1);

	reservation_release(r);
	may_release = true;
	for (int i = 0; i < 2; i++) {
		other.call = i == 0 ? take_and_release : forget;
		pthread_mutex_lock(&list_lock);
		ck_assert(other_thread_waits(&other));
		ck_assert(r->users == 0 && !r->dead);
		pthread_mutex_unlock(&list_lock);
		other_thread_end(&other);
	}
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(a_release_waits_for_the_list)
{
	other.call = take_and_release;
	ck_assert_int_eq(pthread_create(&other.thread, NULL, other_thread_run, &other), 0);
	while (taken == NULL)
		sched_yield();
	pthread_mutex_lock(&list_lock);
	may_release = true;
	while (!other.done && (is_locked(&taken->lock) || !thread_sleeps(other.id)))
		sched_yield();
	ck_assert(!other.done && taken->users == 1);
	pthread_mutex_unlock(&list_lock);
	other_thread_end(&other);
	ck_assert_uint_eq(users_of(taken), 0);
	reservations_forget(&vaults[0], 0);
	ck_assert_uint_eq(freed, 1);
}
END_TEST

/* --- The child of a fork --- */

/* A thread of the parent may have held any lock. The child waits for none. */
START_TEST(a_child_wipes_and_frees_everything)
{
	uint8_t state[SECRET_INLINE] = "state";
	struct reservation *r;

	reservation_release(reserve(0, 1));
	r = reserve(1, 2); /* and its lock is held */
	ck_ok(secret_set(&r->state, state, sizeof state));
	reservation_release(reserve(0, 3));
	pthread_mutex_lock(&list_lock);
	state_is_lost = true;
	reservations_forked();
	ck_assert_uint_eq(freed, 3);
	ck_assert_uint_eq(count(), 0);
	state_is_lost = false;
	for (int64_t id = 1; id <= 2; id++) /* none is locked here: each is wiped as a whole */
		reservation_release(reserve(0, id));
	reservations_forked();
	ck_assert_uint_eq(freed, 5);
	reservation_release(reserve(0, 1));
	reservations_forget(&vaults[0], 1);
	ck_assert_uint_eq(freed, 6);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {each_record_of_each_vault_has_its_own,
		what_is_forgotten_is_wiped, no_memory_for_a_reservation,
		a_reservation_that_is_used_is_not_freed, taking_and_forgetting_wait_for_the_list,
		a_release_waits_for_the_list, a_child_wipes_and_frees_everything};
	Suite *suite = suite_create("reservation");
	TCase *tcase = tcase_create("reservation");

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
