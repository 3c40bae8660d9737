/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_client.c: keydiv odukpt client: a client state from an initial key. */
#include "tool/commands/commands.h"
#include "tool/commands/odukpt.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"

static const char *key_name, *shape_text, *label;
static long long reserve = -1;
static bool keep_initial;

static const struct option_spec options[] = {
	ODUKPT_KEY_OPTION(&key_name, "the initial key of this client"),
	ODUKPT_SHAPE_OPTION(&shape_text),
	TEXT_OPTION("label", "TEXT", &label, "name of the client state in the token; required"),
	NUMBER_OPTION("reserve", "NUMBER", &reserve,
		"numbers a program claims by one write; what is left of them when it ends is "
		"skipped (default: 1)"),
	FLAG_OPTION("keep-initial", &keep_initial,
		"do not destroy the initial key, from which all keys of the client follow"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE key, state;
	unsigned char shape[2];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	if (!key_name || !label || !*label)
		return fail("a client comes from its initial key, and has a name: give --key and "
			    "--label");
	if (!odukpt_shape(shape_text, shape) || !client_login_for(&client, key_name, true) ||
		!find_key(&client, key_name, &key) || !label_is_free(&client, label))
		return false;
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	if (!odukpt_store(&client, key, CKM_KEYDIV_ODUKPT_CLIENT, &p, label, reserve, &state))
		return false;
	CK_RV rv = keep_initial ? CKR_OK : client.f->C_DestroyObject(client.session, key);
	if (rv != CKR_OK)
		return fail_rv(rv,
			"the client '%s' is made, but its initial key cannot be destroyed", label);
	struct json_object *o = json_object_new_object();
	add_text(o, "label", label);
	odukpt_add_count(&client, state, CKA_KEYDIV_TRANSACTION, "transaction", o);
	odukpt_add_count(&client, state, CKA_KEYDIV_REMAINING, "remaining", o);
	add_flag(o, "initial_key_destroyed", !keep_initial);
	return attributes_show(o);
}

const struct command cmd_odukpt_client = {
	.name = "odukpt client",
	.arguments = "",
	.summary = "Make the state of a client from its initial key, and destroy that",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
