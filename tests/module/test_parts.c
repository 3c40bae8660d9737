/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_parts.c: the same bytes come out whatever the parts, in place, empty or left over;
 * and published answers.
 */
#include "harness.h"

static uint8_t iv[16] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb,
	0xfc, 0xfd, 0xfe, 0xff};
static uint8_t text[100], whole[160], out[160];
static CK_OBJECT_HANDLE key, des, mac_key;
static CK_GCM_PARAMS gcm = {iv, 12, 96, text, 13, 128}, gcm_long_iv = {iv, 16, 128, text, 13, 96};
static CK_CCM_PARAMS ccm = {0, iv, 12, text, 13, 8};
static CK_AES_CTR_PARAMS ctr = {128, {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9,
					     0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff}};
static CK_ULONG eight = 8;

static void keys(void)
{
	static const uint8_t des3[24] = {1, 1, 2, 2, 4, 4, 7, 7, 8, 8, 0xb, 0xb, 0xd, 0xd, 0xe, 0xe,
		0x10, 0x10, 0x13, 0x13, 0x15, 0x15, 0x16, 0x16};
	size_t i;

	user();
	for (i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 11 + 3);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
	des = import(CKK_DES3, des3, 24,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
	mac_key = import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_SIGN), YES(CKA_VERIFY)));
}

static const struct cipher {
	CK_MECHANISM m;
	CK_ULONG unit; /* the input is a multiple of it */
	bool is_des;
} ciphers[] = {
	{{CKM_AES_ECB, NULL, 0}, 16, false},
	{{CKM_AES_CBC, iv, 16}, 16, false},
	{{CKM_AES_CBC_PAD, iv, 16}, 1, false},
	{{CKM_AES_CTR, &ctr, sizeof ctr}, 1, false},
	{{CKM_AES_GCM, &gcm, sizeof gcm}, 1, false},
	{{CKM_AES_GCM, &gcm_long_iv, sizeof gcm_long_iv}, 1, false},
	{{CKM_AES_CCM, &ccm, sizeof ccm}, 1, false},
	{{CKM_DES3_ECB, NULL, 0}, 8, true},
	{{CKM_DES3_CBC, iv, 8}, 8, true},
};
#define CIPHERS (int)(sizeof ciphers / sizeof *ciphers)
#define MECHANISM(i) (CK_MECHANISM_PTR) & ciphers[i].m

static void in_parts(
	bool encrypt, const uint8_t *in, CK_ULONG total, CK_ULONG part, uint8_t *to, CK_ULONG *ret)
{
	CK_ULONG at, done = 0, n;

	for (at = 0; at < total; at += part) {
		CK_ULONG now = total - at < part ? total - at : part;

		n = 160 - done;
		ok((encrypt ? f->C_EncryptUpdate : f->C_DecryptUpdate)(
			s, (CK_BYTE_PTR)in + at, now, to + done, &n));
		done += n;
	}
	n = 160 - done;
	ok((encrypt ? f->C_EncryptFinal : f->C_DecryptFinal)(s, to + done, &n));
	*ret = done + n;
}

START_TEST(ciphers_in_parts)
{
	static const CK_ULONG parts[] = {1, 3, 7, 15, 16, 17, 31, 96};
	CK_OBJECT_HANDLE k = ciphers[_i].is_des ? des : key;
	CK_ULONG length, n, m;
	size_t i;

	for (length = 0; length <= 96;
		length += ciphers[_i].unit == 1 ? 19 : 2 * ciphers[_i].unit) {
		ccm.ulDataLen = length;
		n = sizeof whole;
		ok(f->C_EncryptInit(s, MECHANISM(_i), k));
		ok(f->C_Encrypt(s, text, length, whole, &n));
		for (i = 0; i < sizeof parts / sizeof *parts; i++) {
			ccm.ulDataLen = length;
			ok(f->C_EncryptInit(s, MECHANISM(_i), k));
			in_parts(true, text, length, parts[i], out, &m);
			holds(m == n && memcmp(out, whole, n) == 0);
			ccm.ulDataLen = length;
			ok(f->C_DecryptInit(s, MECHANISM(_i), k));
			in_parts(false, whole, n, parts[i], out, &m);
			holds(m == length && memcmp(out, text, length) == 0);
		}
	}
}
END_TEST

/* A question for the length of the end, and a buffer that is too small for it, lose nothing. */
static void ask_for_the_end(bool encrypt, const uint8_t *in, CK_ULONG in_n, CK_ULONG total)
{
	CK_C_EncryptFinal final = encrypt ? f->C_EncryptFinal : f->C_DecryptFinal;
	CK_ULONG done = sizeof out, n = 0;

	ok((encrypt ? f->C_EncryptUpdate : f->C_DecryptUpdate)(
		s, (CK_BYTE_PTR)in, in_n, out, &done));
	ok(final(s, NULL, &n));
	holds(n >= total - done);
	if (total > done) {
		n = total - done - 1;
		gives(CKR_BUFFER_TOO_SMALL, final(s, out + done, &n));
		holds(n >= total - done);
		ok(final(s, NULL, &n));
		holds(n >= total - done);
	}
	n = sizeof out - done;
	ok(final(s, out + done, &n));
	holds(done + n == total);
	gives(CKR_OPERATION_NOT_INITIALIZED, final(s, out, &n));
}

START_TEST(the_end_may_be_asked_for)
{
	CK_OBJECT_HANDLE k = ciphers[_i].is_des ? des : key;
	CK_ULONG n = sizeof whole;

	ccm.ulDataLen = 32;
	ok(f->C_EncryptInit(s, MECHANISM(_i), k));
	ok(f->C_Encrypt(s, text, 32, whole, &n));
	ok(f->C_EncryptInit(s, MECHANISM(_i), k));
	ask_for_the_end(true, text, 32, n);
	holds(memcmp(out, whole, n) == 0);
	ok(f->C_DecryptInit(s, MECHANISM(_i), k));
	ask_for_the_end(false, whole, n, 32);
	holds(memcmp(out, text, 32) == 0);
}
END_TEST

/* The same for a mechanism that collects its parts until the end. */
START_TEST(the_end_of_collected_parts)
{
	CK_OBJECT_HANDLE root = import(
		CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT)));
	CK_ULONG n = sizeof whole;

	ok(f->C_EncryptInit(s, MECH(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT), root));
	ok(f->C_Encrypt(s, text, 16, whole, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT), root));
	ask_for_the_end(true, text, 16, n);
	holds(memcmp(out, whole, n) == 0);
}
END_TEST

START_TEST(ciphers_in_place)
{
	CK_OBJECT_HANDLE k = ciphers[_i].is_des ? des : key;
	CK_ULONG n = sizeof whole, m = sizeof out;

	ccm.ulDataLen = 64;
	ok(f->C_EncryptInit(s, MECHANISM(_i), k));
	ok(f->C_Encrypt(s, text, 64, whole, &n));
	memcpy(out, text, 64);
	ok(f->C_EncryptInit(s, MECHANISM(_i), k));
	ok(f->C_Encrypt(s, out, 64, out, &m));
	holds(m == n && memcmp(out, whole, n) == 0);
	ok(f->C_DecryptInit(s, MECHANISM(_i), k));
	m = sizeof out;
	ok(f->C_Decrypt(s, out, n, out, &m));
	holds(m == 64 && memcmp(out, text, 64) == 0);
}
END_TEST

START_TEST(data_that_is_not_whole_blocks)
{
	CK_ULONG n = sizeof out;
	int i;

	for (i = 0; i < CIPHERS; i++) {
		CK_OBJECT_HANDLE k = ciphers[i].is_des ? des : key;

		if (ciphers[i].unit == 1)
			continue;
		n = sizeof out;
		ok(f->C_EncryptInit(s, MECHANISM(i), k));
		gives(CKR_DATA_LEN_RANGE, f->C_Encrypt(s, text, ciphers[i].unit + 1, out, &n));
		ok(f->C_EncryptInit(s, MECHANISM(i), k));
		n = sizeof out;
		ok(f->C_EncryptUpdate(s, text, ciphers[i].unit + 1, out, &n));
		n = sizeof out;
		gives(CKR_DATA_LEN_RANGE, f->C_EncryptFinal(s, out, &n));
		gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &n));
		ok(f->C_DecryptInit(s, MECHANISM(i), k));
		n = sizeof out;
		gives(CKR_ENCRYPTED_DATA_LEN_RANGE,
			f->C_Decrypt(s, text, ciphers[i].unit + 1, out, &n));
		ok(f->C_DecryptInit(s, MECHANISM(i), k));
		n = sizeof out;
		ok(f->C_DecryptUpdate(s, text, ciphers[i].unit + 1, out, &n));
		n = sizeof out;
		gives(CKR_ENCRYPTED_DATA_LEN_RANGE, f->C_DecryptFinal(s, out, &n));
	}
	ccm.ulDataLen = 20; /* and CCM with another length than announced */
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH_P(CKM_AES_CCM, &ccm, sizeof ccm), key));
	gives(CKR_DATA_LEN_RANGE, f->C_Encrypt(s, text, 21, out, &n));
}
END_TEST

START_TEST(empty_input)
{
	CK_ULONG n = sizeof out, m = 16;

	ok(f->C_EncryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
	ok(f->C_Encrypt(s, NULL, 0, NULL, &n));
	holds(n == 16);
	ok(f->C_Encrypt(s, NULL, 0, out, &n));
	holds(n == 16);
	ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
	ok(f->C_Decrypt(s, out, 16, out, &m));
	holds(m == 0);
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, NULL, 0, out, &n));
	holds(n == 0);
	n = sizeof out;
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_Digest(s, NULL, 0, out, &n));
	holds(n == 32 && out[0] == 0xe3 && out[31] == 0x55);
	n = sizeof out;
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignUpdate(s, NULL, 0));
	ok(f->C_SignFinal(s, out, &n));
	holds(n == 16 && out[0] == 0xbb && out[15] == 0x46); /* SP 800-38B, D.1, example 1 */
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_Verify(s, NULL, 0, out, 16));
}
END_TEST

START_TEST(macs_and_digests_in_parts)
{
	static CK_GCM_PARAMS gmac = {iv, 12, 96, NULL, 0, 128};
	const struct {
		CK_MECHANISM m;
		CK_OBJECT_HANDLE k;
	} macs[] = {{{CKM_AES_CMAC, NULL, 0}, key},
		{{CKM_AES_CMAC_GENERAL, &eight, sizeof eight}, key},
		{{CKM_DES3_CMAC, NULL, 0}, des}, {{CKM_SHA_1_HMAC, NULL, 0}, mac_key},
		{{CKM_SHA256_HMAC, NULL, 0}, mac_key}, {{CKM_SHA512_HMAC, NULL, 0}, mac_key},
		{{CKM_SHA256_HMAC_GENERAL, &eight, sizeof eight}, mac_key},
		{{CKM_AES_GMAC, &gmac, sizeof gmac}, key}, {{CKM_SHA_1, NULL, 0}, 0},
		{{CKM_SHA512, NULL, 0}, 0}};
	static const CK_ULONG parts[] = {1, 7, 16, 33};
	size_t i, j;

	for (i = 0; i < sizeof macs / sizeof *macs; i++) {
		CK_MECHANISM m = macs[i].m;
		CK_ULONG n = sizeof whole, k, at;

		ok(macs[i].k ? f->C_SignInit(s, &m, macs[i].k) : f->C_DigestInit(s, &m));
		ok((macs[i].k ? f->C_Sign : f->C_Digest)(s, text, 100, whole, &n));
		if (m.pParameter == &eight)
			holds(n == 8);
		for (j = 0; j < sizeof parts / sizeof *parts; j++) {
			ok(macs[i].k ? f->C_SignInit(s, &m, macs[i].k) : f->C_DigestInit(s, &m));
			for (at = 0; at < 100; at += parts[j])
				ok((macs[i].k ? f->C_SignUpdate : f->C_DigestUpdate)(
					s, text + at, 100 - at < parts[j] ? 100 - at : parts[j]));
			k = sizeof out;
			ok((macs[i].k ? f->C_SignFinal : f->C_DigestFinal)(s, out, &k));
			holds(k == n && memcmp(out, whole, n) == 0);
		}
		if (macs[i].k) {
			ok(f->C_VerifyInit(s, &m, macs[i].k));
			for (at = 0; at < 100; at += 10)
				ok(f->C_VerifyUpdate(s, text + at, 10));
			ok(f->C_VerifyFinal(s, whole, n));
		}
	}
}
END_TEST

START_TEST(published_answers)
{
	/*
	 * SP 800-38A F.1.1, F.2.1, F.5.1 first block; SP 800-38B D.1 example 2; RFC 4231 has other
	 * keys; FIPS 180 "abc".
	 */
	static const uint8_t block[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9,
		0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
	CK_ULONG n = 16;
	uint8_t cbc_iv[16], wanted[64];

	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, (CK_BYTE_PTR)block, 16, out, &n));
	unhex("3ad77bb40d7a3660a89ecaf32466ef97", wanted);
	holds(memcmp(out, wanted, 16) == 0);
	unhex("000102030405060708090a0b0c0d0e0f", cbc_iv);
	ok(f->C_EncryptInit(s, MECH_P(CKM_AES_CBC, cbc_iv, 16), key));
	ok(f->C_Encrypt(s, (CK_BYTE_PTR)block, 16, out, &n));
	unhex("7649abac8119b246cee98e9b12e9197d", wanted);
	holds(memcmp(out, wanted, 16) == 0);
	ok(f->C_EncryptInit(s, MECH_P(CKM_AES_CTR, &ctr, sizeof ctr), key));
	ok(f->C_Encrypt(s, (CK_BYTE_PTR)block, 16, out, &n));
	unhex("874d6191b620e3261bef6864990db6ce", wanted);
	holds(memcmp(out, wanted, 16) == 0);
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_Sign(s, (CK_BYTE_PTR)block, 16, out, &n));
	unhex("070a16b46b4d4144f79bdd9dd04a287c", wanted);
	holds(memcmp(out, wanted, 16) == 0);
	ok(f->C_DigestInit(s, MECH(CKM_SHA_1)));
	n = 20;
	ok(f->C_Digest(s, (CK_BYTE_PTR) "abc", 3, out, &n));
	unhex("a9993e364706816aba3e25717850c26c9cd0d89d", wanted);
	holds(memcmp(out, wanted, 20) == 0);
}
END_TEST

START_TEST(digesting_keys)
{
	CK_ULONG n = sizeof out, m = sizeof whole;
	CK_OBJECT_HANDLE readable = import(CKK_GENERIC_SECRET, "abc", 3, T(READABLE));

	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_Digest(s, (CK_BYTE_PTR) "abc", 3, whole, &m));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	CK_RV rv = f->C_DigestKey(s, readable);
	gives_either(CKR_OK, CKR_KEY_INDIGESTIBLE,
		rv); /* a readable value is no secret from its reader */
	if (rv == CKR_OK) {
		ok(f->C_DigestFinal(s, out, &n));
		holds(n == 32 && memcmp(out, whole, 32) == 0);
	}
}
END_TEST

START_TEST(random_numbers)
{
	uint8_t a[64] = {0}, b[64] = {0};

	ok(f->C_GenerateRandom(s, a, 64));
	ok(f->C_SeedRandom(s, a, 64));
	ok(f->C_GenerateRandom(s, b, 64));
	holds(memcmp(a, b, 64) != 0);
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateRandom(s, NULL, 16));
	gives(CKR_ARGUMENTS_BAD, f->C_SeedRandom(s, NULL, 16));
	/* lengths that are mistakes: nothing is written or read beyond */
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateRandom(s, a, (1UL << 31) + 1));
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateRandom(s, a, (CK_ULONG)-1));
	gives(CKR_ARGUMENTS_BAD, f->C_SeedRandom(s, a, (1UL << 31) + 1));
	gives(CKR_ARGUMENTS_BAD, f->C_SeedRandom(s, a, (CK_ULONG)-1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parts");
	TCase *tc = add_case(suite, "parts", keys);

	tcase_add_loop_test(tc, ciphers_in_parts, 0, CIPHERS);
	tcase_add_loop_test(tc, the_end_may_be_asked_for, 0, CIPHERS);
	tcase_add_test(tc, the_end_of_collected_parts);
	tcase_add_loop_test(tc, ciphers_in_place, 0, CIPHERS);
	tcase_add_test(tc, data_that_is_not_whole_blocks);
	tcase_add_test(tc, empty_input);
	tcase_add_test(tc, macs_and_digests_in_parts);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, digesting_keys);
	tcase_add_test(tc, random_numbers);
	return run(suite);
}
