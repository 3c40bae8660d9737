/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_device_key.c: device, message, session and data keys: what the context binds, plans, and
 * the two-step mechanisms.
 */
#include "scheme.h"

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"
#define MASTER_32 MASTER "000102030405060708090a0b0c0d0e0f"

static void device(struct scheme *s, const char *name, const char *purpose)
{
	scheme_start(s, CKM_KEYDIV_DEVICE_KEY, CKK_AES, MASTER);
	scheme_put_text(s, KEYDIV_DEVICE, name);
	if (purpose)
		scheme_put_text(s, KEYDIV_PURPOSE, purpose);
}

static void run_32(struct scheme *s, uint8_t out[32])
{
	SECRET value = {0};

	scheme_want(s, CKK_AES, 32);
	ck_ok(scheme_run(s, &value));
	ck_assert_uint_eq(value.len, 32);
	memcpy(out, secret_peek(&value), 32);
}

/*
 * However the same bytes are split over the fields, and whatever the length, no two
 * keys share bytes.
 */
START_TEST(inputs_do_not_collide)
{
	uint8_t a[32], b[32], c[32];
	struct scheme s;
	SECRET shorter = {0};

	device(&s, "abc", NULL);
	run_32(&s, a);
	device(&s, "ab", "c");
	run_32(&s, b);
	device(&s, "a", "bc");
	run_32(&s, c);
	ck_assert_mem_ne(a, b, 16);
	ck_assert_mem_ne(b, c, 16);
	ck_assert_mem_ne(a, c, 16);

	device(&s, "abc", NULL);
	ck_ok(scheme_run(&s, &shorter));
	ck_assert_uint_eq(shorter.len, 16);
	ck_assert_mem_ne(secret_peek(&shorter), a, 16);
}
END_TEST

/*
 * 0003 is 0001 and then 0002, 0005 is 0001 and then 0004; the inner key is as long as the master.
 */
START_TEST(two_steps_are_one_after_the_other)
{
	static const char *const masters[] = {
		MASTER, "000102030405060708090a0b0c0d0e0f1011121314151617", MASTER_32};

	for (size_t i = 0; i < 3; i++) {
		struct scheme s, inner;
		SECRET device_key = {0};
		uint8_t both[32], step[32];
		scheme_start(&s, CKM_KEYDIV_DEVICE_KEY, CKK_AES, masters[i]);
		scheme_put_text(&s, KEYDIV_DEVICE, "SN-1");
		scheme_put_text(&s, KEYDIV_SALT, "saltsalt");
		scheme_put_text(&s, KEYDIV_PURPOSE, "p");
		ck_ok(scheme_run(&s, &device_key));
		ck_assert_uint_eq(device_key.len, s.base_len);

		for (int session = 0; session < 2; session++) {
			s.mechanism = session ? CKM_KEYDIV_DEVICE_SESSION_KEY
					      : CKM_KEYDIV_DEVICE_MESSAGE_KEY;
			scheme_start(&inner,
				session ? CKM_KEYDIV_SESSION_KEY : CKM_KEYDIV_MESSAGE_KEY, CKK_AES,
				"");
			memcpy(inner.base, secret_peek(&device_key), device_key.len);
			inner.base_len = device_key.len;
			struct scheme outer = s;
			struct scheme *of[] = {&outer, &inner};
			for (int j = 0; j < 2; j++) {
				if (session) {
					scheme_put_text(of[j], KEYDIV_INITIATOR_NONCE, "initiate");
					scheme_put_text(of[j], KEYDIV_RESPONDER_NONCE, "respond.");
					scheme_put_text(of[j], KEYDIV_SESSION_PURPOSE, "x");
				} else {
					keydiv_put_number(&of[j]->parameter, KEYDIV_COUNTER, 77);
					scheme_put_text(of[j], KEYDIV_MESSAGE_PURPOSE, "x");
				}
			}
			run_32(&outer, both);
			run_32(&inner, step);
			ck_assert_mem_eq(both, step, 32);
		}
	}
}
END_TEST

static const struct {
	CK_KEY_TYPE type;
	size_t length;
	CK_RV rv;
} wishes[] = {
	{CKK_AES, 16, CKR_OK},
	{CKK_AES, 24, CKR_OK},
	{CKK_AES, 32, CKR_OK},
	{CKK_AES, 17, CKR_KEY_SIZE_RANGE},
	{CKK_AES, 8, CKR_KEY_SIZE_RANGE},
	{CKK_AES, (size_t)1 << 31, CKR_KEY_SIZE_RANGE},
	{CKK_AES, (size_t)-1, CKR_KEY_SIZE_RANGE},
	{CKK_GENERIC_SECRET, 16, CKR_OK},
	{CKK_GENERIC_SECRET, 15, CKR_KEY_SIZE_RANGE},
	{CKK_GENERIC_SECRET, 64, CKR_OK},
	{CKK_GENERIC_SECRET, 65, CKR_KEY_SIZE_RANGE},
	{CKK_SHA256_HMAC, 33, CKR_OK},
	{CKK_SHA512_HMAC, 64, CKR_OK},
	{CKK_HKDF, 32, CKR_OK},
	{CKK_DES2, 0, CKR_OK},
	{CKK_DES2, 24, CKR_KEY_SIZE_RANGE},
	{CKK_DES3, 0, CKR_OK},
	{CKK_DES3, 16, CKR_KEY_SIZE_RANGE},
	{CKK_DES, 8, CKR_TEMPLATE_INCONSISTENT},
	{CKK_RSA, 16, CKR_TEMPLATE_INCONSISTENT},
	{CKK_KEYDIV_ODUKPT_CLIENT, 0, CKR_TEMPLATE_INCONSISTENT},
};

START_TEST(types_and_lengths)
{
	struct scheme s;
	SECRET value = {0};

	device(&s, "SN-1", NULL);
	scheme_want(&s, wishes[_i].type, wishes[_i].length);
	ck_rv(scheme_run(&s, &value), wishes[_i].rv);
	if (wishes[_i].rv == CKR_OK) {
		ck_assert_uint_eq(value.len, s.length);
		ck_assert_uint_eq(s.type, wishes[_i].type);
	}
}
END_TEST

START_TEST(length_zero)
{
	struct scheme s;

	device(&s, "SN-1", NULL);
	s.request.has_length = true;
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

START_TEST(des_keys_have_odd_parity)
{
	struct scheme s;
	SECRET value = {0};

	device(&s, "SN-1", NULL);
	scheme_want(&s, CKK_DES3, 0);
	ck_ok(scheme_run(&s, &value));
	for (size_t i = 0; i < value.len; i++)
		ck_assert_int_eq(__builtin_parity(secret_peek(&value)[i]), 1);
}
END_TEST

START_TEST(only_aes_masters)
{
	struct scheme s;

	device(&s, "SN-1", NULL);
	s.base_type = CKK_GENERIC_SECRET;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device_key");
	TCase *tc = tcase_create("device_key");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, inputs_do_not_collide);
	tcase_add_test(tc, two_steps_are_one_after_the_other);
	tcase_add_loop_test(tc, types_and_lengths, 0, sizeof wishes / sizeof wishes[0]);
	tcase_add_test(tc, length_zero);
	tcase_add_test(tc, des_keys_have_odd_parity);
	tcase_add_test(tc, only_aes_masters);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
