/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device.c: keydiv device rotate, wrap, retire, show: changing the key of one device. */
#include <stdio.h>
#include <string.h>

#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/token/derivation.h"
#include "tool/token/device_record.h"
#include "tool/token/find.h"

#define NEW_SALT 16

static bool read_record(struct client *client, const char *serial, struct device_record *ret)
{
	size_t n = strlen(serial);

	if (n < 1 || n > 128)
		return fail("a serial has 1 to 128 bytes");
	CK_RV rv = device_record_read(client->f, client->session, serial, n, ret);
	if (rv == CKR_DATA_INVALID)
		return fail("the token has a data object '%s' of keydiv that is no device record, "
			    "or two of them: "
			    "remove it with "
			    "another PKCS#11 tool",
			serial);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot read the record of '%s'", serial);
}

static bool write_record(
	struct client *client, const char *serial, const struct device_record *record)
{
	CK_RV rv = device_record_write(client->f, client->session, serial, strlen(serial), record);

	return rv == CKR_OK ? true : fail_rv(rv, "cannot write the record of '%s'", serial);
}

static void show_record(const char *serial, const struct device_record *record)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "serial", serial);
	add_hex(o, "salt", record->salt[0].p, record->salt[0].n);
	if (record->count > 1)
		add_hex(o, "previous_salt", record->salt[1].p, record->salt[1].n);
	add_flag(o, "previous_key_kept", record->count > 1);
	show(o);
}

static bool rotate(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, true) || !read_record(&client, operands[0], &record))
		return false;
	if (record.count > 1)
		return fail("'%s' still has a previous key: when the device has the new one, "
			    "'keydiv device retire', "
			    "then rotate",
			operands[0]);
	record.salt[1] = record.salt[0];
	record.count = 2;
	record.salt[0].n = NEW_SALT;
	CK_RV rv = client.f->C_GenerateRandom(client.session, record.salt[0].p, NEW_SALT);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot draw a new SALT");
	if (!write_record(&client, operands[0], &record))
		return false;
	show_record(operands[0], &record);
	return true;
}

/* --- wrap --- */

static const char *key_name, *purpose;
static long long length = -1;

static const struct option_spec wrap_options[] = {
	TEXT_OPTION("key", "KEY", &key_name,
		"the master, made with --extractable (default: the only one there is)"),
	TEXT_OPTION("purpose", "TEXT", &purpose, "role of the device key, as in derive"),
	NUMBER_OPTION("length", "BYTES", &length,
		"length of the device key (default: that of the master)"),
	OPTIONS_END,
};

/* Derive the device key with SALT; USE says what the session object may do besides nothing. */
static bool derive_for(struct client *client, CK_OBJECT_HANDLE master, const char *serial,
	const struct salt *salt, CK_ATTRIBUTE_TYPE use, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p;
	struct template t = {0};

	device_parameter(&p, serial, strlen(serial), salt, purpose);
	template_flag(&t, use, true);
	if (length >= 0)
		template_number(&t, CKA_VALUE_LEN, (CK_ULONG)length);
	CK_MECHANISM mechanism = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	CK_RV rv = client->f->C_DeriveKey(
		client->session, &mechanism, master, t.attributes, t.count, ret);
	if (rv == CKR_TEMPLATE_INCONSISTENT && use == CKA_EXTRACTABLE)
		return fail("no key may leave the token in wrapping that comes from this master: "
			    "one for changes in the field is made with --extractable "
			    "(CKR_TEMPLATE_INCONSISTENT)");
	return rv == CKR_OK ? true : fail_rv(rv, "cannot derive the key of '%s'", serial);
}

static bool wrap(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;
	CK_OBJECT_HANDLE master, old, new;
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
	unsigned char wrapped[64];
	CK_ULONG n = sizeof wrapped;
	char check[CHECK_VALUE_TEXT];

	(void)count;
	if (!client_login_for(&client, key_name, false) || !find_key(&client, key_name, &master) ||
		!read_record(&client, operands[0], &record))
		return false;
	if (record.count < 2)
		return fail("'%s' has no previous key to wrap the new one under: 'keydiv device "
			    "rotate' first",
			operands[0]);
	if (!derive_for(&client, master, operands[0], &record.salt[1], CKA_WRAP, &old) ||
		!derive_for(&client, master, operands[0], &record.salt[0], CKA_EXTRACTABLE, &new))
		return false;
	CK_RV rv = client.f->C_WrapKey(client.session, &mechanism, old, new, wrapped, &n);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot wrap the new key of '%s'", operands[0]);
	check_value(client.f, client.session, new, check);
	struct json_object *o = json_object_new_object();
	add_text(o, "serial", operands[0]);
	add_hex(o, "wrapped_key", wrapped, n);
	add_text(o, "check_value", check);
	show(o);
	return true;
}

/* --- retire, show --- */

static bool retire(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, true) || !read_record(&client, operands[0], &record))
		return false;
	if (record.count < 2)
		return fail("'%s' has no previous key to retire", operands[0]);
	record.count = 1;
	if (!write_record(&client, operands[0], &record))
		return false;
	show_record(operands[0], &record);
	return true;
}

static bool show_device(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, false) || !read_record(&client, operands[0], &record))
		return false;
	show_record(operands[0], &record);
	return true;
}

const struct command cmd_device_rotate = {
	.name = "device rotate",
	.arguments = "SERIAL",
	.summary = "Give a device a new key: draw a SALT that 'keydiv derive' uses from now on; "
		   "the old key stays "
		   "derivable",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = rotate,
};

const struct command cmd_device_wrap = {
	.name = "device wrap",
	.arguments = "SERIAL",
	.summary = "Print the new key of a device wrapped under the one before (AES-KWP), to be "
		   "sent to it",
	.sets = SET_USER,
	.options = wrap_options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = wrap,
};

const struct command cmd_device_retire = {
	.name = "device retire",
	.arguments = "SERIAL",
	.summary = "Forget the SALT of a device's previous key",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = retire,
};

const struct command cmd_device_show = {
	.name = "device show",
	.arguments = "SERIAL",
	.summary = "Show the SALTs the token keeps for a device",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = show_device,
};
