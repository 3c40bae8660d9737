/* SPDX-License-Identifier: Apache-2.0 */
/* config_value.c: see config_value.h. */
#include "config_value.h"

#include <limits.h>
#include <string.h>

const char *config_path(char *to, const char *text, const char *refusal)
{
	size_t n = strlen(text);

	if (text[0] != '/')
		return refusal;
	if (n >= PATH_MAX)
		return "must be a shorter path";
	memcpy(to, text, n + 1);
	return NULL;
}

const char *config_number(
	unsigned *to, const char *text, unsigned min, unsigned max, const char *refusal)
{
	unsigned value = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 4 || strspn(text, "0123456789") != n)
		return refusal;
	for (; *text != '\0'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	if (value < min || value > max)
		return refusal;
	*to = value;
	return NULL;
}

const char *config_bool(bool *to, const char *text)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return "must be yes or no";
	*to = yes;
	return NULL;
}

const char *config_log_file(char *to, const char *text)
{
	if (strcmp(text, LOG_TO_STDERR) == 0) {
		memcpy(to, LOG_TO_STDERR, sizeof LOG_TO_STDERR);
		return NULL;
	}
	return config_path(to, text, "must be an absolute path or stderr");
}

const char *config_log_level(enum log_level *to, const char *text)
{
	static const char *const names[] = {"none", "error", "warning", "info", "debug"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			*to = (enum log_level)i;
			return NULL;
		}
	return "must be none, error, warning, info or debug";
}
