/* SPDX-License-Identifier: Apache-2.0 */
/* pin_unlock.c: keydiv pin unlock. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/report.h"
#include "tool/token/client.h"
#include "tool/token/pin.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct secret_text *so_pin, *pin;

	(void)count, (void)operands;
	if (!client_login_as(&client, CKU_SO, &so_pin) ||
		!pin_get_as(PIN_NEW, true, "new user PIN", &pin))
		return false;
	explicit_bzero(so_pin, sizeof *so_pin);
	CK_RV rv = client.f->C_InitPIN(client.session, pin->text, pin->length);
	explicit_bzero(pin, sizeof *pin);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot set the user PIN");
}

const struct command cmd_pin_unlock = {
	.name = "pin unlock",
	.arguments = "",
	.summary = "Give the user a new PIN, as the security officer; keys stay as they are",
	.sets = SET_MODULE | SET_TOKEN | SET_SO_PIN | SET_NEW_PIN,
	.run = run,
};
