/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full.c: a token that cannot be written, or not be found: no room, read-only, the directory taken
 * away, files exchanged. What was refused has changed nothing, and every acknowledged object is
 * usable afterwards. The trials are made in random order until the time ends, with other choices
 * each time.
 */
#include "full.h"

#include <errno.h>
#include <sys/wait.h>

#define TRIALS_MAX 4000

static const struct full_part *const parts[] = {&full_space, &full_taken, &full_exchange};
#define PARTS (sizeof parts / sizeof parts[0])

static struct world_copy saved;
uint64_t *full_refused;
static uint32_t trials[TRIALS_MAX]; /* part, then number */
static unsigned trial_count;

/* --- Steps --- */

const char *const full_step_names[FULL_STEPS] = {
	"an object", "NEXT_KEY", "a window", "C_SetPIN", "C_InitToken and C_InitPIN"};

CK_RV full_step(struct seat *seat, unsigned which)
{
	static CK_RV (*const steps[FULL_STEPS])(struct seat *) = {
		object_step, number_step, window_step, pin_step, fresh_step};

	CK_RV rv = steps[which](seat);
	if (rv != CKR_OK)
		__sync_fetch_and_add(full_refused, 1);
	return rv;
}

void full_goes_on(struct seat *seat, const char *what)
{
	for (unsigned which = 0; which < FULL_STEPS; which++)
		for (int i = 0; i < 3; i++) {
			CK_RV rv = full_step(seat, which);
			if (rv != CKR_OK)
				trouble("%s: afterwards %s gave %s", what, full_step_names[which],
					name_of(rv));
		}
}

/* --- Trials --- */

void full_reset(void)
{
	copy_token(true);
	world_restore(&saved);
}

static void try_it(unsigned trial)
{
	parts[trial >> 16]->run(trial & 0xffff);
}

static bool run_trial(unsigned trial)
{
	char text[200];
	const struct full_part *part = parts[trial >> 16];

	part->describe(trial & 0xffff, text, sizeof text);
	full_reset();
	return process_succeeds(start_process(try_it, trial), text);
}

static void ask_for_mounts(unsigned unused)
{
	(void)unused;
	if (!place_separate())
		_exit(errno);
}

/* Return true if a process may have mounts of its own, and print why not. */
static bool may_mount(void)
{
	pid_t child = start_process(ask_for_mounts, 0);
	int status;

	while (waitpid(child, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	if (status != 0)
		printf("full: this process may not mount (%s): no tmpfs, no read-only mounts\n",
			strerror(WEXITSTATUS(status)));
	return status == 0;
}

static bool is_wanted(const struct full_part *part, unsigned number)
{
	char text[200];

	part->describe(number, text, sizeof text);
	return faults_wanted(text);
}

static void list_trials(uint64_t *random)
{
	bool mounts = may_mount();

	for (unsigned part = 0; part < PARTS; part++)
		for (unsigned number = 0; number < parts[part]->count; number++)
			if ((mounts || !parts[part]->needs_mounts(number)) &&
				is_wanted(parts[part], number))
				trials[trial_count++] = part << 16 | number;
	ck_assert(trial_count > 0 && trial_count <= TRIALS_MAX);
	draw_order(random, trials, trial_count, sizeof trials[0]);
}

START_TEST(nothing_is_lost)
{
	unsigned i = 0, failed = 0;

	faults_begin("full", 30);
	full_refused = faults_shared(sizeof *full_refused);
	uint64_t random = faults_seed, seed = faults_seed;
	place_run("cp -a '%s' '%s.older'", token_dir, token_dir);
	world_prepare(&saved);
	list_trials(&random);
	while (faults_time_left()) {
		failed += !run_trial(trials[i % trial_count]);
		faults_seed += ++i % trial_count == 0;
	}
	printf("full: %u trials of %u kinds with %llu refused steps, %u failed\n", i, trial_count,
		(unsigned long long)*full_refused, failed);
	fflush(stdout);
	ck_assert_msg(failed == 0, "SEED=%llu", (unsigned long long)seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("full");
	TCase *tc = add_case(suite, "full", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, nothing_is_lost);
	return run(suite);
}
