/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_freshness.c: how token.gen is made and mapped, with system calls that fail and a clock that
 * the test sets.
 */
#include "freshness_calls.h"

/* A mapping of one host does not show what another host writes. */
START_TEST(on_a_shared_file_system_nothing_is_mapped)
{
	static const long types[] = {0x6969, 0x517B, 0xFF534D42, 0xFE534D42, 0x65735546, 0xC36400,
		0x73757245, 0x5346414F, 0x6B414653, 0x01021997, 0x0BD00BD0, 0x47504653, 0x7461636F,
		0x01161970, 0x786F4256, 0x19830326, 0x20030528, -1 /* fstatfs fails */};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		file_system = types[i];
		map();
		ck_assert(f.never && !f.writable);
		ck_assert_uint_eq(number() % 2, 1);
		uint64_t before = number();
		freshness_check(&f);
		freshness_check_changes(&f, before, 1);
		freshness_check_changes(&f, before, 2);
		ck_ok(freshness_need_writable(&f));
		freshness_begin(&f);
		freshness_end(&f);
		ck_assert_uint_eq(number(), before);
		ck_assert_int_ne(access(in_token("token.gen"), F_OK), 0);
		unmap();
	}
	ck_assert_int_eq(pages, 0);
	file_system = 0x01021994; /* tmpfs */
	map();
	ck_assert(!f.never && f.writable);
	end();
	ck_assert_int_eq(pages, 0);
}
END_TEST

START_TEST(without_memory_there_is_no_number)
{
	open_directory();
	anonymous_maps.errors[0] = ENOMEM;
	ck_rv(freshness_map(&f, directory), CKR_HOST_MEMORY);
	unmap(); /* nothing */
	close(directory);
	ck_assert_int_eq(pages, 0);
}
END_TEST

/* A new file begins with the time. So no process takes it for a file that was there before. */
START_TEST(a_new_file_begins_with_the_time)
{
	static const struct timespec times[] = {{1000, 500}, {1000, 502}, {1000, 505},
		{1000, 999999999}, {1001, 0}, {1700000000, 1}};

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		now = times[i];
		map();
		uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		ck_assert_uint_eq(number(), ns - ns % 2);
		ck_assert_uint_eq(status().st_mode & 0777, 0600);
		unmap();
		now.tv_sec += 5; /* an older file keeps its number */
		map();
		ck_assert_uint_eq(number(), ns - ns % 2);
		unmap();
		ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	}
	close(directory);
	ck_assert_int_eq(pages, 0);
}
END_TEST

/* A store into a hole of the file on a full disk would end the process. */
START_TEST(a_file_has_its_blocks)
{
	static const off_t sizes[] = {0, 1, 4095, 4096, 8192};

	open_directory();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		make_sparse(sizes[i]);
		allocations.calls = 0;
		map();
		ck_assert(f.writable);
		ck_assert_int_ge(status().st_size, FRESHNESS_LEN);
		ck_assert_int_gt(status().st_blocks, 0);
		ck_assert_uint_eq(allocations.calls, 1);
		unmap();
		map(); /* and is not changed when it has */
		ck_assert_uint_eq(allocations.calls, 1);
		unmap();
	}
	int fd = open(in_token("token.gen"), O_WRONLY | O_TRUNC); /* blocks, but too short */
	ck_assert_int_eq(pwrite(fd, "\0\0\0\0\0\0\0\0\0\0", 10, 0), 10);
	close(fd);
	map();
	ck_assert(f.writable);
	ck_assert_int_eq(status().st_size, FRESHNESS_LEN);
	end();
}
END_TEST

static const struct {
	struct answers *answers;
	int error;
	bool readable; /* the file can be mapped for reading all the same */
	CK_RV rv;      /* of the next change, as long as the error stays */
} refusals[] = {
	{&opens, EROFS, false, CKR_TOKEN_WRITE_PROTECTED},
	{&opens, ENOSPC, false, CKR_DEVICE_MEMORY},
	{&statuses, EIO, false, CKR_DEVICE_ERROR},
	{&statuses, ENOMEM, false, CKR_HOST_MEMORY},
	{&allocations, ENOSPC, false, CKR_DEVICE_MEMORY},
	{&allocations, EROFS, false, CKR_TOKEN_WRITE_PROTECTED},
	{&writable_maps, ENOMEM, true, CKR_HOST_MEMORY},
	{&writable_maps, EACCES, true, CKR_TOKEN_WRITE_PROTECTED},
};

/* A file that cannot be mapped for writing is no obstacle to reading, and is to changes. */
START_TEST(a_call_that_fails)
{
	open_directory();
	make_sparse(refusals[_i].answers == &allocations ? 0 : 4096);
	set_number(refusals[_i].answers == &allocations ? 0 : 4000);
	*refusals[_i].answers = (struct answers){
		.errors = {refusals[_i].error, refusals[_i].error, refusals[_i].error}};
	map();
	ck_assert(!f.writable);
	ck_assert_int_eq(f.inode != 0, refusals[_i].readable);
	ck_assert_uint_eq(number() % 2, refusals[_i].readable ? 0 : 1);
	uint64_t before = number();
	const void *place = atomic_load(&f.word);
	freshness_begin(
		&f); /* the page must not be written, which would be fatal, or become even */
	freshness_end(&f);
	ck_assert_uint_eq(number(), before);
	refusals[_i].answers->calls = 0;
	ck_rv(freshness_need_writable(&f), refusals[_i].rv);
	ck_assert(!f.writable);
	refusals[_i].answers->calls = 4; /* the error is gone */
	ck_ok(freshness_need_writable(&f));
	ck_assert(f.writable);
	ck_assert_ptr_eq(atomic_load(&f.word), place);
	ck_assert_uint_eq(number() % 2, 0);
	ck_assert_uint_ne(number(), 0);
	freshness_begin(&f);
	ck_assert_uint_eq(number() % 2, 1);
	end();
	ck_assert_int_eq(pages, 0);
}
END_TEST

/* Neither way to map the file works: the number is odd, so nothing is cached. */
START_TEST(a_file_that_cannot_be_read)
{
	map();
	unmap();
	writable_maps = (struct answers){.errors = {EIO}};
	readable_maps = (struct answers){.errors = {EIO}};
	map();
	ck_assert(!f.writable && f.inode == 0 && number() % 2 == 1);
	freshness_check(&f); /* nothing is mapped that could be replaced */
	ck_assert_uint_eq(anonymous_maps.calls, 2);
	unmap();
	for (int i = 0; i < 2; i++) { /* or, for reading only, too short */
		writable_maps = (struct answers){.errors = {EIO}};
		ck_assert_int_eq(truncate(in_token("token.gen"), FRESHNESS_LEN - i), 0);
		allocations = (struct answers){.errors = {i ? EROFS : 0}};
		map();
		ck_assert_int_eq(f.inode != 0, i == 0);
		ck_assert_uint_eq(number() % 2, (uint64_t)i);
		unmap();
	}
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	ck_assert_int_eq(mkdir(in_token("token.gen"), 0700), 0);
	map();
	ck_assert(f.inode == 0 && number() % 2 == 1);
	ck_rv(freshness_need_writable(&f), CKR_DEVICE_ERROR);
	end();
	ck_assert_int_eq(pages, 0);
}
END_TEST

/* Root may write a file without write permission, and must not. */
START_TEST(a_file_without_write_permission)
{
	map();
	uint64_t before = number();
	unmap();
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	map();
	ck_assert(!f.writable && f.inode != 0);
	ck_assert_uint_eq(number(), before);
	ck_rv(freshness_need_writable(&f), CKR_TOKEN_WRITE_PROTECTED);
	ck_assert_int_eq(chmod(in_token("token.gen"), 0600), 0);
	ck_ok(freshness_need_writable(&f));
	ck_assert(f.writable);
	writable_maps.calls = 0;
	ck_ok(freshness_need_writable(&f)); /* it is mapped once */
	ck_assert_uint_eq(writable_maps.calls, 0);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("freshness");
	TCase *tcase = tcase_create("freshness");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, on_a_shared_file_system_nothing_is_mapped);
	tcase_add_test(tcase, without_memory_there_is_no_number);
	tcase_add_test(tcase, a_new_file_begins_with_the_time);
	tcase_add_test(tcase, a_file_has_its_blocks);
	tcase_add_loop_test(tcase, a_call_that_fails, 0, COUNT(refusals));
	tcase_add_test(tcase, a_file_that_cannot_be_read);
	tcase_add_test(tcase, a_file_without_write_permission);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
