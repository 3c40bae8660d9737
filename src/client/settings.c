/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: see settings.h. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_value.h"

#define SERVER_VARIABLE "P11_KIT_SERVER_ADDRESS"

static const char *set_server(struct settings *s, const char *text)
{
	return address_parse(text, true, &s->server);
}

static const char *set_timeout(struct settings *s, const char *text)
{
	return config_number(&s->timeout, text, 1, 600, "must be a number from 1 to 600");
}

static const char *set_log_file(struct settings *s, const char *text)
{
	return config_log_file(s->log_file, text);
}

static const char *set_log_level(struct settings *s, const char *text)
{
	return config_log_level(&s->log_level, text);
}

static const struct {
	const char *name;
	const char *(*set)(struct settings *s, const char *text);
} keys[] = {
	{"server", set_server},
	{"timeout", set_timeout},
	{"log-file", set_log_file},
	{"log-level", set_log_level},
};

static const char *set(void *settings, const char *key, const char *value)
{
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(key, keys[i].name) == 0)
			return keys[i].set(settings, value);
	return CONFIG_UNKNOWN_KEY;
}

static CK_RV server_of_environment(struct settings *s)
{
	const char *text = secure_getenv(SERVER_VARIABLE);
	const char *refusal = text && text[0] ? address_parse(text, false, &s->server) : NULL;

	if (refusal != NULL)
		snprintf(s->error, sizeof s->error, SERVER_VARIABLE " %s", refusal);
	else if (s->server.kind == ADDRESS_NONE)
		snprintf(s->error, sizeof s->error,
			"no server is configured; write \"server = unix:path=...\" to %s",
			s->path[0] ? s->path : "/etc/keydiv/client.conf");
	return s->server.kind == ADDRESS_NONE ? CKR_FUNCTION_FAILED : CKR_OK;
}

CK_RV settings_read(struct settings *ret)
{
	const struct config_file file = {.variable = "KEYDIV_CLIENT_CONF",
		.leaf = "client.conf",
		.set = set,
		.settings = ret,
		.path = ret->path,
		.error = ret->error};

	memset(ret, 0, sizeof *ret);
	ret->timeout = 30;
	ret->log_level = LOG_WARNING;
	TRY(config_file_find(&file));
	return ret->server.kind == ADDRESS_NONE ? server_of_environment(ret) : CKR_OK;
}
