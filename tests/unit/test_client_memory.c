/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_client_memory.c: the client when memory runs out. This program replaces the allocator of the
 * C library. Each allocation of the thread that calls the client fails in turn, and the call gives
 * CKR_HOST_MEMORY. scripted_server.c is the server.
 */
#include <check.h>
#include <errno.h>

#include "client/message.h"
#include "client/message_state.h"

#include "keydiv.h"
#include "replaced_allocator.h"
#include "scripted_server.h"
#include "time_limit.h"

#define S 7
#define KEY 9

static _Thread_local long until; /* the allocation that fails, counted from 1; 0: none */
static _Thread_local bool failed;

static bool fails(void)
{
	if (until == 0 || --until > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

static struct connection c = {.transport = {.fd = -1}};
static uint8_t iv[12] = "twelve bytes", tag[16];
static uint8_t large[100000];
static CK_GCM_MESSAGE_PARAMS gcm = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
static CK_BYTE out[64];
static CK_ULONG n;

/* Make WORK fail at each of its allocations in turn. SCRIPT is what the server expects. */
static void each_fails(enum dialect dialect, void (*script)(void), CK_RV (*work)(void))
{
	long tries = 0;

	do {
		script_begin();
		script_forgive(); /* the client ends what it has begun */
		script();
		script_connect(&c, dialect);
		n = sizeof out;
		failed = false;
		until = ++tries;
		CK_RV rv = work();
		until = 0;
		script_abandon(&c);
		message_close_all();
		wire_free(&c.out);
		wire_free(&c.in);
		ck_assert_uint_eq(rv, failed ? CKR_HOST_MEMORY : CKR_OK);
	} while (failed);
	ck_assert_int_gt(tries, 2);
}

/* --- A message under AES-GCM, whole and in parts --- */

static void translated_script(void)
{
	expect(CALL_C_MessageEncryptInit, CKR_OK);
	expect_bytes(CALL_C_EncryptMessage, large, 20);
	expect(CALL_C_EncryptMessageBegin, CKR_OK);
	expect_bytes(CALL_C_EncryptMessageNext, large, 20);
	expect(CALL_C_MessageEncryptFinal, CKR_OK);
}

static CK_RV translated(void)
{
	CK_MECHANISM m = {CKM_AES_GCM, NULL, 0};
	const uintptr_t whole[] = {S, ARGUMENT(&gcm), sizeof gcm, 0, 0, ARGUMENT("open"), 4,
		ARGUMENT(out), ARGUMENT(&n)};
	const uintptr_t begin[] = {S, ARGUMENT(&gcm), sizeof gcm, 0, 0};
	const uintptr_t part[] = {S, ARGUMENT(&gcm), sizeof gcm, ARGUMENT("open"), 4, ARGUMENT(out),
		ARGUMENT(&n), CKF_END_OF_MESSAGE};

	TRY(message_init(&c, MESSAGE_ENCRYPT, S, &m, KEY));
	TRY(message_cipher(&c, MESSAGE_ENCRYPT, whole));
	TRY(message_cipher_begin(&c, MESSAGE_ENCRYPT, begin));
	TRY(message_cipher_next(&c, MESSAGE_ENCRYPT, part));
	return message_final(&c, MESSAGE_ENCRYPT, S);
}

/* The same calls for a server of 0.24. */
static void old_script(void)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0};

	expect(CALL_C_EncryptInit, CKR_OK);
	expect(CALL_C_EncryptUpdate, CKR_DATA_LEN_RANGE); /* ends the operation that was a check */
	expect(CALL_C_EncryptInit, CKR_OK);
	expect_bytes(CALL_C_Encrypt, large, 20);
	expect(CALL_C_EncryptInit, CKR_OK);
	expect_bytes(CALL_C_EncryptUpdate, large, 4);
	expect_bytes(CALL_C_EncryptFinal, large, 16);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
}

START_TEST(translated_messages)
{
	each_fails(DIALECT_0_25_6, translated_script, translated);
	each_fails(DIALECT_0_24, old_script, translated);
}
END_TEST

/* --- A message whose parameter is fields, for a server of 0.24 --- */

static void fields_script(void)
{
	const uint64_t session[] = {1, CKS_RW_USER_FUNCTIONS, 0, 0},
		       mechanism[] = {16, 32, CKF_MESSAGE_SIGN}, size[] = {16};

	expect_numbers(CALL_C_GetSessionInfo, session, 4);
	expect_numbers(CALL_C_GetMechanismInfo, mechanism, 3);
	expect_numbers(CALL_C_GetObjectSize, size, 1);
	expect(CALL_C_SignInit, CKR_OK);
	expect_bytes(CALL_C_Sign, "mac", 3);
	expect_numbers(CALL_C_GetSessionInfo, session, 4);
}

static CK_RV with_fields(void)
{
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, "\1\0\1x", 4};
	const uintptr_t sign[] = {
		S, ARGUMENT("\2\0\1y"), 4, ARGUMENT("data"), 4, ARGUMENT(out), ARGUMENT(&n)};

	TRY(message_init(&c, MESSAGE_SIGN, S, &m, KEY));
	TRY(message_mac(&c, MESSAGE_SIGN, sign));
	return message_final(&c, MESSAGE_SIGN, S);
}

START_TEST(messages_with_fields)
{
	each_fails(DIALECT_0_24, fields_script, with_fields);
}
END_TEST

/* --- Long requests, whose memory grows --- */

static void long_script(void)
{
	expect(CALL_C_DigestUpdate, CKR_OK);
	expect_bytes(CALL_C_GenerateRandom, large, 200);
}

static CK_RV long_call(void)
{
	CK_BYTE random[200];
	const uintptr_t update[] = {S, ARGUMENT(large), sizeof large},
			generate[] = {S, ARGUMENT(random), sizeof random};

	TRY(call_run(&c, CALL_C_DigestUpdate, update));
	return call_run(&c, CALL_C_GenerateRandom, generate);
}

START_TEST(long_calls)
{
	each_fails(DIALECT_0_25_6, long_script, long_call);
}
END_TEST

/* --- Templates, with a template in the template --- */

static void template_script(void)
{
	const uint64_t handle[] = {5};

	expect_numbers(CALL_C_CreateObject, handle, 1);
}

static CK_RV create(void)
{
	static CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE inner[] = {{CKA_EXTRACTABLE, &yes, sizeof yes}};
	CK_ATTRIBUTE t[] = {{CKA_LABEL, large, 50000}, {CKA_UNWRAP_TEMPLATE, inner, sizeof inner}};
	CK_OBJECT_HANDLE made;
	const uintptr_t args[] = {S, ARGUMENT(t), 2, ARGUMENT(&made)};

	return call_run(&c, CALL_C_CreateObject, args);
}

START_TEST(templates)
{
	each_fails(DIALECT_0_25_6, template_script, create);
}
END_TEST

/* A message longer than any that the client sends. */
START_TEST(too_long)
{
	struct wire w = {0};

	ck_assert(!wire_reserve(&w, WIRE_MAX + 1));
	wire_put_byte(&w, 1);
	wire_put_u32(&w, 1);
	wire_put_raw(&w, large, 1);
	ck_assert(w.failed && w.n == 0 && !wire_reserve(&w, 1));
	wire_clear(&w);
	wire_put_raw(&w, large, WIRE_MAX + 1);
	ck_assert(w.failed && w.n == 0);
	wire_free(&w);
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *s = suite_create("client_memory");
	TCase *t = tcase_create("memory");

	tcase_add_test(t, translated_messages);
	tcase_add_test(t, messages_with_fields);
	tcase_add_test(t, long_calls);
	tcase_add_test(t, templates);
	tcase_add_test(t, too_long);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int bad = srunner_ntests_failed(r);
	srunner_free(r);
	return bad != 0;
}
