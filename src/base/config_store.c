/* SPDX-License-Identifier: Apache-2.0 */
/* config_store.c: see config_store.h. */
#include "config_store.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "postgresql:"

static bool is_uri(const char *text)
{
	return strncmp(text, PREFIX "//", sizeof PREFIX + 1) == 0;
}

/* Return true if TEXT has a keyword that ends in "password", in the form KEYWORD = VALUE. */
static bool has_password_keyword(const char *text)
{
	while ((text = strstr(text, "password")) != NULL) {
		text += strlen("password");
		if (text[strspn(text, " \t")] == '=')
			return true;
	}
	return false;
}

/* Return true if the URI TEXT has a colon between "://" and the "@" before the host. */
static bool has_password_in_uri(const char *text)
{
	const char *user = strstr(text, "://") + 3;
	size_t n = strcspn(user, "/?");
	const char *at = memrchr(user, '@', n);

	return at != NULL && memchr(user, ':', (size_t)(at - user)) != NULL;
}

const char *config_store(char *ret, const char *text)
{
	char conninfo[CONFIG_STORE_MAX];

	if (strcmp(text, "sqlite") == 0) {
		ret[0] = '\0';
		return NULL;
	}
	if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0 || text[sizeof PREFIX - 1] == '\0')
		return "must be sqlite, or postgresql: and a service or a connection string";
	/* The prefix is also the scheme of a URI. */
	if (!is_uri(text))
		text += sizeof PREFIX - 1;
	if (has_password_keyword(text) || (is_uri(text) && has_password_in_uri(text)))
		return "must not have a password; libpq reads passwords from a pass file "
		       "(passfile, ~/.pgpass)";
	bool service = !is_uri(text) && strchr(text, '=') == NULL;
	if (service && strpbrk(text, " '\\") != NULL)
		return "must name a service without blanks, quotes and backslashes";
	int n = snprintf(conninfo, sizeof conninfo, "%s%s", service ? "service=" : "", text);
	if (n < 0 || (size_t)n >= sizeof conninfo)
		return "must be shorter";
	memcpy(ret, conninfo, (size_t)n + 1);
	return NULL;
}
