/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_session.c: sessions: handles, states, what a logout and a close end, what a
 * forked child keeps.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "token/token_login.h"
#include "token_support.h"

static CK_STATE state_of(CK_SESSION_HANDLE handle)
{
	CK_STATE state = 99;

	ck_ok(IN(handle, (state = session_state(s), CKR_OK)));
	return state;
}

START_TEST(a_handle_is_of_one_session_only)
{
	CK_SESSION_HANDLE one = open_session_of(token, false), two;

	ck_rv(IN(0, CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_rv(IN(one + 1, CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_rv(IN(one + (1 << 16), CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_rv(IN(one & 0xffff, CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_ok(session_close(one));
	ck_rv(IN(one, CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_rv(session_close(one), CKR_SESSION_HANDLE_INVALID);
	two = open_session_of(token, false);
	ck_assert_uint_ne(one, two);
	ck_rv(IN(one, CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_ok(IN(two, CKR_OK));
}
END_TEST

START_TEST(no_handle_comes_again_after_a_restart)
{
	CK_SESSION_HANDLE before[4], after;

	for (int i = 0; i < 4; i++)
		before[i] = open_session_of(token, true);
	sessions_stop();
	ck_rv(IN(before[0], CKR_OK), CKR_SESSION_HANDLE_INVALID);
	ck_ok(sessions_start());
	for (int i = 0; i < 8; i++) {
		after = open_session_of(token, true);
		for (int k = 0; k < 4; k++)
			ck_assert_uint_ne(after, before[k]);
		ck_assert_uint_ne(after, rw);
	}
}
END_TEST

START_TEST(states_and_rights_follow_the_login)
{
	CK_SESSION_HANDLE ro = open_session_of(token, false);

	ck_assert_uint_eq(state_of(ro), CKS_RO_PUBLIC_SESSION);
	ck_assert_uint_eq(state_of(rw), CKS_RW_PUBLIC_SESSION);
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_assert_uint_eq(state_of(ro), CKS_RO_USER_FUNCTIONS);
	ck_assert_uint_eq(state_of(rw), CKS_RW_USER_FUNCTIONS);
	ck_ok(IN(
		ro, session_rights(s).user && !session_rights(s).so && !session_rights(s).read_write
			    ? CKR_OK
			    : CKR_CANCEL));
	ck_ok(sessions_logout(token));
	ck_ok(session_close(ro));
	ck_ok(token_login(token, CKU_SO, PIN("so-pin")));
	ck_assert_uint_eq(state_of(rw), CKS_RW_SO_FUNCTIONS);
	ck_ok(IN(rw, !session_rights(s).user && session_rights(s).so && session_rights(s).read_write
			     ? CKR_OK
			     : CKR_CANCEL));
}
END_TEST

START_TEST(counting)
{
	CK_ULONG all, writing;
	CK_SESSION_HANDLE ro = open_session_of(token, false);

	sessions_count(token, &all, &writing);
	ck_assert_uint_eq(all, 2);
	ck_assert_uint_eq(writing, 1);
	ck_ok(session_close(ro));
	sessions_count(token, &all, &writing);
	ck_assert_uint_eq(all, 1);
	ck_assert_uint_eq(writing, 1);
	sessions_close_all(token);
	sessions_count(token, &all, &writing);
	ck_assert_uint_eq(all + writing, 0);
}
END_TEST

START_TEST(the_last_close_logs_out)
{
	CK_SESSION_HANDLE ro = open_session_of(token, false);

	ck_ok(session_close(rw));
	ck_assert_int_eq(token_login_state(token), LOGIN_USER);
	ck_ok(session_close(ro));
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
}
END_TEST

static void *open_elsewhere(void *ret_handle)
{
	*(CK_SESSION_HANDLE *)ret_handle = open_session_of(token, false);
	return NULL;
}

START_TEST(a_session_that_another_thread_has_opened_keeps_the_login)
{
	CK_SESSION_HANDLE others[3];
	CK_ULONG all, writing;

	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		ck_assert_int_eq(pthread_create(&thread, NULL, open_elsewhere, &others[i]), 0);
		pthread_join(thread, NULL);
	}
	sessions_count(token, &all, &writing);
	ck_assert_uint_eq(all, 4);
	ck_assert_uint_eq(writing, 1);
	ck_ok(session_close(rw));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(token_login_state(token), LOGIN_USER);
		ck_ok(session_close(others[i]));
	}
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
}
END_TEST

START_TEST(closing_takes_the_session_s_objects_and_no_other_s)
{
	CK_SESSION_HANDLE other = open_session_of(token, false);
	CK_OBJECT_HANDLE mine = make(rw, T(AES_MK)), theirs = make(other, T(AES_MK));

	ck_ok(look(rw, theirs));
	ck_ok(session_close(other));
	ck_rv(look(rw, theirs), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(look(rw, mine));
}
END_TEST

/* Everything that depends on who is logged in: a search, an operation, cached keys. */
START_TEST(a_logout_ends_what_sessions_were_at)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_ENCRYPT)));
	uint8_t block[16] = "a block of bytes", out[16];
	CK_ULONG n = sizeof out;
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};

	ck_ok(IN(rw, encrypt_init(s, &ecb, key)));
	ck_ok(IN(rw, search_begin(s, NOTHING)));
	ck_ok(sessions_logout(token));
	ck_rv(IN(rw, encrypt_update(s, block, 16, out, &n)), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(IN(rw, search_next(s, &key, 1, &n)), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(IN(rw, s->keys.last == NULL ? CKR_OK : CKR_CANCEL));
}
END_TEST

START_TEST(a_login_ends_nothing)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_ENCRYPT), NO(CKA_PRIVATE)));
	uint8_t block[16] = "a block of bytes", out[16];
	CK_ULONG n = sizeof out;
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};

	ck_ok(IN(rw, encrypt_init(s, &ecb, key)));
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_ok(IN(rw, encrypt_update(s, block, 16, out, &n)));
	ck_ok(IN(rw, encrypt_final(s, out, &n)));
}
END_TEST

/*
 * An operation that began before a logout must not continue after the next login, even if the
 * session was not used between.
 */
START_TEST(a_logout_and_a_login_between_two_calls_are_noticed)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_ENCRYPT), NO(CKA_PRIVATE)));
	uint8_t block[16] = "a block of bytes", out[16];
	CK_ULONG n = sizeof out;
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
	uint64_t login;

	ck_ok(IN(rw, encrypt_init(s, &ecb, key)));
	ck_assert(token_forget_login(token, &login));
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_rv(IN(rw, encrypt_update(s, block, 16, out, &n)), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(scratch_keys_are_made_once)
{
	struct key *first = NULL;

	ck_ok(IN(rw, session_scratch(s)));
	ck_ok(IN(rw, (first = s->scratch[0], CKR_OK)));
	ck_assert_ptr_nonnull(first);
	ck_ok(IN(rw, session_scratch(s)));
	ck_ok(IN(rw, s->scratch[0] == first && s->scratch[1] != NULL && s->scratch[1] != first
			     ? CKR_OK
			     : CKR_CANCEL));
}
END_TEST

/* A forked child must hold none of the parent's keys, not even in operations and parameters. */
START_TEST(a_forked_child_keeps_no_schedules_of_operations)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_ENCRYPT), YES(CKA_SIGN)));
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0}, cmac = {CKM_AES_CMAC, NULL, 0};
	struct session *held;

	ck_ok(IN(rw, encrypt_init(s, &ecb, key)));
	ck_ok(IN(rw, sign_init(s, &cmac, key)));
	ck_ok(session_enter(rw, &held));
	memcpy(held->parameter, "a password", 10);
	session_leave(held);
	ck_assert_uint_ne(key_length(held->keys.last->key), 0);
	sessions_before_fork();
	sessions_forked(); /* as the child has it called; here it may be called in the parent too */
	ck_assert_uint_eq(held->keys.entries[0].object.flags, 0);
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++)
		ck_assert(held->keys.entries[i].key == NULL ||
			  key_length(held->keys.entries[i].key) == 0);
	ck_assert_mem_eq(held->parameter, "\0\0\0\0\0\0\0\0\0", 10);
	uint8_t block[16] = {0}, out[16];
	CK_ULONG n = sizeof out;
	ck_rv(IN(rw, encrypt_update(s, block, 16, out, &n)), CKR_OPERATION_NOT_INITIALIZED);
	ck_rv(IN(rw, sign_final(s, out, &n)), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

/* Another thread may be changing the keys of a session that is in a call. */
START_TEST(a_forked_child_leaves_a_session_in_a_call_alone)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_SIGN)));
	CK_MECHANISM cmac = {CKM_AES_CMAC, NULL, 0};
	struct session *held;
	uint8_t out[16];
	CK_ULONG n = sizeof out;

	ck_ok(IN(rw, sign_init(s, &cmac, key)));
	ck_ok(session_enter(rw, &held));
	memcpy(held->parameter, "a password", 10);
	sessions_before_fork();
	sessions_forked();
	ck_assert_uint_eq(key_length(held->keys.last->key), 16);
	ck_assert_mem_eq(held->parameter, "\0\0\0\0\0\0\0\0\0", 10);
	session_leave(held);
	ck_ok(IN(rw, sign_final(s, out, &n)));
}
END_TEST

/* The parent goes on as if nothing had happened. */
START_TEST(a_fork_leaves_the_sessions_of_the_parent)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_SIGN)));
	CK_MECHANISM cmac = {CKM_AES_CMAC, NULL, 0};
	uint8_t out[16];
	CK_ULONG n = sizeof out;

	ck_ok(IN(rw, sign_init(s, &cmac, key)));
	sessions_before_fork();
	sessions_after_fork();
	ck_ok(IN(rw, sign_final(s, out, &n)));
	sessions_after_fork(); /* a handler of the host program may have ended the wait before */
	ck_ok(IN(rw, CKR_OK));
}
END_TEST

static _Atomic int stop;

static void *open_and_close(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		CK_SESSION_HANDLE handle = 0;
		if (session_open(token, true, &handle) != CKR_OK || IN(handle, CKR_OK) != CKR_OK ||
			session_close(handle) != CKR_OK)
			return "failed";
	}
	return NULL;
}

START_TEST(threads_open_and_close_beside_each_other)
{
	pthread_t threads[4];
	CK_ULONG all, writing;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
	for (int i = 0; i < 200; i++) {
		CK_SESSION_HANDLE handle = open_session_of(token, false);
		sessions_reset(token);
		ck_ok(session_close(handle));
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 4; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	sessions_count(token, &all, &writing);
	ck_assert_uint_eq(all, 1);
	ck_assert_uint_eq(writing, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *out = tcase_create("logged out"), *in = tcase_create("logged in");

	tcase_add_checked_fixture(out, ready_token, tear_down);
	tcase_add_checked_fixture(in, user_token, tear_down);
	tcase_add_test(out, a_handle_is_of_one_session_only);
	tcase_add_test(out, no_handle_comes_again_after_a_restart);
	tcase_add_test(out, states_and_rights_follow_the_login);
	tcase_add_test(out, counting);
	tcase_add_test(in, the_last_close_logs_out);
	tcase_add_test(in, a_session_that_another_thread_has_opened_keeps_the_login);
	tcase_add_test(in, closing_takes_the_session_s_objects_and_no_other_s);
	tcase_add_test(in, a_logout_ends_what_sessions_were_at);
	tcase_add_test(out, a_login_ends_nothing);
	tcase_add_test(in, a_logout_and_a_login_between_two_calls_are_noticed);
	tcase_add_test(out, scratch_keys_are_made_once);
	tcase_add_test(in, a_forked_child_keeps_no_schedules_of_operations);
	tcase_add_test(in, a_forked_child_leaves_a_session_in_a_call_alone);
	tcase_add_test(in, a_fork_leaves_the_sessions_of_the_parent);
	tcase_add_test(out, threads_open_and_close_beside_each_other);
	suite_add_tcase(suite, out);
	suite_add_tcase(suite, in);
	return run_suite(suite);
}
