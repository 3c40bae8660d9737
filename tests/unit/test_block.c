/* SPDX-License-Identifier: Apache-2.0 */
/* test_block.c: the provider's block ciphers, called through its table, against the same by EVP. */
#include <openssl/evp.h>

#include "key/crypto.h"
#include "key/library.h"
#include "key/provider.h"
#include "unit.h"

static const char *const names[KIND_COUNT] = {
	[KIND_AES128] = "AES-128-ECB",
	[KIND_AES192] = "AES-192-ECB",
	[KIND_AES256] = "AES-256-ECB",
	[KIND_DES2] = "DES-EDE-ECB",
	[KIND_DES3] = "DES-EDE3-ECB",
};

static void by_evp(enum cipher_kind kind, const uint8_t *key, const uint8_t in[48], uint8_t out[48])
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, names[kind], NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int n;

	ck_assert(cipher != NULL && EVP_EncryptInit_ex2(context, cipher, key, NULL, NULL));
	ck_assert(EVP_CIPHER_CTX_set_padding(context, 0) &&
		  EVP_EncryptUpdate(context, out, &n, in, 48) && n == 48);
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
}

/* Keyed again and again, the last time with zeros, which is how a schedule is wiped. */
START_TEST(every_kind_is_what_evp_computes)
{
	enum cipher_kind kind = (enum cipher_kind)_i;
	uint8_t key[32], in[48], out[48], expected[48];

	ck_assert_uint_eq(crypto_start(), CKR_OK);
	void *context = block_new(kind);
	ck_assert_ptr_nonnull(context);
	for (int round = 20; round >= 0; round--) {
		for (size_t i = 0; i < sizeof key; i++)
			key[i] = (uint8_t)(round * (7 * i + (size_t)round));
		for (size_t i = 0; i < sizeof in; i++)
			in[i] = (uint8_t)(round + 31 * (int)i);
		by_evp(kind, key, in, expected);
		ck_assert(block_set_key(kind, context, key));
		ck_assert(block_encrypt(kind, context, in, sizeof in, out));
		ck_assert_mem_eq(out, expected, sizeof out);
		ck_assert(block_encrypt(kind, context, in, sizeof in, in)); /* in place */
		ck_assert_mem_eq(in, expected, sizeof in);
	}
	block_free(kind, context);
	crypto_stop();
}
END_TEST

/* A name is found whole, in either case, among the names of an algorithm. */
START_TEST(names_of_the_provider)
{
	ck_assert_uint_eq(crypto_start(), CKR_OK);
	OSSL_PROVIDER *p = crypto->provider;
	ck_assert(provider_has(p, OSSL_OP_CIPHER, "AES-128-ECB"));
	ck_assert(provider_has(p, OSSL_OP_CIPHER, "aes-128-ecb"));
	ck_assert(provider_has(p, OSSL_OP_CIPHER, "DES-EDE3"));
	ck_assert(!provider_has(p, OSSL_OP_CIPHER, "AES-128"));
	ck_assert(!provider_has(p, OSSL_OP_CIPHER, ""));
	ck_assert(!provider_has(p, OSSL_OP_DIGEST, "AES-128-ECB"));
	ck_assert(provider_has(p, OSSL_OP_MAC, "HMAC"));
	ck_assert(!provider_has(p, OSSL_OP_MAC, "HMAC2"));
	crypto_stop();
}
END_TEST

START_TEST(freeing_nothing_and_unknown_kinds)
{
	ck_assert_uint_eq(crypto_start(), CKR_OK);
	block_free(KIND_AES128, NULL);
	ck_assert_ptr_null(block_new(KIND_NONE));
	crypto_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block");
	TCase *tc = tcase_create("block");

	tcase_add_loop_test(tc, every_kind_is_what_evp_computes, KIND_NONE + 1, KIND_COUNT);
	tcase_add_test(tc, freeing_nothing_and_unknown_kinds);
	tcase_add_test(tc, names_of_the_provider);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
