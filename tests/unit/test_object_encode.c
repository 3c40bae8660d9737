/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_object_encode.c: objects as bytes for the store: there and back, and everything
 * hostile in between.
 */
#include "policy_support.h"

#include "default_lists.h"

static const struct rights all = {.user = true, .read_write = true};

static void sample(struct object *ret)
{
	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), YES(CKA_TOKEN),
		STR(CKA_LABEL, "master"), STR(CKA_ID, "\1\2"), STR(CKA_START_DATE, "20260101"),
		NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_SENSITIVE), LENGTH(16),
			STR(CKA_LABEL, "device"), ALLOWED(CKM_KEYDIV_MESSAGE_KEY))));
	ck_ok(plan_create(&t, &all, ret));
}

START_TEST(there_and_back)
{
	OBJECT o = {0};
	OBJECT back = {0};
	uint8_t *encoded;
	size_t n, count;

	sample(&o);
	ck_ok(object_encode(&o, &encoded, &n));
	ck_ok(object_decode(bytes_of(encoded, n), &back));
	free(encoded);
	ck_assert_uint_eq(back.object_class, CKO_SECRET_KEY);
	ck_assert_uint_eq(back.key_type, CKK_AES);
	ck_assert_uint_eq(back.key_gen_mechanism, CK_UNAVAILABLE_INFORMATION);
	ck_assert_uint_eq(back.flags, o.flags);
	ck_assert_uint_eq(back.made, o.made);
	ck_assert_uint_eq(back.made & MADE_WAY, MADE_CREATED);
	ck_assert_uint_eq(back.value.len, 0);
	ck_assert_uint_eq(object_key_length(&back), 16);
	for (unsigned id = VAR_LABEL; id <= VARIABLE_LAST; id++)
		if (id != VAR_ALLOWED_MECHANISMS)
			ck_assert(bytes_equal(object_variable(&o, id), object_variable(&back, id)));

	/*
	 * The default list is written out, so that a later version's defaults cannot widen the key.
	 */
	const CK_MECHANISM_TYPE *list = default_children(CKK_AES, &count);
	ck_assert_ptr_null(back.default_allowed);
	ck_assert_uint_eq(object_variable(&back, VAR_ALLOWED_MECHANISMS).n, 8 * count);
	for (size_t i = 0; i < count; i++)
		ck_assert(object_allows(&back, list[i]));
	ck_assert(!object_allows(&back, CKM_KEYDIV_CMAC));
}
END_TEST

START_TEST(data_there_and_back)
{
	OBJECT o = {0};
	OBJECT back = {0};
	uint8_t *encoded;
	size_t n;

	TEMPLATE t;
	ck_ok(parse(&t, CLASS(CKO_DATA), NO(CKA_PRIVATE), STR(CKA_VALUE, "open"),
		STR(CKA_APPLICATION, "app")));
	ck_ok(plan_create(&t, &all, &o));
	ck_ok(object_encode(&o, &encoded, &n));
	ck_ok(object_decode(bytes_of(encoded, n), &back));
	free(encoded);
	ck_assert(bytes_equal(object_variable(&back, VAR_PUBLIC_VALUE), bytes_of("open", 4)));
	ck_assert(bytes_equal(object_variable(&back, VAR_APPLICATION), bytes_of("app", 3)));
}
END_TEST

/*
 * Every truncation is refused or is a shorter object; nothing is read beyond the end (the
 * sanitizers look on).
 */
START_TEST(truncated_encodings)
{
	OBJECT o = {0};
	uint8_t *encoded;
	size_t n;

	sample(&o);
	ck_ok(object_encode(&o, &encoded, &n));
	for (size_t i = 0; i < n; i++) {
		OBJECT back = {0};
		uint8_t *cut = malloc(i ? i : 1);
		memcpy(cut, encoded, i);
		CK_RV rv = object_decode(bytes_of(cut, i), &back);
		ck_assert(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
		ck_assert(rv == CKR_DEVICE_ERROR || i >= 41);
		free(cut);
	}
	free(encoded);
}
END_TEST

START_TEST(bytes_changed)
{
	OBJECT o = {0};
	uint8_t *encoded;
	size_t n;

	sample(&o);
	ck_ok(object_encode(&o, &encoded, &n));
	for (size_t i = 0; i < 8 * n; i++) {
		OBJECT back = {0};
		encoded[i / 8] ^= (uint8_t)(1u << i % 8);
		CK_RV rv = object_decode(bytes_of(encoded, n), &back);
		ck_assert(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
		encoded[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	free(encoded);
}
END_TEST

/* Single wrongs that only one check each catches. PATCH: at OFFSET the bytes of BYTES. */
static const struct {
	const char *what;
	size_t offset;
	const char *bytes;
	size_t n;
} wrongs[] = {
	{"version 1", 0, "\1", 1},
	{"version", 0, "\3", 1},
	{"class CKO_PROFILE", 8, "\11", 1},
	{"class unknown", 1, "\377", 1},
	{"no key type", 9, "\377\377\377\377\377\377\377\377", 8},
	{"length 0", 25, "\0\0\0\0\0\0\0\0", 8},
	{"length beyond SECRET_MAX", 25, "\0\0\0\0\0\0\20\1", 8},
	{"flags that are none", 33, "\200", 1},
	{"made in a way that is none", 37, "\200", 1},
	{"made with a flag that is none of these", 37, "\0\20", 2},
	{"variable 0", 41, "\0", 1},
	{"variable beyond the last", 41, "\20", 1},
	{"variable of data on a key", 41, "\3", 1},
	{"length beyond the end", 42, "\377\377\377\377", 4},
};

START_TEST(edited_encodings_are_refused)
{
	OBJECT o = {0};
	OBJECT back = {0};
	uint8_t *encoded;
	size_t n;

	sample(&o);
	ck_ok(object_encode(&o, &encoded, &n));
	ck_ok(object_decode(bytes_of(encoded, n), &back));
	object_wipe(&back);
	memcpy(encoded + wrongs[_i].offset, wrongs[_i].bytes, wrongs[_i].n);
	ck_assert_msg(object_decode(bytes_of(encoded, n), &back) == CKR_DEVICE_ERROR, "%s",
		wrongs[_i].what);
	free(encoded);
}
END_TEST

/* Variables that are well-formed one by one, but not what the attribute can be. */
static const struct {
	enum variable id;
	const char *bytes;
	size_t n;
} values[] = {
	{VAR_START_DATE, "2026010", 7}, {VAR_START_DATE, "20261301", 8},
	{VAR_ALLOWED_MECHANISMS, "1234567", 7}, {VAR_TRANSACTION, "1234567", 7},
	{VAR_SHAPE, "\3\3", 2}, /* on a key that is no client */
	{VAR_RESERVE, "\0\0\0\0\0\0\0\1", 8}, {VAR_APPLICATION, "app", 3},
	{VAR_PUBLIC_VALUE, "open", 4},
	{VAR_WRAP_TEMPLATE, "\0\0\0\0\0\0\0\1\0\0\0\1\2", 13},  /* CKA_TOKEN of value 2 */
	{VAR_WRAP_TEMPLATE, "\0\0\0\0\0\0\0\21\0\0\0\1v", 13},  /* CKA_VALUE */
	{VAR_WRAP_TEMPLATE, "\0\0\0\0\100\0\2\21\0\0\0\0", 12}, /* a template in a template */
	{VAR_DERIVE_TEMPLATE, "\0\0\0\0\0\0\0\3\0\0\0\2a", 13}, /* longer than there are bytes */
	{VAR_DERIVE_TEMPLATE, "\0\0\0\0\0\0\7\77\0\0\0\0", 12}, /* unknown */
	{VAR_DERIVE_TEMPLATE, "\0\0\0\0\0\0\0\1\0\0\0\1\1\0\0\0\0\0\0\0\1\0\0\0\1\1",
		26}, /* twice */
};

START_TEST(values_out_of_range_are_refused)
{
	OBJECT o = {0};
	OBJECT back = {0};
	uint8_t *encoded;
	size_t n;

	sample(&o);
	ck_ok(object_set_variable(&o, values[_i].id, bytes_of(values[_i].bytes, values[_i].n)));
	ck_ok(object_encode(&o, &encoded, &n));
	ck_rv(object_decode(bytes_of(encoded, n), &back), CKR_DEVICE_ERROR);
	free(encoded);
}
END_TEST

START_TEST(order_of_variables)
{
	uint8_t b[64] = {2};
	OBJECT o = {0};

	put_be64(b + 1, CKO_SECRET_KEY);
	put_be64(b + 9, CKK_AES);
	put_be64(b + 17, CK_UNAVAILABLE_INFORMATION);
	put_be64(b + 25, 16);
	memcpy(b + 41, "\1\0\0\0\1a\2\0\0\0\1b", 12);
	ck_ok(object_decode(bytes_of(b, 53), &o));
	object_wipe(&o);
	memcpy(b + 41, "\2\0\0\0\1a\1\0\0\0\1b", 12);
	ck_rv(object_decode(bytes_of(b, 53), &o), CKR_DEVICE_ERROR);
	memcpy(b + 41, "\1\0\0\0\1a\1\0\0\0\1b", 12);
	ck_rv(object_decode(bytes_of(b, 53), &o), CKR_DEVICE_ERROR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object_encode");
	TCase *tests = tcase_create("object_encode");

	tcase_add_test(tests, there_and_back);
	tcase_add_test(tests, data_there_and_back);
	tcase_add_test(tests, truncated_encodings);
	tcase_add_test(tests, bytes_changed);
	tcase_add_loop_test(
		tests, edited_encodings_are_refused, 0, sizeof wrongs / sizeof wrongs[0]);
	tcase_add_loop_test(
		tests, values_out_of_range_are_refused, 0, sizeof values / sizeof values[0]);
	tcase_add_test(tests, order_of_variables);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
