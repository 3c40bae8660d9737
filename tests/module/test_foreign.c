/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign.c: masters in the token of another module, through the functions of keydiv: login,
 * logout, sessions, fork, threads, loss, and faults. The other module is fake_foreign.so, which is
 * in the same process, so that the tests count what is open there.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "fake_open.h"
#include "memory_search.h"

#define URI "pkcs11:token=fake;object=mk"
#define CHILD T(YES(CKA_ENCRYPT))

static void find_fake(void)
{
	fake_open(USER_PIN);
	fake->keys[0] = fake_key_that_signs("mk", CKK_AES, 16);
	memcpy(fake->keys[0].value, mk, 16);
}

/* C_Initialize with the configuration "foreign-module = MODULE", and a session. */
static void start_loaded(const char *module)
{
	char text[4096];

	find_fake();
	snprintf(text, sizeof text, "foreign-module = %s\n", module);
	write_conf(text);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
}

static void start_with(const char *module)
{
	load();
	start_loaded(module);
}

static void with_fake(void)
{
	start_with(getenv("FAKE_FOREIGN"));
	login(CKU_USER);
}

static CK_RV try_link(CK_OBJECT_HANDLE *ret)
{
	return f->C_CreateObject(s,
		T(CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
			YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN), ALLOWED(CKM_KEYDIV_DEVICE_KEY),
			STR(CKA_LABEL, "foreign"), STR(CKA_KEYDIV_FOREIGN_KEY, URI)),
		ret);
}

static CK_OBJECT_HANDLE link_key(void)
{
	CK_OBJECT_HANDLE master;

	ok(try_link(&master));
	return master;
}

static CK_OBJECT_HANDLE find_master(void)
{
	CK_OBJECT_HANDLE master = 0;

	holds(find(s, T(STR(CKA_LABEL, "foreign")), &master, 1) == 1);
	return master;
}

/* Encrypt a block with the device key of MASTER, which tells keys apart. */
static CK_RV derive_and_encrypt(CK_OBJECT_HANDLE master, uint8_t ret[16])
{
	CK_OBJECT_HANDLE key;
	CK_ULONG n = 16;
	CK_RV rv = derive_device(master, CHILD, &key);

	if (rv != CKR_OK)
		return rv;
	ok(f->C_EncryptInit(s, MECH(CKM_AES_ECB), key));
	ok(f->C_Encrypt(s, (CK_BYTE *)(uintptr_t)mk32, 16, ret, &n));
	ok(f->C_DestroyObject(s, key));
	return CKR_OK;
}

/* The same from a master in keydiv with the same value. */
static void expected(uint8_t ret[16])
{
	CK_OBJECT_HANDLE local = closed_master();

	ok(derive_and_encrypt(local, ret));
	ok(f->C_DestroyObject(s, local));
}

/* Derive from MASTER. After success the key must be right. */
static CK_RV derive_right(CK_OBJECT_HANDLE master)
{
	uint8_t far[16], near[16];
	CK_RV rv = derive_and_encrypt(master, far);

	if (rv == CKR_OK) {
		expected(near);
		holds(memcmp(far, near, 16) == 0);
	}
	return rv;
}

START_TEST(nothing_is_loaded_before_a_foreign_key_is_used)
{
	uint8_t block[16];

	expected(block);
	ok(f->C_Logout(s));
	login(CKU_USER);
	holds(fake->calls == 0);
	ok(derive_right(link_key()));
	holds(fake->initialized == 1);
}
END_TEST

START_TEST(sessions_end_with_the_login_and_with_sessions)
{
	CK_OBJECT_HANDLE master = link_key();
	CK_SESSION_HANDLE first = s, second;

	ok(f->C_Logout(s)); /* nothing but the link has used the foreign token */
	holds(fake->sessions == 0);
	login(CKU_USER);
	master = find_master();

	ok(derive_right(master));
	holds(fake->sessions == 1);
	second = s = open_session(CKF_RW_SESSION);
	ok(derive_right(master));
	holds(fake->sessions == 2 && fake->logins == 2);
	ok(f->C_CloseSession(second));
	holds(fake->sessions == 1);
	s = first;
	ok(f->C_Logout(s));
	holds(fake->sessions == 0 && !fake->logged_in);
	gives(CKR_KEY_HANDLE_INVALID, derive_right(master));
	holds(fake->sessions == 0);
	login(CKU_USER);
	ok(derive_right(find_master()));
	holds(fake->sessions == 1 && fake->logins == 3);
	ok(f->C_CloseAllSessions(slot));
	holds(fake->sessions == 0 && fake->finalized == 0);
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ok(derive_right(find_master()));
	ok(f->C_Finalize(NULL));
	holds(fake->sessions == 0 && fake->finalized == 1);
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ok(derive_right(find_master()));
	holds(fake->initialized == 2);
}
END_TEST

START_TEST(many_derivations_leave_nothing_there)
{
	CK_OBJECT_HANDLE master = link_key(), key;

	for (int i = 0; i < 2000; i++) {
		ok(derive_device(master, CHILD, &key));
		ok(f->C_DestroyObject(s, key));
	}
	holds(fake->sessions == 1 && fake->logins == 1);
}
END_TEST

START_TEST(loss_and_recovery)
{
	CK_OBJECT_HANDLE master = link_key();

	ok(derive_right(master));
	fake->removed = true;
	gives(CKR_TOKEN_NOT_PRESENT, derive_right(master));
	fake->removed = false;
	ok(derive_right(master));
	fake_reset();
	ok(derive_right(master));
	holds(fake->sessions == 1);
	fake->keys[0].value[0] ^= 1;
	ok(f->C_Logout(s));
	login(CKU_USER);
	master = find_master();
	gives(CKR_DEVICE_ERROR, derive_right(master));
	ok(f->C_DestroyObject(s, master)); /* needs no foreign token */
}
END_TEST

/* The user of keydiv has another PIN than the foreign token. */
START_TEST(a_wrong_pin_does_not_lock_the_foreign_token)
{
	CK_OBJECT_HANDLE master;

	fake->pin = "other";
	for (int i = 0; i < 10; i++) {
		gives(CKR_PIN_INCORRECT, try_link(&master));
		ok(f->C_Logout(s));
		login(CKU_USER);
	}
	holds(fake->wrong_pins == 1);
}
END_TEST

static CK_OBJECT_HANDLE parents_master;

static void use_in_child(void)
{
	gives(CKR_CRYPTOKI_NOT_INITIALIZED, derive_right(parents_master));
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ok(derive_right(find_master()));
	holds(fake->sessions == 2);
	ok(f->C_Finalize(NULL));
	holds(fake->sessions == 1 && fake->finalized == 0);
}

START_TEST(a_fork)
{
	parents_master = link_key();
	ok(derive_right(parents_master));
	holds(in_child(use_in_child));
	ok(derive_right(parents_master));
}
END_TEST

static unsigned forks;

static void fork_once(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	holds(child > 0 && waitpid(child, NULL, 0) == child);
	forks++;
}

/* A module may run a program in any of its functions. */
START_TEST(a_module_that_forks)
{
	ok(derive_right(link_key()));
	fake->hook = fork_once;
	fake->end_hook = fork_once;
	ok(f->C_Logout(s));
	login(CKU_USER);
	ok(derive_right(find_master()));
	ok(f->C_CloseSession(s));
	holds(forks == 3);
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ok(derive_right(find_master()));
	ok(f->C_Finalize(NULL)); /* ends the session and the module */
	holds(forks == 6 && fake->finalized == 1);
	ok(f->C_Initialize(NULL));
}
END_TEST

#define THREADS 4

static void *derive_in_thread(void *arg)
{
	CK_OBJECT_HANDLE master = *(CK_OBJECT_HANDLE *)arg, key;
	KEYDIV_PARAMETER p;
	CK_SESSION_HANDLE own;
	uint8_t first[16], again[16];
	bool same = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &own) ==
		    CKR_OK;

	for (int i = 0; same && i < 200; i++) {
		CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");
		uint8_t *out = i == 0 ? first : again;
		CK_ULONG n = 16;
		same = f->C_DeriveKey(own, &m, master, CHILD, &key) == CKR_OK &&
		       f->C_EncryptInit(own, MECH(CKM_AES_ECB), key) == CKR_OK &&
		       f->C_Encrypt(own, (CK_BYTE *)(uintptr_t)mk32, 16, out, &n) == CKR_OK &&
		       f->C_DestroyObject(own, key) == CKR_OK &&
		       (i == 0 || memcmp(first, again, 16) == 0);
	}
	return same && f->C_CloseSession(own) == CKR_OK ? arg : NULL;
}

START_TEST(threads)
{
	CK_OBJECT_HANDLE master = link_key();
	pthread_t thread[THREADS];
	void *result;

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, derive_in_thread, &master), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(thread[i], &result), 0);
		holds(result == &master);
	}
	ok(derive_right(master));
	holds(fake->sessions == 1);
}
END_TEST

START_TEST(faults_in_derivations)
{
	static const char *const names[] = {"C_SignInit", "C_Sign", "C_OpenSession", "C_Login",
		"C_FindObjects", "C_GetAttributeValue", "C_GetSlotList", "C_CloseSession"};
	static const CK_RV codes[] = {CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID,
		CKR_PIN_LOCKED, CKR_HOST_MEMORY, CKR_GENERAL_ERROR};
	CK_OBJECT_HANDLE master = link_key();

	for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
		for (size_t c = 0; c < sizeof codes / sizeof codes[0]; c++)
			for (unsigned times = 1; times <= 3; times++) {
				fake_reset();
				fake->function = names[n];
				fake->rv = codes[c];
				fake->times = times;
				for (unsigned i = 0; i < 3; i++) {
					CK_RV rv = derive_right(master);
					holds(rv == CKR_OK || rv == codes[c] ||
						rv == CKR_DEVICE_ERROR || rv == CKR_PIN_INCORRECT);
				}
				fake->function = NULL;
				/* A PIN that was refused is not tried again in this process. */
				ok(f->C_Finalize(NULL));
				ok(f->C_Initialize(NULL));
				s = open_session(CKF_RW_SESSION);
				login(CKU_USER);
				master = find_master();
				ok(derive_right(master));
				holds(fake->sessions == 1);
			}
}
END_TEST

START_TEST(keydiv_is_no_foreign_module)
{
	CK_OBJECT_HANDLE master;

	start_with(getenv("KEYDIV_MODULE"));
	login(CKU_USER);
	gives(CKR_DEVICE_ERROR, try_link(&master));
}
END_TEST

/* From another file keydiv is another shared object, with the same configuration and tokens. */
START_TEST(a_copy_of_keydiv_is_no_foreign_module)
{
	CK_OBJECT_HANDLE master;
	char copy[512], command[1200];

	load();
	snprintf(copy, sizeof copy, "%s/copy.so", test_dir);
	snprintf(command, sizeof command, "cp '%s' '%s'", getenv("KEYDIV_MODULE"), copy);
	ck_assert_int_eq(system(command), 0);
	start_loaded(copy);
	login(CKU_USER);
	gives(CKR_DEVICE_ERROR, try_link(&master));
}
END_TEST

START_TEST(no_foreign_module)
{
	CK_OBJECT_HANDLE master;

	with_fake();
	master = link_key();
	write_conf("");
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	gives(CKR_FUNCTION_NOT_SUPPORTED, try_link(&master));
	gives(CKR_DEVICE_ERROR, derive_right(find_master()));
}
END_TEST

/* --- The PIN in memory --- */

static uint8_t hidden[12]; /* a new PIN, inverted */

static void login_hidden(CK_USER_TYPE who)
{
	uint8_t pin[sizeof hidden];

	invert(pin, hidden, sizeof pin);
	ok(f->C_Login(s, who, pin, sizeof pin));
	explicit_bzero(pin, sizeof pin);
}

static void hide_pin(CK_USER_TYPE who)
{
	const char *old = who == CKU_SO ? SO_PIN : USER_PIN;
	uint8_t pin[sizeof hidden];
	int random = open("/dev/urandom", O_RDONLY);

	ck_assert(random >= 0 && read(random, hidden, sizeof hidden) == sizeof hidden);
	close(random);
	login(who);
	invert(pin, hidden, sizeof pin);
	ok(f->C_SetPIN(s, (CK_BYTE *)(uintptr_t)old, strlen(old), pin, sizeof pin));
	explicit_bzero(pin, sizeof pin);
	ok(f->C_Logout(s));
}

START_TEST(the_pin_is_kept_until_logout)
{
	start_with(getenv("FAKE_FOREIGN"));
	hide_pin(CKU_USER);
	login_hidden(CKU_USER);
	holds(copies(hidden, sizeof hidden) == 1);
	ok(f->C_Logout(s));
	holds(copies(hidden, sizeof hidden) == 0);
	login_hidden(CKU_USER);
	ok(f->C_Finalize(NULL));
	holds(copies(hidden, sizeof hidden) == 0);
	ok(f->C_Initialize(NULL));
}
END_TEST

START_TEST(the_pin_of_the_so_is_not_kept)
{
	start_with(getenv("FAKE_FOREIGN"));
	hide_pin(CKU_SO);
	login_hidden(CKU_SO);
	holds(copies(hidden, sizeof hidden) == 0);
}
END_TEST

START_TEST(the_pin_is_not_kept_without_need)
{
	session();
	hide_pin(CKU_USER);
	login_hidden(CKU_USER);
	holds(copies(hidden, sizeof hidden) == 0);
	find_fake();
	write_conf("foreign-module = /lib/x.so\nforeign-pin-source = file:/run/pin\n");
	restart();
	s = open_session(CKF_RW_SESSION);
	login_hidden(CKU_USER);
	holds(copies(hidden, sizeof hidden) == 0);
}
END_TEST

/* Each of these tests starts the module in its own way. */
static void nothing(void)
{
}

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *c = add_case(suite, "with the fake module", with_fake);

	tcase_add_test(c, nothing_is_loaded_before_a_foreign_key_is_used);
	tcase_add_test(c, sessions_end_with_the_login_and_with_sessions);
	tcase_add_test(c, many_derivations_leave_nothing_there);
	tcase_add_test(c, loss_and_recovery);
	tcase_add_test(c, a_wrong_pin_does_not_lock_the_foreign_token);
	tcase_add_test(c, a_fork);
	tcase_add_test(c, a_module_that_forks);
	tcase_add_test(c, threads);
	tcase_add_test(c, faults_in_derivations);
	c = add_case(suite, "other configurations", nothing);
	tcase_add_test(c, keydiv_is_no_foreign_module);
	tcase_add_test(c, a_copy_of_keydiv_is_no_foreign_module);
	tcase_add_test(c, no_foreign_module);
	if (!instrumented()) { /* a sanitizer maps terabytes, which a search would read */
		tcase_add_test(c, the_pin_is_kept_until_logout);
		tcase_add_test(c, the_pin_of_the_so_is_not_kept);
		tcase_add_test(c, the_pin_is_not_kept_without_need);
	}
	return run(suite);
}
