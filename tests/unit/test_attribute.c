/* SPDX-License-Identifier: Apache-2.0 */
/* test_attribute.c: the table of attributes, reading and searching. */
#include "object/attribute.h"

#include "mechanism.h"
#include "object/attribute_list.h"
#include "odukpt_client.h"
#include "policy_support.h"

#define MINUS_1 CK_UNAVAILABLE_INFORMATION

static struct key *key;
static const uint8_t unique_id[16] = {0xab, 1};

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	ck_assert_ptr_nonnull(key);
}

static void tear_down(void)
{
	key_free(key);
	crypto_stop();
}

#define create(o, ...)                                                                             \
	do {                                                                                       \
		struct template t_;                                                                \
		ck_ok(parse(&t_, __VA_ARGS__));                                                    \
		ck_ok(plan_create(&t_, &user, o));                                                 \
		template_wipe(&t_);                                                                \
	} while (0)

static CK_RV read_one(const struct object *o, CK_ATTRIBUTE *a)
{
	struct reading r = {.object = o, .unique_id = unique_id, .key = key};
	return attributes_read(&r, a, 1);
}

#define matches(o, ...)                                                                            \
	({                                                                                         \
		struct template t_;                                                                \
		ck_ok(parse(&t_, __VA_ARGS__));                                                    \
		struct reading r_ = {.object = (o), .unique_id = unique_id, .key = key};           \
		bool m_ = attributes_match(&r_, &t_);                                              \
		template_wipe(&t_);                                                                \
		m_;                                                                                \
	})

/* --- The table --- */

/* The list once more, as data: a loop over it costs the compiler less than a body for each row. */
#define LISTED(a, b, type, kind, on, rules, bit) {type, #type},
static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} listed[] = {ATTRIBUTE_LIST(LISTED, 0, 0)};
#undef LISTED

#define COUNT (sizeof listed / sizeof listed[0])

START_TEST(every_row_is_found)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct attribute *row = attribute_find(listed[i].type);
		ck_assert_ptr_nonnull(row);
		ck_assert_uint_eq(row->type, listed[i].type);
		ck_assert_str_eq(row->name, listed[i].name);
	}
	ck_assert_ptr_null(attribute_find((CK_ATTRIBUTE_TYPE)-1));
	ck_assert_ptr_null(attribute_find(CKA_VENDOR_DEFINED));
	unsigned found = 0;
	for (CK_ATTRIBUTE_TYPE t = 0; t < 0x2000; t++)
		found += attribute_find(t) != NULL;
	ck_assert_uint_gt(found, 100);
}
END_TEST

/*
 * No two attributes share a bit, or one would be mistaken for the other. A flat template is the
 * same attribute as its standard form.
 */
START_TEST(bits_are_unique)
{
	uint32_t flags = 0, variables = 0, given = 0;

	for (size_t i = 0; i < COUNT; i++) {
		const struct attribute *row = attribute_find(listed[i].type);
		uint32_t bit = row->bit;
		if (row->kind == KIND_FLAG) {
			ck_assert_uint_eq(flags & bit, 0);
			flags |= bit;
		} else if (row->kind == KIND_NUMBER || row->kind == KIND_VALUE ||
			   (row->kind == KIND_COMPUTED && bit != GIVEN_OTHER)) {
			ck_assert_uint_eq(given & bit, 0);
			given |= bit;
		} else if (row->kind != KIND_OTHER && row->kind != KIND_OTHER_FLAG &&
			   row->kind != KIND_COMPUTED && row->kind != KIND_FLAT_TEMPLATE) {
			ck_assert_uint_lt(bit, TEMPLATE_VARIABLES);
			ck_assert_uint_eq(variables >> bit & 1, 0);
			variables |= 1u << bit;
		}
	}
}
END_TEST

/* No caller may set these attributes, by any function, as the table of the standard says. */
START_TEST(the_sets_are_as_the_standard_has_them)
{
	const uint32_t never = FLAG_LOCAL | FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE;

	for (int when = WHEN_CREATE; when < WHEN_COUNT; when++) {
		ck_assert_uint_eq(attribute_sets[WHO_KEY][when].flags & never, 0);
		ck_assert_uint_eq(attribute_sets[WHO_KEY][when].given &
					  (GIVEN_UNIQUE_ID | GIVEN_KEY_GEN_MECHANISM),
			0);
	}
	for (int when = WHEN_COPY; when <= WHEN_SET; when++)
		ck_assert_uint_eq(attribute_sets[WHO_KEY][when].given, 0); /* class, type, value */
	ck_assert_uint_eq(attribute_sets[WHO_KEY][WHEN_SET].flags &
				  (FLAG_TOKEN | FLAG_PRIVATE | FLAG_MODIFIABLE),
		0);
	/* CKA_DERIVE is in both: it never changes */
	ck_assert_uint_eq(attribute_flags_only_true,
		FLAG_PRIVATE | FLAG_SENSITIVE | FLAG_WRAP_WITH_TRUSTED | FLAG_DERIVE);
	ck_assert_uint_eq(
		attributes_only_deriving.flags, FLAG_EXTRACTABLE_CHILDREN | FLAG_USE_ONLY);
	ck_assert_uint_eq(attribute_flags_only_false,
		FLAGS_USAGE | FLAG_DERIVE | FLAG_EXTRACTABLE | FLAG_COPYABLE | FLAG_DESTROYABLE);
	ck_assert_uint_eq(attribute_flags_only_so, FLAG_TRUSTED);
	ck_assert_uint_eq(attribute_sets[WHO_DATA][WHEN_EVER].flags,
		FLAG_TOKEN | FLAG_PRIVATE | FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE);
}
END_TEST

/* --- Reading --- */

START_TEST(sensitive_value_untouched)
{
	static const CK_ATTRIBUTE closed[][2] = {{YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)},
		{NO(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)},
		{YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)}};
	uint8_t buffer[16] = {0}, zero[16] = {0};
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16, closed[_i][0], closed[_i][1]);
	CK_ATTRIBUTE a = {CKA_VALUE, buffer, 16};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_SENSITIVE);
	ck_assert_uint_eq(a.ulValueLen, MINUS_1);
	ck_assert_mem_eq(buffer, zero, 16);
	a = (CK_ATTRIBUTE){CKA_VALUE, NULL, 0};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_SENSITIVE);
	ck_assert(!matches(&o, VALUE16));
}
END_TEST

START_TEST(open_value)
{
	uint8_t buffer[17];
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16, NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE));
	CK_ATTRIBUTE a = {CKA_VALUE, NULL, 0};
	ck_ok(read_one(&o, &a));
	ck_assert_uint_eq(a.ulValueLen, 16);
	a = (CK_ATTRIBUTE){CKA_VALUE, buffer, 15};
	ck_rv(read_one(&o, &a), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(a.ulValueLen, MINUS_1);
	a = (CK_ATTRIBUTE){CKA_VALUE, buffer, 17};
	ck_ok(read_one(&o, &a));
	ck_assert_uint_eq(a.ulValueLen, 16);
	ck_assert_mem_eq(buffer, "0123456789abcdef", 16);
	ck_assert(matches(&o, VALUE16));
	ck_assert(!matches(&o, STR(CKA_VALUE, "0123456789abcdeF")));

	/* without its value, as a public token key when nobody is logged in */
	secret_wipe(&o.value);
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_SENSITIVE);
}
END_TEST

/* All entries are handled, whatever the first ones give. */
START_TEST(every_entry)
{
	CK_BBOOL sign = 7;
	uint8_t value[16];
	CK_KEY_TYPE type = 0;
	char label[3];
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16, YES(CKA_SIGN), STR(CKA_LABEL, "label"));
	CK_ATTRIBUTE a[] = {{CKA_VALUE, value, 16}, {CKA_MODULUS, value, 16}, {CKA_LABEL, label, 3},
		{0x7f0, value, 1}, {CKA_SIGN, &sign, 1}, {CKA_KEY_TYPE, &type, 8},
		{CKA_APPLICATION, NULL, 0}};
	struct reading r = {.object = &o};
	CK_RV rv = attributes_read(&r, a, 7);
	ck_assert(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
		  rv == CKR_BUFFER_TOO_SMALL);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(a[i].ulValueLen, MINUS_1);
	ck_assert_uint_eq(sign, CK_TRUE);
	ck_assert_uint_eq(type, CKK_AES);
	ck_assert_uint_eq(a[5].ulValueLen, 8);
	ck_assert_uint_eq(a[6].ulValueLen, MINUS_1);
	ck_rv(attributes_read(&r, NULL, 1), CKR_ARGUMENTS_BAD);
	ck_rv(attributes_read(&r, a, (CK_ULONG)-1), CKR_ARGUMENTS_BAD);
	ck_ok(attributes_read(&r, NULL, 0));
}
END_TEST

START_TEST(unaligned_memory)
{
	uint8_t raw[sizeof(CK_ATTRIBUTE) + 1], number[9];
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16);
	CK_ATTRIBUTE a = {CKA_KEY_TYPE, number + 1, 8};
	memcpy(raw + 1, &a, sizeof a);
	ck_ok(read_one(&o, (CK_ATTRIBUTE *)(void *)(raw + 1)));
	CK_KEY_TYPE type;
	memcpy(&type, number + 1, 8);
	ck_assert_uint_eq(type, CKK_AES);
}
END_TEST

START_TEST(defaults_are_empty)
{
	static const CK_ATTRIBUTE_TYPE empty[] = {CKA_LABEL, CKA_ID, CKA_START_DATE, CKA_END_DATE};
	static const CK_ATTRIBUTE_TYPE absent[] = {CKA_ALLOWED_MECHANISMS, CKA_WRAP_TEMPLATE,
		CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_KEYDIV_TRANSACTION, CKA_KEYDIV_SHAPE,
		CKA_KEYDIV_REMAINING, CKA_KEYDIV_RESERVE, CKA_PROFILE_ID, CKA_APPLICATION};
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		CK_ATTRIBUTE a = {empty[i], NULL, 0};
		ck_ok(read_one(&o, &a));
		ck_assert_uint_eq(a.ulValueLen, 0);
	}
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
		CK_ATTRIBUTE a = {absent[i], NULL, 0};
		ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_TYPE_INVALID);
	}
	ck_assert(matches(&o, STR(CKA_LABEL, "")));
	ck_assert(!matches(&o, STR(CKA_LABEL, "x")));
}
END_TEST

START_TEST(unique_id_as_digits)
{
	char digits[32];
	OBJECT o = {0};

	create(&o, CLASS(CKO_DATA));
	CK_ATTRIBUTE a = {CKA_UNIQUE_ID, digits, 32};
	ck_ok(read_one(&o, &a));
	ck_assert_mem_eq(digits, "ab010000000000000000000000000000", 32);
	ck_assert(matches(&o, RAW(CKA_UNIQUE_ID, digits, 32)));
	ck_assert(!matches(&o, RAW(CKA_UNIQUE_ID, digits, 31)));
}
END_TEST

/*
 * X9.24-1:2017: a deriving AES key's check value is of its CMAC, everything else's as in PKCS#11.
 */
START_TEST(check_values)
{
	static const struct {
		CK_KEY_TYPE type;
		const char *value;
		bool derive;
		const char *kcv;
	} cases[] = {
		/*
		 * AES-128 of zero under 2b7e..: 7df76b0c1ab899b33e42f047b91b546f
		 * (RFC 4493, "AES-128(key,0)")
		 */
		{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", false, "7df76b"},
		{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", true, NULL},
		/* SHA-1("abc"), FIPS 180-4: a9993e36.. */
		{CKK_GENERIC_SECRET, "616263", false, "a9993e"},
		{CKK_SHA256_HMAC, "616263", true, "a9993e"},
	};
	uint8_t value[16], kcv[3], expected[3], cmac[16], zero[16] = {0};
	size_t n = strlen(cases[_i].value) / 2;
	OBJECT o = {0};

	ck_assert(hex_decode(cases[_i].value, value, n));
	create(&o, KEY(cases[_i].type), RAW(CKA_VALUE, value, n),
		RAW(CKA_DERIVE, cases[_i].derive ? &template_true : &template_false, 1));
	CK_ATTRIBUTE a = {CKA_CHECK_VALUE, kcv, 3};
	ck_ok(read_one(&o, &a));
	if (cases[_i].kcv) {
		ck_assert(hex_decode(cases[_i].kcv, expected, 3));
	} else {
		ck_ok(key_load(key, CKK_AES, value, n));
		ck_ok(key_cmac(key, zero, 16, cmac));
		memcpy(expected, cmac, 3);
	}
	ck_assert_mem_eq(kcv, expected, 3);
	ck_assert(matches(&o, RAW(CKA_CHECK_VALUE, expected, 3)));
	expected[2] ^= 1;
	ck_assert(!matches(&o, RAW(CKA_CHECK_VALUE, expected, 3)));
}
END_TEST

START_TEST(lists_as_the_caller_sees_them)
{
	CK_MECHANISM_TYPE list[8];
	OBJECT given = {0};
	OBJECT silent = {0};

	create(&given, KEY(CKK_AES), VALUE16, ALLOWED(CKM_AES_CBC, CKM_AES_GCM));
	CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, list, sizeof list};
	ck_ok(read_one(&given, &a));
	ck_assert_uint_eq(a.ulValueLen, 16);
	ck_assert_uint_eq(list[0], CKM_AES_CBC);
	ck_assert_uint_eq(list[1], CKM_AES_GCM);
	ck_assert(matches(&given, ALLOWED(CKM_AES_CBC, CKM_AES_GCM)));
	ck_assert(!matches(&given, ALLOWED(CKM_AES_CBC)));

	create(&silent, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE));
	a.ulValueLen = sizeof list;
	ck_ok(read_one(&silent, &a));
	ck_assert_uint_eq(a.ulValueLen, 7 * 8);
	ck_assert_uint_eq(list[0], CKM_KEYDIV_DEVICE_KEY);
	ck_assert_uint_eq(list[5], CKM_KEYDIV_DATA_KEY);
	ck_assert(matches(&silent, ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY,
					   CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY,
					   CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,
					   CKM_KEYDIV_WITH_DERIVED_KEY)));
	ck_assert(!matches(&silent, ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
}
END_TEST

START_TEST(templates_as_the_caller_sees_them)
{
	CK_ULONG length = 0;
	char label[8];
	OBJECT o = {0};

	create(&o, KEY(CKK_AES), VALUE16,
		NESTED(CKA_DERIVE_TEMPLATE, LENGTH(32), STR(CKA_LABEL, "device"), YES(CKA_SIGN)));
	CK_ATTRIBUTE inner[3] = {{0, NULL, 0}}, a = {CKA_DERIVE_TEMPLATE, NULL, 0};
	ck_ok(read_one(&o, &a));
	ck_assert_uint_eq(a.ulValueLen, sizeof inner);

	a = (CK_ATTRIBUTE){CKA_DERIVE_TEMPLATE, inner, sizeof inner - 1};
	ck_rv(read_one(&o, &a), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(a.ulValueLen, MINUS_1);

	a = (CK_ATTRIBUTE){CKA_DERIVE_TEMPLATE, inner, sizeof inner};
	ck_ok(read_one(&o, &a)); /* lengths only */
	ck_assert_uint_eq(inner[0].type, CKA_VALUE_LEN);
	ck_assert_uint_eq(inner[0].ulValueLen, 8);
	ck_assert_uint_eq(inner[1].ulValueLen, 6);
	ck_assert_uint_eq(inner[2].type, CKA_SIGN);

	inner[0].pValue = &length;
	inner[1].pValue = label;
	inner[1].ulValueLen = 5;
	ck_rv(read_one(&o, &a), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(inner[1].ulValueLen, MINUS_1);
	ck_assert_uint_eq(length, 32);
	inner[1].ulValueLen = sizeof label;
	a.ulValueLen = sizeof inner;
	ck_ok(read_one(&o, &a));
	ck_assert_uint_eq(inner[1].ulValueLen, 6);
	ck_assert_mem_eq(label, "device", 6);
	ck_assert(matches(&o,
		NESTED(CKA_DERIVE_TEMPLATE, LENGTH(32), STR(CKA_LABEL, "device"), YES(CKA_SIGN))));
}
END_TEST

START_TEST(client_states)
{
	static const uint8_t shape[2] = {3, 3};
	uint8_t b[8];
	OBJECT o = {.object_class = CKO_SECRET_KEY,
		.key_type = CKK_KEYDIV_ODUKPT_CLIENT,
		.flags = FLAG_EXTRACTABLE};

	/* without the state: what is in the object, and nothing else */
	ck_ok(object_set_variable(&o, VAR_SHAPE, bytes_of(shape, 2)));
	CK_ATTRIBUTE a = {CKA_KEYDIV_SHAPE, b, 8};
	ck_ok(read_one(&o, &a));
	ck_assert_mem_eq(b, shape, 2);
	a = (CK_ATTRIBUTE){CKA_KEYDIV_REMAINING, b, 8};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_TYPE_INVALID);
	CK_ULONG reserve = 0;
	a = (CK_ATTRIBUTE){CKA_KEYDIV_RESERVE, &reserve, 8};
	ck_ok(read_one(&o, &a));
	ck_assert_uint_eq(reserve, 1);

	/* never: the value, its length, a check value */
	ck_ok(secret_set(&o.value, "state", 5));
	a = (CK_ATTRIBUTE){CKA_VALUE, b, 8};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_SENSITIVE);
	a = (CK_ATTRIBUTE){CKA_VALUE_LEN, b, 8};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_TYPE_INVALID);
	a = (CK_ATTRIBUTE){CKA_CHECK_VALUE, b, 8};
	ck_rv(read_one(&o, &a), CKR_ATTRIBUTE_TYPE_INVALID);
	a = (CK_ATTRIBUTE){CKA_KEYDIV_REMAINING, b, 8};
	ck_rv(read_one(&o, &a), CKR_DEVICE_ERROR); /* that is no state */
	ck_assert(!matches(&o, LENGTH(5)));
}
END_TEST

static CK_RV tested(CK_MECHANISM_TYPE type, CK_ULONG *ret_rv, CK_ULONG *ret_ns)
{
	*ret_rv = type == CKM_AES_CBC ? CKR_OK : CKR_FUNCTION_FAILED;
	*ret_ns = 42;
	return CKR_OK;
}

START_TEST(built_in_objects)
{
	struct object mechanism = {.object_class = CKO_MECHANISM,
		.key_type = CK_UNAVAILABLE_INFORMATION,
		.number = CKM_AES_CBC};
	struct object profile = {
		.object_class = CKO_PROFILE, .key_type = CK_UNAVAILABLE_INFORMATION, .number = 1};
	struct reading r = {.object = &mechanism, .self_test = tested};
	CK_ULONG type = 0, rv = 1, ns = 0;
	CK_ATTRIBUTE a[] = {{CKA_MECHANISM_TYPE, &type, 8}, {CKA_KEYDIV_SELFTEST, &rv, 8},
		{CKA_KEYDIV_SELFTEST_TIME, &ns, 8}};

	ck_ok(attributes_read(&r, a, 3));
	ck_assert_uint_eq(type, CKM_AES_CBC);
	ck_assert_uint_eq(rv, CKR_OK);
	ck_assert_uint_eq(ns, 42);
	r.self_test = NULL;
	ck_rv(attributes_read(&r, a, 3), CKR_ATTRIBUTE_TYPE_INVALID);
	CK_ATTRIBUTE id = {CKA_UNIQUE_ID, NULL, 0}; /* they have none, unless they are given one */
	ck_rv(attributes_read(&r, &id, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_assert(matches(&mechanism, NUM(CKA_MECHANISM_TYPE, CKM_AES_CBC)));
	ck_assert(!matches(&profile, NUM(CKA_MECHANISM_TYPE, 1)));
	ck_assert(matches(&profile, NUM(CKA_PROFILE_ID, 1), CLASS(CKO_PROFILE)));
	ck_assert(!matches(&profile, NUM(CKA_PROFILE_ID, 2)));
	ck_assert(!matches(&profile, NO(CKA_ENCRYPT)));
}
END_TEST

/* --- Searching --- */

START_TEST(searching)
{
	OBJECT o = {0};
	OBJECT data = {0};

	create(&o, KEY(CKK_AES), VALUE16, STR(CKA_LABEL, "label"), STR(CKA_ID, "\1"),
		YES(CKA_SIGN));
	create(&data, CLASS(CKO_DATA), STR(CKA_VALUE, "text"), STR(CKA_APPLICATION, "app"));
	ck_assert(matches(&o, KEY(CKK_AES), STR(CKA_LABEL, "label"), STR(CKA_ID, "\1"),
		YES(CKA_SIGN), NO(CKA_TOKEN), LENGTH(16),
		NUM(CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION), NO(CKA_LOCAL)));
	ck_assert(!matches(&o, CLASS(CKO_DATA)));
	ck_assert(!matches(&o, TYPE(CKK_DES3)));
	ck_assert(!matches(&o, LENGTH(32)));
	ck_assert(!matches(&o, STR(CKA_LABEL, "labe")));
	ck_assert(!matches(&o, STR(CKA_LABEL, "labels")));
	ck_assert(!matches(&o, STR(CKA_ID, "\2")));
	ck_assert(!matches(&o, NO(CKA_SIGN)));
	ck_assert(!matches(&o, YES(CKA_TOKEN)));
	/* attributes that the object has not match nothing, whatever their value */
	ck_assert(!matches(&o, STR(CKA_APPLICATION, "")));
	ck_assert(!matches(&o, NO(CKA_SIGN_RECOVER)));
	ck_assert(!matches(&o, STR(CKA_SUBJECT, "")));
	ck_assert(!matches(&o, NUM(CKA_KEYDIV_SELFTEST, 0)));
	ck_assert(!matches(&data, NO(CKA_SENSITIVE)));
	ck_assert(!matches(&data, TYPE(CKK_AES)));
	ck_assert(!matches(&data, LENGTH(4)));
	ck_assert(matches(
		&data, STR(CKA_VALUE, "text"), STR(CKA_APPLICATION, "app"), CLASS(CKO_DATA)));
	ck_assert(!matches(&data, STR(CKA_VALUE, "tex")));
}
END_TEST

START_TEST(sizes)
{
	OBJECT o = {0};
	OBJECT large = {0};

	create(&o, KEY(CKK_AES), VALUE16);
	create(&large, KEY(CKK_AES), VALUE16, STR(CKA_LABEL, "a label"));
	ck_assert_uint_gt(attributes_size(&o), 16);
	ck_assert_uint_eq(attributes_size(&large), attributes_size(&o) + 5 + 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attribute");
	TCase *tests = tcase_create("attribute");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_row_is_found);
	tcase_add_test(tests, bits_are_unique);
	tcase_add_test(tests, the_sets_are_as_the_standard_has_them);
	tcase_add_loop_test(tests, sensitive_value_untouched, 0, 3);
	tcase_add_test(tests, open_value);
	tcase_add_test(tests, every_entry);
	tcase_add_test(tests, unaligned_memory);
	tcase_add_test(tests, defaults_are_empty);
	tcase_add_test(tests, unique_id_as_digits);
	tcase_add_loop_test(tests, check_values, 0, 4);
	tcase_add_test(tests, lists_as_the_caller_sees_them);
	tcase_add_test(tests, templates_as_the_caller_sees_them);
	tcase_add_test(tests, client_states);
	tcase_add_test(tests, built_in_objects);
	tcase_add_test(tests, searching);
	tcase_add_test(tests, sizes);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
