/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_horowitz.c: padding, the refused constants, and password keys. The numbers stand in
 * keydiv.txt, 10 000 more in the model.
 */
#include "scheme.h"

#include "nfold.h"

#define AES_16 "2b7e151628aed2a6abf7158809cf4f3c"
#define AES_32 AES_16 AES_16
#define DES2 "0123456789abcdeffedcba9876543210"
#define DES3 DES2 "89abcdef01234567"

/*
 * Which lengths of constant leave nothing to pad, so that a second block could only
 * repeat the first.
 */
static const struct {
	CK_KEY_TYPE type;
	const char *base;
	size_t block, key;
} bases[] = {{CKK_AES, AES_16, 16, 16}, {CKK_AES, AES_32, 16, 32}, {CKK_DES2, DES2, 8, 16},
	{CKK_DES3, DES3, 8, 24}};

START_TEST(constants_of_every_length)
{
	size_t block = bases[_i].block, key = bases[_i].key;
	uint8_t constant[255];

	memset(constant, 'c', sizeof constant);
	for (size_t n = 1; n <= sizeof constant; n++) {
		struct scheme s;
		SECRET value = {0};
		scheme_start(&s, CKM_KEYDIV_HOROWITZ_DK, bases[_i].type, bases[_i].base);
		keydiv_put(&s.parameter, KEYDIV_CONSTANT, constant, n);
		bool repeats = key > block && n % block == 0 && n >= key;
		ck_rv(scheme_run(&s, &value), repeats ? CKR_MECHANISM_PARAM_INVALID : CKR_OK);
		ck_assert(repeats || (value.len == key && s.type == bases[_i].type));
	}
}
END_TEST

/* AES-128 and a constant of one block: a single encryption. */
START_TEST(one_block_is_one_encryption)
{
	struct scheme s;
	uint8_t block[16];
	char hex[33];

	scheme_start(&s, CKM_KEYDIV_HOROWITZ_DK, CKK_AES, AES_16);
	scheme_put_text(&s, KEYDIV_CONSTANT, "sixteen bytes ..");
	ck_ok(key_load(scheme_key(1), CKK_AES, s.base, 16));
	ck_ok(key_block(scheme_key(1), NULL, (const uint8_t *)"sixteen bytes ..", block));
	hex_encode(block, 16, hex);
	scheme_expect(&s, hex);
}
END_TEST

START_TEST(password_is_fold_then_dk)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
	} wishes[] = {{CKK_AES, 16}, {CKK_AES, 24}, {CKK_AES, 32}, {CKK_DES2, 16}, {CKK_DES3, 24}};

	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		struct scheme s, dk;
		SECRET value = {0};
		char hex[65];
		scheme_start(&s, CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, 0, "");
		scheme_put_text(&s, KEYDIV_CONSTANT, "signing");
		scheme_put_text(&s, KEYDIV_PASSWORD, "correct horse battery staple");
		scheme_want(&s, wishes[i].type, wishes[i].type == CKK_AES ? wishes[i].n : 0);
		ck_ok(scheme_run(&s, &value));
		ck_assert_uint_eq(value.len, wishes[i].n);
		hex_encode(secret_peek(&value), value.len, hex);

		scheme_start(&dk, CKM_KEYDIV_HOROWITZ_DK, wishes[i].type, "");
		nfold((const uint8_t *)"correct horse battery staple", 28, dk.base, wishes[i].n);
		dk.base_len = wishes[i].n;
		scheme_put_text(&dk, KEYDIV_CONSTANT, "signing");
		scheme_expect(&dk, hex);
	}
}
END_TEST

START_TEST(password_plans)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, 0, "");
	scheme_put_text(&s, KEYDIV_CONSTANT, "signing");
	scheme_put_text(&s, KEYDIV_PASSWORD, "x");
	scheme_refused(&s, CKR_TEMPLATE_INCOMPLETE);
	scheme_want(&s, CKK_AES, 0);
	scheme_refused(&s, CKR_TEMPLATE_INCOMPLETE);
	scheme_want(&s, CKK_AES, 20);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_GENERIC_SECRET, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_start(&s, CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, 0, "");
	scheme_put_text(&s, KEYDIV_CONSTANT, "sixteen bytes ..sixteen bytes ..");
	scheme_put_text(&s, KEYDIV_PASSWORD, "x");
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	scheme_want(&s, CKK_AES, 16);
	SECRET value = {0};
	ck_ok(scheme_run(&s, &value));
}
END_TEST

START_TEST(length_of_the_base_only)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_HOROWITZ_DK, CKK_AES, AES_32);
	scheme_put_text(&s, KEYDIV_CONSTANT, "signing");
	scheme_want(&s, CKK_AES, 16);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	s.base_type = CKK_GENERIC_SECRET;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("horowitz");
	TCase *tc = tcase_create("horowitz");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_loop_test(tc, constants_of_every_length, 0, 4);
	tcase_add_test(tc, one_block_is_one_encryption);
	tcase_add_test(tc, password_is_fold_then_dk);
	tcase_add_test(tc, password_plans);
	tcase_add_test(tc, length_of_the_base_only);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
