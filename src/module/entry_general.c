/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry_general.c: general-purpose functions (PKCS#11 5.4) and legacy functions of
 * parallel execution (5.20).
 */
#include "base/result.h"
#include "info.h"

#include <string.h>

CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
	TRY(initialize_check(pInitArgs));
	return module_start();
}

CK_RV C_Finalize(CK_VOID_PTR pReserved)
{
	CK_RV rv = module_guard();

	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		return rv;
	if (pReserved != NULL)
		return module_result(__func__, CKR_ARGUMENTS_BAD);
	return module_stop();
}

static CK_RV get_info(CK_INFO *ret)
{
	REQUIRE(ret != NULL, CKR_ARGUMENTS_BAD, "pInfo is NULL");
	memset(ret, 0, sizeof *ret);
	ret->cryptokiVersion = (CK_VERSION){3, 0};
	put_padded(ret->manufacturerID, sizeof ret->manufacturerID, "keydiv");
	put_padded(ret->libraryDescription, sizeof ret->libraryDescription, MODULE_DESCRIPTION);
	ret->libraryVersion = library_version();
	return CKR_OK;
}

/* Allowed in the error state too, because the information is not about keys. */
CK_RV C_GetInfo(CK_INFO *pInfo)
{
	if (module_guard() == CKR_CRYPTOKI_NOT_INITIALIZED)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	return module_result(__func__, get_info(pInfo));
}

/* PKCS#11 5.20: "legacy functions which should simply return CKR_FUNCTION_NOT_PARALLEL". */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	WITH_MODULE(CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	WITH_MODULE(CKR_FUNCTION_NOT_PARALLEL);
}
