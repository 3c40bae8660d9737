/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_derive.c: C_DeriveKey: the order of its checks, what is left after a failure, keys that
 * others change, equal schemes.
 */
#include <pthread.h>

#include "two_views.h"

static CK_OBJECT_HANDLE master;

static void set_up(void)
{
	user_token();
	master = make(rw, T(AES_MK, OPEN_MASTER));
}

static CK_ULONG objects(void)
{
	return count_found(rw, NOTHING, NULL, 0);
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, KEYDIV_PARAMETER *p,
	CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM m = keydiv_mechanism(type, p);

	return IN(rw, derive_key(s, &m, base, t, n, ret));
}

static void value_is(CK_OBJECT_HANDLE key, const char *hex)
{
	uint8_t value[64], wanted[64];
	size_t n = strlen(hex) / 2;

	ck_assert(hex_decode(hex, wanted, n));
	ck_assert_uint_eq(get(rw, key, CKA_VALUE, value, sizeof value), n);
	ck_assert_mem_eq(value, wanted, n);
}

START_TEST(the_known_answer)
{
	CK_OBJECT_HANDLE key = 0;

	ck_ok(derive_device(rw, master, "SN-000123", T(READABLE), &key));
	value_is(key, "2759dd4361d7979a96a5c23692cd5555");
	ck_assert_uint_eq(get_number(rw, key, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
}
END_TEST

/* Two faults at once: the one that is checked first is told (the order at the end of derive.c). */
START_TEST(the_order_of_the_checks)
{
	KEYDIV_PARAMETER good = KEYDIV_PARAMETER_INIT, bad = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE key = 77, hmac = make(rw, T(KEY(CKK_SHA256_HMAC), RAW(CKA_VALUE, mk, 16))),
			 closed = make(rw, T(AES_MK));

	keydiv_put(&good, KEYDIV_DEVICE, "1", 1);
	keydiv_put(&bad, KEYDIV_SALT, "1", 1);
	ck_rv(IN(rw, derive_key(s, NULL, 0, NOTHING, &key)), CKR_ARGUMENTS_BAD);
	ck_rv(derive(CKM_RSA_PKCS, 0, &bad, NOTHING, &key), CKR_MECHANISM_INVALID);
	ck_rv(derive(CKM_AES_ECB, 0, &bad, NOTHING, &key),
		CKR_MECHANISM_INVALID); /* not for deriving */
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, 0, &bad, NOTHING, &key), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, 0, &good, NOTHING, NULL), CKR_ARGUMENTS_BAD);
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, master, &good, NULL, 3, &key), CKR_ARGUMENTS_BAD);
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, 0, &good, T(YES(CKA_VALUE)), &key),
		CKR_KEY_HANDLE_INVALID);
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, hmac, &good, T(YES(CKA_VALUE)), &key),
		CKR_KEY_TYPE_INCONSISTENT);
	ck_rv(derive(CKM_KEYDIV_DEVICE_KEY, closed, &good, T(YES(CKA_VALUE)), &key),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(derive(CKM_KEYDIV_CMAC, master, &(KEYDIV_PARAMETER)KEYDIV_PARAMETER_INIT, NOTHING,
		      &key),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(derive(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, master, &good, NOTHING, &key),
		CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(key, 77);
}
END_TEST

START_TEST(a_refused_derivation_leaves_no_object_and_no_handle)
{
	static const CK_ULONG lengths[] = {
		0, 1, 15, 17, 33, 0x80000000, CK_UNAVAILABLE_INFORMATION};
	CK_OBJECT_HANDLE key = 77;
	CK_ULONG before = objects();

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		ck_rv(derive_device(rw, master, "1", T(LENGTH(lengths[i])), &key),
			CKR_KEY_SIZE_RANGE);
		ck_rv(derive_device(rw, master, "1", T(LENGTH(lengths[i]), YES(CKA_TOKEN)), &key),
			CKR_KEY_SIZE_RANGE);
	}
	ck_rv(derive_device(rw, master, "1", T(RAW(CKA_VALUE, mk, 16)), &key),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive_device(rw, master, "1", T(RAW(0x12345, mk, 16)), &key),
		CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(derive_device(rw, master, "1", T(RAW(CKA_TOKEN, mk, 8)), &key),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(derive_device(rw, master, "1", T(RAW(CKA_LABEL, NULL, 8)), &key),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(derive_device(rw, master, "1", T(CLASS(CKO_DATA)), &key), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(derive_device(rw, master, "1", T(RAW(CKA_CHECK_VALUE, "\0\0\0", 3)), &key),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(derive_device(
		      rw, master, "1", T(RAW(CKA_CHECK_VALUE, "\0\0\0", 3), YES(CKA_TOKEN)), &key),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_assert_uint_eq(key, 77);
	ck_assert_uint_eq(objects(), before);
}
END_TEST

START_TEST(a_read_only_session_makes_session_keys_only)
{
	CK_SESSION_HANDLE ro = open_session_of(token, false);
	CK_OBJECT_HANDLE key = 0;

	ck_rv(derive_device(ro, master, "1", T(YES(CKA_TOKEN)), &key), CKR_SESSION_READ_ONLY);
	ck_ok(derive_device(ro, master, "1", NOTHING, &key));
}
END_TEST

START_TEST(private_keys_are_not_derived_from_after_logout)
{
	CK_OBJECT_HANDLE key = 0;

	ck_ok(derive_device(rw, master, "1", NOTHING, &key));
	ck_ok(sessions_logout(token));
	ck_rv(derive_device(rw, master, "1", NOTHING, &key), CKR_KEY_HANDLE_INVALID);
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_rv(derive_device(rw, master, "1", NOTHING, &key), CKR_KEY_HANDLE_INVALID);
}
END_TEST

/* --- A base key that is in the cache, and what another process does to it --- */

static CK_OBJECT_HANDLE base, theirs;

static void cached_base(void)
{
	int64_t id = 0;
	CK_OBJECT_HANDLE key;

	set_up();
	open_elsewhere();
	base = make(rw, T(AES_MK, YES(CKA_DERIVE), YES(CKA_TOKEN)));
	ck_ok(IN(rw, token_object_id(s, base, &id)));
	ck_ok(IN(other, (theirs = token_object_handle(s, id, true), CKR_OK)));
	ck_ok(derive_device(rw, base, "1", NOTHING, &key)); /* it is cached */
}

START_TEST(a_base_destroyed_by_another_process_is_gone_at_the_next_call)
{
	CK_OBJECT_HANDLE key = 0;

	ck_ok(IN(other, object_destroy(s, theirs)));
	ck_rv(derive_device(rw, base, "1", NOTHING, &key), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(a_right_taken_away_by_another_process_is_gone_at_the_next_call)
{
	CK_OBJECT_HANDLE key = 0;

	ck_ok(IN(other, set_attributes(s, theirs, T(ALLOWED(CKM_KEYDIV_DATA_KEY)))));
	ck_rv(derive_device(rw, base, "1", NOTHING, &key), CKR_MECHANISM_INVALID);
	ck_ok(IN(other, set_attributes(s, theirs, T(RAW(CKA_ALLOWED_MECHANISMS, NULL, 0)))));
	ck_rv(derive_device(rw, base, "1", NOTHING, &key), CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(a_token_initialised_by_another_process_has_no_such_base)
{
	CK_OBJECT_HANDLE key = 0;

	ck_ok(token_init(
		elsewhere, PIN("so-pin"), (const uint8_t *)"new                             "));
	ck_rv(derive_device(rw, base, "1", NOTHING, &key), CKR_KEY_HANDLE_INVALID);
}
END_TEST

static _Atomic int stop;

static void *derive_on(void *arg)
{
	CK_SESSION_HANDLE mine = open_session_of(token, true);
	CK_RV rv = CKR_OK;

	(void)arg;
	while (!atomic_load(&stop) && rv == CKR_OK) {
		CK_OBJECT_HANDLE key = 0;
		rv = derive_device(mine, base, "1", NOTHING, &key);
		if (rv == CKR_OK)
			rv = IN(mine, object_destroy(s, key));
	}
	return rv == CKR_OK || rv == CKR_KEY_HANDLE_INVALID ? NULL : (void *)(uintptr_t)rv_name(rv);
}

/*
 * Threads derive while another process changes the base, and destroys it: the right code or a
 * key, nothing else.
 */
START_TEST(threads_derive_while_the_base_is_changed_elsewhere)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, derive_on, NULL), 0);
	for (int i = 0; i < 20; i++)
		ck_ok(IN(other, set_attributes(s, theirs, T(STR(CKA_LABEL, "label")))));
	ck_ok(IN(other, object_destroy(s, theirs)));
	CK_OBJECT_HANDLE key = 0;
	ck_rv(derive_device(rw, base, "1", NOTHING, &key), CKR_KEY_HANDLE_INVALID);
	atomic_store(&stop, 1);
	for (int i = 0; i < 3; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_msg(failed == NULL, "%s", (char *)failed);
	}
}
END_TEST

/* --- Equal schemes --- */

static const CK_SP800_108_COUNTER_FORMAT bits_32 = {CK_FALSE, 32};
static const CK_SP800_108_DKM_LENGTH_FORMAT length_32 = {
	CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};

/*
 * KDF(K, Label, Context, L) by CKM_SP800_108_COUNTER_KDF: [i]32 || Label || 00 || Context || [L]32.
 */
static CK_RV counter_kdf(CK_OBJECT_HANDLE from, const char *label, const void *context, size_t n,
	CK_ATTRIBUTE *t, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	CK_PRF_DATA_PARAM list[] = {
		{CK_SP800_108_ITERATION_VARIABLE, (void *)(uintptr_t)&bits_32, sizeof bits_32},
		{CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t)label, strlen(label) + 1},
		{CK_SP800_108_BYTE_ARRAY, (void *)(uintptr_t)context, n},
		{CK_SP800_108_DKM_LENGTH, (void *)(uintptr_t)&length_32, sizeof length_32},
	};
	CK_SP800_108_KDF_PARAMS params = {CKM_AES_CMAC, 4, list, 0, NULL};
	CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &params, sizeof params};

	return IN(rw, derive_key(s, &m, from, t, count, ret));
}

START_TEST(the_levels_equal_sp_800_108_in_counter_mode)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *label;
		uint8_t tag;
		CK_ULONG n;
	} levels[] = {{CKM_KEYDIV_DEVICE_KEY, "device", KEYDIV_DEVICE, 9},
		{CKM_KEYDIV_DEVICE_KEY, "device", KEYDIV_DEVICE, 128},
		{CKM_KEYDIV_MESSAGE_KEY, "message", KEYDIV_COUNTER, 8},
		{CKM_KEYDIV_DATA_KEY, "data", KEYDIV_NONCE, 64}};
	static const CK_ULONG lengths[] = {16, 24, 32};
	CK_OBJECT_HANDLE any =
		make(rw, T(AES_MK, OPEN_MASTER,
				 ALLOWED(CKM_SP800_108_COUNTER_KDF, CKM_KEYDIV_DEVICE_KEY,
					 CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DATA_KEY)));
	uint8_t field[128], ours[32], theirs_[32];

	for (size_t i = 0; i < sizeof field; i++)
		field[i] = (uint8_t)(7 * i + 1);
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		for (size_t k = 0; k < 3; k++) {
			KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
			CK_OBJECT_HANDLE one = 0, two = 0;
			keydiv_put(&p, levels[i].tag, field, levels[i].n);
			ck_ok(derive(levels[i].type, any, &p,
				T(READABLE, KEY(CKK_AES), LENGTH(lengths[k])), &one));
			ck_ok(counter_kdf(any, levels[i].label, p.bytes, p.length,
				T(READABLE, KEY(CKK_AES), LENGTH(lengths[k])), &two));
			ck_assert_uint_eq(get(rw, one, CKA_VALUE, ours, 32), lengths[k]);
			ck_assert_uint_eq(get(rw, two, CKA_VALUE, theirs_, 32), lengths[k]);
			ck_assert_mem_eq(ours, theirs_, lengths[k]);
		}
}
END_TEST

/*
 * A master is no oracle for device keys through the standard mechanism, unless its own
 * list says so.
 */
START_TEST(a_master_without_a_list_gives_nothing_by_the_standard_mechanism)
{
	CK_OBJECT_HANDLE key = 0;

	ck_rv(counter_kdf(master, "device",
		      "\x01\0\x01"
		      "1",
		      4, T(READABLE), &key),
		CKR_MECHANISM_INVALID);
	ck_assert_uint_eq(key, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("derive");
	TCase *one = tcase_create("one process"), *two = tcase_create("two processes");

	tcase_add_checked_fixture(one, set_up, tear_down);
	tcase_add_checked_fixture(two, cached_base, tear_down_both);
	tcase_add_test(one, the_known_answer);
	tcase_add_test(one, the_order_of_the_checks);
	tcase_add_test(one, a_refused_derivation_leaves_no_object_and_no_handle);
	tcase_add_test(one, a_read_only_session_makes_session_keys_only);
	tcase_add_test(one, private_keys_are_not_derived_from_after_logout);
	tcase_add_test(two, a_base_destroyed_by_another_process_is_gone_at_the_next_call);
	tcase_add_test(two, a_right_taken_away_by_another_process_is_gone_at_the_next_call);
	tcase_add_test(two, a_token_initialised_by_another_process_has_no_such_base);
	tcase_add_test(two, threads_derive_while_the_base_is_changed_elsewhere);
	tcase_add_test(one, the_levels_equal_sp_800_108_in_counter_mode);
	tcase_add_test(one, a_master_without_a_list_gives_nothing_by_the_standard_mechanism);
	suite_add_tcase(suite, one);
	suite_add_tcase(suite, two);
	return run_suite(suite);
}
