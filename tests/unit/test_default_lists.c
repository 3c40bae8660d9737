/* SPDX-License-Identifier: Apache-2.0 */
/* test_default_lists.c: what a deriving key may do if its template does not say. */
#include "default_lists.h"

#include "unit.h"

static bool lists(CK_KEY_TYPE type, CK_MECHANISM_TYPE mechanism)
{
	size_t n;
	const CK_MECHANISM_TYPE *list = default_children(type, &n);

	for (size_t i = 0; i < n; i++)
		if (list[i] == mechanism)
			return true;
	return false;
}

/* Whatever is listed exists, derives, and takes that type of key. */
START_TEST(every_listed_mechanism_derives_from_the_type)
{
	static const CK_KEY_TYPE types[] = {CKK_AES, CKK_DES2, CKK_GENERIC_SECRET, CKK_HKDF,
		CKK_SHA_1_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_HMAC};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n;
		const CK_MECHANISM_TYPE *list = default_children(types[i], &n);
		ck_assert_uint_ge(n, 1);
		for (size_t j = 0; j < n; j++) {
			const struct mechanism *row = mechanism_find(list[j]);
			if (list[j] == CKM_KEYDIV_WITH_DERIVED_KEY)
				continue; /* lists name it before there is such a mechanism */
			ck_assert_ptr_nonnull(row);
			ck_assert(row->info.flags & CKF_DERIVE);
			ck_assert_msg(mechanism_takes(row, types[i]), "%s", row->name);
		}
	}
}
END_TEST

/* Nothing listed lets the bytes of another derived key out. */
START_TEST(no_listed_mechanism_gives_bytes_of_another_key)
{
	ck_assert(!lists(CKK_AES, CKM_KEYDIV_CMAC));
	ck_assert(!lists(CKK_AES, CKM_SP800_108_COUNTER_KDF));
	ck_assert(!lists(CKK_AES, CKM_AES_ECB_ENCRYPT_DATA));
	ck_assert(!lists(CKK_DES2, CKM_DES3_ECB_ENCRYPT_DATA));
	ck_assert(!lists(CKK_HKDF, CKM_HKDF_DATA));
	ck_assert(lists(CKK_AES, CKM_KEYDIV_DEVICE_KEY));
	ck_assert(lists(CKK_DES2, CKM_KEYDIV_TDES_DUKPT_KEY));
	ck_assert(lists(CKK_HKDF, CKM_HKDF_DERIVE));
}
END_TEST

/* The lists of the specification, complete and in no order. */
START_TEST(the_lists)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_MECHANISM_TYPE list[8];
	} types[] = {
		{CKK_AES, {CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY,
				  CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY,
				  CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,
				  CKM_KEYDIV_WITH_DERIVED_KEY}},
		{CKK_DES2, {CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKM_KEYDIV_TDES_DUKPT_KEY,
				   CKM_KEYDIV_WITH_DERIVED_KEY}},
		{CKK_SHA256_HMAC,
			{CKM_HKDF_DERIVE, CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF,
				CKM_SP800_108_DOUBLE_PIPELINE_KDF}},
	};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n, expected = 0;
		ck_assert_ptr_nonnull(default_children(types[i].type, &n));
		for (; types[i].list[expected] != 0; expected++)
			ck_assert(lists(types[i].type, types[i].list[expected]));
		ck_assert_uint_eq(n, expected);
	}
}
END_TEST

START_TEST(other_key_types_have_no_list)
{
	size_t n = 7;

	ck_assert_ptr_null(default_children(CKK_KEYDIV_ODUKPT_CLIENT, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(default_children(CKK_RSA, &n));
	ck_assert_ptr_null(
		default_children(CKK_DES3, &n)); /* a master of three keys names its list */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("default_lists");
	TCase *tc = tcase_create("default_lists");

	tcase_add_test(tc, every_listed_mechanism_derives_from_the_type);
	tcase_add_test(tc, no_listed_mechanism_gives_bytes_of_another_key);
	tcase_add_test(tc, the_lists);
	tcase_add_test(tc, other_key_types_have_no_list);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
