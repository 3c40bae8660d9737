/* SPDX-License-Identifier: Apache-2.0 */
/* test_hkdf.c: HKDF as a mechanism: RFC 5869, salts, plans, and every pointer and length. */
#include "scheme.h"

static CK_MECHANISM_TYPE hash_named(const char *name)
{
	return strcmp(name, "sha1") == 0 ? CKM_SHA_1 : CKM_SHA256;
}

static CK_HKDF_PARAMS params;
static uint8_t salt[128], info[128];

static void start(struct scheme *s, const char *ikm)
{
	scheme_start(s, CKM_HKDF_DERIVE, CKK_GENERIC_SECRET, ikm);
	s->native = &params;
	s->native_len = sizeof params;
}

/*
 * Keys are of 16 to 64 bytes, so the longer answers come out as data, which any length
 * is right for.
 */
START_TEST(rfc5869)
{
	struct vectors v;

	for (vectors_open(&v, "hkdf_rfc5869.txt"); vectors_next(&v);) {
		const char *mode = vector_text(&v, "mode");
		struct scheme s;
		bool extract = strcmp(mode, "EXPAND_ONLY") != 0,
		     expand = strcmp(mode, "EXTRACT_ONLY") != 0;
		size_t salt_len = vector_hex(&v, "salt", salt, sizeof salt),
		       n = strlen(vector_text(&v, "okm")) / 2;
		params = (CK_HKDF_PARAMS){extract, expand, hash_named(vector_text(&v, "hash")),
			salt_len ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL, salt, salt_len, 0, info,
			vector_hex(&v, "info", info, sizeof info)};
		start(&s, vector_text(&v, "ikm"));
		s.mechanism = CKM_HKDF_DATA;
		s.request = (struct key_request){
			.has_length = true, .object_class = CKO_DATA, .length = n};
		scheme_expect(&s, vector_text(&v, "okm"));
		if (n > 64)
			continue;
		s.mechanism = CKM_HKDF_DERIVE;
		scheme_want(&s, CKK_HKDF, n);
		scheme_expect(&s, vector_text(&v, "okm"));
	}
	ck_assert_uint_eq(v.cases, 21);
}
END_TEST

static void plain(void)
{
	params = (CK_HKDF_PARAMS){
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, salt, 13, 0, info, 10};
}

START_TEST(plans)
{
	struct scheme s;
	SECRET value = {0};

	plain();
	start(&s, "0b0b0b0b0b0b0b0b");
	ck_ok(scheme_run(&s, &value)); /* as long as the digest, generic */
	ck_assert_uint_eq(value.len, 32);
	ck_assert_uint_eq(s.type, CKK_GENERIC_SECRET);
	scheme_want(&s, CKK_AES, 32);
	ck_ok(scheme_run(&s, &value));
	scheme_want(&s, CKK_AES, 33);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	params.bExpand = CK_FALSE;
	scheme_want(&s, CKK_AES, 32);
	ck_ok(scheme_run(&s, &value));
	scheme_want(&s, CKK_AES, 16); /* extraction gives a digest, no more and no less */
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	s.base_type = CKK_AES;
	s.base_len = 16;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(data_equals_the_key)
{
	struct scheme s;
	SECRET value = {0};

	plain();
	start(&s, "0b0b0b0b0b0b0b0b");
	s.mechanism = CKM_HKDF_DATA;
	s.request = (struct key_request){.has_length = true, .length = 12};
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(value.len, 12);
	s.request.length = 0;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	s.request.length = SECRET_MAX + 1;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	params.prfHashMechanism = CKM_SHA_1;
	s.request.length = SECRET_MAX;
	ck_ok(scheme_run(&s, &value));
	scheme_want(&s, CKK_AES, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

static CK_RV other(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	(void)d;
	ENSURE(handle == 5, CKR_KEY_HANDLE_INVALID);
	return secret_set(ret_value, salt, 13);
}

/*
 * A salt that is a key's value gives what the same bytes give; where nothing is extracted the salt
 * is not looked at.
 */
START_TEST(a_salt_key_is_as_its_bytes)
{
	struct scheme s;
	SECRET value = {0};
	char hex[65];

	plain();
	start(&s, "0b0b0b0b0b0b0b0b");
	ck_ok(scheme_run(&s, &value));
	hex_encode(secret_peek(&value), 32, hex);
	params.ulSaltType = CKF_HKDF_SALT_KEY;
	params.hSaltKey = 5;
	scheme_refused(&s, CKR_KEY_HANDLE_INVALID);
	s.other_key = other;
	scheme_expect(&s, hex);
	params.hSaltKey = 6;
	scheme_refused(&s, CKR_KEY_HANDLE_INVALID);
	params.bExtract = CK_FALSE;
	params.ulSaltType = 99;
	params.pSalt = NULL;
	ck_ok(scheme_run(&s, &value));
}
END_TEST

static void spoil(int what, struct scheme *s)
{
	switch (what) {
	case 0:
		s->native = NULL;
		break;
	case 1:
		s->native_len--;
		break;
	case 2:
		s->native_len++;
		break;
	case 3:
		s->native_len = 0;
		break;
	case 4:
		params.bExtract = params.bExpand = CK_FALSE;
		break;
	case 5:
		params.bExtract = 2;
		break;
	case 6:
		params.bExpand = 0xFF;
		break;
	case 7:
		params.prfHashMechanism = CKM_MD5;
		break;
	case 8:
		params.prfHashMechanism = CKM_SHA256_HMAC;
		break;
	case 9:
		params.ulSaltType = 0;
		break;
	case 10:
		params.ulSaltType = 3;
		break;
	case 11:
		params.pSalt = NULL;
		break;
	case 12:
		params.ulSaltLen = PARAMETER_MAX + 1;
		break;
	case 13:
		params.ulSaltLen = (CK_ULONG)-1;
		break;
	case 14:
		params.pInfo = NULL;
		break;
	case 15:
		params.ulInfoLen = PARAMETER_MAX - 12;
		break; /* with 13 bytes of salt one too many */
	case 16:
		params.ulInfoLen = (CK_ULONG)-1;
		break;
	default:
		ck_abort();
	}
}

START_TEST(bad_parameters_are_refused)
{
	struct scheme s;

	plain();
	start(&s, "0b0b0b0b0b0b0b0b");
	spoil(_i, &s);
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hkdf");
	TCase *tc = tcase_create("hkdf");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, rfc5869);
	tcase_add_test(tc, plans);
	tcase_add_test(tc, data_equals_the_key);
	tcase_add_test(tc, a_salt_key_is_as_its_bytes);
	tcase_add_loop_test(tc, bad_parameters_are_refused, 0, 17);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
