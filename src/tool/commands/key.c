/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_key.c: keydiv key list, show, delete. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/locked.h"
#include "tool/token/names.h"

#define CHUNK 64

/* The value of a byte attribute as text in RET: as it is, or in hexadecimal. */
static void text_of(struct client *client, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool hex,
	char *ret, size_t size)
{
	unsigned char value[256];
	CK_ULONG n;

	ret[0] = '\0';
	if (attribute_get(client->f, client->session, key, type, value, sizeof value, &n) !=
			CKR_OK ||
		n == CK_UNAVAILABLE_INFORMATION || n > sizeof value || 2 * n + 1 > size)
		return;
	if (hex) {
		hex_encode(value, n, ret);
	} else {
		memcpy(ret, value, n);
		ret[n] = '\0';
	}
}

static struct json_object *usage_list(struct client *client, CK_OBJECT_HANDLE key)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; usages[i].name; i++)
		if (attribute_flag(client->f, client->session, key, usages[i].type))
			json_object_array_add(list, json_object_new_string(usages[i].name));
	return list;
}

static struct json_object *summary(struct client *client, CK_OBJECT_HANDLE key)
{
	struct json_object *o = json_object_new_object();
	char text[520];

	text_of(client, key, CKA_LABEL, false, text, sizeof text);
	add_text(o, "label", text);
	text_of(client, key, CKA_ID, true, text, sizeof text);
	add_text(o, "id", text);
	CK_KEY_TYPE type = attribute_number(
		client->f, client->session, key, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	key_type_name(type, text);
	add_text(o, "type", text);
	CK_ULONG bytes = attribute_number(
		client->f, client->session, key, CKA_VALUE_LEN, key_type_bytes(type));
	add_number(o, "bits", 8 * bytes);
	check_value(client->f, client->session, key, text);
	add_text(o, "check_value", text);
	json_object_object_add(o, "usage", usage_list(client, key));
	return o;
}

/* --- list --- */

static void print_line(struct json_object *o, bool first)
{
	if (settings.json) {
		printf("%s%s", first ? "[\n  " : ",\n  ",
			json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	struct json_object *list = json_object_object_get(o, "usage");
	if (first)
		printf("%-32s  %-13s  %4s  %-6s  %-20s  %s\n", "label", "type", "bits", "check",
			"usage", "id");
	char joined[128] = "";
	for (size_t i = 0; i < json_object_array_length(list); i++)
		snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s",
			i ? "," : "", json_object_get_string(json_object_array_get_idx(list, i)));
	printf("%-32s  %-13s  %4s  %-6s  %-20s  %s\n",
		json_object_get_string(json_object_object_get(o, "label")),
		json_object_get_string(json_object_object_get(o, "type")),
		json_object_get_string(json_object_object_get(o, "bits")),
		json_object_get_string(json_object_object_get(o, "check_value")), joined,
		json_object_get_string(json_object_object_get(o, "id")));
}

/* Key by key, so that a token of a million keys lists in constant memory. */
static CK_RV list_found(struct client *client)
{
	CK_OBJECT_HANDLE keys[CHUNK];
	CK_ULONG count;
	bool first = true;

	do {
		TRY(client->f->C_FindObjects(client->session, keys, CHUNK, &count));
		for (CK_ULONG i = 0; i < count; i++, first = false) {
			struct json_object *o = summary(client, keys[i]);
			print_line(o, first);
			json_object_put(o);
		}
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

/* --- show --- */

static void add_allowed(struct client *client, CK_OBJECT_HANDLE key, struct json_object *o)
{
	CK_MECHANISM_TYPE types[ALLOWED_MAX];
	CK_ULONG n;
	char name[NAME_TEXT_MAX];

	if (attribute_get(client->f, client->session, key, CKA_ALLOWED_MECHANISMS, types,
		    sizeof types, &n) != CKR_OK ||
		n == CK_UNAVAILABLE_INFORMATION || n == 0)
		return;
	struct json_object *list = json_object_new_array();
	for (CK_ULONG i = 0; i < n / sizeof types[0]; i++) {
		mechanism_name(types[i], name);
		json_object_array_add(list, json_object_new_string(name));
	}
	json_object_object_add(o, "allowed_mechanisms", list);
}

static void add_uri(struct client *client, CK_OBJECT_HANDLE key, struct json_object *o)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE a = {CKA_CLASS, &class, sizeof class};
	unsigned char value[256];
	CK_ULONG n;
	char *text;

	P11KitUri *uri = p11_kit_uri_new();
	if (!uri)
		return;
	*p11_kit_uri_get_token_info(uri) = client->token;
	p11_kit_uri_set_attribute(uri, &a);
	for (size_t i = 0; i < 2; i++) {
		if (attribute_get(client->f, client->session, key, types[i], value, sizeof value,
			    &n) != CKR_OK ||
			n == 0 || n > sizeof value)
			continue;
		a = (CK_ATTRIBUTE){types[i], value, n};
		p11_kit_uri_set_attribute(uri, &a);
	}
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) == P11_KIT_URI_OK) {
		add_text(o, "uri", text);
		free(text);
	}
	p11_kit_uri_free(uri);
}

/* What an O-DUKPT client state says of itself. */
static void add_client_state(struct client *client, CK_OBJECT_HANDLE key, struct json_object *o)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} numbers[] = {
		{CKA_KEYDIV_TRANSACTION, "transaction"}, {CKA_KEYDIV_REMAINING, "remaining"}};
	unsigned char value[8];
	char shape[8];
	CK_ULONG n;

	for (size_t i = 0; i < 2; i++)
		if (attribute_get(client->f, client->session, key, numbers[i].type, value,
			    sizeof value, &n) == CKR_OK &&
			n == 8)
			add_number(o, numbers[i].name, get_be64(value));
	if (attribute_get(client->f, client->session, key, CKA_KEYDIV_SHAPE, value, sizeof value,
		    &n) != CKR_OK ||
		n != 2)
		return;
	snprintf(shape, sizeof shape, "%u,%u", value[0] % 100U, value[1] % 100U);
	add_text(o, "shape", shape);
}

static bool show_key(int count, char **operands)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} flags[] = {
		{CKA_TOKEN, "token"},
		{CKA_PRIVATE, "private"},
		{CKA_SENSITIVE, "sensitive"},
		{CKA_ALWAYS_SENSITIVE, "always_sensitive"},
		{CKA_EXTRACTABLE, "extractable"},
		{CKA_NEVER_EXTRACTABLE, "never_extractable"},
		{CKA_LOCAL, "local"},
		{CKA_MODIFIABLE, "modifiable"},
		{CKA_TRUSTED, "trusted"},
		{CKA_WRAP_WITH_TRUSTED, "wrap_with_trusted"},
	};
	CLIENT client = {0};
	CK_OBJECT_HANDLE key;

	(void)count;
	if (!client_login_for(&client, operands[0], false) || !find_key(&client, operands[0], &key))
		return false;
	struct json_object *o = summary(&client, key);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		add_flag(o, flags[i].name,
			attribute_flag(client.f, client.session, key, flags[i].type));
	add_allowed(&client, key, o);
	add_client_state(&client, key, o);
	add_uri(&client, key, o);
	show(o);
	return true;
}

/* --- delete --- */

static bool force;

static const struct option_spec delete_options[] = {
	FLAG_OPTION("force", &force, "do not ask"),
	OPTIONS_END,
};

static bool delete_key(int count, char **operands)
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
		return fail("'%s' was not deleted: answer yes, or give --force", operands[0]);
	CK_RV rv = client.f->C_DestroyObject(client.session, key);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot delete '%s'", operands[0]);
}

const struct command cmd_key_list = {
	.name = "key list",
	.arguments = "",
	.summary = "List the keys of the token",
	.sets = SET_USER,
	.run = list,
};

const struct command cmd_key_show = {
	.name = "key show",
	.arguments = "KEY",
	.summary = "Show all properties of a key, never its value",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = show_key,
};

const struct command cmd_key_delete = {
	.name = "key delete",
	.arguments = "KEY",
	.summary = "Destroy a key",
	.sets = SET_USER & ~SET_JSON, /* it prints nothing */
	.options = delete_options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = delete_key,
};
