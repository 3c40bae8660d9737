/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_handles.c: handles that are none, or no more, get the code of the function they
 * are given to.
 */
#include "harness.h"

static CK_OBJECT_HANDLE bad[4]; /* never, destroyed, 0, all ones */

static void keys(void)
{
	user();
	bad[1] = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	bad[0] = bad[1] + 0x100000;
	ok(f->C_DestroyObject(s, bad[1]));
	bad[2] = 0;
	bad[3] = (CK_OBJECT_HANDLE)-1;
}

START_TEST(object_functions)
{
	CK_ULONG n = 0, i;
	CK_OBJECT_HANDLE made;
	CK_ATTRIBUTE a = {CKA_CLASS, &n, sizeof n};

	for (i = 0; i < 4; i++) {
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_GetAttributeValue(s, bad[i], &a, 1));
		gives(CKR_OBJECT_HANDLE_INVALID,
			f->C_SetAttributeValue(s, bad[i], T(STR(CKA_LABEL, "x"))));
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, bad[i]));
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_GetObjectSize(s, bad[i], &n));
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_CopyObject(s, bad[i], NOTHING, &made));
	}
}
END_TEST

START_TEST(key_functions)
{
	uint8_t iv[16] = {0};
	int i;

	for (i = 0; i < 4; i++) {
		CK_OBJECT_HANDLE made = 0xABCD;

		gives(CKR_KEY_HANDLE_INVALID,
			f->C_EncryptInit(s, MECH_P(CKM_AES_CBC, iv, 16), bad[i]));
		gives(CKR_KEY_HANDLE_INVALID, f->C_DecryptInit(s, MECH(CKM_AES_ECB), bad[i]));
		gives(CKR_KEY_HANDLE_INVALID, f->C_SignInit(s, MECH(CKM_AES_CMAC), bad[i]));
		gives(CKR_KEY_HANDLE_INVALID, f->C_VerifyInit(s, MECH(CKM_SHA256_HMAC), bad[i]));
		gives(CKR_KEY_HANDLE_INVALID, derive_device(bad[i], NOTHING, &made));
		holds(made == 0xABCD);
		gives(CKR_KEY_HANDLE_INVALID,
			f3->C_MessageEncryptInit(s, MECH(CKM_AES_GCM), bad[i]));
		gives(CKR_KEY_HANDLE_INVALID,
			f3->C_MessageDecryptInit(s, MECH(CKM_AES_GCM), bad[i]));
		ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
		gives(CKR_KEY_HANDLE_INVALID, f->C_DigestKey(s, bad[i]));
		f->C_DigestInit(s, NULL);
	}
}
END_TEST

START_TEST(wrapping_functions)
{
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP))),
			 key = import(CKK_AES, mk, 16, T(READABLE)), made = 0xABCD;
	uint8_t wrapped[24] = {0};
	CK_ULONG n = sizeof wrapped;
	int i;

	for (i = 0; i < 4; i++) {
		gives(CKR_WRAPPING_KEY_HANDLE_INVALID,
			f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), bad[i], key, wrapped, &n));
		gives(CKR_KEY_HANDLE_INVALID,
			f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, bad[i], wrapped, &n));
		gives(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
			f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), bad[i], wrapped, 24,
				T(KEY(CKK_AES)), &made));
		holds(made == 0xABCD);
	}
}
END_TEST

START_TEST(handles_are_not_used_again)
{
	enum { MANY = 2000 };
	static CK_OBJECT_HANDLE h[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		h[i] = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
		ok(f->C_DestroyObject(s, h[i]));
		holds(h[i] != 0 && (i == 0 || h[i] != h[i - 1]));
	}
	import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	for (i = 0; i < MANY; i++)
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, h[i]));
}
END_TEST

START_TEST(use_after_destroy)
{
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT))),
			 master = open_master();

	ok(f->C_EncryptInit(other, MECH(CKM_AES_ECB), key));
	f->C_EncryptInit(other, NULL, 0);
	ok(f->C_DestroyObject(s, key));
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(other, MECH(CKM_AES_ECB), key));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(other, key));
	ok(derive_device(master, NOTHING, &key));
	ok(f->C_DestroyObject(s, master));
	gives(CKR_KEY_HANDLE_INVALID, derive_device(master, NOTHING, &key));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handles");
	TCase *tc = add_case(suite, "handles", keys);

	tcase_add_test(tc, object_functions);
	tcase_add_test(tc, key_functions);
	tcase_add_test(tc, wrapping_functions);
	tcase_add_test(tc, handles_are_not_used_again);
	tcase_add_test(tc, use_after_destroy);
	return run(suite);
}
