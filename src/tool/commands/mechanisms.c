/* SPDX-License-Identifier: Apache-2.0 */
/* mechanisms.c: keydiv mechanisms: the list of the token's mechanisms, and one of them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/text.h"
#include "tool/token/client.h"
#include "tool/token/fields.h"
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

static struct json_object *list_uses(const CK_MECHANISM_INFO *info)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		if (info->flags & uses[i].flag)
			json_object_array_add(list, json_object_new_string(uses[i].name));
	return list;
}

/* Return what the module and the tool's table say about TYPE, for the list and for one name. */
static struct json_object *row(CK_MECHANISM_TYPE type, const CK_MECHANISM_INFO *info)
{
	struct json_object *o = json_object_new_object();
	const struct mechanism_about *about = mechanism_about(type);
	char name[NAME_TEXT_MAX], number[24];

	mechanism_name(type, name);
	snprintf(number, sizeof number, "0x%08lx", type);
	add_text(o, "name", name);
	add_text(o, "number", number);
	add_number(o, "min", info->ulMinKeySize);
	add_number(o, "max", info->ulMaxKeySize);
	json_object_object_add(o, "for", list_uses(info));
	add_text(o, "scheme", about->scheme);
	add_text(o, "source", about->source);
	add_text(o, "inputs", about->inputs);
	return o;
}

/* --- one mechanism --- */

/* Return FIELD as an object for JSON, or as text like "[SALT] 8 to 64 bytes". */
static struct json_object *field_row(const struct mechanism_field *field)
{
	char length[LENGTH_TEXT_MAX], text[120];

	if (settings.json) {
		struct json_object *o = json_object_new_object();
		add_text(o, "name", field->name);
		add_flag(o, "required", field->required);
		add_flag(o, "number", field->number);
		add_number(o, "min", field->min);
		add_number(o, "max", field->max);
		return o;
	}
	snprintf(text, sizeof text, "%s%s%s %s%s byte%s", field->required ? "" : "[", field->name,
		field->required ? "" : "]", field->number ? "number of " : "",
		length_text(field->min, field->max, length), field->max == 1 ? "" : "s");
	return json_object_new_string(text);
}

static struct json_object *list_fields(CK_MECHANISM_TYPE type)
{
	struct json_object *list = json_object_new_array();

	for (const struct mechanism_field *f = mechanism_field_next(type, NULL); f;
		f = mechanism_field_next(type, f))
		json_object_array_add(list, field_row(f));
	return list;
}

/* Append the command that derives by ABOUT. The fields are those of a published answer. */
static void add_derivation(struct text *text, const struct mechanism_about *about, const char *word)
{
	text_add_string(text, "keydiv derive --key KEY --mechanism ");
	text_add_string(text, word);
	fields_show(about->parameter, "--field", text);
}

/* Append the command that wraps by ABOUT. */
static void add_wrapping(struct text *text, const struct mechanism_about *about, const char *word)
{
	text_add_string(text, "keydiv key export KEY --wrap-with KEK");
	if (about->type == CKM_AES_KEY_WRAP_KWP) /* the default */
		return;
	if (about->type == CKM_KEYDIV_KEY_BLOCK) {
		text_add_string(text, " --key-block");
		return;
	}
	text_add_string(text, " --wrap-mechanism ");
	text_add_string(text, word);
	fields_show(about->parameter, "--wrap-field", text);
}

/* Append the command that derives the key of a message and uses the key by ABOUT. */
static void add_use(struct text *text, const struct mechanism_about *about, const char *word)
{
	text_add_string(text, "keydiv ");
	text_add_string(text, about->use);
	text_add_string(text, " --key KEY --counter 1 --message 00");
	if (about->type != CKM_KEYDIV_WITH_DERIVED_KEY) {
		text_add_string(text, " --operation ");
		text_add_string(text, word);
	}
	text_add_string(text, " SN-000123");
}

/* Append the command that uses KEY itself by ABOUT. */
static void add_use_of_key(struct text *text, const struct mechanism_about *about, const char *word)
{
	text_add_string(text, "keydiv ");
	text_add_string(text, about->use);
	text_add_string(text, " --key KEY --operation ");
	text_add_string(text, word);
	fields_show(about->parameter, "--field", text);
	text_add_string(text, " --message ");
	text_add_string(text, *about->message ? about->message : "''");
}

/* Add a command that uses the mechanism, if the tool has one. */
static void add_example(
	struct json_object *o, const struct mechanism_about *about, const CK_MECHANISM_INFO *info)
{
	const struct key_kind *kind = key_kind_generated(about->type);
	char word[NAME_TEXT_MAX];
	struct text text = {0};

	name_word(about->name, word);
	if (info->flags & CKF_DERIVE && mechanism_field_next(about->type, NULL)) {
		add_derivation(&text, about, word);
	} else if (info->flags & CKF_WRAP) {
		add_wrapping(&text, about, word);
	} else if (*about->use && about->message) {
		add_use_of_key(&text, about, word);
	} else if (*about->use) {
		add_use(&text, about, word);
	} else if (info->flags & CKF_GENERATE && kind) {
		text_add_string(&text, "keydiv key generate --label KEY --type ");
		text_add_string(&text, kind->name);
	}
	if (text.n > 0) {
		text_add(&text, "", 1);
		add_text(o, "example", text.p);
	}
	text_free(&text);
}

/* Show everything about the mechanism that NAME names. */
static bool show_one(struct client *client, const char *name)
{
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_INFO info;

	if (!mechanism_read(name, &type))
		return false;
	CK_RV rv = client->f->C_GetMechanismInfo(client->slot, type, &info);
	if (rv == CKR_MECHANISM_INVALID)
		return fail("the token does not offer '%s': 'keydiv mechanisms' lists what it "
			    "offers",
			name);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot ask the token about '%s'", name);
	const struct mechanism_about *about = mechanism_about(type);
	struct json_object *o = row(type, &info);
	add_text(o, "key_types", about->key_types);
	if (mechanism_field_next(type, NULL))
		json_object_object_add(o, "fields", list_fields(type));
	add_example(o, about, &info);
	show(o);
	return true;
}

/* --- all mechanisms --- */

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

static bool show_all(struct client *client)
{
	static const struct column columns[] = {
		{"name", "mechanism", false},
		{"number", "number", false},
		{"min", "min", true},
		{"max", "max", true},
		{"for", "for", false},
		{"scheme", "scheme", false},
		{"source", "source", false},
		{"inputs", "base -> result: fields", false},
		{0},
	};
	CK_ULONG count = 0;

	CK_RV rv = client->f->C_GetMechanismList(client->slot, NULL, &count);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot list the mechanisms");
	CK_MECHANISM_TYPE *types = calloc(count + 1, sizeof *types);
	struct json_object *rows = json_object_new_array();
	bool ok = types && list(client, types, count, rows);
	free(types);
	if (ok)
		show_table(rows, columns);
	else
		json_object_put(rows);
	return ok;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};

	if (!any_slot(&client))
		return false;
	return count > 0 ? show_one(&client, operands[0]) : show_all(&client);
}

const struct command cmd_mechanisms = {
	.name = "mechanisms",
	.arguments = "[MECHANISM]",
	.summary = "List what the token can do, with the sizes of keys as the module counts them; "
		   "or show one mechanism, its fields and an example",
	.sets = SET_MODULE | SET_TOKEN | SET_JSON,
	.max_arguments = 1,
	.run = run,
};
