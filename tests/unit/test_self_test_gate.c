/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_self_test_gate.c: a mechanism proves itself before its first use, and a spoilt answer is
 * noticed: every answer of every row, and what a failure does to the module as a whole, through
 * its entry points.
 */
#include "token/self_test_gate.h"

#include "module/module.h"
#include "token_support.h"

static const char *failed_name;
static unsigned failures;

static void failed(const char *mechanism)
{
	failed_name = mechanism;
	failures++;
}

static void start(void)
{
	ck_ok(crypto_start());
	self_test_gate_start(failed);
}

/* --- Rows --- */

START_TEST(every_row_passes)
{
	for (size_t i = 0; i < mechanism_count; i++)
		ck_rv(self_test_gate(i), CKR_OK);
	ck_assert_uint_eq(failures, 0);
}
END_TEST

static int answers_of(const struct mechanism *row)
{
	int n = 0;

	while (row->test.answers != NULL && row->test.answers[n].base != NULL)
		n++;
	return n > 0 ? n : 1; /* one for a row that tests itself in its own way */
}

START_TEST(every_row_fails_with_each_of_its_answers_spoilt)
{
	for (size_t i = 0; i < mechanism_count; i++)
		for (int k = 0; k < answers_of(mechanisms[i]); k++) {
			self_test_flip = k;
			failures = 0;
			CK_RV rv = self_test_gate(i);
			ck_assert_msg(rv == CKR_DEVICE_ERROR, "%s, answer %d: %s",
				mechanisms[i]->name, k, rv_name(rv));
			ck_assert_uint_eq(failures, 1);
			ck_assert_str_eq(failed_name, mechanisms[i]->name);
		}
	self_test_flip = SELF_TEST_NO_FLIP;
}
END_TEST

START_TEST(a_test_runs_once_until_the_next_start)
{
	size_t index;

	ck_assert_ptr_nonnull(mechanism_look_up(CKM_KEYDIV_DEVICE_KEY, &index));
	ck_ok(self_test_gate(index));
	self_test_flip = 0;
	ck_ok(self_test_gate(index)); /* it has passed; it is not run again */
	self_test_gate_start(failed);
	ck_rv(self_test_gate(index), CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
}
END_TEST

START_TEST(testing_on_demand_tells_result_and_time)
{
	CK_ULONG result = 9, ns = 0;

	ck_ok(self_test_now(CKM_AES_CMAC, &result, &ns));
	ck_assert_uint_eq(result, CKR_OK);
	ck_assert_uint_gt(ns, 0);
	self_test_flip = 0;
	ck_ok(self_test_now(CKM_AES_CMAC, &result, &ns));
	ck_assert_uint_eq(result, CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
	ck_rv(self_test_now(CKM_RSA_PKCS, &result, &ns), CKR_MECHANISM_INVALID);
}
END_TEST

/* --- The module --- */

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE h;

static void make_directory(void)
{
	char path[96];

	ck_assert(temp_dir_make("unit", dir));
	snprintf(path, sizeof path, "%s/keydiv.conf", dir);
	FILE *conf = fopen(path, "w");
	ck_assert_ptr_nonnull(conf);
	fprintf(conf, "token-dir = %s\nscrypt-log2-n = 14\n", dir);
	fclose(conf);
	setenv("KEYDIV_CONF", path, 1);
	ck_ok(C_GetFunctionList(&f));
}

static void initialized(void)
{
	make_directory();
	ck_ok(f->C_Initialize(NULL));
	ck_ok(f->C_InitToken(
		0, (CK_BYTE *)"so-pin", 6, (CK_BYTE *)"self-test                       "));
	ck_ok(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
}

static void remove_directory(void)
{
	temp_dir_remove(dir);
}

static CK_RV derive(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	keydiv_put(&p, KEYDIV_DEVICE, "1", 1);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	return f->C_DeriveKey(h, &m, base, NULL, 0, ret);
}

/* The functions that still answer in the error state: they say nothing about keys, or end it. */
static bool may_answer(size_t at)
{
	return at == offsetof(CK_FUNCTION_LIST_3_0, C_Finalize) ||
	       at == offsetof(CK_FUNCTION_LIST_3_0, C_GetInfo) ||
	       at == offsetof(CK_FUNCTION_LIST_3_0, C_GetFunctionList) ||
	       at == offsetof(CK_FUNCTION_LIST_3_0, C_GetInterfaceList) ||
	       at == offsetof(CK_FUNCTION_LIST_3_0, C_GetInterface);
}

/* All others of the 3.0 list, which has those of 2.40 too, whatever they are asked. */
static void every_other_function_is_stopped(void)
{
	typedef CK_RV anything(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
		CK_ULONG, CK_ULONG, CK_ULONG);
	size_t first = offsetof(CK_FUNCTION_LIST_3_0, C_Initialize);
	CK_INTERFACE *interface;
	unsigned asked = 0;

	ck_ok(C_GetInterface(NULL, NULL, &interface, 0));
	for (size_t at = first; at < sizeof(CK_FUNCTION_LIST_3_0); at += sizeof(anything *)) {
		anything *function;
		if (may_answer(at))
			continue;
		memcpy(&function, (const char *)interface->pFunctionList + at, sizeof function);
		CK_RV rv = function(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		ck_assert_msg(
			rv == CKR_DEVICE_ERROR, "the function at %zu gives %s", at, rv_name(rv));
		asked++;
	}
	ck_assert_uint_eq(asked, 92 - 5);
}

/* In the error state the module answers these questions and refuses everything else. */
static void is_in_error_state(void)
{
	CK_INFO info;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info_;
	CK_SESSION_INFO session_info;
	CK_MECHANISM_INFO mechanism_info;
	CK_ULONG n = 0;
	CK_SESSION_HANDLE another = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_BYTE bytes[16];
	CK_MECHANISM digest = {CKM_SHA256, NULL, 0};
	CK_FUNCTION_LIST *again;

	every_other_function_is_stopped();
	ck_ok(f->C_GetInfo(&info));
	ck_ok(f->C_GetFunctionList(&again));
	ck_rv(f->C_Initialize(NULL), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetSlotList(CK_TRUE, NULL, &n), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetSlotInfo(0, &slot_info), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetTokenInfo(0, &token_info_), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetMechanismList(0, NULL, &n), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetMechanismInfo(0, CKM_AES_CMAC, &mechanism_info), CKR_DEVICE_ERROR);
	ck_rv(f->C_InitToken(
		      0, (CK_BYTE *)"so-pin", 6, (CK_BYTE *)"self-test                       "),
		CKR_DEVICE_ERROR);
	ck_rv(f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &another), CKR_DEVICE_ERROR);
	ck_rv(f->C_CloseSession(h), CKR_DEVICE_ERROR);
	ck_rv(f->C_CloseAllSessions(0), CKR_DEVICE_ERROR);
	ck_rv(f->C_GetSessionInfo(h, &session_info), CKR_DEVICE_ERROR);
	ck_rv(f->C_Login(h, CKU_USER, (CK_BYTE *)"1234", 4), CKR_DEVICE_ERROR);
	ck_rv(f->C_Logout(h), CKR_DEVICE_ERROR);
	ck_rv(f->C_CreateObject(h, T(AES_MK, NO(CKA_PRIVATE)), &o), CKR_DEVICE_ERROR);
	ck_rv(f->C_FindObjectsInit(h, NULL, 0), CKR_DEVICE_ERROR);
	ck_rv(f->C_DigestInit(h, &digest), CKR_DEVICE_ERROR);
	ck_rv(f->C_GenerateRandom(h, bytes, 16), CKR_DEVICE_ERROR);
	ck_rv(f->C_SeedRandom(h, bytes, 16), CKR_DEVICE_ERROR);
	ck_rv(f->C_GenerateKey(h, &digest, NULL, 0, &o), CKR_DEVICE_ERROR);
	ck_rv(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &n, NULL), CKR_DEVICE_ERROR);
	ck_rv(derive(1, &o), CKR_DEVICE_ERROR);
}

START_TEST(a_failed_derivation_stops_the_module)
{
	CK_OBJECT_HANDLE base = 0, key = 0;

	ck_ok(f->C_CreateObject(h, T(AES_MK, NO(CKA_PRIVATE), YES(CKA_DERIVE)), &base));
	self_test_flip = 0;
	ck_rv(derive(base, &key), CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
	ck_assert_uint_eq(key, 0);
	is_in_error_state();
	ck_ok(f->C_Finalize(NULL));
	ck_ok(f->C_Initialize(NULL));
	ck_ok(f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
	ck_ok(f->C_CreateObject(h, T(AES_MK, NO(CKA_PRIVATE), YES(CKA_DERIVE)), &base));
	ck_ok(derive(base, &key));
	ck_ok(f->C_Finalize(NULL));
}
END_TEST

/* A key from a password is derived too, though C_GenerateKey makes it. */
START_TEST(a_failed_generation_stops_the_module)
{
	CK_PKCS5_PBKD2_PARAMS2 p = {CKZ_SALT_SPECIFIED, (CK_VOID_PTR) "salt", 4, 2,
		CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, (CK_UTF8CHAR *)"password", 8};
	CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof p};
	CK_OBJECT_HANDLE key = 0;

	self_test_flip = 0;
	ck_rv(f->C_GenerateKey(h, &m, T(KEY(CKK_AES), LENGTH(16), NO(CKA_PRIVATE)), &key),
		CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
	ck_assert_uint_eq(key, 0);
	is_in_error_state();
	ck_ok(f->C_Finalize(NULL));
}
END_TEST

START_TEST(a_failed_primitive_stops_the_module_when_it_starts)
{
	ck_ok(f->C_Finalize(NULL));
	self_test_flip = 0;
	ck_rv(f->C_Initialize(NULL), CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
	is_in_error_state();
	ck_ok(f->C_Finalize(NULL));
	ck_rv(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_ok(f->C_Initialize(NULL));
	ck_ok(f->C_Finalize(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self_test_gate");
	TCase *rows = tcase_create("rows"), *module = tcase_create("module");

	tcase_add_checked_fixture(rows, start, crypto_stop);
	tcase_add_test(rows, every_row_passes);
	tcase_add_test(rows, every_row_fails_with_each_of_its_answers_spoilt);
	tcase_add_test(rows, a_test_runs_once_until_the_next_start);
	tcase_add_test(rows, testing_on_demand_tells_result_and_time);
	tcase_add_checked_fixture(module, initialized, remove_directory);
	tcase_add_test(module, a_failed_derivation_stops_the_module);
	tcase_add_test(module, a_failed_generation_stops_the_module);
	tcase_add_test(module, a_failed_primitive_stops_the_module_when_it_starts);
	suite_add_tcase(suite, rows);
	suite_add_tcase(suite, module);
	return run_suite(suite);
}
