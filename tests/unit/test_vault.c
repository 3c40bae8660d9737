/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vault.c: the token key and what is sealed under it (src/store/vault.h). The memory of the
 * vault passes the test first, which fails allocations and looks if keys were wiped.
 */
#include "base/arena.h"
#include "counted_locks.h"
#include "other_thread.h"
#include "store_support.h"

static void *test_map(size_t n);
static void test_unmap(void *p, size_t n);
static void *test_malloc(size_t n);
static void test_free(void *p);
static CK_RV test_seal(
	const struct secret *key, struct bytes aad, const uint8_t *plain, size_t n, uint8_t *out);
#define arena_map test_map
#define arena_unmap test_unmap
#define malloc test_malloc
#define free test_free
#define seal test_seal
#include "store/vault.c"
#undef arena_map
#undef arena_unmap
#undef malloc
#undef free
#undef seal

static bool no_memory;
static int live; /* allocations that are not freed */

static bool seal_fails; /* as without random numbers */

static CK_RV test_seal(
	const struct secret *key, struct bytes aad, const uint8_t *plain, size_t n, uint8_t *out)
{
	return seal_fails ? CKR_FUNCTION_FAILED : seal(key, aad, plain, n, out);
}

static void *test_map(size_t n)
{
	live += !no_memory;
	return no_memory ? NULL : arena_map(n);
}

static void test_unmap(void *p, size_t n)
{
	static const struct secret empty;

	ck_assert_uint_eq(n, sizeof empty);
	ck_assert_mem_eq(p, &empty, sizeof empty);
	live--;
	arena_unmap(p, n);
}

static void *test_malloc(size_t n)
{
	live += !no_memory;
	return no_memory ? NULL : malloc(n);
}

static void test_free(void *p)
{
	live--;
	free(p);
}

static const uint8_t uuid[VAULT_UUID_LEN] = {1, 2, 3};
static const uint8_t other_uuid[VAULT_UUID_LEN] = {1, 2, 4};

static struct vault new_vault(void)
{
	struct vault vault;

	ck_ok(vault_init(&vault));
	return vault;
}

static void put_sample_key(struct vault *vault)
{
	SECRET key = {0};

	ck_ok(secret_resize(&key, VAULT_KEY_LEN));
	memset(secret_bytes(&key), 0x5a, VAULT_KEY_LEN);
	ck_ok(vault_put_key(vault, uuid, &key));
}

START_TEST(key_and_uuid_come_and_leave_together)
{
	struct vault vault = new_vault();
	SNAPSHOT before = {0};
	SNAPSHOT during = {0};
	SNAPSHOT after = {0};

	vault_identify(&vault, other_uuid);
	ck_ok(vault_snapshot(&vault, &before));
	ck_assert_uint_eq(before.key.len, 0);
	ck_assert_mem_eq(before.uuid, other_uuid, sizeof uuid);
	ck_rv(vault_snapshot_key(&vault, &before), CKR_USER_NOT_LOGGED_IN);

	put_sample_key(&vault);
	vault_identify(&vault, other_uuid); /* too late: the key belongs to uuid */
	ck_ok(vault_snapshot_key(&vault, &during));
	ck_assert_uint_eq(during.key.len, VAULT_KEY_LEN);
	ck_assert_mem_eq(during.uuid, uuid, sizeof uuid);
	ck_assert(vault_has_uuid(&vault, uuid) && !vault_has_uuid(&vault, other_uuid));

	vault_wipe_key(&vault);
	ck_ok(vault_snapshot(&vault, &after));
	ck_assert_uint_eq(after.key.len, 0);
	for (size_t i = 0; i < SECRET_INLINE; i++)
		ck_assert_int_eq(vault.key->small[i], 0);
	vault_destroy(&vault);
	vault_destroy(&vault);
}
END_TEST

START_TEST(sealed_text_is_bound)
{
	struct vault vault = new_vault();
	SNAPSHOT keys = {0};
	SECRET plain = {0};
	uint8_t sealed[5 + SEAL_OVERHEAD];
	const struct binding right = {text_bytes("purpose"), 7, text_bytes("more")};
	const struct binding wrong[] = {
		{text_bytes("purposE"), 7, text_bytes("more")},
		{text_bytes("purpose"), 8, text_bytes("more")},
		{text_bytes("purpose"), 0, text_bytes("more")},
		{text_bytes("purpose"), 7, text_bytes("mor")},
		{{0}, 7, text_bytes("more")},
		{text_bytes("purpose"), 7, {0}},
	};

	put_sample_key(&vault);
	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(vault_seal(&keys, &right, (const uint8_t *)"plain", 5, sealed));
	ck_ok(vault_open(&keys, &right, bytes_of(sealed, sizeof sealed), &plain));
	ck_assert(bytes_equal(bytes_of(secret_peek(&plain), plain.len), text_bytes("plain")));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ck_rv(vault_open(&keys, &wrong[i], bytes_of(sealed, sizeof sealed), &plain),
			CKR_ENCRYPTED_DATA_INVALID);
		ck_assert_uint_eq(plain.len, 0);
	}
	keys.uuid[0] ^= 1;
	ck_rv(vault_open(&keys, &right, bytes_of(sealed, sizeof sealed), &plain),
		CKR_ENCRYPTED_DATA_INVALID);
	vault_destroy(&vault);
}
END_TEST

/* --- Memory --- */

START_TEST(no_memory_for_a_vault)
{
	struct vault vault = {0};

	vault_destroy(&vault); /* of zeroes */
	vault_forked(&vault);
	no_memory = true;
	ck_rv(vault_init(&vault), CKR_HOST_MEMORY);
	ck_assert_ptr_null(vault.key);
	ck_assert_int_eq(live_locks, 0);
	no_memory = false;
	ck_ok(vault_init(&vault));
	ck_assert_int_eq(live_locks, 1);
	vault_destroy(&vault);
	vault_destroy(&vault);
	ck_assert(live == 0 && live_locks == 0);
}
END_TEST

/* A thread of the parent may have held the lock. The child wipes the key all the same. */
START_TEST(the_child_of_a_fork_waits_for_no_lock)
{
	struct vault vault = new_vault();

	put_sample_key(&vault);
	pthread_mutex_lock(&vault.lock);
	vault_forked(&vault); /* test_unmap finds no key */
	ck_assert_ptr_null(vault.key);
	ck_assert_int_eq(live, 0);
}
END_TEST

/* Key and uuid change together or not at all. A key that is too long fails as memory does. */
START_TEST(a_key_that_cannot_be_kept)
{
	struct vault vault = new_vault();
	struct secret too_long = {.len = DATA_MAX + 1};
	SNAPSHOT keys = {0};
	uint8_t now[VAULT_UUID_LEN];

	put_sample_key(&vault);
	ck_rv(vault_put_key(&vault, other_uuid, &too_long), CKR_DATA_LEN_RANGE);
	vault_uuid(&vault, now);
	ck_assert_mem_eq(now, uuid, sizeof uuid);
	put_sample_key(&vault);
	vault.key->len = DATA_MAX + 1;
	ck_rv(vault_snapshot(&vault, &keys), CKR_DATA_LEN_RANGE);
	ck_rv(vault_snapshot_key(&vault, &keys), CKR_DATA_LEN_RANGE);
	vault.key->len = VAULT_KEY_LEN - 1; /* is no token key */
	ck_ok(vault_snapshot(&vault, &keys));
	ck_rv(vault_snapshot_key(&vault, &keys), CKR_USER_NOT_LOGGED_IN);
	vault.key->len = VAULT_KEY_LEN;
	vault_destroy(&vault);
	ck_assert_int_eq(live, 0);
}
END_TEST

/* --- The lock --- */

static struct vault shared;

static void identify(void *arg)
{
	(void)arg;
	vault_identify(&shared, other_uuid);
}

static void put_key(void *arg)
{
	(void)arg;
	put_sample_key(&shared);
}

static void wipe_key(void *arg)
{
	(void)arg;
	vault_wipe_key(&shared);
}

static void copy_uuid(void *arg)
{
	vault_uuid(&shared, arg);
}

static void compare_uuid(void *arg)
{
	(void)arg;
	ck_assert(vault_has_uuid(&shared, uuid));
}

static void take_snapshot(void *arg)
{
	SNAPSHOT keys = {0};

	(void)arg;
	ck_ok(vault_snapshot_key(&shared, &keys));
}

static void (*const locked_calls[])(void *) = {
	identify, put_key, wipe_key, copy_uuid, compare_uuid, take_snapshot};

/* Nobody sees the key of one token with the uuid of another. */
START_TEST(each_function_takes_the_lock)
{
	uint8_t copied[VAULT_UUID_LEN] = {0};
	struct other_thread other = {.call = locked_calls[_i], .arg = copied};

	shared = new_vault();
	if (locked_calls[_i] != identify)
		put_sample_key(&shared);
	pthread_mutex_lock(&shared.lock);
	memcpy(shared.uuid, "not yet complete", VAULT_UUID_LEN);
	ck_assert(other_thread_waits(&other));
	ck_assert_mem_eq(shared.uuid, "not yet complete", VAULT_UUID_LEN);
	ck_assert_uint_eq(shared.key->len, locked_calls[_i] == identify ? 0 : VAULT_KEY_LEN);
	memcpy(shared.uuid, uuid, VAULT_UUID_LEN);
	pthread_mutex_unlock(&shared.lock);
	other_thread_end(&other);
	if (locked_calls[_i] == copy_uuid)
		ck_assert_mem_eq(copied, uuid, sizeof uuid);
	ck_assert_int_eq(pthread_mutex_trylock(&shared.lock), 0);
	pthread_mutex_unlock(&shared.lock);
	vault_destroy(&shared);
}
END_TEST

/* --- Associated data --- */

/* Texts that are sealed must open in later releases, so the order in vault.h must stay as it is. */
START_TEST(the_order_of_the_associated_data)
{
	const struct {
		struct binding binding;
		const char *before, *after; /* the uuid */
		size_t after_n;
	} cases[] = {
		{{text_bytes("purpose"), 0x0102030405060708, text_bytes("more")}, "purpose",
			"\1\2\3\4\5\6\7\10more", 12},
		{{text_bytes("purpose"), 0, text_bytes("more")}, "purpose", "more", 4},
		{{{0}, 1, {0}}, "", "\0\0\0\0\0\0\0\1", 8},
		{{text_bytes("p"), 0, text_bytes("m")}, "p", "m", 1},
		{{{0}, 0, {0}}, "", "", 0},
	};
	struct vault vault = new_vault();
	SNAPSHOT keys = {0};
	uint8_t sealed[5 + SEAL_OVERHEAD], aad[64];

	put_sample_key(&vault);
	ck_ok(vault_snapshot_key(&vault, &keys));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		SECRET plain = {0};
		size_t n = strlen(cases[i].before);
		memcpy(aad, cases[i].before, n);
		memcpy(aad + n, uuid, VAULT_UUID_LEN);
		n += VAULT_UUID_LEN;
		memcpy(aad + n, cases[i].after, cases[i].after_n);
		n += cases[i].after_n;
		ck_ok(vault_seal(&keys, &cases[i].binding, (const uint8_t *)"plain", 5, sealed));
		ck_ok(seal_open(
			&keys.key, bytes_of(aad, n), bytes_of(sealed, sizeof sealed), &plain));
		ck_ok(seal(&keys.key, bytes_of(aad, n), (const uint8_t *)"other", 5, sealed));
		ck_ok(vault_open(
			&keys, &cases[i].binding, bytes_of(sealed, sizeof sealed), &plain));
		ck_assert_mem_eq(secret_peek(&plain), "other", 5);
		seal_fails = true;
		ck_rv(vault_seal(&keys, &cases[i].binding, (const uint8_t *)"plain", 5, sealed),
			CKR_FUNCTION_FAILED);
		seal_fails = false;
		no_memory = true;
		ck_rv(vault_seal(&keys, &cases[i].binding, (const uint8_t *)"plain", 5, sealed),
			CKR_HOST_MEMORY);
		ck_rv(vault_open(&keys, &cases[i].binding, bytes_of(sealed, sizeof sealed), &plain),
			CKR_HOST_MEMORY);
		no_memory = false;
	}
	snapshot_wipe(&keys);
	for (size_t i = 0; i < SECRET_INLINE; i++)
		ck_assert_int_eq(keys.key.small[i], 0);
	vault_destroy(&vault);
	ck_assert_int_eq(live, 0);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {key_and_uuid_come_and_leave_together, sealed_text_is_bound,
		no_memory_for_a_vault, the_child_of_a_fork_waits_for_no_lock,
		a_key_that_cannot_be_kept, the_order_of_the_associated_data};
	Suite *suite = suite_create("vault");
	TCase *tcase = tcase_create("vault");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, each_function_takes_the_lock, 0,
		sizeof locked_calls / sizeof locked_calls[0]);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
