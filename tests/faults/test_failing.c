/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_failing.c: each call of the module to libcrypto, SQLite and the C library fails once, in
 * each of the calls of the regime `memory`. The call gives a code for that, or CKR_OK and the right
 * result. The same process goes on, and a PIN that is right is never called wrong.
 */
#include <dlfcn.h>

#include "failing.h"
#include "memory.h"

#define TRIALS 50 /* that one process makes, because a process must not take two minutes */

static failing_start_function *start;
static failing_stop_function *stop;

static struct world_copy saved;
static const struct action *action;
static struct shared {
	unsigned calls, trials;
} * shared;

/* --- One trial --- */

/* The codes for a library that fails: each names the kind of trouble, or says that there is one. */
static bool is_code_of_failure(CK_RV rv)
{
	return rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY ||
	       rv == CKR_FUNCTION_FAILED;
}

/* Run the action. Call AT fails. Return how many calls there were. */
static unsigned run_failing(struct seat *seat, unsigned at, CK_RV *ret_rv, char ret_text[200])
{
	const char *name;

	memset(&action_result, 0, sizeof action_result);
	start(at);
	*ret_rv = action->run(seat, action->use);
	unsigned calls = stop(&name);
	snprintf(ret_text, 200, "%s, call %u to a library (%s)", action->name, at,
		name != NULL ? name : "none");
	if (*ret_rv != CKR_OK && (name == NULL || !is_code_of_failure(*ret_rv)))
		trouble("%s: gave %s", ret_text, name_of(*ret_rv));
	return calls;
}

/* The session is new, so that nothing of an earlier trial is kept in it. */
static unsigned try_call(struct seat *seat, unsigned at)
{
	char text[200];
	CK_RV rv;

	rv = f->C_OpenSession(
		slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &seat->session);
	if (rv != CKR_OK)
		trouble("%s: no session: %s", action->name, name_of(rv));
	s = seat->session;
	if (action->prepare != NULL)
		action->prepare(seat, action->use);
	unsigned calls = run_failing(seat, at, &rv, text);
	action_repeats(seat, action, text, rv);
	f->C_CloseSession(seat->session);
	return calls;
}

/* The module starts before the action, and ends afterwards. */
static unsigned try_life(struct seat *seat, unsigned at)
{
	char text[200];
	CK_RV rv;

	if (action->kind == ENDS)
		seat_start(seat, 0, 1);
	unsigned calls = run_failing(seat, at, &rv, text);
	f->C_Finalize(NULL);
	seat_start(seat, 0, 1); /* with the right PIN */
	f->C_Finalize(NULL);
	return calls;
}

static unsigned try_change(struct seat *seat, unsigned at)
{
	char text[200];
	CK_RV rv;

	copy_token(true);
	world_restore(&saved);
	seat_start(seat, 0, 1);
	s = seat->session;
	unsigned calls = run_failing(seat, at, &rv, text);
	if (rv == CKR_DEVICE_ERROR && object_alter(seat, 0) == CKR_DEVICE_ERROR) {
		/* a self-test that failed stops the module until it starts again */
		f->C_Finalize(NULL);
		seat_start(seat, 0, 1);
		s = seat->session;
	}
	rv = object_alter(seat, 0);
	if (rv != CKR_OK)
		trouble("%s: afterwards C_SetAttributeValue gave %s", text, name_of(rv));
	f->C_Finalize(NULL);
	world_check(1);
	return calls;
}

static unsigned try_at(struct seat *seat, unsigned at)
{
	switch (action->kind) {
	case CHANGE:
		return try_change(seat, at);
	case ENDS:
	case FROM_NIL:
		return try_life(seat, at);
	default:
		return try_call(seat, at);
	}
}

/*
 * The trials from FIRST on, as many as a process makes. The run before them counts the calls, and
 * the mechanism passes its self-test in it.
 */
static void try_some(unsigned first)
{
	struct seat seat = {.index = 0};

	if (action->kind <= LINK)
		seat_start(&seat, 0, 1);
	shared->calls = try_at(&seat, 0);
	for (unsigned at = first; at <= shared->calls && at < first + TRIALS; at++) {
		try_at(&seat, at);
		shared->trials++;
	}
}

/* Every call of an action. Return true if all trials are as they should be. */
static bool try_all(void)
{
	bool good = true;

	shared->calls = 1;
	for (unsigned first = 1; first <= shared->calls; first += TRIALS)
		good &= process_succeeds(start_process(try_some, first), action->name);
	return good;
}

/* --- All actions --- */

START_TEST(every_call_to_a_library_fails)
{
	unsigned action_count, failed = 0;

	faults_begin("failing", 0);
	shared = faults_shared(sizeof *shared);
	const struct action *actions = memory_actions(&action_count);
	world_prepare(&saved);
	for (unsigned i = 0; i < action_count; i++) {
		action = &actions[i];
		failed += !try_all();
	}
	printf("%u calls of PKCS#11, %u calls to a library failed, %u calls wrong\n", action_count,
		shared->trials, failed);
	fflush(stdout);
	ck_assert_uint_eq(failed, 0);
	ck_assert_uint_gt(shared->trials, action_count);
}
END_TEST

static void set_up(void)
{
	memory_set_up();
	*(void **)&start = dlsym(library, "failing_start");
	*(void **)&stop = dlsym(library, "failing_stop");
	ck_assert(start != NULL && stop != NULL);
}

int main(void)
{
	Suite *suite = suite_create("failing");
	TCase *tc = add_case(suite, "failing", set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_call_to_a_library_fails);
	return run(suite);
}
