/* SPDX-License-Identifier: Apache-2.0 */
/* device_retire.c: keydiv device retire: forgets the SALT of the previous key. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"
#include "tool/report.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device device;

	(void)count;
	if (!client_login(&client, true) || !device_read(&client, operands[0], &device))
		return false;
	if (device.record.count < 2)
		return fail("'%s' has no previous key to retire", operands[0]);
	device.record.count = 1;
	if (!device_write(&client, &device))
		return false;
	device_print(&device);
	return true;
}

const struct command cmd_device_retire = {
	.name = "device retire",
	.arguments = "SERIAL",
	.summary = "Forget the SALT of a device's previous key",
	.sets = SET_USER,
	.options = device_options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
