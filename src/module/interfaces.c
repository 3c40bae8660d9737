/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interfaces.c: the function lists and the three symbols the module exports (PKCS#11
 * 5.4: C_GetFunctionList, C_GetInterface).
 */
#include "module.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* The functions of the lists, in the order of the structs. */
/* clang-format off */
#define FUNCTIONS_2_40(F) \
	F(C_Initialize) F(C_Finalize) F(C_GetInfo) F(C_GetFunctionList) F(C_GetSlotList) F(C_GetSlotInfo) \
	F(C_GetTokenInfo) F(C_GetMechanismList) F(C_GetMechanismInfo) F(C_InitToken) F(C_InitPIN) \
	F(C_SetPIN) F(C_OpenSession) F(C_CloseSession) F(C_CloseAllSessions) F(C_GetSessionInfo) \
	F(C_GetOperationState) F(C_SetOperationState) F(C_Login) F(C_Logout) F(C_CreateObject) \
	F(C_CopyObject) F(C_DestroyObject) F(C_GetObjectSize) F(C_GetAttributeValue) F(C_SetAttributeValue) \
	F(C_FindObjectsInit) F(C_FindObjects) F(C_FindObjectsFinal) F(C_EncryptInit) F(C_Encrypt) \
	F(C_EncryptUpdate) F(C_EncryptFinal) F(C_DecryptInit) F(C_Decrypt) F(C_DecryptUpdate) \
	F(C_DecryptFinal) F(C_DigestInit) F(C_Digest) F(C_DigestUpdate) F(C_DigestKey) F(C_DigestFinal) \
	F(C_SignInit) F(C_Sign) F(C_SignUpdate) F(C_SignFinal) F(C_SignRecoverInit) F(C_SignRecover) \
	F(C_VerifyInit) F(C_Verify) F(C_VerifyUpdate) F(C_VerifyFinal) F(C_VerifyRecoverInit) \
	F(C_VerifyRecover) F(C_DigestEncryptUpdate) F(C_DecryptDigestUpdate) F(C_SignEncryptUpdate) \
	F(C_DecryptVerifyUpdate) F(C_GenerateKey) F(C_GenerateKeyPair) F(C_WrapKey) F(C_UnwrapKey) \
	F(C_DeriveKey) F(C_SeedRandom) F(C_GenerateRandom) F(C_GetFunctionStatus) F(C_CancelFunction) \
	F(C_WaitForSlotEvent)

#define FUNCTIONS_3_0(F) \
	F(C_GetInterfaceList) F(C_GetInterface) F(C_LoginUser) F(C_SessionCancel) F(C_MessageEncryptInit) \
	F(C_EncryptMessage) F(C_EncryptMessageBegin) F(C_EncryptMessageNext) F(C_MessageEncryptFinal) \
	F(C_MessageDecryptInit) F(C_DecryptMessage) F(C_DecryptMessageBegin) F(C_DecryptMessageNext) \
	F(C_MessageDecryptFinal) F(C_MessageSignInit) F(C_SignMessage) F(C_SignMessageBegin) \
	F(C_SignMessageNext) F(C_MessageSignFinal) F(C_MessageVerifyInit) F(C_VerifyMessage) \
	F(C_VerifyMessageBegin) F(C_VerifyMessageNext) F(C_MessageVerifyFinal)
/* clang-format on */

#define ENTRY(name) .name = name,

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList);
EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG_PTR pulCount);
EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
	CK_INTERFACE **ppInterface, CK_FLAGS flags);

static CK_FUNCTION_LIST list_2_40 = {.version = {2, 40}, FUNCTIONS_2_40(ENTRY)};
static CK_FUNCTION_LIST_3_0 list_3_0 = {
	.version = {3, 0}, FUNCTIONS_2_40(ENTRY) FUNCTIONS_3_0(ENTRY)};

static CK_UTF8CHAR standard_name[] = "PKCS 11";

/* The first is the default. Not CKF_INTERFACE_FORK_SAFE: a forked child must call C_Initialize. */
static CK_INTERFACE interfaces[] = {
	{standard_name, &list_3_0, 0},
	{standard_name, &list_2_40, 0},
};

#define INTERFACES (sizeof interfaces / sizeof interfaces[0])

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
	if (ppFunctionList == NULL)
		return CKR_ARGUMENTS_BAD;
	*ppFunctionList = &list_2_40;
	return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG_PTR pulCount)
{
	if (pulCount == NULL)
		return CKR_ARGUMENTS_BAD;
	CK_ULONG room = *pulCount;

	*pulCount = INTERFACES;
	if (pInterfacesList == NULL)
		return CKR_OK;
	if (room < INTERFACES)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(pInterfacesList, interfaces, sizeof interfaces);
	return CKR_OK;
}

static bool fits(
	const CK_INTERFACE *i, const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *has = i->pFunctionList; /* each list begins with its version */

	if (name && strcmp((const char *)name, (const char *)i->pInterfaceName) != 0)
		return false;
	if (version && (version->major != has->major || version->minor != has->minor))
		return false;
	return (flags & ~i->flags) == 0;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
	CK_INTERFACE **ppInterface, CK_FLAGS flags)
{
	if (ppInterface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < INTERFACES; i++)
		if (fits(&interfaces[i], pInterfaceName, pVersion, flags)) {
			*ppInterface = &interfaces[i];
			return CKR_OK;
		}
	return CKR_ARGUMENTS_BAD;
}
