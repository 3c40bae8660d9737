/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_message.c: the message functions of 3.0 with AES-GCM and AES-CCM, and nonces that
 * the token makes.
 */
#include "harness.h"

static CK_OBJECT_HANDLE key;
static uint8_t text[40], aad[20], out[64], back[64], iv[13], tag[16];
static CK_ULONG n;

static void keys(void)
{
	user();
	memset(text, 0x5C, sizeof text);
	memset(aad, 0x36, sizeof aad);
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
}

static CK_GCM_MESSAGE_PARAMS gcm(CK_GENERATOR_FUNCTION generator, CK_ULONG fixed)
{
	return (CK_GCM_MESSAGE_PARAMS){iv, 12, fixed, generator, tag, 128};
}

static CK_CCM_MESSAGE_PARAMS ccm(CK_GENERATOR_FUNCTION generator, CK_ULONG fixed)
{
	return (CK_CCM_MESSAGE_PARAMS){sizeof text, iv, 12, fixed, generator, tag, 16};
}

static void begin(CK_MECHANISM_TYPE type, bool encrypt)
{
	if (encrypt)
		ok(f3->C_MessageEncryptInit(s, MECH(type), key));
	else
		ok(f3->C_MessageDecryptInit(s, MECH(type), key));
}

static CK_RV encrypt(void *parameter, CK_ULONG length)
{
	n = sizeof out;
	return f3->C_EncryptMessage(
		s, parameter, length, aad, sizeof aad, text, sizeof text, out, &n);
}

static CK_RV decrypt(void *parameter, CK_ULONG length)
{
	n = sizeof back;
	return f3->C_DecryptMessage(
		s, parameter, length, aad, sizeof aad, out, sizeof text, back, &n);
}

START_TEST(gcm_there_and_back)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0);
	CK_GCM_PARAMS classic = {iv, 12, 96, aad, sizeof aad, 128};
	uint8_t whole[64];
	CK_ULONG k = sizeof whole;
	int i;

	begin(CKM_AES_GCM, true);
	begin(CKM_AES_GCM, false);
	for (i = 0; i < 3; i++) { /* many messages under one init */
		iv[0] = (uint8_t)i;
		ok(encrypt(&p, sizeof p));
		holds(n == sizeof text);
		/* as C_Encrypt with the same nonce */
		k = sizeof whole;
		CK_SESSION_HANDLE other = open_session(0);
		ok(f->C_EncryptInit(other, MECH_P(CKM_AES_GCM, &classic, sizeof classic), key));
		ok(f->C_Encrypt(other, text, sizeof text, whole, &k));
		holds(k == sizeof text + 16 && memcmp(whole, out, sizeof text) == 0 &&
			memcmp(whole + sizeof text, tag, 16) == 0);
		ok(f->C_CloseSession(other));
		ok(decrypt(&p, sizeof p));
		holds(n == sizeof text && memcmp(back, text, sizeof text) == 0);
	}
	gives(CKR_OK, f3->C_MessageEncryptFinal(s));
	gives(CKR_OK, f3->C_MessageDecryptFinal(s));
	gives(CKR_OPERATION_NOT_INITIALIZED, encrypt(&p, sizeof p));
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageEncryptFinal(s));
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageDecryptFinal(s));
}
END_TEST

START_TEST(ccm_there_and_back)
{
	CK_CCM_MESSAGE_PARAMS p = ccm(CKG_NO_GENERATE, 0);

	begin(CKM_AES_CCM, true);
	begin(CKM_AES_CCM, false);
	ok(encrypt(&p, sizeof p));
	holds(n == sizeof text);
	ok(decrypt(&p, sizeof p));
	holds(n == sizeof text && memcmp(back, text, sizeof text) == 0);
	p.ulDataLen = 39;
	holds(encrypt(&p, sizeof p) != CKR_OK);
}
END_TEST

START_TEST(counters_do_not_repeat)
{
	enum { MANY = 300 };
	static uint8_t seen[MANY][12];
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_GENERATE_COUNTER, 32);
	int i, j;

	memcpy(iv, "fixd", 4);
	begin(CKM_AES_GCM, true);
	for (i = 0; i < MANY; i++) {
		memset(iv + 4, 0, 8); /* the application's bytes do not reset it */
		ok(encrypt(&p, sizeof p));
		holds(memcmp(iv, "fixd", 4) == 0);
		memcpy(seen[i], iv, 12);
		for (j = 0; j < i; j++)
			holds(memcmp(seen[i], seen[j], 12) != 0);
	}
	begin(CKM_AES_GCM, false);
	p.ivGenerator = CKG_NO_GENERATE;
	ok(decrypt(&p, sizeof p));
	holds(memcmp(back, text, sizeof text) == 0);
}
END_TEST

START_TEST(a_counter_goes_on_in_its_session)
{
	/*
	 * A new init in the same session with the same key and fixed part must not start over: that
	 * would repeat a nonce.
	 */
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_GENERATE_COUNTER, 32);
	uint8_t seen[6][12];
	int i, j;

	memset(iv, 0, 12);
	for (i = 0; i < 6; i++) {
		if (i % 2 == 0)
			begin(CKM_AES_GCM, true);
		memset(iv, 0, 12);
		ok(encrypt(&p, sizeof p));
		memcpy(seen[i], iv, 12);
		for (j = 0; j < i; j++)
			holds(memcmp(seen[i], seen[j], 12) != 0);
		if (i % 2 == 1)
			ok(f3->C_MessageEncryptFinal(s));
	}
}
END_TEST

START_TEST(a_small_counter_ends)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_GENERATE_COUNTER, 92); /* four bits are left to count */
	CK_RV rv = CKR_OK;
	int i;

	memset(iv, 0xEE, 12);
	begin(CKM_AES_GCM, true);
	for (i = 0; i < 17 && rv == CKR_OK; i++)
		rv = encrypt(&p, sizeof p);
	holds(i >= 15 && i <= 17); /* 16 nonces, and not one more */
	holds(rv != CKR_OK);
}
END_TEST

START_TEST(random_nonces)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_GENERATE_RANDOM, 0);
	CK_CCM_MESSAGE_PARAMS c = ccm(CKG_GENERATE_RANDOM, 0);
	uint8_t seen[20][12];
	int i, j;

	begin(CKM_AES_GCM, true);
	for (i = 0; i < 20; i++) {
		if (i == 10) {
			ok(f3->C_MessageEncryptFinal(s));
			begin(CKM_AES_CCM, true);
		}
		memset(iv, 0, sizeof iv);
		ok(i < 10 ? encrypt(&p, sizeof p) : encrypt(&c, sizeof c));
		memcpy(seen[i], iv, 12);
		for (j = 0; j < i; j++)
			holds(memcmp(seen[i], seen[j], 12) != 0);
	}
	c.nonceGenerator = CKG_NO_GENERATE;
	begin(CKM_AES_CCM, false);
	ok(decrypt(&c, sizeof c));
	holds(memcmp(back, text, sizeof text) == 0);
}
END_TEST

START_TEST(one_kind_of_nonce_an_operation)
{
	/*
	 * Mixing the token's nonces with the caller's, or counters of two shapes,
	 * could meet: refused.
	 */
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_GENERATE_COUNTER, 32), other;

	memset(iv, 0, sizeof iv);
	begin(CKM_AES_GCM, true);
	ok(encrypt(&p, sizeof p));
	other = gcm(CKG_NO_GENERATE, 32);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&other, sizeof other));
	f3->C_MessageEncryptFinal(s);
	begin(CKM_AES_GCM, true);
	ok(encrypt(&p, sizeof p));
	other = gcm(CKG_GENERATE_COUNTER, 40);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&other, sizeof other));
	f3->C_MessageEncryptFinal(s);
	begin(CKM_AES_GCM, true);
	ok(encrypt(&p, sizeof p));
	other = gcm(CKG_GENERATE_COUNTER, 32);
	other.ulIvLen = 11;
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&other, sizeof other));
	f3->C_MessageEncryptFinal(s);
	/* too few random bits to count on, none to count with */
	begin(CKM_AES_GCM, true);
	other = gcm(CKG_GENERATE_RANDOM, 80);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&other, sizeof other));
	f3->C_MessageEncryptFinal(s);
	begin(CKM_AES_GCM, true);
	other = gcm(CKG_GENERATE_COUNTER, 96);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&other, sizeof other));
}
END_TEST

START_TEST(forged_messages)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0);
	uint8_t untouched[64];

	memset(untouched, 0xA5, sizeof untouched);
	begin(CKM_AES_GCM, true);
	begin(CKM_AES_GCM, false);
	ok(encrypt(&p, sizeof p));
	tag[3] ^= 4;
	memset(back, 0xA5, sizeof back);
	gives_either(CKR_AEAD_DECRYPT_FAILED, CKR_ENCRYPTED_DATA_INVALID, decrypt(&p, sizeof p));
	holds(memcmp(back, untouched, sizeof back) == 0);
	tag[3] ^= 4;
	/* A forged message does not end the operation, so the next message works. */
	ok(decrypt(&p, sizeof p));
	out[0] ^= 1;
	gives_either(CKR_AEAD_DECRYPT_FAILED, CKR_ENCRYPTED_DATA_INVALID, decrypt(&p, sizeof p));
}
END_TEST

START_TEST(bad_parameters)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0), bad[] = {p, p, p, p, p, p, p, p};
	size_t i;

	bad[0].pIv = NULL;
	bad[1].ulIvLen = 0;
	bad[2].pTag = NULL;
	bad[3].ulTagBits = 64;
	bad[4].ulTagBits = 136;
	bad[5].ivGenerator = 99;
	bad[6].ulIvLen = (CK_ULONG)-1;
	bad[7].ulIvFixedBits = 97;
	bad[7].ivGenerator = CKG_GENERATE_COUNTER;
	for (i = 0; i < 8; i++) {
		begin(CKM_AES_GCM, true);
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&bad[i], sizeof p));
		f3->C_MessageEncryptFinal(s);
	}
	begin(CKM_AES_GCM, true);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&p, sizeof p - 1));
	gives_either(CKR_OK, CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageEncryptFinal(s));
	begin(CKM_AES_GCM, true);
	gives_either(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD, encrypt(NULL, sizeof p));
}
END_TEST

START_TEST(room_and_state)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0);

	begin(CKM_AES_GCM, true);
	gives(CKR_OPERATION_ACTIVE, f3->C_MessageEncryptInit(s, MECH(CKM_AES_GCM), key));
	n = 0;
	gives(CKR_OK, f3->C_EncryptMessage(s, &p, sizeof p, aad, 20, text, 40, NULL, &n));
	holds(n == 40);
	n = 39;
	gives(CKR_BUFFER_TOO_SMALL,
		f3->C_EncryptMessage(s, &p, sizeof p, aad, 20, text, 40, out, &n));
	holds(n == 40);
	gives(CKR_OK, f3->C_EncryptMessage(s, &p, sizeof p, aad, 20, text, 40, out, &n));
	gives(CKR_ARGUMENTS_BAD,
		f3->C_EncryptMessage(s, &p, sizeof p, aad, 20, text, 40, out, NULL));
	f3->C_MessageEncryptInit(s, NULL, 0);
	begin(CKM_AES_GCM, true);
	n = sizeof out;
	gives(CKR_ARGUMENTS_BAD, f3->C_EncryptMessage(s, &p, sizeof p, aad, 20, NULL, 40, out, &n));
	f3->C_MessageEncryptInit(s, NULL, 0);
	begin(CKM_AES_GCM, true);
	gives_either(CKR_ARGUMENTS_BAD, CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessage(s, &p, sizeof p, NULL, 20, text, 40, out, &n));
	f3->C_MessageEncryptInit(s, NULL, 0);
	begin(CKM_AES_GCM, true);
	gives(CKR_OK, f3->C_MessageEncryptInit(s, NULL, 0)); /* cancel */
	gives(CKR_OPERATION_NOT_INITIALIZED, f3->C_MessageEncryptFinal(s));
	begin(CKM_AES_GCM, true);
	gives(CKR_OK, f3->C_SessionCancel(s, CKF_MESSAGE_ENCRYPT));
	gives(CKR_OPERATION_NOT_INITIALIZED, encrypt(&p, sizeof p));
}
END_TEST

START_TEST(messages_in_parts)
{
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0);
	uint8_t whole[40], whole_tag[16];
	CK_ULONG k, total = 0;

	begin(CKM_AES_GCM, true);
	ok(encrypt(&p, sizeof p));
	memcpy(whole, out, 40);
	memcpy(whole_tag, tag, 16);
	memset(tag, 0, 16);
	ok(f3->C_EncryptMessageBegin(s, &p, sizeof p, aad, 20));
	k = sizeof out;
	ok(f3->C_EncryptMessageNext(s, &p, sizeof p, text, 16, out, &k, 0));
	total = k;
	k = sizeof out - total;
	ok(f3->C_EncryptMessageNext(
		s, &p, sizeof p, text + 16, 24, out + total, &k, CKF_END_OF_MESSAGE));
	total += k;
	holds(total == 40 && memcmp(out, whole, 40) == 0 && memcmp(tag, whole_tag, 16) == 0);
	begin(CKM_AES_GCM, false);
	ok(f3->C_DecryptMessageBegin(s, &p, sizeof p, aad, 20));
	k = sizeof back;
	ok(f3->C_DecryptMessageNext(s, &p, sizeof p, whole, 40, back, &k, CKF_END_OF_MESSAGE));
	holds(k == 40 && memcmp(back, text, 40) == 0);
	gives(CKR_OPERATION_NOT_INITIALIZED,
		f3->C_DecryptMessageNext(s, &p, sizeof p, whole, 40, back, &k, CKF_END_OF_MESSAGE));
}
END_TEST

START_TEST(the_tag_of_a_message_in_parts_keeps_its_length)
{
	/*
	 * A tag asked for when the message began is not written where there is less room, nor
	 * checked in part.
	 */
	CK_GCM_MESSAGE_PARAMS p = gcm(CKG_NO_GENERATE, 0);
	CK_ULONG k = sizeof out;

	begin(CKM_AES_GCM, true);
	ok(f3->C_EncryptMessageBegin(s, &p, sizeof p, aad, 20));
	memset(tag, 0x77, sizeof tag);
	p.ulTagBits = 96;
	gives(CKR_MECHANISM_PARAM_INVALID,
		f3->C_EncryptMessageNext(s, &p, sizeof p, text, 16, out, &k, CKF_END_OF_MESSAGE));
	for (size_t i = 0; i < sizeof tag; i++)
		holds(tag[i] == 0x77);
	p.ulTagBits = 128;
	ok(encrypt(&p, sizeof p));

	begin(CKM_AES_GCM, false);
	ok(f3->C_DecryptMessageBegin(s, &p, sizeof p, aad, 20));
	p.ulTagBits = 96;
	memset(back, 0x77, sizeof back);
	k = sizeof back;
	gives(CKR_MECHANISM_PARAM_INVALID, f3->C_DecryptMessageNext(s, &p, sizeof p, out,
						   sizeof text, back, &k, CKF_END_OF_MESSAGE));
	holds(back[0] == 0x77);
}
END_TEST

START_TEST(a_ccm_message_in_parts_is_as_long_as_was_said)
{
	CK_CCM_MESSAGE_PARAMS p = ccm(CKG_NO_GENERATE, 0);
	CK_ULONG k = sizeof out;

	begin(CKM_AES_CCM, true);
	ok(f3->C_EncryptMessageBegin(s, &p, sizeof p, aad, 20));
	gives(CKR_DATA_LEN_RANGE,
		f3->C_EncryptMessageNext(s, &p, sizeof p, text, 39, out, &k, CKF_END_OF_MESSAGE));
	ok(f3->C_EncryptMessageBegin(s, &p, sizeof p, aad, 20));
	k = sizeof out;
	ok(f3->C_EncryptMessageNext(s, &p, sizeof p, text, 30, out, &k, 0));
	k = sizeof out;
	gives(CKR_DATA_LEN_RANGE, f3->C_EncryptMessageNext(s, &p, sizeof p, text, 11, out, &k, 0));
}
END_TEST

START_TEST(ccm_parameters_that_do_not_fit)
{
	CK_CCM_MESSAGE_PARAMS p = ccm(CKG_GENERATE_COUNTER, 0), wrong[5];

	for (int i = 0; i < 5; i++)
		wrong[i] = p;
	wrong[0].pNonce = NULL;
	wrong[1].pMAC = NULL;
	wrong[2].ulMACLen = 5;
	wrong[3].ulNonceLen = 6;
	wrong[4].ulNonceFixedBits = 97;
	begin(CKM_AES_CCM, true);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&p, sizeof p - 1));
	for (int i = 0; i < 5; i++)
		gives(CKR_MECHANISM_PARAM_INVALID, encrypt(&wrong[i], sizeof p));
	gives(CKR_OK, encrypt(&p, sizeof p)); /* what was refused has settled nothing */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = add_case(suite, "message", keys);

	tcase_add_test(tc, gcm_there_and_back);
	tcase_add_test(tc, ccm_there_and_back);
	tcase_add_test(tc, counters_do_not_repeat);
	tcase_add_test(tc, a_counter_goes_on_in_its_session);
	tcase_add_test(tc, a_small_counter_ends);
	tcase_add_test(tc, random_nonces);
	tcase_add_test(tc, one_kind_of_nonce_an_operation);
	tcase_add_test(tc, forged_messages);
	tcase_add_test(tc, bad_parameters);
	tcase_add_test(tc, room_and_state);
	tcase_add_test(tc, messages_in_parts);
	tcase_add_test(tc, the_tag_of_a_message_in_parts_keeps_its_length);
	tcase_add_test(tc, a_ccm_message_in_parts_is_as_long_as_was_said);
	tcase_add_test(tc, ccm_parameters_that_do_not_fit);
	return run(suite);
}
