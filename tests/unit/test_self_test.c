/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_selftest.c: every row passes its known answers, and a single wrong bit in any of
 * them is noticed.
 */
#include "self_test.h"

#include "scheme.h"

static size_t count_answers(const struct mechanism *row)
{
	size_t n = 0;

	if (row->test.run != NULL)
		return 1;
	while (row->test.answers != NULL && row->test.answers[n].base != NULL)
		n++;
	return n;
}

START_TEST(every_mechanism_passes)
{
	struct key *keys[SELF_TEST_KEYS] = {
		scheme_key(0), scheme_key(1), scheme_key(2), scheme_key(3)};

	for (size_t i = 0; i < mechanism_count; i++) {
		CK_RV rv = mechanism_self_test(mechanisms[i], keys, SELF_TEST_NO_FLIP);
		ck_assert_msg(rv == CKR_OK, "%s: %s", mechanisms[i]->name, rv_name(rv));
		ck_assert_uint_ne(count_answers(mechanisms[i]), 0);
	}
}
END_TEST

START_TEST(flipped_answers_fail)
{
	struct key *keys[SELF_TEST_KEYS] = {
		scheme_key(0), scheme_key(1), scheme_key(2), scheme_key(3)};

	for (size_t i = 0; i < mechanism_count; i++)
		for (size_t answer = 0; answer < count_answers(mechanisms[i]); answer++) {
			CK_RV rv = mechanism_self_test(mechanisms[i], keys, (int)answer);
			ck_assert_msg(rv == CKR_FUNCTION_FAILED, "%s: answer %zu spoilt: %s",
				mechanisms[i]->name, answer, rv_name(rv));
		}
}
END_TEST

START_TEST(no_key_stays_behind)
{
	struct key *keys[SELF_TEST_KEYS] = {
		scheme_key(0), scheme_key(1), scheme_key(2), scheme_key(3)};

	ck_ok(mechanism_self_test(mechanism_find(CKM_KEYDIV_ODUKPT_KEY), keys, SELF_TEST_NO_FLIP));
	for (unsigned i = 0; i < SELF_TEST_KEYS; i++)
		ck_assert_uint_eq(key_length(keys[i]), 0);
}
END_TEST

START_TEST(a_row_without_answers_fails)
{
	struct mechanism row = *mechanism_find(CKM_KEYDIV_DEVICE_KEY);
	struct key *keys[SELF_TEST_KEYS] = {
		scheme_key(0), scheme_key(1), scheme_key(2), scheme_key(3)};

	row.test.answers = NULL;
	ck_rv(mechanism_self_test(&row, keys, SELF_TEST_NO_FLIP), CKR_FUNCTION_FAILED);
}
END_TEST

static CK_RV no_memory(struct derivation *d, struct secret *ret_value)
{
	(void)d;
	(void)ret_value;
	return CKR_HOST_MEMORY;
}

/*
 * A test that could not be made is not one that failed: the module must not end in its error
 * state for it.
 */
START_TEST(no_memory_is_no_wrong_answer)
{
	struct mechanism row = *mechanism_find(CKM_KEYDIV_DEVICE_KEY);
	struct key *keys[SELF_TEST_KEYS] = {
		scheme_key(0), scheme_key(1), scheme_key(2), scheme_key(3)};

	row.derive.value = no_memory;
	ck_rv(mechanism_self_test(&row, keys, SELF_TEST_NO_FLIP), CKR_HOST_MEMORY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self_test");
	TCase *tc = tcase_create("self_test");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, every_mechanism_passes);
	tcase_add_test(tc, flipped_answers_fail);
	tcase_add_test(tc, no_key_stays_behind);
	tcase_add_test(tc, a_row_without_answers_fails);
	tcase_add_test(tc, no_memory_is_no_wrong_answer);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
