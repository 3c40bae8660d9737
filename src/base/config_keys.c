/* SPDX-License-Identifier: Apache-2.0 */
/* config_keys.c: see config_keys.h. */
#include "config_keys.h"

#include <string.h>

#include "config_value.h"

void config_defaults(struct config *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->log_level = LOG_WARNING;
	ret->slots = 1;
	ret->scrypt_log2_n = 16;
	ret->read_only_login = true;
	ret->lease_ms = 250;
}

/* --- Keys --- */

static const char *set_token_dir(struct config *c, const char *text)
{
	return config_path(c->token_dir, text, "must be an absolute path");
}

static const char *set_slots(struct config *c, const char *text)
{
	return config_number(&c->slots, text, 1, 64, "must be a number from 1 to 64");
}

static const char *set_log_file(struct config *c, const char *text)
{
	return config_log_file(c->log_file, text);
}

static const char *set_log_level(struct config *c, const char *text)
{
	return config_log_level(&c->log_level, text);
}

static const char *set_scrypt_log2_n(struct config *c, const char *text)
{
	return config_number(&c->scrypt_log2_n, text, 14, 22, "must be a number from 14 to 22");
}

static const char *set_lock_memory(struct config *c, const char *text)
{
	return config_bool(&c->lock_memory, text);
}

static const char *set_read_only_login(struct config *c, const char *text)
{
	return config_bool(&c->read_only_login, text);
}

static const char *set_parameters(struct config *c, const char *text)
{
	bool flat = strcmp(text, "flat") == 0;

	if (!flat && strcmp(text, "native") != 0)
		return "must be native or flat";
	c->flat_parameters = flat;
	return NULL;
}

/* p11-kit takes the name of a module from the name of the module's file, such as opensc.module. */
static const char *set_foreign_module(struct config *c, const char *text)
{
	static const char refusal[] =
		"must be an absolute path or the name of a module that p11-kit is configured for";
	size_t n = strlen(text);

	if (text[0] == '/' || n == 0 || n >= NAME_MAX || text[0] == '.' || strchr(text, '/'))
		return config_path(c->foreign_module, text, refusal);
	memcpy(c->foreign_module, text, n + 1);
	return NULL;
}

static const char *set_foreign_arguments(struct config *c, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof c->foreign_arguments)
		return "must be shorter";
	memcpy(c->foreign_arguments, text, n + 1);
	return NULL;
}

static const char *set_foreign_compute_twice(struct config *c, const char *text)
{
	return config_bool(&c->foreign_compute_twice, text);
}

/* Both forms of RFC 8089 for a local file: file:/path and file:///path. */
static const char *set_foreign_pin_source(struct config *c, const char *text)
{
	static const char refusal[] = "must be file: and an absolute path";

	if (strncmp(text, "file:", 5) != 0)
		return refusal;
	text += strncmp(text, "file:///", 8) == 0 ? 7 : 5;
	if (text[0] == '/' && text[1] == '/')
		return refusal;
	return config_path(c->foreign_pin_file, text, refusal);
}

static const char *set_store(struct config *c, const char *text)
{
	return config_store(c->store, text);
}

static const char *set_lease(struct config *c, const char *text)
{
	return config_number(
		&c->lease_ms, text, 50, 5000, "must be a number of milliseconds from 50 to 5000");
}

static const struct {
	const char *name;
	const char *(*set)(struct config *c, const char *text);
} keys[] = {
	{"token-dir", set_token_dir},
	{"slots", set_slots},
	{"log-file", set_log_file},
	{"log-level", set_log_level},
	{"scrypt-log2-n", set_scrypt_log2_n},
	{"lock-memory", set_lock_memory},
	{"read-only-login", set_read_only_login},
	{"parameters", set_parameters},
	{"foreign-module", set_foreign_module},
	{"foreign-module-arguments", set_foreign_arguments},
	{"foreign-pin-source", set_foreign_pin_source},
	{"foreign-compute-twice", set_foreign_compute_twice},
	{"store", set_store},
	{"lease", set_lease},
};

const char *config_set(struct config *c, const char *key, const char *value)
{
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(key, keys[i].name) == 0)
			return keys[i].set(c, value);
	return CONFIG_UNKNOWN_KEY;
}
