/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: SHA-1 and SHA-2, in one call or in parts. */
#ifndef KEYDIV_KEY_DIGEST_H
#define KEYDIV_KEY_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "key/algorithms.h"

#define DIGEST_MAX 64

struct digest;

size_t digest_length(enum digest_kind kind); /* in bytes, 0 for DIGEST_NONE */

struct digest *digest_new(void);         /* return NULL if there is no memory */
void digest_free(struct digest *digest); /* wipe and free; DIGEST may be NULL */

/*
 * Compute a digest in parts. The result has digest_length bytes. CKR_HOST_MEMORY.
 * CKR_FUNCTION_FAILED if the calls are out of order, KIND is no digest, or libcrypto fails.
 */
MUST_USE CK_RV digest_begin(struct digest *digest, enum digest_kind kind);
MUST_USE CK_RV digest_update(struct digest *digest, const uint8_t *in, size_t n);
MUST_USE CK_RV digest_finish(struct digest *digest, uint8_t ret_digest[DIGEST_MAX]);

/* Wipe the message so far. */
void digest_reset(struct digest *digest);

/* Compute the digest of N bytes at IN in one call. Errors as digest_begin. */
MUST_USE CK_RV digest_once(
	enum digest_kind kind, const uint8_t *in, size_t n, uint8_t ret_digest[DIGEST_MAX]);

#endif
