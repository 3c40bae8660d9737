/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_use.c: WITH_DERIVED_KEY: the known answers, every code of its parameter and of its policy,
 * parts, length queries, cancelled operations, and the keys that must not stay in memory.
 */
#include "use_support.h"

#include "memory_search.h"

static void set_up(void)
{
	user();
	master = closed_master();
}

/* --- Results --- */

START_TEST(known_answers)
{
	uint8_t wanted[64];
	size_t n = unhex("3a7190ef42dfc20d9232e25a85cb5184", wanted);

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
	holds(out_n == n && memcmp(out, wanted, n) == 0);
	gives(CKR_OK, verify());
	out[0] ^= 1;
	gives(CKR_SIGNATURE_INVALID, verify());

	n = unhex("6af8dd53ec1ac9697430e6dbc286e50644d64fa5b68a9bea1e982a4d7c163b5e373ccde9e1",
		wanted);
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	gives(CKR_OK, encrypt());
	holds(out_n == n && memcmp(out, wanted, n) == 0);
	gives(CKR_OK, decrypt());
	holds(back_n == sizeof text - 1 && memcmp(back, text, back_n) == 0);
}
END_TEST

START_TEST(counters_at_both_ends)
{
	static const uint64_t counters[] = {0, 1, UINT64_MAX - 1, UINT64_MAX};
	uint8_t seen[8][64];
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		counter = counters[i];
		compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
		gives(CKR_OK, sign());
		gives(CKR_OK, verify());
		memcpy(seen[n++], out, 16);
		compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
		gives(CKR_OK, encrypt());
		gives(CKR_OK, decrypt());
		memcpy(seen[n++], out, 16);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			holds(memcmp(seen[i], seen[j], 16) != 0);
}
END_TEST

/* COUNTER as nonce is IV, or four zero bytes, and then COUNTER. */
START_TEST(the_counter_is_the_nonce)
{
	static const CK_MECHANISM_TYPE ciphers[] = {CKM_AES_GCM, CKM_AES_CCM};
	uint8_t first[64], whole[12] = "fix:\0\0\0\0\0\0\0\1";

	for (unsigned i = 0; i < 2; i++) {
		compose(CKM_KEYDIV_DEVICE_KEY, ciphers[i]);
		field_of(KEYDIV_IV, "fix:", 4);
		gives(CKR_OK, encrypt());
		memcpy(first, out, sizeof first);
		compose(CKM_KEYDIV_DEVICE_KEY, ciphers[i]);
		without(KEYDIV_COUNTER);
		field_of(KEYDIV_IV, whole, 12);
		gives(CKR_OK, encrypt());
		holds(memcmp(first, out, out_n) == 0);
		memset(whole, 0, 4);
		field_of(KEYDIV_IV, whole, 12);
		gives(CKR_OK, encrypt());
		memcpy(first, out, sizeof first);
		compose(CKM_KEYDIV_DEVICE_KEY, ciphers[i]);
		gives(CKR_OK, encrypt());
		holds(memcmp(first, out, out_n) == 0);
		memcpy(whole, "fix:", 4);
		for (unsigned n = 1; n <= 16; n++) {
			field_of(KEYDIV_IV, "0123456789abcdef", n);
			gives(n == 4 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, encrypt());
		}
	}
	/* COUNTER of the mechanism that derives is no nonce. */
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_GCM);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	/* No other operation takes the counter. */
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_CMAC);
	gives(CKR_MECHANISM_PARAM_INVALID, sign());
	without(KEYDIV_COUNTER);
	gives(CKR_OK, sign());
}
END_TEST

/* --- The parameter --- */

START_TEST(fields_that_are_wrong)
{
	static const uint8_t zero[300];
	static const struct {
		uint8_t tag;
		bool required;
		unsigned min, max;
	} fields[] = {
		{KEYDIV_DERIVATION, true, 4, 4},
		{KEYDIV_OPERATION, true, 4, 4},
		{KEYDIV_IV, true, 1, 128},
		{KEYDIV_AAD, false, 0, 2048},
		{KEYDIV_TAG_LENGTH, false, 1, 1},
		{KEYDIV_KEY_TYPE, false, 4, 4},
		{KEYDIV_KEY_LENGTH, false, 1, 1},
		{KEYDIV_DEVICE, true, 1, 128},
		{KEYDIV_COUNTER, true, 8, 8},
	};
	static const uint8_t strange[] = {0, 4, 0x12, 0x20, 0x41, 0x6f, 0x77, 0x7f, 0xff};

	for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
		sealed();
		without(fields[i].tag);
		gives(fields[i].required ? CKR_MECHANISM_PARAM_INVALID : CKR_OK, encrypt());
		for (unsigned n = 0; n < 20; n++) {
			if (n >= fields[i].min && n <= fields[i].max)
				continue;
			sealed();
			field_of(fields[i].tag, zero, n);
			gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
		}
		sealed();
		double_field(fields[i].tag);
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
		sealed();
		swap_with_next(fields[i].tag);
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	}
	for (unsigned i = 0; i < sizeof strange; i++) {
		sealed();
		field_of(strange[i], zero, 8);
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	}
	/* every beginning of a parameter whose last field is needed */
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_GCM);
	field_of(KEYDIV_IV, "twelve bytes", 12);
	gives(CKR_OK, encrypt());
	for (CK_ULONG n = 0; n < parameter_n; n++) {
		CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, parameter, n};
		gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &m, master));
	}
	CK_MECHANISM null = {CKM_KEYDIV_WITH_DERIVED_KEY, NULL, parameter_n},
		     longer = {CKM_KEYDIV_WITH_DERIVED_KEY, parameter, 4097};
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &null, master));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &longer, master));
}
END_TEST

/* Each field that an operation does not use is refused, and each that it needs is required. */
START_TEST(fields_of_operations)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		unsigned iv; /* length of IV, 0 for none */
		bool aad, tag, tag_needed;
	} operations[] = {
		{CKM_AES_CMAC, 0, false, false, false},
		{CKM_AES_CMAC_GENERAL, 0, false, true, true},
		{CKM_AES_GMAC, 12, false, false, false},
		{CKM_AES_GCM, 12, true, true, false},
		{CKM_AES_CCM, 12, true, true, false},
		{CKM_AES_CTR, 16, false, false, false},
		{CKM_AES_CBC, 16, false, false, false},
		{CKM_AES_CBC_PAD, 16, false, false, false},
		{CKM_DES3_CMAC, 0, false, false, false},
		{CKM_DES3_CMAC_GENERAL, 0, false, true, true},
		{CKM_DES3_CBC, 8, false, false, false},
		{CKM_SHA_1_HMAC, 0, false, false, false},
		{CKM_SHA224_HMAC, 0, false, false, false},
		{CKM_SHA256_HMAC, 0, false, false, false},
		{CKM_SHA384_HMAC, 0, false, false, false},
		{CKM_SHA512_HMAC, 0, false, false, false},
		{CKM_SHA512_HMAC_GENERAL, 0, false, true, true},
	};
	static const uint8_t zero[16], eight = 8;
	CK_RV bad = CKR_MECHANISM_PARAM_INVALID;

	for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
		unsigned iv = operations[i].iv;
		uint8_t length = operations[i].aad ? 12 : eight;
#define BEGIN()                                                                                    \
	do {                                                                                       \
		compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, operations[i].type);                        \
		if (iv > 0)                                                                        \
			field_of(KEYDIV_IV, zero, iv);                                             \
		if (operations[i].tag_needed)                                                      \
			field_of(KEYDIV_TAG_LENGTH, &eight, 1);                                    \
	} while (0)
		BEGIN();
		gives(CKR_OK, init());
		cancel();
		if (iv > 0) {
			without(KEYDIV_IV);
			gives(bad, init());
			field_of(KEYDIV_IV, zero, iv == 12 ? 14 : iv - 1);
			gives(operations[i].type == CKM_AES_GCM ? CKR_OK : bad, init());
			cancel();
		} else {
			field_of(KEYDIV_IV, zero, 12);
			gives(bad, init());
		}
		BEGIN();
		field_of(KEYDIV_AAD, zero, 0);
		gives(operations[i].aad ? CKR_OK : bad, init());
		cancel();
		BEGIN();
		field_of(KEYDIV_TAG_LENGTH, &length, 1);
		gives(operations[i].tag ? CKR_OK : bad, init());
		cancel();
		BEGIN();
		without(KEYDIV_TAG_LENGTH);
		gives(operations[i].tag_needed ? bad : CKR_OK, init());
		cancel();
	}
}
END_TEST

START_TEST(lengths_of_tags)
{
	CK_OBJECT_HANDLE named = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,
				CKM_AES_CCM, CKM_AES_CMAC_GENERAL)));
	CK_OBJECT_HANDLE plain = master;
	static const uint8_t iv[12];

	for (unsigned n = 0; n < 256; n++) {
		uint8_t length = (uint8_t)n;
		for (unsigned other = 0; other < 2; other++) {
			unsigned least = other ? 4 : 8;
			master = other ? named : plain;
			compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CCM);
			field_of(KEYDIV_IV, iv, 12);
			field_of(KEYDIV_TAG_LENGTH, &length, 1);
			gives(n >= least && n <= 16 && n % 2 == 0 ? CKR_OK
								  : CKR_MECHANISM_PARAM_INVALID,
				init());
			cancel();
			compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_GCM);
			field_of(KEYDIV_IV, iv, 12);
			field_of(KEYDIV_TAG_LENGTH, &length, 1);
			gives(n >= 12 && n <= 16 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, init());
			cancel();
			compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC_GENERAL);
			field_of(KEYDIV_TAG_LENGTH, &length, 1);
			gives(n >= least && n <= 16 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, init());
			cancel();
		}
	}
}
END_TEST

START_TEST(mechanisms_that_are_refused)
{
	static const CK_MECHANISM_TYPE derivations[] = {CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY,
		CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_INITIAL_KEY,
		CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_NEXT_KEY,
		CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, CKM_HKDF_DERIVE,
		CKM_SP800_108_COUNTER_KDF, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CMAC, 0, 0x12345678,
		0x8B440000, 0x8B44FFFF};
	static const CK_MECHANISM_TYPE operations[] = {CKM_AES_ECB, CKM_DES3_ECB, CKM_AES_KEY_WRAP,
		CKM_SHA256, CKM_AES_KEY_GEN, CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_WITH_DERIVED_KEY, 0,
		0x12345678};

	for (unsigned i = 0; i < sizeof derivations / sizeof *derivations; i++) {
		compose(derivations[i], CKM_AES_CMAC);
		gives(CKR_MECHANISM_PARAM_INVALID, sign());
	}
	for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
		compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, operations[i]);
		gives(CKR_MECHANISM_PARAM_INVALID, sign());
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	}
	/* an operation that cannot do what the function asks */
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	CK_MECHANISM m = mechanism();
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &m, master));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_VerifyInit(s, &m, master));
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	m = mechanism();
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &m, master));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DecryptInit(s, &m, master));
	/* functions that WITH_DERIVED_KEY does not have */
	CK_OBJECT_HANDLE key;
	gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, master, NOTHING, &key));
	gives(CKR_MECHANISM_INVALID, f->C_GenerateKey(s, &m, NOTHING, &key));
	gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &m));
	gives(CKR_MECHANISM_INVALID, f->C_WrapKey(s, &m, master, master, NULL, &out_n));
}
END_TEST

/* --- The policy --- */

START_TEST(masters_that_are_refused)
{
	CK_MECHANISM_TYPE use = CKM_KEYDIV_WITH_DERIVED_KEY, derive = CKM_KEYDIV_DEVICE_MESSAGE_KEY;
	CK_OBJECT_HANDLE signer = import(CKK_AES, mk, 16, T(YES(CKA_SIGN), YES(CKA_VERIFY)));

	compose(derive, CKM_AES_CMAC);
	master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(derive)));
	gives(CKR_MECHANISM_INVALID, sign());
	gives(CKR_MECHANISM_INVALID, verify());
	master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use)));
	gives(CKR_MECHANISM_INVALID, sign());
	master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use, derive)));
	gives(CKR_OK, sign());
	master = import(CKK_SHA256_HMAC, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use, derive)));
	gives(CKR_KEY_TYPE_INCONSISTENT, sign());
	master = import(CKK_DES2, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use, derive)));
	gives(CKR_KEY_TYPE_INCONSISTENT, sign());
	master = signer;
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, sign());
	master = 0;
	gives(CKR_KEY_HANDLE_INVALID, sign());
	master = 0xABCDEF;
	gives(CKR_KEY_HANDLE_INVALID, sign());
	/* the base's template forbids the role: as C_DeriveKey */
	master = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(use, derive),
			NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_VERIFY))));
	gives(CKR_TEMPLATE_INCONSISTENT, sign());
	master = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(use, derive), NESTED(CKA_DERIVE_TEMPLATE, LENGTH(32))));
	gives(CKR_OK, sign());
	field_of(KEYDIV_KEY_LENGTH, "\x10", 1);
	gives(CKR_TEMPLATE_INCONSISTENT, sign());
	/* one value has one role */
	master =
		import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use, CKM_KEYDIV_AES_DUKPT_KEY)));
	compose(CKM_KEYDIV_AES_DUKPT_KEY, CKM_AES_CMAC);
	field_of(KEYDIV_KSN, "\x12\x34\x56\x78\x90\x12\x34\x56\0\0\0\1", 12);
	field_of(KEYDIV_DUKPT_USAGE, "\x20\x00", 2);
	gives(CKR_OK, sign());
	field_of(KEYDIV_DUKPT_USAGE, "\x10\x00", 2);
	gives(CKR_TEMPLATE_INCONSISTENT, sign());
	field_of(KEYDIV_DUKPT_USAGE, "\x80\x00", 2);
	gives(CKR_TEMPLATE_INCONSISTENT, sign());
	/* the card key of EMV is a key that derives */
	master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(use, CKM_KEYDIV_EMV_CARD_KEY)));
	compose(CKM_KEYDIV_EMV_CARD_KEY, CKM_AES_CMAC);
	field_of(KEYDIV_EMV_OPTION, "C", 1);
	field_of(KEYDIV_PAN, "1234567890123456", 16);
	field_of(KEYDIV_PAN_SEQUENCE, "01", 2);
	gives(CKR_TEMPLATE_INCONSISTENT, sign());
}
END_TEST

START_TEST(types_and_lengths)
{
	uint8_t type[4] = {0, 0, 0, CKK_DES2};

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_DES3_CMAC);
	gives(CKR_OK, sign());
	holds(out_n == 8);
	field_of(KEYDIV_KEY_TYPE, type, 4);
	gives(CKR_OK, verify());
	type[3] = CKK_DES3;
	field_of(KEYDIV_KEY_TYPE, type, 4);
	gives(CKR_SIGNATURE_INVALID, verify());
	field_of(KEYDIV_KEY_LENGTH, "\x18", 1);
	gives(CKR_SIGNATURE_INVALID, verify());
	field_of(KEYDIV_KEY_LENGTH, "\x10", 1);
	gives(CKR_KEY_SIZE_RANGE, verify());
	type[3] = CKK_AES;
	field_of(KEYDIV_KEY_TYPE, type, 4);
	gives(CKR_KEY_TYPE_INCONSISTENT, verify()); /* DES3_CMAC takes no AES key */
	type[3] = 0x7e;
	field_of(KEYDIV_KEY_TYPE, type, 4);
	gives(CKR_TEMPLATE_INCONSISTENT, verify());
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	field_of(KEYDIV_KEY_LENGTH, "\x11", 1);
	gives(CKR_KEY_SIZE_RANGE, sign());
}
END_TEST

START_TEST(use_only)
{
	CK_ATTRIBUTE only = YES(CKA_KEYDIV_USE_ONLY), not = NO(CKA_KEYDIV_USE_ONLY);
	CK_OBJECT_HANDLE key, plain = master;

	holds(!get_bool(plain, CKA_KEYDIV_USE_ONLY));
	master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), only));
	holds(get_bool(master, CKA_KEYDIV_USE_ONLY));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(master, NOTHING, &key));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(master, T(YES(CKA_SIGN)), &key));
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
	gives(CKR_OK, verify());
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(master, NOTHING, &key));
	/* a mechanism that the list lacks: no key objects all the same */
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_CMAC, "abc");
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "abc", 3);
	m = keydiv_mechanism(CKM_KEYDIV_CMAC, &p);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DeriveKey(s, &m, master, NOTHING, &key));

	/* given when a master is made, and never changed */
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(not )));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, plain, T(only)));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, master, T(not ), &key));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, plain, T(only), &key));
	ok(f->C_CopyObject(s, master, NOTHING, &key));
	holds(get_bool(key, CKA_KEYDIV_USE_ONLY));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(key, NOTHING, &key));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(plain, T(YES(CKA_DERIVE), only), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(plain, T(YES(CKA_DERIVE), not ), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, try_import(CKK_AES, mk, 16, T(only), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, try_import(CKK_AES, mk, 16, T(YES(CKA_SIGN), not ), &key));
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
		T(LENGTH(16), YES(CKA_DERIVE), only, YES(CKA_TOKEN), STR(CKA_LABEL, "kept")),
		&key));
	restart();
	s = open_session(0);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kept")), &master, 1), 1);
	holds(get_bool(master, CKA_KEYDIV_USE_ONLY));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(master, NOTHING, &key));
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
}
END_TEST

START_TEST(mechanism_info)
{
	CK_MECHANISM_INFO info;

	ok(f->C_GetMechanismInfo(slot, CKM_KEYDIV_WITH_DERIVED_KEY, &info));
	holds(info.ulMinKeySize == 16 && info.ulMaxKeySize == 32);
	holds(info.flags ==
		(CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT | CKF_MESSAGE_SIGN |
			CKF_MESSAGE_VERIFY | CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT));
}
END_TEST

/* --- Operations --- */

START_TEST(length_queries_and_small_buffers)
{
	CK_MECHANISM m;
	CK_ULONG n;

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	m = mechanism();
	ok(f->C_SignInit(s, &m, master));
	n = 0;
	gives(CKR_OK, f->C_Sign(s, text, sizeof text - 1, NULL, &n));
	holds(n == 16);
	n = 15;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Sign(s, text, sizeof text - 1, out, &n));
	gives(CKR_OK, f->C_Sign(s, text, sizeof text - 1, out, &n));
	sealed();
	m = mechanism();
	for (unsigned i = 0; i < 2; i++) { /* GCM, CCM */
		ok(f->C_EncryptInit(s, &m, master));
		gives(CKR_OK, f->C_Encrypt(s, text, 20, NULL, &n));
		holds(n == 20 + 16);
		n = 35;
		gives(CKR_BUFFER_TOO_SMALL, f->C_Encrypt(s, text, 20, out, &n));
		gives(CKR_OK, f->C_Encrypt(s, text, 20, out, &n));
		ok(f->C_DecryptInit(s, &m, master));
		gives(CKR_OK, f->C_Decrypt(s, out, 36, NULL, &n));
		holds(n == 20);
		n = 19;
		gives(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, out, 36, back, &n));
		gives(CKR_OK, f->C_Decrypt(s, out, 36, back, &n));
		holds(n == 20 && memcmp(back, text, 20) == 0);
		field_of(KEYDIV_OPERATION, "\x00\x00\x10\x88", 4);
		m = mechanism();
	}
}
END_TEST

/* Nothing of a forged message leaves the token, in one part or in several. */
START_TEST(forged_messages_give_out_nothing)
{
	static const CK_MECHANISM_TYPE ciphers[] = {CKM_AES_GCM, CKM_AES_CCM};
	CK_MECHANISM m;
	CK_ULONG n;

	for (unsigned i = 0; i < 2; i++) {
		compose(CKM_KEYDIV_DEVICE_KEY, ciphers[i]);
		gives(CKR_OK, encrypt());
		out[3] ^= 1;
		memset(back, 0xA5, sizeof back);
		gives(CKR_ENCRYPTED_DATA_INVALID, decrypt());
		m = mechanism();
		ok(f->C_DecryptInit(s, &m, master));
		n = sizeof back;
		gives(CKR_OK, f->C_DecryptUpdate(s, out, out_n, back, &n));
		holds(n == 0);
		n = sizeof back;
		gives(CKR_ENCRYPTED_DATA_INVALID, f->C_DecryptFinal(s, back, &n));
		for (unsigned j = 0; j < sizeof back; j++)
			holds(back[j] == 0xA5);
	}
}
END_TEST

/* CTR counts all 128 bits: the block after ff..ff is 00..00. */
START_TEST(ctr_counts_the_whole_block)
{
	uint8_t block[16], zero[48] = {0};
	CK_ULONG n = sizeof out;
	CK_MECHANISM m;

	memset(block, 0xff, sizeof block);
	block[15] = 0xfe;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CTR);
	field_of(KEYDIV_IV, block, 16);
	m = mechanism();
	ok(f->C_EncryptInit(s, &m, master));
	gives(CKR_OK, f->C_Encrypt(s, zero, 32, out, &n)); /* blocks fe and ff */
	memset(block, 0xff, 8);
	memset(block + 8, 0xff, 8);
	block[7] = 0;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CTR);
	field_of(KEYDIV_IV, block, 16);
	m = mechanism();
	ok(f->C_EncryptInit(s, &m, master));
	n = sizeof out;
	gives(CKR_OK, f->C_Encrypt(s, zero, 48, out, &n)); /* carries into the left half */
	memset(block + 8, 0, 8);
	block[7] = 1;
	field_of(KEYDIV_IV, block, 16);
	m = mechanism();
	ok(f->C_EncryptInit(s, &m, master));
	n = sizeof back;
	gives(CKR_OK, f->C_Encrypt(s, zero, 16, back, &n));
	holds(memcmp(out + 16, back, 16) == 0);
}
END_TEST

START_TEST(cancelled_operations)
{
	CK_ULONG n = sizeof out;
	CK_MECHANISM m;

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	m = mechanism();
	ok(f->C_SignInit(s, &m, master));
	gives(CKR_OPERATION_ACTIVE, f->C_SignInit(s, &m, master));
	ok(f->C_SignUpdate(s, text, 5));
	ok(f->C_SignInit(s, NULL, 0));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, out, &n));
	ok(f->C_VerifyInit(s, &m, master));
	ok(f3->C_SessionCancel(s, CKF_VERIFY));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, text, 5, out, 16));
	ok(f3->C_MessageSignInit(s, &m, master));
	ok(f3->C_SessionCancel(s, CKF_MESSAGE_SIGN));
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageSignFinal(s));
	/* other derivations do not disturb an operation in parts */
	CK_OBJECT_HANDLE key;
	gives(CKR_OK, sign());
	ok(f->C_SignInit(s, &m, master));
	ok(f->C_SignUpdate(s, text, 5));
	ok(derive_device(master, T(YES(CKA_SIGN)), &key));
	ok(f->C_VerifyInit(s, &m, master));
	ok(f->C_SignUpdate(s, text + 5, sizeof text - 1 - 5));
	n = sizeof back;
	ok(f->C_SignFinal(s, back, &n));
	holds(n == 16 && memcmp(back, out, 16) == 0);
	gives(CKR_OK, f->C_Verify(s, text, sizeof text - 1, out, 16));
	/* an operation ends with its master */
	ok(f->C_SignInit(s, &m, master));
	ok(f->C_DestroyObject(s, master));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, text, 5, out, &n));
}
END_TEST

/* The derived key is nowhere in memory after an operation, also after a failed one. */
START_TEST(no_derived_key_stays_in_memory)
{
	static const CK_MECHANISM_TYPE operations[] = {
		CKM_AES_CMAC, CKM_AES_GCM, CKM_AES_CCM, CKM_SHA256_HMAC, CKM_AES_CTR};
	uint8_t wanted[16];
	CK_OBJECT_HANDLE key, readable = open_master();
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
		bool mac = operations[i] == CKM_AES_CMAC || operations[i] == CKM_SHA256_HMAC;
		bool hmac = operations[i] == CKM_SHA256_HMAC;
		CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");
		ok(f->C_DeriveKey(s, &m, readable,
			T(TYPE(hmac ? CKK_SHA256_HMAC : CKK_AES), LENGTH(16), READABLE,
				YES(mac ? CKA_SIGN : CKA_ENCRYPT),
				YES(mac ? CKA_VERIFY : CKA_DECRYPT)),
			&key));
		ck_assert_uint_eq(get_bytes(key, CKA_VALUE, wanted, 16), 16);
		invert(wanted, wanted, 16);
		ok(f->C_DestroyObject(s, key));
		if (!instrumented())
			holds(copies(wanted, 16) == 0);
		compose(CKM_KEYDIV_DEVICE_KEY, operations[i]);
		if (operations[i] != CKM_AES_GCM && operations[i] != CKM_AES_CCM)
			without(KEYDIV_COUNTER);
		if (operations[i] == CKM_AES_CTR)
			field_of(KEYDIV_IV, "0123456789abcdef", 16);
		gives(CKR_OK, mac ? sign() : encrypt());
		gives(CKR_OK, mac ? verify() : decrypt());
		out[0] ^= 1;
		if (operations[i] != CKM_AES_CTR)
			holds((mac ? verify() : decrypt()) != CKR_OK);
		gives(CKR_OK, init());
		cancel();
		if (!instrumented())
			holds(copies(wanted, 16) == 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("use");
	TCase *tc = add_case(suite, "use", set_up);

	tcase_add_test(tc, known_answers);
	tcase_add_test(tc, counters_at_both_ends);
	tcase_add_test(tc, the_counter_is_the_nonce);
	tcase_add_test(tc, fields_that_are_wrong);
	tcase_add_test(tc, fields_of_operations);
	tcase_add_test(tc, lengths_of_tags);
	tcase_add_test(tc, mechanisms_that_are_refused);
	tcase_add_test(tc, masters_that_are_refused);
	tcase_add_test(tc, types_and_lengths);
	tcase_add_test(tc, use_only);
	tcase_add_test(tc, mechanism_info);
	tcase_add_test(tc, length_queries_and_small_buffers);
	tcase_add_test(tc, forged_messages_give_out_nothing);
	tcase_add_test(tc, ctr_counts_the_whole_block);
	tcase_add_test(tc, cancelled_operations);
	tcase_add_test(tc, no_derived_key_stays_in_memory);
	return run(suite);
}
