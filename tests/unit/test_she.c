/* SPDX-License-Identifier: Apache-2.0 */
/* test_she.c: the memory update protocol of SHE modules. */
#include "key/she.h"
#include "scheme.h"
#include "wrapping.h"

static const uint8_t enc[16] = {0x01, 0x01, 'S', 'H', 'E', 0x00, 0x80, [15] = 0xB0},
		     mac[16] = {0x01, 0x02, 'S', 'H', 'E', 0x00, 0x80, [15] = 0xB0};

static struct key *fourth;

static void set_up(void)
{
	scheme_set_up();
	fourth = key_new();
}

static void tear_down(void)
{
	key_free(fourth);
	scheme_tear_down();
}

static void load(struct key *key, const struct vectors *v, const char *name)
{
	uint8_t value[16];

	vector_hex(v, name, value, 16);
	ck_ok(key_load(key, CKK_AES, value, 16));
}

/* Check that the key derived from KEY with CONSTANT has the value NAME of V. */
static void check_derived(
	const struct vectors *v, const char *key, const uint8_t constant[16], const char *name)
{
	uint8_t expected[16], zero[16] = {0}, block[16];

	load(scheme_key(0), v, key);
	load(scheme_key(2), v, name);
	ck_ok(she_derive(scheme_key(0), constant, scheme_key(1)));
	ck_ok(key_block(scheme_key(1), NULL, zero, block));
	ck_ok(key_block(scheme_key(2), NULL, zero, expected));
	ck_assert_mem_eq(block, expected, 16);
	ck_assert_uint_eq(key_length(scheme_key(1)), 16);
}

START_TEST(derived_keys)
{
	struct vectors v;

	for (vectors_open(&v, "she.txt"); vectors_next(&v);) {
		check_derived(&v, "auth_key", enc, "k1");
		check_derived(&v, "auth_key", mac, "k2");
		check_derived(&v, "new_key", enc, "k3");
		check_derived(&v, "new_key", mac, "k4");
	}
}
END_TEST

/* The parameter of V, with the field SHE_FLAGS if FLAGS is true. */
static void parse(
	const struct vectors *v, CK_MECHANISM_TYPE type, bool flags, struct parameter *ret)
{
	static struct scheme s;

	scheme_start(&s, type, CKK_AES, "");
	scheme_put_hex(&s, KEYDIV_SHE_UID, vector_text(v, "uid"));
	scheme_put_hex(&s, KEYDIV_SHE_SLOTS, vector_text(v, "slots"));
	scheme_put_hex(&s, KEYDIV_SHE_COUNTER, vector_text(v, "counter"));
	if (flags)
		scheme_put_hex(&s, KEYDIV_SHE_FLAGS, vector_text(v, "flags"));
	ck_ok(parameter_parse(mechanism_find(type), s.parameter.bytes, s.parameter.length, ret));
}

START_TEST(published_update)
{
	struct vectors v;

	for (vectors_open(&v, "she.txt"); vectors_next(&v);) {
		struct key *scratch[SCRATCH_KEYS] = {scheme_key(1), scheme_key(2)};
		struct parameter p;
		uint8_t out[64], expected[64];
		size_t n = 0;
		parse(&v, CKM_KEYDIV_SHE_KEY_UPDATE, true, &p);
		load(scheme_key(0), &v, "auth_key");
		load(fourth, &v, "new_key");
		struct wrapping w = {.kek = scheme_key(0),
			.target = fourth,
			.scratch = scratch,
			.parameter = &p};
		wrap_function *wrap = mechanism_find(CKM_KEYDIV_SHE_KEY_UPDATE)->operation.wrap_key;
		ck_ok(wrap(&w, NULL, &n));
		ck_assert_uint_eq(n, 64);
		ck_ok(wrap(&w, out, &n));
		vector_hex(&v, "m1", expected, 16);
		vector_hex(&v, "m2", expected + 16, 32);
		vector_hex(&v, "m3", expected + 48, 16);
		ck_assert_mem_eq(out, expected, 64);
	}
	ck_assert_uint_eq(v.cases, 1);
}
END_TEST

START_TEST(published_proof)
{
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_SHE_KEY_PROOF);
	struct vectors v;

	ck_assert_uint_eq(mech->operation.sign_length, 48);
	for (vectors_open(&v, "she.txt"); vectors_next(&v);) {
		struct key *scratch[SCRATCH_KEYS] = {scheme_key(1), scheme_key(2)};
		struct parameter p;
		uint8_t out[KEY_MAC_MAX], expected[48];
		parse(&v, CKM_KEYDIV_SHE_KEY_PROOF, false, &p);
		load(scheme_key(0), &v, "new_key");
		struct signing signing = {
			.key = scheme_key(0), .scratch = scratch, .parameter = &p};
		ck_ok(mech->operation.sign(&signing, out));
		vector_hex(&v, "m4", expected, 32);
		vector_hex(&v, "m5", expected + 32, 16);
		ck_assert_mem_eq(out, expected, 48);
		signing.data = bytes_of(expected, 1);
		ck_rv(mech->operation.sign(&signing, out), CKR_DATA_LEN_RANGE);
	}
}
END_TEST

/* Counters of 28 bits and flags of 6 bits, and no others. */
START_TEST(limits)
{
	static const struct {
		const char *counter, *flags;
		CK_RV rv;
	} cases[] = {
		{"00000000", "00", CKR_OK},
		{"0fffffff", "3f", CKR_OK},
		{"10000000", "00", CKR_MECHANISM_PARAM_INVALID},
		{"ffffffff", "00", CKR_MECHANISM_PARAM_INVALID},
		{"00000001", "40", CKR_MECHANISM_PARAM_INVALID},
		{"00000001", "ff", CKR_MECHANISM_PARAM_INVALID},
		{"00000001", NULL, CKR_MECHANISM_PARAM_INVALID},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scheme s;
		struct parameter p;
		scheme_start(&s, 0, CKK_AES, "");
		scheme_put_hex(&s, KEYDIV_SHE_UID, "000102030405060708090a0b0c0d0e");
		scheme_put_hex(&s, KEYDIV_SHE_SLOTS, "41");
		scheme_put_hex(&s, KEYDIV_SHE_COUNTER, cases[i].counter);
		size_t n = s.parameter.length;
		if (cases[i].flags != NULL)
			scheme_put_hex(&s, KEYDIV_SHE_FLAGS, cases[i].flags);
		ck_rv(parameter_parse(mechanism_find(CKM_KEYDIV_SHE_KEY_UPDATE), s.parameter.bytes,
			      s.parameter.length, &p),
			cases[i].rv);
		bool counter = *cases[i].counter == '0';
		ck_rv(parameter_parse(
			      mechanism_find(CKM_KEYDIV_SHE_KEY_PROOF), s.parameter.bytes, n, &p),
			counter ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
	}
}
END_TEST

/* A key of another length or in another token leaves an empty result. */
START_TEST(other_keys)
{
	static const struct key_ops ops = {0};
	uint8_t value[32] = {1}, head[16] = {0}, out[32];

	ck_ok(key_load(scheme_key(2), CKK_AES, value, 16));
	for (size_t n = 24; n <= 32; n += 8) {
		ck_ok(key_load(scheme_key(0), CKK_AES, value, n));
		ck_ok(key_load(scheme_key(1), CKK_AES, value, 16));
		ck_rv(she_derive(scheme_key(0), enc, scheme_key(1)), CKR_KEY_SIZE_RANGE);
		ck_assert_uint_eq(key_length(scheme_key(1)), 0);
		ck_rv(she_encrypt_key(scheme_key(2), head, scheme_key(0), out), CKR_KEY_SIZE_RANGE);
	}
	ck_ok(key_attach(scheme_key(0), CKK_AES, 16, &ops, NULL));
	ck_rv(she_derive(scheme_key(0), enc, scheme_key(1)), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(she_encrypt_key(scheme_key(2), head, scheme_key(0), out),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("she");
	TCase *tc = tcase_create("she");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, derived_keys);
	tcase_add_test(tc, published_update);
	tcase_add_test(tc, published_proof);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, other_keys);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
