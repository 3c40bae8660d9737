/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt_retrieve.c: keydiv odukpt retrieve: any transaction key of a client, as the
 * server derives it.
 */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/commands/explain.h"
#include "tool/commands/odukpt.h"
#include "tool/report.h"
#include "tool/token/find.h"

static const char *key_name, *device, *shape_text, *purpose;
static long long transaction = -1;
static bool explains;
static struct result_request request = RESULT_REQUEST;

static const struct option_spec options[] = {
	ODUKPT_KEY_OPTION(
		&key_name, "the BDK, with --device; or the client's initial key, without"),
	ODUKPT_DEVICE_OPTION(&device),
	ODUKPT_SHAPE_OPTION(&shape_text),
	NUMBER_OPTION("transaction", "NUMBER", &transaction,
		"number of the transaction, from 0; required"),
	ODUKPT_PURPOSE_OPTION(&purpose),
	RESULT_OPTIONS(request),
	EXPLAIN_OPTION(&explains),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE base;
	unsigned char shape[2];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	if (transaction < 0)
		return fail("which transaction? give --transaction");
	if (!odukpt_shape(shape_text, shape))
		return false;
	if (device)
		keydiv_put(&p, KEYDIV_DEVICE, device, strlen(device));
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, (unsigned long long)transaction);
	odukpt_put_purpose(&p, purpose);
	bool ok = result_request_read(&request) && client_login_for(&client, key_name, false) &&
		  find_key(&client, key_name, &base);
	if (ok && explains)
		ok = explain(&client, base, CKM_KEYDIV_ODUKPT_KEY, &p, &request, NULL);
	else
		ok = ok && odukpt_transact(&client, base, CKM_KEYDIV_ODUKPT_KEY, &p, &request, 0);
	result_request_free(&request);
	return ok;
}

const struct command cmd_odukpt_retrieve = {
	.name = "odukpt retrieve",
	.arguments = "",
	.summary = "Derive any transaction key of a client, as the server does",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
