/* SPDX-License-Identifier: Apache-2.0 */
/* test_lorawan.c: the keys of a LoRaWAN join server. */
#include "key/wrap.h"
#include "scheme.h"

#define ROOT "01020304050607080102030405060708"

static CK_MECHANISM_TYPE mechanism_of(const struct vectors *v)
{
	const char *name = vector_text(v, "mechanism");

	return *name == 'S'   ? CKM_KEYDIV_LORAWAN_SESSION_KEY
	       : *name == 'D' ? CKM_KEYDIV_LORAWAN_DEVICE_KEY
			      : CKM_KEYDIV_LORAWAN_MULTICAST_KEY;
}

/* Put the field NAME of V as TAG if V has the field. */
static void put(struct scheme *s, const struct vectors *v, uint8_t tag, const char *name)
{
	if (vector_text(v, name) != NULL)
		scheme_put_hex(s, tag, vector_text(v, name));
}

static void start(struct scheme *s, const struct vectors *v)
{
	scheme_start(s, mechanism_of(v), CKK_AES, vector_text(v, "root"));
	put(s, v, KEYDIV_LORAWAN_KEY, "number");
	put(s, v, KEYDIV_JOIN_NONCE, "join_nonce");
	put(s, v, KEYDIV_NET_ID, "net_id");
	put(s, v, KEYDIV_JOIN_EUI, "join_eui");
	put(s, v, KEYDIV_DEV_NONCE, "dev_nonce");
	put(s, v, KEYDIV_DEV_EUI, "dev_eui");
	put(s, v, KEYDIV_MC_ADDR, "mc_addr");
}

/* The block of V under the root of V is the key. */
static void check_block(const struct vectors *v)
{
	uint8_t root[16], block[16], out[16];

	vector_hex(v, "root", root, 16);
	vector_hex(v, "block", block, 16);
	ck_ok(key_load(scheme_key(1), CKK_AES, root, 16));
	ck_ok(key_block(scheme_key(1), NULL, block, block));
	vector_hex(v, "out", out, 16);
	ck_assert_mem_eq(block, out, 16);
}

static void check_envelope(const struct vectors *v)
{
	uint8_t kek[16], key[16], expected[24], wrapped[24];

	if (vector_text(v, "kek") == NULL)
		return;
	vector_hex(v, "kek", kek, 16);
	vector_hex(v, "out", key, 16);
	vector_hex(v, "wrapped", expected, 24);
	ck_ok(key_load(scheme_key(1), CKK_AES, kek, 16));
	ck_ok(key_wrap(scheme_key(1), WRAP_KW, key, 16, wrapped));
	ck_assert_mem_eq(wrapped, expected, 24);
}

START_TEST(published_answers)
{
	struct vectors v;

	for (vectors_open(&v, "lorawan.txt"); vectors_next(&v);) {
		struct scheme s;
		start(&s, &v);
		scheme_expect(&s, vector_text(&v, "out"));
		ck_assert_uint_eq(s.type, CKK_AES);
		check_block(&v);
		check_envelope(&v);
	}
	ck_assert_uint_eq(v.cases, 13);
}
END_TEST

/* Only AES-128 bases and results exist. */
START_TEST(lengths_and_types)
{
	struct vectors v;

	for (vectors_open(&v, "lorawan.txt"); vectors_next(&v);) {
		struct scheme s;
		for (size_t n = 24; n <= 32; n += 8) {
			start(&s, &v);
			s.base_len = n;
			scheme_refused(&s, CKR_KEY_SIZE_RANGE);
			start(&s, &v);
			scheme_want(&s, CKK_AES, n);
			scheme_refused(&s, CKR_KEY_SIZE_RANGE);
		}
		start(&s, &v);
		scheme_want(&s, CKK_AES, 16);
		scheme_expect(&s, vector_text(&v, "out"));
		start(&s, &v);
		scheme_want(&s, CKK_GENERIC_SECRET, 16);
		scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
		start(&s, &v);
		s.base_type = CKK_DES2;
		s.base_len = 16;
		scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	}
}
END_TEST

/* A parameter by its encoding: LORAWAN_KEY is NUMBER and REST is the other fields. */
static CK_RV run(CK_MECHANISM_TYPE type, unsigned number, const char *rest)
{
	struct scheme s;
	SECRET value = {0};

	scheme_start(&s, type, CKK_AES, ROOT);
	keydiv_put(&s.parameter, KEYDIV_LORAWAN_KEY, &(uint8_t){(uint8_t)number}, 1);
	size_t n = strlen(rest) / 2;
	ck_assert(hex_decode(rest, s.parameter.bytes + s.parameter.length, n));
	s.parameter.length += n;
	return scheme_run(&s, &value);
}

/* Each number exists in one mechanism, in one version of LoRaWAN, and takes its own fields. */
START_TEST(numbers_and_fields)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *rest;
		uint8_t numbers[5]; /* that work with REST, ended by 0 */
	} cases[] = {
		{CKM_KEYDIV_LORAWAN_SESSION_KEY, "4500030100004600030102034800020102", {1, 2}},
		{CKM_KEYDIV_LORAWAN_SESSION_KEY, "45000301000047000808070605040302014800020102",
			{1, 2, 3, 4}},
		{CKM_KEYDIV_LORAWAN_SESSION_KEY, "4500030100004800020102", {0}},
		{CKM_KEYDIV_LORAWAN_SESSION_KEY,
			"45000301000046000301020347000808070605040302014800020102", {0}},
		{CKM_KEYDIV_LORAWAN_SESSION_KEY, "", {0}},
		{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "", {0x10, 0x11}},
		{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "4900080102030405060708", {5, 6}},
		{CKM_KEYDIV_LORAWAN_DEVICE_KEY, "4a000401020304", {0}},
		{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "", {0x12}},
		{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "4a000401020304", {0x13, 0x14}},
		{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, "4900080102030405060708", {0}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (unsigned number = 0; number < 256; number++) {
			bool works = number != 0 && memchr(cases[i].numbers, (int)number, 5);
			CK_RV rv = run(cases[i].type, number, cases[i].rest);
			ck_assert_msg(rv == (works ? CKR_OK : CKR_MECHANISM_PARAM_INVALID),
				"case %zu, LORAWAN_KEY %02x: %lx", i, number, rv);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lorawan");
	TCase *tc = tcase_create("lorawan");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, lengths_and_types);
	tcase_add_test(tc, numbers_and_fields);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
