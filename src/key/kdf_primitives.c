/* SPDX-License-Identifier: Apache-2.0 */
/* kdf_primitives.c: HKDF and PBKDF2. */
#include "kdf_primitives.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "crypto.h"
#include "error_queue.h"
#include "key_struct.h"

static void free_hmac(EVP_MAC_CTX **hmac)
{
	EVP_MAC_CTX_free(*hmac); /* wipes */
}

/* Extract a pseudo-random key (RFC 5869, section 2.2). */
static CK_RV extract_key(
	enum digest_kind kind, struct bytes ikm, struct bytes salt, struct secret *ret)
{
	static const uint8_t zero[DIGEST_MAX];
	size_t len = digest_length(kind);

	if (salt.p == NULL || salt.n == 0)
		salt = bytes_of(zero, len);
	KEEP_ERROR_QUEUE;
	__attribute__((cleanup(free_hmac))) EVP_MAC_CTX *hmac = hmac_new(kind, salt.p, salt.n);
	ENSURE(hmac != NULL, CKR_HOST_MEMORY);
	TRY(secret_resize(ret, len));
	ENSURE(EVP_MAC_update(hmac, ikm.p, ikm.n), CKR_FUNCTION_FAILED);
	REQUIRE(EVP_MAC_final(hmac, secret_bytes(ret), &len, len), CKR_HOST_MEMORY, NO_MEMORY);
	return CKR_OK;
}

/* Expand a key by T(i) = HMAC(prk, T(i - 1) || info || i) (RFC 5869, section 2.3). */
static CK_RV expand_key(
	enum digest_kind kind, struct bytes prk, struct bytes info, size_t len, struct secret *ret)
{
	KEEP_ERROR_QUEUE;
	__attribute__((cleanup(free_hmac))) EVP_MAC_CTX *hmac = hmac_new(kind, prk.p, prk.n);
	size_t block = digest_length(kind);
	SECRET t = {0};

	ENSURE(hmac != NULL, CKR_HOST_MEMORY);
	TRY(secret_resize(&t, block));
	TRY(secret_resize(ret, len));
	uint8_t i = 1;
	for (size_t done = 0, take; done < len; done += take, i++) {
		bool ok = i == 1 || (EVP_MAC_init(hmac, NULL, 0, NULL) &&
					    EVP_MAC_update(hmac, secret_peek(&t), block));
		ok = ok && (info.n == 0 || EVP_MAC_update(hmac, info.p, info.n)) &&
		     EVP_MAC_update(hmac, &i, 1);
		size_t n = block;
		REQUIRE(ok && EVP_MAC_final(hmac, secret_bytes(&t), &n, block), CKR_HOST_MEMORY,
			NO_MEMORY);
		take = len - done < block ? len - done : block;
		memcpy(secret_bytes(ret) + done, secret_peek(&t), take);
	}
	return CKR_OK;
}

_Static_assert(MAC_HMAC_SHA512 - MAC_HMAC_SHA1 == DIGEST_SHA512 - DIGEST_SHA1, "the same order");

/* Return the HMAC with the digest KIND, which is not DIGEST_NONE. */
static enum mac_kind hmac_with(enum digest_kind kind)
{
	return (enum mac_kind)(MAC_HMAC_SHA1 + (kind - DIGEST_SHA1));
}

/*
 * The same for a key in another token, where each T(i) is a call of key_mac. T(i - 1) is sent to
 * the other token as a part of the message.
 */
static CK_RV expand_remote(
	struct key *key, enum digest_kind kind, struct bytes info, size_t len, struct secret *ret)
{
	size_t block = digest_length(kind);
	SECRET message = {0}; /* T(i - 1), info, i */
	SECRET t = {0};

	TRY(secret_resize(&message, block + info.n + 1));
	TRY(secret_resize(&t, KEY_MAC_MAX));
	TRY(secret_resize(ret, len));
	uint8_t *from = secret_bytes(&message) + block, *end = from + info.n;
	if (info.n > 0)
		memcpy(from, info.p, info.n);
	for (size_t done = 0, take; done < len; done += take) {
		++*end;
		TRY(key_mac(
			key, hmac_with(kind), from, (size_t)(end + 1 - from), secret_bytes(&t)));
		from = secret_bytes(&message);
		memcpy(from, secret_peek(&t), block);
		take = len - done < block ? len - done : block;
		memcpy(secret_bytes(ret) + done, secret_peek(&t), take);
	}
	return CKR_OK;
}

/* HKDF of a key whose value is not here. Keys in memory pay nothing for this case. */
static CK_RV hkdf_without_value(struct key *key, enum digest_kind kind, bool extract,
	struct bytes info, size_t len, struct secret *ret)
{
	size_t block = digest_length(kind);

	ENSURE(key_is_remote(key), CKR_KEY_SIZE_RANGE); /* an empty key */
	REQUIRE(!extract, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"extraction takes the key as message, and the key is in another token");
	ENSURE(block > 0, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(len > 0 && len <= HKDF_BLOCKS_MAX * block && len <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	return expand_remote(key, kind, info, len, ret);
}

static CK_RV hkdf(struct bytes ikm, enum digest_kind kind, bool extract, bool expand,
	struct bytes salt, struct bytes info, size_t len, struct secret *ret)
{
	SECRET prk = {0};

	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	ENSURE((extract || expand) && digest_length(kind) > 0, CKR_MECHANISM_PARAM_INVALID);
	if (!expand) {
		ENSURE(len == 0 || len == digest_length(kind), CKR_KEY_SIZE_RANGE);
		return extract_key(kind, ikm, salt, ret);
	}
	ENSURE(len > 0 && len <= HKDF_BLOCKS_MAX * digest_length(kind) && len <= SECRET_MAX,
		CKR_KEY_SIZE_RANGE);
	if (!extract)
		return expand_key(kind, ikm, info, len, ret);
	TRY(extract_key(kind, ikm, salt, &prk));
	return expand_key(kind, bytes_of(secret_peek(&prk), prk.len), info, len, ret);
}

CK_RV key_hkdf(struct key *key, enum digest_kind kind, bool extract, bool expand, struct bytes salt,
	struct bytes info, size_t len, struct secret *ret)
{
	secret_wipe(ret);
	struct bytes ikm = key_expose(key);
	CK_RV rv = ikm.n > 0 ? hkdf(ikm, kind, extract, expand, salt, info, len, ret)
			     : hkdf_without_value(key, kind, extract, info, len, ret);
	if (rv != CKR_OK)
		secret_wipe(ret);
	return rv;
}

CK_RV pbkdf2(enum digest_kind kind, struct bytes password, struct bytes salt, uint64_t iterations,
	size_t len, struct secret *ret)
{
	static const uint8_t none[1];

	secret_wipe(ret);
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	ENSURE(digest_length(kind) > 0, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(iterations >= 1 && iterations <= INT32_MAX, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(len > 0 && len <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	int no_limits = 1; /* RFC 8018 sets no limits; the caller checks the lengths */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &no_limits),
		OSSL_PARAM_construct_utf8_string(
			OSSL_KDF_PARAM_DIGEST, (char *)digest_names[kind], 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
			(void *)(password.n ? password.p : none), password.n),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_SALT, (void *)(salt.n ? salt.p : none), salt.n),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
		OSSL_PARAM_construct_end(),
	};
	TRY(secret_resize(ret, len));
	KEEP_ERROR_QUEUE;
	EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(crypto->pbkdf2);
	bool ok = kdf != NULL && EVP_KDF_derive(kdf, secret_bytes(ret), len, params);
	EVP_KDF_CTX_free(kdf);
	if (!ok) {
		secret_wipe(ret);
		return FAIL(CKR_HOST_MEMORY, NO_MEMORY);
	}
	return CKR_OK;
}
