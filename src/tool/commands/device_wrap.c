/* SPDX-License-Identifier: Apache-2.0 */
/* device_wrap.c: keydiv device wrap: the new key of a device, wrapped under its previous key. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"
#include "tool/report.h"
#include "tool/token/find.h"
#include "tool/token/wrapping.h"

static const char *key_name, *purpose;
static struct result_request request = RESULT_REQUEST;

static const struct option_spec options[] = {
	TEXT_OPTION("key", "KEY", &key_name,
		"the master, made with --extractable-children (default: the only one there is)"),
	TEXT_OPTION("purpose", "TEXT", &purpose, "role of the device key, as in derive"),
	TEXT_OPTION("usage", "USAGES", &request.usage,
		"what the device does with the new key; the usage is part of its value"),
	NUMBER_OPTION("length", "BYTES", &request.length,
		"length of the device key (default: that of the master)"),
	DEVICE_OPTION,
	OPTIONS_END,
};

/* Derive the device key with SALT as a session object with the attributes of T. */
static bool derive_for(struct client *client, CK_OBJECT_HANDLE master, const struct device *device,
	const struct salt *salt, struct template *t, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p;
	struct problem problem;

	device_parameter(&p, device->serial, device->n, salt, purpose);
	CK_MECHANISM mechanism = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, master, t->attributes, t->count, ret);
	if (rv == CKR_MECHANISM_INVALID && client_hides(client, mechanism.mechanism, &problem))
		return problem_report(&problem, 0);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot derive the key of '%s'", device->text);
}

/* Derive both keys. The one before wraps, and the new one leaves the token. */
static bool derive_both(struct client *client, CK_OBJECT_HANDLE master, const struct device *device,
	CK_OBJECT_HANDLE *ret_old, CK_OBJECT_HANDLE *ret_new)
{
	struct template old = {0}, new = {0};

	template_flag(&old, CKA_WRAP, true);
	if (request.length >= 0)
		template_number(&old, CKA_VALUE_LEN, (CK_ULONG)request.length);
	request.leaves = true;
	result_template(&request, &new);
	return derive_for(client, master, device, &device->record.salt[1], &old, ret_old) &&
	       derive_for(client, master, device, &device->record.salt[0], &new, ret_new);
}

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device device;
	CK_OBJECT_HANDLE master, new;
	struct wrap_request wrap = WRAP_REQUEST;
	struct wrapped wrapped;
	struct problem problem;
	char check[CHECK_VALUE_TEXT];

	(void)count;
	if (!result_request_read(&request) || !client_login_for(&client, key_name, false) ||
		!find_key(&client, key_name, &master) ||
		!device_read(&client, operands[0], &device))
		return false;
	if (device.record.count < 2)
		return fail("'%s' has no previous key to wrap the new key under: run 'keydiv "
			    "device rotate' first",
			operands[0]);
	if (!children_can_leave(&client, master) ||
		!derive_both(&client, master, &device, &wrap.kek, &new))
		return false;
	if (!wrap_key(&client, client.session, &wrap, new, operands[0], &wrapped, &problem))
		return problem_report(&problem, 0);
	check_value(client.f, client.session, new, check);
	struct json_object *o = json_object_new_object();
	add_text(o, "serial", operands[0]);
	wrapped_add(o, &wrap, &wrapped);
	add_text(o, "check_value", check);
	return attributes_show(o);
}

const struct command cmd_device_wrap = {
	.name = "device wrap",
	.arguments = "SERIAL",
	.summary = "Print the new key of a device wrapped under the one before (AES-KWP), to be "
		   "sent to it",
	.sets = SET_USER,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
