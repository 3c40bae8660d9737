/* SPDX-License-Identifier: Apache-2.0 */
/* window_show.c: keydiv window show. */
#include "tool/commands/commands.h"
#include "tool/commands/window.h"

static const struct option_spec options[] = {
	WINDOW_OPTIONS(window_options),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	(void)count;
	return window_request(operands[0], KEYDIV_WINDOW_SHOW, NULL);
}

const struct command cmd_window_show = {
	.name = "window show",
	.arguments = "SERIAL",
	.summary = "Show which counters of a device's messages were used",
	.sets = SET_USER,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
