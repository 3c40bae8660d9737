/* SPDX-License-Identifier: Apache-2.0 */
/* config_check.c: keydiv config check: reads the configuration as the module does. */
#include "base/config.h"

#include <stdio.h>

#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"

static const char *const levels[] = {
	[LOG_NONE] = "none",
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static bool run(int count, char **operands)
{
	static struct config config;

	CK_RV rv = count > 0 ? config_read_file(operands[0], &config) : config_read(&config);
	if (rv != CKR_OK)
		return fail("%s", config.error);
	struct json_object *o = json_object_new_object();
	add_text(o, "file", config.path[0] ? config.path : "none: the defaults hold");
	add_text(o, "token-dir", config.token_dir);
	add_number(o, "slots", config.slots);
	add_text(o, "log-file", config.log_file);
	add_text(o, "log-level", levels[config.log_level]);
	add_number(o, "scrypt-log2-n", config.scrypt_log2_n);
	add_flag(o, "lock-memory", config.lock_memory);
	add_flag(o, "read-only-login", config.read_only_login);
	add_text(o, "parameters", config.flat_parameters ? "flat" : "native");
	add_text(o, "foreign-module", config.foreign_module);
	add_text(o, "foreign-module-arguments", config.foreign_arguments);
	char source[sizeof config.foreign_pin_file + 5] = "";
	if (config.foreign_pin_file[0] != '\0')
		snprintf(source, sizeof source, "file:%s", config.foreign_pin_file);
	add_text(o, "foreign-pin-source", source);
	add_flag(o, "foreign-compute-twice", config.foreign_compute_twice);
	add_text(o, "store", config.store[0] != '\0' ? config.store : "sqlite");
	add_number(o, "lease", config.lease_ms);
	show(o);
	return true;
}

const struct command cmd_config_check = {
	.name = "config check",
	.arguments = "[FILE]",
	.summary = "Check FILE, or the configuration that the module would read, and print its "
		   "values",
	.sets = SET_JSON,
	.max_arguments = 1,
	.run = run,
};
