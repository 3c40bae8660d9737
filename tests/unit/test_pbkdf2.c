/* SPDX-License-Identifier: Apache-2.0 */
/* test_pbkdf2.c: keys from passwords: RFC 6070, RFC 7914, plans, and every pointer and length. */
#include "scheme.h"

static CK_PKCS5_PBKD2_PARAMS2 params;
static uint8_t password[256], salt[256];

static void start(struct scheme *s)
{
	scheme_start(s, CKM_PKCS5_PBKD2, 0, "");
	s->native = &params;
	s->native_len = sizeof params;
	params = (CK_PKCS5_PBKD2_PARAMS2){
		CKZ_SALT_SPECIFIED, salt, 4, 2, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, password, 8};
}

START_TEST(published)
{
	struct vectors v;

	for (vectors_open(&v, "pbkdf2.txt"); vectors_next(&v);) {
		struct scheme s;
		start(&s);
		params.prf = strcmp(vector_text(&v, "hash"), "sha1") == 0
				     ? CKP_PKCS5_PBKD2_HMAC_SHA1
				     : CKP_PKCS5_PBKD2_HMAC_SHA256;
		params.ulSaltSourceDataLen = vector_hex(&v, "salt", salt, sizeof salt);
		params.ulPasswordLen = vector_hex(&v, "password", password, sizeof password);
		params.iterations = vector_number(&v, "iterations");
		scheme_want(&s, CKK_GENERIC_SECRET, vector_number(&v, "length"));
		scheme_expect(&s, vector_text(&v, "dk"));
	}
	ck_assert_uint_ge(v.cases, 7);
}
END_TEST

START_TEST(types_and_lengths_of_the_key)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t n;
		CK_RV rv;
	} wishes[] = {
		{CKK_GENERIC_SECRET, 0, CKR_TEMPLATE_INCOMPLETE},
		{CKK_AES, 0, CKR_TEMPLATE_INCOMPLETE},
		{CKK_AES, 32, CKR_OK},
		{CKK_AES, 15, CKR_KEY_SIZE_RANGE},
		{CKK_DES2, 0, CKR_OK},
		{CKK_DES3, 0, CKR_OK},
		{CKK_DES3, 16, CKR_KEY_SIZE_RANGE},
		{CKK_GENERIC_SECRET, 65, CKR_KEY_SIZE_RANGE},
		{CKK_RSA, 64, CKR_TEMPLATE_INCONSISTENT},
	};
	struct scheme s;
	SECRET value = {0};

	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		start(&s);
		scheme_want(&s, wishes[i].type, wishes[i].n);
		ck_rv(scheme_run(&s, &value), wishes[i].rv);
	}
	start(&s);
	s.request = (struct key_request){.has_length = true, .length = 20};
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, CKK_GENERIC_SECRET);
}
END_TEST

START_TEST(empty_password_and_salt)
{
	struct scheme s;
	SECRET value = {0};

	start(&s);
	params.pPassword = NULL;
	params.ulPasswordLen = 0;
	params.pSaltSourceData = NULL;
	params.ulSaltSourceDataLen = 0;
	scheme_want(&s, CKK_AES, 16);
	ck_ok(scheme_run(&s, &value));
}
END_TEST

static void spoil(int what, struct scheme *s)
{
	static CK_ULONG length = 8;

	switch (what) {
	case 0:
		s->native = NULL;
		break;
	case 1:
		s->native_len--;
		break;
	case 2:
		params.saltSource = 0;
		break;
	case 3:
		params.pSaltSourceData = NULL;
		break;
	case 4:
		params.ulSaltSourceDataLen = (CK_ULONG)-1;
		break;
	case 5:
		params.iterations = 0;
		break;
	case 6:
		params.iterations = (CK_ULONG)1 << 31;
		break;
	case 7:
		params.prf = 0;
		break;
	case 8:
		params.prf = 2;
		break;
	case 9:
		params.pPrfData = salt;
		break;
	case 10:
		params.ulPrfDataLen = 1;
		break;
	case 11:
		params.pPassword = NULL;
		break;
	case 12:
		params.ulPasswordLen = PARAMETER_MAX - 3;
		break; /* with 4 bytes of salt one too many */
	case 13:
		params.ulPasswordLen = (CK_ULONG)(uintptr_t)&length;
		break; /* the older struct */
	default:
		ck_abort();
	}
}

START_TEST(bad_parameters_are_refused)
{
	struct scheme s;

	start(&s);
	scheme_want(&s, CKK_AES, 16);
	spoil(_i, &s);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pbkdf2");
	TCase *tc = tcase_create("pbkdf2");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published);
	tcase_add_test(tc, types_and_lengths_of_the_key);
	tcase_add_test(tc, empty_password_and_salt);
	tcase_add_loop_test(tc, bad_parameters_are_refused, 0, 14);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
