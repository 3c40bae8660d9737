/* SPDX-License-Identifier: Apache-2.0 */
/* native.h: reading the parameter structs of PKCS#11: whole, from wherever they lie. */
#ifndef KEYDIV_MECHANISMS_NATIVE_H
#define KEYDIV_MECHANISMS_NATIVE_H

#include "mechanism.h"

/*
 * No associated data in one piece is longer; a length above it is taken for a mistake, not for
 * memory to be read.
 */
#define NATIVE_BYTES_MAX ((CK_ULONG)1 << 28)

/* Copy the struct of SIZE bytes that the N bytes at P must be. */
static inline CK_RV native_struct(const void *p, CK_ULONG n, void *ret, size_t size)
{
	ENSURE(p != NULL && n == size, CKR_MECHANISM_PARAM_INVALID);
	memcpy(ret, p, size);
	return CKR_OK;
}

/* RET = the N bytes at P, left in place. */
static inline CK_RV native_bytes(const CK_BYTE *p, CK_ULONG n, CK_ULONG max, struct bytes *ret)
{
	ENSURE(n <= max && (p != NULL || n == 0), CKR_MECHANISM_PARAM_INVALID);
	*ret = bytes_of(p, n);
	return CKR_OK;
}

/*
 * RET = a copy of the N bytes at P in HEAP (PARAMETER_MAX bytes, *USED of them taken so far): what
 * a parse_native keeps.
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
