/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_usage.c: a key does only what its attributes say, with mechanisms for its type and
 * parameters that are whole.
 */
#include <sys/mman.h>

#include "harness.h"

static uint8_t iv[16];
static uint8_t out[128];
static CK_OBJECT_HANDLE made;

START_TEST(usage_that_is_off)
{
	CK_OBJECT_HANDLE none = import(CKK_AES, mk, 16, T(READABLE, NO(CKA_ENCRYPT))),
			 target = import(CKK_AES, mk, 16, T(READABLE));
	CK_OBJECT_HANDLE all_but_wrap = import(CKK_AES, mk32, 32,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
	CK_ULONG n = sizeof out;

	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DecryptInit(s, MECH(CKM_AES_ECB), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, MECH(CKM_AES_CMAC), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_VerifyInit(s, MECH(CKM_AES_CMAC), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), none, target, out, &n));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), all_but_wrap, target, out, &n));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), none, out, 24, T(KEY(CKK_AES)), &made));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(none, NOTHING, &made));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f3->C_MessageEncryptInit(s, MECH(CKM_AES_GCM), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f3->C_MessageDecryptInit(s, MECH(CKM_AES_GCM), none));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f->C_SignInit(s, MECH(CKM_SHA256_HMAC),
			import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_VERIFY)))));
}
END_TEST

START_TEST(usage_that_is_taken_away)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	CK_ULONG n = sizeof out;

	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, iv, 16, out, &n));
	ok(f->C_SetAttributeValue(s, key, T(NO(CKA_ENCRYPT))));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
}
END_TEST

START_TEST(wrong_types_come_first)
{
	/* Keys without the usage either: CKR_KEY_TYPE_INCONSISTENT has priority. */
	CK_OBJECT_HANDLE generic = import(CKK_GENERIC_SECRET, mk, 16, T(READABLE)),
			 aes = import(CKK_AES, mk, 16, T(READABLE)), data;
	CK_ULONG n = sizeof out;

	ok(f->C_CreateObject(s, T(CLASS(CKO_DATA), STR(CKA_VALUE, "x")), &data));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_EncryptInit(s, MECH(CKM_AES_ECB), generic));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_DecryptInit(s, MECH_P(CKM_AES_CBC, iv, 16), generic));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_SignInit(s, MECH(CKM_AES_CMAC), generic));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_VerifyInit(s, MECH(CKM_AES_CMAC), generic));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_SignInit(s, MECH(CKM_SHA256_HMAC), aes));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_EncryptInit(s, MECH(CKM_DES3_ECB), aes));
	gives(CKR_KEY_TYPE_INCONSISTENT, derive_device(generic, NOTHING, &made));
	gives(CKR_KEY_TYPE_INCONSISTENT,
		derive_device(
			import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_DERIVE))), NOTHING, &made));
	gives_either(CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID,
		f->C_EncryptInit(s, MECH(CKM_AES_ECB), data));
	gives(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), generic, aes, out, &n));
	gives(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
		f->C_UnwrapKey(
			s, MECH(CKM_AES_KEY_WRAP), generic, out, 24, T(KEY(CKK_AES)), &made));
	/* HMACs of another hash's key type */
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_SignInit(s, MECH(CKM_SHA256_HMAC),
						 import(CKK_SHA_1_HMAC, mk, 16, T(YES(CKA_SIGN)))));
	gives(CKR_OK, f->C_SignInit(s, MECH(CKM_SHA256_HMAC),
			      import(CKK_SHA256_HMAC, mk, 16, T(YES(CKA_SIGN)))));
}
END_TEST

START_TEST(unknown_mechanisms)
{
	static const CK_MECHANISM_TYPE unknown[] = {0x80000000UL, 0x80000001UL, 0xFFFFFFFFUL,
		(CK_MECHANISM_TYPE)-1, 0x9999, CKM_RSA_PKCS};
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
	CK_OBJECT_HANDLE master = open_master(), kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	CK_ULONG n = sizeof out;
	size_t i;

	for (i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, MECH(unknown[i]), key));
		gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, MECH(unknown[i]), key));
		gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, MECH(unknown[i]), key));
		gives(CKR_MECHANISM_INVALID, f->C_VerifyInit(s, MECH(unknown[i]), key));
		gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, MECH(unknown[i])));
		gives(CKR_MECHANISM_INVALID,
			f->C_DeriveKey(s, MECH(unknown[i]), master, NOTHING, &made));
		gives(CKR_MECHANISM_INVALID,
			f->C_GenerateKey(s, MECH(unknown[i]), T(LENGTH(16)), &made));
		gives(CKR_MECHANISM_INVALID, f->C_WrapKey(s, MECH(unknown[i]), kek, key, out, &n));
	}
}
END_TEST

START_TEST(allowed_mechanisms_are_obeyed)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_SIGN), YES(CKA_DECRYPT), ALLOWED(CKM_AES_CBC)));
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32,
		T(YES(CKA_WRAP), YES(CKA_UNWRAP), ALLOWED(CKM_AES_KEY_WRAP_KWP)));
	CK_OBJECT_HANDLE target = import(CKK_AES, mk, 16, T(READABLE)),
			 nothing = import(CKK_AES, mk, 16,
				 T(YES(CKA_ENCRYPT), RAW(CKA_ALLOWED_MECHANISMS, iv, 0)));
	CK_ULONG n = sizeof out;

	gives(CKR_OK, f->C_EncryptInit(s, MECH_P(CKM_AES_CBC, iv, 16), key));
	f->C_EncryptInit(s, NULL, 0);
	gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_MECHANISM_INVALID, f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, target, out, &n));
	gives(CKR_OK, f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), kek, target, out, &n));
	gives(CKR_MECHANISM_INVALID,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, out, n, T(KEY(CKK_AES)), &made));
	gives(CKR_MECHANISM_INVALID,
		f->C_EncryptInit(s, MECH(CKM_AES_ECB), nothing)); /* an empty list allows none */
}
END_TEST

/* A page that may not be touched: a module that believes a huge length dies on it. */
static void *last_bytes(size_t n)
{
	uint8_t *pages =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(pages != MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + 4096, 4096, PROT_NONE), 0);
	return pages + 4096 - n;
}

START_TEST(parameters_of_a_wrong_length)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE key;
		CK_ULONG right;
	} m[] = {{CKM_AES_CBC, CKK_AES, 16}, {CKM_AES_CBC_PAD, CKK_AES, 16},
		{CKM_AES_CTR, CKK_AES, sizeof(CK_AES_CTR_PARAMS)},
		{CKM_AES_GCM, CKK_AES, sizeof(CK_GCM_PARAMS)},
		{CKM_AES_CCM, CKK_AES, sizeof(CK_CCM_PARAMS)}, {CKM_DES3_CBC, CKK_DES3, 8}};
	static const uint8_t des3[24] = {1, 1, 2, 2, 4, 4, 7, 7, 8, 8, 0xb, 0xb, 0xd, 0xd, 0xe, 0xe,
		0x10, 0x10, 0x13, 0x13, 0x15, 0x15, 0x16, 0x16};
	CK_OBJECT_HANDLE aes = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT))),
			 des = import(CKK_DES3, des3, 24, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	size_t i, j;

	for (i = 0; i < sizeof m / sizeof *m; i++) {
		CK_OBJECT_HANDLE key = m[i].key == CKK_AES ? aes : des;
		const CK_ULONG lengths[] = {
			0, 1, m[i].right - 1, m[i].right + 1, 4096, 1UL << 31, (CK_ULONG)-1};
		void *bytes = last_bytes(m[i].right);

		for (j = 0; j < sizeof lengths / sizeof *lengths; j++) {
			gives(CKR_MECHANISM_PARAM_INVALID,
				f->C_EncryptInit(s, MECH_P(m[i].type, bytes, lengths[j]), key));
			gives(CKR_MECHANISM_PARAM_INVALID,
				f->C_DecryptInit(s, MECH_P(m[i].type, bytes, lengths[j]), key));
		}
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(m[i].type, NULL, m[i].right), key));
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(m[i].type, NULL, 0), key));
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(m[i].type, NULL, (CK_ULONG)-1), key));
	}
}
END_TEST

START_TEST(parameters_where_none_belong)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_SIGN))),
			 kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	CK_ULONG n = sizeof out;

	gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, MECH_P(CKM_AES_ECB, iv, 16), key));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, MECH_P(CKM_AES_CMAC, iv, 16), key));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DigestInit(s, MECH_P(CKM_SHA256, iv, 16)));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_GenerateKey(s, MECH_P(CKM_AES_KEY_GEN, iv, 3), T(LENGTH(16)), &made));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_WrapKey(s, MECH_P(CKM_AES_KEY_WRAP, iv, 7), kek,
						   import(CKK_AES, mk, 16, T(READABLE)), out, &n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_EncryptInit(s, MECH_P(CKM_AES_ECB, NULL, (CK_ULONG)-1), key));
	/* a pointer with length 0 is no parameter */
	gives(CKR_OK, f->C_EncryptInit(s, MECH_P(CKM_AES_ECB, iv, 0), key));
}
END_TEST

START_TEST(what_stands_in_the_parameters)
{
	CK_OBJECT_HANDLE key =
		import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN)));
	uint8_t nonce[16] = {0}, aad[8] = {0};
	const CK_GCM_PARAMS gcm[] = {{NULL, 12, 96, NULL, 0, 128}, {nonce, 0, 0, NULL, 0, 128},
		{nonce, 12, 96, NULL, 8, 128}, {nonce, 12, 96, aad, 8, 129},
		{nonce, 12, 96, aad, 8, 0}, {nonce, 12, 96, aad, 8, 64},
		{nonce, 12, 96, aad, 8, 88}, {nonce, 12, 96, aad, 8, 100},
		{nonce, (CK_ULONG)-1, 96, aad, 8, 128}, {nonce, 12, 96, aad, (CK_ULONG)-1, 128},
		{nonce, 12, 96, aad, 8, (CK_ULONG)-1}};
	const CK_CCM_PARAMS ccm[] = {{16, NULL, 12, NULL, 0, 16}, {16, nonce, 6, NULL, 0, 16},
		{16, nonce, 14, NULL, 0, 16}, {16, nonce, 12, NULL, 8, 16},
		{16, nonce, 12, aad, 8, 3}, {16, nonce, 12, aad, 8, 17}, {16, nonce, 12, aad, 8, 0},
		{1UL << 32, nonce, 13, aad, 8, 16}, {(CK_ULONG)-1, nonce, 12, aad, 8, 16},
		{16, nonce, (CK_ULONG)-1, aad, 8, 16}, {16, nonce, 12, aad, (CK_ULONG)-1, 16}};
	const CK_AES_CTR_PARAMS ctr[] = {{0, {0}}, {129, {0}}, {(CK_ULONG)-1, {0}}};
	const CK_MAC_GENERAL_PARAMS lengths[] = {17, 64, (CK_ULONG)-1};
	size_t i;

	for (i = 0; i < sizeof gcm / sizeof *gcm; i++) {
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(CKM_AES_GCM, &gcm[i], sizeof *gcm), key));
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_DecryptInit(s, MECH_P(CKM_AES_GCM, &gcm[i], sizeof *gcm), key));
	}
	for (i = 0; i < sizeof ccm / sizeof *ccm; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(CKM_AES_CCM, &ccm[i], sizeof *ccm), key));
	for (i = 0; i < sizeof ctr / sizeof *ctr; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_EncryptInit(s, MECH_P(CKM_AES_CTR, &ctr[i], sizeof *ctr), key));
	for (i = 0; i < sizeof lengths / sizeof *lengths; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_SignInit(s, MECH_P(CKM_AES_CMAC_GENERAL, &lengths[i], sizeof *lengths),
				key));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_AES_CMAC_GENERAL, lengths, 4), key));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_AES_CMAC_GENERAL, NULL, 8), key));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usage");
	TCase *tc = add_case(suite, "usage", user);

	tcase_add_test(tc, usage_that_is_off);
	tcase_add_test(tc, usage_that_is_taken_away);
	tcase_add_test(tc, wrong_types_come_first);
	tcase_add_test(tc, unknown_mechanisms);
	tcase_add_test(tc, allowed_mechanisms_are_obeyed);
	tcase_add_test(tc, parameters_of_a_wrong_length);
	tcase_add_test(tc, parameters_where_none_belong);
	tcase_add_test(tc, what_stands_in_the_parameters);
	return run(suite);
}
