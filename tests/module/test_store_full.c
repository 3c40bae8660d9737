/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_full.c: a store that cannot be written: full, or read-only: a code,
 * and nothing half-written.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "odukpt.h"

static struct rlimit unlimited;

/* No file may grow beyond what the database is now: the disk is full. */
static void fill_disk(void)
{
	struct stat st;
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(stat(database(), &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	limit = unlimited;
	limit.rlim_cur = (rlim_t)st.st_size;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void empty_disk(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
}

static bool refused(CK_RV rv)
{
	return expect_rv(
		CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY, rv, "on a full disk", __FILE__, __LINE__);
}

START_TEST(no_object_on_a_full_disk)
{
	static uint8_t big[4000];
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16,
				 T(YES(CKA_TOKEN), YES(CKA_DERIVE), STR(CKA_LABEL, "master"))),
			 data;
	CK_ULONG before = find(s, NOTHING, NULL, 0);
	CK_RV rv = CKR_OK;
	int i;

	fill_disk();
	for (i = 0; i < 300 && rv == CKR_OK; i++) /* what is free in the file may still be used */
		rv = f->C_CreateObject(s,
			T(CLASS(CKO_DATA), YES(CKA_TOKEN), RAW(CKA_VALUE, big, sizeof big)), &data);
	refused(rv);
	before += (CK_ULONG)(i - 1);
	for (i = 0, rv = CKR_OK; i < 300 && rv == CKR_OK; i++)
		rv = derive_device(master, T(YES(CKA_TOKEN), RAW(CKA_LABEL, big, 2000)), &made);
	refused(rv);
	before += (CK_ULONG)(i - 1);
	holds(find(s, NOTHING, NULL, 0) == before);
	ok(derive_device(master, NOTHING, &made)); /* what needs no store goes on */
	empty_disk();
	holds(find(s, NOTHING, NULL, 0) == before + 1);
	ok(derive_device(master, T(YES(CKA_TOKEN)), &made));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, NOTHING, NULL, 0) == before + 1);
}
END_TEST

START_TEST(no_attribute_on_a_full_disk)
{
	static uint8_t big[4000];
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), YES(CKA_SIGN), STR(CKA_LABEL, "old")));
	uint8_t label[8];

	fill_disk();
	refused(f->C_SetAttributeValue(s, key, T(RAW(CKA_LABEL, big, 4000), NO(CKA_ENCRYPT))));
	holds(get_bool(key, CKA_ENCRYPT));
	holds(get_bytes(key, CKA_LABEL, label, 8) == 3 && memcmp(label, "old", 3) == 0);
	empty_disk();
	ok(f->C_SetAttributeValue(s, key, T(RAW(CKA_LABEL, big, 4000), NO(CKA_ENCRYPT))));
	holds(!get_bool(key, CKA_ENCRYPT));
}
END_TEST

START_TEST(no_number_on_a_full_disk)
{
	/* A step that cannot be made durable gives no key; afterwards no number comes twice. */
	CK_OBJECT_HANDLE state = client(3, 3, true), new_client;
	struct rlimit limit;
	uint64_t last;
	CK_RV rv;

	ok(next(state, NOTHING));
	last = number_of(made, CKA_KEYDIV_TRANSACTION);
	new_client = initial_key(3, 3);
	fill_disk();
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	made = 0xABCD;
	rv = next(state, NOTHING);
	refused(rv);
	holds(made == 0xABCD);
	keydiv_start(&p);
	shape(3, 3);
	refused(derive(CKM_KEYDIV_ODUKPT_CLIENT, new_client, T(YES(CKA_TOKEN))));
	holds(made == 0xABCD);
	empty_disk();
	ok(next(state, NOTHING));
	holds(number_of(made, CKA_KEYDIV_TRANSACTION) > last);
}
END_TEST

/* A service that is restarted on a full disk logs in, and can then free room. */
START_TEST(login_on_a_full_disk)
{
	struct rlimit limit = {0};
	CK_OBJECT_HANDLE key =
		import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), STR(CKA_LABEL, "key")));

	ok(f->C_Finalize(NULL));
	fill_disk();
	limit = unlimited;
	limit.rlim_cur = 4096; /* no file may have a byte more than the file of tries has */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "key")), &key, 1) == 1);
	empty_disk();
	ok(f->C_DestroyObject(s, key));
}
END_TEST

START_TEST(a_read_only_token)
{
	CK_TOKEN_INFO info;
	CK_UTF8CHAR label[32];
	CK_OBJECT_HANDLE key;
	char tries[600];
	CK_RV rv;

	snprintf(tries, sizeof tries, "%s/slot-%lu/token.tries", token_dir, slot);
	memset(label, ' ', sizeof label);
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_ENCRYPT), STR(CKA_LABEL, "public")));
	ok(f->C_Finalize(NULL));
	ck_assert_int_eq(chmod(database(), 0400), 0);
	ck_assert_int_eq(chmod(tries, 0400), 0);
	ok(f->C_Initialize(NULL));
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.flags & CKF_WRITE_PROTECTED);
	holds(info.flags & CKF_TOKEN_INITIALIZED);
	gives(CKR_TOKEN_WRITE_PROTECTED,
		f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	gives_either(CKR_TOKEN_WRITE_PROTECTED, CKR_OK, rv);
	s = open_session(0);
	holds(find(s, T(STR(CKA_LABEL, "public")), NULL, 0) == 1);
	/* The file of tries can be read only, too: this process counts in its memory. */
	for (int i = 0; i < 9; i++)
		gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.flags & CKF_USER_PIN_FINAL_TRY);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "public")), &key, 1) == 1);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	gives(CKR_SESSION_READ_ONLY, f->C_DestroyObject(s, key));
	ok(f->C_Logout(s));
	for (int i = 0; i < 10; i++)
		gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	gives(CKR_PIN_LOCKED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	ok(f->C_Finalize(NULL));
	ck_assert_int_eq(chmod(tries, 0600), 0);
	ck_assert_int_eq(chmod(database(), 0600), 0);
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	login(CKU_USER);
}
END_TEST

/* Mount the token directory on itself, read-only, for this process alone. False: not allowed. */
static bool mount_read_only(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(token_dir, token_dir, NULL, MS_BIND | MS_REC, NULL) == 0 &&
	       mount(NULL, token_dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
}

START_TEST(a_read_only_mount)
{
	CK_TOKEN_INFO info;
	CK_OBJECT_HANDLE key =
		import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), STR(CKA_LABEL, "key")));

	ok(f->C_Finalize(NULL));
	if (!mount_read_only())
		return; /* a_read_only_token has tried it in the other way */
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
	login(CKU_USER);
	ok(f->C_GetTokenInfo(slot, &info));
	holds(info.flags & CKF_WRITE_PROTECTED);
	holds(find(s, T(STR(CKA_LABEL, "key")), &key, 1) == 1);
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Finalize(NULL));

	write_conf("read-only-login = no\n");
	ok(f->C_Initialize(NULL));
	s = open_session(0);
	gives(CKR_TOKEN_WRITE_PROTECTED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4));
	gives(CKR_TOKEN_WRITE_PROTECTED, f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR) "wrong", 5));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store full");
	TCase *tc = add_case(suite, "full", start);

	tcase_add_test(tc, no_object_on_a_full_disk);
	tcase_add_test(tc, no_attribute_on_a_full_disk);
	tcase_add_test(tc, no_number_on_a_full_disk);
	tcase_add_test(tc, login_on_a_full_disk);
	tcase_add_test(tc, a_read_only_token);
	tcase_add_test(tc, a_read_only_mount);
	return run(suite);
}
