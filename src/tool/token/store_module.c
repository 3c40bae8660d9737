/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_module.c: see store_module.h. p11-kit gives a list of functions of its own, in which other
 * interfaces are missing. So the module is asked itself, which p11-kit keeps loaded.
 */
#include "tool/token/store_module.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "base/p11_kit.h"

typedef CK_RV get_interface(
	CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE **ret, CK_FLAGS flags);

const struct store_interface *store_module(const struct client *client)
{
	CK_UTF8CHAR name[] = STORE_INTERFACE_NAME;
	CK_VERSION version = {1, 0};
	CK_INTERFACE *interface = NULL;
	get_interface *get = NULL;

	char *path = p11_kit_module_get_filename(client->f);
	void *library = path ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
	free(path);
	if (library == NULL)
		return NULL;
	*(void **)&get = dlsym(library, "C_GetInterface");
	CK_RV rv = get ? get(name, &version, &interface, 0) : CKR_FUNCTION_NOT_SUPPORTED;
	dlclose(library);
	return rv == CKR_OK ? interface->pFunctionList : NULL;
}
