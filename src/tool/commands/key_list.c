/* SPDX-License-Identifier: Apache-2.0 */
/* key_list.c: keydiv key list. */
#include <stdio.h>
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/commands/key_summary.h"
#include "tool/report.h"
#include "tool/token/attributes.h"

#define CHUNK 64

static void print_line(struct json_object *o, bool first)
{
	if (settings.json) {
		printf("%s%s", first ? "[\n  " : ",\n  ",
			json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	struct json_object *list = json_object_object_get(o, "usage");
	if (first)
		printf("%-32s  %-13s  %4s  %-6s  %-20s  %-16s  %s\n", "label", "type", "bits",
			"check", "usage", "id", "uid");
	char joined[128] = "";
	for (size_t i = 0; i < json_object_array_length(list); i++)
		snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s",
			i ? "," : "", json_object_get_string(json_object_array_get_idx(list, i)));
	struct json_object *foreign = json_object_object_get(o, "foreign_key");
	printf("%-32s  %-13s  %4s  %-6s  %-20s  %-16s  %s%s%s\n",
		json_object_get_string(json_object_object_get(o, "label")),
		json_object_get_string(json_object_object_get(o, "type")),
		json_object_get_string(json_object_object_get(o, "bits")),
		json_object_get_string(json_object_object_get(o, "check_value")), joined,
		json_object_get_string(json_object_object_get(o, "id")),
		json_object_get_string(json_object_object_get(o, "uid")), foreign ? "  " : "",
		foreign ? json_object_get_string(foreign) : "");
}

/* Print the line of KEY, or nothing if another program has destroyed the key since the search. */
static CK_RV list_key(struct client *client, CK_OBJECT_HANDLE key, bool *first)
{
	struct json_object *o = key_summary(client, key);
	CK_RV rv = attributes_result();

	if (rv == CKR_OK) {
		print_line(o, *first);
		*first = false;
	}
	json_object_put(o);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

/* List key by key, so that a token of a million keys needs constant memory. */
static CK_RV list_found(struct client *client)
{
	CK_OBJECT_HANDLE keys[CHUNK];
	CK_ULONG count;
	bool first = true;

	do {
		TRY(client->f->C_FindObjects(client->session, keys, CHUNK, &count));
		for (CK_ULONG i = 0; i < count; i++)
			TRY(list_key(client, keys[i], &first));
	} while (count > 0);
	if (settings.json)
		puts(first ? "[]" : "\n]");
	return CKR_OK;
}

static bool list(int count, char **operands)
{
	CLIENT client = {0};
	struct template t = {0};

	(void)count, (void)operands;
	if (!client_login(&client, false))
		return false;
	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	CK_RV rv = client.f->C_FindObjectsInit(client.session, t.attributes, t.count);
	if (rv == CKR_OK) {
		rv = list_found(&client);
		(void)client.f->C_FindObjectsFinal(client.session);
	}
	return rv == CKR_OK ? true : fail_rv(rv, "cannot list the keys");
}

const struct command cmd_key_list = {
	.name = "key list",
	.arguments = "",
	.summary = "List the keys of the token",
	.sets = SET_USER,
	.run = list,
};
