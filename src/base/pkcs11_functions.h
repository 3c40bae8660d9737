/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11_functions.h: the functions of PKCS#11 3.0, see pkcs11.h.
 *
 * Each function is written once, in one of two lists. Prototypes, types of pointers and the
 * function lists are generated from the lists, and so are the tables of src/module. The order of a
 * list is the order of the members of its function list and part of the binary interface.
 */
#ifndef KEYDIV_BASE_PKCS11_FUNCTIONS_H
#define KEYDIV_BASE_PKCS11_FUNCTIONS_H

#include "pkcs11_types.h"

/* clang-format off */

/* F(name, (arguments)) for each function of version 2.40, Base Specification 5.4 to 5.21. */
#define CRYPTOKI_2_40_FUNCTIONS(F) \
	F(C_Initialize, (CK_VOID_PTR pInitArgs)) \
	F(C_Finalize, (CK_VOID_PTR pReserved)) \
	F(C_GetInfo, (CK_INFO_PTR pInfo)) \
	F(C_GetFunctionList, (CK_FUNCTION_LIST_PTR_PTR ppFunctionList)) \
	F(C_GetSlotList, (CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, \
		CK_ULONG_PTR pulCount)) \
	F(C_GetSlotInfo, (CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)) \
	F(C_GetTokenInfo, (CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)) \
	F(C_GetMechanismList, (CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList, \
		CK_ULONG_PTR pulCount)) \
	F(C_GetMechanismInfo, (CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, \
		CK_MECHANISM_INFO_PTR pInfo)) \
	F(C_InitToken, (CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, \
		CK_UTF8CHAR_PTR pLabel)) \
	F(C_InitPIN, (CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, \
		CK_ULONG ulPinLen)) \
	F(C_SetPIN, (CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, \
		CK_ULONG ulOldLen, CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)) \
	F(C_OpenSession, (CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, \
		CK_NOTIFY Notify, CK_SESSION_HANDLE_PTR phSession)) \
	F(C_CloseSession, (CK_SESSION_HANDLE hSession)) \
	F(C_CloseAllSessions, (CK_SLOT_ID slotID)) \
	F(C_GetSessionInfo, (CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)) \
	F(C_GetOperationState, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState, \
		CK_ULONG_PTR pulOperationStateLen)) \
	F(C_SetOperationState, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState, \
		CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey, \
		CK_OBJECT_HANDLE hAuthenticationKey)) \
	F(C_Login, (CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, \
		CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)) \
	F(C_Logout, (CK_SESSION_HANDLE hSession)) \
	F(C_CreateObject, (CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, \
		CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phObject)) \
	F(C_CopyObject, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, \
		CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject)) \
	F(C_DestroyObject, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)) \
	F(C_GetObjectSize, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, \
		CK_ULONG_PTR pulSize)) \
	F(C_GetAttributeValue, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, \
		CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)) \
	F(C_SetAttributeValue, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, \
		CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)) \
	F(C_FindObjectsInit, (CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, \
		CK_ULONG ulCount)) \
	F(C_FindObjects, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject, \
		CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount)) \
	F(C_FindObjectsFinal, (CK_SESSION_HANDLE hSession)) \
	F(C_EncryptInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_Encrypt, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen)) \
	F(C_EncryptUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart, \
		CK_ULONG_PTR pulEncryptedPartLen)) \
	F(C_EncryptFinal, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastEncryptedPart, \
		CK_ULONG_PTR pulLastEncryptedPartLen)) \
	F(C_DecryptInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_Decrypt, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedData, \
		CK_ULONG ulEncryptedDataLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)) \
	F(C_DecryptUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart, \
		CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)) \
	F(C_DecryptFinal, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastPart, \
		CK_ULONG_PTR pulLastPartLen)) \
	F(C_DigestInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)) \
	F(C_Digest, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)) \
	F(C_DigestUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen)) \
	F(C_DigestKey, (CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)) \
	F(C_DigestFinal, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest, \
		CK_ULONG_PTR pulDigestLen)) \
	F(C_SignInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_Sign, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)) \
	F(C_SignUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen)) \
	F(C_SignFinal, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, \
		CK_ULONG_PTR pulSignatureLen)) \
	F(C_SignRecoverInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_SignRecover, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, \
		CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)) \
	F(C_VerifyInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_Verify, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)) \
	F(C_VerifyUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen)) \
	F(C_VerifyFinal, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, \
		CK_ULONG ulSignatureLen)) \
	F(C_VerifyRecoverInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_VerifyRecover, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, \
		CK_ULONG ulSignatureLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)) \
	F(C_DigestEncryptUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart, \
		CK_ULONG_PTR pulEncryptedPartLen)) \
	F(C_DecryptDigestUpdate, (CK_SESSION_HANDLE hSession, \
		CK_BYTE_PTR pEncryptedPart, CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, \
		CK_ULONG_PTR pulPartLen)) \
	F(C_SignEncryptUpdate, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, \
		CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart, \
		CK_ULONG_PTR pulEncryptedPartLen)) \
	F(C_DecryptVerifyUpdate, (CK_SESSION_HANDLE hSession, \
		CK_BYTE_PTR pEncryptedPart, CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, \
		CK_ULONG_PTR pulPartLen)) \
	F(C_GenerateKey, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)) \
	F(C_GenerateKeyPair, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount, \
		CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount, \
		CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey)) \
	F(C_WrapKey, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey, \
		CK_ULONG_PTR pulWrappedKeyLen)) \
	F(C_UnwrapKey, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, \
		CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, \
		CK_OBJECT_HANDLE_PTR phKey)) \
	F(C_DeriveKey, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hBaseKey, CK_ATTRIBUTE_PTR pTemplate, \
		CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)) \
	F(C_SeedRandom, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, \
		CK_ULONG ulSeedLen)) \
	F(C_GenerateRandom, (CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData, \
		CK_ULONG ulRandomLen)) \
	F(C_GetFunctionStatus, (CK_SESSION_HANDLE hSession)) \
	F(C_CancelFunction, (CK_SESSION_HANDLE hSession)) \
	F(C_WaitForSlotEvent, (CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, \
		CK_VOID_PTR pReserved))

/* F(name, (arguments)) for each function that version 3.0 adds. */
#define CRYPTOKI_3_0_FUNCTIONS(F) \
	F(C_GetInterfaceList, (CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount)) \
	F(C_GetInterface, (CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion, \
		CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags)) \
	F(C_LoginUser, (CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, \
		CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, \
		CK_ULONG ulUsernameLen)) \
	F(C_SessionCancel, (CK_SESSION_HANDLE hSession, CK_FLAGS flags)) \
	F(C_MessageEncryptInit, (CK_SESSION_HANDLE hSession, \
		CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)) \
	F(C_EncryptMessage, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, \
		CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext, CK_ULONG ulPlaintextLen, \
		CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen)) \
	F(C_EncryptMessageBegin, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, \
		CK_ULONG ulAssociatedDataLen)) \
	F(C_EncryptMessageNext, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart, \
		CK_ULONG ulPlaintextPartLen, CK_BYTE_PTR pCiphertextPart, \
		CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)) \
	F(C_MessageEncryptFinal, (CK_SESSION_HANDLE hSession)) \
	F(C_MessageDecryptInit, (CK_SESSION_HANDLE hSession, \
		CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)) \
	F(C_DecryptMessage, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, \
		CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen, \
		CK_BYTE_PTR pPlaintext, CK_ULONG_PTR pulPlaintextLen)) \
	F(C_DecryptMessageBegin, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, \
		CK_ULONG ulAssociatedDataLen)) \
	F(C_DecryptMessageNext, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart, \
		CK_ULONG ulCiphertextPartLen, CK_BYTE_PTR pPlaintextPart, \
		CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)) \
	F(C_MessageDecryptFinal, (CK_SESSION_HANDLE hSession)) \
	F(C_MessageSignInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_SignMessage, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)) \
	F(C_SignMessageBegin, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen)) \
	F(C_SignMessageNext, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)) \
	F(C_MessageSignFinal, (CK_SESSION_HANDLE hSession)) \
	F(C_MessageVerifyInit, (CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, \
		CK_OBJECT_HANDLE hKey)) \
	F(C_VerifyMessage, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)) \
	F(C_VerifyMessageBegin, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen)) \
	F(C_VerifyMessageNext, (CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, \
		CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen, \
		CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)) \
	F(C_MessageVerifyFinal, (CK_SESSION_HANDLE hSession))
/* clang-format on */

typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;
typedef struct CK_FUNCTION_LIST CK_FUNCTION_LIST;
typedef CK_FUNCTION_LIST *CK_FUNCTION_LIST_PTR;
typedef CK_FUNCTION_LIST_PTR *CK_FUNCTION_LIST_PTR_PTR;

#define CRYPTOKI_DECLARE(name, arguments)                                                          \
	CK_RV name arguments;                                                                      \
	typedef CK_RV(*CK_##name) arguments;
#define CRYPTOKI_MEMBER(name, arguments) CK_##name name;

CRYPTOKI_2_40_FUNCTIONS(CRYPTOKI_DECLARE)
CRYPTOKI_3_0_FUNCTIONS(CRYPTOKI_DECLARE)

struct CK_FUNCTION_LIST {
	CK_VERSION version;
	CRYPTOKI_2_40_FUNCTIONS(CRYPTOKI_MEMBER)
};

typedef struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
	CRYPTOKI_2_40_FUNCTIONS(CRYPTOKI_MEMBER)
	CRYPTOKI_3_0_FUNCTIONS(CRYPTOKI_MEMBER)
} CK_FUNCTION_LIST_3_0;

#undef CRYPTOKI_DECLARE
#undef CRYPTOKI_MEMBER

#endif
