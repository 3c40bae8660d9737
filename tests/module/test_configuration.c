/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_configuration.c: a wrong configuration is reported on standard error, the log may go there,
 * and lock-memory. Reading the file itself is the matter of unit/test_config.c.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"
#include "mapping.h"

static int kept_stderr;

static void capture(char *path, size_t room)
{
	snprintf(path, room, "%s/stderr", test_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);

	kept_stderr = dup(STDERR_FILENO);
	ck_assert(fd >= 0 && kept_stderr >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

static void release(void)
{
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
}

/* Write to TEXT what C_Initialize, which returns EXPECTED, writes to standard error. */
static const char *initialize_told(CK_RV expected, char *text, size_t room)
{
	char path[600];

	capture(path, sizeof path);
	CK_RV rv = f->C_Initialize(NULL);
	release();
	gives(expected, rv);
	FILE *in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	text[fread(text, 1, room - 1, in)] = 0;
	fclose(in);
	return text;
}

/* The same with the configuration LINES. The text is good until the next call. */
static const char *told(const char *lines, CK_RV expected)
{
	static char text[4096];

	write_conf(lines);
	return initialize_told(expected, text, sizeof text);
}

START_TEST(a_wrong_line)
{
	char expected[700];

	snprintf(expected, sizeof expected,
		"keydiv: %s/keydiv.conf:4: slots must be a number from 1 to 64\n", test_dir);
	ck_assert_str_eq(told("slots = 2\nslots = lots\n", CKR_FUNCTION_FAILED), expected);
	ck_assert_str_eq(told("slots = 2\n", CKR_OK), "");
	ok(f->C_Finalize(NULL));
}
END_TEST

START_TEST(a_log_that_cannot_be_written)
{
	ck_assert_str_eq(told("log-file = /not/there/log\n", CKR_FUNCTION_FAILED),
		"keydiv: log-file /not/there/log cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(no_configuration_file)
{
	char path[600], expected[700], text[4096];

	snprintf(path, sizeof path, "%s/missing.conf", test_dir);
	snprintf(expected, sizeof expected, "keydiv: %s: no such file\n", path);
	setenv("KEYDIV_CONF", path, 1);
	ck_assert_str_eq(initialize_told(CKR_FUNCTION_FAILED, text, sizeof text), expected);
}
END_TEST

START_TEST(the_log_on_standard_error)
{
	char path[600], text[4096];

	/* Once, and not a second time as a message. */
	const char *once = told("log-file = stderr\nslots = lots\n", CKR_FUNCTION_FAILED);
	const char *line = strstr(once, "keydiv.conf:4: slots must be");
	holds(line != NULL && strstr(line + 1, "keydiv.conf:4") == NULL);

	ck_assert_str_eq(told("log-file = stderr\n", CKR_OK), "");
	capture(path, sizeof path);
	CK_RV rv = f->C_Logout(12345);
	CK_RV finalized = f->C_Finalize(NULL);
	ssize_t written = write(STDERR_FILENO, "open\n", 5);
	release();
	gives(CKR_SESSION_HANDLE_INVALID, rv);
	ok(finalized);
	ck_assert_int_eq(written, 5); /* C_Finalize left the stream open */
	FILE *in = fopen(path, "r");
	text[fread(text, 1, sizeof text - 1, in)] = 0;
	fclose(in);
	holds(strstr(text, " error: C_Logout: CKR_SESSION_HANDLE_INVALID") != NULL);
}
END_TEST

static unsigned long locked_kib(void)
{
	char line[200];
	unsigned long kib = 0;
	FILE *in = fopen("/proc/self/status", "r");

	while (in && fgets(line, sizeof line, in))
		if (sscanf(line, "VmLck: %lu", &kib) == 1)
			break;
	if (in)
		fclose(in);
	return kib;
}

/* In a process of its own, whose memory stays locked. */
static int lock_memory_in_child(void)
{
	bool allowed = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;

	if (allowed)
		munlockall();
	write_conf("lock-memory = no\n");
	if (f->C_Initialize(NULL) != CKR_OK || prctl(PR_GET_DUMPABLE) != 1)
		return 1;
	unsigned long before = locked_kib();
	f->C_Finalize(NULL);
	write_conf("lock-memory = yes\n");
	CK_RV rv = f->C_Initialize(NULL);
	if (!allowed)
		return rv == CKR_FUNCTION_FAILED ? 0 : 2;
	if (rv != CKR_OK || prctl(PR_GET_DUMPABLE) != 0)
		return 3;
	return may_lock() && locked_kib() <= before + 1024 ? 4 : 0;
}

START_TEST(lock_memory)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		_exit(lock_memory_in_child());
	}
	ck_assert(child > 0 && waitpid(child, &status, 0) == child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A server that is not there, in a build with or without libpq. The module makes no directory. */
START_TEST(a_store_on_a_server)
{
	CK_TOKEN_INFO info;
	char missing[600], text[1300];

	if (behind_server())
		return; /* each process of the server would say the same */
	snprintf(missing, sizeof missing, "%s/missing", test_dir);
	snprintf(text, sizeof text, "token-dir = %s\nstore = postgresql:host=%s\n", missing,
		missing);
	write_conf(text);
	CK_RV rv = f->C_Initialize(NULL);
	if (rv == CKR_OK) {
		gives(CKR_DEVICE_ERROR, f->C_GetTokenInfo(0, &info));
		ok(f->C_Finalize(NULL));
	} else {
		gives(CKR_FUNCTION_FAILED, rv);
	}
	holds(access(missing, F_OK) != 0);
	write_conf("store = postgresql:host=x port=nonsense password\n");
	gives(CKR_FUNCTION_FAILED, f->C_Initialize(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("configuration");
	TCase *tc = add_case(suite, "configuration", load);

	tcase_add_test(tc, a_wrong_line);
	tcase_add_test(tc, a_log_that_cannot_be_written);
	tcase_add_test(tc, no_configuration_file);
	tcase_add_test(tc, the_log_on_standard_error);
	tcase_add_test(tc, lock_memory);
	tcase_add_test(tc, a_store_on_a_server);
	return run(suite);
}
