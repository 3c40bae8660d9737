/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry_plain.c: the functions of PKCS#11 that are a call of the protocol as they are.
 */
#include "client.h"

CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount)
{
	CALL_SERVER(C_GetSlotList, A(tokenPresent), A(pSlotList), A(pulCount));
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
	CALL_SERVER(C_GetSlotInfo, A(slotID), A(pInfo));
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
	CALL_SERVER(C_GetTokenInfo, A(slotID), A(pInfo));
}

CK_RV C_InitToken(
	CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pLabel)
{
	CALL_SERVER(C_InitToken, A(slotID), A(pPin), A(ulPinLen), A(pLabel));
}

CK_RV C_InitPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	CALL_SERVER(C_InitPIN, A(hSession), A(pPin), A(ulPinLen));
}

CK_RV C_SetPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
	CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
	CALL_SERVER(C_SetPIN, A(hSession), A(pOldPin), A(ulOldLen), A(pNewPin), A(ulNewLen));
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)
{
	CALL_SERVER(C_GetSessionInfo, A(hSession), A(pInfo));
}

CK_RV C_GetOperationState(
	CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState, CK_ULONG_PTR pulOperationStateLen)
{
	CALL_SERVER(C_GetOperationState, A(hSession), A(pOperationState), A(pulOperationStateLen));
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
	CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey,
	CK_OBJECT_HANDLE hAuthenticationKey)
{
	CALL_SERVER(C_SetOperationState, A(hSession), A(pOperationState), A(ulOperationStateLen),
		A(hEncryptionKey), A(hAuthenticationKey));
}

CK_RV C_Login(
	CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	CALL_SERVER(C_Login, A(hSession), A(userType), A(pPin), A(ulPinLen));
}

CK_RV C_Logout(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_Logout, A(hSession));
}
