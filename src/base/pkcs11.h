/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11.h: Cryptoki, the C interface of PKCS#11, version 3.0.
 *
 * The three headers below have the types, numbers and functions that this project uses, with the
 * names and values of OASIS "PKCS #11 Cryptographic Token Interface Base Specification Version 3.0"
 * and "PKCS #11 Cryptographic Token Interface Current Mechanisms Specification Version 3.0".
 *
 * The headers of PKCS#11 that other projects install differ from each other, and between their
 * releases, in version and in the names of members. This header therefore depends on none of them
 * and must not be included together with another one. p11_kit.h puts this header below
 * p11-kit's API.
 */
#ifndef KEYDIV_BASE_PKCS11_H
#define KEYDIV_BASE_PKCS11_H

#include "pkcs11_functions.h"
#include "pkcs11_numbers.h"
#include "pkcs11_types.h"

#endif
