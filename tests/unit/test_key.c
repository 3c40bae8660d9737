/* SPDX-License-Identifier: Apache-2.0 */
/* test_key.c: key material: loading, CMAC, blocks, HMAC, check values. */
#include "key/key.h"

#include <pthread.h>

#include "unit.h"
#include "vectors.h"

static struct key *key;

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	ck_assert_ptr_nonnull(key);
}

static void tear_down(void)
{
	key_free(key);
	crypto_stop();
}

static void load_hex(struct key *k, CK_KEY_TYPE type, const char *hex)
{
	uint8_t value[64];
	size_t n = strlen(hex) / 2;

	ck_assert(hex_decode(hex, value, n));
	ck_ok(key_load(k, type, value, n));
}

static void check_hex(const uint8_t *p, size_t n, const char *expected)
{
	char text[2 * 256 + 1];

	hex_encode(p, n, text);
	ck_assert_str_eq(text, expected);
}

static void check_cmac_file(const char *file, bool aes, unsigned cases)
{
	struct vectors v;
	uint8_t value[32], msg[256 + 1], mac[16], result[16];

	for (vectors_open(&v, file); vectors_next(&v);) {
		size_t n = vector_hex(&v, "key", value, sizeof value);
		size_t msg_len = vector_hex(&v, "msg", msg + 1, sizeof msg - 1); /* odd address */
		size_t mac_len = vector_hex(&v, "mac", mac, sizeof mac);
		ck_ok(key_load(key, aes ? CKK_AES : CKK_DES3, value, n));
		ck_assert_uint_eq(mac_length(MAC_CMAC, key), mac_len);
		ck_ok(key_cmac(key, msg_len == 0 ? NULL : msg + 1, msg_len, result));
		ck_assert_mem_eq(result, mac, mac_len);
		ck_ok(key_mac(key, MAC_CMAC, msg + 1, msg_len, result));
		ck_assert_mem_eq(result, mac, mac_len);
		if (!aes && memcmp(value, value + 16, 8) == 0) {
			ck_ok(key_load(key, CKK_DES2, value, 16));
			ck_ok(key_cmac(key, msg + 1, msg_len, result));
			ck_assert_mem_eq(result, mac, mac_len);
		}
	}
	ck_assert_uint_eq(v.cases, cases);
}

START_TEST(published_cmacs)
{
	check_cmac_file("cmac_aes.txt", true, 12);
	check_cmac_file("cmac_tdes.txt", false, 9);
}
END_TEST

/*
 * SP 800-38A, F.1.1 (ECB-AES128), F.2.1 (CBC-AES128): two blocks each, in place and at
 * an odd address.
 */
START_TEST(published_blocks)
{
	static const char plain_hex[] =
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
	static const char iv_hex[] = "000102030405060708090a0b0c0d0e0f";
	uint8_t plain[32], iv[16], out[33];

	ck_assert(hex_decode(plain_hex, plain, sizeof plain) && hex_decode(iv_hex, iv, sizeof iv));
	load_hex(key, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c");
	ck_assert_uint_eq(key_block_size(key), 16);
	memcpy(out + 1, plain, 32);
	ck_ok(key_encrypt_blocks(key, NULL, out + 1, 32, out + 1));
	check_hex(out + 1, 32, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf");
	memcpy(out + 1, plain, 32);
	ck_ok(key_encrypt_blocks(key, iv, out + 1, 32, out + 1));
	check_hex(out + 1, 32, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
	ck_ok(key_block(key, NULL, plain, out));
	check_hex(out, 16, "3ad77bb40d7a3660a89ecaf32466ef97");
	ck_ok(key_encrypt_blocks(key, iv, NULL, 0, out));
	ck_rv(key_encrypt_blocks(key, iv, plain, 31, out), CKR_DATA_LEN_RANGE);
}
END_TEST

static const struct {
	CK_KEY_TYPE type;
	size_t n;
	CK_RV rv;
} sizes[] = {
	{CKK_AES, 0, CKR_KEY_SIZE_RANGE},
	{CKK_AES, 15, CKR_KEY_SIZE_RANGE},
	{CKK_AES, 16, CKR_OK},
	{CKK_AES, 24, CKR_OK},
	{CKK_AES, 32, CKR_OK},
	{CKK_AES, 33, CKR_KEY_SIZE_RANGE},
	{CKK_DES2, 16, CKR_OK},
	{CKK_DES2, 24, CKR_KEY_SIZE_RANGE},
	{CKK_DES3, 24, CKR_OK},
	{CKK_DES3, 16, CKR_KEY_SIZE_RANGE},
	{CKK_GENERIC_SECRET, 0, CKR_KEY_SIZE_RANGE},
	{CKK_GENERIC_SECRET, 1, CKR_OK},
	{CKK_GENERIC_SECRET, SECRET_MAX, CKR_OK},
	{CKK_GENERIC_SECRET, SECRET_MAX + 1, CKR_KEY_SIZE_RANGE},
	{CKK_SHA256_HMAC, 5, CKR_OK},
};

/* A refused key leaves the object empty, whatever was in it. */
START_TEST(key_sizes)
{
	static uint8_t value[SECRET_MAX + 1] = {7};
	uint8_t mac[KEY_MAC_MAX];

	load_hex(key, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c");
	ck_ok(key_cmac(key, NULL, 0, mac));
	ck_rv(key_load(key, sizes[_i].type, value, sizes[_i].n), sizes[_i].rv);
	if (sizes[_i].rv == CKR_OK) {
		ck_assert_uint_eq(key_type(key), sizes[_i].type);
		ck_assert_uint_eq(key_length(key), sizes[_i].n);
		ck_assert_mem_eq(key_expose(key).p, value, sizes[_i].n);
		return;
	}
	ck_assert_uint_eq(key_type(key), CK_UNAVAILABLE_INFORMATION);
	ck_assert_uint_eq(key_length(key), 0);
	ck_assert_uint_eq(key_block_size(key), 0);
	ck_rv(key_cmac(key, NULL, 0, mac), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(empty_and_foreign_keys)
{
	uint8_t out[KEY_MAC_MAX];

	for (int round = 0; round < 2; round++) {
		ck_rv(key_cmac(key, out, 16, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(key_block(key, NULL, out, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(key_block(key, out, out, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(key_encrypt_blocks(key, NULL, out, 16, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(key_mac(key, MAC_CMAC, out, 16, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(key_mac(key, MAC_GMAC, out, 16, out), CKR_FUNCTION_FAILED);
		ck_rv(key_check_value(key, true, out), CKR_KEY_TYPE_INCONSISTENT);
		if (round == 0) {
			ck_rv(key_mac(key, MAC_HMAC_SHA256, out, 16, out),
				CKR_KEY_TYPE_INCONSISTENT);
			ck_rv(key_check_value(key, false, out), CKR_KEY_TYPE_INCONSISTENT);
		}
		ck_ok(key_load(key, CKK_GENERIC_SECRET, (const uint8_t *)"0123456789abcdef", 16));
	}
	key_unload(key);
	key_unload(key);
	ck_rv(key_cmac(key, out, 16, out), CKR_KEY_TYPE_INCONSISTENT);
	key_free(NULL);
}
END_TEST

/*
 * A key object gives the same answers whatever was loaded before: kinds change, schedules
 * stay or go.
 */
START_TEST(loading_again)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
	} kinds[] = {{CKK_AES, 16}, {CKK_AES, 24}, {CKK_AES, 32}, {CKK_DES2, 16}, {CKK_DES3, 24},
		{CKK_GENERIC_SECRET, 16}};
	uint8_t value[32], msg[40], mine[16], fresh[16];
	uint64_t serial = key_serial(key);

	srand(1);
	for (int round = 0; round < 300; round++) {
		size_t k = (size_t)rand() % 6;
		for (size_t i = 0; i < sizeof value; i++)
			value[i] = (uint8_t)rand();
		for (size_t i = 0; i < sizeof msg; i++)
			msg[i] = (uint8_t)rand();
		ck_ok(key_load(key, kinds[k].type, value, kinds[k].n));
		ck_assert_uint_ne(key_serial(key), serial);
		serial = key_serial(key);
		if (rand() % 4 == 0)
			continue; /* loaded and not used */
		if (rand() % 4 == 0)
			key_unload(key);
		if (key_block_size(key) == 0)
			continue;
		struct key *other = key_new();
		ck_ok(key_load(other, kinds[k].type, value, kinds[k].n));
		ck_assert_uint_ne(key_serial(other), serial);
		size_t n = (size_t)rand() % 41;
		ck_ok(key_cmac(key, msg, n, mine));
		ck_ok(key_cmac(other, msg, n, fresh));
		ck_assert_mem_eq(mine, fresh, key_block_size(key));
		ck_ok(key_block(key, msg, msg + 32 - 16, mine));
		for (size_t i = 0; i < kinds[k].n; i++)
			value[i] ^= msg[i];
		ck_ok(key_load(other, kinds[k].type, value, kinds[k].n));
		ck_ok(key_block(other, NULL, msg + 32 - 16, fresh));
		ck_assert_mem_eq(mine, fresh, key_block_size(key));
		key_free(other);
	}
}
END_TEST

/* RFC 4231 and RFC 2202, test case 2 (key "Jefe"). */
START_TEST(published_hmacs)
{
	static const char msg[] = "what do ya want for nothing?";
	static const char *const macs[] = {
		[MAC_HMAC_SHA1] = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		[MAC_HMAC_SHA224] = "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
		[MAC_HMAC_SHA256] =
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		[MAC_HMAC_SHA384] = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec373632244"
				    "5e8e2240ca5e69e2c78b3239ec"
				    "fab21649",
		[MAC_HMAC_SHA512] = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505"
				    "549758bf75c05a994a6d034f65"
				    "f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
	};
	uint8_t out[KEY_MAC_MAX];

	ck_ok(key_load(key, CKK_GENERIC_SECRET, (const uint8_t *)"Jefe", 4));
	for (int round = 0; round < 2; round++)
		for (enum mac_kind kind = MAC_HMAC_SHA1; kind <= MAC_HMAC_SHA512; kind++) {
			ck_ok(key_mac(key, kind, (const uint8_t *)msg, sizeof msg - 1, out));
			ck_ok(key_mac(key, kind, (const uint8_t *)msg, sizeof msg - 1,
				out)); /* kept context */
			check_hex(out, mac_length(kind, NULL), macs[kind]);
		}
	ck_ok(key_load(key, CKK_GENERIC_SECRET, (const uint8_t *)"Jefr", 4));
	ck_ok(key_mac(key, MAC_HMAC_SHA512, (const uint8_t *)msg, sizeof msg - 1, out));
	ck_assert_uint_ne(out[0], 0x16);
	ck_ok(key_mac(key, MAC_HMAC_SHA512, NULL, 0, out));
	ck_assert_uint_eq(mac_length(MAC_GMAC, NULL), 16);
	ck_assert_uint_eq(mac_length(MAC_CMAC, NULL), 0);
	ck_assert_uint_eq(mac_length(MAC_NONE, NULL), 0);
}
END_TEST

START_TEST(check_values)
{
	uint8_t kcv[3];

	/*
	 * FIPS 197 has no such block; AES-128(0..0, 0..0) is the first of NIST's KAT, DES of
	 * zeros is 8ca64de9c1b123a7
	 */
	load_hex(key, CKK_AES, "00000000000000000000000000000000");
	ck_ok(key_check_value(key, false, kcv));
	check_hex(kcv, 3, "66e94b");
	/* SP 800-38B example: CMAC of zeros differs from the block */
	ck_ok(key_check_value(key, true, kcv));
	check_hex(kcv, 3, "763cbc");
	load_hex(key, CKK_DES2, "00000000000000000000000000000000");
	ck_ok(key_check_value(key, false, kcv));
	check_hex(kcv, 3, "8ca64d");
	ck_rv(key_check_value(key, true, kcv), CKR_KEY_TYPE_INCONSISTENT);
	ck_ok(key_load(key, CKK_GENERIC_SECRET, (const uint8_t *)"abc", 3));
	ck_ok(key_check_value(key, false, kcv));
	check_hex(kcv, 3, "a9993e"); /* FIPS 180-4: SHA-1("abc") */
}
END_TEST

START_TEST(parity)
{
	uint8_t all[256];

	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	des_set_odd_parity(all, sizeof all);
	for (unsigned i = 0; i < 256; i++) {
		ck_assert_uint_eq(all[i] & 0xfe, i & 0xfe);
		ck_assert_int_eq(__builtin_popcount(all[i]) & 1, 1);
	}
	des_set_odd_parity(NULL, 0);
}
END_TEST

static void *worker(void *seed)
{
	struct key *mine = key_new();
	uint8_t value[16] = {0}, mac[16], first[16];

	value[0] = *(const uint8_t *)seed;
	for (int i = 0; i < 2000; i++) {
		ck_ok(key_load(mine, CKK_AES, value, sizeof value));
		ck_ok(key_cmac(mine, value, sizeof value, mac));
		if (i == 0)
			memcpy(first, mac, sizeof first);
		ck_assert_mem_eq(mac, first, sizeof first);
	}
	key_free(mine);
	return NULL;
}

START_TEST(threads_with_a_key_each)
{
	pthread_t thread[4];
	uint8_t seed[4] = {1, 2, 3, 4};

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, worker, &seed[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key");
	TCase *tests = tcase_create("key");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, published_cmacs);
	tcase_add_test(tests, published_blocks);
	tcase_add_loop_test(tests, key_sizes, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tests, empty_and_foreign_keys);
	tcase_add_test(tests, loading_again);
	tcase_add_test(tests, published_hmacs);
	tcase_add_test(tests, check_values);
	tcase_add_test(tests, parity);
	tcase_add_test(tests, threads_with_a_key_each);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
