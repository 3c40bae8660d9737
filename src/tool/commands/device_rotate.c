/* SPDX-License-Identifier: Apache-2.0 */
/* device_rotate.c: keydiv device rotate: a new SALT, and so a new key, for one device. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"
#include "tool/report.h"

#define NEW_SALT 16

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device device;

	(void)count;
	if (!client_login(&client, true) || !device_read(&client, operands[0], &device))
		return false;
	if (device.record.count > 1)
		return fail("'%s' still has a previous key: when the device has its new key, run "
			    "'keydiv device retire', and then rotate again",
			operands[0]);
	device.record.salt[1] = device.record.salt[0];
	device.record.count = 2;
	device.record.salt[0].n = NEW_SALT;
	CK_RV rv = client.f->C_GenerateRandom(client.session, device.record.salt[0].p, NEW_SALT);
	if (rv != CKR_OK)
		return fail_rv(rv, "cannot draw a new SALT");
	if (!device_write(&client, &device))
		return false;
	device_print(&device);
	return true;
}

const struct command cmd_device_rotate = {
	.name = "device rotate",
	.arguments = "SERIAL",
	.summary = "Give a device a new key: draw a SALT that 'keydiv derive' uses from now on; "
		   "the old key stays "
		   "derivable",
	.sets = SET_USER,
	.options = device_options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
