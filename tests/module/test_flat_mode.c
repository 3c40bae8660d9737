/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flat_mode.c: with parameters = flat no function takes a struct with pointers, and the flat
 * forms are there.
 */
#include "mechanism_table.h"

/* Every standard mechanism with a flat form. */
static const CK_MECHANISM_TYPE all[] = {CKM_HKDF_DERIVE, CKM_HKDF_DATA, CKM_SP800_108_COUNTER_KDF,
	CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_AES_ECB_ENCRYPT_DATA,
	CKM_AES_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA,
	CKM_PKCS5_PBKD2, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_GMAC};
#define ALL (sizeof all / sizeof *all)

static CK_OBJECT_HANDLE aes_key(void)
{
	return import(CKK_AES, mk, 16,
		T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY)));
}

static void flat_user(void)
{
	load();
	write_conf("parameters = flat\n");
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}

START_TEST(what_is_offered)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG count = 256, n;
	CK_MECHANISM_INFO info;

	ok(f->C_GetMechanismList(slot, NULL, &n));
	ok(f->C_GetMechanismList(slot, list, &count));
	holds(n == count);
	for (size_t i = 0; i < ALL; i++) {
		CK_ULONG number = CKM_KEYDIV_FLAT(all[i]);
		bool native = false, flat = false;
		for (CK_ULONG k = 0; k < count; k++) {
			native |= list[k] == all[i];
			flat |= list[k] == number;
		}
		holds(!native && flat);
		gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, all[i], &info));
		ok(f->C_GetMechanismInfo(slot, number, &info));
		/* Objects of class CKO_MECHANISM are those of the list. */
		holds(find(s, T(CLASS(CKO_MECHANISM), NUM(CKA_MECHANISM_TYPE, all[i])), NULL, 0) ==
			0);
		holds(find(s, T(CLASS(CKO_MECHANISM), NUM(CKA_MECHANISM_TYPE, number)), NULL, 0) ==
			1);
	}
	holds(find(s, T(CLASS(CKO_MECHANISM)), NULL, 0) == count);
}
END_TEST

/* Every call that takes a CK_MECHANISM refuses the standard numbers, whatever the parameter is. */
START_TEST(native_forms_are_refused)
{
	CK_OBJECT_HANDLE key = aes_key(), base = import(CKK_AES, mk, 16, T(OPEN_MASTER)), made;
	uint8_t out[64];
	CK_ULONG n = sizeof out;

	for (size_t i = 0; i < ALL; i++) {
		CK_MECHANISM m = {all[i], NULL, 0};
		if (example_of(all[i]) != NULL)
			m = example_mechanism(example_of(all[i]));
		gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, base, NOTHING, &made));
		gives(CKR_MECHANISM_INVALID, f->C_GenerateKey(s, &m, T(LENGTH(16)), &made));
		gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, &m, key));
		gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, &m, key));
		gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, &m, key));
		gives(CKR_MECHANISM_INVALID, f->C_VerifyInit(s, &m, key));
		gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &m));
		gives(CKR_MECHANISM_INVALID, f->C_WrapKey(s, &m, key, key, out, &n));
		gives(CKR_MECHANISM_INVALID,
			f->C_UnwrapKey(s, &m, key, out, 24, T(KEY(CKK_AES)), &made));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageEncryptInit(s, &m, key));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageDecryptInit(s, &m, key));
	}
}
END_TEST

/*
 * The attack: with CKM_AES_ECB_ENCRYPT_DATA and a readable key, a caller reads any address of the
 * process. The bytes of that struct under the number of the flat form are no fields.
 */
START_TEST(the_attack)
{
	static const uint8_t secret[32] = "memory that no caller may read";
	CK_KEY_DERIVATION_STRING_DATA p = {(CK_BYTE *)(uintptr_t)secret, 32};
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16,
				 T(OPEN_MASTER, ALLOWED(CKM_AES_ECB_ENCRYPT_DATA))),
			 made;

	gives(CKR_MECHANISM_INVALID,
		f->C_DeriveKey(s, MECH_OF(CKM_AES_ECB_ENCRYPT_DATA, p), base, T(READABLE), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH_OF(CKM_KEYDIV_FLAT_AES_ECB_ENCRYPT_DATA, p), base,
			T(READABLE), &made));
}
END_TEST

/* Parameters that stay native have no pointers, and exactly one length. */
START_TEST(native_lengths)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_ULONG length;
	} kept[] = {{CKM_AES_CBC, 16}, {CKM_AES_CBC_PAD, 16}, {CKM_AES_CTR, 24}, {CKM_DES3_CBC, 8},
		{CKM_AES_CMAC_GENERAL, 8}, {CKM_DES3_CMAC_GENERAL, 8}, {CKM_SHA256_HMAC_GENERAL, 8},
		{CKM_AES_ECB, 0}, {CKM_AES_CMAC, 0}, {CKM_SHA256_HMAC, 0}};
	CK_BYTE bytes[64] = {8};
	CK_OBJECT_HANDLE aes = aes_key(), des, hmac;
	uint8_t value[24];

	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)(2 * i + (__builtin_popcountl(i) % 2 == 0));
	des = import(CKK_DES3, value, 24, T(YES(CKA_ENCRYPT), YES(CKA_SIGN)));
	hmac = import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_SIGN)));
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		for (CK_ULONG n = 0; n <= sizeof bytes; n++) {
			CK_MECHANISM m = {kept[i].type, n > 0 ? bytes : NULL, n};
			CK_MECHANISM_INFO info;
			ok(f->C_GetMechanismInfo(slot, m.mechanism, &info));
			CK_OBJECT_HANDLE key =
				info.ulMaxKeySize == 0 ? des
				: kept[i].type == CKM_SHA256_HMAC ||
						kept[i].type == CKM_SHA256_HMAC_GENERAL
					? hmac
					: aes;
			CK_RV rv = info.flags & CKF_ENCRYPT ? f->C_EncryptInit(s, &m, key)
							    : f->C_SignInit(s, &m, key);
			gives(n == kept[i].length ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, rv);
			(void)(info.flags & CKF_ENCRYPT ? f->C_EncryptInit(s, NULL, key)
							: f->C_SignInit(s, NULL, key));
		}
}
END_TEST

/* WITH_DERIVED_KEY names AES-GCM by the standard number and takes its inputs from fields. */
START_TEST(an_operation_by_its_standard_number)
{
	static const uint8_t bytes[] =
		"\x01\x00\x09SN-000123\x10\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01"
		"\x70\x00\x04\x8b\x44\x00\x03\x71\x00\x04\x00\x00\x10\x87\x72\x00\x0ctwelve bytes";
	uint8_t out[64];
	CK_ULONG n = sizeof out;
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE)));

	ok(f->C_EncryptInit(
		s, MECH_P(CKM_KEYDIV_WITH_DERIVED_KEY, bytes, sizeof bytes - 1), master));
	ok(f->C_Encrypt(s, (CK_BYTE *)"text", 4, out, &n));
	holds(n == 20);
}
END_TEST

/* The mode is that of the last C_Initialize. */
START_TEST(the_mode_changes)
{
	CK_MECHANISM_INFO info;

	gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, CKM_AES_GCM, &info));
	ok(f->C_Finalize(NULL));
	write_conf("parameters = native\n");
	ok(f->C_Initialize(NULL));
	ok(f->C_GetMechanismInfo(slot, CKM_AES_GCM, &info));
	ok(f->C_Finalize(NULL));
	write_conf("parameters = flat\n");
	ok(f->C_Initialize(NULL));
	gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, CKM_AES_GCM, &info));
}
END_TEST

/* The log says which mode is on. */
START_TEST(the_log)
{
	char text[4096], path[600];

	for (int flat = 0; flat <= 1; flat++) {
		ok(f->C_Finalize(NULL));
		snprintf(path, sizeof path, "%s/log-%d", test_dir, flat);
		snprintf(text, sizeof text, "log-file = %s\nlog-level = info\nparameters = %s\n",
			path, flat ? "flat" : "native");
		write_conf(text);
		ok(f->C_Initialize(NULL));
		FILE *in = fopen(path, "r");
		ck_assert_ptr_nonnull(in);
		text[fread(text, 1, sizeof text - 1, in)] = 0;
		fclose(in);
		holds(strstr(text, flat ? "info: parameters = flat"
					: "info: parameters = native") != NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flat_mode");
	TCase *tc = add_case(suite, "mode", flat_user);

	tcase_add_test(tc, what_is_offered);
	tcase_add_test(tc, native_forms_are_refused);
	tcase_add_test(tc, the_attack);
	tcase_add_test(tc, native_lengths);
	tcase_add_test(tc, an_operation_by_its_standard_number);
	tcase_add_test(tc, the_mode_changes);
	tcase_add_test(tc, the_log);
	return run(suite);
}
