/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_next.c: keydiv odukpt next: the next transaction key of a client. */
#include "tool/commands/commands.h"
#include "tool/commands/odukpt.h"
#include "tool/token/find.h"

static const char *key_name, *purpose;
static struct result_request request = RESULT_REQUEST;

static const struct option_spec options[] = {
	ODUKPT_KEY_OPTION(&key_name, "the client state"),
	ODUKPT_PURPOSE_OPTION(&purpose),
	RESULT_OPTIONS(request),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE state;
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	odukpt_put_purpose(&p, purpose);
	bool ok = result_request_read(&request) && client_login_for(&client, key_name, true) &&
		  find_key(&client, key_name, &state) &&
		  odukpt_transact(&client, state, CKM_KEYDIV_ODUKPT_NEXT_KEY, &p, &request, state);
	result_request_free(&request);
	return ok;
}

const struct command cmd_odukpt_next = {
	.name = "odukpt next",
	.arguments = "",
	.summary = "Take the next transaction key of a client; the state moves on first, so that "
		   "no key comes twice",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
