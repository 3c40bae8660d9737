/* SPDX-License-Identifier: Apache-2.0 */
/* test_softhsm.c: every mechanism that SoftHSM2 has too: made in one, undone in the other. */
#include "second.h"

static uint8_t iv[16], text[512], value[64];
static CK_GCM_PARAMS gcm = {iv, 12, 96, text, 20, 128};
static CK_AES_CTR_PARAMS ctr = {128, {0}};

static const struct cipher {
	CK_MECHANISM m;
	CK_KEY_TYPE type;
	size_t unit;
} ciphers[] = {
	{{CKM_AES_ECB, NULL, 0}, CKK_AES, 16},
	{{CKM_AES_CBC, iv, 16}, CKK_AES, 16},
	{{CKM_AES_CBC_PAD, iv, 16}, CKK_AES, 1},
	{{CKM_AES_CTR, &ctr, sizeof ctr}, CKK_AES, 1},
	{{CKM_AES_GCM, &gcm, sizeof gcm}, CKK_AES, 1},
	{{CKM_DES3_ECB, NULL, 0}, CKK_DES3, 8},
	{{CKM_DES3_CBC, iv, 8}, CKK_DES3, 8},
};

static size_t random_key(CK_KEY_TYPE type)
{
	size_t n = type == CKK_AES ? 16 + 8 * below(3) : type == CKK_DES3 ? 24 : 64, i;

	draw(value, n);
	if (type == CKK_DES3)
		for (i = 0; i < n; i++)
			value[i] ^= __builtin_parity(value[i]) == 0;
	return n;
}

START_TEST(ciphers_both_ways)
{
	CK_MECHANISM m = ciphers[_i].m;
	CK_OBJECT_HANDLE enc[2], dec[2];
	int round;

	for (round = 0; round < 40; round++) {
		size_t n = random_key(ciphers[_i].type),
		       length = below(256 / ciphers[_i].unit) * ciphers[_i].unit + ciphers[_i].unit;
		uint8_t out[600], back[600], other[600];
		CK_ULONG k = sizeof out, j = sizeof back, l = sizeof other;

		import_both(ciphers[_i].type, value, n, CKA_ENCRYPT, &enc[0], &enc[1]);
		import_both(ciphers[_i].type, value, n, CKA_DECRYPT, &dec[0], &dec[1]);
		draw(iv, 16);
		draw(ctr.cb, 16);
		draw(text, sizeof text);
		ok(f->C_EncryptInit(s, &m, enc[0]));
		ok(f->C_Encrypt(s, text, length, out, &k));
		ok(g->C_DecryptInit(gs, &m, dec[1]));
		ok(g->C_Decrypt(gs, out, k, back, &j));
		ck_assert_uint_eq(j, length);
		ck_assert_mem_eq(back, text, length);
		ok(g->C_EncryptInit(gs, &m, enc[1]));
		ok(g->C_Encrypt(gs, text, length, other, &l));
		ck_assert_uint_eq(l, k);
		ck_assert_mem_eq(other, out, k);
		j = sizeof back;
		ok(f->C_DecryptInit(s, &m, dec[0]));
		ok(f->C_Decrypt(s, other, l, back, &j));
		ck_assert_uint_eq(j, length);
		ck_assert_mem_eq(back, text, length);
	}
}
END_TEST

START_TEST(macs_both_ways)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE key;
	} macs[] = {{CKM_AES_CMAC, CKK_AES}, {CKM_DES3_CMAC, CKK_DES3},
		{CKM_SHA_1_HMAC, CKK_GENERIC_SECRET}, {CKM_SHA224_HMAC, CKK_GENERIC_SECRET},
		{CKM_SHA256_HMAC, CKK_GENERIC_SECRET}, {CKM_SHA384_HMAC, CKK_GENERIC_SECRET},
		{CKM_SHA512_HMAC, CKK_GENERIC_SECRET}};
	CK_OBJECT_HANDLE sign[2], verify[2];
	int round;

	for (round = 0; round < 40; round++) {
		size_t n = random_key(macs[_i].key), length = 1 + below(400);
		uint8_t out[64], other[64];
		CK_ULONG k = sizeof out, j = sizeof other;

		import_both(macs[_i].key, value, n, CKA_SIGN, &sign[0], &sign[1]);
		import_both(macs[_i].key, value, n, CKA_VERIFY, &verify[0], &verify[1]);
		draw(text, sizeof text);
		ok(f->C_SignInit(s, MECH(macs[_i].type), sign[0]));
		ok(f->C_Sign(s, text, length, out, &k));
		ok(g->C_VerifyInit(gs, MECH(macs[_i].type), verify[1]));
		ok(g->C_Verify(gs, text, length, out, k));
		ok(g->C_SignInit(gs, MECH(macs[_i].type), sign[1]));
		ok(g->C_Sign(gs, text, length, other, &j));
		ck_assert_uint_eq(j, k);
		ck_assert_mem_eq(out, other, k);
		ok(f->C_VerifyInit(s, MECH(macs[_i].type), verify[0]));
		ok(f->C_Verify(s, text, length, other, j));
	}
}
END_TEST

START_TEST(digests)
{
	static const CK_MECHANISM_TYPE m[] = {
		CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512};
	int i, round;

	for (i = 0; i < 5; i++)
		for (round = 0; round < 40; round++) {
			uint8_t out[64], other[64];
			CK_ULONG k = sizeof out, j = sizeof other;
			size_t length = 1 + below(500);

			draw(text, sizeof text);
			ok(f->C_DigestInit(s, MECH(m[i])));
			ok(f->C_Digest(s, text, length, out, &k));
			ok(g->C_DigestInit(gs, MECH(m[i])));
			ok(g->C_Digest(gs, text, length, other, &j));
			ck_assert_uint_eq(j, k);
			ck_assert_mem_eq(out, other, k);
		}
}
END_TEST

START_TEST(wrapped_keys_both_ways)
{
	/*
	 * SoftHSM's CKM_AES_KEY_WRAP_PAD is RFC 5649, which PKCS#11 3.0 calls CKM_AES_KEY_WRAP_KWP.
	 */
	const CK_MECHANISM_TYPE here = _i ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP,
				there = _i ? CKM_AES_KEY_WRAP_PAD : CKM_AES_KEY_WRAP;
	uint8_t kek[32], got[64];
	int round;

	for (round = 0; round < 40; round++) {
		uint8_t wrapped[128];
		CK_ULONG n = sizeof wrapped;
		size_t length = _i ? 16 + below(17) : 16 + 8 * below(3);
		CK_KEY_TYPE type = _i ? CKK_GENERIC_SECRET : CKK_AES;
		CK_OBJECT_HANDLE key[2], kek_wrap[2], kek_unwrap[2], back;
		CK_ATTRIBUTE v = {CKA_VALUE, got, sizeof got};

		draw(kek, 32);
		draw(value, length);
		import_both(type, value, length, CKA_SIGN, &key[0], &key[1]);
		import_both(CKK_AES, kek, 32, CKA_WRAP, &kek_wrap[0], &kek_wrap[1]);
		kek_unwrap[0] = import(CKK_AES, kek, 32,
			T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_SENSITIVE))));
		kek_unwrap[1] = import_there(CKK_AES, kek, 32, CKA_UNWRAP);
		ok(f->C_WrapKey(s, MECH(here), kek_wrap[0], key[0], wrapped, &n));
		ok(g->C_UnwrapKey(
			gs, MECH(there), kek_unwrap[1], wrapped, n, T(KEY(type), READABLE), &back));
		ok(g->C_GetAttributeValue(gs, back, &v, 1));
		ck_assert_uint_eq(v.ulValueLen, length);
		ck_assert_mem_eq(got, value, length);
		n = sizeof wrapped;
		ok(g->C_WrapKey(gs, MECH(there), kek_wrap[1], key[1], wrapped, &n));
		ok(f->C_UnwrapKey(
			s, MECH(here), kek_unwrap[0], wrapped, n, T(KEY(type), READABLE), &back));
		/*
		 * SoftHSM 2.6.1 pads the key to whole 8 bytes itself before it wraps, so their
		 * length is what comes back
		 */
		ck_assert_uint_eq(
			get_bytes(back, CKA_VALUE, got, sizeof got), (length + 7) / 8 * 8);
		ck_assert_mem_eq(got, value, length);
	}
}
END_TEST

START_TEST(check_values)
{
	static const CK_KEY_TYPE types[] = {CKK_AES, CKK_DES3};
	int i, round;

	for (i = 0; i < 2; i++)
		for (round = 0; round < 10; round++) {
			size_t n = random_key(types[i]);
			CK_OBJECT_HANDLE ours, theirs;
			uint8_t a[8], b[8];
			CK_ATTRIBUTE v = {CKA_CHECK_VALUE, b, sizeof b};

			import_both(types[i], value, n, CKA_ENCRYPT, &ours, &theirs);
			ck_assert_uint_eq(get_bytes(ours, CKA_CHECK_VALUE, a, 8), 3);
			ok(g->C_GetAttributeValue(gs, theirs, &v, 1));
			ck_assert_mem_eq(a, b, 3);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("SoftHSM2");
	TCase *tc = tcase_create("both");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, both, second_finish);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, ciphers_both_ways, 0, (int)(sizeof ciphers / sizeof *ciphers));
	tcase_add_loop_test(tc, macs_both_ways, 0, 7);
	tcase_add_test(tc, digests);
	tcase_add_loop_test(tc, wrapped_keys_both_ways, 0, 2);
	tcase_add_test(tc, check_values);
	return run(suite);
}
