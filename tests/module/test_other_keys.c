/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_other_keys.c: keys that a parameter names by handle (SP 800-108 data, HKDF salt) are guarded
 * as a base is.
 */
#include "harness.h"

static CK_OBJECT_HANDLE made;

static void start(void)
{
	user();
	made = 0xABCD;
}

/*
 * Feedback mode without counter, a whole key as the only data: the result is CMAC(base,
 * key), one block.
 */
static CK_RV feedback(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE other, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_PRF_DATA_PARAM fields[] = {{CK_SP800_108_ITERATION_VARIABLE, NULL, 0},
		{CK_SP800_108_KEY_HANDLE, &other, sizeof other}};
	CK_SP800_108_FEEDBACK_KDF_PARAMS p = {CKM_AES_CMAC, 2, fields, 0, NULL, 0, NULL};

	return f->C_DeriveKey(
		s, MECH_P(CKM_SP800_108_FEEDBACK_KDF, &p, sizeof p), base, t, n, &made);
}

static CK_RV hkdf(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE salt, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_HKDF_PARAMS p = {
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_KEY, NULL, 0, salt, NULL, 0};

	return f->C_DeriveKey(s, MECH_P(CKM_HKDF_DERIVE, &p, sizeof p), base, t, n, &made);
}

#define FEEDBACK YES(CKA_DERIVE), ALLOWED(CKM_SP800_108_FEEDBACK_KDF)
#define HKDF YES(CKA_DERIVE), ALLOWED(CKM_HKDF_DERIVE)
#define OPEN READABLE_TRUSTED, YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)
#define LEAVES_TRUSTED YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)
#define SECRET_TEMPLATE TYPE(CKK_GENERIC_SECRET), LENGTH(16)

START_TEST(a_closed_key_is_not_computed_back)
{
	/*
	 * CMAC of one block under a known key can be inverted: readable children of (known base,
	 * closed key) give the closed key away.
	 */
	CK_OBJECT_HANDLE known = import(CKK_AES, mk, 16, T(FEEDBACK, OPEN)),
			 closed = import(CKK_AES, mk32, 16,
				 T(FEEDBACK, YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))),
			 sensitive = import(CKK_AES, mk32, 16, T(FEEDBACK, LEAVES_TRUSTED)),
			 fixed = import(CKK_AES, mk32, 16,
				 T(FEEDBACK, NO(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))),
			 open = import(CKK_AES, mk32, 16, T(FEEDBACK, OPEN));
	uint8_t value[16], expected[16];
	CK_OBJECT_HANDLE mac_key = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));
	CK_ULONG n = 16;

	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		feedback(known, closed, T(SECRET_TEMPLATE, READABLE)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		feedback(known, sensitive, T(SECRET_TEMPLATE, READABLE)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, feedback(known, fixed, T(SECRET_TEMPLATE, READABLE)));
	holds(made == 0xABCD);
	/* between equals it works, and is what was said above */
	ok(feedback(known, open, T(SECRET_TEMPLATE, READABLE)));
	get_bytes(made, CKA_VALUE, value, 16);
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), mac_key));
	ok(f->C_Sign(s, (CK_BYTE_PTR)mk32, 16, expected, &n));
	holds(memcmp(value, expected, 16) == 0);
	ok(feedback(closed, closed, T(SECRET_TEMPLATE)));
	ok(feedback(closed, open, T(SECRET_TEMPLATE)));
	made = 0xABCD;
	gives(CKR_TEMPLATE_INCONSISTENT,
		feedback(closed, open, T(SECRET_TEMPLATE, NO(CKA_SENSITIVE))));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(a_key_without_extractable_children_has_none_by_another_base)
{
	/*
	 * A key derived from a base with EXTRACTABLE_CHILDREN can leave under any key. With a known
	 * base, a caller could compute the other key back.
	 */
	CK_OBJECT_HANDLE own = import(CKK_AES, mk, 16,
				 T(FEEDBACK, YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))),
			 kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_UNWRAP))),
			 other = import(CKK_AES, mk32, 16,
				 T(FEEDBACK, YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE),
					 YES(CKA_WRAP_WITH_TRUSTED)));
	CK_OBJECT_HANDLE guarded = import(CKK_AES, mk, 16,
		T(FEEDBACK, YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)));
	uint8_t wrapped[64];
	CK_ULONG n = sizeof wrapped;

	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		feedback(own, other, T(SECRET_TEMPLATE, YES(CKA_EXTRACTABLE))));
	holds(made == 0xABCD);
	if (made != 0xABCD)
		gives(CKR_KEY_NOT_WRAPPABLE,
			f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, made, wrapped, &n));

	/*
	 * under a base that is guarded alike, or that may not leave at all, it goes no further than
	 * it might itself
	 */
	ok(feedback(guarded, other,
		T(SECRET_TEMPLATE, YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		feedback(guarded, other, T(SECRET_TEMPLATE, YES(CKA_EXTRACTABLE))));
	CK_OBJECT_HANDLE closed =
		import(CKK_AES, mk, 16, T(FEEDBACK, YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
	ok(feedback(closed, other, T(SECRET_TEMPLATE)));
}
END_TEST

START_TEST(a_private_key_under_a_public_base)
{
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16, T(FEEDBACK, OPEN, NO(CKA_PRIVATE))),
			 other = import(CKK_AES, mk32, 16, T(FEEDBACK, OPEN, YES(CKA_PRIVATE)));

	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, feedback(base, other, T(SECRET_TEMPLATE)));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(rules_of_a_base)
{
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16, T(FEEDBACK, OPEN)),
			 idle = import(CKK_AES, mk32, 16, T(READABLE)),
			 signs = import(CKK_AES, mk32, 16, T(READABLE, YES(CKA_SIGN))),
			 other_list = import(CKK_AES, mk32, 16, T(OPEN_MASTER)), data;

	ok(f->C_CreateObject(s, T(CLASS(CKO_DATA), STR(CKA_VALUE, "x")), &data));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, feedback(base, idle, T(SECRET_TEMPLATE)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, feedback(base, signs, T(SECRET_TEMPLATE)));
	gives(CKR_MECHANISM_INVALID, feedback(base, other_list, T(SECRET_TEMPLATE)));
	gives(CKR_KEY_HANDLE_INVALID, feedback(base, 0, T(SECRET_TEMPLATE)));
	gives(CKR_KEY_HANDLE_INVALID, feedback(base, base + 9999, T(SECRET_TEMPLATE)));
	holds(feedback(base, data, T(SECRET_TEMPLATE)) != CKR_OK);
	holds(made == 0xABCD);
}
END_TEST

START_TEST(salts_of_hkdf)
{
	CK_OBJECT_HANDLE base = import(CKK_HKDF, mk32, 32, T(HKDF, OPEN)),
			 salt = import(CKK_HKDF, mk, 16, T(HKDF, OPEN)),
			 closed = import(CKK_HKDF, mk, 16,
				 T(HKDF, YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))),
			 idle = import(CKK_HKDF, mk, 16, T(READABLE));

	ok(hkdf(base, salt, T(SECRET_TEMPLATE)));
	made = 0xABCD;
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, hkdf(base, closed, T(SECRET_TEMPLATE)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, hkdf(base, idle, T(SECRET_TEMPLATE)));
	gives(CKR_KEY_HANDLE_INVALID, hkdf(base, 0, T(SECRET_TEMPLATE)));
	holds(made == 0xABCD);
	ok(hkdf(closed, closed, T(SECRET_TEMPLATE)));
}
END_TEST

START_TEST(the_derive_template_of_the_other_key_is_not_got_round)
{
	CK_OBJECT_HANDLE own = import(CKK_HKDF, mk32, 32, T(HKDF, OPEN)),
			 salt = import(CKK_HKDF, mk, 16,
				 T(HKDF, OPEN, NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_SIGN)))),
			 alike = import(CKK_HKDF, mk32, 32,
				 T(HKDF, OPEN, NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_SIGN)))),
			 stricter = import(CKK_HKDF, mk32, 32,
				 T(HKDF, OPEN,
					 NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_SIGN),
						 NO(CKA_VERIFY))));

	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, hkdf(own, salt, T(SECRET_TEMPLATE, YES(CKA_SIGN))));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, hkdf(stricter, salt, T(SECRET_TEMPLATE)));
	gives(CKR_TEMPLATE_INCONSISTENT, hkdf(alike, salt, T(SECRET_TEMPLATE, YES(CKA_SIGN))));
	holds(made == 0xABCD);
	ok(hkdf(alike, salt, T(SECRET_TEMPLATE)));
	holds(!get_bool(made, CKA_SIGN));
}
END_TEST

/* Feedback mode by HMAC, with TEXT before the whole key. */
static CK_RV hmac_feedback(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE other, const char *text,
	CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_PRF_DATA_PARAM fields[] = {{CK_SP800_108_ITERATION_VARIABLE, NULL, 0},
		{CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t)text, strlen(text)},
		{CK_SP800_108_KEY_HANDLE, &other, sizeof other}};
	CK_SP800_108_FEEDBACK_KDF_PARAMS p = {CKM_SHA256_HMAC, 3, fields, 0, NULL, 0, NULL};

	if (*text == 0) {
		fields[1] = fields[2];
		p.ulNumberOfDataParams = 2;
	}
	return f->C_DeriveKey(
		s, MECH_P(CKM_SP800_108_FEEDBACK_KDF, &p, sizeof p), base, t, n, &made);
}

START_TEST(what_hkdf_extracts_is_no_key_that_signs)
{
	/*
	 * HKDF without a salt extracts HMAC(zeroes, key). A caller can make the key of zeroes.
	 * A MAC by the extracted key would be a key that HKDF expands.
	 */
	static const uint8_t zeroes[32];
	CK_OBJECT_HANDLE base = import(CKK_GENERIC_SECRET, zeroes, 32, T(YES(CKA_DERIVE))),
			 other = import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_DERIVE))), copy;

	gives(CKR_MECHANISM_INVALID, hmac_feedback(base, other, "", T(YES(CKA_SIGN))));
	gives(CKR_MECHANISM_INVALID, hmac_feedback(base, other, "x", T(YES(CKA_SIGN))));
	ok(f->C_CopyObject(s, other, T(ALLOWED(CKM_SP800_108_FEEDBACK_KDF)), &copy));
	gives(CKR_MECHANISM_PARAM_INVALID, hmac_feedback(base, copy, "", T(YES(CKA_SIGN))));
	holds(made == 0xABCD);
	gives(CKR_OK, hmac_feedback(base, copy, "x", T(YES(CKA_SIGN))));
}
END_TEST

START_TEST(a_salt_is_nothing_else)
{
	/* HMAC(salt, base) by another mechanism of the salt would be a key that signs. */
	static const uint8_t zeroes[32];
	CK_OBJECT_HANDLE base = import(CKK_HKDF, zeroes, 32, T(YES(CKA_DERIVE))),
			 salt = import(CKK_HKDF, mk32, 32, T(YES(CKA_DERIVE)));

	gives(CKR_MECHANISM_INVALID, hkdf(base, salt, T(SECRET_TEMPLATE)));
	holds(made == 0xABCD);
	ok(f->C_SetAttributeValue(s, salt, T(ALLOWED(CKM_HKDF_DERIVE))));
	ok(hkdf(base, salt, T(SECRET_TEMPLATE)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("other keys");
	TCase *tc = add_case(suite, "other keys", start);

	tcase_add_test(tc, a_closed_key_is_not_computed_back);
	tcase_add_test(tc, a_key_without_extractable_children_has_none_by_another_base);
	tcase_add_test(tc, a_private_key_under_a_public_base);
	tcase_add_test(tc, rules_of_a_base);
	tcase_add_test(tc, salts_of_hkdf);
	tcase_add_test(tc, the_derive_template_of_the_other_key_is_not_got_round);
	tcase_add_test(tc, what_hkdf_extracts_is_no_key_that_signs);
	tcase_add_test(tc, a_salt_is_nothing_else);
	return run(suite);
}
