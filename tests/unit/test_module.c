/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_module.c: starting and stopping, and the error state after a self-test that fails. What an
 * application sees is tested in tests/module.
 */
#include "module/module.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"
#include "template.h"
#include "token/self_test_gate.h"
#include "unit.h"

static char dir[TEMP_DIR_MAX];
static CK_FUNCTION_LIST_3_0 *list;

static void write_conf(const char *token_dir, unsigned slots)
{
	char path[96];

	snprintf(path, sizeof path, "%s/keydiv.conf", dir);
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fprintf(out, "token-dir = %s/%s\nslots = %u\nscrypt-log2-n = 14\n", dir, token_dir, slots);
	fclose(out);
	setenv("KEYDIV_CONF", path, 1);
}

static void set_up(void)
{
	CK_INTERFACE *interface;

	ck_assert(temp_dir_make("module", dir));
	write_conf("tokens", 3);
	ck_ok(C_GetInterface(NULL, NULL, &interface, 0));
	list = interface->pFunctionList;
	self_test_flip = SELF_TEST_NO_FLIP;
}

static void tear_down(void)
{
	if (module_stop() != CKR_OK)
		ck_assert_int_eq(module_state, MODULE_DOWN);
	temp_dir_remove(dir);
}

START_TEST(slots)
{
	ck_rv(module_guard(), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_rv(module_stop(), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_ok(module_start());
	ck_rv(module_start(), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	ck_ok(module_guard());
	ck_assert_uint_eq(module_slot_count(), 3);
	for (CK_SLOT_ID i = 0; i < 3; i++)
		ck_assert_uint_eq(module_token(i)->slot, i);
	ck_assert_ptr_null(module_token(3));
	ck_assert_ptr_null(module_token((CK_SLOT_ID)-1));
	ck_ok(module_stop());
	ck_assert_uint_eq(module_slot_count(), 0);
	ck_assert_ptr_null(module_token(0));
}
END_TEST

START_TEST(the_directories)
{
	char path[96];
	struct stat st;

	umask(0);
	ck_ok(module_start());
	snprintf(path, sizeof path, "%s/tokens", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	snprintf(path, sizeof path, "%s/tokens/slot-2", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_start_that_fails_leaves_nothing)
{
	char path[96];

	ck_ok(module_start());
	ck_ok(module_stop());
	snprintf(path, sizeof path, "%s/tokens/slot-1",
		dir); /* the second of three cannot be opened */
	ck_assert(temp_dir_remove(path));
	ck_assert_int_eq(symlink("slot-0", path), 0);
	ck_assert_int_ne(module_start(), CKR_OK);
	ck_rv(module_guard(), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(module_slot_count(), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(module_start());
}
END_TEST

typedef CK_RV any_function(
	CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG);

/*
 * Every function of the list but those that work in the error state gives CKR_DEVICE_ERROR,
 * whatever its arguments.
 */
static void everything_fails(void)
{
	static const size_t exempt[] = {offsetof(CK_FUNCTION_LIST_3_0, C_Finalize),
		offsetof(CK_FUNCTION_LIST_3_0, C_GetInfo),
		offsetof(CK_FUNCTION_LIST_3_0, C_GetFunctionList),
		offsetof(CK_FUNCTION_LIST_3_0, C_GetInterface),
		offsetof(CK_FUNCTION_LIST_3_0, C_GetInterfaceList)};
	CK_INFO info;

	for (size_t at = offsetof(CK_FUNCTION_LIST_3_0, C_Initialize); at < sizeof *list;
		at += sizeof(void *)) {
		any_function *function;
		bool skip = false;
		for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
			skip = skip || at == exempt[i];
		if (skip)
			continue;
		memcpy(&function, (char *)list + at, sizeof function);
		ck_assert_msg(function(0, 0, 0, 0, 0, 0, 0, 0, 0) == CKR_DEVICE_ERROR,
			"function %zu of the list",
			(at - offsetof(CK_FUNCTION_LIST_3_0, C_Initialize)) / sizeof(void *));
	}
	ck_ok(list->C_GetInfo(&info));
}

START_TEST(a_primitive_that_fails)
{
	self_test_flip = 0;
	ck_rv(list->C_Initialize(NULL), CKR_DEVICE_ERROR);
	everything_fails();
	ck_ok(list->C_Finalize(NULL));
	ck_rv(module_guard(), CKR_CRYPTOKI_NOT_INITIALIZED);
	self_test_flip = SELF_TEST_NO_FLIP;
	ck_ok(list->C_Initialize(NULL));
}
END_TEST

/* A session on slot 0, and a master in it. */
static CK_SESSION_HANDLE open_session(CK_OBJECT_HANDLE *ret_master)
{
	CK_UTF8CHAR label[32], pin[] = "so-pin-1";
	CK_SESSION_HANDLE s;
	CK_BYTE value[16] = {1};

	memset(label, ' ', sizeof label);
	ck_ok(list->C_InitToken(0, pin, 8, label));
	ck_ok(list->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s));
	ck_ok(list->C_CreateObject(s,
		T(KEY(CKK_AES), RAW(CKA_VALUE, value, sizeof value), NO(CKA_PRIVATE),
			YES(CKA_DERIVE)),
		ret_master));
	return s;
}

static CK_RV derive(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE master)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE key;

	keydiv_put(&p, KEYDIV_DEVICE, "SN-1", 4);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	return list->C_DeriveKey(s, &m, master, T(NO(CKA_PRIVATE)), &key);
}

START_TEST(a_derivation_that_fails)
{
	CK_OBJECT_HANDLE master;

	ck_ok(list->C_Initialize(NULL));
	CK_SESSION_HANDLE s = open_session(&master);
	self_test_flip = 0;
	ck_rv(derive(s, master), CKR_DEVICE_ERROR);
	everything_fails();
	self_test_flip = SELF_TEST_NO_FLIP;
	everything_fails(); /* only C_Finalize ends it */
	ck_ok(list->C_Finalize(NULL));
	ck_ok(list->C_Initialize(NULL));
}
END_TEST

START_TEST(a_derivation_is_tested_once)
{
	CK_OBJECT_HANDLE master;

	ck_ok(list->C_Initialize(NULL));
	CK_SESSION_HANDLE s = open_session(&master);
	ck_ok(derive(s, master));
	self_test_flip = 0;
	ck_ok(derive(s, master));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("module");
	TCase *tests = tcase_create("module");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, slots);
	tcase_add_test(tests, the_directories);
	tcase_add_test(tests, a_start_that_fails_leaves_nothing);
	tcase_add_test(tests, a_primitive_that_fails);
	tcase_add_test(tests, a_derivation_that_fails);
	tcase_add_test(tests, a_derivation_is_tested_once);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
