/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan_create.c: C_CreateObject, C_GenerateKey, C_UnwrapKey; the value and its check value. */
#include "policy_support.h"

#include "policy/plan_rules.h"

static const struct rights public_ro = {0}, so = {.so = true, .read_write = true};

#define create(o, rights, ...)                                                                     \
	({                                                                                         \
		struct template t_;                                                                \
		CK_RV rv2_ = parse(&t_, __VA_ARGS__);                                              \
		if (rv2_ == CKR_OK)                                                                \
			rv2_ = plan_create(&t_, rights, o);                                        \
		template_wipe(&t_);                                                                \
		rv2_;                                                                              \
	})

START_TEST(incomplete_templates_are_refused)
{
	OBJECT o = {0};

	ck_rv(create(&o, &user, TYPE(CKK_AES), VALUE16), CKR_TEMPLATE_INCOMPLETE);
	ck_rv(create(&o, &user, CLASS(CKO_SECRET_KEY), VALUE16), CKR_TEMPLATE_INCOMPLETE);
	ck_rv(create(&o, &user, KEY(CKK_AES)), CKR_TEMPLATE_INCOMPLETE);
}
END_TEST

/* The table of what may be given is asked: the rest of it is in test_plan. */
START_TEST(attributes_the_caller_may_not_give)
{
	OBJECT o = {0};

	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, NO(CKA_LOCAL)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, LENGTH(16)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, STR(CKA_APPLICATION, "a")),
		CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_VERIFY_RECOVER)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, CLASS(CKO_DATA), NO(CKA_SENSITIVE)), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(create(&o, &user, CLASS(CKO_DATA), STR(CKA_UNIQUE_ID, "0")), CKR_ATTRIBUTE_READ_ONLY);
}
END_TEST

START_TEST(classes_and_types)
{
	OBJECT o = {0};
	static const CK_OBJECT_CLASS foreign[] = {CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
		CKO_HW_FEATURE, CKO_DOMAIN_PARAMETERS, CKO_VENDOR_DEFINED, (CK_ULONG)-1};
	static const CK_KEY_TYPE types[] = {
		CKK_RSA, CKK_DES, CKK_RC4, CKK_KEYDIV_ODUKPT_CLIENT, (CK_ULONG)-1};

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		ck_rv(create(&o, &user, CLASS(foreign[i]), STR(CKA_SUBJECT, "s")),
			CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(create(&o, &user, CLASS(CKO_PROFILE)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, CLASS(CKO_MECHANISM)), CKR_TEMPLATE_INCONSISTENT);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		ck_rv(create(&o, &user, KEY(types[i]), VALUE16), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

static const struct {
	CK_KEY_TYPE type;
	size_t length;
	CK_RV rv;
} lengths[] = {
#define V CKR_ATTRIBUTE_VALUE_INVALID
	{CKK_AES, 0, V},
	{CKK_AES, 15, V},
	{CKK_AES, 16, 0},
	{CKK_AES, 17, V},
	{CKK_AES, 24, 0},
	{CKK_AES, 32, 0},
	{CKK_AES, 64, V},
	{CKK_DES2, 8, V},
	{CKK_DES2, 16, 0},
	{CKK_DES2, 24, V},
	{CKK_DES3, 16, V},
	{CKK_DES3, 24, 0},
	{CKK_GENERIC_SECRET, 0, V},
	{CKK_GENERIC_SECRET, 1, 0},
	{CKK_GENERIC_SECRET, 4096, 0},
	{CKK_GENERIC_SECRET, 4097, V},
	{CKK_SHA_1_HMAC, 1, 0},
	{CKK_SHA224_HMAC, 28, 0},
	{CKK_SHA256_HMAC, 200, 0},
	{CKK_SHA384_HMAC, 48, 0},
	{CKK_SHA512_HMAC, 64, 0},
	{CKK_HKDF, 32, 0},
	{CKK_HKDF, 0, V},
};

START_TEST(value_lengths)
{
	static uint8_t value[5000];
	OBJECT o = {0};

	ck_rv(create(&o, &user, KEY(lengths[_i].type), RAW(CKA_VALUE, value, lengths[_i].length)),
		lengths[_i].rv);
}
END_TEST

START_TEST(closed_by_default)
{
	OBJECT o = {0};

	ck_ok(create(&o, &user, KEY(CKK_AES), VALUE16));
	ck_assert_uint_eq(o.flags & ~(uint32_t)FLAGS_USAGE,
		FLAG_PRIVATE | FLAG_SENSITIVE | FLAG_MODIFIABLE | FLAG_COPYABLE | FLAG_DESTROYABLE);
	ck_assert_uint_eq(o.made, MADE_CREATED | FLAG_SENSITIVE | USAGE_CIPHER | USAGE_MAC);
	ck_assert_uint_eq(o.key_gen_mechanism, CK_UNAVAILABLE_INFORMATION);
	ck_assert(!has_list(&o));
	ck_assert_mem_eq(secret_peek(&o.value), "0123456789abcdef", 16);
	ck_assert_uint_eq(object_key_length(&o), 16);
}
END_TEST

START_TEST(imported_is_not_always_sensitive)
{
	OBJECT o = {0};

	ck_ok(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
	ck_assert(!(o.flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE | FLAG_LOCAL)));
}
END_TEST

START_TEST(rights_of_creation)
{
	OBJECT o = {0};

	ck_rv(create(&o, &public_ro, KEY(CKK_AES), VALUE16), CKR_USER_NOT_LOGGED_IN);
	ck_rv(create(&o, &public_ro, CLASS(CKO_DATA)), CKR_USER_NOT_LOGGED_IN);
	ck_ok(create(&o, &public_ro, KEY(CKK_AES), VALUE16, NO(CKA_PRIVATE)));
	object_wipe(&o);
	ck_rv(create(&o, &public_ro, KEY(CKK_AES), VALUE16, NO(CKA_PRIVATE), YES(CKA_TOKEN)),
		CKR_SESSION_READ_ONLY);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_TRUSTED)), CKR_ATTRIBUTE_READ_ONLY);
	object_wipe(&o);
	ck_rv(create(&o, &so, KEY(CKK_AES), VALUE16, YES(CKA_TRUSTED), NO(CKA_PRIVATE)),
		CKR_ATTRIBUTE_VALUE_INVALID);
	object_wipe(&o);
	ck_ok(create(
		&o, &so, KEY(CKK_AES), VALUE16, YES(CKA_TRUSTED), NO(CKA_PRIVATE), YES(CKA_WRAP)));
}
END_TEST

START_TEST(master_with_usage)
{
	OBJECT o = {0};

	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), YES(CKA_SIGN)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), YES(CKA_WRAP)),
		CKR_TEMPLATE_INCONSISTENT);
	object_wipe(&o);
	ck_ok(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE), NO(CKA_SIGN)));
	ck_assert(object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_CMAC));
}
END_TEST

/* python-pkcs11 sends every usage flag. */
START_TEST(sixteen_attributes)
{
	OBJECT o = {0};

	ck_ok(create(&o, &user, KEY(CKK_AES), VALUE16, NO(CKA_TOKEN), STR(CKA_LABEL, "l"),
		STR(CKA_ID, ""), YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY),
		YES(CKA_WRAP), YES(CKA_UNWRAP), NO(CKA_DERIVE), NO(CKA_SIGN_RECOVER),
		NO(CKA_VERIFY_RECOVER), YES(CKA_PRIVATE)));
	ck_assert(has(&o, FLAGS_USAGE));
}
END_TEST

START_TEST(data_values)
{
	OBJECT o = {0};

	ck_ok(create(&o, &user, CLASS(CKO_DATA), STR(CKA_VALUE, "secret")));
	ck_assert(has(&o, FLAG_PRIVATE));
	ck_assert_uint_eq(o.value.len, 6);
	ck_assert_ptr_null(object_variable(&o, VAR_PUBLIC_VALUE).p);
	object_wipe(&o);
	ck_ok(create(&o, &user, CLASS(CKO_DATA), STR(CKA_VALUE, "open"), NO(CKA_PRIVATE)));
	ck_assert_uint_eq(o.value.len, 0);
	ck_assert(bytes_equal(object_variable(&o, VAR_PUBLIC_VALUE), bytes_of("open", 4)));
	object_wipe(&o);
	ck_ok(create(&o, &user, CLASS(CKO_DATA)));
	ck_ok(create(&o, &user, CLASS(CKO_DATA), STR(CKA_VALUE, "")));
}
END_TEST

/* --- C_GenerateKey --- */

#define generate(o, mechanism, rights, ...)                                                        \
	({                                                                                         \
		struct template t_;                                                                \
		CK_RV rv2_ = parse(&t_, __VA_ARGS__);                                              \
		if (rv2_ == CKR_OK)                                                                \
			rv2_ = plan_generate(&t_, mechanism_find(mechanism), rights, o, &length);  \
		template_wipe(&t_);                                                                \
		rv2_;                                                                              \
	})

START_TEST(generation_refused)
{
	size_t length = 7;
	OBJECT o = {0};

	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, YES(CKA_ENCRYPT)), CKR_TEMPLATE_INCOMPLETE);
	ck_rv(generate(&o, CKM_GENERIC_SECRET_KEY_GEN, &user, YES(CKA_SIGN)),
		CKR_TEMPLATE_INCOMPLETE);
	static const CK_ULONG bad[] = {0, 15, 17, 33, 1ul << 31, (CK_ULONG)-1};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(bad[i])),
			CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(generate(&o, CKM_GENERIC_SECRET_KEY_GEN, &user, LENGTH(0)),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(generate(&o, CKM_GENERIC_SECRET_KEY_GEN, &user, LENGTH(4097)),
		CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(generate(&o, CKM_DES3_KEY_GEN, &user, LENGTH(16)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), VALUE16), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), CLASS(CKO_DATA)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), TYPE(CKK_DES3)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), YES(CKA_LOCAL)),
		CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), STR(CKA_CHECK_VALUE, "abc")),
		CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(16), YES(CKA_DERIVE), YES(CKA_ENCRYPT)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(generate(&o, CKM_AES_KEY_GEN, &public_ro, LENGTH(16)), CKR_USER_NOT_LOGGED_IN);
	ck_assert_uint_eq(length, 7);
}
END_TEST

START_TEST(attributes_of_a_generated_key)
{
	size_t length;
	OBJECT o = {0};

	ck_ok(generate(&o, CKM_AES_KEY_GEN, &user, LENGTH(32), STR(CKA_CHECK_VALUE, "")));
	ck_assert_uint_eq(length, 32);
	ck_assert_uint_eq(o.key_type, CKK_AES);
	ck_assert_uint_eq(o.key_gen_mechanism, CKM_AES_KEY_GEN);
	ck_assert_uint_eq(o.flags, FLAG_LOCAL | FLAG_SENSITIVE | FLAG_ALWAYS_SENSITIVE |
					   FLAG_NEVER_EXTRACTABLE | FLAG_PRIVATE | FLAG_MODIFIABLE |
					   FLAG_COPYABLE | FLAG_DESTROYABLE | USAGE_CIPHER |
					   USAGE_MAC);
	ck_assert_uint_eq(o.made & MADE_WAY, MADE_GENERATED);
	object_wipe(&o);
	ck_ok(generate(&o, CKM_DES3_KEY_GEN, &public_ro, NO(CKA_PRIVATE), NO(CKA_SENSITIVE),
		YES(CKA_EXTRACTABLE)));
	ck_assert_uint_eq(length, 24);
	ck_assert(!(o.flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE | FLAG_PRIVATE)));
	object_wipe(&o);
	ck_ok(generate(&o, CKM_DES2_KEY_GEN, &user, LENGTH(16)));
	ck_ok(generate(&o, CKM_GENERIC_SECRET_KEY_GEN, &user, LENGTH(1)));
}
END_TEST

START_TEST(generated_from_parameters)
{
	const struct mechanism *row = mechanism_find(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY);
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, TYPE(CKK_AES), LENGTH(16), YES(CKA_DERIVE)));
	ck_ok(plan_generate_as(&t, row, CKK_AES, &user, &o));
	ck_assert_uint_eq(o.key_gen_mechanism, row->type);
	ck_assert_uint_eq(o.made & MADE_WAY, MADE_FROM_PASSWORD);
	ck_assert(object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_rv(plan_generate_as(&t, row, CKK_DES3, &user, &o), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(parse(&t, LENGTH(16), STR(CKA_VALUE, "0123456789abcdef")));
	ck_rv(plan_generate_as(&t, row, CKK_AES, &user, &o), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

/* --- C_UnwrapKey --- */

#define unwrap(o, unwrapper, ...)                                                                  \
	({                                                                                         \
		struct template t_;                                                                \
		CK_RV rv2_ = parse(&t_, __VA_ARGS__);                                              \
		if (rv2_ == CKR_OK)                                                                \
			rv2_ = plan_unwrap(&t_, unwrapper, NULL, &user, o);                        \
		template_wipe(&t_);                                                                \
		rv2_;                                                                              \
	})

static const uint8_t zero[32];

START_TEST(unwrap_refused)
{
	OBJECT kek = {0};
	OBJECT o = {0};

	ck_ok(create(&kek, &user, KEY(CKK_AES), VALUE16, YES(CKA_UNWRAP)));
	ck_rv(unwrap(&o, &kek, TYPE(CKK_AES)), CKR_TEMPLATE_INCOMPLETE);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY)), CKR_TEMPLATE_INCOMPLETE);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_DATA)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_PRIVATE_KEY), TYPE(CKK_AES)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_KEYDIV_ODUKPT_CLIENT)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), VALUE16), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), YES(CKA_ALWAYS_SENSITIVE)), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), YES(CKA_DERIVE), YES(CKA_EXTRACTABLE)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), YES(CKA_DERIVE), YES(CKA_SIGN)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), LENGTH(0)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), LENGTH((CK_ULONG)-1)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_AES), YES(CKA_TRUSTED)), CKR_ATTRIBUTE_READ_ONLY);
}
END_TEST

START_TEST(attributes_of_an_unwrapped_key)
{
	OBJECT kek = {0};
	OBJECT o = {0};

	ck_ok(create(&kek, &user, KEY(CKK_AES), VALUE16, YES(CKA_UNWRAP)));
	ck_ok(unwrap(&o, &kek, KEY(CKK_AES), LENGTH(16), YES(CKA_EXTRACTABLE)));
	ck_assert(has(&o, FLAG_SENSITIVE | FLAG_PRIVATE | FLAG_EXTRACTABLE));
	ck_assert(!(o.flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE | FLAG_LOCAL)));
	ck_assert_uint_eq(o.key_gen_mechanism, CK_UNAVAILABLE_INFORMATION);
	ck_rv(plan_value(&o, NULL, zero, 24), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(plan_value(&o, NULL, zero, 32), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(plan_value(&o, NULL, zero, 16));
	object_wipe(&o);
	ck_ok(unwrap(&o, &kek, KEY(CKK_AES)));
	ck_rv(plan_value(&o, NULL, zero, 20), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(plan_value(&o, NULL, zero, 32));
	ck_assert(!(o.flags & FLAG_EXTRACTABLE));
	ck_assert_uint_eq(o.made & MADE_WAY, MADE_UNWRAPPED);
	/* a key that any wrapping key may wrap may come back readable */
	object_wipe(&o);
	ck_ok(unwrap(&o, &kek, KEY(CKK_AES), READABLE));
}
END_TEST

START_TEST(unwrap_template)
{
	OBJECT kek = {0};
	OBJECT o = {0};

	ck_ok(create(&kek, &user, KEY(CKK_AES), VALUE16, YES(CKA_UNWRAP),
		NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), TYPE(CKK_AES),
			LENGTH(32), YES(CKA_SIGN))));
	ck_ok(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY)));
	ck_assert(has(&o, FLAG_EXTRACTABLE | FLAG_SIGN));
	ck_assert(!(o.flags & FLAG_SENSITIVE)); /* the unwrapping key says so */
	ck_rv(plan_value(&o, NULL, zero, 16), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(plan_value(&o, NULL, zero, 32));
	object_wipe(&o);
	ck_ok(unwrap(&o, &kek, KEY(CKK_AES), YES(CKA_SIGN), YES(CKA_VERIFY)));
	ck_rv(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY), YES(CKA_SENSITIVE)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY), NO(CKA_SIGN)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, KEY(CKK_DES3)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY), LENGTH(16)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(unwrap(&o, &kek, CLASS(CKO_SECRET_KEY), YES(CKA_DERIVE)), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

/* --- Values and check values --- */

START_TEST(value_against_template)
{
	OBJECT o = {0};

	plan_start(&o, CKO_SECRET_KEY, CKK_AES);
	TEMPLATE t;
	ck_ok(parse(&t, LENGTH(32)));
	ck_rv(plan_value(&o, &t, zero, 16), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(plan_value(&o, &t, zero, 32));
}
END_TEST

START_TEST(check_value_given)
{
	/* AES-128(2b7e.., 0) = 7df76b0c.. (RFC 4493, section 4, "AES-128(key,0)") */
	static const uint8_t right[3] = {0x7d, 0xf7, 0x6b}, wrong[3] = {0x7d, 0xf7, 0x6a};
	uint8_t value[16], cmac[16], zeros[16] = {0};
	OBJECT o = {0};

	ck_ok(crypto_start());
	struct key *key = key_new();
	ck_assert(hex_decode("2b7e151628aed2a6abf7158809cf4f3c", value, 16));
	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), RAW(CKA_VALUE, value, 16), RAW(CKA_CHECK_VALUE, wrong, 3)));
	ck_ok(plan_create(&t, &user, &o));
	ck_rv(plan_check_value(&o, &t, key), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(parse(&t, RAW(CKA_CHECK_VALUE, right, 3)));
	ck_ok(plan_check_value(&o, &t, key));
	ck_assert_uint_eq(key_length(key), 0); /* nothing is left in the scratch key */
	ck_ok(parse(&t, RAW(CKA_CHECK_VALUE, right, 2)));
	ck_rv(plan_check_value(&o, &t, key), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(parse(&t, RAW(CKA_CHECK_VALUE, right, 0)));
	ck_ok(plan_check_value(&o, &t, key));
	ck_ok(parse(&t, TYPE(CKK_AES)));
	ck_ok(plan_check_value(&o, &t, key));

	/* a master: of its CMAC */
	o.flags |= FLAG_DERIVE;
	ck_ok(parse(&t, RAW(CKA_CHECK_VALUE, right, 3)));
	ck_rv(plan_check_value(&o, &t, key), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(key_load(key, CKK_AES, value, 16));
	ck_ok(key_cmac(key, zeros, 16, cmac));
	ck_ok(parse(&t, RAW(CKA_CHECK_VALUE, cmac, 3)));
	ck_ok(plan_check_value(&o, &t, key));
	key_free(key);
	crypto_stop();
}
END_TEST

#define MASTER KEY(CKK_AES), VALUE16, YES(CKA_DERIVE)
#define WINDOW(n) NUM(CKA_KEYDIV_WINDOW, n)
#define RESERVE(n) NUM(CKA_KEYDIV_RESERVE, n)

START_TEST(masters_with_windows)
{
	OBJECT o = {0};

	ck_ok(create(&o, &user, MASTER, WINDOW(64)));
	ck_assert_uint_eq(object_window(&o), 64);
	ck_assert(o.flags & FLAG_USE_ONLY);
	ck_assert(!(o.flags & FLAG_COPYABLE));
	ck_ok(create(&o, &user, MASTER, WINDOW(1), YES(CKA_KEYDIV_USE_ONLY), NO(CKA_COPYABLE)));
	ck_ok(create(&o, &user, MASTER, WINDOW(1024), RESERVE(1)));
	ck_ok(create(&o, &user, MASTER, WINDOW(1024), RESERVE(4096)));
	ck_assert_uint_eq(get_be64(object_variable(&o, VAR_RESERVE).p), 4096);
	object_wipe(&o);
	ck_ok(create(&o, &user, MASTER, WINDOW(0), NO(CKA_KEYDIV_USE_ONLY), YES(CKA_COPYABLE)));
	ck_assert_uint_eq(object_window(&o), 0);
	ck_assert(!object_has(&o, VAR_WINDOW)); /* as if no window was given */
	ck_assert(!(o.flags & FLAG_USE_ONLY));
	ck_assert(o.flags & FLAG_COPYABLE);
}
END_TEST

START_TEST(windows_refused)
{
	OBJECT o = {0};

	ck_rv(create(&o, &user, MASTER, WINDOW(1025)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(create(&o, &user, MASTER, WINDOW((CK_ULONG)-1)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(create(&o, &user, MASTER, WINDOW(64), NO(CKA_KEYDIV_USE_ONLY)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, MASTER, WINDOW(64), YES(CKA_COPYABLE)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, YES(CKA_SIGN), WINDOW(64)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, KEY(CKK_AES), VALUE16, WINDOW(64)), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(create(&o, &user, CLASS(CKO_DATA), WINDOW(64)), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(create(&o, &user, MASTER, RESERVE(2)), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(create(&o, &user, MASTER, WINDOW(0), RESERVE(2)), CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(create(&o, &user, MASTER, WINDOW(64), RESERVE(0)), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(create(&o, &user, MASTER, WINDOW(64), RESERVE(4097)), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

/* A wrapping key is made for key blocks if its list names nothing else. */
START_TEST(wrapping_keys_for_blocks)
{
	static const struct {
		CK_MECHANISM_TYPE list[2];
		bool blocks;
	} lists[] = {
		{{CKM_KEYDIV_KEY_BLOCK, CKM_KEYDIV_KEY_BLOCK}, true},
		{{CKM_KEYDIV_KEY_BLOCK, CKM_AES_KEY_WRAP}, false},
		{{CKM_AES_KEY_WRAP, CKM_KEYDIV_KEY_BLOCK}, false},
		{{CKM_KEYDIV_KEY_BLOCK, CKM_VENDOR_DEFINED}, false},
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		OBJECT o = {0};
		TEMPLATE t;
		ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_UNWRAP),
			ALLOWED(lists[i].list[0], lists[i].list[1])));
		ck_ok(plan_create(&t, &user, &o));
		ck_assert_int_eq((o.made & MADE_FOR_BLOCKS) != 0, lists[i].blocks);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_create");
	TCase *tests = tcase_create("plan_create");

	tcase_add_test(tests, incomplete_templates_are_refused);
	tcase_add_test(tests, attributes_the_caller_may_not_give);
	tcase_add_test(tests, classes_and_types);
	tcase_add_loop_test(tests, value_lengths, 0, sizeof lengths / sizeof lengths[0]);
	tcase_add_test(tests, closed_by_default);
	tcase_add_test(tests, imported_is_not_always_sensitive);
	tcase_add_test(tests, rights_of_creation);
	tcase_add_test(tests, master_with_usage);
	tcase_add_test(tests, sixteen_attributes);
	tcase_add_test(tests, data_values);
	tcase_add_test(tests, generation_refused);
	tcase_add_test(tests, attributes_of_a_generated_key);
	tcase_add_test(tests, generated_from_parameters);
	tcase_add_test(tests, unwrap_refused);
	tcase_add_test(tests, attributes_of_an_unwrapped_key);
	tcase_add_test(tests, unwrap_template);
	tcase_add_test(tests, value_against_template);
	tcase_add_test(tests, check_value_given);
	tcase_add_test(tests, masters_with_windows);
	tcase_add_test(tests, windows_refused);
	tcase_add_test(tests, wrapping_keys_for_blocks);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
