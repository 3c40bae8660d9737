/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sessions.c: opening, states, what read-only sessions may do, whose session
 * objects are whose.
 */
#include "functions.h"

static CK_STATE state_of(CK_SESSION_HANDLE h)
{
	CK_SESSION_INFO info;

	ok(f->C_GetSessionInfo(h, &info));
	return info.state;
}

START_TEST(open_session_arguments)
{
	CK_SESSION_HANDLE h = 77;

	gives(CKR_SESSION_PARALLEL_NOT_SUPPORTED, f->C_OpenSession(slot, 0, NULL, NULL, &h));
	gives(CKR_SESSION_PARALLEL_NOT_SUPPORTED,
		f->C_OpenSession(slot, CKF_RW_SESSION, NULL, NULL, &h));
	gives(CKR_ARGUMENTS_BAD, f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
	holds(h == 77);
	ok(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &h));
	holds(h != 0 && h != 77);
	gives(CKR_ARGUMENTS_BAD, f->C_GetSessionInfo(h, NULL));
}
END_TEST

START_TEST(states)
{
	CK_SESSION_HANDLE ro = open_session(0);
	CK_SESSION_INFO info;

	ok(f->C_GetSessionInfo(ro, &info));
	holds(info.slotID == slot && info.flags == CKF_SERIAL_SESSION && info.ulDeviceError == 0);
	ok(f->C_GetSessionInfo(s, &info));
	holds(info.flags == (CKF_SERIAL_SESSION | CKF_RW_SESSION));
	holds(state_of(ro) == CKS_RO_PUBLIC_SESSION && state_of(s) == CKS_RW_PUBLIC_SESSION);
	login(CKU_USER);
	holds(state_of(ro) == CKS_RO_USER_FUNCTIONS && state_of(s) == CKS_RW_USER_FUNCTIONS);
	holds(state_of(open_session(0)) == CKS_RO_USER_FUNCTIONS);
	ok(f->C_Logout(ro));
	holds(state_of(ro) == CKS_RO_PUBLIC_SESSION && state_of(s) == CKS_RW_PUBLIC_SESSION);
	ok(f->C_CloseAllSessions(slot));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	holds(state_of(s) == CKS_RW_SO_FUNCTIONS);
}
END_TEST

/*
 * The functions whose first argument is a session, with a handle that is none: before anything else
 * about the call.
 */
START_TEST(a_bad_handle_comes_before_everything)
{
	CK_SESSION_HANDLE closed = open_session(0);
	CK_ULONG bad[4] = {0, closed, 12345678, (CK_ULONG)-1};
	size_t first = function_index("C_CloseSession"), i, j;
	int round;

	ok(f->C_CloseSession(closed));
	for (i = first; i < FUNCTION_COUNT; i++) {
		const char *name = functions[i].name;

		if (strcmp(name, "C_CloseAllSessions") == 0 ||
			strcmp(name, "C_WaitForSlotEvent") == 0 ||
			strncmp(name, "C_GetInterface", 14) == 0 ||
			strcmp(name, "C_GetFunctionStatus") == 0 ||
			strcmp(name, "C_CancelFunction") == 0)
			continue;
		for (j = 0; j < 4; j++)
			for (round = 0; round < 2;
				round++) { /* with NULLs, and with pointers to zeroes */
				static CK_ULONG zeroes[64];
				CK_ULONG a[10] = {bad[j]}, k;
				CK_RV rv;

				for (k = 1; k < 10 && round == 1; k++)
					a[k] = (CK_ULONG)(uintptr_t)zeroes;
				rv = call(i, a);
				/* A function that is not supported may say so first. */
				if (rv == CKR_FUNCTION_NOT_SUPPORTED)
					continue;
				expect_rv(CKR_SESSION_HANDLE_INVALID, CKR_SESSION_HANDLE_INVALID,
					rv, name, __FILE__, __LINE__);
			}
	}
}
END_TEST

START_TEST(derive_with_a_bad_session_and_all_else_bad)
{
	CK_OBJECT_HANDLE child;

	gives(CKR_SESSION_HANDLE_INVALID,
		f->C_DeriveKey(s + 1, MECH(0x80000000UL), 0, NOTHING, &child));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_DeriveKey(0, NULL, 0, NOTHING, NULL));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_EncryptInit(0, MECH(0x80000000UL), 0));
}
END_TEST

START_TEST(closed_sessions_are_gone)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE other = open_session(0);

	ok(f->C_CloseSession(other));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_CloseSession(other));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(other, &info));
	holds(open_session(0) != other); /* handles are not used again */
	ok(f->C_CloseAllSessions(slot));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(s, &info));
	ok(f->C_CloseAllSessions(slot));
}
END_TEST

START_TEST(closing_the_last_session_logs_out)
{
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);

	login(CKU_USER);
	ok(f->C_CloseSession(s));
	holds(state_of(other) == CKS_RW_USER_FUNCTIONS);
	ok(f->C_CloseSession(other));
	s = open_session(CKF_RW_SESSION);
	holds(state_of(s) == CKS_RW_PUBLIC_SESSION);
	gives(CKR_USER_NOT_LOGGED_IN, f->C_Logout(s));
	login(CKU_USER);
	ok(f->C_CloseAllSessions(slot));
	s = open_session(0);
	holds(state_of(s) == CKS_RO_PUBLIC_SESSION);
}
END_TEST

START_TEST(many_sessions)
{
	enum { MANY = 3000 };
	static CK_SESSION_HANDLE h[MANY];
	CK_TOKEN_INFO info;
	int i;

	for (i = 0; i < MANY; i++)
		h[i] = open_session(0);
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.ulSessionCount == MANY + 1);
	for (i = 0; i < MANY; i++)
		ok(f->C_CloseSession(h[i]));
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.ulSessionCount == 1 && info.ulRwSessionCount == 1);
}
END_TEST

START_TEST(session_objects_live_with_their_session)
{
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION), mine = s;
	CK_OBJECT_HANDLE key, second;
	uint8_t block[16] = {0};
	CK_ULONG n = 16;

	login(CKU_USER);
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), STR(CKA_LABEL, "shared")));
	s = other;
	second = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), STR(CKA_LABEL, "other's")));
	holds(find(other, T(STR(CKA_LABEL, "shared")), NULL, 0) == 1);
	ok(f->C_EncryptInit(other, MECH(CKM_AES_ECB), key));
	ok(f->C_CloseSession(mine));
	/* gone, and so is the operation's key or the operation */
	gives_either(CKR_KEY_HANDLE_INVALID, CKR_OK, f->C_Encrypt(other, block, 16, block, &n));
	holds(!exists(key));
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(other, MECH(CKM_AES_ECB), key));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(other, key));
	holds(find(other, T(STR(CKA_LABEL, "shared")), NULL, 0) == 0);
	holds(exists(second));
}
END_TEST

START_TEST(read_only_sessions_change_no_token_object)
{
	CK_SESSION_HANDLE rw = s, ro = open_session(0);
	CK_OBJECT_HANDLE token, made, session_key, base;
	uint8_t wrapped[64];
	CK_ULONG n = sizeof wrapped;

	login(CKU_USER);
	token = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), READABLE, STR(CKA_LABEL, "t")));
	base = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), OPEN_MASTER));
	made = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), made, import(CKK_AES, mk, 16, T(READABLE)),
		wrapped, &n));
	s = ro;
	gives(CKR_SESSION_READ_ONLY, try_import(CKK_AES, mk, 16, T(YES(CKA_TOKEN)), &made));
	gives(CKR_SESSION_READ_ONLY,
		f->C_GenerateKey(ro, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), YES(CKA_TOKEN)), &made));
	gives(CKR_SESSION_READ_ONLY, derive_device(base, T(YES(CKA_TOKEN)), &made));
	gives(CKR_SESSION_READ_ONLY, f->C_CopyObject(ro, token, T(YES(CKA_TOKEN)), &made));
	gives(CKR_SESSION_READ_ONLY,
		f->C_CopyObject(ro, token, NOTHING, &made)); /* a copy of a token object is one */
	gives(CKR_SESSION_READ_ONLY, f->C_SetAttributeValue(ro, token, T(STR(CKA_LABEL, "x"))));
	gives(CKR_SESSION_READ_ONLY, f->C_DestroyObject(ro, token));
	gives(CKR_SESSION_READ_ONLY, f->C_UnwrapKey(ro, MECH(CKM_AES_KEY_WRAP),
					     import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP))), wrapped,
					     n, T(KEY(CKK_AES), YES(CKA_TOKEN)), &made));
	holds(find(ro, T(YES(CKA_TOKEN), CLASS(CKO_SECRET_KEY)), NULL, 0) == 2);
	/* session objects are fine */
	session_key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	ok(f->C_GenerateKey(ro, MECH(CKM_AES_KEY_GEN), T(LENGTH(16)), &made));
	ok(derive_device(base, NOTHING, &made));
	ok(f->C_CopyObject(ro, token, T(NO(CKA_TOKEN)), &made));
	ok(f->C_SetAttributeValue(ro, session_key, T(STR(CKA_LABEL, "x"))));
	ok(f->C_DestroyObject(ro, session_key));
	s = rw;
	ok(f->C_DestroyObject(rw, token));
}
END_TEST

START_TEST(pins_need_a_read_write_session)
{
	CK_SESSION_HANDLE ro = open_session(0);

	gives(CKR_SESSION_READ_ONLY,
		f->C_SetPIN(ro, (CK_UTF8CHAR_PTR)USER_PIN, 4, (CK_UTF8CHAR_PTR) "5678", 4));
	login(CKU_USER);
	gives(CKR_SESSION_READ_ONLY,
		f->C_SetPIN(ro, (CK_UTF8CHAR_PTR)USER_PIN, 4, (CK_UTF8CHAR_PTR) "5678", 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sessions");
	TCase *tc = add_case(suite, "sessions", session);

	tcase_add_test(tc, open_session_arguments);
	tcase_add_test(tc, states);
	tcase_add_test(tc, a_bad_handle_comes_before_everything);
	tcase_add_test(tc, derive_with_a_bad_session_and_all_else_bad);
	tcase_add_test(tc, closed_sessions_are_gone);
	tcase_add_test(tc, closing_the_last_session_logs_out);
	tcase_add_test(tc, many_sessions);
	tcase_add_test(tc, session_objects_live_with_their_session);
	tcase_add_test(tc, read_only_sessions_change_no_token_object);
	tcase_add_test(tc, pins_need_a_read_write_session);
	return run(suite);
}
