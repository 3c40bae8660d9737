/* SPDX-License-Identifier: Apache-2.0 */
/* test_threads.c: threads with a session each work at once, on shared token objects too. */
#include <pthread.h>
#include <stdatomic.h>

#include "harness.h"

#define THREADS 4
#define ROUNDS 150

static CK_OBJECT_HANDLE master, mac_key;
static _Atomic int wrong;
static uint8_t expected_mac[16];

/* Check's own macros are not for threads: count instead. */
#define must(condition) ((condition) ? (void)0 : (void)atomic_fetch_add(&wrong, 1))

static void in_threads(void *(*body)(void *))
{
	pthread_t thread[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, body, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_int_eq(wrong, 0);
}

static void keys(void)
{
	CK_ULONG n = 16;

	user();
	master = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), OPEN_MASTER));
	mac_key = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_SIGN), YES(CKA_VERIFY)));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), mac_key));
	ok(f->C_Sign(s, (CK_BYTE_PTR) "message", 7, expected_mac, &n));
}

static void *derive_and_use(void *arg)
{
	static const uint8_t expected[16] = {0x27, 0x59, 0xdd, 0x43, 0x61, 0xd7, 0x97, 0x9a, 0x96,
		0xa5, 0xc2, 0x36, 0x92, 0xcd, 0x55, 0x55};
	CK_SESSION_HANDLE mine;
	KEYDIV_PARAMETER p;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");
	CK_OBJECT_HANDLE key;
	uint8_t value[16], mac[16];
	CK_ATTRIBUTE a = {CKA_VALUE, value, 16};
	CK_ULONG n;
	int i;

	(void)arg;
	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) ==
		CKR_OK);
	for (i = 0; i < ROUNDS; i++) {
		must(f->C_DeriveKey(mine, &m, master, T(READABLE), &key) == CKR_OK);
		must(f->C_GetAttributeValue(mine, key, &a, 1) == CKR_OK &&
			memcmp(value, expected, 16) == 0);
		n = 16;
		must(f->C_SignInit(mine, MECH(CKM_AES_CMAC), mac_key) == CKR_OK);
		must(f->C_Sign(mine, (CK_BYTE_PTR) "message", 7, mac, &n) == CKR_OK &&
			memcmp(mac, expected_mac, 16) == 0);
		must(f->C_DestroyObject(mine, key) == CKR_OK);
		must(f->C_DestroyObject(mine, key) == CKR_OBJECT_HANDLE_INVALID);
	}
	must(f->C_CloseSession(mine) == CKR_OK);
	return NULL;
}

START_TEST(deriving_and_signing_at_once)
{
	in_threads(derive_and_use);
}
END_TEST

static void *make_find_destroy(void *arg)
{
	CK_ULONG me = (CK_ULONG)(uintptr_t)arg;
	CK_SESSION_HANDLE mine;
	CK_OBJECT_HANDLE key, found[4];
	CK_ULONG n;
	int i;

	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) ==
		CKR_OK);
	for (i = 0; i < 6; i++) {
		must(f->C_CreateObject(mine,
			     T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), YES(CKA_TOKEN),
				     RAW(CKA_ID, &me, 8)),
			     &key) == CKR_OK);
		must(f->C_FindObjectsInit(mine, T(RAW(CKA_ID, &me, 8))) == CKR_OK);
		must(f->C_FindObjects(mine, found, 4, &n) == CKR_OK && n == 1 && found[0] == key);
		must(f->C_FindObjectsFinal(mine) == CKR_OK);
		must(f->C_DestroyObject(mine, key) == CKR_OK);
	}
	must(f->C_CloseSession(mine) == CKR_OK);
	return NULL;
}

START_TEST(token_objects_at_once)
{
	in_threads(make_find_destroy);
	holds(find(s, NOTHING, NULL, 0) >= 2);
	holds(find(s, T(YES(CKA_TOKEN), CLASS(CKO_SECRET_KEY)), NULL, 0) == 2);
}
END_TEST

static CK_OBJECT_HANDLE targets[ROUNDS];
static _Atomic int destroyed;

static void *destroy_all(void *arg)
{
	CK_SESSION_HANDLE mine;
	int i;

	(void)arg;
	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) ==
		CKR_OK);
	for (i = 0; i < ROUNDS; i++) {
		CK_RV rv = f->C_DestroyObject(mine, targets[i]);

		must(rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID);
		if (rv == CKR_OK)
			atomic_fetch_add(&destroyed, 1);
		must(f->C_SignInit(mine, MECH(CKM_AES_CMAC), targets[i]) == CKR_KEY_HANDLE_INVALID);
	}
	must(f->C_CloseSession(mine) == CKR_OK);
	return NULL;
}

START_TEST(an_object_is_destroyed_once)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		targets[i] = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));
	in_threads(destroy_all);
	ck_assert_int_eq(destroyed, ROUNDS);
}
END_TEST

static _Atomic int incorrect, locked;

static void *guess(void *arg)
{
	CK_SESSION_HANDLE mine;
	int i;

	(void)arg;
	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &mine) == CKR_OK);
	for (i = 0; i < 5; i++) {
		CK_RV rv = f->C_Login(mine, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5);

		must(rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED);
		atomic_fetch_add(rv == CKR_PIN_LOCKED ? &locked : &incorrect, 1);
	}
	return NULL;
}

START_TEST(ten_tries_over_all_threads)
{
	in_threads(guess);
	/* The tenth wrong try may itself be answered with either code. */
	holds(incorrect <= 10 && incorrect >= 9);
	holds(incorrect + locked == THREADS * 5);
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
}
END_TEST

static void *open_close(void *arg)
{
	CK_SESSION_HANDLE mine;
	CK_SESSION_INFO info;
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		must(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &mine) == CKR_OK);
		must(f->C_GetSessionInfo(mine, &info) == CKR_OK &&
			info.state == CKS_RO_USER_FUNCTIONS);
		must(f->C_CloseSession(mine) == CKR_OK);
		must(f->C_GetSessionInfo(mine, &info) == CKR_SESSION_HANDLE_INVALID);
	}
	return NULL;
}

START_TEST(sessions_open_and_close_at_once)
{
	in_threads(open_close);
}
END_TEST

static void *use_while_logged_out(void *arg)
{
	CK_SESSION_HANDLE mine;
	int i;

	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) ==
		CKR_OK);
	for (i = 0; i < 60; i++) {
		uint8_t mac[16];
		CK_ULONG n = 16;
		CK_RV rv;

		if (arg == NULL) { /* the first thread logs out and in */
			if (i % 20 == 0) {
				rv = f->C_Logout(mine);
				must(rv == CKR_OK || rv == CKR_USER_NOT_LOGGED_IN);
				must(f->C_Login(mine, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4) ==
					CKR_OK);
			}
			continue;
		}
		/* The logout may come before the key is found, or between that and its loading. */
		rv = f->C_SignInit(mine, MECH(CKM_AES_CMAC), mac_key);
		must(rv == CKR_OK || rv == CKR_KEY_HANDLE_INVALID || rv == CKR_USER_NOT_LOGGED_IN);
		if (rv == CKR_USER_NOT_LOGGED_IN)
			continue;
		if (rv == CKR_OK)
			rv = f->C_Sign(mine, (CK_BYTE_PTR) "message", 7, mac, &n);
		must(rv == CKR_OK || rv == CKR_KEY_HANDLE_INVALID ||
			rv == CKR_OPERATION_NOT_INITIALIZED);
		must(rv != CKR_OK || memcmp(mac, expected_mac, 16) == 0);
	}
	return NULL;
}

START_TEST(logout_under_other_threads)
{
	in_threads(use_while_logged_out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("threads");
	TCase *tc = add_case(suite, "threads", keys), *out = add_case(suite, "logged out", session);

	tcase_add_test(tc, deriving_and_signing_at_once);
	tcase_add_test(tc, token_objects_at_once);
	tcase_add_test(tc, an_object_is_destroyed_once);
	tcase_add_test(tc, sessions_open_and_close_at_once);
	tcase_add_test(tc, logout_under_other_threads);
	tcase_add_test(out, ten_tries_over_all_threads);
	return run(suite);
}
