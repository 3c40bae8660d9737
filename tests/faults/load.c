/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c: eight processes with eight threads each on one token, all calls mixed, with logins,
 * logouts and new PINs. A call may fail only because its process was logged out meanwhile.
 */
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "load_times.h"

#define PROCESSES 8
#define THREADS 8
#define FRESH_SEAT (SEATS - 1) /* initialises the other token again and again */
#define KINDS_MAX 16

static struct control {
	volatile bool stop;
	_Atomic uint64_t steps, refused; /* refused: while logged out */
	_Atomic uint64_t done[KINDS_MAX];
	_Atomic uint64_t longest[KINDS_MAX]; /* step of each kind, in nanoseconds */
} * control;

_Thread_local const char *load_doing;
static unsigned first_seat;          /* of this process */
static _Atomic unsigned login_turns; /* odd: this process is or may be logged out */

/* The first thread of a process logs out and in again. That of the first process sets PINs. */
static CK_RV login_step(struct seat *seat)
{
	if (seat->index == 0 && draw_below(&seat->random, 2) == 0)
		return pin_step(seat);
	login_turns++;
	CK_RV rv = f->C_Logout(seat->session);
	if (rv == CKR_OK)
		seat_login(seat);
	login_turns++;
	return rv;
}

static const struct kind {
	const char *name;
	CK_RV (*run)(struct seat *seat);
	unsigned weight;
} kinds[] = {
	{"information", information_step, 1},
	{"what is refused", refused_step, 1},
	{"a new session", new_session_step, 2},
	{"a session object", session_object_step, 2},
	{"random numbers", random_step, 1},
	{"messages", messages_step, 1},
	{"a derived key", derived_key_step, 1},
	{"a key block", key_block_step, 1},
	{"a mechanism", mechanism_step, 6},
	{"NEXT_KEY", number_step, 2},
	{"a window", window_step, 2},
	{"a token object", object_step, 4},
	{"login", login_step, 0},
	{"C_InitToken", fresh_step, 0},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct kind *any_kind(struct seat *seat)
{
	unsigned all = 0, at, k;

	if (seat->index == first_seat && draw_below(&seat->random, 256) == 0)
		return &kinds[KINDS - 2];
	if (seat->index == FRESH_SEAT && draw_below(&seat->random, 64) == 0)
		return &kinds[KINDS - 1];
	for (k = 0; k < KINDS; k++)
		all += kinds[k].weight;
	at = draw_below(&seat->random, all);
	for (k = 0; at >= kinds[k].weight; k++)
		at -= kinds[k].weight;
	if (kinds[k].run == number_step && !world_has_clients())
		k++; /* a window */
	return &kinds[k];
}

static bool is_for_logout(CK_RV rv)
{
	return rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_KEY_HANDLE_INVALID ||
	       rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_OPERATION_NOT_INITIALIZED ||
	       rv == CKR_WRAPPING_KEY_HANDLE_INVALID || rv == CKR_UNWRAPPING_KEY_HANDLE_INVALID;
}

static void timed_step(struct seat *seat)
{
	uint64_t start = clock_ns();
	unsigned turns = login_turns;
	const struct kind *kind = any_kind(seat);
	load_doing = kind->name;
	CK_RV rv = kind->run(seat);
	bool logged_out = turns % 2 == 1 || login_turns != turns;
	uint64_t took = clock_ns() - start;

	if (rv != CKR_OK && !(logged_out && is_for_logout(rv)))
		trouble("seat %u: %s gave %s", seat->index, load_doing, name_of(rv));
	if (rv != CKR_OK) {
		control->refused++;
		f3->C_SessionCancel(seat->session, ~0UL); /* a step that did not come to its end */
	}
	control->steps++;
	control->done[kind - kinds] += rv == CKR_OK;
	note_longest(&control->longest[kind - kinds], took);
}

static void *thread(void *arg)
{
	struct seat *seat = arg;

	while (!control->stop)
		timed_step(seat);
	return NULL;
}

static void process(unsigned index)
{
	struct seat seat[THREADS];
	pthread_t threads[THREADS];

	first_seat = index * THREADS;
	seat_start(&seat[0], first_seat, faults_seed + first_seat);
	mechanisms_learn();
	for (unsigned i = 0; i < THREADS; i++) {
		unsigned me = first_seat + i;

		seat[i] = (struct seat){me, seat[0].session, faults_seed + 1000003 * me};
		if (i > 0 && f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				     &seat[i].session) != CKR_OK)
			trouble("seat %u: no session", me);
		if (pthread_create(&threads[i], NULL, thread, &seat[i]) != 0)
			trouble("seat %u: no thread", me);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	f->C_Finalize(NULL);
}

static void look(unsigned seats)
{
	world_check(seats);
}

START_TEST(nothing_fails_under_load)
{
	pid_t child[PROCESSES];
	unsigned i;

	faults_begin("load", 20);
	times_begin();
	control = faults_shared(sizeof *control);
	for (i = 0; i < PROCESSES; i++)
		child[i] = start_process(process, i);
	while (faults_time_left()) {
		faults_check_trouble();
		usleep(10000);
	}
	control->stop = true;
	for (i = 0; i < PROCESSES; i++)
		await_process(child[i], false, "a process");
	await_process(start_process(look, PROCESSES * THREADS), false, "the look at the token");
	printf("load: %llu steps, of which %llu were refused after a logout, and %llu changes\n",
		(unsigned long long)control->steps, (unsigned long long)control->refused,
		(unsigned long long)world->calls);
	for (i = 0; i < KINDS; i++)
		if (control->done[i] > 0)
			printf("load: %-16s %9llu done, the longest step took %6llu ms\n",
				kinds[i].name, (unsigned long long)control->done[i],
				(unsigned long long)control->longest[i] / 1000000);
	times_print();
	printf("load: 0 errors, 0 duplicates, 0 lost\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = add_case(suite, "load", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, nothing_fails_under_load);
	return run(suite);
}
