/* SPDX-License-Identifier: Apache-2.0 */
/* window_skip.c: keydiv window skip: after a restored backup. */
#include "tool/commands/commands.h"
#include "tool/commands/window.h"
#include "tool/report.h"

static const struct option_spec options[] = {
	WINDOW_OPTIONS(window_options),
	TEXT_OPTION("to", "NUMBER", &window_options.to, "the last counter to skip"),
	WINDOW_FORCE_OPTION(window_options),
	OPTIONS_END,
};

static bool run(int count, char **operands)
{
	(void)count;
	if (!window_options.to && !window_options.fields.derive.mechanism_text)
		return fail("give the last counter to skip by --to");
	return window_request(operands[0], KEYDIV_WINDOW_SKIP,
		"Refuse every message up to this counter in the name");
}

const struct command cmd_window_skip = {
	.name = "window skip",
	.arguments = "SERIAL",
	.summary = "Mark all counters of a device up to a number as used, after a restored backup",
	.sets = SET_USER,
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
