/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pool.c: session objects in their slots: handles, versions, owners, and many threads at once.
 */
#include <pthread.h>

#include "token/pool.h"
#include "token/token.h"
#include "unit.h"

static struct token a, b;
static struct pool_owner owner, other;

static void start(void)
{
	ck_ok(pool_start());
	owner = (struct pool_owner){.shard = 0};
	other = (struct pool_owner){.shard = 1};
}

static CK_OBJECT_HANDLE add(
	struct token *token, struct pool_owner *by, uint32_t flags, const char *value)
{
	struct object o = {.object_class = CKO_SECRET_KEY, .flags = flags | FLAG_DESTROYABLE};
	CK_OBJECT_HANDLE handle = 0;

	ck_ok(secret_set(&o.value, value, strlen(value)));
	ck_ok(pool_add(token, by, &o, &handle));
	ck_assert_uint_ne(handle, 0);
	ck_assert_uint_eq(o.value.len, 0); /* moved */
	return handle;
}

static CK_RV get(struct token *token, CK_OBJECT_HANDLE handle, bool private_too)
{
	struct object o = {0};
	CK_RV rv = pool_get(token, handle, private_too, &o, NULL, NULL);

	object_wipe(&o);
	return rv;
}

START_TEST(an_object_is_found_by_its_handle_in_its_token_only)
{
	struct object o = {0};
	CK_OBJECT_HANDLE h = add(&a, &owner, 0, "value");

	ck_ok(pool_get(&a, h, false, &o, NULL, NULL));
	ck_assert_mem_eq(secret_peek(&o.value), "value", 5);
	object_wipe(&o);
	ck_rv(get(&b, h, true), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(get(&a, 0, true), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(get(&a, h + 16, true), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(get(&a, h | UINT64_C(1) << 40, true), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(a_private_object_is_hidden_unless_asked_for)
{
	CK_OBJECT_HANDLE h = add(&a, &owner, FLAG_PRIVATE, "value");

	ck_rv(get(&a, h, false), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(pool_destroy(&a, h, false), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(get(&a, h, true));
	pool_destroy_private(&b);
	ck_ok(get(&a, h, true));
	pool_destroy_private(&a);
	ck_rv(get(&a, h, true), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(a_handle_is_never_given_twice)
{
	CK_OBJECT_HANDLE seen[1000];

	for (int i = 0; i < 1000; i++) {
		seen[i] = add(&a, &owner, 0, "x");
		for (int k = 0; k < i; k++)
			ck_assert_uint_ne(seen[k], seen[i]);
		ck_ok(pool_destroy(&a, seen[i], false));
		ck_rv(pool_destroy(&a, seen[i], false), CKR_OBJECT_HANDLE_INVALID);
	}
}
END_TEST

START_TEST(the_version_tells_every_change)
{
	const _Atomic uint64_t *version;
	uint64_t seen;
	struct object o = {0};
	CK_OBJECT_HANDLE h = add(&a, &owner, 0, "x");

	ck_ok(pool_get(&a, h, false, &o, &version, &seen));
	object_wipe(&o);
	ck_assert_uint_eq(atomic_load(version), seen);
	CK_OBJECT_HANDLE neighbour = add(&a, &owner, 0, "y");
	ck_assert_uint_eq(atomic_load(version), seen);
	ck_ok(pool_destroy(&a, neighbour, false));
	ck_assert_uint_eq(atomic_load(version), seen);
	ck_ok(pool_destroy(&a, h, false));
	ck_assert_uint_ne(atomic_load(version), seen);
	seen = atomic_load(version);
	add(&a, &owner, 0, "z"); /* the same slot again */
	ck_assert_uint_ne(atomic_load(version), seen);
}
END_TEST

static CK_RV set_flag(struct object *o, void *arg)
{
	o->flags |= FLAG_SIGN;
	return *(CK_RV *)arg;
}

START_TEST(a_change_is_made_wholly_or_not_at_all)
{
	struct object o = {0};
	CK_RV answer = CKR_ATTRIBUTE_READ_ONLY;
	CK_OBJECT_HANDLE h = add(&a, &owner, 0, "x");

	ck_rv(pool_change(&a, h, false, set_flag, &answer), CKR_ATTRIBUTE_READ_ONLY);
	ck_ok(pool_get(&a, h, false, &o, NULL, NULL));
	ck_assert(!(o.flags & FLAG_SIGN));
	object_wipe(&o);
	answer = CKR_OK;
	ck_ok(pool_change(&a, h, false, set_flag, &answer));
	ck_ok(pool_get(&a, h, false, &o, NULL, NULL));
	ck_assert(o.flags & FLAG_SIGN);
	object_wipe(&o);
}
END_TEST

static CK_RV set_label(struct object *o, void *arg)
{
	return object_set_variable(o, VAR_LABEL, *(struct bytes *)arg);
}

static void count(CK_OBJECT_HANDLE handle, const struct object *o, void *arg)
{
	(void)handle;
	(void)o;
	++*(int *)arg;
}

static int visited(bool named)
{
	int n = 0;

	pool_each(&a, named, count, &n);
	return n;
}

/* A search for a label or an id does not visit shards whose objects have neither. */
START_TEST(objects_without_a_name_are_left_out)
{
	struct bytes label = bytes_of("name", 4), none = bytes_of(NULL, 0);
	CK_OBJECT_HANDLE h = add(&a, &owner, 0, "x"), there = add(&a, &other, 0, "y");

	ck_assert_int_eq(visited(false), 2);
	ck_assert_int_eq(visited(true), 0);
	ck_ok(pool_change(&a, h, false, set_label, &label));
	ck_assert_int_eq(visited(true), 1);
	ck_ok(pool_change(&a, there, false, set_label, &label));
	ck_assert_int_eq(visited(true), 2);
	ck_ok(pool_change(&a, h, false, set_label, &none));
	ck_assert_int_eq(visited(true), 1);
	pool_destroy_owned(&other);
	ck_assert_int_eq(visited(true), 0);
	ck_assert_int_eq(visited(false), 1);
}
END_TEST

START_TEST(a_session_takes_its_own_objects_with_it)
{
	CK_OBJECT_HANDLE mine[600], theirs = add(&a, &other, 0, "theirs");

	for (int i = 0; i < 600; i++) /* more than two chunks */
		mine[i] = add(&a, &owner, 0, "mine");
	ck_ok(pool_destroy(&a, mine[0],
		false)); /* the last, the first and one in the middle of the owner's list */
	ck_ok(pool_destroy(&a, mine[599], false));
	ck_ok(pool_destroy(&a, mine[300], false));
	pool_destroy_owned(&owner);
	for (int i = 0; i < 600; i++)
		ck_rv(get(&a, mine[i], false), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(get(&a, theirs, false));
}
END_TEST

START_TEST(an_object_that_may_not_be_destroyed_stays)
{
	struct object o = {.object_class = CKO_SECRET_KEY};
	CK_OBJECT_HANDLE h = 0;

	ck_ok(pool_add(&a, &owner, &o, &h));
	ck_rv(pool_destroy(&a, h, false), CKR_ACTION_PROHIBITED);
	ck_ok(get(&a, h, false));
}
END_TEST

static void *churn(void *arg)
{
	struct pool_owner me = {.shard = (uint32_t)(uintptr_t)arg};
	CK_OBJECT_HANDLE h[64];

	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 64; i++) {
			struct object o = {
				.object_class = CKO_SECRET_KEY, .flags = FLAG_DESTROYABLE};
			if (secret_set(&o.value, &h, 16) != CKR_OK ||
				pool_add(&a, &me, &o, &h[i]) != CKR_OK)
				return "add failed";
		}
		for (int i = 0; i < 63; i++)
			if (pool_destroy(&a, h[i], false) != CKR_OK)
				return "destroy failed";
		pool_destroy_owned(&me);
	}
	return NULL;
}

START_TEST(threads_do_not_disturb_each_other)
{
	pthread_t threads[4];
	int left = 0;

	for (uintptr_t i = 0; i < 4; i++) /* two pairs that share a shard */
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)(i % 2)), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_msg(failed == NULL, "%s", (char *)failed);
	}
	pool_each(&a, false, count, &left);
	ck_assert_int_eq(left, 0);
}
END_TEST

static unsigned seen;

static void see(CK_OBJECT_HANDLE handle, const struct object *o, void *arg)
{
	(void)o;
	seen++;
	ck_assert_uint_ne(handle, *(CK_OBJECT_HANDLE *)arg);
}

static CK_OBJECT_HANDLE add_hidden(struct object *ret)
{
	CK_OBJECT_HANDLE h = 0;

	*ret = (struct object){
		.object_class = CKO_SECRET_KEY, .flags = FLAG_PRIVATE | FLAG_DESTROYABLE};
	ck_ok(object_set_variable(ret, VAR_LABEL, bytes_of("label", 5)));
	ck_ok(secret_set(&ret->value, "hidden", 6));
	ck_ok(pool_add_hidden(&owner, ret, &h));
	ck_assert_uint_eq(ret->value.len, 0);
	return h;
}

/* Nobody finds an object that is hidden, by its handle or in a search, or destroys it. */
START_TEST(a_hidden_object)
{
	struct object o = {0};
	CK_OBJECT_HANDLE first = add(&a, &owner, 0, "first"), h = add_hidden(&o);
	CK_OBJECT_HANDLE last = add(&a, &owner, 0, "last");

	ck_rv(get(&a, h, true), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(pool_destroy(&a, h, true), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(pool_take_back(&a, h), CKR_OBJECT_HANDLE_INVALID);
	pool_destroy_private(&a);
	seen = 0;
	pool_each(&a, false, see, &h);
	ck_assert_uint_eq(seen, 2);
	pool_show(&a, h);
	ck_ok(pool_get(&a, h, true, &o, NULL, NULL));
	ck_assert_mem_eq(secret_peek(&o.value), "hidden", 6);
	object_wipe(&o);
	pool_destroy_private(&a);
	ck_rv(get(&a, h, true), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(get(&a, first, true));
	ck_ok(get(&a, last, true));
}
END_TEST

/* It is moved back, and its slot is free again. */
START_TEST(a_hidden_object_that_is_not_shown)
{
	struct object o;
	CK_OBJECT_HANDLE h = add_hidden(&o), none = 0;

	pool_take_hidden(h, &o);
	ck_assert_uint_eq(o.value.len, 6);
	ck_assert_mem_eq(secret_peek(&o.value), "hidden", 6);
	ck_assert(object_has(&o, VAR_LABEL));
	object_wipe(&o);
	ck_rv(get(&a, h, true), CKR_OBJECT_HANDLE_INVALID);
	seen = 0;
	pool_each(&a, true, see, &none);
	CK_OBJECT_HANDLE next = add(&a, &owner, 0, "next");
	ck_assert_uint_ne(next, h);
	pool_each(&a, false, see, &none);
	ck_assert_uint_eq(seen, 1);
	h = add_hidden(&o);
	pool_destroy_owned(&owner); /* as when a session ends */
	pool_each(&a, false, see, &none);
	ck_assert_uint_eq(seen, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tests = tcase_create("pool");

	tcase_add_checked_fixture(tests, start, pool_stop);
	tcase_add_test(tests, an_object_is_found_by_its_handle_in_its_token_only);
	tcase_add_test(tests, a_private_object_is_hidden_unless_asked_for);
	tcase_add_test(tests, a_handle_is_never_given_twice);
	tcase_add_test(tests, the_version_tells_every_change);
	tcase_add_test(tests, a_change_is_made_wholly_or_not_at_all);
	tcase_add_test(tests, objects_without_a_name_are_left_out);
	tcase_add_test(tests, a_session_takes_its_own_objects_with_it);
	tcase_add_test(tests, an_object_that_may_not_be_destroyed_stays);
	tcase_add_test(tests, a_hidden_object);
	tcase_add_test(tests, a_hidden_object_that_is_not_shown);
	tcase_add_test(tests, threads_do_not_disturb_each_other);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
