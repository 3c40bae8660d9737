/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_attacks.c: attempts to have a message accepted twice under a master with
 * CKA_KEYDIV_WINDOW: by another parameter with the same key, and by a destroyed master.
 */
#include "base/bytes.h"
#include "use_support.h"

static CK_RV verify_of(uint64_t number)
{
	device_signs(number, CKM_AES_CMAC);
	return verify();
}

/* --- Masters that are destroyed while an operation is active in another session --- */

/* Verify the message that is in OUT in SESSION, by the parts of a message operation. */
static CK_RV verify_message_in(CK_SESSION_HANDLE session)
{
	return f3->C_VerifyMessage(
		session, parameter, parameter_n, text, sizeof text - 1, out, out_n);
}

static void no_use_of_a_destroyed_master(bool token)
{
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION),
			  third = open_session(CKF_RW_SESSION);
	CK_MECHANISM none = {CKM_KEYDIV_WITH_DERIVED_KEY, NULL, 0};

	master = windowed(token, 64, 1);
	gives(CKR_OK, verify_of(1));
	CK_MECHANISM m = mechanism();
	ok(f->C_VerifyInit(other, &m, master));
	ok(f3->C_MessageVerifyInit(third, &none, master));
	gives(CKR_KEYDIV_REPLAYED, verify_message_in(third));
	device_signs(2, CKM_AES_CMAC);
	gives(CKR_OK, verify_message_in(third));
	ok(f->C_DestroyObject(s, master));
	gives(CKR_KEY_HANDLE_INVALID, verify_message_in(third));
	device_signs(1, CKM_AES_CMAC);
	gives(CKR_KEY_HANDLE_INVALID, f->C_Verify(other, text, sizeof text - 1, out, out_n));
}

START_TEST(a_master_destroyed_during_an_operation)
{
	no_use_of_a_destroyed_master(false);
	no_use_of_a_destroyed_master(true);
}
END_TEST

/* Each message is under the master as the master is then. */
static void messages_of_a_changed_master(bool token)
{
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);

	master = windowed(token, 64, 1);
	ok(f->C_SetAttributeValue(s, master,
		T(ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,
			CKM_KEYDIV_DEVICE_KEY))));
	/* The fields that all messages share. Each message has DEVICE and COUNTER. */
	parameter_n = 0;
	field_of(KEYDIV_DERIVATION, "\x8b\x44\0\3", 4);
	field_of(KEYDIV_OPERATION, "\0\0\x10\x8a", 4);
	CK_MECHANISM shared = mechanism();
	ok(f3->C_MessageVerifyInit(other, &shared, master));
	for (uint64_t i = 1; i <= 4; i++) {
		device_signs(i, CKM_AES_CMAC);
		without(KEYDIV_DERIVATION);
		without(KEYDIV_OPERATION);
		if (i == 3)
			ok(f->C_SetAttributeValue(s, master, T(STR(CKA_LABEL, "changed"))));
		if (i == 4)
			ok(f->C_SetAttributeValue(s, master,
				T(ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_DEVICE_KEY))));
		gives(i < 4 ? CKR_OK : CKR_MECHANISM_INVALID, verify_message_in(other));
	}
}

START_TEST(a_master_changed_during_an_operation)
{
	messages_of_a_changed_master(false);
	messages_of_a_changed_master(true);
}
END_TEST

/* --- What makes no other key begins no other stream --- */

START_TEST(types_of_one_hmac_key)
{
	device_signs(3, CKM_SHA256_HMAC);
	gives(CKR_OK, verify());
	field_of(KEYDIV_KEY_TYPE, "\0\0\0\x10", 4); /* CKK_GENERIC_SECRET */
	gives(CKR_KEYDIV_REPLAYED, verify());
}
END_TEST

START_TEST(bytes_of_the_ksn_without_effect)
{
	CK_OBJECT_HANDLE mine = master;

	parameter_n = 0;
	field_of(KEYDIV_KSN, "\x12\x34\x56\x78\x90\x12\x34\x56\0\0\0\1", 12);
	field_of(KEYDIV_DUKPT_USAGE, "\x20\0", 2);
	field_of(KEYDIV_DERIVATION, "\x8b\x44\x02\x13", 4);
	field_of(KEYDIV_OPERATION, "\0\0\x10\x8a", 4);
	mine = import(CKK_AES, mk, sizeof mk,
		T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64),
			ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL)));
	master = import(CKK_AES, mk, sizeof mk,
		T(YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL)));
	ok(sign());
	master = mine;
	gives(CKR_OK, verify());
	field_of(KEYDIV_KSN, "\0\0\0\0\x90\x12\x34\x56\0\0\0\1", 12);
	gives(CKR_KEYDIV_REPLAYED, verify());
}
END_TEST

/* --- Requests --- */

/* A request takes no data in parts that could reach a MAC of another key. */
START_TEST(requests_in_parts)
{
	static const CK_MECHANISM_TYPE operations[] = {
		CKM_AES_CMAC, CKM_AES_GCM, CKM_AES_CCM, CKM_SHA256_HMAC};
	uint8_t report[256];

	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		CK_ULONG n = sizeof report;
		bool mac = i == 0 || i == 3;
		counter = 1;
		compose(mac ? CKM_KEYDIV_DEVICE_MESSAGE_KEY : CKM_KEYDIV_DEVICE_KEY, operations[i]);
		field_of(KEYDIV_WINDOW_REQUEST, "\1\1", 2);
		CK_MECHANISM m = mechanism();
		ok(f->C_SignInit(s, &m, master));
		gives(CKR_DATA_LEN_RANGE, f->C_SignUpdate(s, text, sizeof text));
		gives(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, report, &n));
		ok(f->C_SignInit(s, &m, master));
		gives(CKR_OK, f->C_Sign(s, NULL, 0, report, &n));
		holds(n == 9 + 8);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window_attacks");
	TCase *tc = add_case(suite, "window_attacks", windowed_set_up);

	tcase_add_test(tc, a_master_destroyed_during_an_operation);
	tcase_add_test(tc, a_master_changed_during_an_operation);
	tcase_add_test(tc, types_of_one_hmac_key);
	tcase_add_test(tc, bytes_of_the_ksn_without_effect);
	tcase_add_test(tc, requests_in_parts);
	return run(suite);
}
