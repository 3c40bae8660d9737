/* SPDX-License-Identifier: Apache-2.0 */
/* test_dukpt_tdes.c: the test data of X9.24-1:2009 annex A.4, and what is refused. */
#include "dukpt.h"

#include "scheme.h"

#define BDK "0123456789abcdeffedcba9876543210"

static void start(struct scheme *s, const char *ksn, unsigned usage)
{
	uint8_t bytes[2];

	put_be16(bytes, (uint16_t)usage);
	scheme_start(s, CKM_KEYDIV_TDES_DUKPT_KEY, CKK_DES2, BDK);
	scheme_put_hex(s, KEYDIV_KSN, ksn);
	keydiv_put(&s->parameter, KEYDIV_DUKPT_USAGE, bytes, 2);
}

/* The working key for USAGE, loaded into key 1 of the fixture. */
static struct key *working_key(const char *ksn, unsigned usage)
{
	struct scheme s;
	SECRET value = {0};

	start(&s, ksn, usage);
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, CKK_DES2);
	ck_assert_uint_eq(value.len, 16);
	ck_ok(key_load(scheme_key(1), CKK_DES2, secret_peek(&value), 16));
	return scheme_key(1);
}

static void check_pin(const struct vectors *v, const char *ksn)
{
	uint8_t block[8], expected[8];

	vector_hex(v, "pin_block", block, 8);
	vector_hex(v, "pin_block_enc", expected, 8);
	ck_ok(key_block(working_key(ksn, KEYDIV_USAGE_PIN), NULL, block, block));
	ck_assert_mem_eq(block, expected, 8);
}

static size_t padded_data(const struct vectors *v, uint8_t data[64])
{
	memset(data, 0, 64);
	return (vector_hex(v, "data", data, 56) + 7) / 8 * 8;
}

static void check_data(const struct vectors *v, const char *ksn)
{
	static const uint8_t zero[8];
	uint8_t data[64], expected[64];
	size_t n = padded_data(v, data);

	ck_assert_uint_eq(vector_hex(v, "data_enc", expected, sizeof expected), n);
	ck_ok(key_encrypt_blocks(working_key(ksn, KEYDIV_USAGE_DATA_REQUEST), zero, data, n, data));
	ck_assert_mem_eq(data, expected, n);
}

/* X9.19: CBC-MAC with the left half, the last block with all of the key. */
static void check_mac(const struct vectors *v, const char *ksn, unsigned usage, const char *name)
{
	uint8_t data[64], expected[4], single[16], mac[8] = {0};
	size_t n = padded_data(v, data);
	struct key *key = working_key(ksn, usage);

	vector_hex(v, name, expected, 4);
	memcpy(single, key_expose(key).p, 8);
	memcpy(single + 8, single, 8);
	ck_ok(key_load(scheme_key(2), CKK_DES2, single, 16));
	for (size_t i = 0; i < n; i += 8) {
		for (size_t j = 0; j < 8; j++)
			mac[j] ^= data[i + j];
		ck_ok(key_block(i + 8 < n ? scheme_key(2) : key, NULL, mac, mac));
	}
	ck_assert_mem_eq(mac, expected, 4);
}

static void check_transaction_key(const struct vectors *v)
{
	uint8_t ik[16], ksn[10], expected[16];
	SECRET key = {0};

	vector_hex(v, "ik", ik, sizeof ik);
	vector_hex(v, "ksn", ksn, sizeof ksn);
	vector_hex(v, "txn_key", expected, sizeof expected);
	ck_ok(key_load(scheme_key(0), CKK_DES2, ik, sizeof ik));
	ck_ok(tdes_dukpt_transaction_key(scheme_key(0), ksn, &key));
	ck_assert_mem_eq(secret_peek(&key), expected, 16);
}

/* The result has the bits of HEX, without any parity set. */
static void check_bits(struct scheme *s, const char *hex)
{
	uint8_t expected[16];
	SECRET value = {0};

	ck_assert(hex_decode(hex, expected, sizeof expected));
	ck_ok(scheme_run(s, &value));
	ck_assert_uint_eq(value.len, sizeof expected);
	ck_assert_mem_eq(secret_peek(&value), expected, sizeof expected);
}

/* From the initial key come the same keys as from the BDK, for every usage. */
static void check_of_initial(const struct vectors *v, const char *ksn)
{
	static const unsigned indicators[] = {KEYDIV_USAGE_PIN, KEYDIV_USAGE_MAC_REQUEST,
		KEYDIV_USAGE_MAC_RESPONSE, KEYDIV_USAGE_DATA_REQUEST, KEYDIV_USAGE_DATA_RESPONSE};

	for (size_t i = 0; i < sizeof indicators / sizeof indicators[0]; i++) {
		struct scheme s;
		SECRET of_bdk = {0};
		SECRET of_initial = {0};
		start(&s, ksn, indicators[i]);
		ck_ok(scheme_run(&s, &of_bdk));
		s.mechanism = CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL;
		ck_assert(hex_decode(vector_text(v, "ik"), s.base, 16));
		ck_ok(scheme_run(&s, &of_initial));
		ck_assert_mem_eq(secret_peek(&of_bdk), secret_peek(&of_initial), 16);
	}
}

START_TEST(annex_a4)
{
	struct vectors v;
	struct scheme s;

	for (vectors_open(&v, "dukpt_tdes.txt"); vectors_next(&v);) {
		const char *ksn = vector_text(&v, "ksn");
		if (vector_text(&v, "bdk")) {
			scheme_start(&s, CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKK_DES2,
				vector_text(&v, "bdk"));
			scheme_put_hex(&s, KEYDIV_KSN, ksn);
			scheme_want(&s, CKK_GENERIC_SECRET, 16);
			scheme_expect(&s, vector_text(&v, "ik"));
			scheme_want(&s, CKK_DES2, 0);
			check_bits(&s, vector_text(&v, "ik"));
			continue;
		}
		check_transaction_key(&v);
		check_of_initial(&v, ksn);
		check_pin(&v, ksn);
		check_data(&v, ksn);
		check_mac(&v, ksn, KEYDIV_USAGE_MAC_REQUEST, "mac_req");
		check_mac(&v, ksn, KEYDIV_USAGE_MAC_RESPONSE, "mac_rsp");
	}
	ck_assert_uint_eq(v.cases, 35);
}
END_TEST

static const char *const bad_ksn[] = {
	"ffff9876543210e00000", /* counter 0 */
	"ffff9876543210fffff8", /* 18 bits */
	"ffff9876543210e007ff", /* 11 bits */
};

START_TEST(refused_counters)
{
	struct scheme s;

	start(&s, bad_ksn[_i], KEYDIV_USAGE_PIN);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(usages)
{
	struct scheme s;
	unsigned taken = 0;

	for (unsigned usage = 0; usage <= 0xFFFF; usage++) {
		SECRET value = {0};
		start(&s, "ffff9876543210e00001", usage);
		CK_RV rv = scheme_run(&s, &value);
		ck_assert(rv == CKR_OK || rv == CKR_MECHANISM_PARAM_INVALID);
		taken += rv == CKR_OK;
	}
	ck_assert_uint_eq(taken, 5);
}
END_TEST

START_TEST(other_bases_and_results)
{
	struct scheme s;

	start(&s, "ffff9876543210e00001", KEYDIV_USAGE_PIN);
	s.base_type = CKK_AES;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	start(&s, "ffff9876543210e00001", KEYDIV_USAGE_PIN);
	scheme_want(&s, CKK_DES3, 0);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dukpt_tdes");
	TCase *tc = tcase_create("dukpt_tdes");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, annex_a4);
	tcase_add_loop_test(tc, refused_counters, 0, sizeof bad_ksn / sizeof bad_ksn[0]);
	tcase_add_test(tc, usages);
	tcase_add_test(tc, other_bases_and_results);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
