/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_processes.c: several processes on one token: what one does the others see at their next
 * call; kill -9 at any time.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "harness.h"

static struct shared {
	volatile int step; /* taken in turns: even the parent's, odd the child's */
	volatile int number;
	volatile int results[64];
} * shared;

static void start(void)
{
	place();
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

static void in(void)
{
	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}

static void wait_for(int step)
{
	while (shared->step < step)
		usleep(1000);
}

static pid_t run_beside(void (*body)(void))
{
	pid_t child = fork();

	ck_assert(child >= 0);
	if (child == 0) {
		body();
		exit(0); /* a failed ok() has left with another status */
	}
	return child;
}

static void ended_well(pid_t child)
{
	int status = -1;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

#define must(condition)                                                                            \
	((condition) ? (void)0 : ck_abort_msg("in the other process: %s", #condition))

static void other_process(void)
{
	CK_OBJECT_HANDLE key = 0;
	CK_BBOOL off = CK_FALSE;

	in();
	shared->step = 1;
	wait_for(2); /* the parent has made a key */
	must(find(s, T(STR(CKA_LABEL, "common")), &key, 1) == 1);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_EncryptInit(s, NULL, 0));
	shared->step = 3;
	wait_for(4); /* it has taken ENCRYPT away and changed the label */
	must(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key) == CKR_KEY_FUNCTION_NOT_PERMITTED);
	must(get_bool(key, CKA_ENCRYPT) == off);
	must(find(s, T(STR(CKA_LABEL, "common")), NULL, 0) == 0);
	must(find(s, T(STR(CKA_LABEL, "renamed")), NULL, 0) == 1);
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_SignInit(s, NULL, 0));
	shared->step = 5;
	wait_for(6); /* it has destroyed it */
	must(f->C_SignInit(s, MECH(CKM_AES_CMAC), key) == CKR_KEY_HANDLE_INVALID);
	must(f->C_DestroyObject(s, key) == CKR_OBJECT_HANDLE_INVALID);
	must(find(s, T(STR(CKA_LABEL, "renamed")), NULL, 0) == 0);
	/* and the other way round */
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), STR(CKA_LABEL, "by the child")));
	shared->step = 7;
	ok(f->C_Finalize(NULL));
}

START_TEST(changes_are_seen_at_the_next_call)
{
	pid_t child = run_beside(other_process);
	CK_OBJECT_HANDLE key;

	in();
	wait_for(1);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), YES(CKA_SIGN), STR(CKA_LABEL, "common")));
	shared->step = 2;
	wait_for(3);
	ok(f->C_SetAttributeValue(s, key, T(NO(CKA_ENCRYPT), STR(CKA_LABEL, "renamed"))));
	shared->step = 4;
	wait_for(5);
	ok(f->C_DestroyObject(s, key));
	shared->step = 6;
	wait_for(7);
	holds(find(s, T(STR(CKA_LABEL, "by the child")), NULL, 0) == 1);
	ended_well(child);
}
END_TEST

static void derives_while_destroyed(void)
{
	CK_OBJECT_HANDLE master = 0, made;
	CK_RV rv = CKR_OK;
	int i;

	in();
	must(find(s, T(STR(CKA_LABEL, "master")), &master, 1) == 1);
	ok(derive_device(master, NOTHING, &made));
	shared->step = 1;
	for (i = 0; i < 2000000 && rv == CKR_OK; i++) {
		rv = derive_device(master, NOTHING, &made);
		if (rv == CKR_OK)
			ok(f->C_DestroyObject(s, made));
	}
	must(rv == CKR_KEY_HANDLE_INVALID);
	ok(f->C_Finalize(NULL));
}

START_TEST(a_destroyed_master_derives_no_more)
{
	pid_t child;

	in();
	CK_OBJECT_HANDLE master = import(
		CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_DERIVE), STR(CKA_LABEL, "master")));
	ok(f->C_Finalize(NULL));
	child = run_beside(derives_while_destroyed);
	wait_for(1);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "master")), &master, 1), 1);
	ok(f->C_DestroyObject(s, master));
	ended_well(child);
}
END_TEST

static void guesses(void)
{
	int i, me = __sync_fetch_and_add(&shared->number, 1);

	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	shared->results[2 * me] = shared->results[2 * me + 1] = 0;
	for (i = 0; i < 6; i++) {
		CK_RV rv = f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5);

		must(rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED);
		shared->results[2 * me + (rv == CKR_PIN_LOCKED)]++;
	}
	ok(f->C_Finalize(NULL));
}

START_TEST(ten_tries_over_all_processes)
{
	pid_t child[3];
	int i, incorrect = 0;

	for (i = 0; i < 3; i++)
		child[i] = run_beside(guesses);
	for (i = 0; i < 3; i++)
		ended_well(child[i]);
	for (i = 0; i < 3; i++)
		incorrect += shared->results[2 * i];
	holds(incorrect == 9 || incorrect == 10);
	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
}
END_TEST

static void makes_many(void)
{
	int i;

	in();
	for (i = 0; i < 12; i++)
		import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), STR(CKA_LABEL, "many")));
	ok(f->C_Finalize(NULL));
}

START_TEST(all_make_keys_at_once)
{
	pid_t child[3];
	int i;

	for (i = 0; i < 3; i++)
		child[i] = run_beside(makes_many);
	for (i = 0; i < 3; i++)
		ended_well(child[i]);
	in();
	holds(find(s, T(STR(CKA_LABEL, "many")), NULL, 0) == 36);
}
END_TEST

static void makes_until_killed(void)
{
	in();
	shared->step = 1;
	while (shared->number < 300) {
		import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), READABLE, STR(CKA_LABEL, "durable")));
		shared->number++; /* C_CreateObject has returned: this key must exist afterwards */
	}
	for (;;)
		pause();
}

START_TEST(killed_while_making_keys)
{
	CK_OBJECT_HANDLE keys[2048];
	CK_ULONG n, i, said = 0;
	int round;

	for (round = 0; round < 6; round++) {
		pid_t child;
		int status;

		shared->step = 0;
		shared->number = 0;
		child = run_beside(makes_until_killed);
		wait_for(1);
		usleep((useconds_t)(5000 + 7919 * round));
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		ck_assert(WIFSIGNALED(status));
		said += (CK_ULONG)shared->number;
	}
	in();
	n = find(s, T(STR(CKA_LABEL, "durable")), keys, 2048);
	holds(n >= said &&
		n <= said + 6); /* each that was said to be made, and at most the one under way */
	for (i = 0; i < n; i++)
		value_is(keys[i], "2b7e151628aed2a6abf7158809cf4f3c");
	import(CKK_AES, mk, 16, T(YES(CKA_TOKEN))); /* no lock was left behind */
}
END_TEST

static void initializes_token(void)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof label);
	open_library();
	wait_for(2);
	ok(f->C_Initialize(NULL));
	ok(f->C_InitToken(0, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	ok(f->C_Finalize(NULL));
	shared->step = 3;
}

START_TEST(initialized_by_another_process)
{
	/* The other's C_InitToken takes everything away under our feet: codes, no old keys. */
	pid_t child = run_beside(initializes_token);
	CK_OBJECT_HANDLE key, made;
	CK_RV rv;

	in();
	key = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), STR(CKA_LABEL, "old")));
	shared->step = 2;
	wait_for(3);
	ended_well(child);
	holds(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key) != CKR_OK);
	rv = try_import(CKK_AES, mk, 16, T(YES(CKA_TOKEN)), &made);
	holds(rv != CKR_OK); /* it would be sealed under a key nobody has */
	ok(f->C_Finalize(NULL));
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	holds(find(s, T(CLASS(CKO_SECRET_KEY)), NULL, 0) == 0);
}
END_TEST

static void sets_pin(void)
{
	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	ok(f->C_InitPIN(s, (CK_UTF8CHAR_PTR) "5678", 4));
	ok(f->C_Finalize(NULL));
}

START_TEST(a_new_pin_by_another_process)
{
	pid_t child = run_beside(sets_pin);

	ended_well(child);
	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "5678", 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("processes");
	TCase *tc = add_case(suite, "processes", start);

	tcase_add_test(tc, changes_are_seen_at_the_next_call);
	tcase_add_test(tc, a_destroyed_master_derives_no_more);
	tcase_add_test(tc, ten_tries_over_all_processes);
	tcase_add_test(tc, all_make_keys_at_once);
	tcase_add_test(tc, killed_while_making_keys);
	tcase_add_test(tc, initialized_by_another_process);
	tcase_add_test(tc, a_new_pin_by_another_process);
	return run(suite);
}
