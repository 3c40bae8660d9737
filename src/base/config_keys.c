/* SPDX-License-Identifier: Apache-2.0 */
/* config_keys.c: see config_keys.h. */
#include "config_keys.h"

#include <string.h>

void config_defaults(struct config *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->log_level = LOG_WARNING;
	ret->slots = 1;
	ret->scrypt_log2_n = 16;
	ret->read_only_login = true;
}

/* --- Values: each function returns the reason why TEXT is refused, or NULL --- */

static const char *set_path(char to[PATH_MAX], const char *text, const char *refusal)
{
	size_t n = strlen(text);

	if (text[0] != '/')
		return refusal;
	if (n >= PATH_MAX)
		return "must be a shorter path";
	memcpy(to, text, n + 1);
	return NULL;
}

static const char *set_number(
	unsigned *to, const char *text, unsigned min, unsigned max, const char *refusal)
{
	unsigned value = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 3 || strspn(text, "0123456789") != n)
		return refusal;
	for (; *text != '\0'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (value < min || value > max)
		return refusal;
	*to = value;
	return NULL;
}

static const char *set_bool(bool *to, const char *text)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return "must be yes or no";
	*to = yes;
	return NULL;
}

/* --- Keys --- */

static const char *set_token_dir(struct config *c, const char *text)
{
	return set_path(c->token_dir, text, "must be an absolute path");
}

static const char *set_slots(struct config *c, const char *text)
{
	return set_number(&c->slots, text, 1, 64, "must be a number from 1 to 64");
}

static const char *set_log_file(struct config *c, const char *text)
{
	if (strcmp(text, LOG_TO_STDERR) == 0) {
		memcpy(c->log_file, LOG_TO_STDERR, sizeof LOG_TO_STDERR);
		return NULL;
	}
	return set_path(c->log_file, text, "must be an absolute path or stderr");
}

static const char *set_log_level(struct config *c, const char *text)
{
	static const char *const names[] = {"none", "error", "warning", "info", "debug"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			c->log_level = (enum log_level)i;
			return NULL;
		}
	return "must be none, error, warning, info or debug";
}

static const char *set_scrypt_log2_n(struct config *c, const char *text)
{
	return set_number(&c->scrypt_log2_n, text, 14, 22, "must be a number from 14 to 22");
}

static const char *set_lock_memory(struct config *c, const char *text)
{
	return set_bool(&c->lock_memory, text);
}

static const char *set_read_only_login(struct config *c, const char *text)
{
	return set_bool(&c->read_only_login, text);
}

static const char *set_parameters(struct config *c, const char *text)
{
	bool flat = strcmp(text, "flat") == 0;

	if (!flat && strcmp(text, "native") != 0)
		return "must be native or flat";
	c->flat_parameters = flat;
	return NULL;
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
};

const char *config_set(struct config *c, const char *key, const char *value)
{
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(key, keys[i].name) == 0)
			return keys[i].set(c, value);
	return CONFIG_UNKNOWN_KEY;
}
