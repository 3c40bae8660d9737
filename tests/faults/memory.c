/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c: each allocation of each call fails, once, and from there on. That is each allocation of
 * the module and of its libraries. The call gives CKR_HOST_MEMORY, or CKR_OK and the right result.
 * What was refused has changed nothing, nothing stays allocated, and the same process goes on.
 */
#include "memory.h"

#include <limits.h>
#include <openssl/err.h>

#include "allocations.h"
#include "trials.h"

#define LOST_ONCE 32 /* the most that was seen is 18 */

static const struct action *actions;

/* Which allocation fails. */
static struct trial {
	unsigned action;
	uint32_t at; /* from 1; 0: none, and all are counted */
	bool from_there;
} trial;

static struct control {
	unsigned allocations;
	unsigned held[ACTIONS_MAX][2]; /* without a fault: by libcrypto, by others */
} * control;

/* --- One trial --- */

static struct trial trial_of(unsigned action, unsigned number)
{
	return (struct trial){action, number / 2 + 1, number % 2 != 0};
}

static void describe(char ret[200], unsigned action, unsigned number)
{
	struct trial described = trial_of(action, number);

	snprintf(ret, 200, "%s, allocation %u %s", actions[action].name, described.at,
		described.from_there ? "and later" : "once");
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
static unsigned lost_in_libcrypto(void)
{
	enum action_kind kind = actions[trial.action].kind;

	if (kind != FROM_NIL && kind != ENDS)
		return 0;
	if (trial.from_there || allocations_failed_in("OSSL_LIB_CTX_free"))
		return UINT_MAX / 2;
	return LOST_ONCE;
}

/* Compare what is allocated after C_Finalize with the run without a fault. */
static void nothing_is_held(const char *text)
{
	unsigned others, libcrypto, *without = control->held[trial.action];

	if (ERR_peek_error() != 0)
		trouble("%s: an error is in the queue of this program", text);
	libcrypto = allocations_held("libcrypto", &others);
	if (trial.at == 0) {
		without[0] = libcrypto;
		without[1] = others;
		return;
	}
	bool loses = libcrypto > without[0] + lost_in_libcrypto();
	if ((loses || others > without[1]) && getenv("STACKS") != NULL)
		allocations_print();
	if (loses)
		trouble("%s: %u allocations of libcrypto are not freed, and without a fault %u",
			text, libcrypto, without[0]);
	if (others > without[1])
		trouble("%s: %u allocations are not freed, and without a fault %u", text, others,
			without[1]);
}

static CK_RV run_with_plan(const struct action *action, struct seat *seat)
{
	static const char *const not_all[] = {"keydiv-pkcs11", "libsqlite", NULL};
	struct allocation_plan plan = {
		trial.at, trial.from_there, action->not_all ? not_all : NULL};

	memset(&action_result, 0, sizeof action_result);
	allocations_start(plan);
	CK_RV rv = action->run(seat, action->use);
	control->allocations = allocations_stop();
	if (trial.at != 0 && !allocations_failed())
		trial_missed();
	return rv;
}

/* --- The process of a call, and its clones --- */

static struct seat at;
static CK_ULONG object_count; /* before the call */

static void prepare(unsigned number)
{
	const struct action *action = &actions[number];

	allocations_record(getenv("STACKS") != NULL);
	if (action->kind != FROM_NIL)
		seat_start(&at, 0, 1);
	s = at.session;
	if (action->prepare != NULL)
		action->prepare(&at, action->use);
	if (action->kind <= LINK)
		object_count = count_objects();
}

/* Check the promises after the call, which gave RV. */
static void look(const struct action *action, CK_RV rv, const char *text)
{
	if (action->kind == ENDS || action->kind == FROM_NIL) {
		f->C_Finalize(NULL);
		start_again(&at, text);
	}
	if (action->kind <= LINK && rv != CKR_OK && count_objects() != object_count)
		trouble("%s: the refused call has made an object", text);
	if (action->kind <= LINK)
		action_repeats(&at, action, text, rv);
	else
		world_goes_on(&at, text);
}

static void run_trial(const char *text)
{
	const struct action *action = &actions[trial.action];
	CK_RV rv = run_with_plan(action, &at);

	if (rv != CKR_OK && (trial.at == 0 || rv != CKR_HOST_MEMORY))
		trouble("%s: gave %s", text, name_of(rv));
	look(action, rv, text);
	f->C_Finalize(NULL);
	nothing_is_held(text);
	if (action->kind == CHANGE)
		world_check(1);
}

static const char *name_of_action(unsigned action)
{
	return actions[action].name;
}

static void count(unsigned action)
{
	trial = (struct trial){.action = action};
	run_trial(actions[action].name);
}

static unsigned list(unsigned action)
{
	(void)action;
	return 2 * control->allocations;
}

static void try_fault(unsigned action, unsigned number, const char *text)
{
	trial = trial_of(action, number);
	run_trial(text);
}

START_TEST(every_allocation_fails)
{
	struct trials trials = {
		"memory", 0, name_of_action, prepare, count, list, describe, try_fault};

	faults_begin("memory", 40);
	control = faults_shared(sizeof *control);
	actions = memory_actions(&trials.calls);
	trials_run(&trials);
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
