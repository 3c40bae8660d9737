/* SPDX-License-Identifier: Apache-2.0 */
/* key_trust.c: keydiv key trust: the security officer trusts a wrapping key. */
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/commands/key_summary.h"
#include "tool/report.h"
#include "tool/token/attributes.h"
#include "tool/token/find.h"
#include "tool/token/locked.h"
#include "tool/token/pin.h"

static bool force;

static const struct option_spec options[] = {
	FLAG_OPTION("force", &force, "do not ask"),
	OPTIONS_END,
};

/*
 * Show what the security officer should know before trusting KEY. A key that was created may be
 * known to the person who created its value, and CKA_LOCAL is false for such a key.
 */
static bool show_key(struct client *client, CK_OBJECT_HANDLE key)
{
	struct json_object *o = key_summary(client, key);

	add_flag(o, "local", attribute_flag(client->f, client->session, key, CKA_LOCAL));
	return attributes_show(o) && output_end();
}

/* Log the user out and the security officer in. */
static bool change_to_officer(struct client *client)
{
	struct secret_text *pin;

	CK_RV rv = client->f->C_Logout(client->session);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot log out");
	if (!pin_get(PIN_SO, false, &pin))
		return false;
	rv = client->f->C_Login(client->session, CKU_SO, pin->text, pin->length);
	explicit_bzero(pin, sizeof *pin);
	return rv == CKR_OK ? true : fail_so(rv, "cannot log in as security officer");
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	CK_OBJECT_HANDLE key;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE trusted = {CKA_TRUSTED, &yes, sizeof yes};

	(void)count;
	if (!client_login_for(&client, operands[0], true) || !find_key(&client, operands[0], &key))
		return false;
	if (attribute_flag(client.f, client.session, key, CKA_PRIVATE))
		return fail("'%s' is a private key, which the security officer cannot see: make "
			    "the key with --public",
			operands[0]);
	if (!show_key(&client, key))
		return false;
	if (!force &&
		!confirm("Is this the key to trust? Keys with CKA_WRAP_WITH_TRUSTED may leave the "
			 "token under it. (yes/no)"))
		return fail("'%s' was not trusted: answer yes at a terminal, or give --force",
			operands[0]);
	if (!change_to_officer(&client))
		return false;
	CK_RV rv = client.f->C_SetAttributeValue(client.session, key, &trusted, 1);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		return fail("'%s' cannot be trusted: make a key with --usage wrap, or with --usage "
			    "wrap,unwrap and --allow key-block or an --unwrap-template "
			    "(CKR_ATTRIBUTE_VALUE_INVALID)",
			operands[0]);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot trust '%s'", operands[0]);
}

const struct command cmd_key_trust = {
	.name = "key trust",
	.arguments = "KEY",
	.summary = "Trust a wrapping key, as the security officer, after showing where it comes "
		   "from",
	.sets = SET_USER | SET_SO_PIN,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
