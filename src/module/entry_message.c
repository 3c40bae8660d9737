/* SPDX-License-Identifier: Apache-2.0 */
/* entry_message.c: message-based encryption and decryption (PKCS#11 3.0, 5.9 and 5.11). */
#include "calls/operation.h"
#include "module.h"

CK_RV C_MessageEncryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_SESSION(hSession, message_init(session, true, pMechanism, hKey));
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext,
	CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen)
{
	WITH_SESSION(hSession, message_single(session, true, pParameter, ulParameterLen,
				       pAssociatedData, ulAssociatedDataLen, pPlaintext,
				       ulPlaintextLen, pCiphertext, pulCiphertextLen));
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	WITH_SESSION(hSession, message_begin(session, true, pParameter, ulParameterLen,
				       pAssociatedData, ulAssociatedDataLen));
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart, CK_ULONG ulPlaintextPartLen,
	CK_BYTE_PTR pCiphertextPart, CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)
{
	WITH_SESSION(hSession,
		message_next(session, true, pParameter, ulParameterLen, pPlaintextPart,
			ulPlaintextPartLen, pCiphertextPart, pulCiphertextPartLen, flags));
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE hSession)
{
	WITH_SESSION(hSession, message_final(session, true));
}

CK_RV C_MessageDecryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_SESSION(hSession, message_init(session, false, pMechanism, hKey));
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext,
	CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext, CK_ULONG_PTR pulPlaintextLen)
{
	WITH_SESSION(hSession, message_single(session, false, pParameter, ulParameterLen,
				       pAssociatedData, ulAssociatedDataLen, pCiphertext,
				       ulCiphertextLen, pPlaintext, pulPlaintextLen));
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	WITH_SESSION(hSession, message_begin(session, false, pParameter, ulParameterLen,
				       pAssociatedData, ulAssociatedDataLen));
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart, CK_ULONG ulCiphertextPartLen,
	CK_BYTE_PTR pPlaintextPart, CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)
{
	WITH_SESSION(
		hSession, message_next(session, false, pParameter, ulParameterLen, pCiphertextPart,
				  ulCiphertextPartLen, pPlaintextPart, pulPlaintextPartLen, flags));
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE hSession)
{
	WITH_SESSION(hSession, message_final(session, false));
}
