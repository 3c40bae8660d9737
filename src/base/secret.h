/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h: bytes that must not be seen: wiped when they leave scope, compared in constant time.
 *
 * 	SECRET value = { 0 };			an empty secret, wiped at the end of the block
 * 	TRY(secret_set(&value, bytes, n));
 *
 * Up to SECRET_INLINE bytes live in the struct itself, so a diversified key costs no allocation;
 * longer ones (imported HMAC keys) in a buffer of their own. Where the struct lives decides whether
 * it is locked in memory: long-lived secrets live in the arena (src/token/pool.h).
 */
#ifndef KEYDIV_BASE_SECRET_H
#define KEYDIV_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define SECRET_INLINE 64
#define SECRET_MAX 4096 /* longest secret of any kind, in bytes */

struct secret {
	size_t len;
	uint8_t *heap; /* where the bytes are, if more than SECRET_INLINE */
	uint8_t small[SECRET_INLINE];
};

#define SECRET __attribute__((cleanup(secret_wipe))) struct secret

/* The bytes of S. */
static inline uint8_t *secret_bytes(struct secret *s)
{
	return s->heap ? s->heap : s->small;
}

static inline const uint8_t *secret_peek(const struct secret *s)
{
	return s->heap ? s->heap : s->small;
}

/*
 * Make S hold N bytes (at most SECRET_MAX), all zero; what it held is
 * wiped. CKR_HOST_MEMORY, CKR_DATA_LEN_RANGE.
 */
MUST_USE CK_RV secret_resize(struct secret *s, size_t n);

/* Make S a copy of N bytes at P. Errors as secret_resize. P may not lie in S. */
MUST_USE CK_RV secret_set(struct secret *s, const void *p, size_t n);

/* Wipe and empty S; S may be empty. Also the cleanup function of SECRET. */
void secret_wipe(struct secret *s);

/* Whether N bytes at A and B are the same, in time that depends on N only. */
bool secret_equal(const void *a, const void *b, size_t n);

/* Wipe N bytes at P, not to be optimised away. */
void wipe(void *p, size_t n);

#endif
