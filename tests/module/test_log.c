/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c: what an administrator finds in the log file, and what nobody must find there. */
#include <sys/stat.h>

#include "harness.h"

static char log_path[600];

/* A configuration with a log of LEVEL, then LINES. */
static void configure(const char *level, const char *lines)
{
	char text[1200];

	snprintf(log_path, sizeof log_path, "%s/log", test_dir);
	snprintf(text, sizeof text, "log-file = %s\nlog-level = %s\n%s", log_path, level, lines);
	write_conf(text);
}

/* The whole log, until the next call. */
static const char *content(void)
{
	static char text[65536];
	FILE *in = fopen(log_path, "r");
	size_t n = in != NULL ? fread(text, 1, sizeof text - 1, in) : 0;

	if (in != NULL)
		fclose(in);
	text[n] = 0;
	return text;
}

static unsigned lines_with(const char *what)
{
	unsigned n = 0;

	for (const char *p = content(); (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void start(const char *level)
{
	configure(level, "");
	ok(f->C_Initialize(NULL));
	slot = 0;
	s = open_session(CKF_RW_SESSION);
}

START_TEST(a_wrong_line_is_told)
{
	configure("error", "slots = 2\nslots = lots\n");
	gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL));
	holds(lines_with("/keydiv.conf:6: slots must be a number from 1 to 64\n") == 1);
	holds(lines_with("C_Initialize: CKR_FUNCTION_FAILED") == 1);
}
END_TEST

START_TEST(a_log_that_cannot_be_written)
{
	struct stat st;

	write_conf("log-file = /not/there/log\n");
	gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL));
	configure("error", "");
	ok(f->C_Initialize(NULL));
	holds(stat(log_path, &st) == 0 && (st.st_mode & 07777) == 0600);
}
END_TEST

START_TEST(one_line_a_failure)
{
	CK_OBJECT_HANDLE key;

	start("error");
	holds(content()[0] == 0);
	gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, MECH(0x80000001), 1));
	holds(lines_with("\n") == 1);
	holds(lines_with(" error: C_EncryptInit: CKR_MECHANISM_INVALID") == 1);
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_DestroyObject(s, 12345));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_Logout(12345));
	holds(lines_with(" error: C_DestroyObject: CKR_OBJECT_HANDLE_INVALID") == 1);
	holds(lines_with(" error: C_Logout: CKR_SESSION_HANDLE_INVALID") == 1);
	gives(CKR_ATTRIBUTE_TYPE_INVALID, try_import(CKK_AES, mk, 16, T(NUM(0x7777, 1)), &key));
	holds(lines_with(" error: C_CreateObject: CKR_ATTRIBUTE_TYPE_INVALID") == 1);
	holds(lines_with("\n") == 4);
}
END_TEST

/* Return true if the last line says that FUNCTION returned CODE, why, and where. */
static bool told(const char *function, const char *code)
{
	char expected[200];
	const char *all = content(), *last = all;

	for (const char *end; (end = strchr(last, '\n')) != NULL && end[1] != 0;)
		last = end + 1;
	snprintf(expected, sizeof expected, " error: %s: %s: ", function, code);
	return strstr(last, expected) != NULL && strstr(last, " at ") != NULL;
}

static void cipher_failures(CK_OBJECT_HANDLE key)
{
	CK_MECHANISM pad = {CKM_AES_CBC_PAD, (void *)mk, 16};
	uint8_t data[32] = {0}, out[64];
	CK_ULONG n = sizeof out;

	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), 12345));
	holds(told("C_EncryptInit", "CKR_KEY_HANDLE_INVALID"));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptUpdate(s, data, 5, out, &n));
	n = sizeof out;
	gives(CKR_OPERATION_ACTIVE, f->C_Encrypt(s, data, 16, out, &n));
	holds(told("C_Encrypt", "CKR_OPERATION_ACTIVE"));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptUpdate(s, data, 5, out, &n));
	n = sizeof out;
	gives(CKR_DATA_LEN_RANGE, f->C_EncryptFinal(s, out, &n));
	holds(told("C_EncryptFinal", "CKR_DATA_LEN_RANGE"));
	ok(f->C_DecryptInit(s, &pad, key));
	n = sizeof out;
	gives(CKR_ENCRYPTED_DATA_INVALID, f->C_Decrypt(s, data, 32, out, &n));
	holds(told("C_Decrypt", "CKR_ENCRYPTED_DATA_INVALID"));
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_KEY_INDIGESTIBLE, f->C_DigestKey(s, key));
	holds(told("C_DigestKey", "CKR_KEY_INDIGESTIBLE"));
}

static void wrapping_failures(CK_OBJECT_HANDLE kek, CK_OBJECT_HANDLE other)
{
	CK_ATTRIBUTE wanted[] = {KEY(CKK_AES)};
	uint8_t wrapped[24] = {0};
	CK_OBJECT_HANDLE key;
	CK_ULONG n = sizeof wrapped;

	gives(CKR_WRAPPING_KEY_HANDLE_INVALID,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), 12345, other, wrapped, &n));
	holds(told("C_WrapKey", "CKR_WRAPPING_KEY_HANDLE_INVALID"));
	gives(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), 12345, wrapped, n, wanted, 2, &key));
	holds(told("C_UnwrapKey", "CKR_UNWRAPPING_KEY_HANDLE_INVALID"));
	gives(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), other, wrapped, n, wanted, 2, &key));
	holds(told("C_UnwrapKey", "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT"));
	gives(CKR_WRAPPED_KEY_INVALID,
		f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, wrapped, n, wanted, 2, &key));
	holds(told("C_UnwrapKey", "CKR_WRAPPED_KEY_INVALID"));
}

START_TEST(every_failure_has_a_reason)
{
	CK_SLOT_INFO info;
	CK_OBJECT_HANDLE profile;
	uint8_t state[16] = {0};

	start("error");
	login(CKU_USER);
	gives(CKR_SESSION_HANDLE_INVALID, f->C_Logout(12345));
	holds(told("C_Logout", "CKR_SESSION_HANDLE_INVALID"));
	gives(CKR_SLOT_ID_INVALID, f->C_GetSlotInfo(77, &info));
	holds(told("C_GetSlotInfo", "CKR_SLOT_ID_INVALID"));
	gives(CKR_SAVED_STATE_INVALID, f->C_SetOperationState(s, state, sizeof state, 0, 0));
	holds(told("C_SetOperationState", "CKR_SAVED_STATE_INVALID"));
	ck_assert(find(s, T(CLASS(CKO_PROFILE)), &profile, 1) > 0);
	gives(CKR_ACTION_PROHIBITED, f->C_DestroyObject(s, profile));
	holds(told("C_DestroyObject", "CKR_ACTION_PROHIBITED"));
	cipher_failures(import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT))));
	wrapping_failures(import(CKK_AES, mk, 16, T(YES(CKA_UNWRAP))),
		import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_UNWRAP))));
}
END_TEST

/* Return true if a line of FUNCTION ends in the mechanism NAME and the key KEY, then the place. */
static bool names(const char *function, const char *name, const char *key)
{
	char expected[200], subject[200];
	const char *line;

	snprintf(expected, sizeof expected, " error: %s: ", function);
	snprintf(subject, sizeof subject, " (mechanism %s, key '%s') at ", name, key);
	line = strstr(content(), expected);
	return line != NULL && strstr(line, subject) != NULL;
}

START_TEST(a_failure_names_mechanism_and_key)
{
	CK_OBJECT_HANDLE plant, nameless, key;
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-1");
	char id[33] = "";
	CK_ATTRIBUTE unique_id = RAW(CKA_UNIQUE_ID, id, 32);
	uint8_t out[64];
	CK_ULONG n = sizeof out;

	start("error");
	login(CKU_USER);
	plant = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), STR(CKA_LABEL, "plant")));
	nameless = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	ok(f->C_GetAttributeValue(s, nameless, &unique_id, 1));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_DeriveKey(s, &m, plant, T(NUM(CKA_CLASS, CKO_PRIVATE_KEY)), &key));
	holds(names("C_DeriveKey", "CKM_KEYDIV_DEVICE_KEY", "plant"));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DecryptInit(s, MECH(CKM_AES_ECB), nameless));
	holds(names("C_DecryptInit", "CKM_AES_ECB", id));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), nameless));
	gives(CKR_DATA_LEN_RANGE, f->C_Encrypt(s, out, 5, out, &n));
	holds(names("C_Encrypt", "CKM_AES_ECB", id));
	gives(CKR_KEY_UNEXTRACTABLE,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP),
			import(CKK_AES, (const uint8_t *)"another key-----", 16, T(YES(CKA_WRAP))),
			plant, out, &n));
	holds(names("C_WrapKey", "CKM_AES_KEY_WRAP", "plant"));
}
END_TEST

START_TEST(answers_are_no_failures)
{
	CK_SLOT_ID slots[1], which;
	CK_ULONG n = 0;
	uint8_t value[16];
	CK_ATTRIBUTE closed = RAW(CKA_VALUE, value, sizeof value);

	start("error");
	login(CKU_USER);
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetSlotList(CK_TRUE, slots, &n));
	gives(CKR_NO_EVENT, f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &which, NULL));
	gives(CKR_ATTRIBUTE_SENSITIVE, f->C_GetAttributeValue(s, closed_master(), &closed, 1));
	gives(CKR_CRYPTOKI_ALREADY_INITIALIZED, f->C_Initialize(NULL));
	gives(CKR_FUNCTION_NOT_PARALLEL, f->C_GetFunctionStatus(s));
	holds(content()[0] == 0);
}
END_TEST

START_TEST(the_path_is_told_at_debug)
{
	char expected[700];

	start("debug");
	snprintf(expected, sizeof expected, " debug: configuration: %s/keydiv.conf; token-dir %s\n",
		test_dir, token_dir);
	holds(lines_with(expected) == 1);
}
END_TEST

START_TEST(never_a_value)
{
	CK_OBJECT_HANDLE key, master;
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SERIAL-IN-CLEAR");

	start("debug");
	gives(CKR_PIN_INCORRECT,
		f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong-pin-in-clear", 18));
	login(CKU_USER);
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_AES, "key-in-clear-key", 15, NOTHING, &key));
	master = import(
		CKK_AES, "key-in-clear-key", 16, T(YES(CKA_DERIVE), STR(CKA_LABEL, "plant")));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_DeriveKey(s, &m, master, T(CLASS(CKO_PRIVATE_KEY)), &key));
	gives(CKR_PIN_LEN_RANGE,
		f->C_SetPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4, (CK_UTF8CHAR_PTR) "new", 3));
	holds(lines_with("\n") > 4);
	holds(lines_with("in-clear") == 0 && lines_with("IN-CLEAR") == 0);
	holds(lines_with("6b65792d") == 0 && lines_with("6B65792D") == 0); /* "key-" */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = add_case(suite, "log", load);

	tcase_add_test(tc, a_wrong_line_is_told);
	tcase_add_test(tc, a_log_that_cannot_be_written);
	tcase_add_test(tc, one_line_a_failure);
	tcase_add_test(tc, every_failure_has_a_reason);
	tcase_add_test(tc, a_failure_names_mechanism_and_key);
	tcase_add_test(tc, answers_are_no_failures);
	tcase_add_test(tc, the_path_is_told_at_debug);
	tcase_add_test(tc, never_a_value);
	return run(suite);
}
