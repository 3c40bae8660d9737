/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h: secret bytes, wiped when they leave scope and compared in constant time.
 *
 * 	SECRET value = { 0 };		empty, and wiped at the end of the block
 * 	TRY(secret_set(&value, bytes, n));
 *
 * Up to SECRET_INLINE bytes are in the struct itself, so a diversified key costs no allocation.
 * They are locked in memory only if the struct is. A longer secret, such as an imported HMAC key,
 * is in the arena (arena.h).
 */
#ifndef KEYDIV_BASE_SECRET_H
#define KEYDIV_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define SECRET_INLINE 64 /* a multiple of SECRET_PART */
#define SECRET_PART 16
#define SECRET_MAX 4096 /* longest key, in bytes */
#define DATA_MAX 65536  /* longest value of a data object, and so longest secret, in bytes */

struct secret {
	size_t len;
	uint8_t *heap; /* the bytes, if there are more than SECRET_INLINE; else NULL */
	uint8_t small[SECRET_INLINE];
};

/* Return to the system the memory of the arena that no long secret occupies. */
void secrets_trim(void);

#define SECRET __attribute__((cleanup(secret_wipe))) struct secret

/* Return the bytes of S. They are valid until S is resized or wiped. */
static inline uint8_t *secret_bytes(struct secret *s)
{
	return s->heap ? s->heap : s->small;
}

/* The same for a secret that the caller may not change. */
static inline const uint8_t *secret_peek(const struct secret *s)
{
	return s->heap ? s->heap : s->small;
}

/*
 * Wipe S and make S hold N zero bytes. S is empty after an error, CKR_DATA_LEN_RANGE for N over
 * DATA_MAX or CKR_HOST_MEMORY.
 */
MUST_USE CK_RV secret_resize(struct secret *s, size_t n);

/* Wipe S and copy the N bytes at P to S. Errors as secret_resize. P must not be in S. */
MUST_USE CK_RV secret_set(struct secret *s, const void *p, size_t n);

/* Move FROM into TO, which must be empty. FROM is wiped and empty afterwards. */
void secret_move(struct secret *from, struct secret *to);

/* Wipe and empty S, which may be empty already. The cleanup function of SECRET. */
void secret_wipe(struct secret *s);

/* Return true if the N bytes at A and B are equal. The time depends on N only. */
bool secret_equal(const void *a, const void *b, size_t n);

/*
 * Say that the N bytes at P, which come from secrets, are public from here on, because of REASON.
 * Does nothing. The tests of tests/constant_time replace this function, and fail for any other
 * branch or address that depends on a secret. A result of secret_equal is public without a call.
 */
void secret_reveal(const void *p, size_t n, const char *reason);

/* Overwrite the N bytes at P with zeros. The compiler does not remove this call. */
void wipe(void *p, size_t n);

#endif
