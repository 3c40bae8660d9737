/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.h: the private library context's random generator (SP 800-90A, reseeded by libcrypto;
 * other numbers after fork).
 */
#ifndef KEYDIV_KEY_RANDOM_H
#define KEYDIV_KEY_RANDOM_H

#include "key.h"

/* N random bytes to OUT. CKR_FUNCTION_FAILED if the generator fails; OUT is then not to be used. */
MUST_USE CK_RV random_bytes(uint8_t *out, size_t n);

/* Mix N bytes in as additional input; no entropy is credited. */
MUST_USE CK_RV random_seed(const uint8_t *in, size_t n);

#endif
