/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pin.c: keydiv pin change, keydiv pin unlock. */
#include "tool/token/pin.h"
#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/client.h"

static bool so;

static const struct option_spec change_options[] = {
	FLAG_OPTION("so", &so, "change the security officer's PIN instead of the user's"),
	OPTIONS_END,
};

/* A session of the security officer or, to change the PIN, the user. */
static bool login(struct client *client, CK_USER_TYPE user, struct secret_text **ret_pin)
{
	if (!client_find_token(client) || !client_open_session(client, true, &client->session) ||
		!pin_get(user == CKU_SO ? PIN_SO : PIN_USER, false, ret_pin))
		return false;
	CK_RV rv = client->f->C_Login(client->session, user, (*ret_pin)->text, (*ret_pin)->length);
	if (rv == CKR_OK)
		return true;
	return user == CKU_SO ? fail_so(rv, "cannot log in as security officer")
			      : fail_rv(rv, "cannot log in");
}

static bool change(int count, char **operands)
{
	CLIENT client = {0};
	struct secret_text *old, *pin;

	(void)count, (void)operands;
	if (!login(&client, so ? CKU_SO : CKU_USER, &old) || !pin_get(PIN_NEW, true, &pin))
		return false;
	CK_RV rv =
		client.f->C_SetPIN(client.session, old->text, old->length, pin->text, pin->length);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot change the PIN");
}

static bool unlock(int count, char **operands)
{
	CLIENT client = {0};
	struct secret_text *so_pin, *pin;

	(void)count, (void)operands;
	if (!login(&client, CKU_SO, &so_pin) || !pin_get_as(PIN_NEW, true, "new user PIN", &pin))
		return false;
	CK_RV rv = client.f->C_InitPIN(client.session, pin->text, pin->length);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot set the user PIN");
}

const struct command cmd_pin_change = {
	.name = "pin change",
	.arguments = "",
	.summary = "Change the user PIN, or the security officer's",
	.sets = SET_MODULE | SET_TOKEN | SET_USER_PIN | SET_SO_PIN | SET_NEW_PIN,
	.options = change_options,
	.run = change,
};

const struct command cmd_pin_unlock = {
	.name = "pin unlock",
	.arguments = "",
	.summary = "Give the user a new PIN, as the security officer; keys stay as they are",
	.sets = SET_MODULE | SET_TOKEN | SET_SO_PIN | SET_NEW_PIN,
	.run = unlock,
};
