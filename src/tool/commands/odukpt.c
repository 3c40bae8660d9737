/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_odukpt.c: keydiv odukpt initial, client, next, retrieve: Optimal-DUKPT from the shell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/derivation.h"
#include "tool/token/find.h"

static const char *key_name, *device, *shape_text, *label, *purpose;
static long long transaction = -1, reserve = -1;
static bool keep_initial;
static struct result_wish wish = RESULT_WISH;

#define KEY_OPTION(help) TEXT_OPTION("key", "KEY", &key_name, help)
#define SHAPE_OPTION                                                                               \
	TEXT_OPTION("shape", "R,N", &shape_text,                                                   \
		"registers of the client, most calls of the server; see odukpt plan")
#define DEVICE_OPTION TEXT_OPTION("device", "SERIAL", &device, "serial or ID of the client")
#define PURPOSE_OPTION                                                                             \
	TEXT_OPTION("purpose", "TEXT", &purpose, "role of the transaction key, as pin or data")

static bool read_shape(unsigned char ret[2])
{
	unsigned r = 0, n = 0;
	char left;

	if (!shape_text || sscanf(shape_text, "%2u,%2u%c", &r, &n, &left) != 2 || r < 1 || r > 32 ||
		n < 1 || n > 32)
		return fail("--shape wants two numbers from 1 to 32, as 21,7: 'keydiv odukpt plan' "
			    "helps to choose");
	ret[0] = (unsigned char)r;
	ret[1] = (unsigned char)n;
	return true;
}

/* A number of 8 big-endian bytes that KEY has as TYPE. */
static void add_count(struct client *client, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
	const char *name, struct json_object *o)
{
	unsigned char value[8];
	CK_ULONG n;

	if (attribute_get(client->f, client->session, key, type, value, sizeof value, &n) ==
			CKR_OK &&
		n == sizeof value)
		add_number(o, name, get_be64(value));
}

/* Derive by TYPE and P from KEY into the token, as LABEL. */
static bool derive_stored(struct client *client, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, CK_OBJECT_HANDLE *ret)
{
	struct template t = {0};

	template_flag(&t, CKA_TOKEN, true);
	template_text(&t, CKA_LABEL, label);
	template_flag(&t, CKA_DERIVE, true);
	if (reserve >= 0)
		template_number(&t, CKA_KEYDIV_RESERVE, (CK_ULONG)reserve);
	CK_MECHANISM mechanism = keydiv_mechanism(type, p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, key, t.attributes, t.count, ret);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot make '%s'", label);
}

/* --- initial --- */

static const struct option_spec initial_options[] = {
	KEY_OPTION("the BDK, made with --allow odukpt"),
	DEVICE_OPTION,
	SHAPE_OPTION,
	TEXT_OPTION("label", "TEXT", &label, "name of the initial key in the token; wanted"),
	OPTIONS_END,
};

static bool initial(int count, char **operands)
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
	if (!read_shape(shape) || !client_login_for(&client, key_name, true) ||
		!find_key(&client, key_name, &bdk) || !label_is_free(&client, label))
		return false;
	keydiv_put(&p, KEYDIV_DEVICE, device, strlen(device));
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	if (!derive_stored(&client, bdk, CKM_KEYDIV_ODUKPT_INITIAL_KEY, &p, &key))
		return false;
	struct json_object *o = json_object_new_object();
	check_value(client.f, client.session, key, check);
	add_text(o, "label", label);
	add_text(o, "device", device);
	add_text(o, "check_value", check);
	show(o);
	return true;
}

/* --- client --- */

static const struct option_spec client_options[] = {
	KEY_OPTION("the initial key of this client"),
	SHAPE_OPTION,
	TEXT_OPTION("label", "TEXT", &label, "name of the client state in the token; wanted"),
	NUMBER_OPTION("reserve", "NUMBER", &reserve,
		"numbers a program claims by one write; what is left of them when it ends is "
		"skipped (default: 1)"),
	FLAG_OPTION("keep-initial", &keep_initial,
		"do not destroy the initial key, from which all keys of the client follow"),
	OPTIONS_END,
};

static bool make_client(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE key, state;
	unsigned char shape[2];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	if (!key_name || !label || !*label)
		return fail("a client comes from its initial key, and has a name: give --key and "
			    "--label");
	if (!read_shape(shape) || !client_login_for(&client, key_name, true) ||
		!find_key(&client, key_name, &key) || !label_is_free(&client, label))
		return false;
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	if (!derive_stored(&client, key, CKM_KEYDIV_ODUKPT_CLIENT, &p, &state))
		return false;
	CK_RV rv = keep_initial ? CKR_OK : client.f->C_DestroyObject(client.session, key);
	if (rv != CKR_OK)
		return fail_rv(rv,
			"the client '%s' is made, but its initial key cannot be destroyed", label);
	struct json_object *o = json_object_new_object();
	add_text(o, "label", label);
	add_count(&client, state, CKA_KEYDIV_TRANSACTION, "transaction", o);
	add_count(&client, state, CKA_KEYDIV_REMAINING, "remaining", o);
	add_flag(o, "initial_key_destroyed", !keep_initial);
	show(o);
	return true;
}

/* --- next, retrieve --- */

/*
 * Derive a transaction key, show it and let it go. STATE: the client state, 0 on the server's side.
 */
static bool transact(struct client *client, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, CK_OBJECT_HANDLE state)
{
	struct template t = {0};
	struct result result;
	struct problem problem;
	CK_OBJECT_HANDLE key;

	result_template(&wish, &t);
	CK_MECHANISM mechanism = keydiv_mechanism(type, p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, base, t.attributes, t.count, &key);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot derive the transaction key");
	if (!result_read(client->f, client->session, key, &wish, &result, &problem))
		return problem_report(&problem, 0);
	struct json_object *o = json_object_new_object();
	add_count(client, key, CKA_KEYDIV_TRANSACTION, "transaction", o);
	result_add(o, &wish, &result);
	if (state)
		add_count(client, state, CKA_KEYDIV_REMAINING, "remaining", o);
	show(o);
	return true;
}

static void put_purpose(KEYDIV_PARAMETER *p)
{
	if (purpose)
		keydiv_put(p, KEYDIV_ODUKPT_PURPOSE, purpose, strlen(purpose));
}

static const struct option_spec next_options[] = {
	KEY_OPTION("the client state"),
	PURPOSE_OPTION,
	RESULT_OPTIONS(wish),
	OPTIONS_END,
};

static bool next(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE state;
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	put_purpose(&p);
	bool ok = result_wish_read(&wish) && client_login_for(&client, key_name, true) &&
		  find_key(&client, key_name, &state) &&
		  transact(&client, state, CKM_KEYDIV_ODUKPT_NEXT_KEY, &p, state);
	result_wish_free(&wish);
	return ok;
}

static const struct option_spec retrieve_options[] = {
	KEY_OPTION("the BDK, with --device; or the client's initial key, without"),
	DEVICE_OPTION,
	SHAPE_OPTION,
	NUMBER_OPTION(
		"transaction", "NUMBER", &transaction, "number of the transaction, from 0; wanted"),
	PURPOSE_OPTION,
	RESULT_OPTIONS(wish),
	OPTIONS_END,
};

static bool retrieve(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE base;
	unsigned char shape[2];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	(void)count, (void)operands;
	if (transaction < 0)
		return fail("which transaction? give --transaction");
	if (!read_shape(shape))
		return false;
	if (device)
		keydiv_put(&p, KEYDIV_DEVICE, device, strlen(device));
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, (unsigned long long)transaction);
	put_purpose(&p);
	bool ok = result_wish_read(&wish) && client_login_for(&client, key_name, false) &&
		  find_key(&client, key_name, &base) &&
		  transact(&client, base, CKM_KEYDIV_ODUKPT_KEY, &p, 0);
	result_wish_free(&wish);
	return ok;
}

const struct command cmd_odukpt_initial = {
	.name = "odukpt initial",
	.arguments = "",
	.summary = "Derive the initial key of one client from a BDK, and keep it in the token",
	.sets = SET_USER,
	.options = initial_options,
	.run = initial,
};

const struct command cmd_odukpt_client = {
	.name = "odukpt client",
	.arguments = "",
	.summary = "Make the state of a client from its initial key, and destroy that",
	.sets = SET_USER,
	.options = client_options,
	.run = make_client,
};

const struct command cmd_odukpt_next = {
	.name = "odukpt next",
	.arguments = "",
	.summary = "Take the next transaction key of a client; the state moves on and the key "
		   "cannot be had there again",
	.sets = SET_USER,
	.options = next_options,
	.run = next,
};

const struct command cmd_odukpt_retrieve = {
	.name = "odukpt retrieve",
	.arguments = "",
	.summary = "Derive any transaction key of a client, as the server does",
	.sets = SET_USER,
	.options = retrieve_options,
	.run = retrieve,
};
