/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork.c: processes whose threads are in calls of every kind beget others, in every way that an
 * application may: fork with and without C_Initialize in the child, vfork, posix_spawn, daemons,
 * children that close all files, that end at any time, and that fork again. A child is another
 * application, no number or counter comes twice, and the parents do not notice.
 */
#include "fork_births.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "system_calls.h"

#define WORKERS 2

struct family *family;

/* --- Seats and threads of a process --- */

/*
 * The objects of a seat belong to one thread of all processes. A process that has ended without
 * leaving its seats has no more use for them.
 */
unsigned new_seat(void)
{
	for (unsigned i = 0; i < SEATS; i++) {
		pid_t owner = family->owner[i];

		if (owner != 0 && (owner == getpid() || kill(owner, 0) == 0 || errno != ESRCH))
			continue;
		if (__sync_bool_compare_and_swap(&family->owner[i], owner, getpid()))
			return i;
	}
	trouble("no seat is free");
}

void free_seat(unsigned index)
{
	__sync_synchronize();
	family->owner[index] = 0;
}

struct thread {
	pthread_t id;
	struct seat seat;
	enum { ANY, SETS_PINS, INITIALIZES } what;
};

static volatile bool threads_stop;

static CK_RV thread_step(struct thread *t)
{
	unsigned what = draw_below(&t->seat.random, 24);

	if (what == 0 && t->what == SETS_PINS)
		return pin_step(&t->seat);
	if (what == 0 && t->what == INITIALIZES)
		return fresh_step(&t->seat);
	if (what < 8)
		return object_step(&t->seat);
	if (what < 13)
		return number_step(&t->seat);
	if (what < 17)
		return window_step(&t->seat);
	return what < 20 ? key_step(&t->seat) : operation_step(&t->seat);
}

static void *thread_works(void *arg)
{
	struct thread *t = arg;

	while (!threads_stop) {
		CK_RV rv = thread_step(t);

		if (rv != CKR_OK)
			trouble("seat %u: a step gave %s", t->seat.index, name_of(rv));
		__sync_fetch_and_add(&family->steps, 1);
	}
	return NULL;
}

static void start_thread(struct thread *t, const struct seat *of, bool first_process, unsigned i)
{
	t->seat = (struct seat){.index = new_seat(), .random = of->random + 77 * i};
	t->what = !first_process ? ANY : i == 0 ? SETS_PINS : i == 1 ? INITIALIZES : ANY;
	CK_RV rv = f->C_OpenSession(
		slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->seat.session);
	if (rv != CKR_OK)
		trouble("seat %u: no session: %s", t->seat.index, name_of(rv));
	objects_settle(&t->seat, t->seat.index);
	if (t->what == INITIALIZES)
		fresh_settle(&t->seat);
	if (pthread_create(&t->id, NULL, thread_works, t) != 0)
		trouble("seat %u: no thread", t->seat.index);
}

static void stop_threads(struct thread *threads, unsigned n)
{
	threads_stop = true;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(threads[i].id, NULL);
		free_seat(threads[i].seat.index);
	}
}

/* --- A process that has logged in --- */

static CK_RV own_step(struct seat *seat)
{
	switch (draw_below(&seat->random, 5)) {
	case 0:
		return object_step(seat);
	case 1:
		return number_step(seat);
	case 2:
		return window_step(seat);
	case 3:
		return key_step(seat);
	default:
		return operation_step(seat);
	}
}

/* Work and beget for STEPS steps, or until the end. */
static void work(struct seat *seat, unsigned generation, uint64_t steps)
{
	for (uint64_t i = 0; i < steps && !family->stop; i++) {
		CK_RV rv = own_step(seat);

		if (rv != CKR_OK)
			trouble("generation %u: a step gave %s", generation, name_of(rv));
		if (generation < GENERATIONS && draw_below(&seat->random, 1 + generation) == 0)
			beget(seat, generation);
	}
}

/* The allocator of gcc's address sanitizer may be locked for ever in a child of several threads. */
static unsigned threads_of(struct seat *seat, bool worker)
{
#ifdef __SANITIZE_ADDRESS__
	(void)seat;
	(void)worker;
	return 0;
#else
	return worker ? THREADS_MAX : draw_below(&seat->random, 3);
#endif
}

void live(struct seat *seat, unsigned generation)
{
	struct thread threads[THREADS_MAX];
	bool worker = generation == 0;
	unsigned n = threads_of(seat, worker);
	bool first_process = worker && seat->index == 0;

	objects_settle(seat, seat->index);
	if (first_process)
		pin_settle(seat);
	begin_operations(seat);
	threads_stop = false;
	for (unsigned i = 0; i < n; i++)
		start_thread(&threads[i], seat, first_process, i);
	work(seat, generation, worker ? UINT64_MAX : 2 + draw_below(&seat->random, 6));
	if (!worker && n > 0 && draw_below(&seat->random, 4) == 0)
		end_in_the_middle(); /* of what the threads do. Their seats remain taken. */
	stop_threads(threads, n);
	await_children();
}

static void worker(unsigned index)
{
	struct seat seat;

	calls_watch = pause_sometimes;
	seat_start(&seat, new_seat(), faults_seed + 1000003 * index);
	watch_forks();
	live(&seat, 0);
	free_seat(seat.index);
	f->C_Finalize(NULL);
}

/* --- The test --- */

static void look(unsigned seats)
{
	world_check(seats);
}

static pid_t workers[WORKERS];

/* Look at the children that have ended. A daemon is a child here once its parent has ended. */
static void look_at_ends(int options)
{
	int status;

	for (pid_t child; (child = waitpid(-1, &status, options)) > 0;) {
		faults_check_trouble();
		ck_assert_msg(status == 0, "a process ended with status 0x%x (SEED=%llu)",
			(unsigned)status, (unsigned long long)faults_seed);
		for (unsigned i = 0; i < WORKERS; i++)
			ck_assert(child != workers[i]);
	}
	faults_check_trouble();
}

START_TEST(a_child_is_another_application)
{
	faults_begin("fork", 30);
	family = faults_shared(sizeof *family);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (unsigned i = 0; i < WORKERS; i++)
		workers[i] = start_process(worker, i);
	while (faults_time_left()) {
		look_at_ends(WNOHANG);
		usleep(10000);
	}
	family->stop = true;
	for (unsigned i = 0; i < WORKERS; i++) {
		await_process(workers[i], false, "a worker");
		workers[i] = 0;
	}
	look_at_ends(0);
	await_process(start_process(look, SEATS), false, "the look at the token");
	print_births();
	printf("fork: %llu steps, %llu changes, %u changes met, up to %u generations\n",
		(unsigned long long)family->steps, (unsigned long long)world->calls,
		family->changes_met, family->generations);
	printf("fork: 0 lost, 0 torn, 0 numbers or counters twice, 0 stuck\n");
	fflush(stdout);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fork");
	TCase *tc = add_case(suite, "fork", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, a_child_is_another_application);
	return run(suite);
}
