/* SPDX-License-Identifier: Apache-2.0 */
/* key_show.c: keydiv key show. */
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/key_summary.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/names.h"
#include "tool/token/uri.h"

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

/* Add the attributes of an O-DUKPT client state. */
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

/* Add the numbers of a master with replay windows. */
static void add_window(struct client *client, CK_OBJECT_HANDLE key, struct json_object *o)
{
	CK_ULONG window = attribute_number(client->f, client->session, key, CKA_KEYDIV_WINDOW, 0);

	if (window == 0)
		return;
	add_number(o, "window", window);
	add_number(o, "reserve",
		attribute_number(client->f, client->session, key, CKA_KEYDIV_RESERVE, 1));
}

static bool run(int count, char **operands)
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
		{CKA_KEYDIV_EXTRACTABLE_CHILDREN, "extractable_children"},
		{CKA_KEYDIV_USE_ONLY, "use_only"},
	};
	CLIENT client = {0};
	CK_OBJECT_HANDLE key;

	(void)count;
	if (!client_login_for(&client, operands[0], false) || !find_key(&client, operands[0], &key))
		return false;
	struct json_object *o = key_summary(&client, key);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		add_flag(o, flags[i].name,
			attribute_flag(client.f, client.session, key, flags[i].type));
	add_allowed(&client, key, o);
	add_client_state(&client, key, o);
	add_window(&client, key, o);
	if (json_object_object_get(o, "foreign_key"))
		add_flag(o, "foreign_key_extractable",
			attribute_flag(
				client.f, client.session, key, CKA_KEYDIV_FOREIGN_EXTRACTABLE));
	add_uri(&client, key, o);
	return attributes_show(o);
}

const struct command cmd_key_show = {
	.name = "key show",
	.arguments = "KEY",
	.summary = "Show all properties of a key, never its value",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
