/* SPDX-License-Identifier: Apache-2.0 */
/* init.c: keydiv init: make a token. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/pin.h"

static const char *label;
static bool erase;

static const struct option_spec options[] = {
	TEXT_OPTION("label", "TEXT", &label, "name of the token, up to 32 bytes; required"),
	FLAG_OPTION("erase", &erase, "initialise the token again, which destroys all its keys"),
	OPTIONS_END,
};

static bool set_user_pin(
	struct client *client, const struct secret_text *so_pin, const struct secret_text *pin)
{
	if (!client_open_session(client, true, &client->session))
		return false;
	CK_RV rv = client->f->C_Login(
		client->session, CKU_SO, (CK_UTF8CHAR_PTR)so_pin->text, so_pin->length);
	if (rv != CKR_OK)
		return fail_so(rv, "cannot log in as security officer");
	rv = client->f->C_InitPIN(client->session, (CK_UTF8CHAR_PTR)pin->text, pin->length);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot set the user PIN");
}

/*
 * Check the length of a PIN before the token is made. Otherwise a token could be left with
 * one PIN only.
 */
static bool pin_fits(const struct client *client, const char *what, const struct secret_text *pin)
{
	CK_ULONG min = client->token.ulMinPinLen, max = client->token.ulMaxPinLen;

	if (pin->length < min || pin->length > max)
		return fail("the %s has %zu bytes, and a PIN %lu to %lu (CKR_PIN_LEN_RANGE)", what,
			pin->length, min, max);
	return true;
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct secret_text *so_pin, *pin;
	unsigned char padded[32];

	(void)count, (void)operands;
	if (!label || !*label || strlen(label) > sizeof padded)
		return fail("a token needs a --label of 1 to 32 bytes");
	if (!client_find_slot(&client))
		return false;
	bool initialised = client.token.flags & CKF_TOKEN_INITIALIZED;
	if (initialised && !erase)
		return fail(
			"the token in slot %lu is initialised: --erase initialises it again and "
			"destroys all its keys",
			client.slot);
	if (!pin_get(PIN_SO, !initialised, &so_pin) || !pin_get(PIN_USER, true, &pin))
		return false;
	if (!pin_fits(&client, "SO PIN", so_pin) || !pin_fits(&client, "user PIN", pin))
		return false;
	memset(padded, ' ', sizeof padded);
	memcpy(padded, label, strlen(label));
	CK_RV rv = client.f->C_InitToken(client.slot, so_pin->text, so_pin->length, padded);
	if (rv != CKR_OK)
		return fail_so(rv, "cannot initialise the token");
	bool ok = set_user_pin(&client, so_pin, pin);
	explicit_bzero(so_pin, sizeof *so_pin);
	explicit_bzero(pin, sizeof *pin);
	if (!ok)
		return false;
	struct json_object *o = json_object_new_object();
	add_text(o, "token", label);
	add_number(o, "slot", client.slot);
	show(o);
	return true;
}

const struct command cmd_init = {
	.name = "init",
	.arguments = "",
	.summary = "Make a token: label, security officer's PIN, user PIN",
	.sets = SET_USER | SET_SO_PIN,
	.options = options,
	.run = run,
};
