/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill.c: SIGKILL at random moments of everything that changes a token. Some of the processes are
 * killed, at any time or in a system call on a file or a connection, and the others go on. Nothing
 * acknowledged may be lost, nothing torn, no number or counter given twice, and no lock may stay.
 */
#include "../module/on_server.h"
#include "system_calls.h"
#include "world.h"

#include <signal.h>
#include <sys/wait.h>

#define WORKERS 4 /* in a round; other rounds have one or two */
#define KILLS_IN_A_ROUND 40
/*
 * On a server, where a change waits for the end of the lease of a process that was killed. So a
 * short run has rounds with one, two and four workers there too.
 */
#define KILLS_ON_SERVER 5

static struct control {
	volatile bool stop;
	unsigned workers;
	volatile uint64_t steps[WORKERS]; /* of the process that is running; 0: not yet logged in */
	uint64_t random[WORKERS];
	bool dies[WORKERS]; /* by itself, in a system call */
} * control;

/* Worker 0 changes the PIN, and worker 1, or the only worker, initialises the other token. */
static bool initialises(unsigned index)
{
	return index == (control->workers > 1);
}

static CK_RV any_step(struct seat *seat)
{
	unsigned what = draw_below(&seat->random, 16);

	if (what == 0 && initialises(seat->index))
		return fresh_step(seat);
	if (what < 2 && seat->index == 0)
		return pin_step(seat);
	if (what < 4)
		return number_step(seat);
	if (what < 8)
		return window_step(seat);
	return object_step(seat);
}

/*
 * Let the process die in one of its next system calls on files, if it is one of those. Kills from
 * outside seldom meet the short time between two writes of one change.
 */
static void plan_death(unsigned index)
{
	static const int deaths[] = {FAULT_KILL, FAULT_KILL_HALF, FAULT_KILL_AFTER};
	uint64_t random = control->random[index];
	unsigned least = on_server() ? 128 : 2; /* a start makes 180 to 350 calls on a server */

	if (control->dies[index])
		calls_start((struct call_plan){
			.at = 1 + draw_below(&random,
					  least << draw_below(&random, on_server() ? 6 : 10)),
			.error = deaths[draw_below(&random, 3)]});
}

static void work(unsigned index)
{
	struct seat seat;

	plan_death(index);
	seat_start(&seat, index, control->random[index]);
	objects_settle(&seat, index);
	if (index == 0)
		pin_settle(&seat);
	if (initialises(index))
		fresh_settle(&seat);
	control->steps[index] = 1;
	while (!control->stop) {
		CK_RV rv = any_step(&seat);

		if (rv != CKR_OK)
			trouble("worker %u: a step gave %s", index, name_of(rv));
		control->steps[index]++;
	}
	f->C_Finalize(NULL);
}

static void look(unsigned seats)
{
	world_check(seats);
}

static pid_t start_worker(unsigned index, uint64_t *random)
{
	control->steps[index] = 0;
	control->random[index] = draw(random);
	control->dies[index] = draw_below(random, 3) > 0;
	return start_process(work, index);
}

/* Return true if PROCESS has ended, and leave its status. */
static bool has_ended(pid_t process)
{
	siginfo_t info = {0};

	waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid == process;
}

/*
 * Wait until the worker has died by itself, or has done some steps, mostly, and is at any moment of
 * the next ones.
 */
static void wait_for_a_moment(unsigned index, pid_t worker, uint64_t *random)
{
	uint64_t steps = control->dies[index] ? 100 : draw_below(random, 8);
	useconds_t moment = draw_below(random, 1u << (4 + draw_below(random, 9)));

	if (draw_below(random, 8) == 0)
		steps = 0; /* in the middle of C_Initialize, login or the look at its objects */
	for (int i = 0; i < 1200000 && control->steps[index] < steps && !has_ended(worker); i++) {
		faults_check_trouble();
		usleep(100);
	}
	if (control->steps[index] < steps && !has_ended(worker))
		ck_abort_msg(
			"worker %u is stuck (SEED=%llu)", index, (unsigned long long)faults_seed);
	usleep(moment);
}

/* Kill workers of COUNT running ones, stop the others, and look at the token. Return the kills. */
static unsigned one_round(unsigned count, uint64_t *random)
{
	pid_t worker[WORKERS];
	unsigned i, kills, all = on_server() ? KILLS_ON_SERVER : KILLS_IN_A_ROUND;
	int status;

	control->stop = false;
	control->workers = count;
	for (i = 0; i < count; i++)
		worker[i] = start_worker(i, random);
	for (kills = 0; kills < all; kills++) {
		i = draw_below(random, count);
		wait_for_a_moment(i, worker[i], random);
		kill(worker[i], SIGKILL);
		ck_assert_int_eq(waitpid(worker[i], &status, 0), worker[i]);
		faults_check_trouble();
		worker[i] = start_worker(i, random);
	}
	control->stop = true;
	for (i = 0; i < count; i++)
		await_process(worker[i], control->dies[i], "a worker");
	await_process(start_process(look, WORKERS), false, "the look at the token");
	return kills;
}

START_TEST(nothing_acknowledged_is_lost)
{
	unsigned kills = 0, rounds = 0;

	faults_begin("kill", 45);
	uint64_t random = faults_seed;
	control = faults_shared(sizeof *control);
	do
		kills += one_round(1u << rounds++ % 3, &random);
	while (faults_time_left());
	printf("kill: %u kills in %u rounds, %llu changes acknowledged\n", kills, rounds,
		(unsigned long long)world->calls);
	printf("kill: 0 lost, 0 torn, 0 numbers or counters twice, 0 stuck locks\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kill");
	TCase *tc = add_case(suite, "kill", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, nothing_acknowledged_is_lost);
	return run(suite);
}
