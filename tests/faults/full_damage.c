/* SPDX-License-Identifier: Apache-2.0 */
/* full_damage.c: see full_damage.h. */
#include "full_damage.h"

#include <errno.h>
#include <sys/wait.h>

#define STEPS 40

static bool refused; /* something, in this trial */

static bool is_allowed(const struct damage *damage, CK_RV rv)
{
	bool found = rv == CKR_OK;

	for (int i = 0; i < DAMAGE_CODES && damage->codes[i] != 0; i++)
		found = found || damage->codes[i] == rv;
	return found;
}

static void check_code(const struct damage *damage, CK_RV rv, const char *what, const char *doing)
{
	if (getenv("KEYDIV_SHOW_CODES") != NULL)
		fprintf(stderr, "code: %s: %s: %s\n", what, doing, name_of(rv));
	refused = refused || rv != CKR_OK;
	if (!is_allowed(damage, rv))
		trouble("%s: %s gave %s", what, doing, name_of(rv));
}

/* As seat_start(), on a token that may be refused. */
static CK_RV start(struct seat *seat, const struct damage *damage, const char *what)
{
	CK_RV rv = f->C_Initialize(NULL);

	check_code(damage, rv, what, "C_Initialize");
	if (rv != CKR_OK)
		return rv;
	rv = f->C_OpenSession(
		slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &seat->session);
	if (rv == CKR_TOKEN_WRITE_PROTECTED)
		rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &seat->session);
	check_code(damage, rv, what, "C_OpenSession");
	if (rv == CKR_OK)
		rv = f->C_Login(
			seat->session, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1);
	check_code(damage, rv, what, "C_Login");
	return rv;
}

/* The last step meets the client file in any case, which random steps may all leave alone. */
static void steps(struct seat *seat, const struct damage *damage, const char *what)
{
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned which = draw_below(&seat->random, FULL_STEPS);

		/* Copies of files give their numbers again, as STORAGE.md says. */
		if (damage->rolls_back && (which == FULL_NUMBER || which == FULL_WINDOW))
			continue;
		check_code(damage, full_step(seat, which), what, full_step_names[which]);
	}
	if (!damage->rolls_back || damage->must_refuse)
		check_code(damage, number_take(seat, 0), what, "NEXT_KEY of the client $C");
}

static void damage_it(const struct damage *damage)
{
	place_run("mkdir '%s.aside' && { %s; }", token_dir, damage->make);
	if (damage->read_only)
		place_read_only(true);
}

static void put_back(const struct damage *damage)
{
	if (damage->read_only)
		place_read_only(false);
	place_run("%s", damage->undo);
}

static void set_names(void)
{
	char text[600];

	setenv("T", token_dir, 1);
	snprintf(text, sizeof text, "%s/slot-%lu", token_dir, slot);
	setenv("S", text, 1);
	snprintf(text, sizeof text, "%s/slot-%d", token_dir, FRESH_SLOT);
	setenv("F", text, 1);
	snprintf(text, sizeof text, "%s.older", token_dir);
	setenv("O", text, 1);
	snprintf(text, sizeof text, "%s.aside", token_dir);
	setenv("A", text, 1);
	setenv("C", "4", 1); /* the fourth object of make_fixed_objects() (world.c) */
}

/* Another process takes numbers and counters from the copy. */
static void work_on_copy(const char *what)
{
	struct seat seat;
	int status;
	pid_t child = fork();

	if (child == 0) {
		seat_start(&seat, 1, faults_seed + 1);
		for (int i = 0; i < STEPS; i++)
			if (number_step(&seat) != CKR_OK || window_step(&seat) != CKR_OK)
				trouble("%s: the copy does not work", what);
		f->C_Finalize(NULL);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		trouble("%s: the other process ended with status 0x%x", what, (unsigned)status);
}

static void prepare(const struct damage *damage)
{
	set_names();
	place_run("rm -rf '%s.aside'", token_dir);
	if (damage->read_only && !place_separate())
		trouble("no mounts of its own: errno %d", errno);
	if (!damage->read_only)
		place_drop_privileges();
}

static void work_on_damaged(
	struct seat *seat, const struct damage *damage, bool live, const char *what)
{
	if (live) {
		seat_start(seat, 0, seat->random);
		full_goes_on(seat, what); /* everything is open */
		damage_it(damage);
		if (damage->copied)
			work_on_copy(what);
		steps(seat, damage, what);
		return;
	}
	damage_it(damage);
	if (start(seat, damage, what) == CKR_OK)
		steps(seat, damage, what);
	if (damage->must_refuse && !refused)
		trouble("%s: nothing was refused", what);
}

void damage_try(const struct damage *damage, bool live, const char *what)
{
	struct seat seat = {.random = faults_seed};

	prepare(damage);
	work_on_damaged(&seat, damage, live, what);
	bool goes_on = live && !damage->copied && !damage->restart;
	if (!goes_on)
		f->C_Finalize(NULL);
	if (damage->copied)
		return;
	put_back(damage);
	if (!live && damage->rolls_back)
		full_reset();
	if (!goes_on)
		seat_start(&seat, 0, seat.random);
	else
		objects_settle(&seat, 0);
	full_goes_on(&seat, what);
	f->C_Finalize(NULL);
	world_check(1);
}
