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

void secret_wipe(struct secret *s)
{
	if (s->heap) {
		arena_give(&long_secrets, s->heap, s->len);
		s->heap = NULL;
	} else if (s->len > 0) {
		OPENSSL_cleanse(s->small, s->len);
	}
	s->len = 0;
}

CK_RV secret_resize(struct secret *s, size_t n)
{
	secret_wipe(s);
	REQUIRE(n <= DATA_MAX, CKR_DATA_LEN_RANGE, "a secret is longer than 65536 bytes");
	if (n > SECRET_INLINE) {
		s->heap = arena_take(&long_secrets, n);
		REQUIRE(s->heap != NULL, CKR_HOST_MEMORY, "no memory for a secret");
	} else {
		memset(s->small, 0, n);
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
