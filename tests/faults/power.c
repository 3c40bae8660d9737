/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power.c: the power fails after any call that writes, syncs or removes. The token is then in the
 * state before the change that was under way or in the state after it.
 */
#include "disk.h"
#include "world.h"

#define STEPS_MAX 64

static struct control {
	unsigned steps;
	unsigned calls[STEPS_MAX + 1]; /* how many were made when the step ended */
	struct world_copy after[STEPS_MAX + 1];
} * control;

static void end_step(struct seat *seat, const char *what, CK_RV rv)
{
	(void)seat;
	if (rv != CKR_OK)
		trouble("%s gave %s", what, name_of(rv));
	control->calls[control->steps] = disk_calls();
	world_save(&control->after[control->steps++]);
}

/* Every kind of change. The objects with number 2 and 5 are clients. */
static void work(unsigned unused)
{
	struct seat seat;

	(void)unused;
	disk_record();
	seat_start(&seat, 0, 1);
	end_step(&seat, "login", CKR_OK);
	for (unsigned k = 0; k < OBJECTS; k++)
		end_step(&seat, "making an object", object_create(&seat, k));
	for (unsigned k = 0; k < 3; k++)
		end_step(&seat, "changing an object", object_alter(&seat, k));
	for (unsigned i = 0; i < 4; i++) {
		end_step(&seat, "a number", number_take(&seat, i % 2));
		end_step(&seat, "a window", window_use(&seat, i % 2, 120 + 7 * i));
	}
	end_step(&seat, "a client", object_use(&seat, 2));
	for (unsigned i = 0; i < 2; i++) {
		end_step(&seat, "a new PIN", pin_step(&seat));
		end_step(&seat, "a fresh token", fresh_step(&seat));
	}
	for (unsigned k = 0; k < OBJECTS; k += k == 2 ? 3 : 1)
		end_step(&seat, "destroying an object", object_destroy(&seat, k));
	end_step(&seat, "making an object", object_create(&seat, 0));
	f->C_Finalize(NULL);
	end_step(&seat, "the end", CKR_OK);
}

static void settle(struct change *c, const struct change *after)
{
	c->wanted = after->acknowledged;
	c->under_way = after->acknowledged != c->acknowledged;
	c->highest = after->highest;
}

/* Note that after CALLS calls some steps have ended, and that the next one may have happened. */
static void restore_world(unsigned calls)
{
	static struct world after;
	unsigned step = 0;

	while (step + 1 < control->steps && control->calls[step + 1] <= calls)
		step++;
	if (control->calls[0] > calls)
		step = 0;
	world_restore(&control->after[step]);
	if (step + 1 == control->steps)
		return;
	memcpy(&after, control->after[step + 1].head, sizeof control->after[0].head);
	for (unsigned k = 0; k < OBJECTS; k++)
		settle(&world->objects[0][k], &after.objects[0][k]);
	settle(&world->pin, &after.pin);
	settle(&world->fresh, &after.fresh);
}

static void look(unsigned unused)
{
	(void)unused;
	world_check(1);
}

static bool cut(unsigned calls, enum loss loss, uint64_t seed)
{
	static const char *const losses[LOSSES] = {"nothing", "all", "some"};
	uint64_t random = seed;
	char text[100];

	snprintf(text, sizeof text, "after %u calls, %s of what was not synced is lost (%llu)",
		calls, losses[loss], (unsigned long long)seed);
	disk_cut(calls, loss, &random);
	restore_world(calls);
	bool whole = process_succeeds(start_process(look, 0), text);
	if (!whole)
		printf("power: that was %s\n", text);
	return whole;
}

START_TEST(old_or_new_after_a_power_cut)
{
	unsigned cuts = 0, failed = 0;

	faults_begin("power", 45);
	uint64_t random = faults_seed;
	control = faults_shared(sizeof *control);
	copy_token(false);
	disk_prepare();
	await_process(start_process(work, 0), false, "the work");
	unsigned calls = disk_calls();
	/*
	 * Each prefix, without what was not synced and with all of that. In turn, and afterwards,
	 * any prefix with any part of that.
	 */
	unsigned prefixes = 2 * (calls + 1), whole = 0;
	for (; faults_time_left(); cuts++)
		if (whole < prefixes && cuts % 3 < 2) {
			failed += !cut((unsigned)((whole / 2 * 997ull) % (calls + 1)),
				whole % 2 ? LOSE_NOTHING : LOSE_ALL, 0);
			whole++;
		} else {
			failed += !cut(draw_below(&random, calls + 1), LOSE_SOME, draw(&random));
		}
	printf("power: %u of %u prefixes and %u parts of %u calls in %u steps, %u failed\n", whole,
		prefixes, cuts - whole, calls, control->steps, failed);
	fflush(stdout);
	ck_assert_msg(failed == 0, "SEED=%llu", (unsigned long long)faults_seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power");
	TCase *tc = add_case(suite, "power", world_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, old_or_new_after_a_power_cut);
	return run(suite);
}
