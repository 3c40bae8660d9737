/* SPDX-License-Identifier: Apache-2.0 */
/* entry_message.c: message functions (PKCS#11 3.0, 5.9, 5.11, 5.14 and 5.15). */
#include "client.h"
#include "message.h"

CK_RV C_MessageEncryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_CONNECTION(message_init(c, MESSAGE_ENCRYPT, hSession, pMechanism, hKey));
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext,
	CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pAssociatedData),
		A(ulAssociatedDataLen), A(pPlaintext), A(ulPlaintextLen), A(pCiphertext),
		A(pulCiphertextLen)};

	WITH_CONNECTION(message_cipher(c, MESSAGE_ENCRYPT, args));
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pAssociatedData),
		A(ulAssociatedDataLen)};

	WITH_CONNECTION(message_cipher_begin(c, MESSAGE_ENCRYPT, args));
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart, CK_ULONG ulPlaintextPartLen,
	CK_BYTE_PTR pCiphertextPart, CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pPlaintextPart),
		A(ulPlaintextPartLen), A(pCiphertextPart), A(pulCiphertextPartLen), A(flags)};

	WITH_CONNECTION(message_cipher_next(c, MESSAGE_ENCRYPT, args));
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE hSession)
{
	WITH_CONNECTION(message_final(c, MESSAGE_ENCRYPT, hSession));
}

CK_RV C_MessageDecryptInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_CONNECTION(message_init(c, MESSAGE_DECRYPT, hSession, pMechanism, hKey));
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext,
	CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext, CK_ULONG_PTR pulPlaintextLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pAssociatedData),
		A(ulAssociatedDataLen), A(pCiphertext), A(ulCiphertextLen), A(pPlaintext),
		A(pulPlaintextLen)};

	WITH_CONNECTION(message_cipher(c, MESSAGE_DECRYPT, args));
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pAssociatedData),
		A(ulAssociatedDataLen)};

	WITH_CONNECTION(message_cipher_begin(c, MESSAGE_DECRYPT, args));
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart, CK_ULONG ulCiphertextPartLen,
	CK_BYTE_PTR pPlaintextPart, CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pCiphertextPart),
		A(ulCiphertextPartLen), A(pPlaintextPart), A(pulPlaintextPartLen), A(flags)};

	WITH_CONNECTION(message_cipher_next(c, MESSAGE_DECRYPT, args));
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE hSession)
{
	WITH_CONNECTION(message_final(c, MESSAGE_DECRYPT, hSession));
}

CK_RV C_MessageSignInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_CONNECTION(message_init(c, MESSAGE_SIGN, hSession, pMechanism, hKey));
}

CK_RV C_SignMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(pulSignatureLen)};

	WITH_CONNECTION(message_mac(c, MESSAGE_SIGN, args));
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
	WITH_CONNECTION(message_final(c, MESSAGE_SIGN, hSession));
}

CK_RV C_MessageVerifyInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	WITH_CONNECTION(message_init(c, MESSAGE_VERIFY, hSession, pMechanism, hKey));
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
	CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	const uintptr_t args[] = {A(hSession), A(pParameter), A(ulParameterLen), A(pData),
		A(ulDataLen), A(pSignature), A(ulSignatureLen)};

	WITH_CONNECTION(message_mac(c, MESSAGE_VERIFY, args));
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
	WITH_CONNECTION(message_final(c, MESSAGE_VERIFY, hSession));
}
