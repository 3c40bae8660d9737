/* SPDX-License-Identifier: Apache-2.0 */
/* entry_message.c: message functions (PKCS#11 3.0, 5.9, 5.11, 5.14 and 5.15). */
#include "client.h"

CK_RV C_MessageEncryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_MessageEncryptInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext,
	CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen)
{
	CALL_SERVER(C_EncryptMessage, A(hSession), A(pParameter), A(ulParameterLen),
		A(pAssociatedData), A(ulAssociatedDataLen), A(pPlaintext), A(ulPlaintextLen),
		A(pCiphertext), A(pulCiphertextLen));
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	CALL_SERVER(C_EncryptMessageBegin, A(hSession), A(pParameter), A(ulParameterLen),
		A(pAssociatedData), A(ulAssociatedDataLen));
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart, CK_ULONG ulPlaintextPartLen,
	CK_BYTE_PTR pCiphertextPart, CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)
{
	CALL_SERVER(C_EncryptMessageNext, A(hSession), A(pParameter), A(ulParameterLen),
		A(pPlaintextPart), A(ulPlaintextPartLen), A(pCiphertextPart),
		A(pulCiphertextPartLen), A(flags));
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_MessageEncryptFinal, A(hSession));
}

CK_RV C_MessageDecryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_MessageDecryptInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext,
	CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext, CK_ULONG_PTR pulPlaintextLen)
{
	CALL_SERVER(C_DecryptMessage, A(hSession), A(pParameter), A(ulParameterLen),
		A(pAssociatedData), A(ulAssociatedDataLen), A(pCiphertext), A(ulCiphertextLen),
		A(pPlaintext), A(pulPlaintextLen));
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	CALL_SERVER(C_DecryptMessageBegin, A(hSession), A(pParameter), A(ulParameterLen),
		A(pAssociatedData), A(ulAssociatedDataLen));
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart, CK_ULONG ulCiphertextPartLen,
	CK_BYTE_PTR pPlaintextPart, CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)
{
	CALL_SERVER(C_DecryptMessageNext, A(hSession), A(pParameter), A(ulParameterLen),
		A(pCiphertextPart), A(ulCiphertextPartLen), A(pPlaintextPart),
		A(pulPlaintextPartLen), A(flags));
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_MessageDecryptFinal, A(hSession));
}

CK_RV C_MessageSignInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_MessageSignInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_SignMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	CALL_SERVER(C_SignMessage, A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(pulSignatureLen));
}

CK_RV C_SignMessageBegin(
	CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen)
{
	CALL_SERVER(C_SignMessageBegin, A(hSession), A(pParameter), A(ulParameterLen));
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	CALL_SERVER(C_SignMessageNext, A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(pulSignatureLen));
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_MessageSignFinal, A(hSession));
}

CK_RV C_MessageVerifyInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_MessageVerifyInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	CALL_SERVER(C_VerifyMessage, A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(ulSignatureLen));
}

CK_RV C_VerifyMessageBegin(
	CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen)
{
	CALL_SERVER(C_VerifyMessageBegin, A(hSession), A(pParameter), A(ulParameterLen));
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
	CK_ULONG ulSignatureLen)
{
	CALL_SERVER(C_VerifyMessageNext, A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(ulSignatureLen));
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE hSession)
{
	CALL_SERVER(C_MessageVerifyFinal, A(hSession));
}
