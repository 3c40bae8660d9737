/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c: search a provider's lists of algorithms. */
#include "key/provider.h"

#include <string.h>
#include <strings.h>

/* Return true if NAME is one of NAMES, which colons separate. */
static bool is_named(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = names; p != NULL; p = strchr(p, ':')) {
		p += *p == ':';
		if (strncasecmp(p, name, n) == 0 && (p[n] == ':' || p[n] == '\0'))
			return true;
	}
	return false;
}

const OSSL_ALGORITHM *provider_find(const OSSL_ALGORITHM *list, const char *name)
{
	for (; list != NULL && list->algorithm_names != NULL; list++)
		if (is_named(list->algorithm_names, name))
			return list;
	return NULL;
}

bool provider_has(OSSL_PROVIDER *provider, int operation, const char *name)
{
	int no_cache;
	const OSSL_ALGORITHM *list = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
	bool found = provider_find(list, name) != NULL;

	if (list != NULL)
		OSSL_PROVIDER_unquery_operation(provider, operation, list);
	return found;
}
