/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window.c: masters with CKA_KEYDIV_WINDOW: a message is accepted once, in every function that
 * takes WITH_DERIVED_KEY, and what is refused or given up marks nothing.
 */
#include <sys/stat.h>

#include "base/bytes.h"
#include "use_support.h"

/* The same, encrypted with COUNTER as nonce. */
static void device_seals(uint64_t number)
{
	CK_OBJECT_HANDLE mine = master;

	counter = number;
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	master = without_window;
	ok(encrypt());
	master = mine;
}

static CK_RV verify_of(uint64_t number)
{
	device_signs(number, CKM_AES_CMAC);
	return verify();
}

/* --- Which messages --- */

static void messages_once(void)
{
	gives(CKR_OK, verify_of(100));
	gives(CKR_KEYDIV_REPLAYED, verify_of(100));
	gives(CKR_OK, verify_of(36));
	gives(CKR_KEYDIV_REPLAYED, verify_of(36));
	gives(CKR_KEYDIV_REPLAYED, verify_of(35));
	gives(CKR_OK, verify_of(UINT64_MAX));
	gives(CKR_KEYDIV_REPLAYED, verify_of(UINT64_MAX));
	gives(CKR_OK, verify_of(UINT64_MAX - 64));
	gives(CKR_KEYDIV_REPLAYED, verify_of(UINT64_MAX - 65));
	gives(CKR_KEYDIV_REPLAYED, verify_of(0));
}

START_TEST(incoming_messages)
{
	messages_once();
	master = windowed(true, 64, 16);
	messages_once();
	master = windowed(false, 64, 1);
	messages_once();
}
END_TEST

START_TEST(outgoing_messages)
{
	counter = 5;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
	gives(CKR_OK, verify()); /* the other direction */
	gives(CKR_KEYDIV_REPLAYED, verify());
	gives(CKR_KEYDIV_REPLAYED, sign());
	counter = 4;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_KEYDIV_REPLAYED, sign());
	counter = 6;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM); /* another stream */
	gives(CKR_OK, encrypt());
	CK_ULONG n = out_n;
	gives(CKR_KEYDIV_REPLAYED, encrypt());
	out_n = n; /* the refused call has written nothing */
	gives(CKR_OK, decrypt());
	gives(CKR_KEYDIV_REPLAYED, decrypt());
}
END_TEST

START_TEST(a_wrong_mac_changes_nothing)
{
	device_signs(7, CKM_AES_CMAC);
	out[0] ^= 1;
	gives(CKR_SIGNATURE_INVALID, verify());
	out[0] ^= 1;
	gives(CKR_OK, verify());
	out[0] ^= 1;
	gives(CKR_SIGNATURE_INVALID, verify()); /* not REPLAYED: the MAC is checked first */
	device_seals(7);
	out[0] ^= 1;
	gives(CKR_ENCRYPTED_DATA_INVALID, decrypt());
	out[0] ^= 1;
	gives(CKR_OK, decrypt());
}
END_TEST

START_TEST(a_replay_gives_no_plaintext)
{
	uint8_t untouched[sizeof back];

	device_seals(7);
	gives(CKR_OK, decrypt());
	memset(back, 0xa5, sizeof back);
	memset(untouched, 0xa5, sizeof untouched);
	gives(CKR_KEYDIV_REPLAYED, decrypt());
	holds(memcmp(back, untouched, sizeof back) == 0);
}
END_TEST

START_TEST(after_a_restart)
{
	gives(CKR_OK, verify_of(9));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	without_window = closed_master();
	holds(find(s, T(STR(CKA_LABEL, "windowed")), &master, 1) == 1);
	gives(CKR_KEYDIV_REPLAYED, verify_of(9));
	gives(CKR_OK, verify_of(8));
	gives(CKR_OK, verify_of(10));
}
END_TEST

START_TEST(reserved_counters_after_a_restart)
{
	ok(f->C_DestroyObject(s, master));
	master = windowed(true, 64, 16);
	gives(CKR_OK, verify_of(1));
	restart(); /* writes back */
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	without_window = closed_master();
	holds(find(s, T(STR(CKA_LABEL, "windowed")), &master, 1) == 1);
	gives(CKR_KEYDIV_REPLAYED, verify_of(1));
	gives(CKR_OK, verify_of(2));
}
END_TEST

/* --- Streams --- */

/* One message has one stream, however the caller writes its parameter. */
START_TEST(one_message_one_stream)
{
	master = import(CKK_AES, mk, sizeof mk,
		T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 64),
			ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY)));
	gives(CKR_OK, verify_of(3));
	field_of(KEYDIV_KEY_TYPE, "\0\0\0\x1f", 4); /* CKK_AES, the default */
	gives(CKR_KEYDIV_REPLAYED, verify());
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC_GENERAL);
	field_of(KEYDIV_TAG_LENGTH, "\x10", 1);
	gives(CKR_KEYDIV_REPLAYED, verify());
	field_of(KEYDIV_TAG_LENGTH, "\x08", 1);
	out_n = 8;
	gives(CKR_KEYDIV_REPLAYED, verify());
	device_signs(4, CKM_AES_CMAC);
	field_of(KEYDIV_SALT, "saltsalt", 8); /* another stream, with another key */
	gives(CKR_SIGNATURE_INVALID, verify());
}
END_TEST

START_TEST(another_salt_another_stream)
{
	CK_OBJECT_HANDLE mine = master;

	for (int i = 0; i < 2; i++) {
		counter = 3;
		compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
		field_of(KEYDIV_SALT, i == 0 ? "old salt" : "new salt", 8);
		master = without_window;
		ok(sign());
		master = mine;
		gives(CKR_OK, verify());
		gives(CKR_KEYDIV_REPLAYED, verify());
	}
}
END_TEST

/* --- Operations --- */

START_TEST(lengths_mark_nothing)
{
	CK_MECHANISM m;

	counter = 5;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	m = mechanism();
	ok(f->C_SignInit(s, &m, master));
	gives(CKR_OK, f->C_Sign(s, text, 21, NULL, &out_n));
	holds(out_n == 16);
	out_n = 15;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Sign(s, text, 21, out, &out_n));
	ok(f->C_SignInit(s, NULL, 0)); /* cancelled before any output */
	gives(CKR_OK, sign());
	gives(CKR_KEYDIV_REPLAYED, sign());

	device_seals(5);
	m = mechanism();
	ok(f->C_DecryptInit(s, &m, master));
	gives(CKR_OK, f->C_Decrypt(s, out, out_n, NULL, &back_n));
	back_n = 1;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, out, out_n, back, &back_n));
	ok(f->C_DecryptInit(s, NULL, 0));
	gives(CKR_OK, decrypt());
	gives(CKR_KEYDIV_REPLAYED, decrypt());
}
END_TEST

static CK_RV verify_in_parts(bool finish_it)
{
	CK_MECHANISM m = mechanism();

	ok(f->C_VerifyInit(s, &m, master));
	gives(CKR_OK, f->C_VerifyUpdate(s, text, 10));
	gives(CKR_OK, f->C_VerifyUpdate(s, text + 10, 11));
	return finish_it ? f->C_VerifyFinal(s, out, out_n) : f->C_VerifyInit(s, NULL, 0);
}

START_TEST(messages_in_parts)
{
	device_signs(5, CKM_AES_CMAC);
	gives(CKR_OK, verify_in_parts(false));
	gives(CKR_OK, verify_in_parts(true));
	gives(CKR_KEYDIV_REPLAYED, verify_in_parts(true));
	gives(CKR_KEYDIV_REPLAYED, verify());
}
END_TEST

/* An outgoing message in parts is marked before its first output. */
START_TEST(encryption_in_parts)
{
	CK_MECHANISM m;
	uint8_t block[64] = {0};

	counter = 5;
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_GCM);
	m = mechanism();
	ok(f->C_EncryptInit(s, &m, master));
	ok(f->C_EncryptInit(s, NULL, 0)); /* no output yet */
	ok(f->C_EncryptInit(s, &m, master));
	out_n = sizeof out;
	gives(CKR_OK, f->C_EncryptUpdate(s, block, sizeof block, out, &out_n));
	bool gave = out_n > 0;
	ok(f->C_EncryptInit(s, NULL, 0));
	gives(gave ? CKR_KEYDIV_REPLAYED : CKR_OK, encrypt());
	gives(CKR_KEYDIV_REPLAYED, encrypt());
}
END_TEST

START_TEST(message_functions)
{
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, NULL, 0};

	device_signs(5, CKM_AES_CMAC);
	ok(f3->C_MessageVerifyInit(s, &m, master));
	gives(CKR_OK, f3->C_VerifyMessage(s, parameter, parameter_n, text, 21, out, out_n));
	gives(CKR_KEYDIV_REPLAYED,
		f3->C_VerifyMessage(s, parameter, parameter_n, text, 21, out, out_n));
	device_signs(6, CKM_AES_CMAC);
	out[3] ^= 1;
	gives(CKR_SIGNATURE_INVALID,
		f3->C_VerifyMessage(s, parameter, parameter_n, text, 21, out, out_n));
	out[3] ^= 1;
	gives(CKR_OK, f3->C_VerifyMessage(s, parameter, parameter_n, text, 21, out, out_n));
	ok(f3->C_MessageVerifyFinal(s));

	device_seals(5);
	ok(f3->C_MessageDecryptInit(s, &m, master));
	back_n = sizeof back;
	gives(CKR_OK, f3->C_DecryptMessage(
			      s, parameter, parameter_n, NULL, 0, out, out_n, back, &back_n));
	holds(back_n == 21);
	gives(CKR_KEYDIV_REPLAYED, f3->C_DecryptMessage(s, parameter, parameter_n, NULL, 0, out,
					   out_n, back, &back_n));
	ok(f3->C_MessageDecryptFinal(s));
}
END_TEST

/* --- What a window forbids --- */

START_TEST(parameters_without_a_counter)
{
	compose(CKM_KEYDIV_DEVICE_KEY, CKM_AES_CMAC);
	without(KEYDIV_COUNTER);
	gives(CKR_MECHANISM_PARAM_INVALID, sign());
	gives(CKR_MECHANISM_PARAM_INVALID, verify());
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CTR); /* no MAC: garbage would count */
	field_of(KEYDIV_IV, "sixteen bytes...", 16);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	gives(CKR_MECHANISM_PARAM_INVALID, decrypt());
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CBC);
	field_of(KEYDIV_IV, "sixteen bytes...", 16);
	gives(CKR_MECHANISM_PARAM_INVALID, encrypt());
	gives(CKR_MECHANISM_PARAM_INVALID, decrypt());
	gives(CKR_OK, verify_of(1)); /* nothing was marked */
}
END_TEST

START_TEST(no_way_around_the_window)
{
	CK_OBJECT_HANDLE key = 0;

	holds(get_bool(master, CKA_KEYDIV_USE_ONLY));
	holds(!get_bool(master, CKA_COPYABLE));
	holds(get_ulong(master, CKA_KEYDIV_WINDOW) == 64);
	holds(get_ulong(master, CKA_KEYDIV_RESERVE) == 1);
	holds(get_ulong(without_window, CKA_KEYDIV_WINDOW) == 0);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive_device(master, T(YES(CKA_SIGN)), &key));
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, master, NOTHING, &key));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_SetAttributeValue(s, master, T(NUM(CKA_KEYDIV_WINDOW, 0))));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_SetAttributeValue(s, master, T(NO(CKA_KEYDIV_USE_ONLY))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(YES(CKA_COPYABLE))));
	gives(CKR_OK, f->C_SetAttributeValue(s, master, T(NUM(CKA_KEYDIV_RESERVE, 16))));
	holds(get_ulong(master, CKA_KEYDIV_RESERVE) == 16);
}
END_TEST

START_TEST(a_destroyed_master)
{
	CK_OBJECT_HANDLE session_master = windowed(false, 64, 1);

	gives(CKR_OK, verify_of(5));
	ok(f->C_DestroyObject(s, master));
	gives(CKR_KEY_HANDLE_INVALID, verify_of(6));
	master = session_master;
	gives(CKR_OK, verify_of(5));
	ok(f->C_DestroyObject(s, master));
	master = windowed(true, 64, 1); /* another object: a window of its own */
	gives(CKR_OK, verify_of(5));
	gives(CKR_KEYDIV_REPLAYED, verify_of(5));
}
END_TEST

/* Windows without their file do not begin again. */
/* Remove windows.db, and start the module again. */
static void lose_file(void)
{
	char path[700];

	ok(f->C_Finalize(NULL));
	snprintf(path, sizeof path, "%s/slot-%lu/windows.db", token_dir, slot);
	ck_assert_int_eq(unlink(path), 0);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	without_window = closed_master();
	holds(find(s, T(STR(CKA_LABEL, "windowed")), &master, 1) == 1);
}

START_TEST(a_lost_file)
{
	gives(CKR_OK, verify_of(5));
	lose_file();
	gives(CKR_DEVICE_ERROR, verify_of(5));
	gives(CKR_DEVICE_ERROR, verify_of(6));
}
END_TEST

/* --- Requests --- */

static uint8_t report[200];
static CK_ULONG report_n;

/* The request for the stream of the parameter. */
static CK_RV request(uint8_t what, uint8_t direction)
{
	uint8_t both[2] = {what, direction};

	field_of(KEYDIV_WINDOW_REQUEST, both, 2);
	CK_MECHANISM m = mechanism();
	CK_RV rv = f->C_SignInit(s, &m, master);
	report_n = sizeof report;
	if (rv == CKR_OK)
		rv = f->C_Sign(s, NULL, 0, report, &report_n);
	without(KEYDIV_WINDOW_REQUEST);
	return rv;
}

/* The report of a window of 64 says HIGHEST and BITS. */
static bool reported(uint64_t highest, uint8_t bits)
{
	return report_n == 9 + 8 && report[0] == 1 && get_be64(report + 1) == highest &&
	       report[9] == bits;
}

static void requests_of(CK_OBJECT_HANDLE key)
{
	master = key;
	device_signs(9, CKM_AES_CMAC);
	gives(CKR_OK, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING));
	holds(report_n == 17 && report[0] == 0);
	gives(CKR_OK, verify());
	gives(CKR_OK, verify_of(7));
	gives(CKR_OK, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING));
	holds(reported(9, 2));
	gives(CKR_OK, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_OUTGOING));
	holds(report[0] == 0);
	gives(CKR_KEYDIV_REPLAYED, verify()); /* nothing has changed */
	gives(CKR_OK, request(KEYDIV_WINDOW_FORGET, KEYDIV_WINDOW_INCOMING));
	holds(report[0] == 0);
	gives(CKR_OK, verify());
	device_signs(1000, CKM_AES_CMAC);
	gives(CKR_OK, request(KEYDIV_WINDOW_SKIP, KEYDIV_WINDOW_INCOMING));
	holds(reported(1000, 0xff));
	gives(CKR_KEYDIV_REPLAYED, verify());
	gives(CKR_KEYDIV_REPLAYED, verify_of(999));
	gives(CKR_OK, verify_of(1001));
	device_seals(5);
	gives(CKR_OK, request(KEYDIV_WINDOW_SKIP, KEYDIV_WINDOW_INCOMING));
	gives(CKR_KEYDIV_REPLAYED, decrypt());
	gives(CKR_OK, request(KEYDIV_WINDOW_FORGET, KEYDIV_WINDOW_INCOMING));
	gives(CKR_OK, decrypt());
}

START_TEST(requests)
{
	requests_of(master);
	requests_of(windowed(true, 64, 16));
	requests_of(windowed(false, 64, 1));
}
END_TEST

/* A request about incoming messages, among messages that are signed, changes no direction. */
START_TEST(a_request_between_messages)
{
	static uint8_t both[2] = {KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING};
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, NULL, 0};

	device_signs(5, CKM_AES_CMAC);
	ok(f3->C_MessageSignInit(s, &m, master));
	field_of(KEYDIV_WINDOW_REQUEST, both, 2);
	report_n = sizeof report;
	gives(CKR_OK, f3->C_SignMessage(s, parameter, parameter_n, NULL, 0, report, &report_n));
	holds(report_n == 17 && report[0] == 0);
	without(KEYDIV_WINDOW_REQUEST);
	out_n = sizeof out;
	gives(CKR_OK, f3->C_SignMessage(s, parameter, parameter_n, text, 21, out, &out_n));
	gives(CKR_KEYDIV_REPLAYED,
		f3->C_SignMessage(s, parameter, parameter_n, text, 21, out, &out_n));
	ok(f3->C_MessageSignFinal(s));
	gives(CKR_OK, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_OUTGOING));
	holds(reported(5, 0));
	gives(CKR_OK, verify()); /* no incoming message was marked */
}
END_TEST

/* No report says that nothing was used if what was used is not known. */
START_TEST(a_request_for_a_lost_file)
{
	device_signs(5, CKM_AES_CMAC);
	gives(CKR_OK, verify());
	lose_file();
	gives(CKR_DEVICE_ERROR, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING));
}
END_TEST

START_TEST(requests_refused)
{
	CK_MECHANISM m;

	device_signs(5, CKM_AES_CMAC);
	gives(CKR_MECHANISM_PARAM_INVALID, request(0, KEYDIV_WINDOW_INCOMING));
	gives(CKR_MECHANISM_PARAM_INVALID, request(4, KEYDIV_WINDOW_INCOMING));
	gives(CKR_MECHANISM_PARAM_INVALID, request(KEYDIV_WINDOW_SHOW, 0));
	gives(CKR_MECHANISM_PARAM_INVALID, request(KEYDIV_WINDOW_SHOW, 3));
	field_of(KEYDIV_WINDOW_REQUEST, "\1", 1);
	m = mechanism();
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &m, master));
	field_of(KEYDIV_WINDOW_REQUEST, "\1\1", 2);
	m = mechanism();
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_VerifyInit(s, &m, master));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &m, master));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &m, without_window));
	ok(f->C_SignInit(s, &m, master));
	gives(CKR_OK, f->C_Sign(s, NULL, 0, NULL, &report_n));
	holds(report_n == 17);
	report_n = 16;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Sign(s, NULL, 0, report, &report_n));
	ok(f->C_SignInit(s, NULL, 0));
	without(KEYDIV_WINDOW_REQUEST);
	without(KEYDIV_COUNTER);
	gives(CKR_MECHANISM_PARAM_INVALID, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING));

	ok(f->C_CloseSession(s));
	s = open_session(0);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "windowed")), &master, 1) == 1);
	counter = 5;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, request(KEYDIV_WINDOW_SHOW, KEYDIV_WINDOW_INCOMING));
	gives(CKR_SESSION_READ_ONLY, request(KEYDIV_WINDOW_FORGET, KEYDIV_WINDOW_INCOMING));
	gives(CKR_SESSION_READ_ONLY, request(KEYDIV_WINDOW_SKIP, KEYDIV_WINDOW_INCOMING));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *tc = add_case(suite, "window", windowed_set_up);

	tcase_add_test(tc, incoming_messages);
	tcase_add_test(tc, outgoing_messages);
	tcase_add_test(tc, a_wrong_mac_changes_nothing);
	tcase_add_test(tc, a_replay_gives_no_plaintext);
	tcase_add_test(tc, after_a_restart);
	tcase_add_test(tc, reserved_counters_after_a_restart);
	tcase_add_test(tc, one_message_one_stream);
	tcase_add_test(tc, another_salt_another_stream);
	tcase_add_test(tc, lengths_mark_nothing);
	tcase_add_test(tc, messages_in_parts);
	tcase_add_test(tc, encryption_in_parts);
	tcase_add_test(tc, message_functions);
	tcase_add_test(tc, parameters_without_a_counter);
	tcase_add_test(tc, no_way_around_the_window);
	tcase_add_test(tc, a_destroyed_master);
	tcase_add_test(tc, a_lost_file);
	tcase_add_test(tc, requests);
	tcase_add_test(tc, a_request_between_messages);
	tcase_add_test(tc, a_request_for_a_lost_file);
	tcase_add_test(tc, requests_refused);
	return run(suite);
}
