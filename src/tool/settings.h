/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h: the values of the options that several commands share. */
#ifndef KEYDIV_TOOL_SETTINGS_H
#define KEYDIV_TOOL_SETTINGS_H

#include <stdbool.h>

/* The options of a command, which options_read fills in. A number that was not given is -1. */
struct settings {
	const char *module, *token;
	long long slot;
	const char *pin_file, *so_pin_file, *new_pin_file;
	long long pin_fd, so_pin_fd, new_pin_fd;
	bool json;
};

extern struct settings settings;

#endif
