/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_module.c: the shared object that keydiv loads, whose functions are in fuzz_foreign. */
#include "base/pkcs11.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void fuzz_foreign_set(CK_FUNCTION_LIST *list);
EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static CK_FUNCTION_LIST *functions;

void fuzz_foreign_set(CK_FUNCTION_LIST *list)
{
	functions = list;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	*list = functions;
	return CKR_OK;
}
