/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lease.c: a store that other hosts change. No result of a key leaves the token unless the
 * lease runs and the store is as it was when the key was found.
 *
 * The store is SQLite's with a lease of the test. The call that renews the lease may let another
 * process change the store first.
 */
#include "store/backend.h"
#include "two_views.h"

static struct store_backend backend; /* SQLite's, with the functions below */
static struct store_lease lease;
static CK_RV renewal; /* the result of the next renewals */
static unsigned renewals, waits;
static void (*meanwhile)(void); /* what another process does before the next renewal */
static CK_OBJECT_HANDLE master;

static const struct store_lease *lease_of(const struct store *store)
{
	ck_assert_ptr_eq(store, token->store);
	return &lease;
}

/* The lease stays due, so that each use of a key asks. */
static CK_RV renew(struct store *store)
{
	void (*change)(void) = meanwhile;

	ck_assert_ptr_eq(store, token->store);
	renewals++;
	meanwhile = NULL;
	if (change != NULL)
		change();
	return renewal;
}

static void wait_for_hosts(struct store *store)
{
	ck_assert_ptr_eq(store, token->store);
	waits++;
}

static CK_OBJECT_HANDLE in_other(CK_OBJECT_HANDLE handle)
{
	int64_t id = 0;
	CK_OBJECT_HANDLE theirs = 0;

	ck_ok(IN(rw, token_object_id(s, handle, &id)));
	ck_ok(IN(other, (theirs = token_object_handle(s, id, true), CKR_OK)));
	return theirs;
}

static CK_OBJECT_HANDLE master_there;

static void destroy_there(void)
{
	ck_ok(IN(other, object_destroy(s, master_there)));
}

static void touch_there(void)
{
	ck_ok(store_touch(elsewhere->store));
}

static void set_up(void)
{
	two_processes();
	backend = *token->store->backend;
	backend.lease = lease_of;
	backend.confirm = renew;
	backend.wait_for_hosts = wait_for_hosts;
	token->store->backend = &backend;
	token->lease = store_lease(token->store);
	ck_assert_ptr_eq(token->lease, &lease);
	ck_assert_ptr_null(store_lease(elsewhere->store));
	ck_ok(store_confirm(elsewhere->store));
	atomic_store(&lease.renew_at, 0);
	lease.freshness = store_freshness(token->store);
	master = make(rw, T(AES_MK, OPEN_MASTER, YES(CKA_TOKEN)));
	master_there = in_other(master);
	renewals = waits = 0;
	renewal = CKR_OK;
	meanwhile = NULL;
}

static CK_ULONG objects(void)
{
	return count_found(rw, NOTHING, NULL, 0);
}

/* --- C_DeriveKey --- */

static CK_RV derive(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE *ret)
{
	return derive_device(rw, base, "SN-1", T(KEY(CKK_AES), LENGTH(16)), ret);
}

START_TEST(a_lease_that_runs)
{
	CK_OBJECT_HANDLE key = 0;

	atomic_store(&lease.renew_at, INT64_MAX);
	ck_ok(derive(master, &key));
	ck_ok(derive(master, &key));
	ck_assert_uint_eq(renewals, 0);
}
END_TEST

START_TEST(a_lease_that_is_over)
{
	CK_OBJECT_HANDLE key = 77;
	CK_ULONG before = objects();

	ck_ok(derive(master, &key));
	ck_assert_uint_gt(renewals, 0);
	before++;
	key = 77;
	renewal = CKR_DEVICE_ERROR;
	ck_rv(derive(master, &key), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(key, 77);
	renewal = CKR_OK;
	ck_assert_uint_eq(objects(), before);
	ck_ok(derive(master, &key));
}
END_TEST

/* A session master needs no lease, also after a call that failed under one. */
START_TEST(a_session_master)
{
	CK_OBJECT_HANDLE key = 0, mine = make(rw, T(AES_MK, OPEN_MASTER));

	renewal = CKR_DEVICE_ERROR;
	ck_rv(derive(master, &key), CKR_DEVICE_ERROR);
	renewals = 0;
	ck_ok(derive(mine, &key));
	ck_assert_uint_eq(renewals, 0);
	renewal = CKR_OK;
}
END_TEST

START_TEST(a_master_that_is_destroyed_meanwhile)
{
	CK_OBJECT_HANDLE key = 77;

	ck_ok(derive(master, &key)); /* the key is in the cache */
	key = 77;
	meanwhile = destroy_there;
	ck_rv(derive(master, &key), CKR_KEY_HANDLE_INVALID);
	ck_assert_uint_eq(key, 77);
}
END_TEST

START_TEST(a_store_that_is_changed_meanwhile)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG before = objects();

	meanwhile = touch_there;
	renewals = 0;
	ck_ok(derive(master, &key));
	ck_assert_uint_eq(renewals, 2); /* the key was computed again */
	ck_assert_uint_eq(objects(), before + 1);
}
END_TEST

/* The lease runs, and this process has noticed a change since the base key was found. */
START_TEST(a_change_that_is_noticed_meanwhile)
{
	static _Atomic uint64_t changes;
	struct cached_key *key;

	atomic_store(&lease.renew_at, INT64_MAX);
	lease.freshness = &changes;
	for (int n = 0; n < 2; n++) {
		OBJECT o = {.object_class = CKO_SECRET_KEY, .flags = FLAG_DESTROYABLE};
		CK_OBJECT_HANDLE handle = 77;
		CK_ULONG before = objects();

		ck_ok(secret_set(&o.value, "derived", 7));
		ck_ok(IN(rw, (s->leased = false, session_key(s, master, &key))));
		changes += (unsigned)n;
		ck_ok(IN(rw, object_add_under_lease(s, &o, &handle)));
		ck_assert_int_eq(handle != 0, n == 0);
		ck_assert_uint_eq(o.value.len, n == 0 ? 0 : 7);
		ck_assert_uint_eq(objects(), before + (n == 0));
	}
}
END_TEST

START_TEST(several_keys)
{
	static CK_SP800_108_COUNTER_FORMAT bits_8 = {CK_FALSE, 8};
	CK_PRF_DATA_PARAM list[] = {{CK_SP800_108_ITERATION_VARIABLE, &bits_8, sizeof bits_8}};
	CK_OBJECT_HANDLE key = 77, second = 77,
			 base = make(rw, T(AES_MK, OPEN_MASTER, ALLOWED(CKM_SP800_108_COUNTER_KDF),
						 YES(CKA_TOKEN)));
	CK_ATTRIBUTE t[] = {KEY(CKK_AES), LENGTH(16)};
	CK_DERIVED_KEY more = {t, 3, &second};
	CK_SP800_108_KDF_PARAMS params = {CKM_AES_CMAC, 1, list, 1, &more};
	CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &params, sizeof params};

	renewal = CKR_DEVICE_ERROR;
	ck_rv(IN(rw, derive_key(s, &m, base, t, 3, &key)), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(key, 77);
	ck_assert_uint_eq(second, 77);
	renewal = CKR_OK;
	meanwhile = touch_there;
	ck_ok(IN(rw, derive_key(s, &m, base, t, 3, &key)));
	ck_assert_uint_ne(second, 77);
}
END_TEST

/* --- Operations --- */

static CK_RV begin_sign(void)
{
	CK_MECHANISM m = {CKM_AES_CMAC, NULL, 0};
	CK_OBJECT_HANDLE mac = make(rw, T(AES_MK, YES(CKA_SIGN), YES(CKA_TOKEN)));

	master_there = in_other(mac);
	CK_RV rv = IN(rw, sign_init(s, &m, mac));
	ck_ok(IN(rw, operations_cancel(s, CKF_SIGN)));
	return rv;
}

START_TEST(an_operation)
{
	ck_ok(begin_sign());
	renewal = CKR_DEVICE_ERROR;
	ck_rv(begin_sign(), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
	meanwhile = touch_there;
	ck_ok(begin_sign());
	meanwhile = destroy_there;
	ck_rv(begin_sign(), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(wrapping)
{
	CK_MECHANISM m = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_OBJECT_HANDLE kek = make(rw, T(AES_MK, YES(CKA_WRAP), YES(CKA_UNWRAP), YES(CKA_TOKEN))),
			 key = make(rw, T(AES_MK, YES(CKA_EXTRACTABLE), YES(CKA_TOKEN)));
	CK_BYTE out[64];
	CK_ULONG n = sizeof out;

	master_there = in_other(kek);
	ck_rv(IN(rw, wrap_key(s, &m, kek, key, out, &n)), CKR_KEY_NOT_WRAPPABLE); /* no trust */
	renewal = CKR_DEVICE_ERROR;
	ck_rv(IN(rw, wrap_key(s, &m, kek, key, out, &n)), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
	meanwhile = destroy_there;
	ck_rv(IN(rw, wrap_key(s, &m, kek, key, out, &n)), CKR_WRAPPING_KEY_HANDLE_INVALID);
	renewal = CKR_DEVICE_ERROR;
	ck_rv(IN(rw, unwrap_key(s, &m, master, out, 24, T(KEY(CKK_AES)), &key)), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
}
END_TEST

/* --- Uses of a derived key --- */

/* Write the field TAG with the N bytes at VALUE to AT. Return the end of the field. */
static uint8_t *field(uint8_t *at, uint8_t tag, const void *value, size_t n)
{
	at[0] = tag;
	put_be16(at + 1, (uint16_t)n);
	memcpy(at + 3, value, n);
	return at + 3 + n;
}

/* Write the fields of a message with COUNTER, and what all messages share, to P. */
static size_t message_fields(uint8_t *p, uint64_t counter)
{
	uint8_t number[8];

	put_be64(number, counter);
	uint8_t *at = field(p, KEYDIV_DEVICE, "SN-000123", 9);
	return (size_t)(field(at, KEYDIV_COUNTER, number, 8) - p);
}

static size_t shared_fields(uint8_t *p)
{
	uint8_t number[4];

	put_be32(number, (uint32_t)CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	uint8_t *at = field(p, KEYDIV_DERIVATION, number, 4);
	put_be32(number, (uint32_t)CKM_AES_CMAC);
	return (size_t)(field(at, KEYDIV_OPERATION, number, 4) - p);
}

static CK_RV sign_once(void)
{
	uint8_t p[100], mac[64];
	CK_ULONG n = sizeof mac;
	size_t length = message_fields(p, 1);
	length += shared_fields(p + length);
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, p, length};
	CK_RV rv = IN(rw, sign_init(s, &m, master));

	return rv != CKR_OK ? rv : IN(rw, sign_single(s, p, 8, mac, &n));
}

START_TEST(a_use)
{
	ck_ok(sign_once());
	renewal = CKR_DEVICE_ERROR;
	ck_rv(sign_once(), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
	meanwhile = touch_there;
	ck_ok(sign_once());
	meanwhile = destroy_there;
	ck_rv(sign_once(), CKR_KEY_HANDLE_INVALID);
}
END_TEST

static CK_RV sign_message(uint64_t counter)
{
	uint8_t p[100], mac[64];
	CK_ULONG n = sizeof mac;
	size_t length = message_fields(p, counter);

	return IN(rw, message_sign(s, p, length, p, 8, mac, &n));
}

/* From the second message on, the plan of the message before is used again. */
START_TEST(messages)
{
	uint8_t p[100];
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, p, shared_fields(p)};

	ck_ok(IN(rw, message_mac_init(s, true, &m, master)));
	for (uint64_t i = 1; i < 4; i++)
		ck_ok(sign_message(i));
	renewal = CKR_DEVICE_ERROR;
	ck_rv(sign_message(4), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
	ck_ok(sign_message(5));
	ck_ok(sign_message(6));
	meanwhile = touch_there;
	ck_ok(sign_message(7));
	ck_ok(sign_message(8));
	meanwhile = destroy_there;
	ck_rv(sign_message(9), CKR_KEY_HANDLE_INVALID);
	renewal = CKR_DEVICE_ERROR;
	ck_rv(IN(rw, message_mac_init(s, true, &m, master)), CKR_OPERATION_ACTIVE);
	ck_ok(IN(rw, message_mac_final(s, true)));
	ck_rv(IN(rw, message_mac_init(s, true, &m, master)), CKR_KEY_HANDLE_INVALID);
	renewal = CKR_OK;
}
END_TEST

/* --- Searches and changes --- */

START_TEST(a_search)
{
	CK_ATTRIBUTE t = {CKA_LABEL, "plant", 5};

	ck_ok(IN(rw, search_begin(s, &t, 1)));
	ck_ok(IN(rw, search_end(s)));
	renewal = CKR_DEVICE_ERROR;
	ck_rv(IN(rw, search_begin(s, &t, 1)), CKR_DEVICE_ERROR);
	renewal = CKR_OK;
}
END_TEST

/* Only what takes something away waits for other hosts. */
START_TEST(changes_that_wait)
{
	CK_OBJECT_HANDLE key = make(rw, T(AES_MK, YES(CKA_TOKEN)));
	CK_ATTRIBUTE label = {CKA_LABEL, "plant", 5};

	ck_assert_uint_eq(waits, 0);
	ck_ok(IN(rw, set_attributes(s, key, &label, 1)));
	ck_assert_uint_eq(waits, 1);
	ck_ok(IN(rw, object_destroy(s, key)));
	ck_assert_uint_eq(waits, 2);
	ck_rv(IN(rw, object_destroy(s, key)), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_uint_eq(waits, 2);
	ck_ok(token_set_pin(token, PIN("1234"), PIN("5678")));
	ck_assert_uint_eq(waits, 3);
	ck_ok(store_touch(token->store));
	ck_assert_uint_eq(waits, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lease");
	TCase *tests = tcase_create("lease");

	tcase_add_checked_fixture(tests, set_up, tear_down_both);
	tcase_add_test(tests, a_lease_that_runs);
	tcase_add_test(tests, a_lease_that_is_over);
	tcase_add_test(tests, a_session_master);
	tcase_add_test(tests, a_master_that_is_destroyed_meanwhile);
	tcase_add_test(tests, a_store_that_is_changed_meanwhile);
	tcase_add_test(tests, a_change_that_is_noticed_meanwhile);
	tcase_add_test(tests, several_keys);
	tcase_add_test(tests, an_operation);
	tcase_add_test(tests, wrapping);
	tcase_add_test(tests, a_use);
	tcase_add_test(tests, messages);
	tcase_add_test(tests, a_search);
	tcase_add_test(tests, changes_that_wait);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
