/* SPDX-License-Identifier: Apache-2.0 */
/* test_nfold.c: the published folds, and what every fold has. */
#include "nfold.h"

#include <string.h>

#include "unit.h"
#include "vectors.h"

START_TEST(published)
{
	struct vectors v;
	uint8_t in[256], out[256], folded[256];

	for (vectors_open(&v, "nfold.txt"); vectors_next(&v);) {
		size_t n = vector_hex(&v, "in", in, sizeof in),
		       to = vector_hex(&v, "out", out, sizeof out);
		nfold(in, n, folded, to);
		ck_assert_mem_eq(folded, out, to);
	}
	ck_assert_uint_eq(v.cases, 16);
}
END_TEST

/* Folding to its own length changes nothing; nothing is written beyond the length. */
START_TEST(folding_to_its_own_length_changes_nothing)
{
	uint8_t in[64], out[65];

	for (size_t n = 1; n <= sizeof in; n++) {
		for (size_t i = 0; i < n; i++)
			in[i] = (uint8_t)(i * 31 + n);
		memset(out, 0xA5, sizeof out);
		nfold(in, n, out, n);
		ck_assert_mem_eq(in, out, n);
		ck_assert_uint_eq(out[n], 0xA5);
	}
}
END_TEST

/* All ones stay all ones: one's complement's other zero goes through every carry. */
START_TEST(all_ones_stay_all_ones)
{
	uint8_t in[40], out[40], ones[40];

	memset(in, 0xFF, sizeof in);
	memset(ones, 0xFF, sizeof ones);
	for (size_t n = 1; n <= sizeof in; n++)
		for (size_t to = 1; to <= sizeof out; to++) {
			nfold(in, n, out, to);
			ck_assert_mem_eq(out, ones, to);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nfold");
	TCase *tc = tcase_create("nfold");

	tcase_add_test(tc, published);
	tcase_add_test(tc, folding_to_its_own_length_changes_nothing);
	tcase_add_test(tc, all_ones_stay_all_ones);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
