/* SPDX-License-Identifier: Apache-2.0 */
/* device_retire.c: keydiv device retire: forgets the SALT of the previous key. */
#include "tool/commands/commands.h"
#include "tool/commands/device.h"
#include "tool/report.h"

static bool run(int count, char **operands)
{
	CLIENT client = {0};
	struct device_record record;

	(void)count;
	if (!client_login(&client, true) || !device_read(&client, operands[0], &record))
		return false;
	if (record.count < 2)
		return fail("'%s' has no previous key to retire", operands[0]);
	record.count = 1;
	if (!device_write(&client, operands[0], &record))
		return false;
	device_print(operands[0], &record);
	return true;
}

const struct command cmd_device_retire = {
	.name = "device retire",
	.arguments = "SERIAL",
	.summary = "Forget the SALT of a device's previous key",
	.sets = SET_USER,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
