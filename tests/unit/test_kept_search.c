/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kept_search.c: a search that a session repeats gives what the store holds at that moment,
 * although the session keeps the results of its last searches.
 */
#include "two_views.h"

#define REPEATS 3 /* the first search is kept, the others use the kept result */

static CK_OBJECT_HANDLE token_key(CK_SESSION_HANDLE handle, const char *label)
{
	return make(handle,
		T(AES_MK, YES(CKA_TOKEN), RAW(CKA_LABEL, (void *)(uintptr_t)label, strlen(label))));
}

/* The number of keys with LABEL; the first of them in *RET. Searches REPEATS times. */
static CK_ULONG labelled(CK_SESSION_HANDLE handle, const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_ULONG n = 0;

	for (int i = 0; i < REPEATS; i++) {
		CK_OBJECT_HANDLE found[8] = {0};
		CK_ULONG now = count_found(handle,
			T(CLASS(CKO_SECRET_KEY),
				RAW(CKA_LABEL, (void *)(uintptr_t)label, strlen(label))),
			found, 8);
		ck_assert(i == 0 || (now == n && found[0] == *ret));
		n = now;
		*ret = found[0];
	}
	return n;
}

static unsigned kept(CK_SESSION_HANDLE handle)
{
	unsigned n = 0;

	ck_ok(IN(handle, ({
		for (unsigned i = 0; i < KEPT_SEARCHES; i++)
			n += s->kept_searches.search[i].version.now != NULL;
		CKR_OK;
	})));
	return n;
}

/* Else the other tests could not fail. */
START_TEST(a_result_is_kept)
{
	CK_OBJECT_HANDLE found, key = token_key(rw, "a");

	ck_assert_uint_eq(kept(rw), 0);
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
	ck_assert_uint_eq(found, key);
	ck_assert_uint_eq(kept(rw), 1);
	ck_assert_uint_eq(labelled(rw, "b", &found), 0);
	ck_assert_uint_eq(kept(rw), 2);
}
END_TEST

START_TEST(changes_of_this_and_another_process_are_seen_at_once)
{
	CK_OBJECT_HANDLE found, mine, key;

	ck_assert_uint_eq(labelled(rw, "a", &found), 0);
	mine = token_key(rw, "a");
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
	ck_assert_uint_eq(found, mine);
	token_key(other, "a");
	ck_assert_uint_eq(labelled(rw, "a", &found), 2);
	ck_assert_uint_eq(labelled(other, "a", &key), 2);
	ck_ok(IN(other, object_destroy(s, key)));
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
	ck_ok(IN(rw, set_attributes(s, found, T(STR(CKA_LABEL, "b")))));
	ck_assert_uint_eq(labelled(rw, "a", &key), 0);
	ck_assert_uint_eq(labelled(rw, "b", &key), 1);
	ck_assert_uint_eq(key, found);
}
END_TEST

START_TEST(a_result_belongs_to_one_login)
{
	CK_OBJECT_HANDLE found, again;

	token_key(rw, "a");
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
	ck_ok(sessions_logout(token));
	ck_assert_uint_eq(labelled(rw, "a", &again), 0); /* the key is private */
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_assert_uint_eq(labelled(rw, "a", &again), 1);
	ck_assert_uint_ne(again, found); /* the handle names the login */
}
END_TEST

START_TEST(a_session_that_is_closed_keeps_nothing)
{
	CK_OBJECT_HANDLE found;

	for (int i = 0; i < 2; i++) {
		CK_SESSION_HANDLE mine = open_session_of(token, true);
		ck_assert_uint_eq(kept(mine), 0);
		labelled(mine, "a", &found);
		ck_assert_uint_eq(kept(mine), 1);
		ck_ok(session_close(mine));
	}
}
END_TEST

/* The class, a label and an id that differ in any way are another search. */
START_TEST(searches_are_told_apart)
{
	CK_OBJECT_HANDLE found;
	uint8_t text[KEPT_TEXT_MAX + 1];

	token_key(rw, "a");
	for (int i = 0; i < REPEATS; i++) {
		ck_assert_uint_eq(count_found(rw, T(STR(CKA_LABEL, "a")), NULL, 0), 1);
		ck_assert_uint_eq(labelled(rw, "a", &found), 1);
		ck_assert_uint_eq(labelled(rw, "ab", &found), 0);
		ck_assert_uint_eq(
			count_found(rw, T(CLASS(CKO_DATA), STR(CKA_LABEL, "a")), NULL, 0), 0);
		ck_assert_uint_eq(
			count_found(rw, T(CLASS(CKO_SECRET_KEY), STR(CKA_ID, "a")), NULL, 0), 0);
		ck_assert_uint_eq(
			count_found(rw,
				T(CLASS(CKO_SECRET_KEY), STR(CKA_LABEL, "a"), STR(CKA_ID, "a")),
				NULL, 0),
			0);
	}
	/* Texts of the longest kept length, and of one byte more, which differ in the last byte. */
	for (size_t n = KEPT_TEXT_MAX; n <= sizeof text; n++) {
		memset(text, 'x', sizeof text);
		make(rw, T(AES_MK, YES(CKA_TOKEN), RAW(CKA_LABEL, text, n)));
		for (int i = 0; i < REPEATS; i++) {
			text[n - 1] = 'x';
			ck_assert_uint_eq(count_found(rw, T(RAW(CKA_LABEL, text, n)), NULL, 0), 1);
			text[n - 1] = 'y';
			ck_assert_uint_eq(count_found(rw, T(RAW(CKA_LABEL, text, n)), NULL, 0), 0);
		}
	}
}
END_TEST

START_TEST(more_objects_than_are_kept_are_all_found)
{
	CK_OBJECT_HANDLE found;

	for (CK_ULONG n = 1; n <= KEPT_HANDLES_MAX + 2; n++) {
		token_key(rw, "many");
		ck_assert_uint_eq(labelled(rw, "many", &found), n);
	}
}
END_TEST

/* Session objects are searched every time. */
START_TEST(session_objects_are_found_beside_kept_results)
{
	CK_OBJECT_HANDLE found, key;

	token_key(rw, "a");
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
	key = make(rw, T(AES_MK, STR(CKA_LABEL, "a")));
	ck_assert_uint_eq(labelled(rw, "a", &found), 2);
	ck_ok(IN(rw, object_destroy(s, key)));
	ck_assert_uint_eq(labelled(rw, "a", &found), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kept_search");
	TCase *tc = tcase_create("kept_search");

	tcase_add_checked_fixture(tc, two_processes, tear_down_both);
	tcase_add_test(tc, a_result_is_kept);
	tcase_add_test(tc, changes_of_this_and_another_process_are_seen_at_once);
	tcase_add_test(tc, a_result_belongs_to_one_login);
	tcase_add_test(tc, a_session_that_is_closed_keeps_nothing);
	tcase_add_test(tc, searches_are_told_apart);
	tcase_add_test(tc, more_objects_than_are_kept_are_all_found);
	tcase_add_test(tc, session_objects_are_found_beside_kept_results);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
