/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p11_kit.h: p11-kit's API over this project's header of Cryptoki.
 *
 * p11-kit's headers include p11-kit's own pkcs11.h, which differs between releases of p11-kit and
 * declares the same names as base/pkcs11.h. PKCS11_H is the include guard of that header: once the
 * guard is defined, p11-kit's API uses the types of base/pkcs11.h. The types are binary compatible,
 * as the same version of the standard defines both.
 */
#ifndef KEYDIV_BASE_P11_KIT_H
#define KEYDIV_BASE_P11_KIT_H

#include "base/pkcs11.h"

#ifdef PKCS11_H
#error "include this header before any other header of p11-kit"
#endif
#define PKCS11_H 1

#include <stddef.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#endif
