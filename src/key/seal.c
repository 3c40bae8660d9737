/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c: scrypt and AES-256-GCM. */
#include "seal.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "error_queue.h"
#include "gcm.h"
#include "random.h"

#define NONCE_LEN 12
#define SCRYPT_R 8
#define SCRYPT_P 1

CK_RV pin_stretch(
	struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n, struct secret *ret_key)
{
	uint64_t n = (uint64_t)1 << (log2_n < 63 ? log2_n : 63), r = SCRYPT_R, p = SCRYPT_P;
	uint64_t memory =
		128 * r * n + (1 << 20); /* the array V of scrypt, and the smaller buffers */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_PASSWORD, (void *)(pin.n > 0 ? pin.p : salt), pin.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, PIN_SALT_LEN),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};
	SECRET key = {0};

	ENSURE(crypto != NULL && log2_n >= 1 && log2_n <= 30, CKR_FUNCTION_FAILED);
	TRY(secret_resize(&key, SEAL_KEY_LEN));
	KEEP_ERROR_QUEUE;
	EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(crypto->scrypt);
	ENSURE(kdf != NULL, CKR_HOST_MEMORY);
	bool ok = EVP_KDF_derive(kdf, secret_bytes(&key), SEAL_KEY_LEN, params);
	EVP_KDF_CTX_free(kdf);
	ENSURE(ok, CKR_HOST_MEMORY); /* with parameters in range, only memory can be missing */
	return secret_set(ret_key, secret_peek(&key), SEAL_KEY_LEN);
}

static CK_RV start(struct gcm *gcm, const struct secret *secret, bool encrypt, const uint8_t *nonce,
	struct bytes aad)
{
	ENSURE(crypto != NULL && secret->len == SEAL_KEY_LEN, CKR_FUNCTION_FAILED);
	TRY(gcm_begin_raw(
		gcm, KIND_AES256, secret_peek(secret), encrypt, bytes_of(nonce, NONCE_LEN)));
	return gcm_update(gcm, aad.p, aad.n, NULL);
}

CK_RV seal(const struct secret *key, struct bytes aad, const uint8_t *plain, size_t n, uint8_t *out)
{
	__attribute__((cleanup(gcm_free))) struct gcm gcm = {0};
	uint8_t nonce[NONCE_LEN];

	TRY(random_bytes(nonce, sizeof nonce));
	TRY(start(&gcm, key, true, nonce, aad));
	TRY(gcm_update(&gcm, plain, n, out + NONCE_LEN));
	TRY(gcm_tag(&gcm, GCM_TAG, out + NONCE_LEN + n));
	memcpy(out, nonce, sizeof nonce);
	secret_reveal(out, n + SEAL_OVERHEAD, "what is sealed is stored in files");
	return CKR_OK;
}

CK_RV seal_open(
	const struct secret *key, struct bytes aad, struct bytes sealed, struct secret *ret_plain)
{
	__attribute__((cleanup(gcm_free))) struct gcm gcm = {0};
	size_t n;
	CK_RV rv;

	secret_wipe(ret_plain);
	ENSURE(sealed.n >= SEAL_OVERHEAD && sealed.n - SEAL_OVERHEAD <= DATA_MAX,
		CKR_ENCRYPTED_DATA_INVALID);
	n = sealed.n - SEAL_OVERHEAD;
	TRY(start(&gcm, key, false, sealed.p, aad));
	TRY(secret_resize(ret_plain, n));
	rv = gcm_update(&gcm, sealed.p + NONCE_LEN, n, secret_bytes(ret_plain));
	if (rv == CKR_OK)
		rv = gcm_check(&gcm, bytes_of(sealed.p + NONCE_LEN + n, GCM_TAG));
	if (rv != CKR_OK)
		secret_wipe(ret_plain);
	return rv;
}
