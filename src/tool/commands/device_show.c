/* SPDX-License-Identifier: Apache-2.0 */
/* device_show.c: keydiv device show: the SALTs of one device. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device device;

	(void)count;
	if (!client_login(&client, false) || !device_read(&client, operands[0], &device))
		return false;
	device_print(&device);
	return true;
}

const struct command cmd_device_show = {
	.name = "device show",
	.arguments = "SERIAL",
	.summary = "Show the SALTs the token keeps for a device",
	.sets = SET_USER,
	.options = device_options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
