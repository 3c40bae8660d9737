/* SPDX-License-Identifier: Apache-2.0 */
/* result.c: see result.h. */
#include "result.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

/* Return true for codes that are part of normal work and not logged. */
static bool is_answer(const char *function, CK_RV rv)
{
	switch (rv) {
	/* PKCS#11 5.7.5: for C_GetAttributeValue these "do not denote true errors". */
	case CKR_ATTRIBUTE_SENSITIVE:
	case CKR_ATTRIBUTE_TYPE_INVALID:
		return strcmp(function, "C_GetAttributeValue") == 0;
	case CKR_OK:
	case CKR_BUFFER_TOO_SMALL:
	case CKR_NO_EVENT:
	case CKR_FUNCTION_NOT_PARALLEL:
	case CKR_FUNCTION_NOT_SUPPORTED:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
	case CKR_CRYPTOKI_ALREADY_INITIALIZED:
		return true;
	default:
		return false;
	}
}

CK_RV result_logged(const char *function, CK_RV rv)
{
	if (log_enabled(LOG_ERROR)) {
		if (is_answer(function, rv))
			log_forget();
		else
			log_failure(function, rv);
	}
	return rv;
}

CK_RV initialize_check(const CK_C_INITIALIZE_ARGS *args)
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
