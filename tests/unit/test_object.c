/* SPDX-License-Identifier: Apache-2.0 */
/* test_object.c: objects in memory: variable attributes, copies, moves, lists. */
#include "policy_support.h"

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void set(struct object *o, enum variable id, const char *s)
{
	ck_ok(object_set_variable(o, id, text(s)));
}

static void check(const struct object *o, enum variable id, const char *expected)
{
	struct bytes b = object_variable(o, id);

	ck_assert_ptr_nonnull(b.p);
	ck_assert_uint_eq(b.n, strlen(expected));
	ck_assert_mem_eq(b.p, expected, b.n);
}

START_TEST(variables_in_any_order)
{
	OBJECT o = {0};

	set(&o, VAR_ID, "id");
	set(&o, VAR_END_DATE, "20301231");
	set(&o, VAR_LABEL, "label");
	set(&o, VAR_START_DATE, "");
	check(&o, VAR_LABEL, "label");
	check(&o, VAR_ID, "id");
	check(&o, VAR_START_DATE, "");
	check(&o, VAR_END_DATE, "20301231");
	ck_assert_ptr_null(object_variable(&o, VAR_APPLICATION).p);

	set(&o, VAR_ID, "another, longer id");
	check(&o, VAR_ID, "another, longer id");
	check(&o, VAR_LABEL, "label");
	check(&o, VAR_END_DATE, "20301231");
	ck_ok(object_set_variable(&o, VAR_LABEL, bytes_of(NULL, 0)));
	ck_assert_ptr_null(object_variable(&o, VAR_LABEL).p);
	check(&o, VAR_ID, "another, longer id");
}
END_TEST

START_TEST(variables_leave_the_struct_and_come_back)
{
	OBJECT o = {0};
	char lengthy[300];

	memset(lengthy, 'x', sizeof lengthy - 1);
	lengthy[sizeof lengthy - 1] = 0;
	set(&o, VAR_ID, "id");
	set(&o, VAR_LABEL, lengthy);
	ck_assert_ptr_nonnull(o.variables.heap);
	check(&o, VAR_LABEL, lengthy);
	check(&o, VAR_ID, "id");
	set(&o, VAR_LABEL, "short");
	ck_assert_ptr_null(o.variables.heap);
	check(&o, VAR_LABEL, "short");
	check(&o, VAR_ID, "id");
}
END_TEST

START_TEST(variables_exactly_full)
{
	OBJECT o = {0};
	uint8_t b[VARIABLES_INLINE] = {7};

	ck_ok(object_set_variable(&o, VAR_LABEL, bytes_of(b, VARIABLES_INLINE - 5)));
	ck_assert_ptr_null(o.variables.heap);
	ck_assert_uint_eq(o.variables.len, VARIABLES_INLINE);
	ck_ok(object_set_variable(&o, VAR_LABEL, bytes_of(b, VARIABLES_INLINE - 4)));
	ck_assert_ptr_nonnull(o.variables.heap);
}
END_TEST

/* A value borrowed from the object itself may be set on it. */
START_TEST(variables_from_themselves)
{
	OBJECT o = {0};

	set(&o, VAR_LABEL, "label");
	ck_ok(object_set_variable(&o, VAR_ID, object_variable(&o, VAR_LABEL)));
	check(&o, VAR_ID, "label");
	ck_ok(object_set_variable(&o, VAR_LABEL, object_variable(&o, VAR_ID)));
	check(&o, VAR_LABEL, "label");
}
END_TEST

START_TEST(variables_too_long)
{
	static uint8_t big[VARIABLES_MAX];
	OBJECT o = {0};

	set(&o, VAR_LABEL, "label");
	ck_rv(object_set_variable(&o, VAR_ID, bytes_of(big, sizeof big)), CKR_DEVICE_MEMORY);
	ck_rv(object_set_variable(&o, VAR_ID, bytes_of(big, SIZE_MAX)), CKR_DEVICE_MEMORY);
	check(&o, VAR_LABEL, "label");
	ck_assert_ptr_null(object_variable(&o, VAR_ID).p);
}
END_TEST

static void fill(struct object *o, size_t label, size_t value)
{
	static uint8_t bytes[SECRET_MAX];

	memset(bytes, 0x5a, sizeof bytes);
	o->object_class = CKO_SECRET_KEY;
	o->key_type = CKK_GENERIC_SECRET;
	o->flags = FLAG_SIGN;
	ck_ok(object_set_variable(o, VAR_LABEL, bytes_of(bytes, label)));
	ck_ok(secret_set(&o->value, bytes, value));
}

static const size_t sizes[][2] = {{5, 16}, {500, 16}, {5, 500}, {500, 500}};

START_TEST(copies_own_their_memory)
{
	OBJECT o = {0};
	OBJECT copy = {0};
	size_t label = sizes[_i][0], value = sizes[_i][1];

	fill(&o, label, value);
	ck_ok(object_copy(&o, &copy));
	secret_bytes(&o.value)[0] = 0;
	object_wipe(&o);
	ck_assert_uint_eq(object_variable(&copy, VAR_LABEL).n, label);
	ck_assert_uint_eq(copy.value.len, value);
	ck_assert_uint_eq(secret_peek(&copy.value)[0], 0x5a);
	ck_assert_uint_eq(copy.flags, FLAG_SIGN);
	ck_assert_uint_eq(object_key_length(&copy), value);
	secret_wipe(&copy.value);
	ck_assert_uint_eq(
		object_key_length(&copy), value); /* remembered when the value has gone elsewhere */
}
END_TEST

START_TEST(a_moved_object_is_empty)
{
	OBJECT o = {0};
	OBJECT to = {0};
	size_t label = sizes[_i][0], value = sizes[_i][1];

	fill(&o, label, value);
	object_move(&o, &to);
	ck_assert_uint_eq(o.value.len, 0);
	ck_assert_ptr_null(o.value.heap);
	ck_assert_uint_eq(o.variables.len, 0);
	ck_assert_ptr_null(o.variables.heap);
	for (size_t i = 0; i < SECRET_INLINE; i++)
		ck_assert_uint_eq(o.value.small[i], 0);
	ck_assert_uint_eq(object_variable(&to, VAR_LABEL).n, label);
	ck_assert_uint_eq(to.value.len, value);
	ck_assert_uint_eq(secret_peek(&to.value)[value - 1], 0x5a);
}
END_TEST

START_TEST(wiping_wipes)
{
	struct object o = {0};

	fill(&o, 5, 16);
	object_wipe(&o);
	for (size_t i = 0; i < SECRET_INLINE; i++)
		ck_assert_uint_eq(o.value.small[i], 0);
	ck_assert_uint_eq(o.value.len + o.variables.len + o.flags, 0);
}
END_TEST

START_TEST(allowed_mechanisms)
{
	static const CK_MECHANISM_TYPE two[] = {CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY};
	uint8_t one[8];
	OBJECT o = {0};

	ck_assert(!has_list(&o));
	ck_assert(object_allows(&o, CKM_AES_CBC));
	o.default_allowed = two;
	o.default_allowed_count = 2;
	ck_assert(has_list(&o));
	ck_assert(object_allows(&o, CKM_KEYDIV_SESSION_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	put_be64(one, CKM_KEYDIV_DEVICE_KEY);
	ck_ok(object_set_variable(&o, VAR_ALLOWED_MECHANISMS, bytes_of(one, 8)));
	ck_assert(object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_SESSION_KEY));
	ck_ok(object_set_variable(&o, VAR_ALLOWED_MECHANISMS, bytes_of(one, 0)));
	ck_assert(has_list(&o));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY)); /* an empty list lets nothing */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object");
	TCase *tests = tcase_create("object");

	tcase_add_test(tests, variables_in_any_order);
	tcase_add_test(tests, variables_leave_the_struct_and_come_back);
	tcase_add_test(tests, variables_exactly_full);
	tcase_add_test(tests, variables_from_themselves);
	tcase_add_test(tests, variables_too_long);
	tcase_add_loop_test(tests, copies_own_their_memory, 0, 4);
	tcase_add_loop_test(tests, a_moved_object_is_empty, 0, 4);
	tcase_add_test(tests, wiping_wipes);
	tcase_add_test(tests, allowed_mechanisms);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
