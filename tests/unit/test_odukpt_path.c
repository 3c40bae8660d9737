/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odukpt_path.c: numbers and paths of the O-DUKPT tree, for every small shape and samples of
 * the published ones.
 */
#include "odukpt_path.h"

#include "unit.h"

#define SMALL 3000

static const struct {
	unsigned r, n;
	uint64_t t;
} published[] = {{21, 7, 1184039}, {13, 10, 1144065}, {21, 10, 44352164}, {3, 3, 19}, {1, 1, 1},
	{1, 32, 32}, {32, 1, 32}};

START_TEST(sizes)
{
	uint64_t t;

	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
		ck_assert(odukpt_transactions(published[i].r, published[i].n, &t));
		ck_assert_uint_eq(t, published[i].t);
		ck_assert(odukpt_transactions(published[i].n, published[i].r, &t));
		ck_assert_uint_eq(t, published[i].t);
	}
}
END_TEST

/*
 * C(64, 32) - 1 is the largest of the 32 by 32 shapes; C(66, 33) is the largest central one below
 * 2^63; beyond, a refusal.
 */
START_TEST(transaction_counts_up_to_63_bits)
{
	uint64_t t = 7;

	ck_assert(odukpt_transactions(32, 32, &t));
	ck_assert_uint_eq(t, UINT64_C(1832624140942590533));
	ck_assert(odukpt_transactions(33, 33, &t));
	ck_assert_uint_eq(t, UINT64_C(7219428434016265739));
	t = 7;
	ck_assert(!odukpt_transactions(34, 33, &t));
	ck_assert(!odukpt_transactions(34, 34, &t));
	ck_assert(!odukpt_transactions(200, 200, &t));
	ck_assert(!odukpt_transactions(0, 5, &t));
	ck_assert(!odukpt_transactions(5, 0, &t));
	ck_assert_uint_eq(t, 7);
}
END_TEST

/* The next path, depth first and low registers first, as the client moves: false at the end. */
static bool successor(unsigned r, unsigned n, struct odukpt_path *p)
{
	if (p->length < n) {
		p->at[p->length++] = 1;
		return true;
	}
	while (p->length > 0) {
		unsigned parent = p->length > 1 ? p->at[p->length - 2] : r;
		if (p->at[p->length - 1] < parent) {
			p->at[p->length - 1]++;
			return true;
		}
		p->length--;
	}
	return false;
}

/* The number of the key at the LENGTH registers AT: the keys before it, step by step. */
static uint64_t number_of(unsigned n, const uint8_t *at, size_t length)
{
	uint64_t number = length - 1; /* the parents */

	for (size_t i = 0; i < length; i++)
		number += odukpt_before(at[i], n - 1 - (unsigned)i);
	return number;
}

/* Number I is this path, and every step of it has the number that is said. */
static bool right(unsigned r, unsigned n, uint64_t number, const struct odukpt_path *expected)
{
	struct odukpt_path path;

	if (!odukpt_path(r, n, number, &path) || path.length != expected->length)
		return false;
	for (size_t k = 1; k <= path.length; k++)
		if (path.at[k - 1] != expected->at[k - 1] ||
			number_of(n, path.at, k) != path.number[k - 1])
			return false;
	return path.number[path.length - 1] == number;
}

static void check_shape(unsigned r, unsigned n, uint64_t t)
{
	struct odukpt_path expected = {.length = 1, .at = {1}}, path;
	uint64_t number = 0;

	do {
		if (!right(r, n, number, &expected))
			ck_abort_msg("shape (%u,%u), number %lu", r, n, number);
		number++;
	} while (successor(r, n, &expected));
	ck_assert_uint_eq(number, t);
	ck_assert(!odukpt_path(r, n, number, &path));
	ck_assert(!odukpt_path(r, n, UINT64_MAX, &path));
}

START_TEST(every_small_shape)
{
	unsigned shapes = 0;
	uint64_t t;

	for (unsigned r = 1; r <= ODUKPT_SHAPE_MAX; r++)
		for (unsigned n = 1; n <= ODUKPT_SHAPE_MAX; n++)
			if (odukpt_transactions(r, n, &t) && t <= SMALL) {
				check_shape(r, n, t);
				shapes++;
			}
	ck_assert_uint_gt(shapes, 150);
}
END_TEST

/* Back and forth at steps through the big shapes; the last key is N times the last register. */
START_TEST(samples_of_big_shapes)
{
	static const unsigned shapes[][2] = {{21, 7}, {13, 10}, {21, 10}, {32, 32}};
	unsigned r = shapes[_i][0], n = shapes[_i][1];
	struct odukpt_path path;
	uint64_t t;

	ck_assert(odukpt_transactions(r, n, &t));
	for (uint64_t i = 0; i <= 20000; i++) {
		uint64_t number = i == 20000 ? t - 1 : t / 20000 * i;
		bool good = odukpt_path(r, n, number, &path) && path.length <= n &&
			    number_of(n, path.at, path.length) == number;
		for (size_t k = 1; good && k < path.length; k++)
			good = path.at[k] <= path.at[k - 1];
		if (!good)
			ck_abort_msg("shape (%u,%u), number %lu", r, n, number);
	}
	ck_assert_uint_eq(path.length, n);
	for (size_t k = 0; k < n; k++)
		ck_assert_uint_eq(path.at[k], r);
}
END_TEST

START_TEST(paths_that_are_none)
{
	struct odukpt_path path;

	ck_assert(!odukpt_path(33, 2, 0, &path));
	ck_assert(!odukpt_path(2, 33, 0, &path));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("odukpt_path");
	TCase *tc = tcase_create("odukpt_path");

	tcase_add_test(tc, sizes);
	tcase_add_test(tc, transaction_counts_up_to_63_bits);
	tcase_add_test(tc, every_small_shape);
	tcase_add_loop_test(tc, samples_of_big_shapes, 0, 4);
	tcase_add_test(tc, paths_that_are_none);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
