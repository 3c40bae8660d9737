/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_freshness_changes.c: the number in token.gen during changes, and a token.gen that is
 * replaced or set back while it is mapped.
 */
#include "freshness_calls.h"

static void remove_file(void)
{
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
}

static void replace_file(void)
{
	ck_assert_int_eq(rename(in_token("token.gen"), in_token("old")), 0);
	make_sparse(4096);
	set_number(8000);
}

static void cut_file(void)
{
	ck_assert_int_eq(truncate(in_token("token.gen"), FRESHNESS_LEN - 1), 0);
}

static void move_file(void)
{
	another_device = true;
}

static void (*const replacements[])(void) = {remove_file, replace_file, cut_file, move_file};

START_TEST(a_replaced_file_is_mapped_again)
{
	map();
	_Atomic uint64_t *old = atomic_load(&f.word);
	freshness_check(&f);
	ck_assert_ptr_eq(atomic_load(&f.word), old);
	ck_assert_uint_eq(atomic_load(old) % 2, 0);
	replacements[_i]();
	freshness_check(&f);
	another_device = false;
	ck_assert(!locked);
	ck_assert_ptr_ne(atomic_load(&f.word), old);
	ck_assert_uint_eq(
		atomic_load(old) % 2, 1); /* a reader compares the number at the old place */
	ck_assert_uint_eq(number() % 2, 0);
	ck_assert(f.writable);
	old = atomic_load(&f.word);
	freshness_check(&f);
	ck_assert_ptr_eq(atomic_load(&f.word), old);
	ck_assert_int_eq(pages, 2);
	end();
}
END_TEST

/* A replacement that cannot be read: nothing of the file before is believed. */
START_TEST(a_replacement_that_is_no_file)
{
	map();
	remove_file();
	ck_assert_int_eq(mkdir(in_token("token.gen"), 0700), 0);
	freshness_check(&f);
	ck_assert(!f.writable && f.inode == 0 && number() % 2 == 1);
	freshness_begin(&f);
	freshness_end(&f);
	ck_assert_uint_eq(number() % 2, 1);
	end();
}
END_TEST

/* Without memory the file is mapped by a later check, and no page is lost. */
START_TEST(a_check_without_memory)
{
	map();
	_Atomic uint64_t *old = atomic_load(&f.word);
	remove_file();
	anonymous_maps = (struct answers){.errors = {ENOMEM, 0, 0, ENOMEM}};
	freshness_check(&f);
	freshness_check(&f);
	remaps = (struct answers){.errors = {ENOMEM}};
	anonymous_maps = (struct answers){0};
	freshness_check(&f);
	ck_assert_ptr_eq(atomic_load(&f.word), old);
	ck_assert_int_eq(pages, 1);
	freshness_check(&f);
	ck_assert_ptr_ne(atomic_load(&f.word), old);
	ck_assert_uint_eq(number() % 2, 0);
	ck_assert_int_eq(pages, 2);
	end();
}
END_TEST

/* --- A number that is set back --- */

/* Every step is a check of one number and one count of changes. */
static const struct {
	uint64_t number, before;
	uint32_t changes;
	bool mapped_again;
} checks[] = {
	{4000, 4000, 7, false}, {4000, 4000, 7, false}, {4002, 4002, 9, false}, /* a change */
	{4004, 4002, 5, false}, /* a change between the two readings: nothing is known of it */
	{4004, 4004, 6, false}, {4005, 4005, 8, false}, /* a change is being made */
	{4006, 4006, 8, false}, {4005, 4005, 9, false}, /* an odd number is trusted by nobody */
	{4006, 4006, 8, false}, {4006, 4006, 9, true},  /* changes that the number does not show */
};

START_TEST(a_number_that_stays_while_the_database_changes)
{
	map();
	const void *place = atomic_load(&f.word);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		set_number(checks[i].number);
		freshness_check_changes(&f, checks[i].before, checks[i].changes);
		ck_assert_msg((atomic_load(&f.word) != place) == checks[i].mapped_again, "%zu", i);
		ck_assert(!locked);
	}
	freshness_check_changes(&f, number(), 9); /* and this is known now */
	place = atomic_load(&f.word);
	freshness_check_changes(&f, number(), 9);
	ck_assert_ptr_eq(atomic_load(&f.word), place);
	unmap();
	set_number(0); /* as no file that this module has mapped for writing */
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	map();
	place = atomic_load(&f.word);
	freshness_check_changes(&f, 0, 9);
	ck_assert_ptr_eq(atomic_load(&f.word), place);
	end();
}
END_TEST

/* --- Changes --- */

/* Each change leaves a number that is even and was not there before. */
START_TEST(each_step_of_a_change)
{
	static const struct {
		uint64_t before, during, after;
	} steps[] = {{2, 3, 4}, {4, 5, 6}, {6, 7, 8}, {3, 5, 6}, {5, 7, 8}, {7, 9, 10}};

	map();
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		set_number(steps[i].before);
		freshness_begin(&f);
		ck_assert_uint_eq(number(), steps[i].during);
		ck_assert(!locked);
		freshness_end(&f);
		ck_assert_uint_eq(number(), steps[i].after);
		ck_assert(!locked);
	}
	for (uint64_t even = 2; even < 8; even += 2) { /* the file was mapped again in between */
		set_number(even);
		freshness_end(&f);
		ck_assert_uint_eq(number(), even + 2);
	}
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("freshness_changes");
	TCase *tcase = tcase_create("freshness_changes");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_replaced_file_is_mapped_again, 0, COUNT(replacements));
	tcase_add_test(tcase, a_replacement_that_is_no_file);
	tcase_add_test(tcase, a_check_without_memory);
	tcase_add_test(tcase, a_number_that_stays_while_the_database_changes);
	tcase_add_test(tcase, each_step_of_a_change);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
