/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poison.c: takes the place of four functions of the module (ld --wrap). Every PIN and every key is
 * secret from the moment in which it is stretched or loaded. What is revealed on purpose is public.
 */
#include "poison.h"

#include <string.h>

#include "key/seal.h"

#define BITS_MAX 4096 /* bytes of one secret_reveal that are examined */

CK_RV __real_key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n);
CK_RV __wrap_key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n);
CK_RV __real_pin_stretch(struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n,
	struct secret *ret_key);
CK_RV __wrap_pin_stretch(struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n,
	struct secret *ret_key);
bool __real_secret_equal(const void *a, const void *b, size_t n);
bool __wrap_secret_equal(const void *a, const void *b, size_t n);
void __wrap_secret_reveal(const void *p, size_t n, const char *reason);

CK_RV __wrap_key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	SECRET copy = {0};

	if (n > SECRET_MAX)
		return __real_key_load(key, type, value, n);
	TRY(secret_set(&copy, value, n));
	mark_secret(secret_peek(&copy), n);
	return __real_key_load(key, type, secret_peek(&copy), n);
}

CK_RV __wrap_pin_stretch(
	struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n, struct secret *ret_key)
{
	SECRET copy = {0};

	TRY(secret_set(&copy, pin.p, pin.n));
	mark_secret(secret_peek(&copy), pin.n);
	return __real_pin_stretch(bytes_of(secret_peek(&copy), pin.n), salt, log2_n, ret_key);
}

/* The caller of the module learns the result from the code of the call. */
bool __wrap_secret_equal(const void *a, const void *b, size_t n)
{
	bool equal = __real_secret_equal(a, b, n);

	mark_public(&equal, sizeof equal);
	return equal;
}

/* Say in valgrind's log that REASON was needed. run.py compares that with the sources. */
void __wrap_secret_reveal(const void *p, size_t n, const char *reason)
{
	uint8_t undefined[BITS_MAX] = {0};
	unsigned found = 0;

	if (VALGRIND_GET_VBITS(p, undefined, n < BITS_MAX ? n : BITS_MAX) == 1)
		for (size_t i = 0; i < sizeof undefined; i++)
			found |= undefined[i];
	if (found != 0)
		VALGRIND_PRINTF("revealed: %s\n", reason);
	mark_public(p, n);
}
