/* SPDX-License-Identifier: Apache-2.0 */
/* entry_digest.c: message digesting (PKCS#11 5.12). */
#include "calls/operation.h"
#include "module.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)
{
	WITH_SESSION(hSession, digest_init(session, pMechanism));
}

CK_RV C_Digest(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	WITH_SESSION(hSession, digest_single(session, pData, ulDataLen, pDigest, pulDigestLen));
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	WITH_SESSION(hSession, digest_part(session, pPart, ulPartLen));
}

CK_RV C_DigestKey(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)
{
	WITH_SESSION(hSession, digest_key(session, hKey));
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	WITH_SESSION(hSession, digest_final(session, pDigest, pulDigestLen));
}
