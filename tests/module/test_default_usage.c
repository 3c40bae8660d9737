/* SPDX-License-Identifier: Apache-2.0 */
/* test_default_usage.c: a template without any usage attribute gives a usable key; long data. */
#include "harness.h"

static CK_OBJECT_HANDLE made;

static const CK_ATTRIBUTE_TYPE usage[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
enum { NONE = 0, ALL = 15, MACS = 12 };

static unsigned usage_of(CK_OBJECT_HANDLE key)
{
	unsigned ret = 0;

	for (size_t i = 0; i < 7; i++)
		ret |= (unsigned)get_bool(key, usage[i]) << i;
	return ret;
}

static const struct {
	CK_KEY_TYPE type;
	CK_ULONG length;
	CK_MECHANISM_TYPE generate;
	unsigned usage;
} types[] = {{CKK_AES, 16, CKM_AES_KEY_GEN, ALL}, {CKK_DES2, 16, CKM_DES2_KEY_GEN, ALL},
	{CKK_DES3, 24, CKM_DES3_KEY_GEN, ALL},
	{CKK_GENERIC_SECRET, 20, CKM_GENERIC_SECRET_KEY_GEN, MACS},
	{CKK_SHA256_HMAC, 32, CK_UNAVAILABLE_INFORMATION, MACS},
	{CKK_SHA_1_HMAC, 20, CK_UNAVAILABLE_INFORMATION, MACS}};

START_TEST(usage_by_key_type)
{
	static const uint8_t other[32] = {0x5a}; /* a key does not wrap its own value */
	CK_OBJECT_HANDLE wrapper = import(CKK_AES, other, 32, T(YES(CKA_WRAP))),
			 unwrapper = import(CKK_AES, other, 32, T(YES(CKA_UNWRAP)));
	CK_KEY_TYPE type = types[_i].type;
	uint8_t wrapped[64];
	CK_ULONG n = sizeof wrapped;

	made = import(type, mk32, types[_i].length, T(YES(CKA_EXTRACTABLE)));
	ck_assert_uint_eq(usage_of(made), types[_i].usage);
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), wrapper, made, wrapped, &n));
	ok(f->C_UnwrapKey(
		s, MECH(CKM_AES_KEY_WRAP_KWP), unwrapper, wrapped, n, T(KEY(type)), &made));
	ck_assert_uint_eq(usage_of(made), types[_i].usage);
	/* one usage attribute in the template is an answer, even CK_FALSE */
	for (size_t i = 0; i < 7; i++) {
		made = import(type, mk32, types[_i].length, T(NO(usage[i])));
		ck_assert_uint_eq(usage_of(made), NONE);
	}
	if (types[_i].generate == CK_UNAVAILABLE_INFORMATION)
		return;
	if (type == CKK_DES2 || type == CKK_DES3)
		ok(f->C_GenerateKey(s, MECH(types[_i].generate), NOTHING, &made));
	else
		ok(f->C_GenerateKey(
			s, MECH(types[_i].generate), T(LENGTH(types[_i].length)), &made));
	ck_assert_uint_eq(usage_of(made), types[_i].usage);
}
END_TEST

START_TEST(usage_of_keys_from_passwords)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_PKCS5_PBKD2_PARAMS2 params = {CKZ_SALT_SPECIFIED, (void *)(uintptr_t)mk, 16, 1000,
		CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, (CK_UTF8CHAR_PTR) "password", 8};

	keydiv_put(&p, KEYDIV_CONSTANT, "c", 1);
	keydiv_put(&p, KEYDIV_PASSWORD, "password", 8);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, &p);
	ok(f->C_GenerateKey(s, &m, T(TYPE(CKK_AES), LENGTH(16)), &made));
	ck_assert_uint_eq(usage_of(made), ALL);
	ok(f->C_GenerateKey(
		s, MECH_OF(CKM_PKCS5_PBKD2, params), T(TYPE(CKK_AES), LENGTH(16)), &made));
	ck_assert_uint_eq(usage_of(made), ALL);
}
END_TEST

START_TEST(templates_of_unwrapping_keys_count)
{
	CK_OBJECT_HANDLE wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	CK_OBJECT_HANDLE unwrapper = import(
		CKK_AES, mk32, 32, T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SIGN))));
	uint8_t wrapped[64];
	CK_ULONG n = sizeof wrapped;

	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper,
		import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE))), wrapped, &n));
	ok(f->C_UnwrapKey(
		s, MECH(CKM_AES_KEY_WRAP), unwrapper, wrapped, n, T(KEY(CKK_AES)), &made));
	ck_assert_uint_eq(usage_of(made), 1 << 2);
}
END_TEST

START_TEST(derived_keys_get_no_usage)
{
	ok(derive_device(open_master(), NOTHING, &made));
	ck_assert_uint_eq(usage_of(made), NONE);
}
END_TEST

/* A data object holds up to 64 KiB, private or public, on the token or in the session. */
START_TEST(long_data)
{
	static uint8_t data[65537], got[65537];
	CK_BBOOL private = (_i & 1) != 0, token = (_i & 2) != 0;
	CK_ATTRIBUTE read = {CKA_VALUE, got, sizeof got};

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		f->C_CreateObject(s,
			T(CLASS(CKO_DATA), RAW(CKA_PRIVATE, &private, 1), RAW(CKA_TOKEN, &token, 1),
				RAW(CKA_VALUE, data, 65537)),
			&made));
	ok(f->C_CreateObject(s,
		T(CLASS(CKO_DATA), RAW(CKA_PRIVATE, &private, 1), RAW(CKA_TOKEN, &token, 1),
			STR(CKA_LABEL, "long"), STR(CKA_APPLICATION, "test"),
			RAW(CKA_VALUE, data, 65536)),
		&made));
	if (token) {
		restart();
		s = open_session(CKF_RW_SESSION);
		login(CKU_USER);
		ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "long")), &made, 1), 1);
	}
	ok(f->C_GetAttributeValue(s, made, &read, 1));
	holds(read.ulValueLen == 65536 && memcmp(got, data, 65536) == 0);
	ok(f->C_SetAttributeValue(s, made, T(RAW(CKA_VALUE, data + 1, 65536))));
	ok(f->C_GetAttributeValue(s, made, &read, 1));
	holds(read.ulValueLen == 65536 && memcmp(got, data + 1, 65536) == 0);
	holds(find(s, T(RAW(CKA_VALUE, data + 1, 65536)), NULL, 0) == 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("default usage");
	TCase *tc = add_case(suite, "default usage", user);

	tcase_add_loop_test(tc, usage_by_key_type, 0, sizeof types / sizeof *types);
	tcase_add_test(tc, usage_of_keys_from_passwords);
	tcase_add_test(tc, templates_of_unwrapping_keys_count);
	tcase_add_test(tc, derived_keys_get_no_usage);
	tcase_add_loop_test(tc, long_data, 0, 4);
	return run(suite);
}
