/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_server.c: the client and its server, which follows a script (scripted_server.c).
 * Servers of all versions, servers that refuse or lie, and the refusals of calls that the protocol
 * cannot carry.
 */
#include <check.h>

#include "client/message.h"
#include "client/message_state.h"
#include "client/older.h"
#include "client/server.h"

#include "scripted_server.h"
#include "time_limit.h"

#define S 7
#define KEY 9

static struct connection c = {.transport = {.fd = -1}, .timeout_ms = 60000};
static CK_BYTE out[64];
static CK_ULONG n;

static void start(enum dialect dialect)
{
	message_close_all();
	script_connect(&c, dialect);
	n = sizeof out;
}

/* --- Starting --- */

static CK_RV meet(uint8_t version)
{
	struct address a;

	script_listen(version, &a);
	return server_start(&c, &a);
}

START_TEST(versions)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	ck_assert_uint_eq(meet(0), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_24);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	ck_assert_uint_eq(meet(2), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25_6);
	script_end(&c);

	script_begin();
	ck_assert_uint_eq(meet(3), CKR_DEVICE_ERROR);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

/* Version 1 has two forms of mechanisms, which a probe tells apart. */
START_TEST(probes)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect(CALL_C_DigestInit, CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(meet(1), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25_6);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect(CALL_C_DigestInit, CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(meet(1), CKR_OK);
	ck_assert_int_eq(c.dialect, DIALECT_0_25);
	script_end(&c);

	script_begin();
	expect(CALL_C_Initialize, CKR_OK);
	expect_hang_up(CALL_C_DigestInit);
	ck_assert_uint_eq(meet(1), CKR_DEVICE_REMOVED);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

START_TEST(module_that_does_not_start)
{
	script_begin();
	expect(CALL_C_Initialize, CKR_FUNCTION_FAILED);
	ck_assert_uint_eq(meet(2), CKR_FUNCTION_FAILED);
	ck_assert(!connection_is_open(&c));
	script_end(&c);

	/* The state of the server's module is no state of this one. */
	script_begin();
	expect(CALL_C_Initialize, CKR_CRYPTOKI_ALREADY_INITIALIZED);
	ck_assert_uint_eq(meet(2), CKR_DEVICE_ERROR);
	script_end(&c);
}
END_TEST

/* --- The word size of the server --- */

/* The reply of C_GetAttributeValue with the profile ID as its N bytes at P. */
static void expect_profile(const void *p, uint32_t size)
{
	struct wire w = {0};

	wire_put_u32(&w, 1);
	wire_put_u32(&w, CKA_PROFILE_ID);
	wire_put_byte(&w, 1);
	wire_put_u32(&w, size);
	wire_put_bytes(&w, p, size);
	wire_put_u64(&w, CKR_OK);
	expect_raw(CALL_C_GetAttributeValue, "aAu", w.p, w.n);
	wire_free(&w);
}

static void expect_search(CK_RV init, CK_RV found, uint32_t count, CK_RV final)
{
	uint8_t reply[13] = {1};

	expect(CALL_C_FindObjectsInit, init);
	if (init != CKR_OK)
		return;
	put_be32(reply + 1, count);
	put_be64(reply + 5, 5);
	if (found != CKR_OK)
		expect(CALL_C_FindObjects, found);
	else
		expect_raw(CALL_C_FindObjects, "au", reply, 5 + 8 * count);
	expect(CALL_C_FindObjectsFinal, final);
}

START_TEST(word_sizes)
{
	const CK_ULONG good = CKP_BASELINE_PROVIDER;
	const uint8_t short_one[4] = {1}, reversed[8] = {0, 0, 0, 0, 0, 0, 0, 1};

	script_begin();
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(&good, sizeof good);
	expect_search(CKR_OK, CKR_OK, 0, CKR_OK);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(short_one, sizeof short_one);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect_profile(reversed, sizeof reversed);
	expect_search(CKR_OPERATION_ACTIVE, CKR_OK, 0, CKR_OK);
	expect_search(CKR_OK, CKR_DEVICE_MEMORY, 0, CKR_OK);
	expect_search(CKR_OK, CKR_OK, 1, CKR_DEVICE_ERROR);
	expect_search(CKR_OK, CKR_OK, 1, CKR_OK);
	expect(CALL_C_GetAttributeValue, CKR_OBJECT_HANDLE_INVALID);
	start(DIALECT_0_25_6);
	c.session_mask = c.object_mask = 0;
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OK);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OK);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OPERATION_ACTIVE);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(server_check_words(&c, S), CKR_OBJECT_HANDLE_INVALID);
	script_end(&c);
}
END_TEST

/* --- Refusals --- */

/* Counters of 64 bits in the struct of the standard, and parameters of the wrong size. */
START_TEST(mechanisms_that_cannot_travel)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	const uint64_t encrypts[] = {16, 32, CKF_ENCRYPT}, derives[] = {16, 32, CKF_DERIVE};
	CK_AES_CTR_PARAMS params = {128, {0}};
	CK_MECHANISM ctr = {CKM_AES_CTR, &params, sizeof params - 1},
		     good = {CKM_AES_CTR, &params, sizeof params},
		     des = {CKM_DES3_CBC, "8 bytes.", 8}, wrong_des = {CKM_DES3_CBC, "8", 1},
		     general = {CKM_AES_CMAC_GENERAL, &n, 1};
	const uintptr_t bad_args[] = {S, ARGUMENT(&ctr), KEY}, args[] = {S, ARGUMENT(&good), KEY},
			des_args[] = {S, ARGUMENT(&des), KEY},
			wrong_args[] = {S, ARGUMENT(&wrong_des), KEY},
			general_args[] = {S, ARGUMENT(&general), KEY};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetMechanismInfo, encrypts, 3);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetMechanismInfo, derives, 3);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetMechanismInfo, CKR_MECHANISM_INVALID);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect(CALL_C_EncryptInit, CKR_OK);
	expect(CALL_C_EncryptInit, CKR_OK);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_MECHANISM_PARAM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, wrong_args), CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignInit, general_args), CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, bad_args), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, args), CKR_OK);
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptInit, des_args), CKR_OK);
	script_end(&c);
}
END_TEST

/* A message Init has no function whose mechanism could be asked for. */
START_TEST(message_init_that_cannot_travel)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	CK_MECHANISM ctr = {CKM_AES_CTR, NULL, 1};
	const uintptr_t args[] = {S, ARGUMENT(&ctr), KEY};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_MessageSignInit, args), CKR_MECHANISM_PARAM_INVALID);
	script_end(&c);
}
END_TEST

/* A server of 0.24 takes a buffer without room for a question. */
START_TEST(no_room_on_an_old_server)
{
	const uintptr_t args[] = {S, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect_length(CALL_C_Encrypt, 16);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect_bytes(CALL_C_EncryptUpdate, "y", 1);
	expect_length(CALL_C_EncryptUpdate, 0);
	expect(CALL_C_EncryptUpdate, CKR_DEVICE_MEMORY);
	expect(CALL_C_EncryptUpdate, CKR_OPERATION_NOT_INITIALIZED);
	start(DIALECT_0_24);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, args), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 16);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_OK);
	ck_assert_uint_eq(n, 0);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(n, 1);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_DEVICE_MEMORY);
	n = 0;
	ck_assert_uint_eq(call_run(&c, CALL_C_EncryptUpdate, args), CKR_OPERATION_NOT_INITIALIZED);
	script_end(&c);
}
END_TEST

/* NULL with a length is refused by the token itself from 0.25 on. */
START_TEST(null_with_a_length)
{
	const uintptr_t args[] = {S, 0, 1, ARGUMENT(out), ARGUMENT(&n)},
			more[] = {S, 0, (uintptr_t)1 << 40, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect(CALL_C_Encrypt, CKR_ARGUMENTS_BAD);
	expect(CALL_C_Encrypt, CKR_ARGUMENTS_BAD);
	start(DIALECT_0_25);
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, args), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(call_run(&c, CALL_C_Encrypt, more), CKR_ARGUMENTS_BAD);
	script_end(&c);
}
END_TEST

/* A part without a signature, and one with it. */
START_TEST(signatures_in_parts)
{
	const uintptr_t none[] = {S, 0, 0, ARGUMENT("x"), 1, 0, 0},
			last[] = {S, 0, 0, ARGUMENT("x"), 1, ARGUMENT(out), ARGUMENT(&n)};

	script_begin();
	expect_length(CALL_C_SignMessageNext, 0);
	expect_bytes(CALL_C_SignMessageNext, "mac", 3);
	expect_bytes(CALL_C_SignMessageNext, "mac", 3); /* nobody has asked for bytes */
	start(DIALECT_0_25_6);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, none), CKR_OK);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, last), CKR_OK);
	ck_assert(n == 3 && memcmp(out, "mac", 3) == 0);
	ck_assert_uint_eq(call_run(&c, CALL_C_SignMessageNext, none), CKR_DEVICE_ERROR);
	ck_assert(!connection_is_open(&c));
	script_end(&c);
}
END_TEST

/* The functions of PKCS#11 3.0 on a server of 0.24. */
START_TEST(older_functions)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};
	const uintptr_t no_name[] = {S, CKU_USER, ARGUMENT("1234"), 4, 0, 1},
			name[] = {S, CKU_USER, ARGUMENT("1234"), 4, ARGUMENT("me"), 2};

	script_begin();
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect(CALL_C_GetSessionInfo, CKR_SESSION_HANDLE_INVALID);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_hang_up(CALL_C_FindObjectsFinal);
	start(DIALECT_0_24);
	ck_assert_uint_eq(older_login_user(&c, no_name), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(older_login_user(&c, name), CKR_FUNCTION_NOT_SUPPORTED);
	ck_assert_uint_eq(older_cancel(&c, S, CKF_FIND_OBJECTS), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(older_cancel(&c, S, CKF_FIND_OBJECTS), CKR_DEVICE_REMOVED);
	script_end(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("client_server");
	TCase *t = tcase_create("server");

	tcase_add_test(t, versions);
	tcase_add_test(t, probes);
	tcase_add_test(t, module_that_does_not_start);
	tcase_add_test(t, word_sizes);
	tcase_add_test(t, mechanisms_that_cannot_travel);
	tcase_add_test(t, message_init_that_cannot_travel);
	tcase_add_test(t, no_room_on_an_old_server);
	tcase_add_test(t, null_with_a_length);
	tcase_add_test(t, signatures_in_parts);
	tcase_add_test(t, older_functions);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
