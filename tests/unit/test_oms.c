/* SPDX-License-Identifier: Apache-2.0 */
/* test_oms.c: keys of one message of a meter in security mode 7. */
#include "scheme.h"

#define METER_KEY "000102030405060708090a0b0c0d0e0f"

static void start(
	struct scheme *s, const char *key, const char *which, const char *counter, const char *id)
{
	scheme_start(s, CKM_KEYDIV_OMS_MODE7_KEY, CKK_AES, key);
	scheme_put_hex(s, KEYDIV_OMS_KEY, which);
	scheme_put_hex(s, KEYDIV_OMS_COUNTER, counter);
	scheme_put_hex(s, KEYDIV_METER_ID, id);
}

START_TEST(published_answers)
{
	struct vectors v;

	for (vectors_open(&v, "wmbus_oms.txt"); vectors_next(&v);) {
		struct scheme s;
		start(&s, vector_text(&v, "mk"), "00", vector_text(&v, "counter"),
			vector_text(&v, "id"));
		scheme_expect(&s, vector_text(&v, "kenc"));
		start(&s, vector_text(&v, "mk"), "01", vector_text(&v, "counter"),
			vector_text(&v, "id"));
		scheme_expect(&s, vector_text(&v, "kmac"));
	}
	ck_assert_uint_eq(v.cases, 1);
}
END_TEST

START_TEST(refused)
{
	static const char *const unknown[] = {"02", "0f", "12", "20", "ff"};
	struct scheme s;

	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		start(&s, METER_KEY, unknown[i], "b30a0000", "78563412");
		scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	}
	start(&s, METER_KEY METER_KEY, "00", "b30a0000", "78563412");
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	start(&s, METER_KEY, "00", "b30a0000", "78563412");
	scheme_want(&s, CKK_AES, 24);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oms");
	TCase *tc = tcase_create("oms");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
