/* SPDX-License-Identifier: Apache-2.0 */
/* test_generate.c: C_GenerateKey. */
#include "harness.h"

static CK_OBJECT_HANDLE made;
static CK_ULONG objects_before;

#define generate(mechanism, ...) f->C_GenerateKey(s, MECH(mechanism), T(__VA_ARGS__), &made)

static void start(void)
{
	user();
	objects_before = find(s, NOTHING, NULL, 0);
	made = 0xABCD;
}

static void nothing_made(void)
{
	holds(made == 0xABCD);
	holds(find(s, NOTHING, NULL, 0) == objects_before);
}

START_TEST(bad_requests_are_refused)
{
	static const CK_ULONG aes[] = {0, 1, 15, 17, 23, 33, 1UL << 31, (CK_ULONG)-1};
	static const CK_ULONG generic[] = {0, 1UL << 31, (CK_ULONG)-1};
	size_t i;

	for (i = 0; i < sizeof aes / sizeof *aes; i++)
		gives_either(CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID,
			generate(CKM_AES_KEY_GEN, LENGTH(aes[i])));
	for (i = 0; i < sizeof generic / sizeof *generic; i++)
		gives_either(CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID,
			generate(CKM_GENERIC_SECRET_KEY_GEN, LENGTH(generic[i])));
	gives(CKR_TEMPLATE_INCOMPLETE, generate(CKM_AES_KEY_GEN, YES(CKA_ENCRYPT)));
	gives(CKR_TEMPLATE_INCOMPLETE, generate(CKM_GENERIC_SECRET_KEY_GEN, YES(CKA_SIGN)));
	holds(generate(CKM_AES_KEY_GEN, LENGTH(16), RAW(CKA_VALUE, mk, 16)) != CKR_OK);
	gives(CKR_TEMPLATE_INCONSISTENT, generate(CKM_AES_KEY_GEN, LENGTH(16), CLASS(CKO_DATA)));
	gives(CKR_TEMPLATE_INCONSISTENT,
		generate(CKM_AES_KEY_GEN, LENGTH(16), CLASS(CKO_PUBLIC_KEY)));
	gives(CKR_TEMPLATE_INCONSISTENT,
		generate(CKM_AES_KEY_GEN, LENGTH(16), TYPE(CKK_GENERIC_SECRET)));
	gives(CKR_TEMPLATE_INCONSISTENT, generate(CKM_DES3_KEY_GEN, TYPE(CKK_DES2)));
	holds(generate(CKM_DES3_KEY_GEN, LENGTH(16)) != CKR_OK);
	/* the same with a key for the token: nothing left there either */
	holds(generate(CKM_AES_KEY_GEN, LENGTH(15), YES(CKA_TOKEN)) != CKR_OK);
	gives(CKR_ATTRIBUTE_TYPE_INVALID,
		generate(CKM_AES_KEY_GEN, LENGTH(16), NUM(0x12345678, 1), YES(CKA_TOKEN)));
	nothing_made();
}
END_TEST

START_TEST(keys_are_made_as_requested)
{
	static const CK_ULONG lengths[] = {16, 24, 32};
	size_t i;

	for (i = 0; i < 3; i++) {
		ok(generate(CKM_AES_KEY_GEN, KEY(CKK_AES), LENGTH(lengths[i]), YES(CKA_ENCRYPT)));
		holds(get_ulong(made, CKA_VALUE_LEN) == lengths[i] &&
			get_ulong(made, CKA_KEY_TYPE) == CKK_AES);
		holds(get_bool(made, CKA_ENCRYPT) && !get_bool(made, CKA_DECRYPT));
	}
	ok(generate(CKM_GENERIC_SECRET_KEY_GEN, LENGTH(20), YES(CKA_SIGN)));
	holds(get_ulong(made, CKA_VALUE_LEN) == 20 &&
		get_ulong(made, CKA_KEY_TYPE) == CKK_GENERIC_SECRET);
	ok(generate(CKM_DES2_KEY_GEN, YES(CKA_ENCRYPT)));
	holds(get_ulong(made, CKA_KEY_TYPE) == CKK_DES2);
}
END_TEST

START_TEST(random_and_of_odd_parity)
{
	uint8_t a[24], b[24];
	int i;

	ok(generate(CKM_DES3_KEY_GEN, READABLE));
	holds(get_bytes(made, CKA_VALUE, a, 24) == 24);
	for (i = 0; i < 24; i++)
		holds(__builtin_parity(a[i]) == 1);
	ok(generate(CKM_DES3_KEY_GEN, READABLE));
	holds(get_bytes(made, CKA_VALUE, b, 24) == 24);
	holds(memcmp(a, b, 24) != 0 && memcmp(a, a + 8, 8) != 0);
	ok(generate(CKM_AES_KEY_GEN, LENGTH(16), READABLE));
	holds(get_bytes(made, CKA_VALUE, a, 24) == 16);
	ok(generate(CKM_AES_KEY_GEN, LENGTH(16), READABLE));
	holds(get_bytes(made, CKA_VALUE, b, 24) == 16 && memcmp(a, b, 16) != 0);
}
END_TEST

START_TEST(only_the_so_makes_trusted_keys)
{
	gives(CKR_ATTRIBUTE_READ_ONLY, generate(CKM_AES_KEY_GEN, LENGTH(16), YES(CKA_TRUSTED)));
	nothing_made();
	gives(CKR_OK, generate(CKM_AES_KEY_GEN, LENGTH(16), NO(CKA_TRUSTED)));
}
END_TEST

START_TEST(key_pairs_are_not_made_here)
{
	CK_OBJECT_HANDLE second;

	gives_either(CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID,
		f->C_GenerateKeyPair(
			s, MECH(CKM_RSA_PKCS_KEY_PAIR_GEN), NOTHING, NOTHING, &made, &second));
	nothing_made();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *tc = add_case(suite, "generate", start);

	tcase_add_test(tc, bad_requests_are_refused);
	tcase_add_test(tc, keys_are_made_as_requested);
	tcase_add_test(tc, random_and_of_odd_parity);
	tcase_add_test(tc, only_the_so_makes_trusted_keys);
	tcase_add_test(tc, key_pairs_are_not_made_here);
	return run(suite);
}
