/* SPDX-License-Identifier: Apache-2.0 */
/* key_delete.c: keydiv key delete. */
#include <stdio.h>

#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/locked.h"

static bool force;

static const struct option_spec options[] = {
	FLAG_OPTION("force", &force, "do not ask"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE key;
	char prompt[320];

	(void)count;
	if (!client_login_for(&client, operands[0], true) || !find_key(&client, operands[0], &key))
		return false;
	snprintf(prompt, sizeof prompt, "Destroy the key '%s'? Nothing brings it back. (yes/no)",
		operands[0]);
	if (!force && !confirm(prompt))
		return fail("'%s' was not deleted: answer yes at a terminal, or give --force",
			operands[0]);
	CK_RV rv = client.f->C_DestroyObject(client.session, key);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot delete '%s'", operands[0]);
}

const struct command cmd_key_delete = {
	.name = "key delete",
	.arguments = "KEY",
	.summary = "Destroy a key",
	.sets = SET_USER & ~SET_JSON, /* the command prints nothing */
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
