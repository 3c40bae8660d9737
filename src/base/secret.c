/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c: see secret.h. */
#include "secret.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/arena.h"

static struct arena long_secrets = {.fork_zeroes = true};

void wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void secret_reveal(const void *p, size_t n, const char *reason)
{
	(void)p;
	(void)n;
	(void)reason;
}

_Static_assert(SECRET_INLINE % SECRET_PART == 0, "loops over parts stay within a secret");

/*
 * Clear the first N bytes of S, rounded up to whole parts. A call of OPENSSL_cleanse takes longer
 * for the few bytes of a key. The barrier makes the compiler keep the stores.
 */
static inline void clear_small(struct secret *s, size_t n)
{
	for (size_t i = 0; i < n; i += SECRET_PART) {
		memset(s->small + i, 0, SECRET_PART);
		__asm__ volatile("" : : "r"(s->small + i) : "memory");
	}
}

void secret_wipe(struct secret *s)
{
	if (s->heap) {
		arena_give(&long_secrets, s->heap, s->len);
		s->heap = NULL;
	} else {
		clear_small(s, s->len);
	}
	s->len = 0;
}

void secret_move(struct secret *from, struct secret *to)
{
	to->len = from->len;
	to->heap = from->heap;
	if (from->heap == NULL) {
		for (size_t i = 0; i < from->len; i += SECRET_PART)
			memcpy(to->small + i, from->small + i, SECRET_PART);
		clear_small(from, from->len);
	}
	from->heap = NULL;
	from->len = 0;
}

CK_RV secret_resize(struct secret *s, size_t n)
{
	secret_wipe(s);
	REQUIRE(n <= DATA_MAX, CKR_DATA_LEN_RANGE, "a secret is longer than 65536 bytes");
	if (n > SECRET_INLINE) {
		s->heap = arena_take(&long_secrets, n);
		REQUIRE(s->heap != NULL, CKR_HOST_MEMORY, "no memory for a secret");
	} else {
		clear_small(s, n);
	}
	s->len = n;
	return CKR_OK;
}

void secrets_trim(void)
{
	arena_trim(&long_secrets);
}

CK_RV secret_set(struct secret *s, const void *p, size_t n)
{
	TRY(secret_resize(s, n));
	if (n > 0)
		memcpy(secret_bytes(s), p, n);
	return CKR_OK;
}
