/* SPDX-License-Identifier: Apache-2.0 */
/* block_support.h: C_WrapKey and C_UnwrapKey by KEY_BLOCK, for the tests of key blocks. */
#ifndef KEYDIV_TEST_BLOCK_SUPPORT_H
#define KEYDIV_TEST_BLOCK_SUPPORT_H

#include "harness.h"

/* The last block, which is N characters long, and the last unwrapped key. */
static CK_OBJECT_HANDLE made;
static uint8_t block[10000];
static CK_ULONG n;

/* C_WrapKey of KEY under WITH into `block`, with HEADER, or without if HEADER is NULL. */
static inline CK_RV wrap(CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, const char *header)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = {CKM_KEYDIV_KEY_BLOCK, NULL, 0};

	if (header != NULL) {
		keydiv_put(&p, KEYDIV_KEY_BLOCK_HEADER, header, strlen(header));
		m = keydiv_mechanism(CKM_KEYDIV_KEY_BLOCK, &p);
	}
	n = sizeof block;
	return f->C_WrapKey(s, &m, with, key, block, &n);
}

/* C_UnwrapKey of `block` with WITH into `made`. */
static inline CK_RV unwrap(CK_OBJECT_HANDLE with, CK_ATTRIBUTE *t, CK_ULONG count)
{
	made = 0xABCD;
	return f->C_UnwrapKey(s, MECH(CKM_KEYDIV_KEY_BLOCK), with, block, n, t, count, &made);
}

#endif
