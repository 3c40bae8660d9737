/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_use_message.c: WITH_DERIVED_KEY with the functions for messages. The fields of the init and
 * of the message together are one parameter.
 */
#include "memory_search.h"
#include "use_support.h"

static uint8_t shared[4200], own[4200];
static CK_ULONG shared_n, own_n;

static void set_up(void)
{
	user();
	master = closed_master();
}

/* Put the parameter into the set of the init, or of the message. */
static void to_shared(void)
{
	memcpy(shared, parameter, parameter_n);
	shared_n = parameter_n;
}

static void to_own(void)
{
	memcpy(own, parameter, parameter_n);
	own_n = parameter_n;
}

/*
 * Put the fields of the parameter whose bit in WHICH is set into the set of the init, and the
 * others into that of the message.
 */
static void split(unsigned which)
{
	shared_n = own_n = 0;
	for (CK_ULONG at = 0, n; at < parameter_n; at += n, which >>= 1) {
		n = 3 + 256UL * parameter[at + 1] + parameter[at + 2];
		memcpy(which & 1 ? shared + shared_n : own + own_n, parameter + at, n);
		*(which & 1 ? &shared_n : &own_n) += n;
	}
}

static CK_MECHANISM sharing(void)
{
	return (CK_MECHANISM){CKM_KEYDIV_WITH_DERIVED_KEY, shared, shared_n};
}

static void begin(bool mac)
{
	CK_MECHANISM m = sharing();

	if (mac) {
		ok(f3->C_MessageSignInit(s, &m, master));
		ok(f3->C_MessageVerifyInit(s, &m, master));
	} else {
		ok(f3->C_MessageEncryptInit(s, &m, master));
		ok(f3->C_MessageDecryptInit(s, &m, master));
	}
}

static void end(bool mac)
{
	if (mac) {
		gives(CKR_OK, f3->C_MessageSignFinal(s));
		gives(CKR_OK, f3->C_MessageVerifyFinal(s));
	} else {
		gives(CKR_OK, f3->C_MessageEncryptFinal(s));
		gives(CKR_OK, f3->C_MessageDecryptFinal(s));
	}
}

static CK_RV sign_message(void)
{
	out_n = sizeof out;
	return f3->C_SignMessage(s, own, own_n, text, sizeof text - 1, out, &out_n);
}

static CK_RV verify_message(void)
{
	return f3->C_VerifyMessage(s, own, own_n, text, sizeof text - 1, out, out_n);
}

static CK_RV encrypt_message(CK_BYTE *aad, CK_ULONG aad_n)
{
	out_n = sizeof out;
	return f3->C_EncryptMessage(s, own, own_n, aad, aad_n, text, sizeof text - 1, out, &out_n);
}

static CK_RV decrypt_message(CK_BYTE *aad, CK_ULONG aad_n)
{
	back_n = sizeof back;
	return f3->C_DecryptMessage(s, own, own_n, aad, aad_n, out, out_n, back, &back_n);
}

/* However the fields are divided, the result is that of one parameter. */
START_TEST(every_division)
{
	uint8_t mac[16], sealed_text[64];
	CK_ULONG n;

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	ok(sign());
	memcpy(mac, out, 16);
	for (unsigned which = 0; which < 16; which++) {
		split(which);
		begin(true);
		gives(CKR_OK, sign_message());
		holds(out_n == 16 && memcmp(out, mac, 16) == 0);
		gives(CKR_OK, verify_message());
		end(true);
	}
	sealed();
	ok(encrypt());
	memcpy(sealed_text, out, out_n);
	n = out_n;
	for (unsigned which = 0; which < 512; which++) {
		split(which);
		begin(false);
		gives(CKR_OK, encrypt_message(NULL, 0));
		holds(out_n == n && memcmp(out, sealed_text, n) == 0);
		gives(CKR_OK, decrypt_message(NULL, 0));
		holds(back_n == sizeof text - 1 && memcmp(back, text, back_n) == 0);
		end(false);
	}
}
END_TEST

START_TEST(a_stream_of_messages)
{
	uint8_t macs[5][16];

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	without(KEYDIV_DEVICE);
	without(KEYDIV_COUNTER);
	to_shared();
	begin(true);
	for (unsigned i = 0; i < 5; i++) {
		uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, (uint8_t)i};
		parameter_n = 0;
		field_of(KEYDIV_DEVICE, i == 4 ? "SN-000124" : "SN-000123", 9);
		field_of(KEYDIV_COUNTER, number, 8);
		to_own();
		gives(CKR_OK, sign_message());
		gives(CKR_OK, verify_message());
		memcpy(macs[i], out, 16);
		for (unsigned j = 0; j < i; j++)
			holds(memcmp(macs[i], macs[j], 16) != 0);
		out[5] ^= 1;
		gives(CKR_SIGNATURE_INVALID, verify_message());
		out_n = 15;
		gives(CKR_SIGNATURE_LEN_RANGE, verify_message());
		own_n--; /* a bad message ends no operation */
		gives(CKR_MECHANISM_PARAM_INVALID, verify_message());
	}
	end(true);
	gives(CKR_OPERATION_NOT_INITIALIZED, sign_message());
	gives(CKR_OPERATION_NOT_INITIALIZED, verify_message());
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageSignFinal(s));
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageVerifyFinal(s));
}
END_TEST

START_TEST(a_field_in_both_sets)
{
	static const uint8_t tags[] = {KEYDIV_DEVICE, KEYDIV_COUNTER, KEYDIV_DERIVATION,
		KEYDIV_OPERATION, KEYDIV_IV, KEYDIV_AAD, KEYDIV_TAG_LENGTH, KEYDIV_KEY_TYPE,
		KEYDIV_KEY_LENGTH};

	for (unsigned i = 0; i < sizeof tags; i++) {
		sealed();
		split(0x1ff & ~(1u << i));
		begin(false);
		gives(CKR_OK, encrypt_message(NULL, 0));
		to_shared();
		end(false);
		begin(false); /* the set of the init has every field, that of the message one */
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt_message(NULL, 0));
		gives(CKR_MECHANISM_PARAM_INVALID, decrypt_message(NULL, 0));
		own_n = 0;
		gives(CKR_OK, encrypt_message(NULL, 0));
		gives(CKR_OK, decrypt_message(NULL, 0));
		end(false);
	}
}
END_TEST

START_TEST(associated_data_once)
{
	uint8_t aad[] = "header", wanted[64];

	sealed();
	to_own();
	shared_n = 0;
	begin(false);
	gives(CKR_OK, encrypt_message(NULL, 0));
	memcpy(wanted, out, out_n);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt_message(aad, 6));
	gives(CKR_MECHANISM_PARAM_INVALID, decrypt_message(aad, 6));
	without(KEYDIV_AAD);
	to_own();
	gives(CKR_OK, encrypt_message(aad, 6));
	holds(memcmp(out, wanted, out_n) == 0);
	gives(CKR_OK, decrypt_message(aad, 6));
	gives(CKR_AEAD_DECRYPT_FAILED, decrypt_message(aad, 5));
	gives(CKR_AEAD_DECRYPT_FAILED, decrypt_message(NULL, 0));
	gives(CKR_ARGUMENTS_BAD, decrypt_message(NULL, 6));
	/* an empty field is a field */
	field_of(KEYDIV_AAD, "", 0);
	to_own();
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt_message(aad, 6));
	gives(CKR_OK, encrypt_message(aad, 0));
	end(false);
	/* a cipher without associated data */
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CTR);
	field_of(KEYDIV_IV, "0123456789abcdef", 16);
	to_own();
	begin(false);
	gives(CKR_OK, encrypt_message(NULL, 0));
	gives(CKR_OK, decrypt_message(NULL, 0));
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt_message(aad, 6));
	end(false);
}
END_TEST

START_TEST(nothing_of_a_forged_message)
{
	static const CK_MECHANISM_TYPE ciphers[] = {CKM_AES_GCM, CKM_AES_CCM};

	for (unsigned i = 0; i < 2; i++) {
		compose(CKM_KEYDIV_DEVICE_KEY, ciphers[i]);
		to_own();
		shared_n = 0;
		begin(false);
		gives(CKR_OK, encrypt_message(NULL, 0));
		out[2] ^= 1;
		memset(back, 0xA5, sizeof back);
		gives(CKR_AEAD_DECRYPT_FAILED, decrypt_message(NULL, 0));
		for (unsigned j = 0; j < sizeof back; j++)
			holds(back[j] == 0xA5);
		out[2] ^= 1;
		gives(CKR_OK, decrypt_message(NULL, 0));
		out_n = 15; /* shorter than the tag */
		gives(CKR_ENCRYPTED_DATA_LEN_RANGE, decrypt_message(NULL, 0));
		end(false);
	}
}
END_TEST

START_TEST(length_queries)
{
	CK_ULONG n = 0;

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	to_own();
	shared_n = 0;
	begin(true);
	gives(CKR_OK, f3->C_SignMessage(s, own, own_n, text, 5, NULL, &n));
	holds(n == 16);
	n = 3;
	gives(CKR_BUFFER_TOO_SMALL, f3->C_SignMessage(s, own, own_n, text, 5, out, &n));
	holds(n == 16);
	gives(CKR_OK, f3->C_SignMessage(s, own, own_n, text, 5, out, &n));
	gives(CKR_ARGUMENTS_BAD, f3->C_SignMessage(s, own, own_n, text, 5, out, NULL));
	gives(CKR_ARGUMENTS_BAD, f3->C_SignMessage(s, own, own_n, NULL, 5, out, &n));
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_SignMessage(s, NULL, own_n, text, 5, out, &n));
	end(true);
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	to_own();
	begin(false);
	gives(CKR_OK, f3->C_EncryptMessage(s, own, own_n, NULL, 0, text, 5, NULL, &n));
	holds(n == 21);
	n = 20;
	gives(CKR_BUFFER_TOO_SMALL, f3->C_EncryptMessage(s, own, own_n, NULL, 0, text, 5, out, &n));
	n = 21;
	gives(CKR_OK, f3->C_EncryptMessage(s, own, own_n, NULL, 0, text, 5, out, &n));
	gives(CKR_OK, f3->C_DecryptMessage(s, own, own_n, NULL, 0, out, 21, NULL, &n));
	holds(n == 5);
	n = 4;
	gives(CKR_BUFFER_TOO_SMALL,
		f3->C_DecryptMessage(s, own, own_n, NULL, 0, out, 21, back, &n));
	gives(CKR_OK, f3->C_DecryptMessage(s, own, own_n, NULL, 0, out, 21, back, &n));
	end(false);
}
END_TEST

START_TEST(inits_that_are_refused)
{
	CK_MECHANISM m;
	CK_OBJECT_HANDLE plain = master;

	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	to_shared();
	m = sharing();
	master =
		import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_MESSAGE_KEY)));
	gives(CKR_MECHANISM_INVALID, f3->C_MessageVerifyInit(s, &m, master));
	master = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f3->C_MessageVerifyInit(s, &m, master));
	gives(CKR_KEY_HANDLE_INVALID, f3->C_MessageVerifyInit(s, &m, 0x123456));
	master = plain;
	m.ulParameterLen--;
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_MessageVerifyInit(s, &m, master));
	m.ulParameterLen = 4097;
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_MessageVerifyInit(s, &m, master));
	m.pParameter = NULL;
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_MessageVerifyInit(s, &m, master));
	double_field(KEYDIV_DEVICE);
	to_shared();
	m = sharing();
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_MessageVerifyInit(s, &m, master));
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageVerifyFinal(s));
	/* no other mechanism signs messages */
	gives(CKR_MECHANISM_INVALID, f3->C_MessageSignInit(s, MECH(CKM_AES_CMAC), master));
	/* an operation that cannot do what the function asks, and a master that lacks DERIVATION */
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	to_own();
	shared_n = 0;
	begin(true);
	gives(CKR_MECHANISM_PARAM_INVALID, sign_message());
	gives(CKR_MECHANISM_PARAM_INVALID, verify_message());
	compose(CKM_KEYDIV_CMAC, CKM_AES_CMAC);
	field_of(KEYDIV_MESSAGE, "m", 1);
	to_own();
	gives(CKR_MECHANISM_INVALID, sign_message());
	m = sharing();
	gives(CKR_OPERATION_ACTIVE, f3->C_MessageSignInit(s, &m, master));
	end(true);
	begin(false);
	own_n = 0;
	gives(CKR_FUNCTION_NOT_SUPPORTED, f3->C_EncryptMessageBegin(s, own, own_n, NULL, 0));
	gives(CKR_FUNCTION_NOT_SUPPORTED, f3->C_DecryptMessageBegin(s, own, own_n, NULL, 0));
	end(false);
}
END_TEST

/* Both sets together have at most 4096 bytes. */
START_TEST(too_long_together)
{
	static uint8_t message[4000];
	CK_OBJECT_HANDLE reader = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_CMAC)));

	master = reader;
	compose(CKM_KEYDIV_CMAC, CKM_AES_GCM);
	field_of(KEYDIV_IV, "twelve bytes", 12);
	to_shared();
	begin(false);
	for (unsigned aad = 0; aad < 200; aad++) {
		parameter_n = 0;
		field_of(KEYDIV_MESSAGE, message, 3900);
		field_of(KEYDIV_AAD, message, aad);
		to_own();
		gives(shared_n + own_n <= 4096 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID,
			encrypt_message(NULL, 0));
	}
	end(false);
}
END_TEST

/* Set WANTED to the inverted value of the key that MECHANISM derives with the parameter. */
static void key_value(CK_MECHANISM_TYPE type, bool verifies, uint8_t wanted[16])
{
	CK_OBJECT_HANDLE key;
	CK_MECHANISM m = {type, parameter, parameter_n};
	CK_ATTRIBUTE use = YES(CKA_VERIFY), template[] = {LENGTH(16), READABLE, use};

	ok(f->C_DeriveKey(s, &m, open_master(), template, verifies ? 4 : 3, &key));
	ck_assert_uint_eq(get_bytes(key, CKA_VALUE, wanted, 16), 16);
	invert(wanted, wanted, 16);
	ok(f->C_DestroyObject(s, key));
}

/* Neither the key of a message nor the key of the device stays in memory between messages. */
START_TEST(no_key_stays_between_messages)
{
	uint8_t of_device[16], of_message[16];

	if (instrumented())
		return;
	parameter_n = 0;
	field_of(KEYDIV_DEVICE, "SN-000123", 9);
	key_value(CKM_KEYDIV_DEVICE_KEY, false, of_device);
	field_of(KEYDIV_COUNTER, "\0\0\0\0\0\0\0\1", 8);
	key_value(CKM_KEYDIV_DEVICE_MESSAGE_KEY, true, of_message);
	holds(copies(of_device, 16) == 0 && copies(of_message, 16) == 0);
	to_own();
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	without(KEYDIV_DEVICE);
	without(KEYDIV_COUNTER);
	to_shared();
	begin(true);
	for (int i = 0; i < 4; i++) {
		gives(CKR_OK, sign_message());
		gives(CKR_OK, verify_message());
		out[1] ^= 1;
		gives(CKR_SIGNATURE_INVALID, verify_message());
		holds(copies(of_device, 16) == 0 && copies(of_message, 16) == 0);
	}
	end(true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("use_message");
	TCase *tc = add_case(suite, "use_message", set_up);

	tcase_add_test(tc, every_division);
	tcase_add_test(tc, a_stream_of_messages);
	tcase_add_test(tc, a_field_in_both_sets);
	tcase_add_test(tc, associated_data_once);
	tcase_add_test(tc, nothing_of_a_forged_message);
	tcase_add_test(tc, length_queries);
	tcase_add_test(tc, inits_that_are_refused);
	tcase_add_test(tc, too_long_together);
	tcase_add_test(tc, no_key_stays_between_messages);
	return run(suite);
}
