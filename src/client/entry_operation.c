/* SPDX-License-Identifier: Apache-2.0 */
/* entry_operation.c: operations (PKCS#11 5.8 to 5.17). */
#include "client.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_EncryptInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_Encrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen)
{
	CALL_SERVER(C_Encrypt, A(hSession), A(pData), A(ulDataLen), A(pEncryptedData),
		A(pulEncryptedDataLen));
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
	CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	CALL_SERVER(C_EncryptUpdate, A(hSession), A(pPart), A(ulPartLen), A(pEncryptedPart),
		A(pulEncryptedPartLen));
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastEncryptedPart,
	CK_ULONG_PTR pulLastEncryptedPartLen)
{
	CALL_SERVER(C_EncryptFinal, A(hSession), A(pLastEncryptedPart), A(pulLastEncryptedPartLen));
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_DecryptInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_Decrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedData, CK_ULONG ulEncryptedDataLen,
	CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	CALL_SERVER(C_Decrypt, A(hSession), A(pEncryptedData), A(ulEncryptedDataLen), A(pData),
		A(pulDataLen));
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
	CALL_SERVER(C_DecryptUpdate, A(hSession), A(pEncryptedPart), A(ulEncryptedPartLen),
		A(pPart), A(pulPartLen));
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastPart, CK_ULONG_PTR pulLastPartLen)
{
	CALL_SERVER(C_DecryptFinal, A(hSession), A(pLastPart), A(pulLastPartLen));
}

CK_RV C_DigestInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)
{
	CALL_SERVER(C_DigestInit, A(hSession), A(pMechanism));
}

CK_RV C_Digest(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	CALL_SERVER(C_Digest, A(hSession), A(pData), A(ulDataLen), A(pDigest), A(pulDigestLen));
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	CALL_SERVER(C_DigestUpdate, A(hSession), A(pPart), A(ulPartLen));
}

CK_RV C_DigestKey(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_DigestKey, A(hSession), A(hKey));
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	CALL_SERVER(C_DigestFinal, A(hSession), A(pDigest), A(pulDigestLen));
}

CK_RV C_SignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_SignInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_Sign(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	CALL_SERVER(C_Sign, A(hSession), A(pData), A(ulDataLen), A(pSignature), A(pulSignatureLen));
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	CALL_SERVER(C_SignUpdate, A(hSession), A(pPart), A(ulPartLen));
}

CK_RV C_SignFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	CALL_SERVER(C_SignFinal, A(hSession), A(pSignature), A(pulSignatureLen));
}

CK_RV C_SignRecoverInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_SignRecoverInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_SignRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	CALL_SERVER(C_SignRecover, A(hSession), A(pData), A(ulDataLen), A(pSignature),
		A(pulSignatureLen));
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_VerifyInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_Verify(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	CALL_SERVER(
		C_Verify, A(hSession), A(pData), A(ulDataLen), A(pSignature), A(ulSignatureLen));
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	CALL_SERVER(C_VerifyUpdate, A(hSession), A(pPart), A(ulPartLen));
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	CALL_SERVER(C_VerifyFinal, A(hSession), A(pSignature), A(ulSignatureLen));
}

CK_RV C_VerifyRecoverInit(
	CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	CALL_SERVER(C_VerifyRecoverInit, A(hSession), A(pMechanism), A(hKey));
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen,
	CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	CALL_SERVER(C_VerifyRecover, A(hSession), A(pSignature), A(ulSignatureLen), A(pData),
		A(pulDataLen));
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
	CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	CALL_SERVER(C_DigestEncryptUpdate, A(hSession), A(pPart), A(ulPartLen), A(pEncryptedPart),
		A(pulEncryptedPartLen));
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
	CALL_SERVER(C_DecryptDigestUpdate, A(hSession), A(pEncryptedPart), A(ulEncryptedPartLen),
		A(pPart), A(pulPartLen));
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
	CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	CALL_SERVER(C_SignEncryptUpdate, A(hSession), A(pPart), A(ulPartLen), A(pEncryptedPart),
		A(pulEncryptedPartLen));
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
	CALL_SERVER(C_DecryptVerifyUpdate, A(hSession), A(pEncryptedPart), A(ulEncryptedPartLen),
		A(pPart), A(pulPartLen));
}
