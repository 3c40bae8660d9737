/* SPDX-License-Identifier: Apache-2.0 */
/* memory_actions.c: the list of all actions, and what holds for each of them; see memory.h. */
#include "memory.h"

struct action_result action_result;

static struct action actions[ACTIONS_MAX];
static unsigned action_count;

static void add(const struct action *action)
{
	if (!faults_wanted(action->name))
		return;
	ck_assert(action_count < ACTIONS_MAX);
	actions[action_count++] = *action;
}

const struct action *memory_actions(unsigned *ret_count)
{
	memory_calls(add);
	memory_mechanisms(add);
	memory_others(add);
	*ret_count = action_count;
	return actions;
}

void action_repeats(struct seat *seat, const struct action *action, const char *text, CK_RV rv)
{
	struct action_result before = action_result;

	memset(&action_result, 0, sizeof action_result);
	CK_RV again = action->run(seat, action->use);
	if (again != CKR_OK)
		trouble("%s: afterwards the same call gave %s", text, name_of(again));
	if (rv == CKR_OK && (before.n != action_result.n ||
				    memcmp(before.bytes, action_result.bytes, before.n) != 0))
		trouble("%s: gave a wrong result", text);
}

void memory_set_up(void)
{
	char text[4200];
	const char *foreign = getenv("FAKE_FOREIGN");

	ck_assert_msg(foreign != NULL, "FAKE_FOREIGN does not name fake_foreign.so");
	world_set_up();
	snprintf(text, sizeof text, "slots = 2\nforeign-module = %s\n", foreign);
	write_conf(text);
}
