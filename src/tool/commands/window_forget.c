/* SPDX-License-Identifier: Apache-2.0 */
/* window_forget.c: keydiv window forget: a device counts from the beginning. */
#include "tool/commands/commands.h"
#include "tool/commands/window.h"

static const struct option_spec options[] = {
	WINDOW_OPTIONS(window_options),
	WINDOW_FORCE_OPTION(window_options),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	(void)count;
	return window_request(operands[0], KEYDIV_WINDOW_FORGET,
		"Accept every message again that has come in the name");
}

const struct command cmd_window_forget = {
	.name = "window forget",
	.arguments = "SERIAL",
	.summary = "Forget the used counters of a device, which may then be used again",
	.sets = SET_USER,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
