/* SPDX-License-Identifier: Apache-2.0 */
/* test_an10922.c: the examples of AN10922 and AN10957, and the limits. */
#include "scheme.h"

#define KEY "00112233445566778899aabbccddeeff0102030405060708090a0b0c0d0e0f00"

static CK_KEY_TYPE type_of(const char *kind)
{
	return strncmp(kind, "AES", 3) == 0 ? CKK_AES
	       : strcmp(kind, "2TDEA") == 0 ? CKK_DES2
					    : CKK_DES3;
}

START_TEST(published)
{
	struct vectors v;
	struct scheme s;

	for (vectors_open(&v, "an10922.txt"); vectors_next(&v);) {
		scheme_start(&s, CKM_KEYDIV_AN10922, type_of(vector_text(&v, "kind")),
			vector_text(&v, "key"));
		scheme_put_hex(&s, KEYDIV_MESSAGE, vector_text(&v, "m"));
		/* Both sides have odd parity, which overwrites the key version. */
		scheme_expect(&s, vector_text(&v, "out"));
	}
	ck_assert_uint_eq(v.cases, 6);
}
END_TEST

/*
 * A message that fills two blocks goes without padding; one byte more is refused. Where two blocks
 * are needed anyway it is SP 800-38B's CMAC.
 */
START_TEST(lengths)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t base, longest;
	} kinds[] = {{CKK_AES, 16, 31}, {CKK_AES, 24, 31}, {CKK_AES, 32, 31}, {CKK_DES2, 16, 15},
		{CKK_DES3, 24, 15}};
	uint8_t message[33] = {1};

	memset(message + 1, 'm', sizeof message - 1);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t n = 1; n <= kinds[i].longest + 1; n++) {
			struct scheme s;
			SECRET value = {0};
			uint8_t mac[16];
			scheme_start(&s, CKM_KEYDIV_AN10922, kinds[i].type, KEY);
			s.base_len = kinds[i].base;
			keydiv_put(&s.parameter, KEYDIV_MESSAGE, message + 1, n);
			ck_rv(scheme_run(&s, &value),
				n <= kinds[i].longest ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
			if (kinds[i].type != CKK_AES || kinds[i].base != 16 || n > 31)
				continue;
			ck_ok(key_load(scheme_key(1), CKK_AES, s.base, 16));
			ck_ok(key_cmac(scheme_key(1), message, n + 1, mac));
			ck_assert_int_eq(memcmp(mac, secret_peek(&value), 16) == 0, n + 1 > 16);
		}
}
END_TEST

START_TEST(length_of_the_base_only)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_AN10922, CKK_AES, KEY);
	scheme_put_text(&s, KEYDIV_MESSAGE, "uid");
	scheme_want(&s, CKK_AES, 16);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("an10922");
	TCase *tc = tcase_create("an10922");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, length_of_the_base_only);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
