/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_message.c: the message functions of the client against servers of all releases of
 * p11-kit, and answers of a server that no token gives. scripted_server.c is the server.
 */
#include <check.h>

#include "client/message.h"
#include "client/message_state.h"

#include "keydiv.h"
#include "scripted_server.h"
#include "time_limit.h"

#define S 7
#define KEY 9

static struct connection c = {.transport = {.fd = -1}};
static uint8_t iv[12] = "twelve bytes", tag[16];
static const uint8_t sealed[] = "abcdefghijklmnopqrstuvwxyz";
static CK_GCM_MESSAGE_PARAMS gcm = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
static CK_MECHANISM gcm_mechanism = {CKM_AES_GCM, NULL, 0};
static CK_BYTE out[64];
static CK_ULONG n;

static void start(enum dialect dialect)
{
	message_close_all();
	script_connect(&c, dialect);
	n = sizeof out;
}

static CK_RV begin_gcm(enum message_kind kind)
{
	return message_init(&c, kind, S, &gcm_mechanism, KEY);
}

/* One message of LENGTH bytes, with the parameter at P. */
static CK_RV whole(
	enum message_kind kind, const void *p, CK_ULONG size, const void *in, CK_ULONG length)
{
	const uintptr_t args[] = {
		S, ARGUMENT(p), size, 0, 0, ARGUMENT(in), length, ARGUMENT(out), ARGUMENT(&n)};

	return message_cipher(&c, kind, args);
}

static CK_RV begin_parts(enum message_kind kind)
{
	const uintptr_t args[] = {S, ARGUMENT(&gcm), sizeof gcm, 0, 0};

	return message_cipher_begin(&c, kind, args);
}

static CK_RV part(enum message_kind kind, CK_GCM_MESSAGE_PARAMS *p, CK_ULONG length, CK_FLAGS flags)
{
	const uintptr_t args[] = {S, ARGUMENT(p), sizeof *p, ARGUMENT(sealed), length,
		ARGUMENT(out), ARGUMENT(&n), flags};

	return message_cipher_next(&c, kind, args);
}

START_TEST(whole_messages)
{
	script_begin();
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect_bytes(CALL_C_EncryptMessage, sealed, 20);
	expect_bytes(CALL_C_EncryptMessage, sealed, 15); /* no room for the tag */
	expect_bytes(CALL_C_EncryptMessage, sealed, 20); /* longer than the message */
	start((enum dialect)_i);
	ck_assert_uint_eq(begin_gcm(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "open", 4), CKR_OK);
	ck_assert(n == 4 && memcmp(out, sealed, 4) == 0 && memcmp(tag, sealed + 4, 16) == 0);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "open", 4), CKR_DEVICE_ERROR);
	n = 3;
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "ope", 3), CKR_DEVICE_ERROR);
	ck_assert(!connection_is_open(&c)); /* the last reply was longer than the room for it */
	script_end(&c);
}
END_TEST

START_TEST(codes_of_whole_messages)
{
	script_begin();
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect(CALL_C_EncryptMessage, CKR_KEY_HANDLE_INVALID);
	expect(CALL_C_MessageEncryptFinal, CKR_OK);
	expect(CALL_C_MessageDecryptInit, CKR_OK);
	expect_bytes(CALL_C_DecryptMessage, "open", 4);
	expect(CALL_C_DecryptMessage, CKR_AEAD_DECRYPT_FAILED);
	expect(CALL_C_MessageDecryptFinal, CKR_OK);
	start((enum dialect)_i);
	ck_assert_uint_eq(begin_gcm(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "open", 4), CKR_KEY_HANDLE_INVALID);
	ck_assert_uint_eq(message_final(&c, MESSAGE_ENCRYPT, S), CKR_OK);
	ck_assert_uint_eq(begin_gcm(MESSAGE_DECRYPT), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_DECRYPT, &gcm, sizeof gcm, sealed, 4), CKR_OK);
	ck_assert(n == 4 && memcmp(out, "open", 4) == 0);
	ck_assert_uint_eq(
		whole(MESSAGE_DECRYPT, &gcm, sizeof gcm, sealed, 4), CKR_AEAD_DECRYPT_FAILED);
	ck_assert_uint_eq(message_final(&c, MESSAGE_DECRYPT, S), CKR_OK);
	script_end(&c);
}
END_TEST

/* Wrong arguments reach no server. */
START_TEST(wrong_whole_messages)
{
	CK_CCM_MESSAGE_PARAMS ccm = {4, iv, 12, 0, CKG_NO_GENERATE, tag, 16};
	CK_MECHANISM ccm_mechanism = {CKM_AES_CCM, NULL, 0};
	CK_GCM_MESSAGE_PARAMS bad = gcm;
	const uintptr_t no_aad[] = {
		S, ARGUMENT(&gcm), sizeof gcm, 0, 1, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	start((enum dialect)_i);
	ck_assert_uint_eq(begin_gcm(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, NULL, sizeof gcm, "x", 1), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, 1, "x", 1), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(message_cipher(&c, MESSAGE_ENCRYPT, no_aad), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "x", WIRE_MAX), CKR_DATA_LEN_RANGE);
	bad.ulTagBits = 100;
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &bad, sizeof bad, "x", 1), CKR_MECHANISM_PARAM_INVALID);
	bad.ulTagBits = 136;
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &bad, sizeof bad, "x", 1), CKR_MECHANISM_PARAM_INVALID);
	bad = (CK_GCM_MESSAGE_PARAMS){iv, 12, 0, 99, tag, 128};
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &bad, sizeof bad, "x", 1), CKR_MECHANISM_PARAM_INVALID);
	n = 0;
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "x", 1), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(message_init(&c, MESSAGE_ENCRYPT, S, &ccm_mechanism, KEY), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &ccm, sizeof ccm, "xyz", 3), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, NULL, 0, "xyz", 3), CKR_MECHANISM_PARAM_INVALID);
	ccm.ulMACLen = 17;
	ck_assert_uint_eq(
		whole(MESSAGE_ENCRYPT, &ccm, sizeof ccm, "wxyz", 4), CKR_MECHANISM_PARAM_INVALID);
	script_end(&c);
}
END_TEST

/* An Init with a wrong parameter ends the operation that the server has begun. */
START_TEST(wrong_parameters_at_init)
{
	CK_MECHANISM wrong = {CKM_AES_GCM, &gcm, 1}, none = {CKM_AES_GCM, NULL, 1},
		     whole_one = {CKM_AES_GCM, &gcm, sizeof gcm};

	script_begin();
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect(CALL_C_MessageEncryptFinal, CKR_OK);
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect(CALL_C_MessageEncryptFinal, CKR_OPERATION_NOT_INITIALIZED);
	expect(CALL_C_MessageEncryptInit, CKR_KEY_TYPE_INCONSISTENT);
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	start((enum dialect)_i);
	ck_assert_uint_eq(
		message_init(&c, MESSAGE_ENCRYPT, S, &wrong, KEY), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(
		message_init(&c, MESSAGE_ENCRYPT, S, &none, KEY), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(begin_gcm(MESSAGE_ENCRYPT), CKR_KEY_TYPE_INCONSISTENT);
	ck_assert_uint_eq(message_init(&c, MESSAGE_ENCRYPT, S, &whole_one, KEY), CKR_OK);
	script_end(&c);
}
END_TEST

START_TEST(messages_in_parts)
{
	CK_GCM_MESSAGE_PARAMS other = gcm;

	other.ulTagBits = 96;
	script_begin();
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect_bytes(CALL_C_EncryptMessageNext, sealed, 4);
	expect_bytes(CALL_C_EncryptMessageNext, sealed, 21);
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect(CALL_C_EncryptMessageNext, CKR_MECHANISM_PARAM_INVALID); /* given up */
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect(CALL_C_EncryptMessageNext, CKR_MECHANISM_PARAM_INVALID);
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect(CALL_C_EncryptMessageNext, CKR_MECHANISM_PARAM_INVALID);
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect(CALL_C_EncryptMessageNext, CKR_DATA_LEN_RANGE);
	expect(CALL_C_EncryptMessageNext, CKR_MECHANISM_PARAM_INVALID);
	expect(CALL_C_EncryptMessageBegin, CKR_KEY_HANDLE_INVALID);
	start((enum dialect)_i);
	ck_assert_uint_eq(begin_gcm(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 4, 0), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 4, 0), CKR_OK);
	n = 4; /* too little for the last part */
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 5, CKF_END_OF_MESSAGE), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 5, CKF_END_OF_MESSAGE), CKR_OK);
	ck_assert(n == 5 && memcmp(out, sealed, 5) == 0 && memcmp(tag, sealed + 5, 16) == 0);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "x", 1), CKR_OPERATION_ACTIVE);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OPERATION_ACTIVE);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OK);
	n = sizeof out;
	ck_assert_uint_eq(
		part(MESSAGE_ENCRYPT, &other, 4, CKF_END_OF_MESSAGE), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 4, 0), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_KEY_HANDLE_INVALID);
	script_end(&c);
}
END_TEST

START_TEST(opened_in_parts)
{
	script_begin();
	expect(CALL_C_MessageDecryptInit, CKR_OK);
	expect(CALL_C_DecryptMessageBegin, CKR_OK);
	expect_length(CALL_C_DecryptMessageNext, 0);
	expect_bytes(CALL_C_DecryptMessageNext, "opened", 6);
	expect(CALL_C_DecryptMessageBegin, CKR_OK);
	expect(CALL_C_DecryptMessageNext, CKR_AEAD_DECRYPT_FAILED);
	expect(CALL_C_DecryptMessageNext, CKR_MECHANISM_PARAM_INVALID);
	start((enum dialect)_i);
	ck_assert_uint_eq(begin_gcm(MESSAGE_DECRYPT), CKR_OK);
	ck_assert_uint_eq(begin_parts(MESSAGE_DECRYPT), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_DECRYPT, &gcm, 4, 0), CKR_OK);
	ck_assert_uint_eq(n, 0);
	n = sizeof out;
	ck_assert_uint_eq(part(MESSAGE_DECRYPT, &gcm, 2, CKF_END_OF_MESSAGE), CKR_OK);
	ck_assert(n == 6 && memcmp(out, "opened", 6) == 0);
	ck_assert_uint_eq(begin_parts(MESSAGE_DECRYPT), CKR_OK);
	ck_assert_uint_eq(
		part(MESSAGE_DECRYPT, &gcm, 2, CKF_END_OF_MESSAGE), CKR_AEAD_DECRYPT_FAILED);
	script_end(&c);
}
END_TEST

/* Operations that are not translated travel as they are, with or without an operation. */
START_TEST(passed_on)
{
	CK_MECHANISM cmac = {CKM_KEYDIV_WITH_DERIVED_KEY, NULL, 0};
	const uintptr_t sign[] = {S, 0, 0, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};
	const uintptr_t verify[] = {S, 0, 0, ARGUMENT("x"), 1, ARGUMENT("mac"), 3};

	script_begin();
	expect(CALL_C_MessageSignInit, CKR_OK);
	expect_bytes(CALL_C_SignMessage, "mac", 3);
	expect(CALL_C_MessageSignFinal, CKR_OK);
	expect(CALL_C_MessageVerifyInit, CKR_OK);
	expect(CALL_C_VerifyMessage, CKR_SIGNATURE_INVALID);
	expect(CALL_C_MessageVerifyInit, CKR_OK); /* with no mechanism: the end of the operation */
	expect_bytes(CALL_C_EncryptMessage, "y", 1);
	expect_bytes(CALL_C_DecryptMessage, "y", 1);
	expect(CALL_C_EncryptMessageBegin, CKR_OPERATION_NOT_INITIALIZED);
	expect(CALL_C_DecryptMessageBegin, CKR_OK);
	expect_bytes(CALL_C_EncryptMessageNext, "y", 1);
	expect(CALL_C_DecryptMessageNext, CKR_OPERATION_NOT_INITIALIZED);
	start((enum dialect)_i);
	ck_assert_uint_eq(message_init(&c, MESSAGE_SIGN, S, &cmac, KEY), CKR_OK);
	ck_assert_uint_eq(message_mac(&c, MESSAGE_SIGN, sign), CKR_OK);
	ck_assert(n == 3 && memcmp(out, "mac", 3) == 0);
	ck_assert_uint_eq(message_final(&c, MESSAGE_SIGN, S), CKR_OK);
	ck_assert_uint_eq(message_init(&c, MESSAGE_VERIFY, S, &cmac, KEY), CKR_OK);
	ck_assert_uint_eq(message_mac(&c, MESSAGE_VERIFY, verify), CKR_SIGNATURE_INVALID);
	ck_assert_uint_eq(message_init(&c, MESSAGE_VERIFY, S, NULL, 0), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_ENCRYPT, &gcm, sizeof gcm, "x", 1), CKR_OK);
	ck_assert_uint_eq(whole(MESSAGE_DECRYPT, &gcm, sizeof gcm, "x", 1), CKR_OK);
	ck_assert_uint_eq(begin_parts(MESSAGE_ENCRYPT), CKR_OPERATION_NOT_INITIALIZED);
	ck_assert_uint_eq(begin_parts(MESSAGE_DECRYPT), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_ENCRYPT, &gcm, 1, 0), CKR_OK);
	ck_assert_uint_eq(part(MESSAGE_DECRYPT, &gcm, 1, 0), CKR_OPERATION_NOT_INITIALIZED);
	script_end(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("client_message");
	TCase *t = tcase_create("messages");

	tcase_add_loop_test(t, whole_messages, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, codes_of_whole_messages, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, wrong_whole_messages, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, wrong_parameters_at_init, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, messages_in_parts, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, opened_in_parts, DIALECT_0_25, DIALECT_0_25_6 + 1);
	tcase_add_loop_test(t, passed_on, DIALECT_0_25, DIALECT_0_25_6 + 1);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
