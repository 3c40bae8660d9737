/* SPDX-License-Identifier: Apache-2.0 */
/* test_templates.c: templates that must be refused, each with its code, and nothing made. */
#include "harness.h"

static CK_OBJECT_HANDLE made;

#define AES16 KEY(CKK_AES), RAW(CKA_VALUE, mk, 16)
#define create(...) f->C_CreateObject(s, T(__VA_ARGS__), &made)
#define generate(...) f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(__VA_ARGS__), &made)

static CK_OBJECT_HANDLE base, wrapper, unwrapper;
static uint8_t wrapped[24];
static CK_ULONG objects_before;

static CK_RV derive(CK_ATTRIBUTE *t, CK_ULONG n)
{
	return derive_device(base, t, n, &made);
}

static CK_RV unwrap(CK_ATTRIBUTE *t, CK_ULONG n)
{
	return f->C_UnwrapKey(
		s, MECH(CKM_AES_KEY_WRAP), unwrapper, wrapped, sizeof wrapped, t, n, &made);
}

static void keys(void)
{
	CK_ULONG n = sizeof wrapped;

	user();
	base = open_master();
	wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	unwrapper = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP)));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, import(CKK_AES, mk, 16, T(READABLE)),
		wrapped, &n));
	objects_before = find(s, NOTHING, NULL, 0);
	made = 0xABCD;
}

static void nothing_made(void)
{
	holds(made == 0xABCD);
	holds(find(s, NOTHING, NULL, 0) == objects_before);
}

START_TEST(what_is_missing)
{
	gives(CKR_TEMPLATE_INCOMPLETE, create(TYPE(CKK_AES), RAW(CKA_VALUE, mk, 16)));
	gives(CKR_TEMPLATE_INCOMPLETE, create(CLASS(CKO_SECRET_KEY), RAW(CKA_VALUE, mk, 16)));
	gives(CKR_TEMPLATE_INCOMPLETE, create(KEY(CKK_AES)));
	gives(CKR_TEMPLATE_INCOMPLETE, f->C_CreateObject(s, NULL, 0, &made));
	gives(CKR_TEMPLATE_INCOMPLETE, generate(CLASS(CKO_SECRET_KEY), YES(CKA_ENCRYPT)));
	gives(CKR_TEMPLATE_INCOMPLETE, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), NULL, 0, &made));
	gives(CKR_TEMPLATE_INCOMPLETE, f->C_GenerateKey(s, MECH(CKM_GENERIC_SECRET_KEY_GEN),
					       T(CLASS(CKO_SECRET_KEY)), &made));
	gives(CKR_TEMPLATE_INCOMPLETE, unwrap(T(CLASS(CKO_SECRET_KEY))));
	nothing_made();
}
END_TEST

START_TEST(values_of_a_wrong_length)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length;
	} bad[] = {{CKK_AES, 0}, {CKK_AES, 1}, {CKK_AES, 15}, {CKK_AES, 17}, {CKK_AES, 31},
		{CKK_AES, 33}, {CKK_AES, 64}, {CKK_DES2, 8}, {CKK_DES2, 24}, {CKK_DES3, 16},
		{CKK_DES3, 25}, {CKK_GENERIC_SECRET, 0}};
	uint8_t value[64];
	size_t i;

	memset(value, 1, sizeof value);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		gives(CKR_ATTRIBUTE_VALUE_INVALID,
			try_import(bad[i].type, value, bad[i].length, NOTHING, &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(KEY(CKK_AES), RAW(CKA_VALUE, value, (CK_ULONG)-1)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(KEY(CKK_AES), RAW(CKA_VALUE, NULL, 16)));
	nothing_made();
}
END_TEST

START_TEST(classes_and_types)
{
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(CLASS(0x999), TYPE(CKK_AES), RAW(CKA_VALUE, mk, 16)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(KEY(0x999), RAW(CKA_VALUE, mk, 16)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(KEY(CKK_RSA), RAW(CKA_VALUE, mk, 16)));
	/*
	 * client states come from their mechanism only, profiles and mechanisms are the token's own
	 */
	holds(create(KEY(CKK_KEYDIV_ODUKPT_CLIENT), RAW(CKA_VALUE, mk, 16)) != CKR_OK);
	holds(create(CLASS(CKO_PROFILE), NUM(CKA_PROFILE_ID, CKP_BASELINE_PROVIDER)) != CKR_OK);
	holds(create(CLASS(CKO_MECHANISM), NUM(CKA_MECHANISM_TYPE, CKM_AES_ECB)) != CKR_OK);
	nothing_made();
}
END_TEST

START_TEST(unknown_attributes)
{
	gives(CKR_ATTRIBUTE_TYPE_INVALID, create(AES16, RAW(0x12345678, mk, 16)));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, create(AES16, NUM(KEYDIV_VENDOR | 0x77, 1)));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, generate(LENGTH(16), NUM(0x12345678, 1)));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, derive(T(NUM(0x12345678, 1))));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, unwrap(T(KEY(CKK_AES), NUM(0x12345678, 1))));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_CopyObject(s, base, T(NUM(0x12345678, 1)), &made));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_SetAttributeValue(s, base, T(NUM(0x12345678, 1))));
	/* an attribute of another class */
	gives_either(CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT,
		create(AES16, STR(CKA_APPLICATION, "x")));
	gives_either(CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT,
		create(AES16, RAW(CKA_MODULUS, mk, 16)));
	gives_either(CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT,
		create(CLASS(CKO_DATA), YES(CKA_ENCRYPT)));
	nothing_made();
}
END_TEST

START_TEST(attributes_nobody_may_give)
{
	CK_ATTRIBUTE never[] = {YES(CKA_LOCAL), NO(CKA_LOCAL), YES(CKA_ALWAYS_SENSITIVE),
		NO(CKA_ALWAYS_SENSITIVE), YES(CKA_NEVER_EXTRACTABLE), NO(CKA_NEVER_EXTRACTABLE),
		NUM(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN), STR(CKA_UNIQUE_ID, "0123")};
	size_t i;

	for (i = 0; i < sizeof never / sizeof *never; i++) {
		gives(CKR_ATTRIBUTE_READ_ONLY, create(AES16, never[i]));
		gives(CKR_ATTRIBUTE_READ_ONLY, generate(LENGTH(16), never[i]));
		gives(CKR_ATTRIBUTE_READ_ONLY, derive(T(never[i])));
		gives(CKR_ATTRIBUTE_READ_ONLY, unwrap(T(KEY(CKK_AES), never[i])));
		gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
			f->C_CopyObject(s, base, T(never[i]), &made));
		gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, base, T(never[i])));
	}
	gives(CKR_ATTRIBUTE_READ_ONLY, create(AES16, YES(CKA_TRUSTED))); /* the SO's */
	nothing_made();
}
END_TEST

START_TEST(a_check_value_that_is_not_the_keys)
{
	/*
	 * PKCS#11 "Secret key objects": a given CKA_CHECK_VALUE must be the key's; of length 0
	 * it is ignored.
	 */
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(AES16, RAW(CKA_CHECK_VALUE, "\x01\x02\x03", 3)));
	nothing_made();
	gives(CKR_OK, create(AES16, RAW(CKA_CHECK_VALUE, "\x7d\xf7\x6b", 3)));
}
END_TEST

START_TEST(one_attribute_twice)
{
	gives(CKR_TEMPLATE_INCONSISTENT, create(AES16, YES(CKA_ENCRYPT), NO(CKA_ENCRYPT)));
	gives(CKR_TEMPLATE_INCONSISTENT, create(AES16, STR(CKA_LABEL, "a"), STR(CKA_LABEL, "b")));
	gives(CKR_TEMPLATE_INCONSISTENT, create(AES16, RAW(CKA_VALUE, mk32, 16)));
	gives(CKR_TEMPLATE_INCONSISTENT, create(AES16, CLASS(CKO_DATA)));
	gives(CKR_TEMPLATE_INCONSISTENT, generate(LENGTH(16), LENGTH(32)));
	gives(CKR_TEMPLATE_INCONSISTENT, derive(T(YES(CKA_SENSITIVE), NO(CKA_SENSITIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(T(KEY(CKK_AES), YES(CKA_EXTRACTABLE), NO(CKA_EXTRACTABLE))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, base, T(STR(CKA_LABEL, "a"), STR(CKA_LABEL, "b")), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, base, T(STR(CKA_LABEL, "a"), STR(CKA_LABEL, "b"))));
	nothing_made();
}
END_TEST

/* Every way in takes templates whose values have impossible lengths. */
static void refused_everywhere(CK_ATTRIBUTE bad)
{
	CK_ATTRIBUTE t[] = {KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), LENGTH(16)};
	CK_ATTRIBUTE for_create[] = {t[0], t[1], t[2], bad}, for_generate[] = {t[3], bad},
		     for_unwrap[] = {t[0], t[1], bad};

	gives(CKR_ATTRIBUTE_VALUE_INVALID, f->C_CreateObject(s, for_create, 4, &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), for_generate, 2, &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, derive(&bad, 1));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, unwrap(for_unwrap, 3));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, f->C_CopyObject(s, base, &bad, 1, &made));
}

START_TEST(booleans_of_a_wrong_length)
{
	static const CK_ATTRIBUTE_TYPE booleans[] = {CKA_TOKEN, CKA_PRIVATE, CKA_MODIFIABLE,
		CKA_COPYABLE, CKA_DESTROYABLE, CKA_SENSITIVE, CKA_EXTRACTABLE,
		CKA_WRAP_WITH_TRUSTED};
	static uint8_t bytes[8];
	size_t i;

	for (i = 0; i < sizeof booleans / sizeof *booleans; i++) {
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], bytes, 0));
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], bytes, 2));
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], bytes, 8));
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], NULL, 1));
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], NULL, 0));
		refused_everywhere((CK_ATTRIBUTE)RAW(booleans[i], bytes, (CK_ULONG)-1));
	}
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		f->C_SetAttributeValue(s, base, T(RAW(CKA_SENSITIVE, bytes, 8))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		f->C_SetAttributeValue(s, base, T(RAW(CKA_DERIVE, NULL, 1))));
	nothing_made();
}
END_TEST

START_TEST(booleans_are_true_or_false)
{
	/*
	 * CK_TRUE is 1; other values are refused, not read as true by one function and as false
	 * by the next.
	 */
	static uint8_t two = 2;

	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_SENSITIVE, &two, 1));
	nothing_made();
}
END_TEST

START_TEST(numbers_of_a_wrong_length)
{
	static uint8_t bytes[16] = {16};
	static const CK_ULONG lengths[] = {0, 1, 4, 7, 9, 16, (CK_ULONG)-1};
	size_t i;

	for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		gives(CKR_ATTRIBUTE_VALUE_INVALID, create(RAW(CKA_CLASS, bytes, lengths[i]),
							   TYPE(CKK_AES), RAW(CKA_VALUE, mk, 16)));
		gives(CKR_ATTRIBUTE_VALUE_INVALID,
			create(CLASS(CKO_SECRET_KEY), RAW(CKA_KEY_TYPE, bytes, lengths[i]),
				RAW(CKA_VALUE, mk, 16)));
		gives(CKR_ATTRIBUTE_VALUE_INVALID, generate(RAW(CKA_VALUE_LEN, bytes, lengths[i])));
		gives(CKR_ATTRIBUTE_VALUE_INVALID,
			derive(T(RAW(CKA_VALUE_LEN, bytes, lengths[i]))));
		gives(CKR_ATTRIBUTE_VALUE_INVALID, derive(T(RAW(CKA_KEY_TYPE, bytes, lengths[i]))));
	}
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(RAW(CKA_CLASS, NULL, 8), TYPE(CKK_AES), RAW(CKA_VALUE, mk, 16)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, derive(T(RAW(CKA_KEY_TYPE, NULL, 8))));
	nothing_made();
}
END_TEST

START_TEST(lists_and_texts_of_a_wrong_length)
{
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_LABEL, NULL, 5));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_LABEL, mk, (CK_ULONG)-1));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_ID, NULL, 5));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_ID, mk, (CK_ULONG)-1));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_START_DATE, "2026", 4));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_END_DATE, "2026010x", 8));
	refused_everywhere((CK_ATTRIBUTE)RAW(CKA_START_DATE, NULL, 8));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(AES16, RAW(CKA_ALLOWED_MECHANISMS, mk, 7)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(AES16, RAW(CKA_ALLOWED_MECHANISMS, NULL, 8)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(AES16, RAW(CKA_ALLOWED_MECHANISMS, mk, (CK_ULONG)-8)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(AES16, RAW(CKA_DERIVE_TEMPLATE, mk, 23)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(AES16, RAW(CKA_UNWRAP_TEMPLATE, NULL, sizeof(CK_ATTRIBUTE))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		create(AES16, RAW(CKA_WRAP_TEMPLATE, mk, (CK_ULONG)0 - sizeof(CK_ATTRIBUTE))));
	nothing_made();
}
END_TEST

START_TEST(contradictions)
{
	holds(create(AES16, LENGTH(32)) != CKR_OK);
	gives(CKR_TEMPLATE_INCONSISTENT, generate(CLASS(CKO_DATA), LENGTH(16)));
	gives(CKR_TEMPLATE_INCONSISTENT, generate(TYPE(CKK_DES3), LENGTH(16)));
	gives(CKR_TEMPLATE_INCONSISTENT, generate(TYPE(CKK_GENERIC_SECRET), LENGTH(16)));
	gives(CKR_TEMPLATE_INCONSISTENT, derive(T(CLASS(CKO_DATA))));
	gives_either(
		CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID, derive(T(TYPE(CKK_RSA))));
	nothing_made();
}
END_TEST

START_TEST(counts_and_pointers)
{
	CK_ATTRIBUTE t[] = {AES16};

	gives(CKR_ARGUMENTS_BAD, f->C_CreateObject(s, NULL, 3, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_CreateObject(s, t, 3, NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), NULL, 2, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16)), NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_GenerateKey(s, NULL, T(LENGTH(16)), &made));
	gives(CKR_ARGUMENTS_BAD, f->C_CopyObject(s, base, NULL, 2, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_CopyObject(s, base, NOTHING, NULL));
	gives(CKR_ARGUMENTS_BAD, f->C_SetAttributeValue(s, base, NULL, 2));
	gives(CKR_ARGUMENTS_BAD, f->C_GetAttributeValue(s, base, NULL, 2));
	gives(CKR_ARGUMENTS_BAD, f->C_FindObjectsInit(s, NULL, 2));
	nothing_made();
}
END_TEST

START_TEST(templates_real_clients_send)
{
	/* python-pkcs11 gives every usage flag, NSS six attributes. */
	gives(CKR_OK, derive(T(KEY(CKK_AES), LENGTH(16), NO(CKA_TOKEN), STR(CKA_LABEL, "device"),
			      RAW(CKA_ID, mk, 4), YES(CKA_PRIVATE), YES(CKA_SENSITIVE),
			      NO(CKA_EXTRACTABLE), YES(CKA_MODIFIABLE), YES(CKA_ENCRYPT),
			      YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY), NO(CKA_WRAP),
			      NO(CKA_UNWRAP), NO(CKA_DERIVE))));
	gives(CKR_OK, derive(T(KEY(CKK_AES), LENGTH(16), YES(CKA_ENCRYPT), YES(CKA_DECRYPT),
			      YES(CKA_SIGN))));
	gives(CKR_OK, create(AES16, STR(CKA_LABEL, ""), RAW(CKA_ID, NULL, 0),
			      RAW(CKA_START_DATE, "20260101", 8), RAW(CKA_END_DATE, NULL, 0)));
}
END_TEST

START_TEST(data_objects)
{
	CK_OBJECT_HANDLE data;
	uint8_t value[8];

	ok(f->C_CreateObject(s,
		T(CLASS(CKO_DATA), STR(CKA_LABEL, "d"), STR(CKA_APPLICATION, "app"),
			STR(CKA_VALUE, "content"), YES(CKA_TOKEN), YES(CKA_PRIVATE),
			RAW(CKA_OBJECT_ID, "\x06\x01\x02", 3)),
		&data));
	holds(get_bytes(data, CKA_VALUE, value, 8) == 7 && memcmp(value, "content", 7) == 0);
	holds(find(s, T(RAW(CKA_OBJECT_ID, "\x06\x01\x02", 3)), NULL, 0) == 1);
	ok(f->C_SetAttributeValue(s, data, T(STR(CKA_VALUE, "other"))));
	holds(get_bytes(data, CKA_VALUE, value, 8) == 5 && memcmp(value, "other", 5) == 0);
	ok(f->C_CreateObject(s, T(CLASS(CKO_DATA)), &data)); /* a value of length 0 */
	holds(get_bytes(data, CKA_VALUE, value, 8) == 0);
	gives_either(CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID,
		derive_device(data, NOTHING, &made));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("templates");
	TCase *tc = add_case(suite, "templates", keys);

	tcase_add_test(tc, what_is_missing);
	tcase_add_test(tc, values_of_a_wrong_length);
	tcase_add_test(tc, classes_and_types);
	tcase_add_test(tc, unknown_attributes);
	tcase_add_test(tc, attributes_nobody_may_give);
	tcase_add_test(tc, a_check_value_that_is_not_the_keys);
	tcase_add_test(tc, one_attribute_twice);
	tcase_add_test(tc, booleans_of_a_wrong_length);
	tcase_add_test(tc, booleans_are_true_or_false);
	tcase_add_test(tc, numbers_of_a_wrong_length);
	tcase_add_test(tc, lists_and_texts_of_a_wrong_length);
	tcase_add_test(tc, contradictions);
	tcase_add_test(tc, counts_and_pointers);
	tcase_add_test(tc, templates_real_clients_send);
	tcase_add_test(tc, data_objects);
	return run(suite);
}
