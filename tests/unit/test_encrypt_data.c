/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_encrypt_data.c: keys by encrypting data: published ciphertexts, cutting, and every
 * pointer and length.
 */
#include "scheme.h"

static CK_KEY_DERIVATION_STRING_DATA ecb;
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc;
static CK_DES_CBC_ENCRYPT_DATA_PARAMS des_cbc;
static uint8_t data[PARAMETER_MAX + 16];

/* The mechanism for AES or DES3 with or without IV, over N bytes of data. */
static void start(struct scheme *s, bool aes, bool cbc, const char *key, size_t n)
{
	scheme_start(s, 0, aes ? CKK_AES : CKK_DES3, key);
	ecb = (CK_KEY_DERIVATION_STRING_DATA){data, n};
	aes_cbc.pData = data;
	aes_cbc.length = n;
	des_cbc.pData = data;
	des_cbc.length = n;
	if (!cbc) {
		s->mechanism = aes ? CKM_AES_ECB_ENCRYPT_DATA : CKM_DES3_ECB_ENCRYPT_DATA;
		s->native = &ecb;
		s->native_len = sizeof ecb;
	} else if (aes) {
		s->mechanism = CKM_AES_CBC_ENCRYPT_DATA;
		s->native = &aes_cbc;
		s->native_len = sizeof aes_cbc;
	} else {
		s->mechanism = CKM_DES3_CBC_ENCRYPT_DATA;
		s->native = &des_cbc;
		s->native_len = sizeof des_cbc;
	}
}

START_TEST(published)
{
	struct vectors v;

	for (vectors_open(&v, "encrypt_data.txt"); vectors_next(&v);) {
		struct scheme s;
		const char *out = vector_text(&v, "out");
		bool aes = strcmp(vector_text(&v, "cipher"), "AES") == 0,
		     cbc = vector_text(&v, "iv") != NULL;
		if (cbc && aes)
			vector_hex(&v, "iv", aes_cbc.iv, sizeof aes_cbc.iv);
		if (cbc && !aes)
			vector_hex(&v, "iv", des_cbc.iv, sizeof des_cbc.iv);
		start(&s, aes, cbc, vector_text(&v, "key"),
			vector_hex(&v, "data", data, sizeof data));
		scheme_expect(&s, out); /* without type and length: generic, as long as the data */
		ck_assert_uint_eq(s.type, CKK_GENERIC_SECRET);
		for (size_t n = 16; n <= strlen(out) / 2; n++) { /* cut from the end */
			char cut[129];
			snprintf(cut, sizeof cut, "%.*s", (int)(2 * n), out);
			scheme_want(&s, CKK_GENERIC_SECRET, n);
			scheme_expect(&s, cut);
		}
	}
	ck_assert_uint_eq(v.cases, 7);
}
END_TEST

#define KEY "000102030405060708090a0b0c0d0e0f1011121314151617"

START_TEST(lengths)
{
	struct scheme s;
	SECRET value = {0};

	start(&s, true, false, KEY, 16);
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE); /* more than there is */
	start(&s, true, false, KEY, 48);
	scheme_want(&s, CKK_AES, 0);
	scheme_refused(
		&s, CKR_KEY_SIZE_RANGE); /* 48 bytes are no AES key, and none is cut unasked */
	scheme_want(&s, CKK_DES3, 0);
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(value.len, 24);
	start(&s, false, false, KEY, 8);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE); /* under 16 bytes */
	start(&s, true, false, KEY, PARAMETER_MAX);
	scheme_want(&s, CKK_AES, 32);
	ck_ok(scheme_run(&s, &value));
}
END_TEST

/* Keys that would encrypt as single DES, or that have 64 bits. */
START_TEST(equal_blocks)
{
	static const struct {
		const char *blocks; /* a letter for each block of the data */
		CK_KEY_TYPE type;
		CK_RV rv;
	} cases[] = {
		{"aa", CKK_DES2, CKR_MECHANISM_PARAM_INVALID},
		{"ab", CKK_DES2, CKR_OK},
		{"abb", CKK_DES2, CKR_OK},
		{"aab", CKK_DES3, CKR_MECHANISM_PARAM_INVALID},
		{"abb", CKK_DES3, CKR_MECHANISM_PARAM_INVALID},
		{"aaa", CKK_DES3, CKR_MECHANISM_PARAM_INVALID},
		{"aba", CKK_DES3, CKR_OK},
		{"aa", CKK_GENERIC_SECRET, CKR_MECHANISM_PARAM_INVALID},
		{"aba", CKK_GENERIC_SECRET, CKR_OK},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int cbc = 0; cbc < 2; cbc++) {
			struct scheme s;
			SECRET value = {0};
			size_t n = strlen(cases[i].blocks);
			start(&s, false, cbc, KEY, 8 * n);
			for (size_t block = 0; block < n; block++)
				memset(data + 8 * block, cases[i].blocks[block], 8);
			scheme_want(&s, cases[i].type, 0);
			ck_rv(scheme_run(&s, &value), cbc ? CKR_OK : cases[i].rv);
		}
}
END_TEST

START_TEST(refused)
{
	bool aes = _i & 1, cbc = _i & 2;
	size_t block = aes ? 16 : 8;
	struct scheme s;

	for (size_t n = 0; n < 2 * block; n++) {
		start(&s, aes, cbc, KEY, n);
		if (n % block != 0 || n == 0)
			scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	}
	start(&s, aes, cbc, KEY, PARAMETER_MAX + block);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, aes, cbc, KEY, (size_t) - (CK_LONG)block);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, aes, cbc, KEY, 32);
	s.native_len--;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	s.native_len = 0;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, aes, cbc, KEY, 32);
	s.native = NULL;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, aes, cbc, KEY, 32);
	ecb.pData = aes_cbc.pData = des_cbc.pData = NULL;
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, aes, cbc, KEY, 32);
	s.base_type = aes ? CKK_DES3 : CKK_AES;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encrypt_data");
	TCase *tc = tcase_create("encrypt_data");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, equal_blocks);
	tcase_add_loop_test(tc, refused, 0, 4);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
