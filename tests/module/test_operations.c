/* SPDX-License-Identifier: Apache-2.0 */
/* test_operations.c: how operations begin, ask for room, go on in parts and end. */
#include "harness.h"

static uint8_t iv[16], text[64], out[256];
static CK_OBJECT_HANDLE key, mac_key;
static CK_GCM_PARAMS gcm = {iv, 12, 96, NULL, 0, 128};
static CK_CCM_PARAMS ccm = {64, iv, 12, NULL, 0, 16};
static CK_AES_CTR_PARAMS ctr = {128, {9}};
static CK_ULONG n;

static void keys(void)
{
	size_t i;

	user();
	for (i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
	mac_key = import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_SIGN), YES(CKA_VERIFY)));
}

/* Cipher mechanisms, and what they are the same in. */
static const struct cipher {
	CK_MECHANISM m;
	bool whole_blocks; /* input must be */
	CK_ULONG overhead; /* of 64 bytes */
} ciphers[] = {
	{{CKM_AES_ECB, NULL, 0}, true, 0},
	{{CKM_AES_CBC, iv, 16}, true, 0},
	{{CKM_AES_CBC_PAD, iv, 16}, false, 16},
	{{CKM_AES_CTR, &ctr, sizeof ctr}, false, 0},
	{{CKM_AES_GCM, &gcm, sizeof gcm}, false, 16},
	{{CKM_AES_CCM, &ccm, sizeof ccm}, false, 16},
};
#define CIPHERS (int)(sizeof ciphers / sizeof *ciphers)
#define MECHANISM(i) (CK_MECHANISM_PTR) & ciphers[i].m

static CK_ULONG encrypt_whole(int i, uint8_t *ret)
{
	CK_ULONG length = 128;

	ok(f->C_EncryptInit(s, MECHANISM(i), key));
	ok(f->C_Encrypt(s, text, 64, ret, &length));
	ck_assert_uint_eq(length, 64 + ciphers[i].overhead);
	return length;
}

START_TEST(calls_without_init_are_refused)
{
	n = sizeof out;
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptUpdate(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DecryptUpdate(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DecryptFinal(s, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestUpdate(s, text, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestKey(s, mac_key));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestFinal(s, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignUpdate(s, text, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 16, out, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyUpdate(s, text, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyFinal(s, out, 16));
}
END_TEST

START_TEST(init_twice)
{
	CK_SESSION_HANDLE other = open_session(0);

	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OPERATION_ACTIVE, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptInit(other, MECH(CKM_AES_ECB), key)); /* sessions are independent */
	n = 16;
	ok(f->C_Encrypt(s, text, 16, out, &n)); /* the refused init changed nothing */
	n = 16;
	ok(f->C_Encrypt(other, text, 16, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OPERATION_ACTIVE, f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_DecryptInit(s, NULL, 0));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_OPERATION_ACTIVE, f->C_DigestInit(s, MECH(CKM_SHA_1)));
	ok(f->C_DigestInit(s, NULL));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OPERATION_ACTIVE, f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignInit(s, NULL, 0));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OPERATION_ACTIVE, f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
}
END_TEST

START_TEST(a_refused_init_leaves_nothing_active)
{
	n = sizeof out;
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key + 9999));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DecryptInit(s, MECH_P(CKM_AES_CBC, iv, 15), key));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
	gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, MECH(CKM_AES_ECB)));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 16, out, &n));
	gives(CKR_KEY_TYPE_INCONSISTENT, f->C_SignInit(s, MECH(CKM_AES_CMAC), mac_key));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
}
END_TEST

START_TEST(null_mechanism_cancels)
{
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OK, f->C_EncryptInit(s, NULL, 0));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OK, f->C_DecryptInit(s, NULL, 0));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_OK, f->C_DigestInit(s, NULL));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 16, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OK, f->C_SignInit(s, NULL, 0));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OK, f->C_VerifyInit(s, NULL, 0));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 16, out, 16));
}
END_TEST

START_TEST(session_cancel)
{
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OK, f3->C_SessionCancel(s, CKF_ENCRYPT));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OK, f3->C_SessionCancel(s, CKF_SIGN));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
	ok(f->C_FindObjectsInit(s, NOTHING));
	gives(CKR_OK, f3->C_SessionCancel(s, CKF_FIND_OBJECTS));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_FindObjectsFinal(s));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_OK, f3->C_SessionCancel(s, CKF_ENCRYPT)); /* another's flag */
	n = 16;
	gives(CKR_OK, f->C_Decrypt(s, text, 16, out, &n));
}
END_TEST

START_TEST(room_for_a_ciphertext)
{
	uint8_t whole[128], untouched[256];
	CK_ULONG length = encrypt_whole(_i, whole);

	memset(untouched, 0xA5, sizeof untouched);
	ok(f->C_EncryptInit(s, MECHANISM(_i), key));
	n = 0;
	gives(CKR_OK, f->C_Encrypt(s, text, 64, NULL, &n));
	holds(n >= length && n <= length + 16);
	memset(out, 0xA5, sizeof out);
	n = length - 1;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Encrypt(s, text, 64, out, &n));
	holds(n >= length && n <= length + 16);
	n = 0;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Encrypt(s, text, 64, out, &n));
	holds(memcmp(out, untouched, sizeof out) == 0);
	n = length;
	gives(CKR_OK, f->C_Encrypt(s, text, 64, out, &n));
	holds(n == length && memcmp(out, whole, length) == 0);
	holds(memcmp(out + length, untouched, sizeof out - length) == 0);
	n = sizeof out;
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 64, out, &n));
}
END_TEST

START_TEST(room_for_a_plaintext)
{
	uint8_t whole[128], untouched[256];
	CK_ULONG length = encrypt_whole(_i, whole);

	memset(untouched, 0xA5, sizeof untouched);
	ok(f->C_DecryptInit(s, MECHANISM(_i), key));
	gives(CKR_OK, f->C_Decrypt(s, whole, length, NULL, &n));
	holds(n >= 64 && n <= length);
	memset(out, 0xA5, sizeof out);
	n = 63;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, whole, length, out, &n));
	holds(n >= 64 && n <= length);
	holds(memcmp(out, untouched, sizeof out) == 0);
	n = 64;
	gives(CKR_OK, f->C_Decrypt(s, whole, length, out, &n));
	holds(n == 64 && memcmp(out, text, 64) == 0);
	holds(memcmp(out + 64, untouched, sizeof out - 64) == 0);
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, whole, length, out, &n));
}
END_TEST

START_TEST(room_in_updates_and_finals)
{
	ok(f->C_EncryptInit(s, MECHANISM(_i), key));
	n = 0;
	gives(CKR_OK, f->C_EncryptUpdate(s, text, 32, NULL, &n));
	if (n > 0) {
		CK_ULONG most = n;

		n = 0;
		gives(CKR_BUFFER_TOO_SMALL, f->C_EncryptUpdate(s, text, 32, out, &n));
		holds(n > 0 && n <= most);
	}
	n = sizeof out;
	gives(CKR_OK, f->C_EncryptUpdate(s, text, 32, out, &n));
	CK_ULONG so_far = n;
	n = sizeof out - so_far;
	gives(CKR_OK, f->C_EncryptUpdate(s, text + 32, 32, out + so_far, &n));
	so_far += n;
	gives(CKR_OK, f->C_EncryptFinal(s, NULL, &n));
	if (64 + ciphers[_i].overhead > so_far) {
		n = 64 + ciphers[_i].overhead - so_far - 1;
		gives(CKR_BUFFER_TOO_SMALL, f->C_EncryptFinal(s, out + so_far, &n));
		holds(n >= 64 + ciphers[_i].overhead - so_far);
	}
	n = sizeof out - so_far;
	gives(CKR_OK, f->C_EncryptFinal(s, out + so_far, &n));
	holds(so_far + n == 64 + ciphers[_i].overhead);
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &n));
	uint8_t whole[128];
	encrypt_whole(_i, whole);
	holds(memcmp(whole, out, 64 + ciphers[_i].overhead) == 0);
}
END_TEST

START_TEST(room_for_digests_and_macs)
{
	uint8_t wrapped[40];
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP))),
			 target = import(CKK_AES, mk, 16, T(READABLE));

	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_OK, f->C_Digest(s, text, 64, NULL, &n));
	holds(n == 32);
	n = 31;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Digest(s, text, 64, out, &n));
	holds(n == 32);
	gives(CKR_OK, f->C_Digest(s, text, 64, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 64, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_DigestUpdate(s, text, 64));
	gives(CKR_OK, f->C_DigestFinal(s, NULL, &n));
	n = 1;
	gives(CKR_BUFFER_TOO_SMALL, f->C_DigestFinal(s, out, &n));
	holds(n == 32);
	gives(CKR_OK, f->C_DigestFinal(s, out, &n));

	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OK, f->C_Sign(s, text, 64, NULL, &n));
	holds(n == 16);
	n = 15;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Sign(s, text, 64, out, &n));
	holds(n == 16);
	gives(CKR_OK, f->C_Sign(s, text, 64, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 64, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_SHA256_HMAC), mac_key));
	ok(f->C_SignUpdate(s, text, 64));
	gives(CKR_OK, f->C_SignFinal(s, NULL, &n));
	n = 31;
	gives(CKR_BUFFER_TOO_SMALL, f->C_SignFinal(s, out, &n));
	holds(n == 32);
	gives(CKR_OK, f->C_SignFinal(s, out, &n));

	gives(CKR_OK, f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, target, NULL, &n));
	holds(n == 24);
	n = 23;
	gives(CKR_BUFFER_TOO_SMALL,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, target, wrapped, &n));
	holds(n == 24);
	gives(CKR_OK, f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, target, wrapped, &n));
}
END_TEST

START_TEST(an_error_ends_the_operation)
{
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_DATA_LEN_RANGE, f->C_Encrypt(s, text, 17, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Encrypt(s, text, 16, out, NULL));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Encrypt(s, NULL, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ARGUMENTS_BAD, f->C_EncryptUpdate(s, NULL, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptUpdate(s, text, 16, out, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ARGUMENTS_BAD, f->C_EncryptFinal(s, out, NULL));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ENCRYPTED_DATA_LEN_RANGE, f->C_Decrypt(s, text, 17, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Decrypt(s, text, 16, out, NULL));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_ARGUMENTS_BAD, f->C_Digest(s, NULL, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 16, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_ARGUMENTS_BAD, f->C_DigestUpdate(s, NULL, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestFinal(s, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Sign(s, text, 16, out, NULL));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_ARGUMENTS_BAD, f->C_SignUpdate(s, NULL, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, out, &n));
}
END_TEST

START_TEST(verify_always_ends)
{
	uint8_t mac[16];

	n = 16;
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_Sign(s, text, 64, mac, &n));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_OK, f->C_Verify(s, text, 64, mac, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 64, mac, 16));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_SIGNATURE_LEN_RANGE, f->C_Verify(s, text, 64, mac, 15));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 64, mac, 16));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_SIGNATURE_LEN_RANGE, f->C_Verify(s, text, 64, mac, 0));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Verify(s, text, 64, NULL, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 64, mac, 16));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_ARGUMENTS_BAD, f->C_Verify(s, NULL, 64, mac, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 64, mac, 16));
	mac[15] ^= 1;
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_SIGNATURE_INVALID, f->C_Verify(s, text, 64, mac, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 64, mac, 16));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_VerifyUpdate(s, text, 64));
	gives(CKR_SIGNATURE_INVALID, f->C_VerifyFinal(s, mac, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyFinal(s, mac, 16));
	mac[15] ^= 1;
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_VerifyUpdate(s, text, 64));
	gives(CKR_OK, f->C_VerifyFinal(s, mac, 16));
}
END_TEST

START_TEST(single_after_update_is_refused)
{
	n = sizeof out;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptUpdate(s, text, 16, out, &n));
	gives(CKR_OPERATION_ACTIVE, f->C_Encrypt(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_DecryptUpdate(s, text, 16, out, &n));
	gives(CKR_OPERATION_ACTIVE, f->C_Decrypt(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DecryptFinal(s, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_DigestUpdate(s, text, 16));
	gives(CKR_OPERATION_ACTIVE, f->C_Digest(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestFinal(s, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignUpdate(s, text, 16));
	gives(CKR_OPERATION_ACTIVE, f->C_Sign(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, out, &n));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_VerifyUpdate(s, text, 16));
	gives(CKR_OPERATION_ACTIVE, f->C_Verify(s, text, 16, out, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyFinal(s, out, 16));
}
END_TEST

START_TEST(update_after_a_single_query_is_refused)
{
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, text, 16, NULL, &n));
	n = sizeof out;
	gives(CKR_OPERATION_ACTIVE, f->C_EncryptUpdate(s, text, 16, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, text, 16, out, &n));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	ok(f->C_Digest(s, text, 16, NULL, &n));
	gives(CKR_OPERATION_ACTIVE, f->C_DigestUpdate(s, text, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, text, 16, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_Sign(s, text, 16, NULL, &n));
	gives(CKR_OPERATION_ACTIVE, f->C_SignUpdate(s, text, 16));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 16, out, &n));
	ok(f->C_DecryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Decrypt(s, text, 16, NULL, &n));
	n = sizeof out;
	gives(CKR_OPERATION_ACTIVE, f->C_DecryptFinal(s, out, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Decrypt(s, text, 16, out, &n));
}
END_TEST

START_TEST(operation_state)
{
	CK_RV rv;

	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_GetOperationState(s, out, &n));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	n = sizeof out;
	gives(CKR_STATE_UNSAVEABLE, f->C_GetOperationState(s, out, &n));
	ok(f->C_SignInit(s, NULL, 0));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_STATE_UNSAVEABLE, f->C_GetOperationState(s, NULL, &n));
	rv = f->C_SetOperationState(s, out, 16, 0, 0);
	gives_either(CKR_SAVED_STATE_INVALID, CKR_FUNCTION_NOT_SUPPORTED, rv);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operations");
	TCase *tc = add_case(suite, "operations", keys);

	tcase_add_test(tc, calls_without_init_are_refused);
	tcase_add_test(tc, init_twice);
	tcase_add_test(tc, a_refused_init_leaves_nothing_active);
	tcase_add_test(tc, null_mechanism_cancels);
	tcase_add_test(tc, session_cancel);
	tcase_add_loop_test(tc, room_for_a_ciphertext, 0, CIPHERS);
	tcase_add_loop_test(tc, room_for_a_plaintext, 0, CIPHERS);
	tcase_add_loop_test(tc, room_in_updates_and_finals, 0, CIPHERS);
	tcase_add_test(tc, room_for_digests_and_macs);
	tcase_add_test(tc, an_error_ends_the_operation);
	tcase_add_test(tc, verify_always_ends);
	tcase_add_test(tc, single_after_update_is_refused);
	tcase_add_test(tc, update_after_a_single_query_is_refused);
	tcase_add_test(tc, operation_state);
	return run(suite);
}
