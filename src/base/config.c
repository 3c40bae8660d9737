/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: see config.h. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

static const char *set(void *settings, const char *key, const char *value)
{
	return config_set(settings, key, value);
}

/* Set C to the defaults, and RET to the description of its file. Errors as config_read(). */
static CK_RV prepare(struct config *c, struct config_file *ret)
{
	*ret = (struct config_file){.variable = "KEYDIV_CONF",
		.leaf = "keydiv.conf",
		.set = set,
		.settings = c,
		.path = c->path,
		.error = c->error};
	config_defaults(c);
	if (geteuid() != 0)
		TRY(config_xdg_path(ret, "XDG_DATA_HOME", ".local/share", "keydiv", c->token_dir));
	if (c->token_dir[0] == '\0')
		snprintf(c->token_dir, sizeof c->token_dir, "/var/lib/keydiv");
	return CKR_OK;
}

CK_RV config_read_file(const char *file, struct config *ret)
{
	struct config_file f;

	TRY(prepare(ret, &f));
	return config_file_read(&f, file);
}

CK_RV config_read(struct config *ret)
{
	struct config_file f;

	TRY(prepare(ret, &f));
	return config_file_find(&f);
}
