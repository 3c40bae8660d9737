/* SPDX-License-Identifier: Apache-2.0 */
/* functions.h: every function of the 3.0 list by name, with the number of its arguments, to be called with numbers as arguments. */
#ifndef KEYDIV_TESTS_FUNCTIONS_H
#define KEYDIV_TESTS_FUNCTIONS_H

#include "harness.h"

struct function {
	const char *name;
	size_t offset;
	unsigned arguments;
};

#define FUNCTION(name, n)                                                                                              \
	{                                                                                                              \
#name, offsetof(CK_FUNCTION_LIST_3_0, name), n                                                         \
	}

static const struct function functions[] = {
	FUNCTION(C_Initialize, 1),
	FUNCTION(C_Finalize, 1),
	FUNCTION(C_GetInfo, 1),
	FUNCTION(C_GetFunctionList, 1),
	FUNCTION(C_GetSlotList, 3),
	FUNCTION(C_GetSlotInfo, 2),
	FUNCTION(C_GetTokenInfo, 2),
	FUNCTION(C_GetMechanismList, 3),
	FUNCTION(C_GetMechanismInfo, 3),
	FUNCTION(C_InitToken, 4),
	FUNCTION(C_InitPIN, 3),
	FUNCTION(C_SetPIN, 5),
	FUNCTION(C_OpenSession, 5),
	FUNCTION(C_CloseSession, 1),
	FUNCTION(C_CloseAllSessions, 1),
	FUNCTION(C_GetSessionInfo, 2),
	FUNCTION(C_GetOperationState, 3),
	FUNCTION(C_SetOperationState, 5),
	FUNCTION(C_Login, 4),
	FUNCTION(C_Logout, 1),
	FUNCTION(C_CreateObject, 4),
	FUNCTION(C_CopyObject, 5),
	FUNCTION(C_DestroyObject, 2),
	FUNCTION(C_GetObjectSize, 3),
	FUNCTION(C_GetAttributeValue, 4),
	FUNCTION(C_SetAttributeValue, 4),
	FUNCTION(C_FindObjectsInit, 3),
	FUNCTION(C_FindObjects, 4),
	FUNCTION(C_FindObjectsFinal, 1),
	FUNCTION(C_EncryptInit, 3),
	FUNCTION(C_Encrypt, 5),
	FUNCTION(C_EncryptUpdate, 5),
	FUNCTION(C_EncryptFinal, 3),
	FUNCTION(C_DecryptInit, 3),
	FUNCTION(C_Decrypt, 5),
	FUNCTION(C_DecryptUpdate, 5),
	FUNCTION(C_DecryptFinal, 3),
	FUNCTION(C_DigestInit, 2),
	FUNCTION(C_Digest, 5),
	FUNCTION(C_DigestUpdate, 3),
	FUNCTION(C_DigestKey, 2),
	FUNCTION(C_DigestFinal, 3),
	FUNCTION(C_SignInit, 3),
	FUNCTION(C_Sign, 5),
	FUNCTION(C_SignUpdate, 3),
	FUNCTION(C_SignFinal, 3),
	FUNCTION(C_SignRecoverInit, 3),
	FUNCTION(C_SignRecover, 5),
	FUNCTION(C_VerifyInit, 3),
	FUNCTION(C_Verify, 5),
	FUNCTION(C_VerifyUpdate, 3),
	FUNCTION(C_VerifyFinal, 3),
	FUNCTION(C_VerifyRecoverInit, 3),
	FUNCTION(C_VerifyRecover, 5),
	FUNCTION(C_DigestEncryptUpdate, 5),
	FUNCTION(C_DecryptDigestUpdate, 5),
	FUNCTION(C_SignEncryptUpdate, 5),
	FUNCTION(C_DecryptVerifyUpdate, 5),
	FUNCTION(C_GenerateKey, 5),
	FUNCTION(C_GenerateKeyPair, 8),
	FUNCTION(C_WrapKey, 6),
	FUNCTION(C_UnwrapKey, 8),
	FUNCTION(C_DeriveKey, 6),
	FUNCTION(C_SeedRandom, 3),
	FUNCTION(C_GenerateRandom, 3),
	FUNCTION(C_GetFunctionStatus, 1),
	FUNCTION(C_CancelFunction, 1),
	FUNCTION(C_WaitForSlotEvent, 3),
	FUNCTION(C_GetInterfaceList, 2),
	FUNCTION(C_GetInterface, 4),
	FUNCTION(C_LoginUser, 6),
	FUNCTION(C_SessionCancel, 2),
	FUNCTION(C_MessageEncryptInit, 3),
	FUNCTION(C_EncryptMessage, 9),
	FUNCTION(C_EncryptMessageBegin, 5),
	FUNCTION(C_EncryptMessageNext, 8),
	FUNCTION(C_MessageEncryptFinal, 1),
	FUNCTION(C_MessageDecryptInit, 3),
	FUNCTION(C_DecryptMessage, 9),
	FUNCTION(C_DecryptMessageBegin, 5),
	FUNCTION(C_DecryptMessageNext, 8),
	FUNCTION(C_MessageDecryptFinal, 1),
	FUNCTION(C_MessageSignInit, 3),
	FUNCTION(C_SignMessage, 7),
	FUNCTION(C_SignMessageBegin, 3),
	FUNCTION(C_SignMessageNext, 7),
	FUNCTION(C_MessageSignFinal, 1),
	FUNCTION(C_MessageVerifyInit, 3),
	FUNCTION(C_VerifyMessage, 7),
	FUNCTION(C_VerifyMessageBegin, 3),
	FUNCTION(C_VerifyMessageNext, 7),
	FUNCTION(C_MessageVerifyFinal, 1),
};

#define FUNCTION_COUNT (sizeof functions / sizeof *functions)
#define FUNCTIONS_OF_2_40 68

/*
 * Call function I with ten words as arguments. Calling with more arguments than a function takes is harmless in the
 * calling conventions of the machines this module is for.
 */
static inline CK_RV call(size_t i, const CK_ULONG a[10])
{
	typedef CK_RV anything(
		CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG);
	anything *function;

	memcpy(&function, (const char *)f3 + functions[i].offset, sizeof function);
	return function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
}

static inline size_t function_index(const char *name)
{
	size_t i;

	for (i = 0; i < FUNCTION_COUNT; i++)
		if (strcmp(functions[i].name, name) == 0)
			return i;
	ck_abort_msg("no function %s", name);
	return 0;
}

#endif
