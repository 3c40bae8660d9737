/* SPDX-License-Identifier: Apache-2.0 */
/* store_status.c: keydiv store status: the server, its tokens and its hosts. */
#include "tool/commands/commands.h"
#include "tool/commands/store.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	const struct store_interface *store = NULL;

	(void)count;
	if (!store_load(&client, &store))
		return false;
	struct store_answer answer = {.o = json_object_new_object()};
	CK_RV rv = store->status(operands[0], store_answer_line, &answer);
	return store_show(&answer, rv, "cannot ask the server");
}

const struct command cmd_store_status = {
	.name = "store status",
	.arguments = "STORE",
	.summary = "Show the server, the tokens and the hosts of a store on a database server",
	.sets = SET_MODULE | SET_JSON,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
