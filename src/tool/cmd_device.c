/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device.c: keydiv device rotate, retire, show: changing the key of one device. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "device_record.h"
#include "output.h"
#include "report.h"

#define NEW_SALT 16

static bool read_record(struct client *client, const char *serial, struct device_record *ret)
{
	size_t n = strlen(serial);

	if (n < 1 || n > 128)
		return fail("a serial has 1 to 128 bytes");
	CK_RV rv = device_record_read(client->f, client->session, serial, n, ret);
	if (rv == CKR_DATA_INVALID)
		return fail("the token has a data object '%s' of keydiv that is no device record, or two of them: "
			    "remove it with "
			    "another PKCS#11 tool",
			serial);
	return rv == CKR_OK ? true : fail_rv(rv, "cannot read the record of '%s'", serial);
}

static bool write_record(struct client *client, const char *serial, const struct device_record *record)
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
		return fail("'%s' still has a previous key: when the device has the new one, 'keydiv device retire', "
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
	.summary = "Give a device a new key: draw a SALT that 'keydiv derive' uses from now on; the old key stays "
		   "derivable",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = rotate,
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
