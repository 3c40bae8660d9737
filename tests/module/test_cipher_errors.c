/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cipher_errors.c: wrong ciphertexts: one code for every wrong padding, and no plaintext
 * before a tag is checked.
 */
#include "harness.h"

static uint8_t iv[16], text[48], out[128];
static CK_OBJECT_HANDLE key;

static void keys(void)
{
	user();
	memset(text, 0x33, sizeof text);
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
}

/* The ciphertext, under CBC, of 16 bytes with a padding of our choice. */
static void with_padding(const uint8_t padded[32], uint8_t ret[32])
{
	CK_ULONG n = 32;

	ok(f->C_EncryptInit(s, MECH_P(CKM_AES_CBC, iv, 16), key));
	ok(f->C_Encrypt(s, (CK_BYTE_PTR)padded, 32, ret, &n));
}

START_TEST(one_code_for_every_wrong_padding)
{
	uint8_t padded[32], bad[32];
	unsigned last, second;
	CK_ULONG n;

	for (last = 0; last < 256; last++)
		for (second = 0; second < 20; second++) {
			memset(padded, 0x11, 32);
			padded[31] = (uint8_t)last;
			padded[30] = (uint8_t)second;
			if (last == 1 || (last == 2 && second == 2) || (last == 17 && second == 17))
				continue; /* right */
			with_padding(padded, bad);
			memset(out, 0xA5, sizeof out);
			ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
			n = sizeof out;
			gives(CKR_ENCRYPTED_DATA_INVALID, f->C_Decrypt(s, bad, 32, out, &n));
			if (second == 0) { /* in parts too */
				ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
				n = sizeof out;
				ok(f->C_DecryptUpdate(s, bad, 32, out, &n));
				n = sizeof out;
				gives(CKR_ENCRYPTED_DATA_INVALID, f->C_DecryptFinal(s, out, &n));
			}
		}
}
END_TEST

START_TEST(lengths_of_padded_ciphertexts)
{
	CK_ULONG n = sizeof out;

	ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
	gives(CKR_ENCRYPTED_DATA_LEN_RANGE, f->C_Decrypt(s, text, 0, out, &n));
	ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
	gives(CKR_ENCRYPTED_DATA_LEN_RANGE, f->C_Decrypt(s, text, 15, out, &n));
	ok(f->C_DecryptInit(s, MECH_P(CKM_AES_CBC_PAD, iv, 16), key));
	gives(CKR_ENCRYPTED_DATA_LEN_RANGE, f->C_Decrypt(s, text, 33, out, &n));
}
END_TEST

/* GCM and CCM. */
static CK_GCM_PARAMS gcm = {iv, 12, 96, text, 20, 128};
static CK_CCM_PARAMS ccm = {48, iv, 12, text, 20, 16};

static CK_MECHANISM aead(int which)
{
	return which ? (CK_MECHANISM){CKM_AES_CCM, &ccm, sizeof ccm}
		     : (CK_MECHANISM){CKM_AES_GCM, &gcm, sizeof gcm};
}

static bool refused(CK_RV rv)
{
	return expect_rv(CKR_ENCRYPTED_DATA_INVALID, CKR_AEAD_DECRYPT_FAILED, rv,
		"a forged message", __FILE__, __LINE__);
}

START_TEST(no_plaintext_of_a_forged_message)
{
	CK_MECHANISM m = aead(_i);
	uint8_t good[64], bad[64], untouched[128];
	CK_ULONG n = sizeof good, total, k;
	size_t bit;

	memset(untouched, 0xA5, sizeof untouched);
	ok(f->C_EncryptInit(s, &m, key));
	ok(f->C_Encrypt(s, text, 48, good, &n));
	ck_assert_uint_eq(n, 64);
	for (bit = 0; bit < 64 * 8; bit += 7) {
		memcpy(bad, good, 64);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 0xA5, sizeof out);
		ok(f->C_DecryptInit(s, &m, key));
		k = sizeof out;
		refused(f->C_Decrypt(s, bad, 64, out, &k));
		holds(memcmp(out, untouched, sizeof out) == 0);
		n = sizeof out;
		gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, good, 64, out, &n));
	}
	/* in parts: nothing comes out before the end */
	ok(f->C_DecryptInit(s, &m, key));
	for (total = 0, bit = 0; bit < 64; bit += 16) {
		k = sizeof out;
		ok(f->C_DecryptUpdate(s, bad + bit, 16, out, &k));
		total += k;
	}
	holds(total == 0);
	k = sizeof out;
	refused(f->C_DecryptFinal(s, out, &k));
	holds(memcmp(out, untouched, sizeof out) == 0);
}
END_TEST

START_TEST(other_associated_data_or_nonce)
{
	CK_MECHANISM m = aead(_i);
	uint8_t good[64];
	CK_ULONG n = sizeof good;

	ok(f->C_EncryptInit(s, &m, key));
	ok(f->C_Encrypt(s, text, 48, good, &n));
	gcm.ulAADLen = ccm.ulAADLen = 19;
	ok(f->C_DecryptInit(s, &m, key));
	n = sizeof out;
	refused(f->C_Decrypt(s, good, 64, out, &n));
	gcm.ulAADLen = ccm.ulAADLen = 20;
	iv[3] ^= 1;
	ok(f->C_DecryptInit(s, &m, key));
	n = sizeof out;
	refused(f->C_Decrypt(s, good, 64, out, &n));
	iv[3] ^= 1;
	ok(f->C_DecryptInit(s, &m, key));
	n = sizeof out;
	gives_either(CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID,
		f->C_Decrypt(s, good, 15, out, &n));
	ok(f->C_DecryptInit(s, &m, key));
	n = sizeof out;
	ok(f->C_Decrypt(s, good, 64, out, &n));
	holds(n == 48 && memcmp(out, text, 48) == 0);
}
END_TEST

START_TEST(a_query_for_the_length_does_not_check_the_tag)
{
	/* With too small a buffer the answer does not depend on whether the tag is right. */
	CK_MECHANISM m = aead(_i);
	uint8_t good[64];
	CK_ULONG n = sizeof good;

	ok(f->C_EncryptInit(s, &m, key));
	ok(f->C_Encrypt(s, text, 48, good, &n));
	good[0] ^= 1;
	ok(f->C_DecryptInit(s, &m, key));
	n = 0;
	ok(f->C_Decrypt(s, good, 64, NULL, &n));
	holds(n >= 48);
	n = 47;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, good, 64, out, &n));
	n = 48;
	refused(f->C_Decrypt(s, good, 64, out, &n));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cipher errors");
	TCase *tc = add_case(suite, "errors", keys);

	tcase_add_test(tc, one_code_for_every_wrong_padding);
	tcase_add_test(tc, lengths_of_padded_ciphertexts);
	tcase_add_loop_test(tc, no_plaintext_of_a_forged_message, 0, 2);
	tcase_add_loop_test(tc, other_associated_data_or_nonce, 0, 2);
	tcase_add_loop_test(tc, a_query_for_the_length_does_not_check_the_tag, 0, 2);
	return run(suite);
}
