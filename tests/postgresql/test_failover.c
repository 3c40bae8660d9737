/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_failover.c: the standby is promoted while the old primary still runs, takes connections and
 * answers SELECT. Without its standby the old primary can commit nothing, so nothing is believed
 * that only it has, and the store goes over to the new primary by itself.
 */
#include "store_on_server.h"

#define TRIES 60 /* of a call that gives CKR_DEVICE_ERROR meanwhile, each of some seconds */

/* Call until it gives another code than CKR_DEVICE_ERROR. */
#define in_the_end(call)                                                                           \
	({                                                                                         \
		CK_RV end_ = CKR_DEVICE_ERROR;                                                     \
		for (int i_ = 0; i_ < TRIES && end_ == CKR_DEVICE_ERROR; i_++)                     \
			end_ = (call);                                                             \
		end_;                                                                              \
	})

START_TEST(an_old_primary_that_still_runs)
{
	struct store_token token;
	RECORD record = {0};
	start();
	struct window_location at = stream("a", 64);
	int64_t id = insert_sample(store, CKO_SECRET_KEY, true, "label", "id");

	accepted(&at, 1);
	ck_ok(store_read(store, id, &record));
	record_free(&record);
	uint64_t seen = atomic_load(store_freshness(store));
	command("cut replication");
	command("promote b");
	ck_ok(in_the_end(store_touch(store)));
	ck_ok(in_the_end(store_confirm(store)));
	ck_assert_str_eq(postgresql_of(store)->lease.seen.timeline, "00000002");
	ck_assert_uint_ne(atomic_load(store_freshness(store)), seen);
	ck_ok(in_the_end(window_mark(&at, 2)));
	replayed(&at, 1);
	replayed(&at, 2);
	ck_ok(in_the_end(store_read(store, id, &record)));
	record_free(&record);
	ck_ok(in_the_end(raw_remove(store, id)));
	ck_rv(in_the_end(store_read(store, id, &record)), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(in_the_end(store_token_get(store, &token)));
	ck_assert_str_eq(postgresql_of(store)->connection.timeline, "00000002");
	close_all();
}
END_TEST

RUN_ON_SERVER("failover", 600, an_old_primary_that_still_runs)
