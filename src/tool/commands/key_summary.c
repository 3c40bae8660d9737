/* SPDX-License-Identifier: Apache-2.0 */
/* key_summary.c: read the properties of a key that both `key list` and `key show` print. */
#include "tool/commands/key_summary.h"

#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/token/attributes.h"
#include "tool/token/names.h"

/* Write the value of a byte attribute as text to RET, as it is or in hexadecimal. */
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

/* Add the URI of a master whose value is in another token. */
static void add_foreign(struct client *client, CK_OBJECT_HANDLE key, struct json_object *o)
{
	char uri[1025];
	CK_ULONG n;

	if (attribute_get(client->f, client->session, key, CKA_KEYDIV_FOREIGN_KEY, uri,
		    sizeof uri - 1, &n) != CKR_OK ||
		n == CK_UNAVAILABLE_INFORMATION || n == 0)
		return;
	uri[n] = '\0';
	add_text(o, "foreign_key", uri);
}

struct json_object *key_summary(struct client *client, CK_OBJECT_HANDLE key)
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
	add_foreign(client, key, o);
	text_of(client, key, CKA_UNIQUE_ID, false, text, sizeof text);
	add_text(o, "uid", text);
	return o;
}
