/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crypto_memory.c: crypto_start() in a process where one allocation fails must succeed once
 * memory is free again. This program replaces the allocator of the C library for libcrypto too.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key/key.h"
#include "unit.h"

#define REPLACES __attribute__((visibility("default")))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

/* Allocations until the one that fails; negative: none fails. */
static long until_failure = -1;

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

REPLACES void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

REPLACES void *calloc(size_t count, size_t n)
{
	return fails() ? NULL : __libc_calloc(count, n);
}

REPLACES void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

/* In a process of its own, because libcrypto is set up once in a process. */
static int fail_one(long number)
{
	until_failure = number;
	CK_RV first = crypto_start();
	bool failed = until_failure < 0;
	until_failure = -1;
	if (!failed)
		return 1; /* crypto_start() makes fewer allocations */
	if (number == 0 && first != CKR_HOST_MEMORY)
		return 2;
	return crypto_start() == CKR_OK ? 0 : 3;
}

/* The allocations of the first use of libcrypto are the first ones. Of the others try some. */
START_TEST(usable_after_a_failure)
{
	long number = 0;
	int status = 0;

	for (; status == 0; number += number < 100 ? 1 : 211) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			_exit(fail_one(number));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1),
			"after a failure of allocation %ld: status %d", number, status);
	}
	ck_assert_int_gt(number, 100);
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("crypto_memory");
	TCase *tests = tcase_create("crypto_memory");

	tcase_add_test(tests, usable_after_a_failure);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
