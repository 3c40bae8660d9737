/* SPDX-License-Identifier: Apache-2.0 */
/* info.c: keydiv info: the module, its slots and tokens. */
#include <stdio.h>
#include <stdlib.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/store_module.h"
#include "tool/token/uri.h"

#define ADD_PADDED(o, name, field)                                                                 \
	do {                                                                                       \
		char text_[sizeof(field) + 1];                                                     \
		padded_text(field, sizeof(field), text_);                                          \
		add_text(o, name, text_);                                                          \
	} while (0)

static void add_version(struct json_object *o, const char *name, CK_VERSION version)
{
	char text[16];

	snprintf(text, sizeof text, "%u.%u", version.major, version.minor);
	add_text(o, name, text);
}

static const char *pin_state(CK_FLAGS flags, CK_FLAGS locked, CK_FLAGS last, CK_FLAGS low)
{
	return flags & locked ? "locked"
	       : flags & last ? "one try left"
	       : flags & low  ? "wrong PIN entered"
			      : "in order";
}

static void add_token(struct json_object *o, const CK_TOKEN_INFO *token)
{
	P11KitUri *uri = p11_kit_uri_new();
	char *text;

	ADD_PADDED(o, "token", token->label);
	add_flag(o, "initialised", token->flags & CKF_TOKEN_INITIALIZED);
	add_flag(o, "user_pin_set", token->flags & CKF_USER_PIN_INITIALIZED);
	add_text(o, "user_pin",
		pin_state(token->flags, CKF_USER_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY,
			CKF_USER_PIN_COUNT_LOW));
	add_text(o, "so_pin",
		pin_state(token->flags, CKF_SO_PIN_LOCKED, CKF_SO_PIN_FINAL_TRY,
			CKF_SO_PIN_COUNT_LOW));
	ADD_PADDED(o, "model", token->model);
	ADD_PADDED(o, "manufacturer", token->manufacturerID);
	ADD_PADDED(o, "serial", token->serialNumber);
	if (!uri || !(token->flags & CKF_TOKEN_INITIALIZED)) {
		p11_kit_uri_free(uri);
		return;
	}
	*p11_kit_uri_get_token_info(uri) = *token;
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_TOKEN, &text) == P11_KIT_URI_OK) {
		add_text(o, "uri", text);
		free(text);
	}
	p11_kit_uri_free(uri);
}

/*
 * Add the setting `parameters` of the module, which shows in the mechanisms of every slot. Other
 * modules have no flat forms and no such setting.
 */
static void add_parameters(struct client *client, CK_SLOT_ID slot, struct json_object *o)
{
	if (module_offers(client->f, slot, CKM_KEYDIV_FLAT(CKM_AES_GCM)))
		add_text(o, "parameters",
			module_offers(client->f, slot, CKM_AES_GCM) ? "native" : "flat");
}

static void add_line(void *o, const char *name, const char *text)
{
	char member[64];

	snprintf(member, sizeof member, "store_%s", name);
	add_text(o, member, text);
}

/* Add the server, the lease and the last contact of a token on a server. */
static void add_store(const struct store_interface *store, CK_SLOT_ID slot, struct json_object *o)
{
	if (store == NULL)
		return;
	CK_RV rv = store->describe(slot, add_line, o);
	if (rv != CKR_OK)
		print_failure_rv(rv, "cannot describe the store of slot %lu", slot);
}

/* Add the slots of the module to SLOTS, and to LIBRARY what only a slot shows. */
static bool add_slots(struct client *client, struct json_object *library, struct json_object *slots)
{
	const struct store_interface *store = store_module(client);
	CK_SLOT_ID *ids;
	CK_ULONG count;
	bool ok = true;

	if (!client_slots(client, &ids, &count))
		return false;
	if (count > 0)
		add_parameters(client, ids[0], library);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO token;
		struct json_object *o = json_object_new_object();
		json_object_array_add(slots, o);
		add_number(o, "slot", ids[i]);
		CK_RV rv = client->f->C_GetTokenInfo(ids[i], &token);
		if (rv == CKR_OK)
			add_token(o, &token);
		else
			ok = fail_rv(rv, "cannot read the token in slot %lu", ids[i]);
		add_store(store, ids[i], o);
	}
	free(ids);
	return ok;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_INFO info;

	(void)count, (void)operands;
	if (!client_load(&client))
		return false;
	CK_RV rv = client.f->C_GetInfo(&info);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot ask the module about itself");
	struct json_object *o = json_object_new_object(), *slots = json_object_new_array();
	ADD_PADDED(o, "library", info.libraryDescription);
	ADD_PADDED(o, "library_manufacturer", info.manufacturerID);
	add_version(o, "library_version", info.libraryVersion);
	add_version(o, "cryptoki_version", info.cryptokiVersion);
	bool ok = add_slots(&client, o, slots);
	if (settings.json) {
		json_object_object_add(o, "slots", slots);
		show(o);
		return ok;
	}
	show(o);
	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		putchar('\n');
		show(json_object_get(json_object_array_get_idx(slots, i)));
	}
	json_object_put(slots);
	return ok;
}

const struct command cmd_info = {
	.name = "info",
	.arguments = "",
	.summary = "Show the module, its slots and its tokens",
	.sets = SET_MODULE | SET_JSON,
	.run = run,
};
