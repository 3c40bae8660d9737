/* SPDX-License-Identifier: Apache-2.0 */
/* test_login_scrypt.c: PINs stretched by scrypt with the N that a token has outside the tests. */
#include <sqlite3.h>
#include <sys/resource.h>

#include "cheap_scrypt.h"
#include "harness.h"

#define PIN(text) (CK_UTF8CHAR_PTR)(text), sizeof(text) - 1

static CK_FLAGS token_flags(void)
{
	CK_TOKEN_INFO info;

	ok(f->C_GetTokenInfo(slot, &info));
	return info.flags;
}

START_TEST(right_and_wrong_pins)
{
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN("4321")));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_SO, PIN(USER_PIN)));
	ok(f->C_SetPIN(s, PIN(USER_PIN), PIN("5678")));
	gives(CKR_PIN_INCORRECT, f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	ok(f->C_Login(s, CKU_USER, PIN("5678")));
	ok(f->C_Logout(s));
	ok(f->C_Login(s, CKU_SO, PIN(SO_PIN)));
}
END_TEST

START_TEST(failing_memory_costs_no_try)
{
	struct rlimit before, small;
	CK_RV rv;
	int i;

	if (instrumented())
		return; /* memory of that kind does not fit under the limit */
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	for (i = 0; i < 12; i++) {
		char line[256];
		FILE *statm = fopen("/proc/self/statm", "r");
		unsigned long pages = 0;

		ck_assert(statm != NULL && fgets(line, sizeof line, statm) != NULL);
		fclose(statm);
		pages = strtoul(line, NULL, 10);
		small = before;
		small.rlim_cur = pages * 4096 + (4 << 20); /* scrypt with N = 2^14 needs 16 MiB */
		ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
		rv = f->C_Login(s, CKU_USER, PIN(USER_PIN));
		ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
		if (rv == CKR_OK)
			ck_abort_msg("the login found memory: the limit of this test is not one");
		gives_either(CKR_HOST_MEMORY, CKR_DEVICE_MEMORY, rv);
	}
	holds(!(token_flags() & CKF_USER_PIN_COUNT_LOW));
	login(CKU_USER);
}
END_TEST

START_TEST(the_default_cost_of_a_guess)
{
	/* scrypt with N = 2^16: 64 MiB a guess. */
	CK_UTF8CHAR label[32];
	char path[700];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	FILE *conf;

	snprintf(token_dir, 512, "%s/default", test_dir);
	snprintf(path, sizeof path, "%s/default.conf", test_dir);
	conf = fopen(path, "w");
	ck_assert(conf != NULL);
	fprintf(conf, "token-dir = %s\n", token_dir);
	fclose(conf);
	setenv("KEYDIV_CONF", path, 1);
	memset(label, ' ', sizeof label);
	ok(f->C_Initialize(NULL));
	ok(f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	ok(f->C_Finalize(NULL));
	ck_assert_int_eq(sqlite3_open(database(), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT scrypt_log2_n FROM token", -1, &st, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(st, 0), 16);
	sqlite3_finalize(st);
	sqlite3_close(db);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("login with real scrypt");
	TCase *tc = add_case(suite, "login", session), *empty = add_case(suite, "fresh", load);

	scrypt_is_cheap = false;
	tcase_add_test(tc, right_and_wrong_pins);
	tcase_add_test(tc, failing_memory_costs_no_try);
	tcase_add_test(empty, the_default_cost_of_a_guess);
	return run(suite);
}
