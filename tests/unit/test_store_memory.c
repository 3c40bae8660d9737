/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_memory.c: each allocation of a call of the store fails once, also those of libcrypto
 * and SQLite. The call gives CKR_HOST_MEMORY and has changed nothing, or has done its work. The
 * store is whole in any case, and the call works afterwards.
 */
#include "replaced_allocator.h"

#include "controlled_store.h"
#include "state/state.h"

static long left = -1; /* allocations before the one that fails; negative: none fails */

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

/* --- Calls, each on a store that was opened and read before --- */

static struct object client;
static int64_t added;

static CK_RV add_client_of_token(void)
{
	struct object *objects[] = {&client};

	return store_add_objects(store, &keys, objects, 1, &added);
}

static CK_RV edit(void)
{
	return store_edit_object(store, &keys, 1, change_value, (void *)"changed");
}

static CK_RV destroy(void)
{
	CK_RV rv = store_remove_object(store, &keys, 2);

	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

static CK_RV initialise(void)
{
	struct store_token token = sample_token();
	bool as_seen;

	TRY(inventory_seal(&keys, &(struct inventory){0}, &token));
	TRY(store_init_token(store, &token, &token, &as_seen));
	return as_seen ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV set_pin(void)
{
	struct store_token token;
	bool as_seen;

	TRY(store_token_get(store, &token));
	return store_set_pin(store, STORE_USER, &token, false, &token.so, &as_seen);
}

static CK_RV verify(void)
{
	return store_verify(store, &keys);
}

static CK_RV find(void)
{
	struct store_query all = {0};
	struct record records[4];
	size_t n;

	TRY(store_find(store, &all, records, 4, &n));
	for (size_t i = 0; i < n; i++)
		record_free(&records[i]);
	return CKR_OK;
}

static CK_RV (*const calls[])(void) = {
	add_client_of_token, edit, destroy, set_pin, verify, find, initialise};

/* Let allocation K fail. Return false if the call makes fewer. */
static bool one_failure(CK_RV (*call)(void), long k)
{
	ck_ok(store_open(token_dir, &states_above_store, &store));
	ck_ok(store_touch(store));
	ck_ok(store_verify(store, &keys));
	left = k;
	CK_RV rv = call();
	bool hit = left < 0;
	left = -1;
	ck_assert_msg(rv == CKR_OK || (hit && rv == CKR_HOST_MEMORY), "allocation %ld: %s", k,
		rv_name(rv));
	ck_ok(store_verify(store, &keys));
	if (rv != CKR_OK)
		ck_ok(call());
	ck_ok(store_verify(store, &keys));
	if (added > 0)
		ck_ok(store_remove_object(store, &keys, added));
	added = 0;
	store_close(store);
	return hit;
}

START_TEST(each_allocation_fails_once)
{
	long k = 0;

	new_controlled();
	add("first");
	add("second");
	close_controlled();
	client = new_key(CKK_KEYDIV_ODUKPT_CLIENT, "state");
	while (one_failure(calls[_i], k))
		k++;
	ck_assert_int_gt(k, 0);
	object_wipe(&client);
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("store memory");
	TCase *tcase = tcase_create("store memory");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, each_allocation_fails_once, 0, sizeof calls / sizeof calls[0]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
