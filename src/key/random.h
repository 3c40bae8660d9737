/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.h: the random generators of the private library context (SP 800-90A). Threads use
 * different generators, each seeded by the system. libcrypto reseeds them, also after a fork.
 */
#ifndef KEYDIV_KEY_RANDOM_H
#define KEYDIV_KEY_RANDOM_H

#include "key.h"

/*
 * Write N random bytes to OUT. CKR_FUNCTION_FAILED if the generator fails. CKR_HOST_MEMORY. After
 * an error the caller must not use OUT.
 */
MUST_USE CK_RV random_bytes(uint8_t *out, size_t n);

/*
 * Add N bytes at IN to the generator of this thread as additional input, which counts as no
 * entropy, and reseed the generator from the system. Errors as random_bytes.
 */
MUST_USE CK_RV random_seed(const uint8_t *in, size_t n);

#endif
