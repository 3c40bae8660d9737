/* SPDX-License-Identifier: Apache-2.0 */
/* device_rotate.c: keydiv device rotate: a new SALT, and so a new key, for one device. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"
#include "tool/report.h"

#define NEW_SALT 16

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, true) || !device_read(&client, operands[0], &record))
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
	if (!device_write(&client, operands[0], &record))
		return false;
	device_print(operands[0], &record);
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
	.run = run,
};
