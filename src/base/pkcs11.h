/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11.h: Cryptoki as this project sees it: p11-kit's header (2.40) and what PKCS#11 v3.0
 * adds to it.
 */
#ifndef KEYDIV_BASE_PKCS11_H
#define KEYDIV_BASE_PKCS11_H

#include <p11-kit/pkcs11.h>

#include "pkcs11_3.h"

_Static_assert(sizeof(CK_ULONG) == 8, "CK_ULONG is 8 bytes in the store and in handles");

#endif
