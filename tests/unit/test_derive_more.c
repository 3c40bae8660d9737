/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_derive_more.c: several keys from one SP 800-108 derivation: all or none, handles last, each
 * by its own template.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "token_support.h"

#define MAX 4

static CK_OBJECT_HANDLE base;
static CK_OBJECT_HANDLE handles[MAX];
static CK_DERIVED_KEY more[MAX];
static CK_SP800_108_COUNTER_FORMAT bits_8 = {CK_FALSE, 8};
static CK_PRF_DATA_PARAM list[] = {{CK_SP800_108_ITERATION_VARIABLE, &bits_8, sizeof bits_8},
	{CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t) "input", 5}};
static CK_SP800_108_KDF_PARAMS params;

static void set_up(void)
{
	user_token();
	base = make(rw, T(AES_MK, OPEN_MASTER, ALLOWED(CKM_SP800_108_COUNTER_KDF)));
	params = (CK_SP800_108_KDF_PARAMS){CKM_AES_CMAC, 2, list, 0, more};
}

static void ask(CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ULONG i = params.ulAdditionalDerivedKeys++;

	handles[i] = 77;
	more[i] = (CK_DERIVED_KEY){t, n, &handles[i]};
}

static CK_RV derive(CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &params, sizeof params};

	return IN(rw, derive_key(s, &m, base, t, n, ret));
}

static CK_ULONG objects(void)
{
	return count_found(rw, NOTHING, NULL, 0);
}

#define AES_READABLE KEY(CKK_AES), LENGTH(16), READABLE

START_TEST(each_key_by_its_own_template)
{
	CK_OBJECT_HANDLE first = 0;
	CK_ATTRIBUTE one[] = {KEY(CKK_GENERIC_SECRET), LENGTH(20), STR(CKA_LABEL, "one"), READABLE};
	CK_ATTRIBUTE two[] = {KEY(CKK_DES3), STR(CKA_LABEL, "two"), YES(CKA_TOKEN), READABLE};
	uint8_t value[32];

	ask(one, 6);
	ask(two, 6);
	ask(NULL, 0);
	ck_ok(derive(T(AES_READABLE), &first));
	ck_assert_uint_eq(get(rw, first, CKA_VALUE, value, 32), 16);
	ck_assert_uint_eq(get(rw, handles[0], CKA_VALUE, value, 32), 20);
	ck_assert_uint_eq(get(rw, handles[1], CKA_VALUE, value, 32), 24);
	for (int i = 0; i < 24; i++)
		ck_assert(__builtin_parity(value[i]));
	ck_assert_uint_eq(get_number(rw, handles[1], CKA_KEY_TYPE), CKK_DES3);
	ck_assert(handles[1] & HANDLE_TOKEN_OBJECT);
	ck_assert_uint_eq(get_number(rw, handles[2], CKA_CLASS), CKO_SECRET_KEY);
	ck_assert_uint_eq(objects(), 5);
}
END_TEST

START_TEST(one_bad_template_and_none_is_made)
{
	CK_OBJECT_HANDLE first = 77;
	CK_ATTRIBUTE good[] = {AES_READABLE};
	CK_ATTRIBUTE bad[] = {KEY(CKK_AES), LENGTH(17)};
	CK_ATTRIBUTE unknown[] = {KEY(CKK_AES), NUM(0x77777, 16)};
	static const CK_RV codes[] = {CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_TYPE_INVALID};
	CK_ATTRIBUTE *wrong[] = {bad, unknown};

	for (int i = 0; i < 2; i++)
		for (int place = 0; place < 3; place++) {
			params.ulAdditionalDerivedKeys = 0;
			for (int k = 0; k < 3; k++)
				ask(k == place ? wrong[i] : good, 3);
			ck_rv(derive(T(AES_READABLE, YES(CKA_TOKEN)), &first), codes[i]);
			ck_assert_uint_eq(first, 77);
			for (int k = 0; k < 3; k++)
				ck_assert_uint_eq(handles[k], 77);
			ck_assert_uint_eq(objects(), 1);
		}
}
END_TEST

START_TEST(pointers_that_are_missing)
{
	CK_OBJECT_HANDLE first = 77;
	CK_ATTRIBUTE good[] = {AES_READABLE};

	ask(good, 5);
	ask(good, 5);
	more[1].phKey = NULL;
	ck_rv(derive(T(AES_READABLE), &first), CKR_MECHANISM_PARAM_INVALID);
	more[1] = (CK_DERIVED_KEY){NULL, 3, &handles[1]};
	ck_rv(derive(T(AES_READABLE), &first), CKR_MECHANISM_PARAM_INVALID);
	params.pAdditionalDerivedKeys = NULL;
	ck_rv(derive(T(AES_READABLE), &first), CKR_MECHANISM_PARAM_INVALID);
	params.pAdditionalDerivedKeys = more;
	params.ulAdditionalDerivedKeys = 1000000;
	ck_rv(derive(T(AES_READABLE), &first), CKR_MECHANISM_PARAM_INVALID);
	ck_assert(first == 77 && handles[0] == 77 && handles[1] == 77);
	ck_assert_uint_eq(objects(), 1);
}
END_TEST

/* Defect: CKA_CHECK_VALUE was not compared where the mechanism may give several keys. */
START_TEST(a_wrong_check_value_is_noticed_in_any_of_the_keys)
{
	CK_OBJECT_HANDLE first = 77;
	CK_BYTE kcv[3];
	CK_ATTRIBUTE right[] = {AES_READABLE, RAW(CKA_CHECK_VALUE, kcv, 3)};
	CK_ATTRIBUTE wrong[] = {AES_READABLE, RAW(CKA_CHECK_VALUE, "\1\2\3", 3)};
	CK_ATTRIBUTE longer[] = {AES_READABLE, RAW(CKA_CHECK_VALUE, "\1\2\3\4\5", 5)};

	ck_rv(derive(wrong, 6, &first), CKR_ATTRIBUTE_VALUE_INVALID);
	ask(right, 5);
	ck_ok(derive(T(AES_READABLE), &first));
	ck_assert_uint_eq(get(rw, handles[0], CKA_CHECK_VALUE, kcv, 3), 3);
	ck_ok(IN(rw, object_destroy(s, first)));
	ck_ok(IN(rw, object_destroy(s, handles[0])));
	params.ulAdditionalDerivedKeys = 0;
	ask(right, 6);
	ck_ok(derive(T(AES_READABLE), &first));
	ck_ok(IN(rw, object_destroy(s, first)));
	ck_ok(IN(rw, object_destroy(s, handles[0])));
	params.ulAdditionalDerivedKeys = 0;
	ask(wrong, 6);
	ck_rv(derive(T(AES_READABLE), &first), CKR_ATTRIBUTE_VALUE_INVALID);
	params.ulAdditionalDerivedKeys = 0;
	ask(longer, 6);
	ck_rv(derive(T(AES_READABLE), &first), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_assert_uint_eq(handles[0], 77);
	ck_assert_uint_eq(objects(), 1);
}
END_TEST

/*
 * The store gets full after the first key: it goes again. Defect: a key with CKA_DESTROYABLE false,
 * and a session key among the ones before, stayed.
 */
START_TEST(a_store_that_gets_full_keeps_none_of_them)
{
	static uint8_t big[SECRET_MAX];
	struct stat st;
	char path[128];
	CK_OBJECT_HANDLE first = 77;
	CK_ATTRIBUTE session_key[] = {AES_READABLE, NO(CKA_DESTROYABLE)};
	CK_ATTRIBUTE too_big[] = {AES_READABLE, YES(CKA_TOKEN), RAW(CKA_LABEL, big, sizeof big)};

	memset(big, 'x', sizeof big);
	ask(session_key, 6);
	ask(too_big, 7);
	snprintf(path, sizeof path, "%s/token.db", token_dir);
	ck_assert_int_eq(stat(path, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit limit = {(rlim_t)st.st_size + 8192, RLIM_INFINITY};
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CK_RV rv = derive(T(AES_READABLE, YES(CKA_TOKEN), NO(CKA_DESTROYABLE)), &first);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_msg(rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_ERROR, "%s", rv_name(rv));
	ck_assert(first == 77 && handles[0] == 77 && handles[1] == 77);
	ck_assert_uint_eq(objects(), 1);
	params.ulAdditionalDerivedKeys = 0;
	ask(session_key, 6);
	ck_ok(derive(T(AES_READABLE, YES(CKA_TOKEN)), &first));
	ck_assert_uint_eq(objects(), 3);
}
END_TEST

/* SQLite's writes come here: those there is still room for; negative: all. */
static long room = -1;

__attribute__((visibility("default"))) ssize_t pwrite64(
	int fd, const void *p, size_t n, __off64_t at)
{
	if (room == 0) {
		errno = ENOSPC;
		return -1;
	}
	room -= room > 0;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

/*
 * Full for good, from any write on: then what is there already cannot be removed either, as that
 * takes room too.
 */
START_TEST(a_disk_that_stays_full_keeps_none_of_them)
{
	CK_OBJECT_HANDLE first = 77;
	CK_ATTRIBUTE session_key[] = {AES_READABLE}, token_key[] = {AES_READABLE, YES(CKA_TOKEN)};
	CK_RV rv = CKR_DEVICE_MEMORY;
	long n;

	ask(token_key, 6);
	ask(session_key, 5);
	ask(token_key, 6);
	for (n = 0; n < 300 && rv != CKR_OK; n++) {
		room = n;
		rv = derive(T(AES_READABLE, YES(CKA_TOKEN)), &first);
		room = -1;
		ck_assert_msg(rv == CKR_OK || rv == CKR_DEVICE_MEMORY, "%s", rv_name(rv));
		if (rv != CKR_OK)
			ck_assert(first == 77 && handles[0] == 77 && handles[1] == 77 &&
				  handles[2] == 77);
		ck_assert_uint_eq(objects(), rv == CKR_OK ? 5 : 1);
	}
	ck_ok(rv);
	ck_assert_int_gt(n, 3); /* or SQLite writes by another function: nothing was tried */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("derive_more");
	TCase *tests = tcase_create("derive_more");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, each_key_by_its_own_template);
	tcase_add_test(tests, one_bad_template_and_none_is_made);
	tcase_add_test(tests, pointers_that_are_missing);
	tcase_add_test(tests, a_wrong_check_value_is_noticed_in_any_of_the_keys);
	tcase_add_test(tests, a_store_that_gets_full_keeps_none_of_them);
	tcase_add_test(tests, a_disk_that_stays_full_keeps_none_of_them);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
