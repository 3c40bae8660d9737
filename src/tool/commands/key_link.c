/* SPDX-License-Identifier: Apache-2.0 */
/* key_link.c: keydiv key link: a master that stays in another token. */
#include <string.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/commands/commands.h"
#include "tool/commands/key_summary.h"
#include "tool/report.h"
#include "tool/token/identity.h"
#include "tool/token/new_key.h"
#include "tool/token/uri.h"

static const struct option_spec options[] = {
	TEXT_OPTION("label", "TEXT", &new_key.label, "name of the master"),
	TEXT_OPTION("uri", "URI", &new_key.uri,
		"PKCS#11 URI of the key in the other token, as 'pkcs11:token=hsm;object=mk'"),
	TEXT_OPTION("id", "HEX", &new_key.id, "CKA_ID of the master"),
	TEXT_OPTION("type", "TYPE", &new_key.type,
		"refuse a key of another type: aes, des2, des3, generic, ..."),
	TEXT_OPTION("allow", "MECHANISMS", &new_key.allow,
		"mechanisms or schemes the master may be used with (default: by type)"),
	FLAG_OPTION("extractable-children", &new_key.extractable_children,
		"let keys derived from this master be wrapped"),
	FLAG_OPTION("use-only", &new_key.use_only,
		"let this master give no key objects, only use keys within one call"),
	NUMBER_OPTION("window", "NUMBER", &new_key.window,
		"accept each counter once, also NUMBER below the highest (1 to 1024)"),
	NUMBER_OPTION("reserve", "NUMBER", &new_key.reserve,
		"mark NUMBER counters of a window in one write (1 to 4096, default 1)"),
	FLAG_OPTION("public", &new_key.public, "let the master be seen without login"),
	OPTIONS_END,
};

static bool check_options(void)
{
	P11KitUri *uri;

	if (!new_key.label || !*new_key.label)
		return fail("a key needs a name: give --label");
	if (!new_key.uri)
		return fail("give --uri with the PKCS#11 URI of the key in the other token, as "
			    "'pkcs11:token=hsm;object=mk'");
	if (strstr(new_key.uri, "pin-value=") || strstr(new_key.uri, "pin-source="))
		return fail("--uri names a key, not a PIN: leave out pin-value and pin-source, and "
			    "set foreign-pin-source in keydiv.conf");
	if (!uri_read(new_key.uri, &uri))
		return false;
	p11_kit_uri_free(uri);
	return new_key_read();
}

/* Say why the module refused to link the key. Returns false. */
static bool report(CK_RV rv)
{
	switch (rv) {
	case CKR_ATTRIBUTE_VALUE_INVALID:
		return fail("'%s' names no secret key of the other token, or several: add object= "
			    "or id= (CKR_ATTRIBUTE_VALUE_INVALID)",
			new_key.uri);
	case CKR_FUNCTION_NOT_SUPPORTED:
		return fail("there is no other token: set foreign-module in keydiv.conf "
			    "(CKR_FUNCTION_NOT_SUPPORTED)");
	case CKR_DEVICE_ERROR:
		return fail("the other token cannot be used: see the log, and foreign-module in "
			    "keydiv.conf (CKR_DEVICE_ERROR)");
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
		return fail("the key in the other token can do nothing that derives: it needs "
			    "CKA_SIGN or CKA_ENCRYPT there (CKR_KEY_FUNCTION_NOT_PERMITTED)");
	case CKR_KEY_TYPE_INCONSISTENT:
		return fail("the key in the other token has a type or length that no mechanism "
			    "takes (CKR_KEY_TYPE_INCONSISTENT)");
	case CKR_TOKEN_NOT_PRESENT:
		return fail("the other token of '%s' is not there (CKR_TOKEN_NOT_PRESENT)",
			new_key.uri);
	case CKR_PIN_INCORRECT:
		return fail("the other token refuses the PIN: it is the user PIN of this token "
			    "unless foreign-pin-source in keydiv.conf names another "
			    "(CKR_PIN_INCORRECT)");
	default:
		return fail_rv(rv, "cannot link '%s'", new_key.label);
	}
}

/* Say what the holder of the key in the other token must know. */
static void warn(struct client *client, CK_OBJECT_HANDLE key)
{
	note("whoever may sign or encrypt with that key in the other token can compute the keys "
	     "that '%s' derives: no other person or program must use the key there",
		new_key.label);
	if (attribute_flag(client->f, client->session, key, CKA_KEYDIV_FOREIGN_EXTRACTABLE))
		note("the key is extractable in the other token, so its value can leave that "
		     "token: make a key there with CKA_EXTRACTABLE false");
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct template t = {0};
	struct problem problem;
	unsigned char id[NEW_ID_BYTES];
	CK_OBJECT_HANDLE key;

	(void)count, (void)operands;
	if (!check_options() || !client_login(&client, true) ||
		!label_is_free(&client, new_key.label))
		return false;
	if (!new_key_template(client.f, client.session, new_key.label, strlen(new_key.label), &t,
		    id, &problem))
		return problem_report(&problem, 0);
	CK_RV rv = client.f->C_CreateObject(client.session, t.attributes, t.count, &key);
	if (rv != CKR_OK)
		return report(rv);
	if (!identity_is_alone(
		    client.f, client.session, key, new_key.label, strlen(new_key.label), &problem))
		return problem_report(&problem, 0);
	if (!attributes_show(key_summary(&client, key)))
		return false;
	warn(&client, key);
	return true;
}

const struct command cmd_key_link = {
	.name = "key link",
	.arguments = "",
	.summary = "Make a master of a key that stays in another token (foreign-module in "
		   "keydiv.conf)",
	.sets = SET_USER,
	.options = options,
	.run = run,
};
