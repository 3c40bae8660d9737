/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evil_provider.c: stands for a provider that an OPENSSL_CONF names and our module must not load:
 * being loaded leaves a trace.
 */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void loaded(void)
{
	const char *path = getenv("EVIL_TRACE");
	FILE *trace = path != NULL ? fopen(path, "w") : NULL;

	if (trace != NULL)
		fclose(trace);
}

int OSSL_provider_init(const void *handle, const void *in, const void **out, void **context);
int OSSL_provider_init(const void *handle, const void *in, const void **out, void **context)
{
	(void)handle;
	(void)in;
	(void)out;
	(void)context;
	return 0; /* and it does not work, either */
}
