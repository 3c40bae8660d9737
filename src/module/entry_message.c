/* SPDX-License-Identifier: Apache-2.0 */
/* entry_message.c: the functions for messages (PKCS#11 3.0, 5.9, 5.11, 5.14 and 5.16). */
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

CK_RV C_MessageSignInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_SESSION(hSession, message_mac_init(session, true, pMechanism, hKey));
}

CK_RV C_SignMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	WITH_SESSION(hSession, message_sign(session, pParameter, ulParameterLen, pData, ulDataLen,
				       pSignature, pulSignatureLen));
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE hSession)
{
	WITH_SESSION(hSession, message_mac_final(session, true));
}

CK_RV C_MessageVerifyInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_SESSION(hSession, message_mac_init(session, false, pMechanism, hKey));
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	WITH_SESSION(hSession, message_verify(session, pParameter, ulParameterLen, pData, ulDataLen,
				       pSignature, ulSignatureLen));
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE hSession)
{
	WITH_SESSION(hSession, message_mac_final(session, false));
}
