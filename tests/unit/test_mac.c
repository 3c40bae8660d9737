/* SPDX-License-Identifier: Apache-2.0 */
/* test_mac.c: MACs in parts. */
#include "key/mac.h"

#include <openssl/evp.h>

#include "key/cipher.h"
#include "unit.h"
#include "vectors.h"

#define MOST 300

static struct key *key;
static struct mac *mac;
static const struct bytes no_iv;

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	mac = mac_new();
	ck_assert(key != NULL && mac != NULL);
	srand(3);
}

static void tear_down(void)
{
	mac_free(mac);
	key_free(key);
	crypto_stop();
}

static void in_parts(
	enum mac_kind kind, struct bytes iv, const uint8_t *msg, size_t n, uint8_t *out)
{
	ck_ok(mac_begin(mac, kind, key, iv));
	for (size_t done = 0; done < n;) {
		size_t take = (size_t)rand() % 40;
		if (take > n - done)
			take = n - done;
		ck_ok(mac_update(mac, take == 0 ? NULL : msg + done, take));
		done += take;
	}
	ck_ok(mac_finish(mac, out));
}

START_TEST(published_cmacs)
{
	static const char *const files[] = {"cmac_aes.txt", "cmac_tdes.txt"};
	struct vectors v;
	uint8_t value[32], msg[256], expected[16], out[KEY_MAC_MAX];

	for (int i = 0; i < 2; i++)
		for (vectors_open(&v, files[i]); vectors_next(&v);) {
			size_t n = vector_hex(&v, "msg", msg, sizeof msg),
			       len = vector_hex(&v, "mac", expected, 16);
			ck_ok(key_load(key, i == 0 ? CKK_AES : CKK_DES3, value,
				vector_hex(&v, "key", value, sizeof value)));
			for (int round = 0; round < 20; round++) {
				in_parts(MAC_CMAC, no_iv, msg, n, out);
				ck_assert_mem_eq(out, expected, len);
			}
		}
}
END_TEST

/* The examples of ISO/IEC 9797-1 and a chain of C-MACs. */
START_TEST(published_retail_macs)
{
	struct vectors v;
	uint8_t value[16], previous[8], msg[64], expected[8], out[KEY_MAC_MAX];

	for (vectors_open(&v, "retail_mac.txt"); vectors_next(&v);) {
		enum mac_kind kind =
			vector_number(&v, "padding") == 2 ? MAC_RETAIL : MAC_RETAIL_ZEROS;
		size_t n = vector_hex(&v, "data", msg, sizeof msg);
		struct bytes iv = no_iv;
		if (vector_text(&v, "previous") != NULL)
			iv = bytes_of(previous, vector_hex(&v, "previous", previous, 8));
		vector_hex(&v, "mac", expected, sizeof expected);
		ck_ok(key_load(key, CKK_DES2, value, vector_hex(&v, "key", value, sizeof value)));
		for (int round = 0; round < 20; round++) {
			in_parts(kind, iv, msg, n, out);
			ck_assert_mem_eq(out, expected, sizeof expected);
		}
		if (iv.n > 0)
			continue;
		ck_ok(key_mac(key, kind, msg, n, out));
		ck_assert_mem_eq(out, expected, sizeof expected);
	}
	ck_assert_uint_eq(v.cases, 7);
}
END_TEST

/* Padding method 1 of no data is a block of zeros, and the whole message needs no padding. */
START_TEST(retail_paddings)
{
	uint8_t value[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, zeros[16] = {0}, one[KEY_MAC_MAX];
	uint8_t other[KEY_MAC_MAX], padded[16] = {[8] = 0x80};

	ck_ok(key_load(key, CKK_DES2, value, sizeof value));
	ck_ok(key_mac(key, MAC_RETAIL_ZEROS, NULL, 0, one));
	ck_ok(key_mac(key, MAC_RETAIL_ZEROS, zeros, 8, other));
	ck_assert_mem_eq(one, other, 8);
	ck_ok(key_mac(key, MAC_RETAIL, zeros, 8, one));
	ck_ok(key_mac(key, MAC_RETAIL_ZEROS, padded, 16, other));
	ck_assert_mem_eq(one, other, 8);
	ck_ok(key_mac(key, MAC_RETAIL, NULL, 0, one));
	ck_ok(key_mac(key, MAC_RETAIL_ZEROS, padded + 8, 8, other));
	ck_assert_mem_eq(one, other, 8);
}
END_TEST

/* Algorithm 3 takes DES2 keys, the odd bytes of CMAC take AES keys. */
START_TEST(keys_of_the_card_macs)
{
	uint8_t value[24] = {1, 2, 3}, out[KEY_MAC_MAX];

	for (enum mac_kind kind = MAC_CMAC_ODD; kind <= MAC_RETAIL_ZEROS; kind++) {
		CK_KEY_TYPE good = kind == MAC_CMAC_ODD ? CKK_AES : CKK_DES2;
		ck_assert_uint_eq(mac_length(kind, NULL), 8);
		ck_ok(key_load(key, good == CKK_AES ? CKK_DES2 : CKK_AES, value, 16));
		ck_rv(key_mac(key, kind, value, 1, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(mac_begin(mac, kind, key, no_iv), CKR_KEY_TYPE_INCONSISTENT);
		ck_ok(key_load(key, CKK_DES3, value, 24));
		ck_rv(key_mac(key, kind, value, 1, out), CKR_KEY_TYPE_INCONSISTENT);
		ck_rv(mac_begin(mac, kind, key, no_iv), CKR_KEY_TYPE_INCONSISTENT);
		ck_ok(key_load(key, good, value, 16));
		ck_ok(mac_begin(mac, kind, key, no_iv));
		ck_ok(key_load(key, good, value, 16)); /* meanwhile */
		ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	}
	ck_ok(key_load(key, CKK_DES2, value, 16));
	ck_rv(mac_begin(mac, MAC_RETAIL, key, bytes_of(value, 7)), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* Return true if KIND takes the type of the loaded key. */
static bool takes(enum mac_kind kind)
{
	switch (kind) {
	case MAC_CMAC:
		return key_block_size(key) != 0;
	case MAC_CMAC_ODD:
		return key_type(key) == CKK_AES;
	case MAC_RETAIL:
	case MAC_RETAIL_ZEROS:
		return key_type(key) == CKK_DES2;
	default:
		return true;
	}
}

/*
 * Parts give what key_mac gives in one, for every kind and length, with keys that change
 * now and then.
 */
START_TEST(parts_and_whole)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
	} kinds[] = {{CKK_AES, 16}, {CKK_AES, 32}, {CKK_DES2, 16}, {CKK_DES3, 24},
		{CKK_GENERIC_SECRET, 200}};
	uint8_t value[200], msg[MOST], whole[KEY_MAC_MAX], out[KEY_MAC_MAX];

	for (int round = 0; round < 1500; round++) {
		size_t k = (size_t)rand() % 5, n = (size_t)rand() % MOST;
		enum mac_kind kind = (enum mac_kind)(MAC_CMAC + rand() % MAC_RETAIL_ZEROS);
		if (round == 0 || rand() % 4 == 0) {
			for (size_t i = 0; i < sizeof value; i++)
				value[i] = (uint8_t)rand();
			ck_ok(key_load(key, kinds[k].type, value, kinds[k].n));
		}
		for (size_t i = 0; i < n; i++)
			msg[i] = (uint8_t)rand();
		if (kind == MAC_GMAC) /* takes an IV */
			continue;
		if (!takes(kind)) {
			ck_rv(mac_begin(mac, kind, key, no_iv), CKR_KEY_TYPE_INCONSISTENT);
			continue;
		}
		ck_ok(key_mac(key, kind, msg, n, whole));
		in_parts(kind, no_iv, msg, n, out);
		ck_assert_mem_eq(out, whole, mac_length(kind, key));
		if (rand() % 8 == 0)
			mac_reset(mac);
	}
}
END_TEST

/* GMAC is GCM's tag over associated data alone (SP 800-38D, section 3). */
START_TEST(gmac_is_gcm)
{
	uint8_t value[16] = {9}, iv[60] = {1}, msg[MOST] = {2}, out[KEY_MAC_MAX], tag[16];
	struct cipher *cipher = cipher_new();
	size_t n;

	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	for (int round = 0; round < 50; round++) {
		struct cipher_setup setup = {CIPHER_GCM, true, {iv, 1 + (size_t)rand() % 60},
			{msg, (size_t)rand() % MOST}, 16, 0, 0};
		iv[0] = (uint8_t)round;
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_ok(cipher_finish(cipher, no_iv, tag, &n));
		in_parts(MAC_GMAC, setup.iv, msg, setup.aad.n, out);
		ck_assert_mem_eq(out, tag, 16);
	}
	/* GCM test case 1 of McGrew and Viega: nothing at all under the zero key */
	memset(value, 0, sizeof value);
	memset(iv, 0, sizeof iv);
	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	in_parts(MAC_GMAC, bytes_of(iv, 12), NULL, 0, out);
	ck_assert(hex_decode("58e2fccefa7e3061367f1d57a4e7455a", tag, 16));
	ck_assert_mem_eq(out, tag, 16);
	cipher_free(cipher);
}
END_TEST

START_TEST(calls_out_of_order_are_refused)
{
	uint8_t value[16] = {1}, out[KEY_MAC_MAX], iv[12] = {0};
	const struct bytes good_iv = {iv, sizeof iv};

	ck_rv(mac_update(mac, value, 1), CKR_FUNCTION_FAILED);
	ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	for (enum mac_kind kind = MAC_CMAC; kind <= MAC_RETAIL_ZEROS; kind++)
		ck_rv(mac_begin(mac, kind, key, good_iv),
			CKR_KEY_TYPE_INCONSISTENT); /* no key in it */
	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	ck_rv(mac_begin(mac, MAC_NONE, key, no_iv), CKR_FUNCTION_FAILED);
	ck_rv(mac_begin(mac, MAC_GMAC, key, no_iv), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(mac_begin(mac, MAC_GMAC, key, bytes_of(iv, 0)), CKR_MECHANISM_PARAM_INVALID);
	ck_ok(mac_begin(mac, MAC_CMAC, key, no_iv));
	ck_ok(mac_finish(mac, out));
	ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	ck_ok(mac_begin(mac, MAC_CMAC, key, no_iv));
	ck_ok(key_load(key, CKK_AES, value, sizeof value)); /* meanwhile */
	ck_rv(mac_update(mac, value, 1), CKR_FUNCTION_FAILED);
	ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	ck_ok(mac_begin(mac, MAC_CMAC, key, no_iv));
	key_unload(key);
	ck_rv(mac_update(mac, value, 1), CKR_FUNCTION_FAILED);
	ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	ck_ok(key_load(key, CKK_DES3, (const uint8_t *)"0123456789abcdef01234567", 24));
	ck_rv(mac_begin(mac, MAC_GMAC, key, good_iv), CKR_KEY_TYPE_INCONSISTENT);
	ck_ok(mac_begin(mac, MAC_CMAC, key, no_iv));
	mac_reset(mac);
	ck_rv(mac_finish(mac, out), CKR_FUNCTION_FAILED);
	mac_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mac");
	TCase *tests = tcase_create("mac");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, published_cmacs);
	tcase_add_test(tests, published_retail_macs);
	tcase_add_test(tests, retail_paddings);
	tcase_add_test(tests, keys_of_the_card_macs);
	tcase_add_test(tests, parts_and_whole);
	tcase_add_test(tests, gmac_is_gcm);
	tcase_add_test(tests, calls_out_of_order_are_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
