/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kept_plan.c: a plan that is kept beside a base key is exactly the plan that the policy would
 * make again. A session whose cache is warm is compared with a session that is new.
 */
#include "token_support.h"

#define TIMES 3 /* the second plan is kept, the third derivation uses the kept plan */
#define FLAGS 20

static CK_OBJECT_HANDLE master, second_master;

static void set_up(void)
{
	user_token();
	master = make(rw, T(AES_MK, OPEN_MASTER));
	second_master = make(rw, T(AES_MK, YES(CKA_DERIVE)));
}

/* A template, and what derivations with it gave. */
struct template_case {
	CK_ATTRIBUTE t[10];
	CK_ULONG n;
};

static CK_ULONG number_16 = 16, number_32 = 32, number_20 = 20, secret = CKO_SECRET_KEY,
		data = CKO_DATA, aes = CKK_AES, hmac = CKK_SHA256_HMAC;
static CK_BBOOL is = CK_TRUE, is_not = CK_FALSE, neither = 2;

#define N(type, number)                                                                            \
	{                                                                                          \
		type, &(number), sizeof(number)                                                    \
	}

static struct template_case cases[] = {
	{{N(CKA_VALUE_LEN, number_16)}, 1},
	{{N(CKA_VALUE_LEN, number_32)}, 1},
	{{N(CKA_VALUE_LEN, number_20)}, 1},
	{{{CKA_VALUE_LEN, &number_16, 1}}, 1},
	{{{CKA_VALUE_LEN, NULL, 8}}, 1},
	{{N(CKA_VALUE_LEN, number_16), N(CKA_SIGN, is)}, 2},
	{{N(CKA_VALUE_LEN, number_16), N(CKA_SIGN, is_not)}, 2},
	{{N(CKA_VALUE_LEN, number_16), N(CKA_SIGN, neither)}, 2},
	{{N(CKA_VALUE_LEN, number_16), N(CKA_VERIFY, is)}, 2},
	{{N(CKA_VALUE_LEN, number_16), N(CKA_DERIVE, is)}, 2},
	{{N(CKA_SIGN, is), N(CKA_SIGN, is_not)}, 2},
	{{N(CKA_SENSITIVE, is_not), N(CKA_EXTRACTABLE, is)}, 2},
	{{N(CKA_SENSITIVE, is_not), N(CKA_EXTRACTABLE, is_not)}, 2},
	{{N(CKA_SENSITIVE, is), N(CKA_EXTRACTABLE, is)}, 2},
	{{N(CKA_PRIVATE, is_not)}, 1},
	{{N(CKA_TRUSTED, is)}, 1},
	{{N(CKA_KEYDIV_EXTRACTABLE_CHILDREN, is)}, 1},
	{{N(CKA_CLASS, secret), N(CKA_KEY_TYPE, aes), N(CKA_ENCRYPT, is)}, 3},
	{{N(CKA_CLASS, data), N(CKA_KEY_TYPE, aes), N(CKA_ENCRYPT, is)}, 3},
	{{N(CKA_CLASS, secret), N(CKA_KEY_TYPE, hmac), N(CKA_SIGN, is)}, 3},
	{{{CKA_LABEL, (void *)"a", 1}}, 1},
	{{{CKA_LABEL, (void *)"12345678", 8}}, 1},
	{{{CKA_ID, (void *)"1", 1}}, 1},
	{{{CKA_VALUE, (void *)"12345678", 8}}, 1},
	{{{CKA_CHECK_VALUE, (void *)"1", 1}}, 1},
	{{{CKA_CHECK_VALUE, NULL, 0}}, 1},
	{{{CKA_KEYDIV_PARAMETER, (void *)"\x01\0\5abcde", 8}}, 1},
	{{{0x12345, (void *)"1", 1}}, 1},
	{{N(CKA_WRAP, is), N(CKA_UNWRAP, is), N(CKA_ENCRYPT, is), N(CKA_DECRYPT, is),
		 N(CKA_SIGN, is), N(CKA_VERIFY, is), N(CKA_SENSITIVE, is), N(CKA_MODIFIABLE, is),
		 N(CKA_COPYABLE, is_not)},
		9},
	{{{0}}, 0},
};

#define CASES (sizeof cases / sizeof cases[0])

/* The visible result of a derivation: the code, the flags, the numbers, the list and the value. */
struct outcome {
	CK_RV rv, list_rv;
	CK_ULONG number[FLAGS + 4];
	CK_ULONG list_len, value_len;
	CK_MECHANISM_TYPE list[16];
	uint8_t value[64];
};

static const CK_ATTRIBUTE_TYPE told[] = {CKA_PRIVATE, CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE,
	CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL,
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE,
	CKA_TRUSTED, CKA_WRAP_WITH_TRUSTED, CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE_LEN,
	CKA_KEY_GEN_MECHANISM};

_Static_assert(sizeof told / sizeof told[0] <= FLAGS + 4, "struct outcome has room for all");

/* Derive by TYPE from BASE in the session HANDLE, note the outcome and destroy the key. */
static void try_once(CK_SESSION_HANDLE handle, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base,
	const struct template_case *c, struct outcome *ret)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE key = 0;

	memset(ret, 0, sizeof *ret);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	if (type == CKM_KEYDIV_DEVICE_MESSAGE_KEY)
		keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	CK_MECHANISM m = keydiv_mechanism(type, &p);
	ret->rv = IN(handle, derive_key(s, &m, base, (CK_ATTRIBUTE *)(uintptr_t)c->t, c->n, &key));
	if (ret->rv != CKR_OK)
		return;
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
		get(handle, key, told[i], &ret->number[i], sizeof ret->number[i]);
	CK_ATTRIBUTE list = {CKA_ALLOWED_MECHANISMS, ret->list, sizeof ret->list};
	ret->list_rv = IN(handle, get_attributes(s, key, &list, 1));
	ck_assert(ret->list_rv == CKR_OK || ret->list_rv == CKR_ATTRIBUTE_TYPE_INVALID);
	ret->list_len = list.ulValueLen;
	CK_ATTRIBUTE value = {CKA_VALUE, ret->value, sizeof ret->value};
	CK_RV rv = IN(handle, get_attributes(s, key, &value, 1));
	ck_assert(rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE);
	ret->value_len = rv == CKR_OK ? value.ulValueLen : 0;
	ck_ok(IN(handle, object_destroy(s, key)));
}

static void same(const struct outcome *warm, const struct outcome *cold)
{
	ck_assert_uint_eq(warm->rv, cold->rv);
	ck_assert_mem_eq(warm->number, cold->number, sizeof cold->number);
	ck_assert_uint_eq(warm->list_rv, cold->list_rv);
	ck_assert_uint_eq(warm->list_len, cold->list_len);
	ck_assert_mem_eq(warm->list, cold->list, sizeof cold->list);
	ck_assert_uint_eq(warm->value_len, cold->value_len);
	ck_assert_mem_eq(warm->value, cold->value, sizeof cold->value);
}

/* After TIMES derivations with A, a derivation with B is as in a session that knows nothing. */
static void pair(const struct template_case *a, const struct template_case *b)
{
	static const CK_MECHANISM_TYPE types[] = {
		CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY};
	const CK_OBJECT_HANDLE bases[] = {master, second_master};
	CK_SESSION_HANDLE fresh = open_session_of(token, true);
	struct outcome warm, cold;

	for (size_t k = 0; k < 4; k++) {
		for (int i = 0; i < TIMES; i++)
			try_once(rw, types[0], master, a, &warm);
		try_once(rw, types[k / 2], bases[k % 2], b, &warm);
		try_once(fresh, types[k / 2], bases[k % 2], b, &cold);
		same(&warm, &cold);
	}
	ck_ok(session_close(fresh));
}

START_TEST(a_kept_plan_is_used_for_its_own_template_only)
{
	for (size_t b = 0; b < CASES; b++)
		pair(&cases[_i], &cases[b]);
}
END_TEST

START_TEST(repetition_changes_nothing)
{
	for (size_t i = 0; i < CASES; i++) {
		struct outcome first, later;
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[i], &first);
		for (int k = 0; k < TIMES; k++) {
			try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[i], &later);
			same(&later, &first);
		}
	}
}
END_TEST

static bool kept(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE base)
{
	bool is_kept = false;

	ck_ok(IN(handle, ({
		struct cached_key *e = NULL;
		CK_RV rv = session_key(s, base, &e);
		is_kept = rv == CKR_OK && e->plan.kept;
		rv;
	})));
	return is_kept;
}

/* Else the other tests could not fail. */
START_TEST(the_second_plan_of_a_mechanism_is_kept)
{
	struct outcome o;

	try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[5], &o);
	ck_assert(!kept(rw, master));
	try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[5], &o);
	ck_assert(kept(rw, master));
	try_once(rw, CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, &cases[5], &o);
	ck_assert(!kept(rw, master));
}
END_TEST

/* The kept attributes are compared by type, length and value, wherever the caller has them. */
START_TEST(the_attributes_of_a_kept_plan)
{
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_DEVICE_KEY);
	CK_ULONG length = 16, other = 17;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE t[2] = {N(CKA_VALUE_LEN, length), N(CKA_SIGN, yes)}, own[KEPT_ATTRIBUTES_MAX];
	struct kept_plan plan = {0};

	ck_assert(!kept_plan_begin(&plan, mech, t, 2, own));
	ck_assert(kept_plan_begin(&plan, mech, t, 2, own));
	ck_assert_uint_eq(*(CK_ULONG *)own[0].pValue, 16);
	ck_assert(kept_plan_matches(&plan, t, 2) && kept_plan_matches(&plan, own, 2));
	t[1] = (CK_ATTRIBUTE)N(CKA_SIGN, no);
	ck_assert(!kept_plan_matches(&plan, t, 2) && kept_plan_matches(&plan, t, 1));
	t[1] = (CK_ATTRIBUTE)N(CKA_VERIFY, yes);
	ck_assert(!kept_plan_matches(&plan, t, 2));
	t[1] = (CK_ATTRIBUTE){CKA_SIGN, NULL, sizeof yes};
	ck_assert(!kept_plan_matches(&plan, t, 2));
	t[0] = (CK_ATTRIBUTE)N(CKA_VALUE_LEN, other);
	ck_assert(!kept_plan_matches(&plan, t, 1));
}
END_TEST

START_TEST(a_change_of_the_base_ends_the_plan)
{
	struct outcome o;

	for (int i = 0; i < TIMES; i++)
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[5], &o);
	ck_ok(o.rv);
	ck_ok(IN(rw, set_attributes(s, master, T(STR(CKA_LABEL, "changed")))));
	ck_assert(!kept(rw, master));
	for (int i = 0; i < TIMES; i++)
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[5], &o);
	ck_ok(o.rv);
	ck_ok(IN(rw, set_attributes(s, master, T(ALLOWED(CKM_KEYDIV_DATA_KEY)))));
	try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[5], &o);
	ck_rv(o.rv, CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(a_logout_ends_the_plan)
{
	struct outcome o;
	CK_OBJECT_HANDLE public = make(rw, T(AES_MK, OPEN_MASTER, NO(CKA_PRIVATE)));
	static const struct template_case private = {{N(CKA_PRIVATE, is)}, 1};

	for (int i = 0; i < TIMES; i++)
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, public, &private, &o);
	ck_ok(o.rv);
	ck_ok(sessions_logout(token));
	try_once(rw, CKM_KEYDIV_DEVICE_KEY, public, &private, &o);
	ck_rv(o.rv, CKR_USER_NOT_LOGGED_IN);
}
END_TEST

/* Another base that takes the place of MASTER in the cache gets a plan of its own. */
START_TEST(a_plan_leaves_the_cache_with_its_base)
{
	struct outcome o, cold;

	for (int i = 0; i < TIMES; i++)
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, master, &cases[11], &o);
	ck_ok(o.rv);
	for (int i = 0; i < KEY_CACHE_ENTRIES; i++) {
		CK_OBJECT_HANDLE closed = make(rw, T(AES_MK, YES(CKA_DERIVE)));
		CK_SESSION_HANDLE fresh = open_session_of(token, true);
		try_once(rw, CKM_KEYDIV_DEVICE_KEY, closed, &cases[11], &o);
		try_once(fresh, CKM_KEYDIV_DEVICE_KEY, closed, &cases[11], &cold);
		same(&o, &cold);
		ck_rv(o.rv, CKR_TEMPLATE_INCONSISTENT);
		ck_ok(session_close(fresh));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kept_plan");
	TCase *tc = tcase_create("kept_plan");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_kept_plan_is_used_for_its_own_template_only, 0, (int)CASES);
	tcase_add_test(tc, repetition_changes_nothing);
	tcase_add_test(tc, the_second_plan_of_a_mechanism_is_kept);
	tcase_add_test(tc, the_attributes_of_a_kept_plan);
	tcase_add_test(tc, a_change_of_the_base_ends_the_plan);
	tcase_add_test(tc, a_logout_ends_the_plan);
	tcase_add_test(tc, a_plan_leaves_the_cache_with_its_base);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
