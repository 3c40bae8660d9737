/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c: what the log writes, where, and what it does not. */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"
#include "unit.h"

static char dir[TEMP_DIR_MAX];
static char file[80];

static void set_up(void)
{
	ck_assert(temp_dir_make("log", dir));
	snprintf(file, sizeof file, "%s/log", dir);
}

static void tear_down(void)
{
	log_close();
	unlink(file);
	rmdir(dir);
}

/* The whole file, until the next call. */
static const char *content(void)
{
	static char text[4096];
	FILE *in = fopen(file, "r");
	size_t n = in ? fread(text, 1, sizeof text - 1, in) : 0;

	if (in)
		fclose(in);
	text[n] = '\0';
	return text;
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *p = content(); *p; p++)
		n += *p == '\n';
	return n;
}

/*
 * A program that closed its standard output, and prints nevertheless, must not print into the log.
 */
START_TEST(no_number_of_a_standard_stream)
{
	int kept = dup(STDOUT_FILENO);

	close(STDOUT_FILENO);
	ck_assert(log_open(file, LOG_ERROR));
	ssize_t written = write(STDOUT_FILENO, "stray", 5);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	ck_assert_int_eq(written, -1);
	log_error("ours");
	ck_assert_uint_eq(lines(), 1);
	ck_assert_ptr_null(strstr(content(), "stray"));
}
END_TEST

START_TEST(silent_without_a_file)
{
	ck_assert(log_open(NULL, LOG_DEBUG));
	ck_assert(!log_enabled(LOG_ERROR));
	log_error("nobody hears");
	ck_assert(log_open(file, LOG_NONE));
	ck_assert(!log_enabled(LOG_ERROR));
	ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

START_TEST(each_level_logs_what_is_above_it)
{
	ck_assert(log_open(file, (enum log_level)_i));
	log_error("one");
	log_warning("two");
	log_write(LOG_INFO, "three");
	log_write(LOG_DEBUG, "four");
	ck_assert_uint_eq(lines(), (unsigned)_i);
	ck_assert(log_enabled((enum log_level)_i));
	ck_assert(!log_enabled(LOG_NONE));
}
END_TEST

START_TEST(the_format_of_a_line)
{
	char expected[64], stamp[32];
	int year, month, day, hour, minute, second, at = 0;

	umask(0);
	ck_assert(log_open(file, LOG_ERROR));
	log_error("C_DeriveKey: %s", rv_name(CKR_MECHANISM_INVALID));
	snprintf(expected, sizeof expected, " [%ld] error: C_DeriveKey: CKR_MECHANISM_INVALID\n",
		(long)getpid());
	snprintf(stamp, sizeof stamp, "%.20s", content());
	ck_assert_int_eq(sscanf(stamp, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour,
				 &minute, &second, &at),
		6);
	ck_assert_int_eq(at, 20);
	ck_assert_str_eq(content() + 20, expected);

	struct stat st;
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(one_line_whatever_the_text)
{
	char text[2000];

	ck_assert(log_open(file, LOG_ERROR));
	log_error("two\nlines\tand \x1b[31mred");
	ck_assert_uint_eq(lines(), 1);
	ck_assert_ptr_nonnull(strstr(content(), "two?lines?and ?[31mred\n"));
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	log_error("%s", text);
	ck_assert_uint_eq(lines(), 2);
	log_error("after");
	ck_assert_uint_eq(lines(), 3);
}
END_TEST

START_TEST(a_file_is_appended_to)
{
	ck_assert(log_open(file, LOG_ERROR));
	log_error("first");
	log_close();
	log_error("lost");
	ck_assert(log_open(file, LOG_ERROR));
	log_error("second");
	ck_assert_uint_eq(lines(), 2);
}
END_TEST

START_TEST(files_that_are_none)
{
	char target[96];

	snprintf(target, sizeof target, "%s/target", dir);
	ck_assert_int_eq(symlink(target, file), 0);
	ck_assert(!log_open(file, LOG_ERROR));
	ck_assert(!log_enabled(LOG_ERROR));
	ck_assert_int_ne(access(target, F_OK), 0);
	ck_assert(!log_open(dir, LOG_ERROR));
	ck_assert(!log_open("/not/there/log", LOG_ERROR));
}
END_TEST

static CK_RV fails(int n)
{
	ENSURE(n > 3, CKR_DATA_LEN_RANGE);
	return CKR_OK;
}

/* The text of the last line after the process number. */
static const char *last_text(void)
{
	const char *at = content(), *end;

	while ((end = strchr(at, '\n')) != NULL && end[1] != '\0')
		at = end + 1;
	at = strstr(at, "] ");
	return at ? at + 2 : "";
}

static CK_RV requires_more(int n)
{
	REQUIRE(n > 3, CKR_DATA_LEN_RANGE, "the data is too short");
	return CKR_OK;
}

START_TEST(a_failure_is_logged_with_its_reason)
{
	ck_assert(log_open(file, LOG_ERROR));
	ck_ok(fails(4));
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_str_eq(last_text(), "error: C_Sign: CKR_DATA_LEN_RANGE\n");
	ck_rv(fails(3), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(lines(), 1); /* only debug level has a line for each condition */
	log_failure("C_Sign", CKR_DATA_INVALID); /* another failure, without a reason */
	ck_assert_str_eq(last_text(), "error: C_Sign: CKR_DATA_INVALID\n");
	log_failure("C_Sign", CKR_DATA_LEN_RANGE); /* the reason is forgotten by now */
	ck_assert_str_eq(last_text(), "error: C_Sign: CKR_DATA_LEN_RANGE\n");
	ck_rv(fails(3), CKR_DATA_LEN_RANGE);
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_ptr_nonnull(strstr(
		last_text(), "C_Sign: CKR_DATA_LEN_RANGE: failed check: n > 3 at test_log.c:"));
	ck_ok(requires_more(4));
	ck_rv(requires_more(3), CKR_DATA_LEN_RANGE);
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_ptr_nonnull(strstr(
		last_text(), "C_Sign: CKR_DATA_LEN_RANGE: the data is too short at test_log.c:"));

	ck_assert(log_open(file, LOG_DEBUG));
	ck_rv(fails(3), CKR_DATA_LEN_RANGE);
	ck_assert_ptr_nonnull(strstr(last_text(), "debug: CKR_DATA_LEN_RANGE"));
	ck_assert_ptr_nonnull(strstr(last_text(), "n > 3"));
}
END_TEST

START_TEST(a_failure_is_logged_with_key_and_mechanism)
{
	char label[80], expected[200];

	ck_assert(log_open(file, LOG_ERROR));
	ck_rv(requires_more(3), CKR_DATA_LEN_RANGE);
	log_subject_key(CKR_DATA_LEN_RANGE, "plant", 5);
	log_subject_mechanism(CKR_DATA_LEN_RANGE, "CKM_AES_ECB");
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_ptr_nonnull(
		strstr(last_text(), "C_Sign: CKR_DATA_LEN_RANGE: the data is too short "
				    "(mechanism CKM_AES_ECB, key 'plant') at test_log.c:"));

	/* A subject without a reason, a key without a mechanism, a label longer than 64 bytes. */
	memset(label, 'x', sizeof label);
	log_subject_key(CKR_DATA_INVALID, label, sizeof label);
	log_failure("C_Sign", CKR_DATA_INVALID);
	snprintf(expected, sizeof expected, "error: C_Sign: CKR_DATA_INVALID (key '%.64s')\n",
		label);
	ck_assert_str_eq(last_text(), expected);
	log_subject_mechanism(CKR_DATA_INVALID, "CKM_AES_ECB");
	log_failure("C_Sign", CKR_DATA_INVALID);
	ck_assert_str_eq(last_text(), "error: C_Sign: CKR_DATA_INVALID (mechanism CKM_AES_ECB)\n");

	/* The subject of one failure is no subject of the next one, nor of another code. */
	log_subject_key(CKR_DATA_INVALID, "plant", 5);
	ck_rv(requires_more(3), CKR_DATA_LEN_RANGE);
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_ptr_null(strstr(last_text(), "plant"));
	log_subject_key(CKR_DATA_INVALID, "plant", 5);
	log_forget();
	log_failure("C_Sign", CKR_DATA_INVALID);
	ck_assert_ptr_null(strstr(last_text(), "plant"));
	log_subject_key(CKR_DATA_INVALID, "plant", 5);
	log_failure("C_Sign", CKR_DATA_LEN_RANGE);
	ck_assert_ptr_null(strstr(last_text(), "plant"));
	log_failure("C_Sign", CKR_DATA_INVALID);
	ck_assert_ptr_null(strstr(last_text(), "plant"));
}
END_TEST

START_TEST(names_of_return_codes)
{
	ck_assert_str_eq(rv_name(CKR_OK), "CKR_OK");
	ck_assert_str_eq(rv_name(CKR_KEY_EXHAUSTED), "CKR_KEY_EXHAUSTED");
	ck_assert_str_eq(rv_name(CKR_KEYDIV_EXHAUSTED), "CKR_KEYDIV_EXHAUSTED");
	ck_assert_str_eq(rv_name(0x7777), "CKR_VENDOR_DEFINED");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, no_number_of_a_standard_stream);
	tcase_add_test(tests, silent_without_a_file);
	tcase_add_loop_test(tests, each_level_logs_what_is_above_it, LOG_ERROR, LOG_DEBUG + 1);
	tcase_add_test(tests, the_format_of_a_line);
	tcase_add_test(tests, one_line_whatever_the_text);
	tcase_add_test(tests, a_file_is_appended_to);
	tcase_add_test(tests, files_that_are_none);
	tcase_add_test(tests, a_failure_is_logged_with_its_reason);
	tcase_add_test(tests, a_failure_is_logged_with_key_and_mechanism);
	tcase_add_test(tests, names_of_return_codes);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
