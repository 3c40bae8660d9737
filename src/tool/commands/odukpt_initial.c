/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_initial.c: keydiv odukpt initial: the initial key of one client. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/commands/odukpt.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/identity.h"

static const char *key_name, *device, *shape_text, *label;

static const struct option_spec options[] = {
	ODUKPT_KEY_OPTION(&key_name, "the BDK, made with --allow odukpt"),
	ODUKPT_DEVICE_OPTION(&device),
	ODUKPT_SHAPE_OPTION(&shape_text),
	TEXT_OPTION("label", "TEXT", &label, "name of the initial key in the token; required"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE bdk, key;
	unsigned char shape[2];
	char check[CHECK_VALUE_TEXT];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	if (!device || !label || !*label)
		return fail("an initial key is that of one client, and has a name: give --device "
			    "and --label");
	if (!odukpt_shape(shape_text, shape) || !client_login_for(&client, key_name, true) ||
		!find_key(&client, key_name, &bdk) || !label_is_free(&client, label))
		return false;
	keydiv_put(&p, KEYDIV_DEVICE, device, strlen(device));
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	if (!odukpt_store(&client, bdk, CKM_KEYDIV_ODUKPT_INITIAL_KEY, &p, label, -1, &key))
		return false;
	struct json_object *o = json_object_new_object();
	check_value(client.f, client.session, key, check);
	add_text(o, "label", label);
	add_text(o, "device", device);
	add_text(o, "check_value", check);
	return attributes_show(o);
}

const struct command cmd_odukpt_initial = {
	.name = "odukpt initial",
	.arguments = "",
	.summary = "Derive the initial key of one client from a BDK, and keep it in the token",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
