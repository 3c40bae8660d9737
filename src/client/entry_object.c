/* SPDX-License-Identifier: Apache-2.0 */
/* entry_object.c: objects, keys and random numbers (PKCS#11 5.7, 5.18, 5.19). */
#include "client.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount,
	CK_OBJECT_HANDLE_PTR phObject)
{
	CALL_SERVER(C_CreateObject, A(hSession), A(pTemplate), A(ulCount), A(phObject));
}

CK_RV C_CopyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ATTRIBUTE_PTR pTemplate,
	CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject)
{
	CALL_SERVER(
		C_CopyObject, A(hSession), A(hObject), A(pTemplate), A(ulCount), A(phNewObject));
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)
{
	CALL_SERVER(C_DestroyObject, A(hSession), A(hObject));
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ULONG_PTR pulSize)
{
	CALL_SERVER(C_GetObjectSize, A(hSession), A(hObject), A(pulSize));
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	CALL_SERVER(C_GetAttributeValue, A(hSession), A(hObject), A(pTemplate), A(ulCount));
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	CALL_SERVER(C_SetAttributeValue, A(hSession), A(hObject), A(pTemplate), A(ulCount));
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	CALL_SERVER(C_FindObjectsInit, A(hSession), A(pTemplate), A(ulCount));
}

CK_RV C_FindObjects(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject,
	CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount)
{
	CALL_SERVER(
		C_FindObjects, A(hSession), A(phObject), A(ulMaxObjectCount), A(pulObjectCount));
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_FindObjectsFinal, A(hSession));
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
	CALL_SERVER(C_GenerateKey, A(hSession), A(pMechanism), A(pTemplate), A(ulCount), A(phKey));
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
	CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount,
	CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey)
{
	CALL_SERVER(C_GenerateKeyPair, A(hSession), A(pMechanism), A(pPublicKeyTemplate),
		A(ulPublicKeyAttributeCount), A(pPrivateKeyTemplate), A(ulPrivateKeyAttributeCount),
		A(phPublicKey), A(phPrivateKey));
}

CK_RV C_WrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey,
	CK_ULONG_PTR pulWrappedKeyLen)
{
	CALL_SERVER(C_WrapKey, A(hSession), A(pMechanism), A(hWrappingKey), A(hKey), A(pWrappedKey),
		A(pulWrappedKeyLen));
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen,
	CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
	CALL_SERVER(C_UnwrapKey, A(hSession), A(pMechanism), A(hUnwrappingKey), A(pWrappedKey),
		A(ulWrappedKeyLen), A(pTemplate), A(ulAttributeCount), A(phKey));
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	CK_OBJECT_HANDLE hBaseKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
	CK_OBJECT_HANDLE_PTR phKey)
{
	CALL_SERVER(C_DeriveKey, A(hSession), A(pMechanism), A(hBaseKey), A(pTemplate),
		A(ulAttributeCount), A(phKey));
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
	CALL_SERVER(C_SeedRandom, A(hSession), A(pSeed), A(ulSeedLen));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData, CK_ULONG ulRandomLen)
{
	CALL_SERVER(C_GenerateRandom, A(hSession), A(RandomData), A(ulRandomLen));
}
