/* SPDX-License-Identifier: Apache-2.0 */
/* native.h: read a parameter struct of PKCS#11 as a whole, from any address. */
#ifndef KEYDIV_MECHANISMS_NATIVE_H
#define KEYDIV_MECHANISMS_NATIVE_H

#include "mechanism.h"

/*
 * The limit for associated data in one piece. A greater length is taken for a mistake and not read.
 */
#define NATIVE_BYTES_MAX ((CK_ULONG)1 << 28)

/* Copy the struct of SIZE bytes at P to RET. CKR_MECHANISM_PARAM_INVALID unless N is SIZE. */
static inline CK_RV native_struct(const void *p, CK_ULONG n, void *ret, size_t size)
{
	ENSURE(p != NULL && n == size, CKR_MECHANISM_PARAM_INVALID);
	memcpy(ret, p, size);
	return CKR_OK;
}

/*
 * Copy the CK_GCM_PARAMS of CALLER. Version 2.40 of the standard had no ulIvBits, so callers give
 * structs of two sizes.
 */
static inline CK_RV native_gcm(const CK_MECHANISM *caller, CK_GCM_PARAMS *ret)
{
	struct {
		CK_BYTE_PTR pIv;
		CK_ULONG ulIvLen;
		CK_BYTE_PTR pAAD;
		CK_ULONG ulAADLen;
		CK_ULONG ulTagBits;
	} old;

	if (caller->ulParameterLen != sizeof old)
		return native_struct(caller->pParameter, caller->ulParameterLen, ret, sizeof *ret);
	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &old, sizeof old));
	*ret = (CK_GCM_PARAMS){
		old.pIv, old.ulIvLen, 8 * old.ulIvLen, old.pAAD, old.ulAADLen, old.ulTagBits};
	return CKR_OK;
}

/* Set RET to the N bytes at P without a copy. CKR_MECHANISM_PARAM_INVALID for more than MAX. */
static inline CK_RV native_bytes(const CK_BYTE *p, CK_ULONG n, CK_ULONG max, struct bytes *ret)
{
	ENSURE(n <= max && (p != NULL || n == 0), CKR_MECHANISM_PARAM_INVALID);
	*ret = bytes_of(p, n);
	return CKR_OK;
}

/*
 * Copy the N bytes at P to HEAP, which has PARAMETER_MAX bytes with *USED of them taken, and set
 * RET to the copy. The parse_native functions copy all bytes that they keep.
 * CKR_MECHANISM_PARAM_INVALID if the bytes do not fit.
 */
static inline CK_RV native_copy(
	const void *p, CK_ULONG n, uint8_t *heap, size_t *used, struct bytes *ret)
{
	ENSURE(p != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(n <= PARAMETER_MAX - *used, CKR_MECHANISM_PARAM_INVALID);
	*ret = bytes_of(heap + *used, n);
	if (n > 0)
		memcpy(heap + *used, p, n);
	*used += n;
	return CKR_OK;
}

#endif
