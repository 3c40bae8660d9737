/* SPDX-License-Identifier: Apache-2.0 */
/* device_show.c: keydiv device show: the SALTs of one device. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, false) || !device_read(&client, operands[0], &record))
		return false;
	device_print(operands[0], &record);
	return true;
}

const struct command cmd_device_show = {
	.name = "device show",
	.arguments = "SERIAL",
	.summary = "Show the SALTs the token keeps for a device",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
