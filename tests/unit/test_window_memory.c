/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_memory.c: each allocation of a call on replay windows fails once, also those of
 * libcrypto and SQLite. The call gives CKR_HOST_MEMORY, has used no counter, and works afterwards.
 */
#include "replaced_allocator.h"
#include "window_support.h"

static long left = -1; /* allocations before the one that fails; negative: none fails */

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

/* --- Calls, each on a store that was just opened --- */

static struct window_location at;

static CK_RV create(void)
{
	SNAPSHOT keys = {0};

	TRY(vault_snapshot_key(&vault, &keys));
	return windows_create(store, &keys, 9);
}

static CK_RV mark(void)
{
	return window_mark(&at, 10);
}

static CK_RV read_set(void)
{
	struct window_set set;

	return window_read(&at, &set);
}

static CK_RV forget(void)
{
	return window_forget(&at);
}

static CK_RV skip(void)
{
	return window_skip(&at, 20);
}

static const struct {
	CK_RV (*run)(void);
	uint64_t reserve;
	bool session;
} calls[] = {
	{create, 1, false},
	{mark, 1, false},
	{mark, 10, false},
	{mark, 1, true},
	{read_set, 1, false},
	{read_set, 1, true},
	{forget, 1, false},
	{skip, 1, false},
	{skip, 1, true},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

/* Let allocation K fail. Return false if the call makes fewer. */
static bool one_failure(int call, long k)
{
	open_all();
	at = reserving("a", 64, calls[call].reserve);
	if (calls[call].session)
		at.store = NULL;
	left = k;
	CK_RV rv = calls[call].run();
	bool hit = left < 0;
	left = -1;
	ck_assert_msg(rv == CKR_OK || (hit && rv == CKR_HOST_MEMORY), "call %d, allocation %ld: %s",
		call, k, rv_name(rv));
	if (rv != CKR_OK)
		ck_ok(calls[call].run());
	if (calls[call].run == mark) {
		replayed(&at, 10);
		ck_ok(window_forget(&at));
	}
	close_all();
	return hit;
}

START_TEST(each_allocation_fails_once)
{
	long k = 0;

	start();
	close_all();
	while (one_failure(_i, k))
		k++;
	ck_assert_int_gt(k, 0);
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("window memory");
	TCase *tc = tcase_create("window memory");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, each_allocation_fails_once, 0, CALLS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
