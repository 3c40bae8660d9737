/* SPDX-License-Identifier: Apache-2.0 */
/* pin_change.c: keydiv pin change. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/pin.h"

static bool so;

static const struct option_spec options[] = {
	FLAG_OPTION("so", &so, "change the security officer's PIN instead of the user's"),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct secret_text *old, *pin;

	(void)count, (void)operands;
	if (!client_login_as(&client, so ? CKU_SO : CKU_USER, &old) ||
		!pin_get(PIN_NEW, true, &pin))
		return false;
	CK_RV rv =
		client.f->C_SetPIN(client.session, old->text, old->length, pin->text, pin->length);
	explicit_bzero(old, sizeof *old);
	explicit_bzero(pin, sizeof *pin);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot change the PIN");
}

const struct command cmd_pin_change = {
	.name = "pin change",
	.arguments = "",
	.summary = "Change the user PIN, or the security officer's",
	.sets = SET_MODULE | SET_TOKEN | SET_USER_PIN | SET_SO_PIN | SET_NEW_PIN,
	.options = options,
	.run = run,
};
