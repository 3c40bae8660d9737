/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: see config.h. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

static const char *set(void *settings, const char *key, const char *value)
{
	return config_set(settings, key, value);
}

/* Set C to the defaults, and return the description of its file. */
static struct config_file prepare(struct config *c)
{
	config_defaults(c);
	if (geteuid() == 0 ||
		!config_xdg_path(c->token_dir, "XDG_DATA_HOME", ".local/share", "keydiv"))
		snprintf(c->token_dir, sizeof c->token_dir, "/var/lib/keydiv");
	return (struct config_file){.variable = "KEYDIV_CONF",
		.leaf = "keydiv.conf",
		.set = set,
		.settings = c,
		.path = c->path,
		.error = c->error};
}

CK_RV config_read_file(const char *file, struct config *ret)
{
	const struct config_file f = prepare(ret);

	return config_file_read(&f, file);
}

CK_RV config_read(struct config *ret)
{
	const struct config_file f = prepare(ret);

	return config_file_find(&f);
}
