/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy.c: keydiv store copy: a token to another store, sealed as it is. */
#include "tool/commands/commands.h"
#include "tool/commands/store.h"
#include "tool/report.h"

static long long from_slot = -1, to_slot = -1;
static bool replace;

static const struct option_spec options[] = {
	NUMBER_OPTION("from-slot", "NUMBER", &from_slot, "slot of the token in FROM; default 0"),
	NUMBER_OPTION("to-slot", "NUMBER", &to_slot, "slot of the copy in TO; default --from-slot"),
	FLAG_OPTION("replace", &replace, "remove a token that is there, with all its keys"),
	OPTIONS_END,
};

static bool explain(CK_RV rv, const struct store_place *from, const struct store_place *to,
	struct store_answer *answer)
{
	struct json_object *client = NULL;

	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		print_failure("there is no token in slot %u of %s", from->slot, from->store);
	else if (rv == CKR_ACTION_PROHIBITED)
		print_failure(
			"there is a token in slot %u of %s: --replace removes it and all its keys",
			to->slot, to->store);
	else if (rv == CKR_STATE_UNSAVEABLE &&
		 json_object_object_get_ex(answer->o, "client", &client))
		print_failure(
			"the token has the O-DUKPT client '%s', and the state of a client cannot "
			"be "
			"copied, because the copy would give its keys again: delete the client",
			json_object_get_string(client));
	else
		return store_show(answer, rv, "cannot copy the token");
	json_object_put(answer->o);
	return false;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	const struct store_interface *store = NULL;
	const struct store_place from = {operands[0], from_slot < 0 ? 0 : (unsigned)from_slot};
	const struct store_place to = {operands[1], to_slot < 0 ? from.slot : (unsigned)to_slot};

	(void)count;
	if (!store_load(&client, &store))
		return false;
	struct store_answer answer = {.o = json_object_new_object()};
	CK_RV rv = store->copy(&from, &to, replace, store_answer_line, &answer);
	return explain(rv, &from, &to, &answer);
}

const struct command cmd_store_copy = {
	.name = "store copy",
	.arguments = "FROM TO",
	.summary = "Copy a token to another store, sealed as it is",
	.sets = SET_MODULE | SET_JSON,
	.options = options,
	.min_arguments = 2,
	.max_arguments = 2,
	.run = run,
};
