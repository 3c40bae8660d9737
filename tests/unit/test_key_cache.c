/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_cache.c: opened keys: when they stay true, what makes them stale, what
 * keeps their places.
 */
#include "token/key_cache.h"

#include "mapping.h"
#include "two_views.h"

/*
 * Find the key HANDLE in the cache of the session rw. RET_SERIAL changes when the key
 * was loaded again.
 */
static CK_RV cached(CK_OBJECT_HANDLE handle, uint64_t *ret_serial)
{
	struct cached_key *e = NULL;
	CK_RV rv = IN(rw, session_key(s, handle, &e));

	if (rv == CKR_OK) {
		ck_assert_uint_eq(e->handle, handle);
		ck_assert_uint_eq(e->object.value.len, 0); /* the value is in the key alone */
		if (ret_serial != NULL)
			*ret_serial = key_serial(e->key);
	}
	return rv;
}

/* The row of HANDLE as the session of the other process names it. */
static CK_OBJECT_HANDLE in_other(CK_OBJECT_HANDLE handle)
{
	int64_t id = 0;
	CK_OBJECT_HANDLE theirs = 0;

	ck_ok(IN(rw, token_object_id(s, handle, &id)));
	ck_ok(IN(other, (theirs = token_object_handle(s, id, true), CKR_OK)));
	return theirs;
}

static CK_OBJECT_HANDLE new_session_key(void)
{
	return make(rw, T(AES_MK, YES(CKA_ENCRYPT)));
}

static CK_OBJECT_HANDLE token_key(void)
{
	return make(rw, T(AES_MK, YES(CKA_ENCRYPT), YES(CKA_TOKEN)));
}

START_TEST(a_key_is_loaded_once_while_nothing_happens_to_it)
{
	uint64_t first, again;
	CK_OBJECT_HANDLE keys[] = {new_session_key(), token_key()};

	for (int i = 0; i < 2; i++) {
		ck_ok(cached(keys[i], &first));
		ck_ok(cached(keys[i], &again));
		ck_assert_uint_eq(first, again);
		ck_ok(cached(keys[1 - i], NULL)); /* another between */
		ck_ok(cached(keys[i], &again));
		ck_assert_uint_eq(first, again);
	}
}
END_TEST

START_TEST(what_is_no_key_has_the_key_code)
{
	CK_OBJECT_HANDLE data = make(rw, T(CLASS(CKO_DATA), STR(CKA_VALUE, "text")));

	ck_rv(cached(0, NULL), CKR_KEY_HANDLE_INVALID);
	ck_rv(cached(data, NULL), CKR_KEY_HANDLE_INVALID);
	ck_rv(cached(data + 16, NULL), CKR_KEY_HANDLE_INVALID);
	ck_rv(cached(HANDLE_TOKEN_OBJECT | 12345, NULL), CKR_KEY_HANDLE_INVALID);
	ck_rv(cached(~UINT64_C(0), NULL), CKR_KEY_HANDLE_INVALID);
	ck_rv(cached(HANDLE_BUILT_IN | 1, NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(a_change_or_destruction_here_is_seen)
{
	uint64_t first, again;
	CK_OBJECT_HANDLE keys[] = {new_session_key(), token_key()};

	for (int i = 0; i < 2; i++) {
		ck_ok(cached(keys[i], &first));
		ck_ok(IN(rw, set_attributes(s, keys[i], T(NO(CKA_ENCRYPT)))));
		struct cached_key *e = NULL;
		ck_ok(IN(rw, session_key(s, keys[i], &e)));
		ck_assert_uint_eq(e->object.flags & FLAG_ENCRYPT, 0);
		ck_ok(cached(keys[i], &again));
		ck_assert_uint_ne(first, again);
		ck_ok(IN(rw, object_destroy(s, keys[i])));
		ck_rv(cached(keys[i], NULL), CKR_KEY_HANDLE_INVALID);
	}
}
END_TEST

/*
 * Another session of the same process destroys it: this session's cache still has the entry, which
 * must not be believed.
 */
START_TEST(a_session_key_destroyed_by_another_session_is_gone)
{
	CK_SESSION_HANDLE second = open_session_of(token, true);
	CK_OBJECT_HANDLE key = new_session_key();

	ck_ok(cached(key, NULL));
	ck_ok(IN(second, object_destroy(s, key)));
	ck_rv(cached(key, NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(other_processes_changes_are_seen_at_the_next_use)
{
	struct cached_key *e = NULL;
	CK_OBJECT_HANDLE key = token_key();

	ck_ok(cached(key, NULL));
	CK_OBJECT_HANDLE theirs = in_other(key);
	ck_ok(IN(other, set_attributes(s, theirs, T(NO(CKA_ENCRYPT)))));
	ck_ok(IN(rw, session_key(s, key, &e)));
	ck_assert_uint_eq(e->object.flags & FLAG_ENCRYPT, 0);
	ck_ok(IN(other, object_destroy(s, theirs)));
	ck_rv(cached(key, NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(a_token_initialised_by_another_process_has_no_such_key)
{
	CK_OBJECT_HANDLE key = token_key();

	ck_ok(cached(key, NULL));
	ck_ok(token_init(
		elsewhere, PIN("so-pin"), (const uint8_t *)"new                             "));
	ck_rv(cached(key, NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(a_logout_voids_cached_private_keys_for_good)
{
	CK_OBJECT_HANDLE keys[] = {new_session_key(), token_key()};

	ck_ok(cached(keys[0], NULL));
	ck_ok(cached(keys[1], NULL));
	ck_ok(sessions_logout(token));
	for (int i = 0; i < 2; i++)
		ck_rv(cached(keys[i], NULL), CKR_KEY_HANDLE_INVALID);
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	for (int i = 0; i < 2; i++)
		ck_rv(cached(keys[i], NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

START_TEST(a_public_token_key_has_no_value_without_login)
{
	CK_OBJECT_HANDLE key =
		make(rw, T(AES_MK, YES(CKA_ENCRYPT), YES(CKA_TOKEN), NO(CKA_PRIVATE)));

	ck_ok(cached(key, NULL));
	ck_ok(sessions_logout(token));
	ck_ok(look(rw, key));
	ck_rv(cached(key, NULL), CKR_USER_NOT_LOGGED_IN);
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_ok(cached(key, NULL));
}
END_TEST

START_TEST(pinned_keys_keep_their_places)
{
	struct cached_key *pinned[KEY_CACHE_ENTRIES - 1], *e = NULL;
	CK_OBJECT_HANDLE keys[KEY_CACHE_ENTRIES - 1];

	for (unsigned i = 0; i < KEY_CACHE_ENTRIES - 1; i++) {
		keys[i] = new_session_key();
		ck_ok(IN(rw, (session_key(s, keys[i], &pinned[i]))));
		key_cache_pin(pinned[i]);
	}
	for (int i = 0; i < 20; i++) {
		CK_OBJECT_HANDLE another = new_session_key();
		ck_ok(IN(rw, session_key(s, another, &e)));
	}
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES - 1; i++) {
		ck_assert_uint_eq(pinned[i]->handle, keys[i]);
		ck_assert_uint_eq(key_length(pinned[i]->key), 16);
		key_cache_unpin(pinned[i]);
		ck_assert_uint_eq(key_length(pinned[i]->key), 16);
	}
}
END_TEST

/*
 * An operation continues with the key that it began with. A later call that asks for the key gets
 * the key as it is now.
 */
START_TEST(a_stale_pinned_key_stays_for_its_operation_alone)
{
	struct cached_key *old = NULL, *now = NULL;
	CK_OBJECT_HANDLE key = new_session_key();

	ck_ok(IN(rw, session_key(s, key, &old)));
	key_cache_pin(old);
	ck_ok(IN(rw, set_attributes(s, key, T(NO(CKA_ENCRYPT)))));
	ck_ok(IN(rw, session_key(s, key, &now)));
	ck_assert_ptr_ne(old, now);
	ck_assert_uint_eq(key_length(old->key), 16);
	ck_assert_uint_eq(now->object.flags & FLAG_ENCRYPT, 0);
	key_cache_unpin(old);
	ck_assert_uint_eq(key_length(old->key), 0);
	ck_assert_uint_eq(old->object.object_class, 0);
}
END_TEST

START_TEST(a_dropped_key_is_wiped_when_nobody_uses_it)
{
	struct cached_key *e = NULL;
	CK_OBJECT_HANDLE one = new_session_key(), two = new_session_key();

	ck_ok(IN(rw, session_key(s, one, &e)));
	ck_ok(IN(rw, (key_cache_drop(&s->keys, one), CKR_OK)));
	ck_assert_uint_eq(key_length(e->key), 0);
	ck_ok(IN(rw, session_key(s, two, &e)));
	key_cache_pin(e);
	ck_ok(IN(rw, (key_cache_drop(&s->keys, two), CKR_OK)));
	ck_assert_uint_eq(key_length(e->key), 16);
	key_cache_unpin(e);
	ck_assert_uint_eq(key_length(e->key), 0);
}
END_TEST

START_TEST(the_key_unused_for_longest_makes_room)
{
	CK_OBJECT_HANDLE keys[KEY_CACHE_ENTRIES + 1];
	uint64_t serial[KEY_CACHE_ENTRIES + 1], again;

	for (unsigned i = 0; i <= KEY_CACHE_ENTRIES; i++)
		keys[i] = new_session_key();
	for (unsigned i = 0; i < KEY_CACHE_ENTRIES; i++)
		ck_ok(cached(keys[i], &serial[i]));
	ck_ok(cached(keys[0], &again)); /* so number 1 is the oldest */
	ck_assert_uint_eq(again, serial[0]);
	ck_ok(cached(keys[KEY_CACHE_ENTRIES], NULL));
	ck_ok(cached(keys[0], &again));
	ck_assert_uint_eq(again, serial[0]);
	ck_ok(cached(keys[1], &again));
	ck_assert_uint_ne(again, serial[1]);
}
END_TEST

static CK_RV guarded(struct session *s, const struct cached_key *e)
{
	ck_assert(is_guarded(s->keys.entries));
	ck_assert(is_guarded(e->key));
	ck_assert(is_guarded(key_expose(e->key).p));
	ck_ok(session_scratch(s));
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		ck_assert(is_guarded(s->scratch[i]));
	return CKR_OK;
}

START_TEST(cached_keys_and_scratch_keys_are_in_the_arena)
{
	struct cached_key *e = NULL;
	CK_OBJECT_HANDLE key = new_session_key();

	ck_ok(IN(rw, session_key(s, key, &e)));
	ck_ok(IN(rw, guarded(s, e)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_cache");
	TCase *one = tcase_create("one process"), *two = tcase_create("two processes");

	tcase_add_checked_fixture(one, user_token, tear_down);
	tcase_add_checked_fixture(two, two_processes, tear_down_both);
	tcase_add_test(one, a_key_is_loaded_once_while_nothing_happens_to_it);
	tcase_add_test(one, what_is_no_key_has_the_key_code);
	tcase_add_test(one, a_change_or_destruction_here_is_seen);
	tcase_add_test(one, a_session_key_destroyed_by_another_session_is_gone);
	tcase_add_test(two, other_processes_changes_are_seen_at_the_next_use);
	tcase_add_test(two, a_token_initialised_by_another_process_has_no_such_key);
	tcase_add_test(one, a_logout_voids_cached_private_keys_for_good);
	tcase_add_test(one, a_public_token_key_has_no_value_without_login);
	tcase_add_test(one, pinned_keys_keep_their_places);
	tcase_add_test(one, cached_keys_and_scratch_keys_are_in_the_arena);
	tcase_add_test(one, a_stale_pinned_key_stays_for_its_operation_alone);
	tcase_add_test(one, a_dropped_key_is_wiped_when_nobody_uses_it);
	tcase_add_test(one, the_key_unused_for_longest_makes_room);
	suite_add_tcase(suite, one);
	suite_add_tcase(suite, two);
	return run_suite(suite);
}
