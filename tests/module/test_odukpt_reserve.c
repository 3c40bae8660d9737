/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odukpt_reserve.c: O-DUKPT clients that set numbers aside (CKA_KEYDIV_RESERVE), under many
 * processes and kill -9: a number may be skipped, it never comes twice, and nothing that was set
 * aside outlives the client.
 */
#include "harness.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SHAPE_5_5 "\5\5"   /* C(10, 5) - 1 = 251 transactions */
#define SHAPE_21_7 "\25\7" /* 1 184 039 */

static CK_OBJECT_HANDLE initial_key(void)
{
	return import(CKK_AES, mk, sizeof mk,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_ODUKPT_KEY)));
}

static CK_OBJECT_HANDLE client(const char *shape, CK_ULONG reserve)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE made = 0;

	keydiv_put(&p, KEYDIV_SHAPE, shape, 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
	ok(f->C_DeriveKey(s, &m, initial_key(),
		(CK_ATTRIBUTE[]){
			STR(CKA_LABEL, "client"), YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, reserve)},
		3, &made));
	return made;
}

/* The next number of CLIENT, or -1 with *RET_RV. */
static long long next(CK_OBJECT_HANDLE from, CK_RV *ret_rv)
{
	CK_OBJECT_HANDLE key = 0;
	uint8_t bytes[8] = {0};
	long long number = 0;
	CK_ATTRIBUTE a = {CKA_KEYDIV_TRANSACTION, bytes, 8};

	*ret_rv = f->C_DeriveKey(s, MECH(CKM_KEYDIV_ODUKPT_NEXT_KEY), from, NOTHING, &key);
	if (*ret_rv == CKR_OK)
		*ret_rv = f->C_GetAttributeValue(s, key, &a, 1);
	if (*ret_rv == CKR_OK)
		*ret_rv = f->C_DestroyObject(s, key);
	if (*ret_rv != CKR_OK)
		return -1;
	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

/*
 * --- Processes ---
 *
 * Each process initialises the module, finds the client and writes its numbers to a pipe.
 */

static CK_OBJECT_HANDLE start_over(void)
{
	CK_OBJECT_HANDLE found[2];

	if (f->C_Initialize(NULL) != CKR_OK)
		_exit(2);
	if (f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
		_exit(3);
	if (f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1) != CKR_OK)
		_exit(4);
	if (find(s, T(STR(CKA_LABEL, "client"), YES(CKA_TOKEN)), found, 2) != 1)
		_exit(5);
	return found[0];
}

static pid_t start_process(int steps, int *ret_pipe)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		CK_OBJECT_HANDLE c = start_over();
		for (int i = 0; i < steps; i++) {
			CK_RV rv;
			long long number = next(c, &rv);
			if (rv != CKR_OK)
				_exit(6);
			if (write(ends[1], &number, sizeof number) != sizeof number)
				_exit(7);
		}
		_exit(0);
	}
	close(ends[1]);
	*ret_pipe = ends[0];
	return child;
}

#define NUMBERS 100000
static bool seen[NUMBERS];
static unsigned given;

/* Take all numbers from the pipe: none may have been seen before. */
static void collect(int pipe_end)
{
	long long number;

	while (read(pipe_end, &number, sizeof number) == sizeof number) {
		ck_assert(number >= 0 && number < NUMBERS);
		ck_assert_msg(!seen[number], "number %lld was given twice", number);
		seen[number] = true;
		given++;
	}
	close(pipe_end);
}

static void from_processes(const char *shape, CK_ULONG reserve)
{
	pid_t children[4];
	int pipes[4], status;

	memset(seen, 0, sizeof seen);
	given = 0;
	CK_OBJECT_HANDLE c = client(shape, reserve);
	for (int i = 0; i < 4; i++)
		children[i] = start_process(25, &pipes[i]);
	for (int i = 0; i < 4; i++) {
		collect(pipes[i]);
		waitpid(children[i], &status, 0);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
			"a process ended with status %d", status);
	}
	ck_assert_uint_eq(given, 100);
	ok(f->C_DestroyObject(s, c));
}

START_TEST(four_processes_that_set_numbers_aside)
{
	from_processes(SHAPE_21_7, 7);
}
END_TEST

/* Kill processes at moments spread over their start and their steps. */
static void kill_them(CK_ULONG reserve, int kills)
{
	memset(seen, 0, sizeof seen);
	given = 0;
	unsigned random = 12345;
	CK_OBJECT_HANDLE c = client(SHAPE_21_7, reserve);

	for (int i = 0; i < kills; i++) {
		int ends, status;
		long long number;
		pid_t child = start_process(100000, &ends);
		/*
		 * After its first number, so that it is killed at work, and a while that is
		 * another each time.
		 */
		ck_assert_int_eq(read(ends, &number, sizeof number), sizeof number);
		ck_assert_msg(
			number < NUMBERS && !seen[number], "number %lld was given twice", number);
		seen[number] = true;
		random = random * 1103515245 + 12345;
		usleep(random >> 16 & 0x3fff);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		collect(ends);
	}
	ck_assert_uint_gt(given, 0);
	CK_RV rv;
	long long number = next(c, &rv);
	ck_assert_msg(rv == CKR_OK && !seen[number], "after all kills: %s, number %lld",
		name_of(rv), number);
}

START_TEST(a_kill_never_repeats_a_number_that_was_set_aside)
{
	kill_them(50, 10);
}
END_TEST

/* --- What others do --- */

static void destroy_it(void)
{
	if (f->C_Initialize(NULL) != CKR_OK ||
		f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) !=
			CKR_OK)
		_exit(2);
	if (f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1) != CKR_OK)
		_exit(3);
	CK_OBJECT_HANDLE c[1];
	if (find(s, T(STR(CKA_LABEL, "client"), YES(CKA_TOKEN)), c, 1) != 1)
		_exit(4);
	gives(CKR_OK, f->C_DestroyObject(s, c[0]));
}

START_TEST(a_client_destroyed_elsewhere_gives_nothing_more)
{
	CK_RV rv;
	CK_OBJECT_HANDLE c = client(SHAPE_5_5, 10);

	ck_assert_int_eq(next(c, &rv), 0);
	holds(in_child(destroy_it));
	next(c, &rv);
	gives(CKR_KEY_HANDLE_INVALID, rv);
}
END_TEST

static void initialise_it(void)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof label);
	if (f->C_Initialize(NULL) != CKR_OK)
		_exit(2);
	gives(CKR_OK, f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
}

static unsigned client_files(void)
{
	char command[700];
	unsigned n = 99;

	snprintf(command, sizeof command, "find '%s' -path '*/clients/*' -type f | wc -l",
		token_dir);
	FILE *in = popen(command, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%u", &n), 1);
	pclose(in);
	return n;
}

START_TEST(a_token_initialised_elsewhere_has_no_client_and_no_file)
{
	CK_RV rv;
	CK_OBJECT_HANDLE c = client(SHAPE_5_5, 10);

	ck_assert_int_eq(next(c, &rv), 0);
	holds(client_files() == 1);
	holds(in_child(initialise_it));
	next(c, &rv);
	gives(CKR_KEY_HANDLE_INVALID, rv);
	holds(client_files() == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("odukpt_reserve");
	TCase *processes = add_case(suite, "processes", user),
	      *others = add_case(suite, "others", user);

	tcase_add_test(processes, four_processes_that_set_numbers_aside);
	tcase_add_test(processes, a_kill_never_repeats_a_number_that_was_set_aside);
	tcase_add_test(others, a_client_destroyed_elsewhere_gives_nothing_more);
	tcase_add_test(others, a_token_initialised_elsewhere_has_no_client_and_no_file);
	return run(suite);
}
