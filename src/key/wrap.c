/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.c: AES key wrap. */
#include "wrap.h"

#include <openssl/err.h>

#include "crypto.h"

#define SEMIBLOCK 8
#define WRAPPED_MAX (SECRET_MAX + 2 * SEMIBLOCK)

static void free_context(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
}

size_t wrap_length(enum wrap_kind kind, size_t n)
{
	if (n > SECRET_MAX)
		return 0;
	if (kind == WRAP_KW)
		return n >= 2 * SEMIBLOCK && n % SEMIBLOCK == 0 ? n + SEMIBLOCK : 0;
	return kind == WRAP_KWP && n > 0 ? (n + SEMIBLOCK - 1) / SEMIBLOCK * SEMIBLOCK + SEMIBLOCK
					 : 0;
}

/*
 * Set the key of CONTEXT for one wrap or unwrap under KEK. A CONTEXT of NULL gives CKR_HOST_MEMORY.
 */
static CK_RV start(struct key *kek, enum wrap_kind kind, bool encrypt, EVP_CIPHER_CTX *context)
{
	struct bytes value = key_expose(kek);
	enum evp_mode mode = kind == WRAP_KW ? EVP_MODE_KW : EVP_MODE_KWP;
	const EVP_CIPHER *cipher;

	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	cipher = crypto->cipher[mode][cipher_kind_of(key_type(kek), value.n)];
	ENSURE(cipher != NULL, CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(context != NULL, CKR_HOST_MEMORY);
	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ENSURE(EVP_CipherInit_ex2(context, cipher, value.p, NULL, encrypt, NULL),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV key_wrap(struct key *kek, enum wrap_kind kind, const uint8_t *plain, size_t n, uint8_t *out)
{
	__attribute__((cleanup(free_context))) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len = 0;

	TRY(start(kek, kind, true, context));
	ENSURE(wrap_length(kind, n) != 0, CKR_KEY_SIZE_RANGE);
	ENSURE(EVP_CipherUpdate(context, out, &len, plain, (int)n), CKR_FUNCTION_FAILED);
	ENSURE((size_t)len == wrap_length(kind, n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV key_unwrap(struct key *kek, enum wrap_kind kind, const uint8_t *wrapped, size_t n,
	struct secret *ret_plain)
{
	__attribute__((cleanup(free_context))) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t shortest = kind == WRAP_KW ? 3 * SEMIBLOCK : 2 * SEMIBLOCK;
	uint8_t plain[WRAPPED_MAX];
	int len = 0;
	CK_RV rv;

	secret_wipe(ret_plain);
	TRY(start(kek, kind, false, context));
	ENSURE(n >= shortest && n <= SECRET_MAX + SEMIBLOCK && n % SEMIBLOCK == 0,
		CKR_WRAPPED_KEY_LEN_RANGE);
	ERR_set_mark(); /* keep a wrong key out of the host program's error queue */
	bool good = EVP_CipherUpdate(context, plain, &len, wrapped, (int)n) && len > 0;
	ERR_pop_to_mark();
	rv = good ? secret_set(ret_plain, plain, (size_t)len)
		  : FAIL(CKR_WRAPPED_KEY_INVALID, "the wrapped key's integrity check failed");
	wipe(plain, n);
	return rv;
}
