/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry_unsupported.c: functions that return CKR_FUNCTION_NOT_SUPPORTED for a valid session.
 *
 * Key pairs and recovery of data from a signature do not exist for symmetric keys. Dual-function
 * operations (PKCS#11 5.16) can be replaced by two operations. A message is signed in one call.
 */
#include "module.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* the standard defines the parameters */

static CK_RV unsupported(const char *function, CK_SESSION_HANDLE handle)
{
	struct session *session;
	CK_RV rv = module_guard();

	if (rv == CKR_OK)
		rv = session_enter(handle, &session);
	if (rv == CKR_OK) {
		session_leave(session);
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	}
	return module_result(function, rv);
}

#define UNSUPPORTED(function, ...)                                                                 \
	CK_RV function(CK_SESSION_HANDLE hSession, __VA_ARGS__)                                    \
	{                                                                                          \
		return unsupported(#function, hSession);                                           \
	}

UNSUPPORTED(C_SignRecoverInit, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
UNSUPPORTED(C_SignRecover, CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
	CK_ULONG_PTR pulSignatureLen)
UNSUPPORTED(C_VerifyRecoverInit, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
UNSUPPORTED(C_VerifyRecover, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen, CK_BYTE_PTR pData,
	CK_ULONG_PTR pulDataLen)

UNSUPPORTED(C_DigestEncryptUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
	CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
UNSUPPORTED(C_DecryptDigestUpdate, CK_BYTE_PTR pEncryptedPart, CK_ULONG ulEncryptedPartLen,
	CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
UNSUPPORTED(C_SignEncryptUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart,
	CK_ULONG_PTR pulEncryptedPartLen)
UNSUPPORTED(C_DecryptVerifyUpdate, CK_BYTE_PTR pEncryptedPart, CK_ULONG ulEncryptedPartLen,
	CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)

UNSUPPORTED(C_GenerateKeyPair, CK_MECHANISM_PTR pMechanism, CK_ATTRIBUTE_PTR pPublicKeyTemplate,
	CK_ULONG ulPublicKeyAttributeCount, CK_ATTRIBUTE_PTR pPrivateKeyTemplate,
	CK_ULONG ulPrivateKeyAttributeCount, CK_OBJECT_HANDLE_PTR phPublicKey,
	CK_OBJECT_HANDLE_PTR phPrivateKey)

UNSUPPORTED(C_SignMessageBegin, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen)
UNSUPPORTED(C_SignMessageNext, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
	CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
UNSUPPORTED(C_VerifyMessageBegin, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen)
UNSUPPORTED(C_VerifyMessageNext, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
	CK_ULONG ulDataLen, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
