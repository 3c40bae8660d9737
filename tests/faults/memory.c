/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c: each allocation of each call fails, once, and from there on. That is each allocation of
 * the module and of its libraries. The call gives CKR_HOST_MEMORY, or CKR_OK and the right result.
 * What was refused has changed nothing, nothing stays allocated, and the same process goes on.
 */
#include "memory.h"

#include <limits.h>
#include <openssl/err.h>
#include <sys/wait.h>

#include "allocations.h"

#define TRIALS_MAX 400000
#define LOST_ONCE 32 /* the most that was seen is 18 */

static const struct action *actions;
static unsigned action_count;

static struct trial {
	uint16_t action;
	bool from_there;
	uint32_t at;
} * trials;
static unsigned trial_count;

static struct control {
	const struct trial *trial; /* NULL: count only */
	unsigned action, allocations;
	unsigned held[ACTIONS_MAX][2]; /* without a fault: by libcrypto, by others */
	bool stacks, unreached;
	CK_RV rv;
} * control;

static struct world_copy saved;

/* --- One trial --- */

static void describe(char ret[200], const struct trial *trial)
{
	snprintf(ret, 200, "%s, allocation %u %s", actions[trial->action].name, trial->at,
		trial->from_there ? "and later" : "once");
}

static CK_ULONG count_objects(void)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG all = 0, n = 0;
	CK_RV rv = f->C_FindObjectsInit(s, NOTHING);

	do {
		if (rv == CKR_OK)
			rv = f->C_FindObjects(s, found, 64, &n);
		all += n;
	} while (rv == CKR_OK && n > 0);
	if (rv == CKR_OK)
		rv = f->C_FindObjectsFinal(s);
	if (rv != CKR_OK)
		trouble("cannot count objects: %s", name_of(rv));
	return all;
}

/*
 * Begin again, after C_Finalize or a refused C_Initialize. A try with the right PIN that had no
 * memory is no try with a wrong PIN.
 */
static void start_again(struct seat *seat, const char *text)
{
	CK_TOKEN_INFO info = {0};
	CK_RV rv = f->C_Initialize(NULL);

	if (rv == CKR_OK)
		rv = f->C_GetTokenInfo(slot, &info);
	if (rv == CKR_OK)
		rv = f->C_OpenSession(
			slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &seat->session);
	if (rv != CKR_OK)
		trouble("%s: afterwards the module gave %s", text, name_of(rv));
	if (info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED))
		trouble("%s: a try of the PIN is lost", text);
	seat_login(seat);
	s = seat->session;
}

/*
 * Return how many allocations libcrypto may keep because of the fault. When libcrypto 3.0 cannot
 * allocate while it makes or frees a library context, it loses what belongs to the context. No
 * caller can free that.
 */
static unsigned lost_in_libcrypto(const struct trial *trial)
{
	enum action_kind kind = actions[trial->action].kind;

	if (kind != FROM_NIL && kind != ENDS)
		return 0;
	if (trial->from_there || allocations_failed_in("OSSL_LIB_CTX_free"))
		return UINT_MAX / 2;
	return LOST_ONCE;
}

/* Compare what is allocated after C_Finalize with the run without a fault. */
static void nothing_is_held(const char *text)
{
	unsigned others, libcrypto;

	if (ERR_peek_error() != 0)
		trouble("%s: an error is in the queue of this program", text);
	libcrypto = allocations_held("libcrypto", &others);
	if (control->trial == NULL) {
		control->held[control->action][0] = libcrypto;
		control->held[control->action][1] = others;
		return;
	}
	const unsigned *without = control->held[control->trial->action];
	if (control->stacks)
		allocations_print();
	if (libcrypto > without[0] + lost_in_libcrypto(control->trial))
		trouble("%s: %u allocations of libcrypto are not freed, and without a fault %u",
			text, libcrypto, without[0]);
	if (others > without[1])
		trouble("%s: %u allocations are not freed, and without a fault %u", text, others,
			without[1]);
}

static CK_RV run_with_plan(const struct action *action, struct seat *seat)
{
	const struct trial *trial = control->trial;
	static const char *const not_all[] = {"keydiv-pkcs11", "libsqlite", NULL};
	struct allocation_plan plan = {.only = action->not_all ? not_all : NULL};

	if (trial != NULL) {
		plan.at = trial->at;
		plan.from_there = trial->from_there;
	}
	memset(&action_result, 0, sizeof action_result);
	allocations_start(plan);
	CK_RV rv = action->run(seat, action->use);
	control->allocations = allocations_stop();
	control->unreached = trial != NULL && !allocations_failed();
	control->rv = rv;
	return rv;
}

/* Check the promises after the call. There were BEFORE objects before the call. */
static void look(const struct action *action, struct seat *seat, CK_ULONG before, const char *text)
{
	CK_RV rv = control->rv;

	if (action->kind == ENDS || action->kind == FROM_NIL) {
		f->C_Finalize(NULL);
		start_again(seat, text);
	}
	if (action->kind <= LINK && rv != CKR_OK && count_objects() != before)
		trouble("%s: the refused call has made an object", text);
	if (action->kind <= LINK)
		action_repeats(seat, action, text, rv);
	else
		world_goes_on(seat, text);
}

static void try_it(unsigned unused)
{
	const struct trial *trial = control->trial;
	const struct action *action = &actions[trial ? trial->action : control->action];
	struct seat seat = {.index = 0};
	char text[200];
	CK_ULONG before = 0;

	(void)unused;
	snprintf(text, sizeof text, "%s", action->name);
	if (trial != NULL)
		describe(text, trial);
	allocations_record(control->stacks);
	if (action->kind != FROM_NIL)
		seat_start(&seat, 0, 1);
	s = seat.session;
	if (action->prepare != NULL)
		action->prepare(&seat, action->use);
	if (action->kind <= LINK)
		before = count_objects();
	CK_RV rv = run_with_plan(action, &seat);
	if (rv != CKR_OK && (trial == NULL || rv != CKR_HOST_MEMORY))
		trouble("%s: gave %s", text, name_of(rv));
	look(action, &seat, before, text);
	f->C_Finalize(NULL);
	nothing_is_held(text);
	if (action->kind == CHANGE)
		world_check(1);
}

static bool run_trial(const struct trial *trial)
{
	char text[200] = "counting";
	unsigned action = trial != NULL ? trial->action : control->action;

	if (actions[action].kind != CALL) {
		copy_token(true);
		world_restore(&saved);
	}
	control->trial = trial;
	control->rv = CKR_OK;
	if (trial != NULL)
		describe(text, trial);
	else
		snprintf(text, sizeof text, "%s", actions[action].name);
	return process_succeeds(start_process(try_it, 0), text);
}

/* --- All trials, in random order --- */

static void list_trials(uint64_t *random)
{
	for (unsigned action = 0; action < action_count; action++) {
		control->action = action;
		ck_assert(run_trial(NULL));
		ck_assert(trial_count + 2 * control->allocations <= TRIALS_MAX);
		for (unsigned at = 1; at <= control->allocations; at++)
			for (int from_there = 0; from_there < 2; from_there++)
				trials[trial_count++] =
					(struct trial){(uint16_t)action, from_there, at};
	}
	draw_order(random, trials, trial_count, sizeof trials[0]);
	printf("memory: %u calls, %u faults\n", action_count, trial_count);
}

/*
 * Try it. After a failure and with STACKS in the environment, try it again, and print where the
 * allocations were made that are not freed.
 */
static bool passes(const struct trial *trial)
{
	if (run_trial(trial))
		return true;
	control->stacks = getenv("STACKS") != NULL;
	if (control->stacks)
		(void)run_trial(trial);
	control->stacks = false;
	return false;
}

START_TEST(every_allocation_fails)
{
	unsigned i, failed = 0, unreached = 0;

	faults_begin("memory", 40);
	uint64_t random = faults_seed;
	control = faults_shared(sizeof *control);
	trials = calloc(TRIALS_MAX, sizeof *trials);
	actions = memory_actions(&action_count);
	world_prepare(&saved);
	list_trials(&random);
	for (i = 0; i < trial_count && faults_time_left(); i++) {
		failed += !passes(&trials[i]);
		unreached += control->unreached;
	}
	printf("memory: %u of %u faults tried, %u failed, %u not reached\n", i, trial_count, failed,
		unreached);
	fflush(stdout);
	ck_assert_msg(failed == 0, "SEED=%llu", (unsigned long long)faults_seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tc = add_case(suite, "memory", memory_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_allocation_fails);
	return run(suite);
}
