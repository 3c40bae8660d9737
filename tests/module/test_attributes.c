/* SPDX-License-Identifier: Apache-2.0 */
/* test_attributes.c: what attributes come out as, who may read them, which way they may change. */
#include "harness.h"

static CK_OBJECT_HANDLE made;

#define generate(...) f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), __VA_ARGS__), &made)

START_TEST(generated_keys)
{
	static const CK_BBOOL values[] = {CK_FALSE, CK_TRUE};
	int sensitive, extractable;

	for (sensitive = 0; sensitive < 2; sensitive++)
		for (extractable = 0; extractable < 2; extractable++) {
			ok(generate(RAW(CKA_SENSITIVE, &values[sensitive], 1),
				RAW(CKA_EXTRACTABLE, &values[extractable], 1)));
			holds(get_bool(made, CKA_LOCAL));
			holds(get_ulong(made, CKA_KEY_GEN_MECHANISM) == CKM_AES_KEY_GEN);
			holds(get_bool(made, CKA_ALWAYS_SENSITIVE) == sensitive);
			holds(get_bool(made, CKA_NEVER_EXTRACTABLE) == !extractable);
			holds(get_ulong(made, CKA_VALUE_LEN) == 16);
		}
}
END_TEST

START_TEST(imported_keys)
{
	made = import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
	holds(!get_bool(made, CKA_LOCAL));
	holds(!get_bool(made, CKA_ALWAYS_SENSITIVE));
	holds(!get_bool(made, CKA_NEVER_EXTRACTABLE));
	holds(get_ulong(made, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION);
	holds(get_ulong(made, CKA_VALUE_LEN) == 16);
}
END_TEST

START_TEST(defaults_are_closed)
{
	static const CK_ATTRIBUTE_TYPE off[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY,
		CKA_WRAP, CKA_UNWRAP, CKA_DERIVE, CKA_TRUSTED, CKA_WRAP_WITH_TRUSTED, CKA_TOKEN,
		CKA_EXTRACTABLE};
	static const CK_ATTRIBUTE_TYPE on[] = {
		CKA_PRIVATE, CKA_SENSITIVE, CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE};
	CK_OBJECT_HANDLE master = open_master(), key[2];
	size_t i, j;

	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), NO(CKA_ENCRYPT)), &key[0]));
	ok(derive_device(master, NOTHING, &key[1]));
	for (j = 0; j < 2; j++) {
		for (i = 0; i < sizeof off / sizeof *off; i++)
			holds(!get_bool(key[j], off[i]));
		for (i = 0; i < sizeof on / sizeof *on; i++)
			holds(get_bool(key[j], on[i]));
	}
	made = import(CKK_AES, mk, 16, T(NO(CKA_DERIVE)));
	for (i = 0; i < 7; i++)
		holds(!get_bool(made, off[i]));
}
END_TEST

static void check_value_is(CK_OBJECT_HANDLE key, const char *hex)
{
	uint8_t wanted[3], got[8];

	unhex(hex, wanted);
	if (get_bytes(key, CKA_CHECK_VALUE, got, 8) != 3 || memcmp(got, wanted, 3) != 0) {
		char text[64];

		snprintf(text, sizeof text, "check value %02x%02x%02x, wanted %s", got[0], got[1],
			got[2], hex);
		expect_true(false, text, __FILE__, __LINE__);
	}
}

START_TEST(check_values)
{
	static const char des3[] = "010102020404070708080b0b0d0d0e0e1010131315151616";
	uint8_t value[24];

	check_value_is(import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT))), "7df76b"); /* ECB of zeroes */
	check_value_is(
		import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))), "7df76b");
	check_value_is(closed_master(), "7ad386"); /* X9.24-1: CMAC of zeroes */
	check_value_is(import(CKK_AES, mk32, 32, T(YES(CKA_DERIVE))), "377822");
	check_value_is(import(CKK_GENERIC_SECRET, mk, 16, NOTHING), "1da3a2");
	check_value_is(import(CKK_SHA256_HMAC, mk, 16, NOTHING), "1da3a2");
	unhex(des3, value);
	check_value_is(import(CKK_DES3, value, 24, NOTHING), "894bc3");
	/* also of a key derived and of one on the token, after a restart */
	made = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT), YES(CKA_TOKEN), STR(CKA_LABEL, "kcv")));
	check_value_is(made, "7df76b");
	restart();
	s = open_session(0);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "kcv")), &made, 1) == 1);
	check_value_is(made, "7df76b");
}
END_TEST

START_TEST(sensitive_values_are_not_read)
{
	CK_OBJECT_HANDLE closed[3] = {
		import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))),
		import(CKK_AES, mk, 16, T(NO(CKA_SENSITIVE), NO(CKA_EXTRACTABLE))),
		import(CKK_AES, mk, 16,
			T(YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), YES(CKA_TOKEN)))};
	uint8_t value[16], untouched[16];
	size_t i;

	memset(untouched, 0xA5, 16);
	for (i = 0; i < 3; i++) {
		CK_ATTRIBUTE a = {CKA_VALUE, value, 16};

		memset(value, 0xA5, 16);
		gives(CKR_ATTRIBUTE_SENSITIVE, f->C_GetAttributeValue(s, closed[i], &a, 1));
		holds(a.ulValueLen == CK_UNAVAILABLE_INFORMATION);
		holds(memcmp(value, untouched, 16) == 0);
		a = (CK_ATTRIBUTE){CKA_VALUE, NULL, 0};
		gives(CKR_ATTRIBUTE_SENSITIVE, f->C_GetAttributeValue(s, closed[i], &a, 1));
		holds(a.ulValueLen == CK_UNAVAILABLE_INFORMATION);
		gives(CKR_KEY_INDIGESTIBLE, f->C_DigestInit(s, MECH(CKM_SHA256)) == CKR_OK
						    ? f->C_DigestKey(s, closed[i])
						    : CKR_OK);
		gives(CKR_OK, f->C_DigestInit(s, NULL)); /* cancel, whatever is left */
	}
	value_is(import(CKK_AES, mk, 16, T(READABLE)), "2b7e151628aed2a6abf7158809cf4f3c");
}
END_TEST

START_TEST(every_entry_is_handled)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_SENSITIVE), STR(CKA_LABEL, "label"), RAW(CKA_ID, "id", 2)));
	uint8_t value[16], label[16], small[2], id[2];
	CK_ULONG type = 0, class = 0;
	CK_ATTRIBUTE a[] = {{CKA_CLASS, &class, sizeof class}, {CKA_VALUE, value, 16},
		{CKA_LABEL, label, 16}, {CKA_MODULUS, value, 16}, {CKA_LABEL, small, 2},
		{CKA_ID, NULL, 0}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_ID, id, 2}};
	CK_RV rv = f->C_GetAttributeValue(s, key, a, 8);

	holds(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
		rv == CKR_BUFFER_TOO_SMALL);
	holds(a[0].ulValueLen == 8 && class == CKO_SECRET_KEY);
	holds(a[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	holds(a[2].ulValueLen == 5 && memcmp(label, "label", 5) == 0);
	holds(a[3].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	holds(a[4].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	holds(a[5].ulValueLen == 2 && a[5].pValue == NULL);
	holds(a[6].ulValueLen == 8 && type == CKK_AES);
	holds(a[7].ulValueLen == 2 && memcmp(id, "id", 2) == 0);
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, key, &a[3], 1));
	a[4].ulValueLen = 2;
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetAttributeValue(s, key, &a[4], 1));
	gives(CKR_OK, f->C_GetAttributeValue(s, key, a, 1));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_GetAttributeValue(s, key + 1000, a, 1));
}
END_TEST

START_TEST(nested_templates_are_read)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SENSITIVE), TYPE(CKK_AES))));
	CK_BBOOL sensitive = 0;
	CK_ULONG type = 0, i;
	CK_ATTRIBUTE inner[2] = {{0, NULL, 0}, {0, NULL, 0}},
		     outer = {CKA_UNWRAP_TEMPLATE, NULL, 0};

	ok(f->C_GetAttributeValue(s, key, &outer, 1));
	ck_assert_uint_eq(outer.ulValueLen, sizeof inner);
	outer.pValue = inner;
	ok(f->C_GetAttributeValue(s, key, &outer, 1)); /* types and lengths */
	for (i = 0; i < 2; i++) {
		holds(inner[i].type == CKA_SENSITIVE
				? inner[i].ulValueLen == 1
				: inner[i].type == CKA_KEY_TYPE && inner[i].ulValueLen == 8);
		inner[i].pValue =
			inner[i].type == CKA_SENSITIVE ? (void *)&sensitive : (void *)&type;
	}
	ok(f->C_GetAttributeValue(s, key, &outer, 1));
	holds(sensitive == CK_TRUE && type == CKK_AES);
}
END_TEST

/*
 * One refused change, by set and by copy, and the good half of the template did not happen either.
 */
static void refused(CK_OBJECT_HANDLE key, CK_ATTRIBUTE bad)
{
	CK_ATTRIBUTE both[2] = {STR(CKA_LABEL, "new"), bad};
	uint8_t label[8] = {0};
	CK_OBJECT_HANDLE copy = 0xABCD;
	CK_ULONG before = find(s, NOTHING, NULL, 0);

	if (!gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		    f->C_SetAttributeValue(s, key, both, 2)))
		expect_true(false, "by set", __FILE__, (int)bad.type);
	if (!gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		    f->C_CopyObject(s, key, both, 2, &copy)))
		expect_true(false, "by copy", __FILE__, (int)bad.type);
	holds(copy == 0xABCD);
	holds(get_bytes(key, CKA_LABEL, label, 8) == 3 && memcmp(label, "old", 3) == 0);
	holds(find(s, NOTHING, NULL, 0) == before);
}

START_TEST(attributes_that_change_one_way)
{
	const CK_ATTRIBUTE forbidden[] = {NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE),
		NO(CKA_WRAP_WITH_TRUSTED), YES(CKA_LOCAL), YES(CKA_ALWAYS_SENSITIVE),
		YES(CKA_NEVER_EXTRACTABLE), NUM(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN),
		TYPE(CKK_GENERIC_SECRET), CLASS(CKO_DATA), RAW(CKA_VALUE, mk32, 16), LENGTH(32),
		YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN), NO(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
		NESTED(CKA_WRAP_TEMPLATE, YES(CKA_SENSITIVE)),
		NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SENSITIVE)),
		NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_SENSITIVE)), YES(CKA_TRUSTED), YES(CKA_ENCRYPT),
		YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY), YES(CKA_WRAP), YES(CKA_UNWRAP),
		YES(CKA_DERIVE), STR(CKA_UNIQUE_ID, "0")};
	static const CK_BBOOL token[] = {CK_FALSE, CK_TRUE};
	size_t i;
	int t;

	for (t = 0; t < 2; t++) {
		CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
			T(RAW(CKA_TOKEN, &token[t], 1), STR(CKA_LABEL, "old"), YES(CKA_SENSITIVE),
				NO(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED), NO(CKA_ENCRYPT)));

		for (i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
			refused(key, forbidden[i]);
		holds(get_bool(key, CKA_SENSITIVE) && !get_bool(key, CKA_EXTRACTABLE) &&
			get_bool(key, CKA_WRAP_WITH_TRUSTED));
	}
}
END_TEST

START_TEST(private_and_token_change_only_in_a_copy)
{
	/* PRIVATE and TOKEN may differ in a copy, and only there. */
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(STR(CKA_LABEL, "old"), YES(CKA_ENCRYPT)));

	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, key, T(NO(CKA_PRIVATE))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, key, T(YES(CKA_TOKEN))));
	gives(CKR_OK, f->C_CopyObject(s, key, T(YES(CKA_TOKEN)), &made));
	/* a private key does not become public, by copy either */
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, key, T(NO(CKA_PRIVATE)), &made));
	holds(get_bool(key, CKA_PRIVATE) && !get_bool(key, CKA_TOKEN));
}
END_TEST

START_TEST(changes_that_are_allowed)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), READABLE, YES(CKA_ENCRYPT), YES(CKA_SIGN), STR(CKA_LABEL, "old"),
			ALLOWED(CKM_AES_ECB, CKM_AES_CMAC)));
	CK_MECHANISM_TYPE list[4];

	ok(f->C_CopyObject(
		s, key, T(YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), NO(CKA_ENCRYPT)), &made));
	holds(get_bool(made, CKA_SENSITIVE) && !get_bool(made, CKA_EXTRACTABLE) &&
		!get_bool(made, CKA_ENCRYPT));
	holds(get_bool(made, CKA_SIGN) && get_bool(made, CKA_TOKEN));
	holds(!get_bool(made, CKA_ALWAYS_SENSITIVE) && !get_bool(made, CKA_NEVER_EXTRACTABLE) &&
		!get_bool(made, CKA_LOCAL));
	ok(f->C_SetAttributeValue(
		s, key, T(NO(CKA_SIGN), STR(CKA_LABEL, "new"), RAW(CKA_ID, "i", 1))));
	ok(f->C_SetAttributeValue(s, key, T(YES(CKA_WRAP_WITH_TRUSTED))));
	ok(f->C_SetAttributeValue(s, key, T(YES(CKA_SENSITIVE))));
	ok(f->C_SetAttributeValue(s, key, T(NO(CKA_EXTRACTABLE))));
	ok(f->C_SetAttributeValue(s, key, T(ALLOWED(CKM_AES_ECB))));
	holds(get_bytes(key, CKA_ALLOWED_MECHANISMS, (uint8_t *)list, sizeof list) == 8 &&
		list[0] == CKM_AES_ECB);
	ok(f->C_SetAttributeValue(s, key, T(STR(CKA_LABEL, "old"))));
	refused(key, (CK_ATTRIBUTE)ALLOWED(CKM_AES_ECB, CKM_AES_CMAC));
	holds(!get_bool(key, CKA_SIGN) && get_bool(key, CKA_SENSITIVE) &&
		!get_bool(key, CKA_EXTRACTABLE));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "new")), NULL, 0) == 0);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "old"), RAW(CKA_ID, "i", 1)), &key, 1), 1);
	holds(!get_bool(key, CKA_SIGN) && get_bool(key, CKA_SENSITIVE) &&
		!get_bool(key, CKA_EXTRACTABLE));
	holds(get_bool(key, CKA_WRAP_WITH_TRUSTED));
}
END_TEST

START_TEST(modifiable_copyable_destroyable)
{
	CK_OBJECT_HANDLE fixed = import(CKK_AES, mk, 16, T(NO(CKA_MODIFIABLE))),
			 single = import(
				 CKK_AES, mk, 16, T(NO(CKA_COPYABLE), STR(CKA_LABEL, "old"))),
			 eternal = import(CKK_AES, mk, 16, T(NO(CKA_DESTROYABLE), YES(CKA_TOKEN)));

	gives(CKR_ACTION_PROHIBITED, f->C_SetAttributeValue(s, fixed, T(STR(CKA_LABEL, "x"))));
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, single, NOTHING, &made));
	gives(CKR_ACTION_PROHIBITED, f->C_DestroyObject(s, eternal));
	holds(exists(eternal));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, single, T(YES(CKA_COPYABLE))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED,
		f->C_SetAttributeValue(s, fixed, T(YES(CKA_MODIFIABLE))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, eternal, T(YES(CKA_DESTROYABLE))));
	holds(!get_bool(single, CKA_COPYABLE) && !get_bool(eternal, CKA_DESTROYABLE));
	/* copyable may be taken away */
	made = import(CKK_AES, mk, 16, NOTHING);
	gives(CKR_OK, f->C_SetAttributeValue(s, made, T(NO(CKA_COPYABLE))));
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, made, NOTHING, &made));
}
END_TEST

START_TEST(searching)
{
	CK_OBJECT_HANDLE found[8], key[5];
	CK_ULONG n, i, total = 0;

	for (i = 0; i < 5; i++)
		key[i] = import(CKK_AES, mk, 16,
			T(STR(CKA_LABEL, "five"), RAW(CKA_ID, &i, 1), YES(CKA_SENSITIVE)));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_FindObjects(s, found, 8, &n));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_FindObjectsFinal(s));
	ok(f->C_FindObjectsInit(s, T(STR(CKA_LABEL, "five"))));
	gives(CKR_OPERATION_ACTIVE, f->C_FindObjectsInit(s, NOTHING));
	ok(f->C_FindObjects(s, found, 2, &n));
	holds(n == 2);
	total += n;
	ok(f->C_FindObjects(s, found, 2, &n));
	holds(n == 2);
	total += n;
	ok(f->C_FindObjects(s, found, 8, &n));
	holds(n == 1 && total + n == 5);
	ok(f->C_FindObjects(s, found, 8, &n));
	holds(n == 0);
	ok(f->C_FindObjectsFinal(s));
	gives(CKR_OPERATION_NOT_INITIALIZED, f->C_FindObjectsFinal(s));
	holds(find(s, T(STR(CKA_LABEL, "fiv")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "Five")), NULL, 0) == 0);
	holds(find(s, T(STR(CKA_LABEL, "five\0")), NULL, 0) == 0);
	i = 3;
	holds(find(s, T(STR(CKA_LABEL, "five"), RAW(CKA_ID, &i, 1)), found, 8) == 1 &&
		found[0] == key[3]);
	holds(find(s, T(STR(CKA_LABEL, "five"), CLASS(CKO_DATA)), NULL, 0) == 0);
	if (gives_either(CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID,
		    f->C_FindObjectsInit(s, T(NUM(0x12345678, 1)))))
		f->C_FindObjectsFinal(s);
	holds(find(s, NOTHING, NULL, 0) >= 5);
}
END_TEST

START_TEST(a_search_by_allowed_mechanisms)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
				 T(YES(CKA_ENCRYPT), ALLOWED(CKM_AES_ECB, CKM_AES_CBC))),
			 found[2];

	holds(find(s, T(ALLOWED(CKM_AES_ECB, CKM_AES_CBC)), found, 2) == 1 && found[0] == key);
	holds(find(s, T(ALLOWED(CKM_AES_ECB)), NULL, 0) == 0);
	holds(find(s, T(ALLOWED(CKM_AES_ECB, CKM_AES_CTR)), NULL, 0) == 0);
	holds(find(s, T(ALLOWED(CKM_AES_CTR, CKM_AES_CBC)), NULL, 0) == 0);
}
END_TEST

START_TEST(a_search_during_changes)
{
	CK_OBJECT_HANDLE a = import(CKK_AES, mk, 16, T(STR(CKA_LABEL, "x"))),
			 b = import(CKK_AES, mk, 16, T(STR(CKA_LABEL, "x"))), found[8];
	CK_ULONG n;

	ok(f->C_FindObjectsInit(s, T(STR(CKA_LABEL, "x"))));
	ok(f->C_DestroyObject(s, a));
	ok(f->C_FindObjects(s, found, 8, &n));
	holds(n == 1 || n == 2);
	ok(f->C_FindObjectsFinal(s));
	holds(exists(b) && !exists(a));
	gives(CKR_ARGUMENTS_BAD, f->C_FindObjectsInit(s, NULL, 1));
	ok(f->C_FindObjectsInit(s, NOTHING));
	gives(CKR_ARGUMENTS_BAD, f->C_FindObjects(s, NULL, 8, &n));
	f->C_FindObjectsFinal(s);
}
END_TEST

START_TEST(no_search_by_a_hidden_value)
{
	import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
	import(CKK_AES, mk, 16, T(YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), YES(CKA_TOKEN)));
	import(CKK_AES, mk, 16, T(NO(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
	holds(find(s, T(RAW(CKA_VALUE, mk, 16)), NULL, 0) == 0);
	made = import(CKK_AES, mk, 16, T(READABLE));
	holds(find(s, T(RAW(CKA_VALUE, mk, 16)), NULL, 0) == 1); /* readable ones do match */
}
END_TEST

START_TEST(unique_ids)
{
	uint8_t one[64], two[64], again[64];
	size_t n;

	made = import(CKK_AES, mk, 16, T(YES(CKA_TOKEN), STR(CKA_LABEL, "unique")));
	n = get_bytes(made, CKA_UNIQUE_ID, one, 64);
	holds(n > 0);
	holds(get_bytes(import(CKK_AES, mk, 16, NOTHING), CKA_UNIQUE_ID, two, 64) == n &&
		memcmp(one, two, n) != 0);
	ok(f->C_CopyObject(s, made, T(STR(CKA_LABEL, "copy")), &made));
	holds(get_bytes(made, CKA_UNIQUE_ID, two, 64) == n && memcmp(one, two, n) != 0);
	restart();
	s = open_session(0);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "unique")), &made, 1), 1);
	holds(get_bytes(made, CKA_UNIQUE_ID, again, 64) == n && memcmp(one, again, n) == 0);
	holds(find(s, T(RAW(CKA_UNIQUE_ID, one, n)), NULL, 0) == 1);
}
END_TEST

START_TEST(built_in_objects)
{
	CK_OBJECT_HANDLE found[100];
	CK_ULONG n = find(s, T(CLASS(CKO_PROFILE)), found, 100), i, seen = 0, mechanisms = 0;

	for (i = 0; i < n; i++) {
		CK_ULONG id = get_ulong(found[i], CKA_PROFILE_ID);

		seen |= id == CKP_BASELINE_PROVIDER ? 1 : id == CKP_EXTENDED_PROVIDER ? 2 : 4;
		holds(get_bool(found[i], CKA_TOKEN) && !get_bool(found[i], CKA_PRIVATE));
		holds(f->C_DestroyObject(s, found[i]) != CKR_OK);
		holds(f->C_SetAttributeValue(s, found[i], T(NUM(CKA_PROFILE_ID, 9))) != CKR_OK);
	}
	holds(seen == 3);
	ok(f->C_GetMechanismList(slot, NULL, &mechanisms));
	holds(find(s, T(CLASS(CKO_MECHANISM)), NULL, 0) == mechanisms);
	holds(find(s, T(CLASS(CKO_MECHANISM), NUM(CKA_MECHANISM_TYPE, CKM_KEYDIV_DEVICE_KEY)), NULL,
		      0) == 1);
}
END_TEST

START_TEST(object_sizes)
{
	CK_ULONG n = 0;

	made = import(CKK_AES, mk, 16, NOTHING);
	ok(f->C_GetObjectSize(s, made, &n));
	holds(n >= 16 && n < 4096);
	gives(CKR_ARGUMENTS_BAD, f->C_GetObjectSize(s, made, NULL));
	gives(CKR_OBJECT_HANDLE_INVALID, f->C_GetObjectSize(s, made + 99, &n));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attributes");
	TCase *tc = add_case(suite, "attributes", user);

	tcase_add_test(tc, generated_keys);
	tcase_add_test(tc, imported_keys);
	tcase_add_test(tc, defaults_are_closed);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, sensitive_values_are_not_read);
	tcase_add_test(tc, every_entry_is_handled);
	tcase_add_test(tc, nested_templates_are_read);
	tcase_add_test(tc, attributes_that_change_one_way);
	tcase_add_test(tc, private_and_token_change_only_in_a_copy);
	tcase_add_test(tc, changes_that_are_allowed);
	tcase_add_test(tc, modifiable_copyable_destroyable);
	tcase_add_test(tc, searching);
	tcase_add_test(tc, a_search_by_allowed_mechanisms);
	tcase_add_test(tc, a_search_during_changes);
	tcase_add_test(tc, no_search_by_a_hidden_value);
	tcase_add_test(tc, unique_ids);
	tcase_add_test(tc, built_in_objects);
	tcase_add_test(tc, object_sizes);
	return run(suite);
}
