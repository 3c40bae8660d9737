/* SPDX-License-Identifier: Apache-2.0 */
/* test_random.c: random numbers: none twice, not in a child either. */
#include "key/random.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define COUNT 4000

static uint64_t drawn[4 * COUNT];

static void set_up(void)
{
	ck_ok(crypto_start());
}

static void tear_down(void)
{
	crypto_stop();
}

static int compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

static void check_distinct(size_t n)
{
	qsort(drawn, n, sizeof drawn[0], compare);
	for (size_t i = 1; i < n; i++)
		ck_assert_uint_ne(drawn[i - 1], drawn[i]);
}

static void *draw(void *to)
{
	uint64_t *out = to;

	for (int i = 0; i < COUNT; i++)
		ck_ok(random_bytes((uint8_t *)&out[i], sizeof out[i]));
	return NULL;
}

START_TEST(threads_draw_different_numbers)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, draw, drawn + i * COUNT), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	check_distinct(4 * COUNT);
}
END_TEST

/* Every bit is one about half the time: 4000 draws, seven standard deviations (31.6) allowed. */
START_TEST(bits_are_balanced)
{
	unsigned ones[64] = {0};

	draw(drawn);
	for (int i = 0; i < COUNT; i++)
		for (int bit = 0; bit < 64; bit++)
			ones[bit] += drawn[i] >> bit & 1;
	for (int bit = 0; bit < 64; bit++)
		ck_assert_uint_le(
			ones[bit] > COUNT / 2 ? ones[bit] - COUNT / 2 : COUNT / 2 - ones[bit],
			7 * 32);
}
END_TEST

START_TEST(sizes_of_requests)
{
	static uint8_t big[200000], zero[64];

	ck_ok(random_bytes(NULL, 0));
	ck_ok(random_bytes(big, sizeof big)); /* more than the generator gives at a time */
	ck_assert(memcmp(big, zero, 64) != 0 && memcmp(big + sizeof big - 64, zero, 64) != 0);
	ck_assert(memcmp(big, big + 65536, 64) != 0);
}
END_TEST

/* A seed changes nothing for the worse, whatever its size. */
START_TEST(seeding)
{
	static uint8_t seed[200000];

	ck_ok(random_seed(NULL, 0));
	ck_ok(random_seed(seed, 1));
	ck_ok(random_seed(seed, sizeof seed));
	for (int i = 0; i < 100; i++) {
		ck_ok(random_seed(seed, 16)); /* the same seed does not give the same numbers */
		ck_ok(random_bytes((uint8_t *)&drawn[i], sizeof drawn[i]));
	}
	check_distinct(100);
}
END_TEST

/*
 * Two children and the parent, forked at the same state of the generator; with and without
 * crypto_start in the child.
 */
START_TEST(children)
{
	int pipes[2];
	size_t have = 0;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_ok(random_bytes((uint8_t *)&drawn[have++], 8));
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			uint64_t mine[8];
			bool ok = i % 2 == 0 || crypto_start() == CKR_OK;
			ok = ok && random_bytes((uint8_t *)mine, sizeof mine) == CKR_OK;
			_exit(ok && write(pipes[1], mine, sizeof mine) == (ssize_t)sizeof mine ? 0
											       : 1);
		}
		int status;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		ck_assert_int_eq(read(pipes[0], drawn + have, 64), 64);
		have += 8;
	}
	ck_ok(random_bytes((uint8_t *)&drawn[have], 64));
	check_distinct(have + 8);
}
END_TEST

START_TEST(not_started)
{
	uint8_t out[8];

	crypto_stop();
	ck_rv(random_bytes(out, sizeof out), CKR_FUNCTION_FAILED);
	ck_rv(random_seed(out, sizeof out), CKR_FUNCTION_FAILED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *tests = tcase_create("random");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, threads_draw_different_numbers);
	tcase_add_test(tests, bits_are_balanced);
	tcase_add_test(tests, sizes_of_requests);
	tcase_add_test(tests, seeding);
	tcase_add_test(tests, children);
	tcase_add_test(tests, not_started);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
