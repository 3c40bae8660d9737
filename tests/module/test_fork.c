/* SPDX-License-Identifier: Apache-2.0 */
/* test_fork.c: after fork the child is another application, and the parent does not notice. */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "functions.h"

static CK_OBJECT_HANDLE session_key, token_key;
static CK_SESSION_HANDLE parents;
static uint8_t *shared; /* seen by parent and children */

static void make_objects(void)
{
	user();
	parents = s;
	session_key = import(
		CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), NO(CKA_PRIVATE), STR(CKA_LABEL, "session")));
	token_key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), YES(CKA_PRIVATE), STR(CKA_LABEL, "token")));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

static void everything_is_closed(void)
{
	const CK_ULONG arguments[10] = {parents};
	size_t i;

	for (i = 0; i < FUNCTION_COUNT; i++) {
		const char *name = functions[i].name;
		CK_RV rv;

		if (strcmp(name, "C_Initialize") == 0 || strcmp(name, "C_GetFunctionList") == 0 ||
			strncmp(name, "C_GetInterface", 14) == 0)
			continue;
		rv = call(i, arguments);
		expect_rv(CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, rv, name,
			__FILE__, __LINE__);
	}
}

static void starts_over(void)
{
	CK_SESSION_INFO info;
	uint8_t block[16];
	CK_ULONG n = sizeof block;

	ok(f->C_Initialize(NULL));
	gives(CKR_SESSION_HANDLE_INVALID, f->C_GetSessionInfo(parents, &info));
	s = open_session(CKF_RW_SESSION);
	ok(f->C_GetSessionInfo(s, &info));
	holds(info.state == CKS_RW_PUBLIC_SESSION);
	gives(CKR_USER_NOT_LOGGED_IN, f->C_Logout(s));
	holds(find(s, T(STR(CKA_LABEL, "session")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "token")), NULL, 0) == 0);
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), session_key));
	gives(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "session")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "token")), &token_key, 1) == 1);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
	ok(f->C_Encrypt(s, block, 16, block, &n));
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), STR(CKA_LABEL, "by the child")));
	ok(f->C_Finalize(NULL));
}

static void the_parent_goes_on(void)
{
	CK_SESSION_INFO info;
	uint8_t block[16] = {0};
	CK_ULONG n = sizeof block;

	ok(f->C_GetSessionInfo(s, &info));
	holds(info.state == CKS_RW_USER_FUNCTIONS);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), session_key));
	ok(f->C_Encrypt(s, block, 16, block, &n));
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), token_key));
	ok(f->C_Encrypt(s, block, 16, block, &n));
}

START_TEST(the_child_must_initialize)
{
	in_child(everything_is_closed);
	the_parent_goes_on();
}
END_TEST

START_TEST(the_child_starts_over)
{
	in_child(starts_over);
	the_parent_goes_on();
	holds(find(s, T(STR(CKA_LABEL, "by the child")), NULL, 0) == 1);
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), STR(CKA_LABEL, "by the parent")));
}
END_TEST

static void ends(void)
{
	exit(0); /* with the parent's module in memory: no crash, nothing touched */
}

START_TEST(the_child_may_end_at_once)
{
	in_child(ends);
	the_parent_goes_on();
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT)));
}
END_TEST

static int turn;

static void draws(void)
{
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	ok(f->C_GenerateRandom(s, shared + 32 * turn, 32));
	ok(f->C_Finalize(NULL));
}

START_TEST(random_numbers_differ)
{
	static const uint8_t none[32];
	int i, j;

	for (turn = 0; turn < 4; turn++) {
		in_child(draws);
	}
	ok(f->C_GenerateRandom(s, shared + 4 * 32, 32));
	for (i = 0; i < 5; i++) {
		holds(memcmp(shared + 32 * i, none, 32) != 0);
		for (j = 0; j < i; j++)
			holds(memcmp(shared + 32 * i, shared + 32 * j, 32) != 0);
	}
}
END_TEST

static void grandchild(void)
{
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	parents = s;
	in_child(everything_is_closed);
	ok(f->C_Finalize(NULL));
}

START_TEST(a_child_that_initialized_may_fork_again)
{
	in_child(grandchild);
	the_parent_goes_on();
}
END_TEST

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Generation N of a chain, in which each uses the token and begets the next. */
static void live_and_fork(int n)
{
	int status = 0;

	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT)));
	((int *)shared)[n] = open_files();
	if (n == 6)
		return;
	pid_t child = fork();
	if (child == 0) {
		live_and_fork(n + 1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	holds(status == 0);
}

START_TEST(a_chain_of_forks_leaks_no_files)
{
	int *files = (int *)shared;

	ok(f->C_Finalize(NULL));
	live_and_fork(0);
	for (int n = 1; n <= 6; n++)
		ck_assert_int_eq(files[n], files[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fork");
	TCase *tc = add_case(suite, "fork", make_objects);

	tcase_add_test(tc, the_child_must_initialize);
	tcase_add_test(tc, the_child_starts_over);
	tcase_add_test(tc, the_child_may_end_at_once);
	tcase_add_test(tc, random_numbers_differ);
	tcase_add_test(tc, a_child_that_initialized_may_fork_again);
	tcase_add_test(tc, a_chain_of_forks_leaks_no_files);
	return run(suite);
}
