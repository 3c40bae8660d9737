/* SPDX-License-Identifier: Apache-2.0 */
/* test_login.c: who may log in, with which PIN, how often, and what nobody sees without. */
#include "harness.h"

#define PIN(text) (CK_UTF8CHAR_PTR)(text), sizeof(text) - 1

static CK_FLAGS token_flags(void)
{
	CK_TOKEN_INFO info;

	ok(f->C_GetTokenInfo(slot, &info));
	return info.flags;
}

START_TEST(one_state_for_all_sessions)
{
	CK_SESSION_HANDLE other = open_session(0);

	gives(CKR_USER_NOT_LOGGED_IN, f->C_Logout(s));
	ok(f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	gives(CKR_USER_ALREADY_LOGGED_IN, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	gives(CKR_USER_ALREADY_LOGGED_IN, f->C_Login(other, CKU_USER, PIN(USER_PIN)));
	gives(CKR_USER_ALREADY_LOGGED_IN, f->C_Login(other, CKU_USER, PIN("wrong")));
	gives_either(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_SESSION_READ_ONLY_EXISTS,
		f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	ok(f->C_CloseSession(other));
	gives(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	ok(f->C_Logout(s));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_Logout(s));
	ok(f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	gives(CKR_USER_ALREADY_LOGGED_IN, f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	gives(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
}
END_TEST

START_TEST(user_types)
{
	gives(CKR_USER_TYPE_INVALID, f->C_Login(s, 3, PIN(USER_PIN)));
	gives(CKR_USER_TYPE_INVALID, f->C_Login(s, (CK_USER_TYPE)-1, PIN(USER_PIN)));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
	login(CKU_USER);
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
}
END_TEST

START_TEST(wrong_pins)
{
	static const char with_nul[] = USER_PIN "\0";
	uint8_t long_pin[256];

	memset(long_pin, '1', sizeof long_pin);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("4321")));
	gives(CKR_PIN_INCORRECT,
		f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)with_nul, 5)); /* the PIN and a NUL */
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN(USER_PIN "5")));
	gives_either(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE,
		f->C_Login(s, CKU_USER, PIN("123"))); /* too short to be any PIN */
	gives_either(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, f->C_Login(s, CKU_USER, PIN("")));
	gives_either(CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, f->C_Login(s, CKU_USER, long_pin, 256));
	gives(CKR_PIN_INCORRECT,
		f->C_Login(s, CKU_SO, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 2)); /* a prefix */
	gives(CKR_ARGUMENTS_BAD, f->C_Login(s, CKU_USER, NULL, 4));
	gives(CKR_ARGUMENTS_BAD, f->C_Login(s, CKU_USER, NULL, 0));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_Logout(s));
	login(CKU_USER);
}
END_TEST

START_TEST(setting_pins)
{
	uint8_t long_pin[256];

	memset(long_pin, '1', sizeof long_pin);
	gives(CKR_PIN_INCORRECT, f->C_SetPIN(s, PIN("wrong"), PIN("5678")));
	gives(CKR_PIN_LEN_RANGE, f->C_SetPIN(s, PIN(USER_PIN), PIN("567")));
	gives(CKR_PIN_LEN_RANGE, f->C_SetPIN(s, PIN(USER_PIN), long_pin, 256));
	gives(CKR_ARGUMENTS_BAD, f->C_SetPIN(s, NULL, 4, PIN("5678")));
	gives(CKR_ARGUMENTS_BAD, f->C_SetPIN(s, PIN(USER_PIN), NULL, 4));
	ok(f->C_SetPIN(s, PIN(USER_PIN), PIN("5678"))); /* the user's, also without login */
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	ok(f->C_Login(s, CKU_USER, PIN("5678")));
	ok(f->C_SetPIN(s, PIN("5678"), PIN("9999")));
	ok(f->C_Logout(s));
	ok(f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	gives(CKR_PIN_INCORRECT, f->C_SetPIN(s, PIN("9999"), PIN("new so pin")));
	ok(f->C_SetPIN(s, PIN(SO_PIN), PIN("new so pin")));
	ok(f->C_Logout(s));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	ok(f->C_Login(s, CKU_SO, PIN("new so pin")));
	ok(f->C_Logout(s));
	ok(f->C_Login(s, CKU_USER, PIN("9999")));
}
END_TEST

START_TEST(init_pin_is_the_sos)
{
	gives(CKR_USER_NOT_LOGGED_IN, f->C_InitPIN(s, PIN("5678")));
	login(CKU_USER);
	gives(CKR_USER_NOT_LOGGED_IN, f->C_InitPIN(s, PIN("5678")));
	ok(f->C_Logout(s));
	login(CKU_SO);
	gives(CKR_PIN_LEN_RANGE, f->C_InitPIN(s, PIN("567")));
	gives(CKR_ARGUMENTS_BAD, f->C_InitPIN(s, NULL, 4));
	ok(f->C_InitPIN(s, PIN("5678")));
	ok(f->C_Logout(s));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	ok(f->C_Login(s, CKU_USER, PIN("5678")));
}
END_TEST

START_TEST(objects_outlive_a_new_pin)
{
	login(CKU_USER);
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), READABLE, STR(CKA_LABEL, "kept")));
	ok(f->C_SetPIN(s, PIN(USER_PIN), PIN("5678")));
	ok(f->C_Logout(s));
	login(CKU_SO);
	ok(f->C_InitPIN(s, PIN("9012")));
	ok(f->C_SetPIN(s, PIN(SO_PIN), PIN("another so pin")));
	restart();
	s = open_session(CKF_RW_SESSION);
	ok(f->C_Login(s, CKU_USER, PIN("9012")));
	CK_OBJECT_HANDLE key = 0;
	holds(find(s, T(STR(CKA_LABEL, "kept")), &key, 1) == 1);
	value_is(key, "2b7e151628aed2a6abf7158809cf4f3c");
}
END_TEST

START_TEST(the_so_and_read_only_sessions)
{
	CK_SESSION_HANDLE ro = open_session(0), none;

	gives(CKR_SESSION_READ_ONLY_EXISTS, f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	ok(f->C_CloseSession(ro));
	login(CKU_SO);
	gives(CKR_SESSION_READ_WRITE_SO_EXISTS,
		f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &none));
	ok(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &none));
}
END_TEST

START_TEST(the_so_sees_no_private_objects)
{
	CK_OBJECT_HANDLE key, public_key;

	login(CKU_USER);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_PRIVATE), YES(CKA_ENCRYPT), STR(CKA_LABEL, "private")));
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_WRAP), STR(CKA_LABEL, "public")));
	ok(f->C_Logout(s));
	login(CKU_SO);
	holds(find(s, T(STR(CKA_LABEL, "private")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "public")), &public_key, 1) == 1);
	holds(!exists(key));
	gives(CKR_USER_NOT_LOGGED_IN, try_import(CKK_AES, mk, 16, T(YES(CKA_PRIVATE)), &key));
	gives(CKR_USER_NOT_LOGGED_IN,
		try_import(CKK_AES, mk, 16, T(YES(CKA_PRIVATE), YES(CKA_TOKEN)), &key));
	ok(f->C_SetAttributeValue(s, public_key, T(YES(CKA_TRUSTED))));
}
END_TEST

START_TEST(without_login_nothing_private)
{
	CK_OBJECT_HANDLE token, made, base;
	CK_SESSION_HANDLE ro;

	login(CKU_USER);
	token = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_PRIVATE), YES(CKA_DERIVE), STR(CKA_LABEL, "private")));
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_ENCRYPT), STR(CKA_LABEL, "public")));
	ok(f->C_Logout(s));
	holds(find(s, T(YES(CKA_PRIVATE)), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "private")), NULL, 0) == 0);
	holds(!exists(token));
	gives(CKR_USER_NOT_LOGGED_IN, try_import(CKK_AES, mk, 16, T(YES(CKA_PRIVATE)), &made));
	gives(CKR_USER_NOT_LOGGED_IN,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), YES(CKA_PRIVATE)), &made));
	/* generated keys are private unless the template says otherwise */
	gives(CKR_USER_NOT_LOGGED_IN,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16)), &made));
	/* public session objects work without login, in a read-only session too */
	ro = open_session(0);
	ok(f->C_GenerateKey(ro, MECH(CKM_AES_KEY_GEN),
		T(LENGTH(16), NO(CKA_PRIVATE), YES(CKA_ENCRYPT)), &made));
	ok(f->C_EncryptInit(ro, MECH(CKM_AES_ECB), made));
	base = import(CKK_AES, mk, 16, T(NO(CKA_PRIVATE), OPEN_MASTER));
	ok(derive_device(base, T(NO(CKA_PRIVATE)), &made));
	ok(derive_device(base, NOTHING, &made)); /* CKA_PRIVATE as the base */
	holds(!get_bool(made, CKA_PRIVATE));
	gives(CKR_USER_NOT_LOGGED_IN, derive_device(base, T(YES(CKA_PRIVATE)), &made));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_CopyObject(s, base, T(YES(CKA_PRIVATE)), &made));
	holds(find(s, T(YES(CKA_PRIVATE)), NULL, 0) == 0);
}
END_TEST

START_TEST(public_token_keys_need_a_login_to_be_used)
{
	/*
	 * Their attributes are public, their values are sealed under the token key, which
	 * a login opens.
	 */
	CK_OBJECT_HANDLE key, made;

	login(CKU_USER);
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_ENCRYPT), READABLE,
			STR(CKA_LABEL, "public")));
	ok(f->C_Logout(s));
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "public")), &key, 1), 1);
	holds(get_bool(key, CKA_ENCRYPT) && get_ulong(key, CKA_KEY_TYPE) == CKK_AES);
	gives(CKR_USER_NOT_LOGGED_IN, f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_SetAttributeValue(s, key, T(STR(CKA_LABEL, "x"))));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_DestroyObject(s, key));
	gives(CKR_USER_NOT_LOGGED_IN, f->C_CopyObject(s, key, T(NO(CKA_TOKEN)), &made));
	gives(CKR_USER_NOT_LOGGED_IN,
		try_import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), NO(CKA_PRIVATE)), &made));
	login(CKU_SO);
	ok(f->C_SetAttributeValue(s, key, T(STR(CKA_LABEL, "x"))));
	ok(f->C_DestroyObject(s, key));
}
END_TEST

START_TEST(logout_ends_what_is_private)
{
	CK_OBJECT_HANDLE session_key, token_key, public_key, base;
	CK_SESSION_HANDLE other = open_session(0);
	uint8_t block[32] = {0};
	CK_ULONG n = sizeof block;
	int round;

	login(CKU_USER);
	session_key = import(CKK_AES, mk, 16,
		T(YES(CKA_PRIVATE), YES(CKA_ENCRYPT), YES(CKA_SIGN), STR(CKA_LABEL, "session")));
	base = import(CKK_AES, mk, 16, T(YES(CKA_PRIVATE), YES(CKA_DERIVE)));
	token_key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_PRIVATE), YES(CKA_ENCRYPT), STR(CKA_LABEL, "token")));
	public_key = import(CKK_AES, mk, 16,
		T(NO(CKA_PRIVATE), YES(CKA_ENCRYPT), STR(CKA_LABEL, "public session")));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
	ok(f->C_SignInit(other, MECH(CKM_AES_CMAC), session_key));
	ok(f->C_Logout(s));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, block, 16, block, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(other, block, 16, block, &n));
	for (round = 0; round < 2; round++) { /* logged out, and logged in again */
		gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), session_key));
		gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
		gives(CKR_KEY_HANDLE_INVALID, derive_device(base, NOTHING, &(CK_OBJECT_HANDLE){0}));
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, token_key));
		gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, session_key));
		gives(CKR_OBJECT_HANDLE_INVALID,
			f->C_SetAttributeValue(s, token_key, T(STR(CKA_LABEL, "x"))));
		holds(!exists(session_key) && !exists(token_key));
		holds(exists(public_key));
		if (round == 0)
			login(CKU_USER);
	}
	holds(find(s, T(STR(CKA_LABEL, "session")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "token")), &token_key, 1) == 1);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
}
END_TEST

START_TEST(counters_and_flags)
{
	int i;

	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("wrong")));
	holds(token_flags() & CKF_USER_PIN_COUNT_LOW);
	holds(!(token_flags() &
		(CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_SO_PIN_COUNT_LOW)));
	login(CKU_USER);
	holds(!(token_flags() & CKF_USER_PIN_COUNT_LOW));
	ok(f->C_Logout(s));
	for (i = 0; i < 9; i++)
		gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("wrong")));
	holds(token_flags() & CKF_USER_PIN_FINAL_TRY);
	login(CKU_USER); /* the tenth try is the right one */
	holds(!(token_flags() & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW)));
}
END_TEST

START_TEST(ten_wrong_user_pins_lock)
{
	int i;

	for (i = 0; i < 9; i++)
		gives(CKR_PIN_INCORRECT, i % 2 ? f->C_Login(s, CKU_USER, PIN("wrong"))
					       : f->C_SetPIN(s, PIN("wrong"), PIN("5678")));
	gives_either(CKR_PIN_INCORRECT, CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, PIN("wrong")));
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	gives(CKR_PIN_LOCKED, f->C_SetPIN(s, PIN(USER_PIN), PIN("5678")));
	holds(token_flags() & CKF_USER_PIN_LOCKED);
	restart();
	s = open_session(CKF_RW_SESSION);
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	login(CKU_SO);
	ok(f->C_InitPIN(s, PIN("5678")));
	ok(f->C_Logout(s));
	holds(!(token_flags() & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_COUNT_LOW)));
	ok(f->C_Login(s, CKU_USER, PIN("5678")));
}
END_TEST

START_TEST(ten_wrong_so_pins_lock)
{
	CK_UTF8CHAR label[32];
	int i;

	memset(label, ' ', sizeof label);
	for (i = 0; i < 9; i++)
		gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_SO, PIN("wrong")));
	holds(token_flags() & CKF_SO_PIN_FINAL_TRY);
	gives_either(CKR_PIN_INCORRECT, CKR_PIN_LOCKED, f->C_Login(s, CKU_SO, PIN("wrong")));
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	holds(token_flags() & CKF_SO_PIN_LOCKED);
	ok(f->C_CloseAllSessions(slot));
	gives(CKR_PIN_LOCKED, f->C_InitToken(slot, PIN(SO_PIN), label));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}
END_TEST

START_TEST(login_user_of_3_0)
{
	/*
	 * The token has no names of users: with an empty one C_LoginUser is C_Login, or it
	 * is not supported.
	 */
	CK_RV rv = f3->C_LoginUser(s, CKU_USER, PIN(USER_PIN), (CK_UTF8CHAR_PTR) "", 0);

	gives_either(CKR_OK, CKR_FUNCTION_NOT_SUPPORTED, rv);
	if (rv == CKR_OK)
		ok(f->C_Logout(s));
	rv = f3->C_LoginUser(s, CKU_USER, PIN(USER_PIN), (CK_UTF8CHAR_PTR) "root", 4);
	holds(rv != CKR_OK);
	gives_either(CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED,
		f3->C_LoginUser(s, CKU_USER, PIN(USER_PIN), NULL, 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("login");
	TCase *tc = add_case(suite, "login", session);

	tcase_add_test(tc, one_state_for_all_sessions);
	tcase_add_test(tc, user_types);
	tcase_add_test(tc, wrong_pins);
	tcase_add_test(tc, setting_pins);
	tcase_add_test(tc, init_pin_is_the_sos);
	tcase_add_test(tc, objects_outlive_a_new_pin);
	tcase_add_test(tc, the_so_and_read_only_sessions);
	tcase_add_test(tc, the_so_sees_no_private_objects);
	tcase_add_test(tc, without_login_nothing_private);
	tcase_add_test(tc, public_token_keys_need_a_login_to_be_used);
	tcase_add_test(tc, logout_ends_what_is_private);
	tcase_add_test(tc, counters_and_flags);
	tcase_add_test(tc, ten_wrong_user_pins_lock);
	tcase_add_test(tc, ten_wrong_so_pins_lock);
	tcase_add_test(tc, login_user_of_3_0);
	return run(suite);
}
