/* SPDX-License-Identifier: Apache-2.0 */
/* mechanisms.c: keydiv mechanisms, the list of the token's mechanisms. */
#include <stdio.h>
#include <stdlib.h>

#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/names.h"

static const struct {
	CK_FLAGS flag;
	const char *name;
} uses[] = {
	{CKF_DERIVE, "derive"},
	{CKF_GENERATE, "generate"},
	{CKF_GENERATE_KEY_PAIR, "generate-pair"},
	{CKF_ENCRYPT, "encrypt"},
	{CKF_DECRYPT, "decrypt"},
	{CKF_DIGEST, "digest"},
	{CKF_SIGN, "sign"},
	{CKF_VERIFY, "verify"},
	{CKF_WRAP, "wrap"},
	{CKF_UNWRAP, "unwrap"},
};

static struct json_object *row(CK_MECHANISM_TYPE type, const CK_MECHANISM_INFO *info)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	char name[NAME_TEXT_MAX], number[24];

	mechanism_name(type, name);
	snprintf(number, sizeof number, "0x%08lx", type);
	add_text(o, "name", name);
	add_text(o, "number", number);
	add_number(o, "min", info->ulMinKeySize);
	add_number(o, "max", info->ulMaxKeySize);
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		if (info->flags & uses[i].flag)
			json_object_array_add(list, json_object_new_string(uses[i].name));
	json_object_object_add(o, "for", list);
	add_text(o, "inputs", mechanism_help(type));
	return o;
}

static bool list(
	struct client *client, CK_MECHANISM_TYPE *types, CK_ULONG count, struct json_object *rows)
{
	CK_RV rv = client->f->C_GetMechanismList(client->slot, types, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		CK_MECHANISM_INFO info;
		rv = client->f->C_GetMechanismInfo(client->slot, types[i], &info);
		if (rv == CKR_OK)
			json_object_array_add(rows, row(types[i], &info));
	}
	return rv == CKR_OK ? true : fail_rv(rv, "cannot list the mechanisms");
}

/* Use any slot if the options name none, because all slots of keydiv have the same mechanisms. */
static bool any_slot(struct client *client)
{
	CK_SLOT_ID *slots;
	CK_ULONG count;

	if (settings.token || settings.slot >= 0)
		return client_find_token(client);
	if (!client_load(client) || !client_slots(client, &slots, &count))
		return false;
	client->slot = count > 0 ? slots[0] : 0;
	free(slots);
	return count > 0 ? true : fail_rv(CKR_TOKEN_NOT_PRESENT, "cannot list the mechanisms");
}

static bool run(int operand_count, char **operands)
{
	static const struct column columns[] = {
		{"name", "mechanism", false},
		{"number", "number", false},
		{"min", "min", true},
		{"max", "max", true},
		{"for", "for", false},
		{"inputs", "base -> result: fields", false},
		{0},
	};
	CLIENT client = {0};
	CK_ULONG count = 0;

	(void)operand_count, (void)operands;
	if (!any_slot(&client))
		return false;
	CK_RV rv = client.f->C_GetMechanismList(client.slot, NULL, &count);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot list the mechanisms");
	CK_MECHANISM_TYPE *types = calloc(count + 1, sizeof *types);
	struct json_object *rows = json_object_new_array();
	bool ok = types && list(&client, types, count, rows);
	free(types);
	if (ok)
		show_table(rows, columns);
	else
		json_object_put(rows);
	return ok;
}

const struct command cmd_mechanisms = {
	.name = "mechanisms",
	.arguments = "",
	.summary = "List what the token can do, with the sizes of keys as the module counts them",
	.sets = SET_MODULE | SET_TOKEN | SET_JSON,
	.run = run,
};
