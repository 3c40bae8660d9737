/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c: each system call on a file fails, once, and from there on, with every errno that the
 * call can give, or reads or writes less than was asked for. What was acknowledged is kept, what
 * was refused has changed nothing, the code says what failed, and the module goes on.
 */
#include "call_errors.h"
#include "trials.h"

#include <errno.h>

#define TRIALS_MAX 60000

/* --- What is tried --- */

static CK_RV create(struct seat *seat)
{
	return object_create(seat, 3);
}

static CK_RV derive(struct seat *seat)
{
	return object_create(seat, 4);
}

static CK_RV client(struct seat *seat)
{
	return object_create(seat, 5);
}

static CK_RV set(struct seat *seat)
{
	return object_alter(seat, 0);
}

static CK_RV destroy(struct seat *seat)
{
	return object_destroy(seat, 1);
}

static CK_RV destroy_client(struct seat *seat)
{
	return object_destroy(seat, 2);
}

static CK_RV next(struct seat *seat)
{
	return number_take(seat, 0);
}

static CK_RV next_reserved(struct seat *seat)
{
	return number_take(seat, 1);
}

static CK_RV window(struct seat *seat)
{
	return window_use(seat, 0, world->head[0] + 20);
}

static CK_RV window_reserved(struct seat *seat)
{
	return window_use(seat, 1, world->head[1] + 20);
}

static const struct action {
	const char *name;
	bool at_start; /* before C_Initialize */
	CK_RV (*run)(struct seat *seat);
} actions[] = {
	{"C_Initialize and C_Login", true, seat_try_start},
	{"C_CreateObject", false, create},
	{"C_DeriveKey to the token", false, derive},
	{"C_DeriveKey of a client", false, client},
	{"C_SetAttributeValue", false, set},
	{"C_DestroyObject", false, destroy},
	{"C_DestroyObject of a client", false, destroy_client},
	{"NEXT_KEY", false, next},
	{"NEXT_KEY with a reservation", false, next_reserved},
	{"a window", false, window},
	{"a window with a reservation", false, window_reserved},
	{"C_SetPIN", false, pin_step},
	{"C_InitToken and C_InitPIN", false, fresh_step},
};
#define ACTIONS (sizeof actions / sizeof actions[0])

/* All faults. Those of an action are numbered from its first one on. */
static struct trial {
	uint8_t action;
	uint16_t at; /* 0: none, and all calls are counted */
	bool from_there;
	int8_t kind;
	int error;
} trials[TRIALS_MAX];
static unsigned trial_count, first_trial[ACTIONS];

static struct control {
	unsigned calls;
	uint8_t kinds[4096];
} * control;

/* --- One trial --- */

/* The codes of a token whose file, as a call says, does not exist. */
static bool is_code_of_missing(CK_RV rv)
{
	return rv == CKR_DEVICE_ERROR || rv == CKR_KEY_HANDLE_INVALID ||
	       rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_TOKEN_NOT_RECOGNIZED;
}

static bool is_code_of(int error, CK_RV rv)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return rv == CKR_DEVICE_MEMORY;
	case EROFS:
	case EACCES:
	case EPERM:
		return rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_DEVICE_ERROR;
	case ENOMEM:
		return rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_ERROR;
	case ENOENT:
		return is_code_of_missing(rv);
	default:
		return rv == CKR_DEVICE_ERROR;
	}
}

/*
 * Return true if the call may give RV. A disk that is full for writing is always told apart. SQLite
 * forgets the error of an open. What is written and never synced is not acknowledged. A client is
 * destroyed when its record is, and its file is removed afterwards, or by the next change. A
 * configuration that cannot be read is CKR_FUNCTION_FAILED. When libcrypto starts, it reports that
 * there is no randomness as it reports that there is no memory.
 */
static bool is_right_code(const struct trial *trial, CK_RV rv)
{
	if (rv == CKR_OK)
		return !(trial->kind == CALL_SYNC && trial->from_there && calls_failed() &&
			 actions[trial->action].run != destroy_client);
	if (trial->kind == CALL_OPEN || (trial->kind == CALL_SYNC && trial->from_there))
		if (rv == CKR_DEVICE_ERROR)
			return true;
	if (actions[trial->action].at_start && rv == CKR_FUNCTION_FAILED)
		return true;
	if (actions[trial->action].at_start && trial->kind == CALL_RANDOM && rv == CKR_HOST_MEMORY)
		return true;
	return is_code_of(trial->error, rv);
}

static void describe(char ret[200], unsigned action, unsigned number)
{
	const struct trial *trial = &trials[first_trial[action] + number];
	const char *error = trial->error == FAULT_SHORT ? "short" : strerrorname_np(trial->error);

	snprintf(ret, 200, "%s, call %u (%s) %s: %s", actions[trial->action].name, trial->at,
		call_names[trial->kind], trial->from_there ? "and later" : "once", error);
}

/*
 * A change whose journal was removed is made. If the disk then refuses to sync the directory, the
 * call gives CKR_DEVICE_ERROR although the change is made (src/store/STORAGE.md).
 */
static void settle_uncertain(const struct seat *seat)
{
	if (!world->uncertain)
		return;
	world->uncertain = false;
	objects_settle(seat, 0);
	pin_settle(seat);
	fresh_settle(seat);
}

/* --- The process of a call, and its clones --- */

static struct seat seat;

static void prepare(unsigned action)
{
	if (!actions[action].at_start)
		seat_start(&seat, 0, 1);
}

static const char *name_of_action(unsigned action)
{
	return actions[action].name;
}

static void count(unsigned action)
{
	calls_start((struct call_plan){0});
	CK_RV rv = actions[action].run(&seat);
	control->calls = calls_stop();
	for (unsigned i = 1; i <= control->calls && i < sizeof control->kinds; i++)
		control->kinds[i] = (uint8_t)calls_kind(i);
	if (rv != CKR_OK)
		trouble("%s gave %s", actions[action].name, name_of(rv));
}

static void add_trials(unsigned action, unsigned at)
{
	enum call_kind kind = (enum call_kind)control->kinds[at];

	for (const int *error = call_errors[kind]; *error != 0; error++)
		for (int more = 0; more < 1 + call_error_may_last(kind, *error); more++) {
			ck_assert(trial_count < TRIALS_MAX);
			trials[trial_count++] = (struct trial){
				(uint8_t)action, (uint16_t)at, more, (int8_t)kind, *error};
		}
}

static unsigned list(unsigned action)
{
	ck_assert(control->calls < sizeof control->kinds);
	first_trial[action] = trial_count;
	for (unsigned at = 1; at <= control->calls; at++)
		add_trials(action, at);
	return trial_count - first_trial[action];
}

static void try_fault(unsigned action, unsigned number, const char *text)
{
	const struct trial *trial = &trials[first_trial[action] + number];

	world->uncertain = trial->kind == CALL_SYNC && trial->from_there;
	calls_start((struct call_plan){trial->at, trial->from_there, trial->error});
	CK_RV rv = actions[action].run(&seat);
	unsigned n = calls_stop();
	if (n < trial->at || calls_kind(trial->at) != (enum call_kind)trial->kind) {
		trial_missed();
		return; /* the promises depend on the kind */
	}
	if (!is_right_code(trial, rv))
		trouble("%s: gave %s", text, name_of(rv));
	if (actions[action].at_start) {
		f->C_Finalize(NULL);
		seat_start(&seat, 0, 1);
	}
	settle_uncertain(&seat);
	/* Everything works afterwards, in the same process and then in another one. */
	for (int i = 0; i < 2; i++)
		world_goes_on(&seat, text);
	f->C_Finalize(NULL);
	world_check(1);
}

START_TEST(every_system_call_fails)
{
	static const struct trials all = {
		"calls", ACTIONS, name_of_action, prepare, count, list, describe, try_fault};

	faults_begin("calls", 60);
	control = faults_shared(sizeof *control);
	trials_run(&all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calls");
	TCase *tc = add_case(suite, "calls", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_system_call_fails);
	return run(suite);
}
