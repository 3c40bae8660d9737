/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_template.c: what template_parse takes, refuses, copies and wipes;
 * templates inside attributes.
 */
#include "policy_support.h"

#include "object/attribute.h"

#define ONE(a) template_parse(&(CK_ATTRIBUTE)a, 1, &t)

static const uint8_t long_value[65537];

START_TEST(bad_lengths)
{
	TEMPLATE t;
	CK_BBOOL two = 2;
	uint64_t wide = 1;

	ck_rv(ONE(RAW(CKA_TOKEN, &wide, 8)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_TOKEN, &wide, 0)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_TOKEN, NULL, 1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_TOKEN, &two, 1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_TOKEN, &template_true, (CK_ULONG)-1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_SIGN_RECOVER, &wide, 8)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_SIGN_RECOVER, &two, 1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_CLASS, &wide, 4)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_CLASS, NULL, 8)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_KEYDIV_RESERVE, &wide, 4)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_LABEL, NULL, 1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_LABEL, "x", (CK_ULONG)-1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_LABEL, "x", 4097)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_VALUE, NULL, 16)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_VALUE, "x", (CK_ULONG)-1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_VALUE, long_value, 65537)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(ONE(RAW(CKA_VALUE, long_value, 65536)));
	template_wipe(&t);
	ck_rv(ONE(RAW(CKA_ALLOWED_MECHANISMS, &wide, 7)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_ALLOWED_MECHANISMS, NULL, 8)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_ALLOWED_MECHANISMS, &wide, (CK_ULONG)-8)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_SUBJECT, NULL, 3)), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

static const char *const bad_dates[] = {
	"2026010", "202601011", "20260x01", "20260001", "20261301", "20260100", "20260132"};

START_TEST(dates)
{
	TEMPLATE t;

	ck_rv(ONE(RAW(CKA_START_DATE, bad_dates[_i], strlen(bad_dates[_i]))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(ONE(STR(CKA_START_DATE, "20261231")));
	ck_ok(ONE(RAW(CKA_END_DATE, NULL, 0)));
}
END_TEST

START_TEST(unknown_attributes)
{
	TEMPLATE t;
	static const CK_ATTRIBUTE_TYPE types[] = {0x7f0, CKA_VENDOR_DEFINED, CKA_VENDOR_DEFINED | 1,
		KEYDIV_VENDOR | 11, (CK_ULONG)-1, 0x40000000, 0x40000003, 0x1000, 0x1001, 0x80001,
		0x100000000};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		ck_rv(ONE(RAW(types[i], &template_true, 1)), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

START_TEST(arguments)
{
	TEMPLATE t;
	CK_ATTRIBUTE a = YES(CKA_TOKEN);

	ck_ok(template_parse(NULL, 0, &t));
	ck_assert_uint_eq(t.given | t.flags_given | t.variables_given, 0);
	ck_ok(template_parse(&a, 0, &t));
	ck_rv(template_parse(NULL, 1, &t), CKR_ARGUMENTS_BAD);
	ck_rv(template_parse(&a, (CK_ULONG)-1, &t), CKR_ARGUMENTS_BAD);
	ck_rv(template_parse(&a, TEMPLATE_ATTRIBUTES_MAX + 1, &t), CKR_ARGUMENTS_BAD);
}
END_TEST

#define TWICE(a, b) template_parse(((CK_ATTRIBUTE[]){a, b}), 2, &t)

START_TEST(attributes_given_twice)
{
	TEMPLATE t;
	CK_ATTRIBUTE on = YES(CKA_SIGN), off = NO(CKA_SIGN), aes = TYPE(CKK_AES),
		     des = TYPE(CKK_DES3);
	CK_ATTRIBUTE a = STR(CKA_LABEL, "a"), b = STR(CKA_LABEL, "b"), ab = STR(CKA_LABEL, "ab");
	CK_ATTRIBUTE v = STR(CKA_VALUE, "v"), w = STR(CKA_VALUE, "w");
	CK_ATTRIBUTE l = ALLOWED(1, 2), m = ALLOWED(1, 3);

	ck_rv(TWICE(on, off), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(off, on), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(aes, des), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(a, b), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(a, ab), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(v, w), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(TWICE(l, m), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(TWICE(on, on));
	ck_ok(TWICE(off, off));
	ck_ok(TWICE(aes, aes));
	ck_ok(TWICE(a, a));
	ck_ok(TWICE(v, v));
	ck_ok(TWICE(l, l));
}
END_TEST

START_TEST(values_are_copied_from_the_caller)
{
	char label[] = "label", value[] = "0123456789abcdef";
	CK_BBOOL token = CK_TRUE;
	CK_KEY_TYPE type = CKK_AES;
	CK_MECHANISM_TYPE list[] = {CKM_KEYDIV_DEVICE_KEY};
	CK_ATTRIBUTE a[] = {{CKA_LABEL, label, 5}, {CKA_VALUE, value, 16}, {CKA_TOKEN, &token, 1},
		{CKA_KEY_TYPE, &type, 8}, {CKA_ALLOWED_MECHANISMS, list, 8}};

	TEMPLATE t;
	ck_ok(template_parse(a, 5, &t));
	memset(label, 0, sizeof label);
	memset(value, 0, sizeof value);
	memset(a, 0, sizeof a);
	token = CK_FALSE;
	type = 0;
	list[0] = 0;
	ck_assert(bytes_equal(t.variable[VAR_LABEL], bytes_of("label", 5)));
	ck_assert(bytes_equal(t.value, bytes_of("0123456789abcdef", 16)));
	ck_assert_uint_eq(t.flags, FLAG_TOKEN);
	ck_assert_uint_eq(t.key_type, CKK_AES);
	ck_assert_uint_eq(get_be64(t.variable[VAR_ALLOWED_MECHANISMS].p), CKM_KEYDIV_DEVICE_KEY);
}
END_TEST

/* All attributes at their longest, in memory that is not aligned. */
START_TEST(long_and_unaligned)
{
	static uint8_t big[TEMPLATE_BYTES_MAX + 1], raw[8 * sizeof(CK_ATTRIBUTE) + 1];
	const CK_ATTRIBUTE a[] = {{CKA_LABEL, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_ID, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_APPLICATION, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_OBJECT_ID, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_VALUE, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_ALLOWED_MECHANISMS, big + 1, TEMPLATE_BYTES_MAX},
		{CKA_UNIQUE_ID, big + 1, TEMPLATE_BYTES_MAX}, {CKA_KEY_TYPE, big + 1, 8}};

	memset(big, 0x21, sizeof big);
	memcpy(raw + 1, a, sizeof a);
	TEMPLATE t;
	ck_ok(template_parse((const CK_ATTRIBUTE *)(const void *)(raw + 1), 8, &t));
	ck_assert(bytes_equal(t.variable[VAR_OBJECT_ID], bytes_of(big, TEMPLATE_BYTES_MAX)));
	ck_assert(bytes_equal(t.value, bytes_of(big, TEMPLATE_BYTES_MAX)));
	ck_assert_uint_eq(t.key_type, UINT64_C(0x2121212121212121));
}
END_TEST

START_TEST(values_are_wiped)
{
	struct template t = {0};

	ck_ok(parse(&t, STR(CKA_VALUE, "sixteen bytes ok")));
	ck_assert_ptr_nonnull(memmem(t.room, sizeof t.room, "sixteen", 7));
	template_wipe(&t);
	ck_assert_ptr_null(memmem(t.room, sizeof t.room, "sixteen", 7));

	/* also when a later attribute is refused */
	ck_rv(parse(&t, STR(CKA_VALUE, "sixteen bytes ok"), STR(CKA_TOKEN, "ab")),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_assert_ptr_null(memmem(t.room, sizeof t.room, "sixteen", 7));
	template_wipe(&t);
}
END_TEST

START_TEST(attributes_of_other_classes)
{
	TEMPLATE t;

	ck_ok(ONE(STR(CKA_SUBJECT, "s")));
	ck_assert_uint_eq(t.given, GIVEN_OTHER);
	ck_ok(ONE(NO(CKA_VERIFY_RECOVER)));
	ck_assert_uint_eq(t.given, GIVEN_OTHER_FALSE);
	ck_ok(ONE(YES(CKA_VERIFY_RECOVER)));
	ck_assert_uint_eq(t.given, GIVEN_OTHER_TRUE);
}
END_TEST

/* --- Templates inside attributes --- */

START_TEST(nested_bad)
{
	TEMPLATE t;
	CK_BBOOL two = 2;
	CK_ATTRIBUTE many[TEMPLATE_NESTED_MAX + 1];

	for (size_t i = 0; i <= TEMPLATE_NESTED_MAX; i++)
		many[i] = (CK_ATTRIBUTE)YES(CKA_TOKEN);
	ck_rv(ONE(RAW(CKA_WRAP_TEMPLATE, many, sizeof many)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_WRAP_TEMPLATE, many, sizeof many[0] - 1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_WRAP_TEMPLATE, NULL, sizeof many[0])), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(ONE(RAW(CKA_WRAP_TEMPLATE, many, (CK_ULONG)-24)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, YES(CKA_TOKEN), YES(CKA_TOKEN))),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_TOKEN, &template_true, 8))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_TOKEN, &two, 1))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_LABEL, NULL, 8))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(0x7f0, &template_true, 1))),
		CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, VALUE16)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, STR(CKA_CHECK_VALUE, "abc"))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, STR(CKA_APPLICATION, "data"))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, STR(CKA_SUBJECT, "cert"))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, NO(CKA_SIGN_RECOVER))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	/* what the token alone decides can be asked of a wrapped key, but not given to a new one */
	ck_ok(parse(&t, NESTED(CKA_WRAP_TEMPLATE, YES(CKA_LOCAL))));
	ck_rv(parse(&t, NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_LOCAL))), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_ALWAYS_SENSITIVE))),
		CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(nested_too_long)
{
	static uint8_t big[TEMPLATE_BYTES_MAX];

	TEMPLATE t;
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_LABEL, big, sizeof big))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_LABEL, big, sizeof big - 20),
				YES(CKA_TOKEN))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(parse(&t, NESTED(CKA_WRAP_TEMPLATE, RAW(CKA_LABEL, big, sizeof big - 12))));
}
END_TEST

/* Templates in templates in templates, 200 000 deep, and one that contains itself. */
START_TEST(nested_deep)
{
	const size_t deep = 200000;
	CK_ATTRIBUTE *a = calloc(deep, sizeof *a), self;

	for (size_t i = 0; i < deep; i++)
		a[i] = (CK_ATTRIBUTE){i % 2 ? CKA_WRAP_TEMPLATE : CKA_DERIVE_TEMPLATE,
			i + 1 < deep ? &a[i + 1] : NULL, i + 1 < deep ? sizeof *a : 0};
	TEMPLATE t;
	ck_rv(template_parse(a, 1, &t), CKR_ATTRIBUTE_VALUE_INVALID);
	free(a);
	self = (CK_ATTRIBUTE){CKA_WRAP_TEMPLATE, &self, sizeof self};
	ck_rv(template_parse(&self, 1, &t), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(nested_there_and_back)
{
	struct template n;

	TEMPLATE t;
	ck_ok(parse(&t, NESTED(CKA_DERIVE_TEMPLATE, KEY(CKK_AES), LENGTH(32), YES(CKA_SENSITIVE),
				NO(CKA_EXTRACTABLE), STR(CKA_LABEL, "x"), STR(CKA_ID, ""),
				ALLOWED(CKM_KEYDIV_MESSAGE_KEY))));
	ck_ok(template_decode(VAR_DERIVE_TEMPLATE, t.variable[VAR_DERIVE_TEMPLATE], &n));
	ck_assert_uint_eq(n.given, GIVEN_CLASS | GIVEN_KEY_TYPE | GIVEN_VALUE_LEN);
	ck_assert_uint_eq(n.object_class, CKO_SECRET_KEY);
	ck_assert_uint_eq(n.key_type, CKK_AES);
	ck_assert_uint_eq(n.value_len, 32);
	ck_assert_uint_eq(n.flags_given, FLAG_SENSITIVE | FLAG_EXTRACTABLE);
	ck_assert_uint_eq(n.flags, FLAG_SENSITIVE);
	ck_assert(bytes_equal(n.variable[VAR_LABEL], bytes_of("x", 1)));
	ck_assert_uint_eq(n.variable[VAR_ID].n, 0);
	ck_assert_uint_eq(get_be64(n.variable[VAR_ALLOWED_MECHANISMS].p), CKM_KEYDIV_MESSAGE_KEY);

	ck_ok(parse(&t, RAW(CKA_DERIVE_TEMPLATE, NULL, 0)));
	ck_ok(template_decode(VAR_DERIVE_TEMPLATE, t.variable[VAR_DERIVE_TEMPLATE], &n));
	ck_assert_uint_eq(n.given | n.flags_given | n.variables_given, 0);
}
END_TEST

/* Bytes that a damaged store might hold. */
START_TEST(decoding_hostile_bytes)
{
	static const uint8_t cut[] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0},
			     beyond[] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 'a', 'b'};
	static const uint8_t label[] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0};
	static const uint8_t class[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 4};
	uint8_t many[2 * sizeof class];
	struct template t;
	struct nested n;

	struct bytes rest = bytes_of(cut, sizeof cut);
	ck_rv(template_next(VAR_DERIVE_TEMPLATE, &rest, &n), CKR_DEVICE_ERROR);
	rest = bytes_of(beyond, sizeof beyond - 1);
	ck_rv(template_next(VAR_DERIVE_TEMPLATE, &rest, &n), CKR_DEVICE_ERROR);
	rest = bytes_of(beyond, sizeof beyond);
	ck_ok(template_next(VAR_DERIVE_TEMPLATE, &rest, &n));
	ck_assert_uint_eq(rest.n, 0);

	/* the same attribute twice, of each kind */
	memcpy(many, label, sizeof label);
	memcpy(many + sizeof label, label, sizeof label);
	ck_ok(template_decode(VAR_DERIVE_TEMPLATE, bytes_of(many, sizeof label), &t));
	ck_rv(template_decode(VAR_DERIVE_TEMPLATE, bytes_of(many, 2 * sizeof label), &t),
		CKR_DEVICE_ERROR);
	memcpy(many, class, sizeof class);
	memcpy(many + sizeof class, class, sizeof class);
	ck_ok(template_decode(VAR_DERIVE_TEMPLATE, bytes_of(many, sizeof class), &t));
	ck_rv(template_decode(VAR_DERIVE_TEMPLATE, bytes_of(many, 2 * sizeof class), &t),
		CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(merging)
{
	struct template merged;

	TEMPLATE t;
	TEMPLATE more;
	ck_ok(parse(&more, TYPE(CKK_AES), YES(CKA_SENSITIVE), STR(CKA_LABEL, "base's")));
	ck_ok(parse(&t, LENGTH(16), YES(CKA_SIGN)));
	ck_ok(template_merge(&t, &more, false, &merged));
	ck_assert_uint_eq(merged.given, GIVEN_KEY_TYPE | GIVEN_VALUE_LEN);
	ck_assert_uint_eq(merged.flags, FLAG_SENSITIVE | FLAG_SIGN);
	ck_assert(bytes_equal(merged.variable[VAR_LABEL], bytes_of("base's", 6)));

	static const CK_ATTRIBUTE conflicts[] = {NO(CKA_SENSITIVE), STR(CKA_LABEL, "mine")};
	for (size_t i = 0; i < 2; i++) {
		ck_ok(template_parse(&conflicts[i], 1, &t));
		ck_rv(template_merge(&t, &more, false, &merged), CKR_TEMPLATE_INCONSISTENT);
	}
	ck_ok(parse(&t, TYPE(CKK_DES3)));
	ck_rv(template_merge(&t, &more, false, &merged), CKR_TEMPLATE_INCONSISTENT);
	TEMPLATE long_ones;
	ck_ok(parse(&long_ones, LENGTH(32)));
	ck_ok(parse(&t, LENGTH(16)));
	ck_rv(template_merge(&t, &long_ones, false, &merged), CKR_TEMPLATE_INCONSISTENT);
	TEMPLATE classed;
	ck_ok(parse(&classed, CLASS(CKO_SECRET_KEY)));
	ck_ok(parse(&t, CLASS(CKO_DATA)));
	ck_rv(template_merge(&t, &classed, false, &merged), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, TYPE(CKK_AES), YES(CKA_SENSITIVE), STR(CKA_LABEL, "base's")));
	ck_ok(template_merge(&t, &more, false, &merged));
}
END_TEST

/* Class and length come from either template, and agree where both have them. */
START_TEST(merging_numbers)
{
	struct template merged;

	TEMPLATE t;
	TEMPLATE more;
	ck_ok(parse(&more, CLASS(CKO_SECRET_KEY), LENGTH(16)));
	ck_ok(parse(&t, YES(CKA_SIGN)));
	for (unsigned round = 0; round < 2; round++) {
		ck_ok(template_merge(&t, &more, false, &merged));
		ck_assert_uint_eq(merged.given, GIVEN_CLASS | GIVEN_VALUE_LEN);
		ck_assert_uint_eq(merged.object_class, CKO_SECRET_KEY);
		ck_assert_uint_eq(merged.value_len, 16);
		ck_ok(parse(&t, CLASS(CKO_SECRET_KEY), LENGTH(16)));
	}
}
END_TEST

START_TEST(merging_lists)
{
	struct template merged;

	TEMPLATE t;
	TEMPLATE more;
	ck_ok(parse(&more, ALLOWED(CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY)));
	ck_ok(parse(&t, ALLOWED(CKM_KEYDIV_SESSION_KEY)));
	ck_rv(template_merge(&t, &more, false, &merged), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(template_merge(&t, &more, true, &merged));
	ck_assert_uint_eq(merged.variable[VAR_ALLOWED_MECHANISMS].n, 8);
	ck_rv(template_merge(&more, &t, true, &merged), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, RAW(CKA_ALLOWED_MECHANISMS, NULL, 0)));
	ck_ok(template_merge(&t, &more, true, &merged));
	ck_assert_uint_eq(merged.variable[VAR_ALLOWED_MECHANISMS].n, 0);
}
END_TEST

/* One template may be in another: what a master's keys are must come back with the master. */
START_TEST(derive_template_in_an_unwrap_template)
{
	CK_ATTRIBUTE children[] = {YES(CKA_SENSITIVE), ALLOWED(CKM_KEYDIV_MESSAGE_KEY)},
		     deeper[] = {RAW(CKA_DERIVE_TEMPLATE, children, sizeof children)},
		     wrap[] = {RAW(CKA_WRAP_TEMPLATE, children, sizeof children)};
	struct template n, inner;
	struct bytes rest;

	TEMPLATE t;
	ck_ok(parse(&t, NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_DERIVE),
				RAW(CKA_DERIVE_TEMPLATE, children, sizeof children))));
	rest = t.variable[VAR_UNWRAP_TEMPLATE];
	ck_ok(template_decode(VAR_UNWRAP_TEMPLATE, rest, &n));
	ck_assert_uint_eq(n.flags, FLAG_DERIVE);
	ck_ok(template_decode(VAR_DERIVE_TEMPLATE, n.variable[VAR_DERIVE_TEMPLATE], &inner));
	ck_assert_uint_eq(inner.flags, FLAG_SENSITIVE);
	/* the same bytes are not valid as another template, and no deeper nesting is */
	ck_rv(template_decode(VAR_WRAP_TEMPLATE, rest, &n), CKR_DEVICE_ERROR);
	ck_rv(template_decode(VAR_DERIVE_TEMPLATE, rest, &n), CKR_DEVICE_ERROR);
	ck_rv(parse(&t,
		      NESTED(CKA_UNWRAP_TEMPLATE, RAW(CKA_DERIVE_TEMPLATE, deeper, sizeof deeper))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, NESTED(CKA_UNWRAP_TEMPLATE, RAW(CKA_WRAP_TEMPLATE, wrap, sizeof wrap))),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, RAW(CKA_DERIVE_TEMPLATE, deeper, sizeof deeper)),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(parse(&t, RAW(CKA_WRAP_TEMPLATE, deeper, sizeof deeper)),
		CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(parameter)
{
	uint8_t out[8];
	size_t n;
	bool found;

	ck_ok(template_parameter(
		T(YES(CKA_TOKEN), STR(CKA_KEYDIV_PARAMETER, "abc")), out, 8, &n, &found));
	ck_assert(found);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(out, "abc", 3);
	ck_ok(template_parameter(T(YES(CKA_TOKEN)), out, 8, &n, &found));
	ck_assert(!found);
	ck_ok(template_parameter(NULL, 3, out, 8, &n, &found));
	ck_assert(!found);
	ck_rv(template_parameter(T(STR(CKA_KEYDIV_PARAMETER, "too long!")), out, 8, &n, &found),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(template_parameter(T(RAW(CKA_KEYDIV_PARAMETER, NULL, 3)), out, 8, &n, &found),
		CKR_MECHANISM_PARAM_INVALID);
	TEMPLATE t;
	ck_rv(parse(&t, STR(CKA_KEYDIV_PARAMETER, "one"), STR(CKA_KEYDIV_PARAMETER, "two")),
		CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template");
	TCase *tests = tcase_create("template");

	tcase_add_test(tests, bad_lengths);
	tcase_add_loop_test(tests, dates, 0, sizeof bad_dates / sizeof bad_dates[0]);
	tcase_add_test(tests, unknown_attributes);
	tcase_add_test(tests, arguments);
	tcase_add_test(tests, attributes_given_twice);
	tcase_add_test(tests, values_are_copied_from_the_caller);
	tcase_add_test(tests, long_and_unaligned);
	tcase_add_test(tests, values_are_wiped);
	tcase_add_test(tests, attributes_of_other_classes);
	tcase_add_test(tests, nested_bad);
	tcase_add_test(tests, nested_too_long);
	tcase_add_test(tests, nested_deep);
	tcase_add_test(tests, nested_there_and_back);
	tcase_add_test(tests, decoding_hostile_bytes);
	tcase_add_test(tests, merging);
	tcase_add_test(tests, merging_numbers);
	tcase_add_test(tests, merging_lists);
	tcase_add_test(tests, derive_template_in_an_unwrap_template);
	tcase_add_test(tests, parameter);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
