/* SPDX-License-Identifier: Apache-2.0 */
/*
 * functions.h: every function of the 3.0 list by name, with the number of its arguments, to be
 * called with numbers as arguments.
 */
#ifndef KEYDIV_TESTS_FUNCTIONS_H
#define KEYDIV_TESTS_FUNCTIONS_H

#include "harness.h"

struct function {
	const char *name;
	size_t offset;
	/*
	 * One letter for each argument: s session, o object, m mechanism, a template, l length in
	 * and out, p other pointer, n number, 0 NULL.
	 */
	const char *arguments;
};

#define FUNCTION(name, n)                                                                          \
	{                                                                                          \
#name, offsetof(CK_FUNCTION_LIST_3_0, name), n                                     \
	}

static const struct function functions[] = {
	FUNCTION(C_Initialize, "p"),
	FUNCTION(C_Finalize, "p"),
	FUNCTION(C_GetInfo, "p"),
	FUNCTION(C_GetFunctionList, "p"),
	FUNCTION(C_GetSlotList, "npl"),
	FUNCTION(C_GetSlotInfo, "np"),
	FUNCTION(C_GetTokenInfo, "np"),
	FUNCTION(C_GetMechanismList, "npl"),
	FUNCTION(C_GetMechanismInfo, "nnp"),
	FUNCTION(C_InitToken, "npnp"),
	FUNCTION(C_InitPIN, "spn"),
	FUNCTION(C_SetPIN, "spnpn"),
	FUNCTION(C_OpenSession, "nnp0p"),
	FUNCTION(C_CloseSession, "s"),
	FUNCTION(C_CloseAllSessions, "n"),
	FUNCTION(C_GetSessionInfo, "sp"),
	FUNCTION(C_GetOperationState, "spl"),
	FUNCTION(C_SetOperationState, "spnoo"),
	FUNCTION(C_Login, "snpn"),
	FUNCTION(C_Logout, "s"),
	FUNCTION(C_CreateObject, "sanp"),
	FUNCTION(C_CopyObject, "soanp"),
	FUNCTION(C_DestroyObject, "so"),
	FUNCTION(C_GetObjectSize, "sol"),
	FUNCTION(C_GetAttributeValue, "soan"),
	FUNCTION(C_SetAttributeValue, "soan"),
	FUNCTION(C_FindObjectsInit, "san"),
	FUNCTION(C_FindObjects, "spnl"),
	FUNCTION(C_FindObjectsFinal, "s"),
	FUNCTION(C_EncryptInit, "smo"),
	FUNCTION(C_Encrypt, "spnpl"),
	FUNCTION(C_EncryptUpdate, "spnpl"),
	FUNCTION(C_EncryptFinal, "spl"),
	FUNCTION(C_DecryptInit, "smo"),
	FUNCTION(C_Decrypt, "spnpl"),
	FUNCTION(C_DecryptUpdate, "spnpl"),
	FUNCTION(C_DecryptFinal, "spl"),
	FUNCTION(C_DigestInit, "sm"),
	FUNCTION(C_Digest, "spnpl"),
	FUNCTION(C_DigestUpdate, "spn"),
	FUNCTION(C_DigestKey, "so"),
	FUNCTION(C_DigestFinal, "spl"),
	FUNCTION(C_SignInit, "smo"),
	FUNCTION(C_Sign, "spnpl"),
	FUNCTION(C_SignUpdate, "spn"),
	FUNCTION(C_SignFinal, "spl"),
	FUNCTION(C_SignRecoverInit, "smo"),
	FUNCTION(C_SignRecover, "spnpl"),
	FUNCTION(C_VerifyInit, "smo"),
	FUNCTION(C_Verify, "spnpn"),
	FUNCTION(C_VerifyUpdate, "spn"),
	FUNCTION(C_VerifyFinal, "spn"),
	FUNCTION(C_VerifyRecoverInit, "smo"),
	FUNCTION(C_VerifyRecover, "spnpl"),
	FUNCTION(C_DigestEncryptUpdate, "spnpl"),
	FUNCTION(C_DecryptDigestUpdate, "spnpl"),
	FUNCTION(C_SignEncryptUpdate, "spnpl"),
	FUNCTION(C_DecryptVerifyUpdate, "spnpl"),
	FUNCTION(C_GenerateKey, "smanp"),
	FUNCTION(C_GenerateKeyPair, "smananpp"),
	FUNCTION(C_WrapKey, "smoopl"),
	FUNCTION(C_UnwrapKey, "smopnanp"),
	FUNCTION(C_DeriveKey, "smoanp"),
	FUNCTION(C_SeedRandom, "spn"),
	FUNCTION(C_GenerateRandom, "spn"),
	FUNCTION(C_GetFunctionStatus, "s"),
	FUNCTION(C_CancelFunction, "s"),
	FUNCTION(C_WaitForSlotEvent, "npp"),
	FUNCTION(C_GetInterfaceList, "pl"),
	FUNCTION(C_GetInterface, "pppn"),
	FUNCTION(C_LoginUser, "snpnpn"),
	FUNCTION(C_SessionCancel, "sn"),
	FUNCTION(C_MessageEncryptInit, "smo"),
	FUNCTION(C_EncryptMessage, "spnpnpnpl"),
	FUNCTION(C_EncryptMessageBegin, "spnpn"),
	FUNCTION(C_EncryptMessageNext, "spnpnpln"),
	FUNCTION(C_MessageEncryptFinal, "s"),
	FUNCTION(C_MessageDecryptInit, "smo"),
	FUNCTION(C_DecryptMessage, "spnpnpnpl"),
	FUNCTION(C_DecryptMessageBegin, "spnpn"),
	FUNCTION(C_DecryptMessageNext, "spnpnpln"),
	FUNCTION(C_MessageDecryptFinal, "s"),
	FUNCTION(C_MessageSignInit, "smo"),
	FUNCTION(C_SignMessage, "spnpnpl"),
	FUNCTION(C_SignMessageBegin, "spn"),
	FUNCTION(C_SignMessageNext, "spnpnpl"),
	FUNCTION(C_MessageSignFinal, "s"),
	FUNCTION(C_MessageVerifyInit, "smo"),
	FUNCTION(C_VerifyMessage, "spnpnpn"),
	FUNCTION(C_VerifyMessageBegin, "spn"),
	FUNCTION(C_VerifyMessageNext, "spnpnpn"),
	FUNCTION(C_MessageVerifyFinal, "s"),
};

#define FUNCTION_COUNT (sizeof functions / sizeof *functions)
#define FUNCTIONS_OF_2_40 68

/*
 * Call function I with ten words as arguments. Calling with more arguments than a function takes is
 * harmless in the calling conventions of the machines this module is for.
 */
static inline CK_RV call(size_t i, const CK_ULONG a[10])
{
	typedef CK_RV anything(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
		CK_ULONG, CK_ULONG, CK_ULONG);
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
