/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry_general.c: general-purpose functions (PKCS#11 5.4) and legacy functions of
 * parallel execution (5.20).
 */
#include "info.h"

#include <string.h>

/* Refuse ARGS that allow only the application's mutexes. The module uses those of the system. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args)
{
	if (args == NULL)
		return CKR_OK;
	int given = !!args->CreateMutex + !!args->DestroyMutex + !!args->LockMutex +
		    !!args->UnlockMutex;

	REQUIRE(args->pReserved == NULL, CKR_ARGUMENTS_BAD, "pReserved is not NULL");
	REQUIRE(given == 0 || given == 4, CKR_ARGUMENTS_BAD, "only some mutex functions are given");
	REQUIRE(given == 0 || (args->flags & CKF_OS_LOCKING_OK), CKR_CANT_LOCK,
		"CKF_OS_LOCKING_OK is not set, and the module cannot use the caller's mutexes");
	return CKR_OK;
}

CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
	TRY(check_arguments(pInitArgs));
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
	put_padded(ret->libraryDescription, sizeof ret->libraryDescription,
		"keydiv key diversification");
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
