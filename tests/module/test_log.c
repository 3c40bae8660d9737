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
	holds(lines_with("/keydiv.conf:6: must be a number from 1 to 64\n") == 1);
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
	snprintf(expected, sizeof expected, " debug: configuration: %s/keydiv.conf; token-dir %s\n", test_dir,
		token_dir);
	holds(lines_with(expected) == 1);
}
END_TEST

START_TEST(never_a_value)
{
	CK_OBJECT_HANDLE key, master;
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SERIAL-IN-CLEAR");

	start("debug");
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong-pin-in-clear", 18));
	login(CKU_USER);
	gives(CKR_ATTRIBUTE_VALUE_INVALID, try_import(CKK_AES, "key-in-clear-key", 15, NOTHING, &key));
	master = import(CKK_AES, "key-in-clear-key", 16, T(YES(CKA_DERIVE), STR(CKA_LABEL, "label-in-clear")));
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_DeriveKey(s, &m, master, T(NUM(CKA_CLASS, CKO_PRIVATE_KEY)), &key));
	gives(CKR_PIN_LEN_RANGE, f->C_SetPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, 4, (CK_UTF8CHAR_PTR) "new", 3));
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
	tcase_add_test(tc, answers_are_no_failures);
	tcase_add_test(tc, the_path_is_told_at_debug);
	tcase_add_test(tc, never_a_value);
	return run(suite);
}
