/* SPDX-License-Identifier: Apache-2.0 */
/* test_slots.c: slots, tokens, and what the information structs say about them. */
#include "harness.h"

/* Blank-padded text without a NUL. */
static bool padded(const CK_UTF8CHAR *text, size_t n)
{
	return memchr(text, 0, n) == NULL && text[0] != ' ';
}

static void write_four_slots(void)
{
	load();
	write_conf("slots = 4\n");
	ok(f->C_Initialize(NULL));
}

START_TEST(the_list_of_slots)
{
	CK_SLOT_ID list[8];
	CK_ULONG n = 99, i;

	gives(CKR_ARGUMENTS_BAD, f->C_GetSlotList(CK_FALSE, NULL, NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_GetSlotList(CK_TRUE, list, NULL));
	ok(f->C_GetSlotList(CK_FALSE, NULL, &n));
	ck_assert_uint_eq(n, 4);
	n = 3;
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetSlotList(CK_TRUE, list, &n));
	ck_assert_uint_eq(n, 4);
	n = 8;
	ok(f->C_GetSlotList(CK_TRUE, list, &n));
	ck_assert_uint_eq(n, 4);
	for (i = 0; i < n; i++)
		holds(list[i] == i);
	n = 0;
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetSlotList(CK_TRUE, list, &n));
}
END_TEST

START_TEST(slots_that_are_not_there)
{
	const CK_SLOT_ID bad[] = {4, 64, 0x7FFFFFFF, (CK_SLOT_ID)-1};
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_MECHANISM_INFO mechanism_info;
	CK_SESSION_HANDLE h;
	CK_UTF8CHAR label[32];
	CK_ULONG n = 0;
	size_t i;

	memset(label, ' ', sizeof label);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		gives(CKR_SLOT_ID_INVALID, f->C_GetSlotInfo(bad[i], &slot_info));
		gives(CKR_SLOT_ID_INVALID, f->C_GetTokenInfo(bad[i], &token_info));
		gives(CKR_SLOT_ID_INVALID, f->C_GetMechanismList(bad[i], NULL, &n));
		gives(CKR_SLOT_ID_INVALID,
			f->C_GetMechanismInfo(bad[i], CKM_AES_ECB, &mechanism_info));
		gives(CKR_SLOT_ID_INVALID,
			f->C_OpenSession(bad[i], CKF_SERIAL_SESSION, NULL, NULL, &h));
		gives(CKR_SLOT_ID_INVALID, f->C_CloseAllSessions(bad[i]));
		gives(CKR_SLOT_ID_INVALID,
			f->C_InitToken(bad[i], (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	}
}
END_TEST

START_TEST(slot_info)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID i;

	for (i = 0; i < 4; i++) {
		memset(&info, 0, sizeof info);
		ok(f->C_GetSlotInfo(i, &info));
		holds(padded(info.slotDescription, sizeof info.slotDescription));
		holds(padded(info.manufacturerID, sizeof info.manufacturerID));
		holds(info.flags & CKF_TOKEN_PRESENT);
		holds(!(info.flags & (CKF_REMOVABLE_DEVICE | CKF_HW_SLOT)));
	}
	gives(CKR_ARGUMENTS_BAD, f->C_GetSlotInfo(0, NULL));
}
END_TEST

START_TEST(library_info)
{
	CK_INFO info = {0};

	ok(f->C_GetInfo(&info));
	holds(info.cryptokiVersion.major == 3 ||
		(info.cryptokiVersion.major == 2 && info.cryptokiVersion.minor == 40));
	holds(info.flags == 0);
	holds(padded(info.manufacturerID, sizeof info.manufacturerID));
	holds(padded(info.libraryDescription, sizeof info.libraryDescription));
	gives(CKR_ARGUMENTS_BAD, f->C_GetInfo(NULL));
}
END_TEST

START_TEST(token_info_of_a_blank_token)
{
	CK_TOKEN_INFO info = {0};

	ok(f->C_GetTokenInfo(1, &info));
	holds(!(info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED)));
	holds(info.flags & CKF_RNG);
	holds(memchr(info.label, 0, sizeof info.label) == NULL);
	holds(padded(info.manufacturerID, sizeof info.manufacturerID));
	holds(padded(info.model, sizeof info.model));
	holds(memchr(info.serialNumber, 0, sizeof info.serialNumber) == NULL);
	gives(CKR_ARGUMENTS_BAD, f->C_GetTokenInfo(1, NULL));
}
END_TEST

START_TEST(token_info_of_an_initialized_token)
{
	CK_TOKEN_INFO info = {0};

	ok(f->C_GetTokenInfo(0, &info));
	holds(info.flags & CKF_TOKEN_INITIALIZED);
	holds(info.flags & CKF_USER_PIN_INITIALIZED);
	holds(info.flags & CKF_LOGIN_REQUIRED);
	holds(info.flags & CKF_RNG);
	holds(!(info.flags &
		(CKF_WRITE_PROTECTED | CKF_CLOCK_ON_TOKEN | CKF_PROTECTED_AUTHENTICATION_PATH |
			CKF_USER_PIN_LOCKED | CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW |
			CKF_SO_PIN_LOCKED | CKF_USER_PIN_TO_BE_CHANGED)));
	holds(memcmp(info.label, TOKEN_LABEL "                                ", 32) == 0);
	holds(padded(info.serialNumber, sizeof info.serialNumber));
	holds(info.ulMinPinLen == 4 && info.ulMaxPinLen == 255);
	holds(info.ulSessionCount == 0 && info.ulRwSessionCount == 0);
	s = open_session(0);
	open_session(CKF_RW_SESSION);
	ok(f->C_GetTokenInfo(0, &info));
	holds(info.ulSessionCount == 2 && info.ulRwSessionCount == 1);
}
END_TEST

START_TEST(init_token_and_pin_make_the_flags_true)
{
	CK_UTF8CHAR label[32];
	CK_TOKEN_INFO before, info;

	memset(label, ' ', sizeof label);
	memcpy(label, "second", 6);
	ok(f->C_GetTokenInfo(0, &before));
	ok(f->C_InitToken(2, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	ok(f->C_GetTokenInfo(2, &info));
	holds(info.flags & CKF_TOKEN_INITIALIZED);
	holds(!(info.flags & CKF_USER_PIN_INITIALIZED));
	holds(memcmp(info.label, label, 32) == 0);
	holds(memcmp(info.serialNumber, before.serialNumber, sizeof info.serialNumber) != 0);
	slot = 2;
	s = open_session(CKF_RW_SESSION);
	gives(CKR_USER_PIN_NOT_INITIALIZED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	login(CKU_SO);
	ok(f->C_InitPIN(s, (CK_UTF8CHAR_PTR) "4321", 4));
	ok(f->C_GetTokenInfo(2, &info));
	holds(info.flags & CKF_USER_PIN_INITIALIZED);
	ok(f->C_Logout(s));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "4321", 4));
}
END_TEST

START_TEST(init_token_again_needs_the_so_pin_and_empties_it)
{
	CK_UTF8CHAR label[32];
	CK_OBJECT_HANDLE key;
	CK_TOKEN_INFO info;

	memset(label, ' ', sizeof label);
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	key = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT)));
	gives(CKR_SESSION_EXISTS,
		f->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	ok(f->C_CloseAllSessions(0));
	gives(CKR_PIN_INCORRECT, f->C_InitToken(0, (CK_UTF8CHAR_PTR) "not it", 6, label));
	ok(f->C_GetTokenInfo(0, &info));
	holds(info.flags & CKF_USER_PIN_INITIALIZED);
	holds(info.flags & CKF_SO_PIN_COUNT_LOW);
	ok(f->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	ok(f->C_GetTokenInfo(0, &info));
	holds(!(info.flags & CKF_USER_PIN_INITIALIZED));
	holds(!(info.flags & CKF_SO_PIN_COUNT_LOW));
	s = open_session(CKF_RW_SESSION);
	holds(find(s, T(CLASS(CKO_SECRET_KEY)), NULL, 0) == 0);
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, key));
	gives(CKR_USER_PIN_NOT_INITIALIZED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
}
END_TEST

START_TEST(init_token_arguments)
{
	CK_UTF8CHAR label[32], long_pin[256];

	memset(label, ' ', sizeof label);
	memset(long_pin, 'p', sizeof long_pin);
	gives(CKR_ARGUMENTS_BAD, f->C_InitToken(3, NULL, 8, label));
	gives(CKR_ARGUMENTS_BAD,
		f->C_InitToken(3, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, NULL));
	gives(CKR_PIN_LEN_RANGE, f->C_InitToken(3, (CK_UTF8CHAR_PTR) "123", 3, label));
	gives(CKR_PIN_LEN_RANGE, f->C_InitToken(3, long_pin, 256, label));
	ok(f->C_InitToken(3, long_pin, 255, label));
}
END_TEST

START_TEST(a_blank_token_has_no_sessions)
{
	CK_SESSION_HANDLE none = 0;

	gives(CKR_TOKEN_NOT_RECOGNIZED, f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &none));
	gives(CKR_TOKEN_NOT_RECOGNIZED,
		f->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &none));
	holds(none == 0);
	ok(f->C_CloseAllSessions(1));
}
END_TEST

START_TEST(two_tokens_are_apart)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE first = 0, second;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;

	memset(label, ' ', sizeof label);
	ok(f->C_InitToken(1, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	slot = 0;
	first = s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), NO(CKA_PRIVATE), STR(CKA_LABEL, "mine")));
	CK_OBJECT_HANDLE token_key = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT)));
	slot = 1;
	second = open_session(CKF_RW_SESSION);
	ok(f->C_GetSessionInfo(second, &info));
	holds(info.slotID == 1 && info.state == CKS_RW_PUBLIC_SESSION);
	holds(find(second, T(STR(CKA_LABEL, "mine")), NULL, 0) == 0);
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(second, MECH(CKM_AES_ECB), key));
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(second, MECH(CKM_AES_ECB), token_key));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(second, token_key));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(second, key));
	ok(f->C_CloseAllSessions(1));
	ok(f->C_GetSessionInfo(first, &info));
	holds(info.state == CKS_RW_USER_FUNCTIONS);
	ok(f->C_EncryptInit(first, MECH(CKM_AES_ECB), token_key));
	ok(f->C_EncryptInit(first, NULL, 0));
	ok(f->C_EncryptInit(first, MECH(CKM_AES_ECB), key));
}
END_TEST

START_TEST(slot_events)
{
	CK_SLOT_ID which;

	gives(CKR_NO_EVENT, f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &which, NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &which, &which));
	gives(CKR_ARGUMENTS_BAD, f->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
	gives(CKR_FUNCTION_NOT_SUPPORTED, f->C_WaitForSlotEvent(0, &which, NULL)); /* for ever */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slots");
	TCase *tc = add_case(suite, "slots", write_four_slots);

	tcase_add_test(tc, the_list_of_slots);
	tcase_add_test(tc, slots_that_are_not_there);
	tcase_add_test(tc, slot_info);
	tcase_add_test(tc, library_info);
	tcase_add_test(tc, token_info_of_a_blank_token);
	tcase_add_test(tc, token_info_of_an_initialized_token);
	tcase_add_test(tc, init_token_and_pin_make_the_flags_true);
	tcase_add_test(tc, init_token_again_needs_the_so_pin_and_empties_it);
	tcase_add_test(tc, init_token_arguments);
	tcase_add_test(tc, a_blank_token_has_no_sessions);
	tcase_add_test(tc, two_tokens_are_apart);
	tcase_add_test(tc, slot_events);
	return run(suite);
}
