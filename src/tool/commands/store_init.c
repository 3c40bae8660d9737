/* SPDX-License-Identifier: Apache-2.0 */
/* store_init.c: keydiv store init: the tables of a store on a database server. */
#include "tool/commands/commands.h"
#include "tool/commands/store.h"

static const char *grant;

static const struct option_spec options[] = {
	TEXT_OPTION("grant", "ROLE", &grant, "database role that gets the rights of the module"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	const struct store_interface *store = NULL;

	(void)count;
	if (!store_load(&client, &store))
		return false;
	struct store_answer answer = {.o = json_object_new_object()};
	CK_RV rv = store->init(operands[0], grant, store_answer_line, &answer);
	return store_show(&answer, rv, "cannot make the tables");
}

const struct command cmd_store_init = {
	.name = "store init",
	.arguments = "STORE",
	.summary = "Make the tables of a store on a database server, or bring them up to date",
	.sets = SET_MODULE | SET_JSON,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
