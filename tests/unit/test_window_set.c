/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_set.c: the arithmetic of replay windows, compared with a list of every counter that
 * was used.
 */
#include "state/window_set.h"

#include "unit.h"

#define USES 1200

/* The model: every accepted counter, in any order. */
static uint64_t used[USES];
static size_t used_n;

static bool model_refuses(unsigned size, uint64_t counter)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < used_n; i++) {
		if (used[i] == counter)
			return true;
		if (used[i] > highest)
			highest = used[i];
	}
	return used_n > 0 && counter < highest && highest - counter > size;
}

static uint64_t random64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* A counter near the highest of SET, far from it, or at an end of the range. */
static uint64_t some_counter(const struct window_set *set)
{
	uint64_t near = (uint64_t)random() % (2 * set->size + 3);

	switch (random() % 40) {
	case 0:
		return 0;
	case 1:
		return set->highest + near * 7;
	case 2:
		return random64() >> random() % 64;
	case 3:
		return set->highest + set->size + (uint64_t)(random() % 3) - 1;
	case 4:
		return set->highest - set->size + (uint64_t)(random() % 3) - 1;
	default:
		return set->highest + (uint64_t)(random() % 3) - near % (set->size + 3);
	}
}

static void compare_with_model(unsigned size)
{
	struct window_set set = window_set_empty(size);
	uint8_t room[(WINDOW_MAX + 7) / 8];

	used_n = 0;
	for (size_t i = 0; i < USES; i++) {
		uint64_t counter = some_counter(&set);
		bool refused = window_set_refuses(&set, counter);
		ck_assert_msg(refused == model_refuses(size, counter),
			"size %u highest %llu counter %llu", size, (unsigned long long)set.highest,
			(unsigned long long)counter);
		if (refused)
			continue;
		window_set_add(&set, counter);
		used[used_n++] = counter;
		if (i % 16 == 0) { /* through the form that is stored */
			window_set_encode(&set, room);
			set = window_set_decode(size, set.highest, room);
		}
	}
	ck_assert_uint_gt(used_n, 1);
}

START_TEST(random_counters)
{
	static const unsigned sizes[] = {
		1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000, 1023, 1024};

	srandom(1);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		compare_with_model(sizes[i]);
	for (unsigned i = 0; i < 20; i++)
		compare_with_model(1 + (unsigned)random() % WINDOW_MAX);
}
END_TEST

START_TEST(ends_of_the_range)
{
	struct window_set set = window_set_empty(64);

	ck_assert(!window_set_refuses(&set, 0));
	ck_assert(!window_set_refuses(&set, UINT64_MAX));
	window_set_add(&set, 0);
	ck_assert(window_set_refuses(&set, 0));
	window_set_add(&set, UINT64_MAX);
	ck_assert(window_set_refuses(&set, UINT64_MAX));
	ck_assert(!window_set_refuses(&set, UINT64_MAX - 1));
	ck_assert(!window_set_refuses(&set, UINT64_MAX - 64));
	ck_assert(window_set_refuses(&set, UINT64_MAX - 65));
	ck_assert(window_set_refuses(&set, 0));
}
END_TEST

/* The window of 1 still accepts the counter just below the highest, once. */
START_TEST(the_smallest_window)
{
	struct window_set set = window_set_empty(1);

	window_set_add(&set, 10);
	ck_assert(!window_set_refuses(&set, 9));
	ck_assert(window_set_refuses(&set, 8));
	window_set_add(&set, 9);
	ck_assert(window_set_refuses(&set, 9));
	window_set_add(&set, 12);
	ck_assert(!window_set_refuses(&set, 11));
	ck_assert(window_set_refuses(&set, 10));
}
END_TEST

START_TEST(a_jump_of_the_whole_window)
{
	bool right = true;

	for (unsigned size = 1; size <= WINDOW_MAX; size++)
		for (unsigned more = 0; more < 3; more++) {
			struct window_set set = window_set_empty(size);
			uint64_t highest = 5000 + size + more;
			window_set_add(&set, 5000);
			window_set_add(&set, 4999);
			window_set_add(&set, highest);
			right &= window_set_refuses(&set, 5000) && window_set_refuses(&set, 4999);
			for (uint64_t c = 5001; c < highest; c++)
				right &= window_set_refuses(&set, c) == (highest - c > size);
		}
	ck_assert(right);
}
END_TEST

/* Each counter keeps its place when the highest rises by whole words, or by less or more. */
START_TEST(rises)
{
	static const uint64_t used_before[] = {5000, 4999, 4990, 4937, 4936, 4935, 4700};

	for (uint64_t rise = 1; rise <= 2 * WINDOW_MAX; rise++) {
		struct window_set set = window_set_empty(WINDOW_MAX);
		for (size_t i = 0; i < sizeof used_before / sizeof used_before[0]; i++)
			window_set_add(&set, used_before[i]);
		window_set_add(&set, 5000 + rise);
		uint64_t free = 0, inside = 0;
		for (uint64_t c = 4000 + rise - 24; c < 5000 + rise; c++) {
			inside++;
			free += !window_set_refuses(&set, c);
		}
		ck_assert_uint_eq(inside, WINDOW_MAX);
		for (size_t i = 0; i < sizeof used_before / sizeof used_before[0]; i++) {
			bool left = 5000 + rise - used_before[i] <= WINDOW_MAX;
			ck_assert(window_set_refuses(&set, used_before[i]));
			free += left;
		}
		ck_assert_uint_eq(free, WINDOW_MAX);
	}
}
END_TEST

/* A bit beyond the size would be written behind the largest set. */
START_TEST(no_bit_beyond_the_size)
{
	static const unsigned sizes[] = {1, 63, 64, 65, 100, WINDOW_MAX};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct {
			struct window_set set;
			uint64_t behind;
		} at = {window_set_empty(sizes[i]), 0};
		window_set_add(&at.set, 5000);
		window_set_add(&at.set, 5001 + sizes[i]); /* 5000 is just too low */
		for (size_t k = 0; k < WINDOW_WORDS; k++)
			ck_assert_uint_eq(at.set.below[k], 0);
		window_set_fill(&at.set, 5000);
		for (size_t k = 0; k < WINDOW_WORDS; k++)
			ck_assert_uint_eq(at.set.below[k], 0);
		ck_assert_uint_eq(at.behind, 0);
	}
}
END_TEST

/* Only the bytes of the size are read. */
START_TEST(bytes_of_the_stored_form)
{
	static const uint8_t ones[WINDOW_MAX / 8 + 1] = {0xff, 0xff, 0xff, 0xff};

	ck_assert_uint_eq(window_set_decode(8, 100, ones).below[0], 0xff);
	ck_assert_uint_eq(window_set_decode(9, 100, ones).below[0], 0xffff);
	ck_assert_uint_eq(window_set_decode(17, 100, ones).below[0], 0xffffff);
}
END_TEST

START_TEST(filled)
{
	struct window_set set = window_set_empty(100);

	window_set_fill(&set, 50);
	for (uint64_t c = 0; c <= 50; c++)
		ck_assert(window_set_refuses(&set, c));
	ck_assert(!window_set_refuses(&set, 51));
	window_set_add(&set, 60);
	window_set_fill(&set, 55);
	ck_assert(window_set_refuses(&set, 55));
	ck_assert(window_set_refuses(&set, 51));
	ck_assert(!window_set_refuses(&set, 56));
	window_set_fill(&set, 60);
	ck_assert(window_set_refuses(&set, 59));
	window_set_fill(&set, UINT64_MAX);
	ck_assert(window_set_refuses(&set, UINT64_MAX));
	ck_assert(window_set_refuses(&set, UINT64_MAX - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window set");
	TCase *tc = tcase_create("window set");

	tcase_add_test(tc, random_counters);
	tcase_add_test(tc, ends_of_the_range);
	tcase_add_test(tc, the_smallest_window);
	tcase_add_test(tc, a_jump_of_the_whole_window);
	tcase_add_test(tc, rises);
	tcase_add_test(tc, no_bit_beyond_the_size);
	tcase_add_test(tc, bytes_of_the_stored_form);
	tcase_add_test(tc, filled);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
