/* SPDX-License-Identifier: Apache-2.0 */
/* test_lorawan_join.c: MICs of join messages, and encrypted join accepts. */
#include "scheme.h"

#define MESSAGE_MAX 40

static void load(const struct vectors *v)
{
	uint8_t key[16];

	vector_hex(v, "key", key, 16);
	ck_ok(key_load(scheme_key(0), CKK_AES, key, 16));
}

/* Make the MIC of N bytes at MESSAGE under the key of the fixture. */
static CK_RV sign(const uint8_t *message, size_t n, uint8_t mic[KEY_MAC_MAX])
{
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_LORAWAN_MIC);
	struct signing signing = {.key = scheme_key(0), .data = bytes_of(message, n)};

	memset(mic, 0xEE, KEY_MAC_MAX);
	ck_assert_uint_eq(mech->operation.sign_length, 4);
	ck_assert_uint_eq(mech->operation.sign_data_max, MESSAGE_MAX);
	return mech->operation.sign(&signing, mic);
}

START_TEST(published_mics)
{
	struct vectors v;

	for (vectors_open(&v, "lorawan_join.txt"); vectors_next(&v);) {
		uint8_t message[MESSAGE_MAX], expected[4], mic[KEY_MAC_MAX];
		size_t n = vector_hex(&v, "message", message, sizeof message);
		load(&v);
		vector_hex(&v, "mic", expected, 4);
		ck_ok(sign(message, n, mic));
		ck_assert_mem_eq(mic, expected, 4);
		for (size_t i = 4; i < KEY_MAC_MAX; i++)
			ck_assert_uint_eq(mic[i], 0xEE); /* no more of the CMAC leaves */
	}
	ck_assert_uint_eq(v.cases, 7);
}
END_TEST

START_TEST(published_accepts)
{
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT);
	struct cipher *cipher = cipher_new();
	struct vectors v;
	unsigned accepts = 0;

	for (vectors_open(&v, "lorawan_join.txt"); vectors_next(&v);) {
		uint8_t plain[32], expected[32], out[48];
		size_t done, n;
		if (vector_text(&v, "accept") == NULL)
			continue;
		load(&v);
		n = vector_hex(&v, "accept", plain, sizeof plain);
		ck_assert_uint_eq(vector_hex(&v, "encrypted", expected, sizeof expected), n);
		struct cipher_setup setup = {
			.mode = mech->operation.cipher, .encrypt = !mech->operation.inverse};
		ck_ok(cipher_begin(cipher, scheme_key(0), &setup));
		ck_ok(cipher_update(cipher, plain, n, out, &done));
		ck_assert_uint_eq(done, n);
		ck_assert_mem_eq(out, expected, n);
		/* The device has the cipher alone, and no inverse. */
		ck_ok(key_encrypt_blocks(scheme_key(0), NULL, out, n, out));
		ck_assert_mem_eq(out, plain, n);
		accepts++;
	}
	cipher_free(cipher);
	ck_assert_uint_eq(accepts, 5);
}
END_TEST

/* The bytes of a message that decide whether it is one: at 0, 1 and 11. */
static bool is_message(const uint8_t *p, size_t n)
{
	bool type = p[0] == 0xFF || p[0] <= 2;

	return (n == 19 && p[0] == 0x00) || ((n == 13 || n == 29) && p[0] == 0x20) ||
	       ((n == 24 || n == 40) && type && p[11] == 0x20) ||
	       (n == 20 && p[0] == 0xC0 && p[1] == 1);
}

/* Each length, with each value of the bytes that decide: the messages of LoRaWAN and no others. */
START_TEST(no_other_message)
{
	static const uint8_t seconds[] = {0x00, 0x01, 0x02, 0x20, 0xC0, 0xFF};
	uint8_t message[MESSAGE_MAX + 1], mic[KEY_MAC_MAX];
	unsigned accepted = 0;

	ck_ok(key_load(scheme_key(0), CKK_AES, (const uint8_t *)"0123456789abcdef", 16));
	for (size_t n = 0; n <= sizeof message; n++)
		for (unsigned first = 0; first < 256; first++)
			for (unsigned i = 0; i < 36; i++) {
				memset(message, 0x5A, sizeof message);
				message[0] = (uint8_t)first;
				message[1] = seconds[i % 6];
				message[11] = seconds[i / 6];
				bool good = is_message(message, n);
				ck_rv(sign(message, n, mic), good ? CKR_OK : CKR_DATA_INVALID);
				accepted += good;
			}
	/* 19, 13 and 29 bytes: 36 each; 24 and 40: 4 types and 6 seconds each; 20: 6 */
	ck_assert_uint_eq(accepted, 3 * 36 + 2 * 24 + 6);
}
END_TEST

static CK_RV foreign_cmac(void *remote, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	return key_cmac(remote, msg, n, ret_mac);
}

/* A key in another token makes MICs, if the token makes CMACs. No token is asked to decrypt. */
START_TEST(key_in_another_token)
{
	static const struct key_ops ops = {.cmac = foreign_cmac};
	struct cipher_setup setup = {.mode = CIPHER_ECB, .encrypt = false};
	struct cipher *cipher = cipher_new();
	uint8_t message[19] = {0}, mic[KEY_MAC_MAX], expected[KEY_MAC_MAX];

	ck_ok(key_load(scheme_key(1), CKK_AES, (const uint8_t *)"0123456789abcdef", 16));
	ck_ok(key_load(scheme_key(0), CKK_AES, (const uint8_t *)"0123456789abcdef", 16));
	ck_ok(sign(message, sizeof message, expected));
	ck_ok(key_attach(scheme_key(0), CKK_AES, 16, &ops, scheme_key(1)));
	ck_ok(sign(message, sizeof message, mic));
	ck_assert_mem_eq(mic, expected, 4);
	ck_rv(cipher_begin(cipher, scheme_key(0), &setup), CKR_KEY_FUNCTION_NOT_PERMITTED);
	cipher_free(cipher);
}
END_TEST

/* AES keys of 16 bytes, and no object but a master may use the mechanisms. */
START_TEST(properties)
{
	static const CK_MECHANISM_TYPE types[] = {
		CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT};

	for (size_t i = 0; i < 2; i++) {
		const struct mechanism *mech = mechanism_find(types[i]);
		ck_assert_uint_eq(mech->info.ulMinKeySize, 16);
		ck_assert_uint_eq(mech->info.ulMaxKeySize, 16);
		ck_assert(mech->operation.by_deriving_key && !mech->operation.for_use);
		ck_assert(!mech->derive.for_use && mech->trade == TRADE_LORAWAN);
	}
	ck_assert_uint_eq(mechanism_find(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT)->info.flags, CKF_ENCRYPT);
	ck_assert_uint_eq(
		mechanism_find(CKM_KEYDIV_LORAWAN_MIC)->info.flags, CKF_SIGN | CKF_VERIFY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lorawan_join");
	TCase *tc = tcase_create("lorawan_join");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_mics);
	tcase_add_test(tc, published_accepts);
	tcase_add_test(tc, no_other_message);
	tcase_add_test(tc, key_in_another_token);
	tcase_add_test(tc, properties);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
