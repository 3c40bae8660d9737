/* SPDX-License-Identifier: Apache-2.0 */
/* test_value_roles.c: one value has one role. What a derived key may do follows from what it is. */
#include "harness.h"

static CK_OBJECT_HANDLE made;
static KEYDIV_PARAMETER p;

static const CK_ATTRIBUTE_TYPE usage[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
enum { CIPHER = 3, MAC = 3 << 2, WRAPPING = 3 << 4, DERIVES = 1 << 6, ANY = 63, NO_WRAP = 15 };

static void start(void)
{
	user();
	made = 0xABCD;
}

static const uint8_t des2[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba,
	0x98, 0x76, 0x54, 0x32, 0x10};
static const uint8_t tdes_ksn[10] = {0xff, 0xff, 0x98, 0x76, 0x54, 0x32, 0x10, 0xe0, 0, 1};
static const uint8_t aes_ksn[12] = {0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0, 0, 0, 1};

static void put(unsigned char tag, const void *value, CK_ULONG n)
{
	keydiv_put(&p, tag, value, n);
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

/* The usages that the result of TYPE from BASE may have, one at a time, as bits of `usage`. */
static unsigned roles(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base)
{
	unsigned ret = 0;

	for (size_t i = 0; i < 7; i++) {
		CK_RV rv = derive(type, base, T(YES(usage[i])));
		if (rv != CKR_OK)
			gives(CKR_TEMPLATE_INCONSISTENT, rv);
		ret |= (unsigned)(rv == CKR_OK) << i;
	}
	gives(CKR_OK, derive(type, base, NOTHING)); /* nothing is always permitted */
	return ret;
}

static CK_OBJECT_HANDLE master(CK_KEY_TYPE type, const uint8_t *value, size_t n,
	CK_MECHANISM_TYPE mechanism, const CK_ATTRIBUTE *children, CK_ULONG count)
{
	CK_ATTRIBUTE derive_template = RAW(CKA_DERIVE_TEMPLATE, children, count * sizeof *children);

	if (count == 0)
		return import(type, value, n, T(YES(CKA_DERIVE), ALLOWED(mechanism)));
	return import(type, value, n, T(YES(CKA_DERIVE), ALLOWED(mechanism), derive_template));
}

START_TEST(own_schemes)
{
	CK_OBJECT_HANDLE base = closed_master(), device_key;

	keydiv_start(&p);
	put(KEYDIV_DEVICE, "SN-1", 4);
	ck_assert_uint_eq(roles(CKM_KEYDIV_DEVICE_KEY, base), ANY | DERIVES);
	ok(derive(CKM_KEYDIV_DEVICE_KEY, base, T(YES(CKA_DERIVE))));
	device_key = made;
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base), ANY);
	keydiv_start(&p);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_MESSAGE_KEY, device_key), ANY);
	keydiv_start(&p);
	put(KEYDIV_NONCE, mk32, 16);
	ck_assert_uint_eq(roles(CKM_KEYDIV_DATA_KEY, base), ANY | DERIVES);
}
END_TEST

/*
 * The initial key of a scheme is a base, and an ECB block or a CMAC under it is a transaction key.
 */
START_TEST(initial_keys)
{
	keydiv_start(&p);
	put(KEYDIV_KSN, tdes_ksn, 10);
	ck_assert_uint_eq(
		roles(CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY,
			master(CKK_DES2, des2, 16, CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, NOTHING)),
		DERIVES);
	keydiv_start(&p);
	put(KEYDIV_KSN, aes_ksn, 8);
	ck_assert_uint_eq(
		roles(CKM_KEYDIV_AES_DUKPT_INITIAL_KEY,
			master(CKK_AES, mk, 16, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, NOTHING)),
		DERIVES);
	keydiv_start(&p);
	put(KEYDIV_DEVICE, "T", 1);
	put(KEYDIV_SHAPE, "\3\3", 2);
	ck_assert_uint_eq(roles(CKM_KEYDIV_ODUKPT_INITIAL_KEY,
				  master(CKK_AES, mk, 16, CKM_KEYDIV_ODUKPT_INITIAL_KEY, NOTHING)),
		DERIVES);
}
END_TEST

static const struct {
	uint16_t usage;
	unsigned roles;
} dukpt[] = {{0x1000, CIPHER}, {0x3000, CIPHER}, {0x3001, CIPHER}, {0x3002, CIPHER}, {0x2000, MAC},
	{0x2001, MAC}, {0x2002, MAC}, {0x0002, WRAPPING}, {0x8000, 0}};

START_TEST(dukpt_usage)
{
	uint8_t indicator[2] = {(uint8_t)(dukpt[_i].usage >> 8), (uint8_t)dukpt[_i].usage};
	bool tdes = dukpt[_i].usage >= 0x1000 && dukpt[_i].usage < 0x8000 &&
		    (dukpt[_i].usage & 0xF) < 2;

	keydiv_start(&p);
	put(KEYDIV_KSN, aes_ksn, 12);
	put(KEYDIV_DUKPT_USAGE, indicator, 2);
	ck_assert_uint_eq(roles(CKM_KEYDIV_AES_DUKPT_KEY,
				  master(CKK_AES, mk, 16, CKM_KEYDIV_AES_DUKPT_KEY, NOTHING)),
		dukpt[_i].roles);
	if (!tdes)
		return;
	keydiv_start(&p);
	put(KEYDIV_KSN, tdes_ksn, 10);
	put(KEYDIV_DUKPT_USAGE, indicator, 2);
	ck_assert_uint_eq(roles(CKM_KEYDIV_TDES_DUKPT_KEY,
				  master(CKK_DES2, des2, 16, CKM_KEYDIV_TDES_DUKPT_KEY, NOTHING)),
		dukpt[_i].roles);
}
END_TEST

START_TEST(scp03_constants)
{
	static const struct {
		char constant;
		unsigned roles;
	} constants[] = {{4, CIPHER}, {6, MAC}, {7, MAC}};
	CK_OBJECT_HANDLE base = master(CKK_AES, mk, 16, CKM_KEYDIV_SCP03_KEY, NOTHING);

	for (size_t i = 0; i < 3; i++) {
		keydiv_start(&p);
		put(KEYDIV_SCP03_CONSTANT, &constants[i].constant, 1);
		put(KEYDIV_SCP03_CONTEXT, mk, 16);
		ck_assert_uint_eq(roles(CKM_KEYDIV_SCP03_KEY, base), constants[i].roles);
	}
}
END_TEST

START_TEST(emv)
{
	const CK_ATTRIBUTE as_it_is[] = {NO(CKA_DERIVE)};
	CK_OBJECT_HANDLE card_key, base = master(CKK_AES, mk, 16, CKM_KEYDIV_EMV_CARD_KEY, NOTHING);

	keydiv_start(&p);
	put(KEYDIV_EMV_OPTION, "C", 1);
	put(KEYDIV_PAN, "1234567890123456", 16);
	put(KEYDIV_PAN_SEQUENCE, "01", 2);
	ck_assert_uint_eq(roles(CKM_KEYDIV_EMV_CARD_KEY, base), DERIVES);
	/* cards whose key is used as it is */
	ck_assert_uint_eq(roles(CKM_KEYDIV_EMV_CARD_KEY,
				  master(CKK_AES, mk, 16, CKM_KEYDIV_EMV_CARD_KEY, as_it_is, 1)),
		NO_WRAP);
	ok(derive(CKM_KEYDIV_EMV_CARD_KEY, base, T(YES(CKA_DERIVE))));
	card_key = made;
	keydiv_start(&p);
	put(KEYDIV_EMV_DIVERSIFIER, mk, 16);
	ck_assert_uint_eq(roles(CKM_KEYDIV_EMV_SESSION_KEY, card_key), NO_WRAP);
}
END_TEST

START_TEST(general_schemes)
{
	/* CMAC and the like make leaves. CKA_DERIVE_TEMPLATE of the base can say otherwise. */
	const CK_ATTRIBUTE derives[] = {YES(CKA_DERIVE)}, wraps[] = {YES(CKA_WRAP)},
			   unwraps[] = {YES(CKA_UNWRAP)};
	CK_OBJECT_HANDLE base = master(CKK_AES, mk, 16, CKM_KEYDIV_CMAC, NOTHING);
	uint8_t list[100];

	keydiv_start(&p);
	put(KEYDIV_MESSAGE, "x", 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_CMAC, base), NO_WRAP);
	ck_assert_uint_eq(
		roles(CKM_KEYDIV_AN10922, master(CKK_AES, mk, 16, CKM_KEYDIV_AN10922, NOTHING)),
		NO_WRAP);
	base = master(CKK_AES, mk, 16, CKM_KEYDIV_CMAC, derives, 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_CMAC, base), DERIVES);
	ok(derive(CKM_KEYDIV_CMAC, base, NOTHING));
	holds(get_bytes(made, CKA_ALLOWED_MECHANISMS, list, sizeof list) == 7 * 8);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_CMAC, base, T(ALLOWED(CKM_KEYDIV_CMAC))));
	ok(derive(CKM_KEYDIV_CMAC, base, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY))));
	base = master(CKK_AES, mk, 16, CKM_KEYDIV_CMAC, wraps, 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_CMAC, base), 1 << 4);
	base = master(CKK_AES, mk, 16, CKM_KEYDIV_CMAC, unwraps, 1);
	ck_assert_uint_eq(roles(CKM_KEYDIV_CMAC, base), 1 << 5);
}
END_TEST

START_TEST(hkdf)
{
	CK_HKDF_PARAMS params = {
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};
	CK_OBJECT_HANDLE base = import(CKK_HKDF, mk32, 32, T(YES(CKA_DERIVE)));
	CK_MECHANISM m = {CKM_HKDF_DERIVE, &params, sizeof params};
	CK_MECHANISM_TYPE list[4];

	gives(CKR_OK, f->C_DeriveKey(s, &m, base, T(YES(CKA_SIGN)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_DeriveKey(s, &m, base, T(YES(CKA_DERIVE)), &made));
	params.bExpand = CK_FALSE;
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_DeriveKey(s, &m, base, T(YES(CKA_SIGN)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_DeriveKey(s, &m, base, T(YES(CKA_DERIVE), ALLOWED(CKM_HKDF_DERIVE)), &made));
	ok(f->C_DeriveKey(s, &m, base, T(YES(CKA_DERIVE)), &made));
	holds(get_bytes(made, CKA_ALLOWED_MECHANISMS, (uint8_t *)list, sizeof list) == 8 &&
		list[0] == CKM_HKDF_DERIVE);
	ok(f->C_DeriveKey(s, &m, base, NOTHING, &made));
}
END_TEST

START_TEST(leaves_ignore_derive_in_the_template)
{
	/* One CKA_DERIVE_TEMPLATE serves device keys and the keys derived in both steps at once. */
	const CK_ATTRIBUTE derives[] = {YES(CKA_DERIVE)};
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), RAW(CKA_DERIVE_TEMPLATE, derives, sizeof derives)));

	keydiv_start(&p);
	put(KEYDIV_DEVICE, "SN-1", 4);
	ok(derive(CKM_KEYDIV_DEVICE_KEY, base, NOTHING));
	holds(get_bool(made, CKA_DERIVE));
	gives(CKR_TEMPLATE_INCONSISTENT, derive(CKM_KEYDIV_DEVICE_KEY, base, T(YES(CKA_SIGN))));
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base, T(YES(CKA_SIGN), NO(CKA_DERIVE))));
	holds(!get_bool(made, CKA_DERIVE) && get_bool(made, CKA_SIGN));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base, T(YES(CKA_DERIVE))));
}
END_TEST

START_TEST(check_values)
{
	/*
	 * A key that may derive elsewhere must not give away an ECB block, which is a part of its
	 * CMAC subkey. Two keys of one value show one check value.
	 */
	CK_OBJECT_HANDLE base = open_master();
	uint8_t bytes[16], deriving[3], idle[3], plain[3], copied[3];

	ok(derive_device(base, T(YES(CKA_DERIVE)), &made));
	get_bytes(made, CKA_CHECK_VALUE, deriving, 3);
	ok(derive_device(base, T(READABLE), &made));
	get_bytes(made, CKA_CHECK_VALUE, idle, 3);
	get_bytes(made, CKA_VALUE, bytes, 16);
	get_bytes(import(CKK_AES, bytes, 16, T(YES(CKA_ENCRYPT))), CKA_CHECK_VALUE, plain, 3);
	holds(memcmp(deriving, idle, 3) == 0 && memcmp(idle, plain, 3) != 0);
	ok(f->C_CopyObject(s, made, T(YES(CKA_TOKEN), STR(CKA_LABEL, "copy")), &made));
	restart();
	s = open_session(0);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "copy")), &made, 1), 1);
	get_bytes(made, CKA_CHECK_VALUE, copied, 3);
	holds(memcmp(copied, idle, 3) == 0);
	/* the template's check value is compared in the same form */
	gives(CKR_OK, derive_device(open_master(), T(RAW(CKA_CHECK_VALUE, idle, 3)), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		derive_device(open_master(), T(RAW(CKA_CHECK_VALUE, plain, 3)), &made));
	/* a device key with usage is another value, with the check value of PKCS#11 */
	ok(derive_device(open_master(), T(READABLE, YES(CKA_SIGN)), &made));
	get_bytes(made, CKA_CHECK_VALUE, idle, 3);
	get_bytes(made, CKA_VALUE, bytes, 16);
	get_bytes(import(CKK_AES, bytes, 16, T(YES(CKA_ENCRYPT))), CKA_CHECK_VALUE, plain, 3);
	holds(memcmp(idle, plain, 3) == 0);
}
END_TEST

/*
 * Attacks that succeeded against version 0.1.0. Each attack computes the value of one key by
 * using another key.
 */

/*
 * Build the input of a KDF for one block of output, which is counter, label, 00, context and
 * length in bits.
 */
static CK_ULONG kdf_input(const char *label, const uint8_t *context, CK_ULONG n, uint8_t *out)
{
	CK_ULONG used = 4 + strlen(label) + 1;

	memset(out, 0, used);
	out[3] = 1;
	memcpy(out + 4, label, strlen(label));
	memcpy(out + used, context, n);
	memcpy(out + used + n, "\0\0\0\x80", 4);
	return used + n + 4;
}

static void sign(CK_OBJECT_HANDLE key, const uint8_t *data, CK_ULONG n, uint8_t out[16])
{
	CK_ULONG length = 16;

	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	ok(f->C_Sign(s, (CK_BYTE_PTR)(uintptr_t)data, n, out, &length));
}

START_TEST(a_signing_key_computes_no_derived_key)
{
	CK_OBJECT_HANDLE base = open_master(), signs;
	uint8_t input[100], mac[16], value[16];
	CK_ULONG n;

	ok(derive_device(base, T(YES(CKA_SIGN)), &signs));
	keydiv_start(&p);
	put(KEYDIV_DEVICE, "SN-000123", 9);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base, T(READABLE)));
	get_bytes(made, CKA_VALUE, value, 16);
	n = kdf_input("message", p.bytes + 12, p.length - 12, input);
	sign(signs, input, n, mac);
	holds(memcmp(mac, value, 16) != 0);
	/* the computation itself is right: with the bytes of the deriving key it gives the key */
	ok(derive_device(base, T(READABLE), &made));
	get_bytes(made, CKA_VALUE, value, 16);
	sign(import(CKK_AES, value, 16, T(YES(CKA_SIGN))), input, n, mac);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base, T(READABLE)));
	get_bytes(made, CKA_VALUE, value, 16);
	holds(memcmp(mac, value, 16) == 0);
}
END_TEST

START_TEST(one_deriving_value_has_one_list)
{
	/* A data key that derives by CMAC would compute the device keys of its sibling. */
	CK_OBJECT_HANDLE base = closed_master();

	keydiv_start(&p);
	put(KEYDIV_NONCE, mk32, 16);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_DATA_KEY, base, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_DATA_KEY, base,
			T(YES(CKA_DERIVE),
				ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_AES_ECB_ENCRYPT_DATA))));
	holds(made == 0xABCD);
	ok(derive(CKM_KEYDIV_DATA_KEY, base, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY))));
	ok(derive_device(made, NOTHING, &made));
}
END_TEST

START_TEST(parameter_as_an_attribute)
{
	/* For callers that cannot pass a mechanism parameter of varying length. */
	CK_OBJECT_HANDLE base = open_master();
	CK_ATTRIBUTE parameter;

	keydiv_start(&p);
	put(KEYDIV_DEVICE, "SN-000123", 9);
	parameter = (CK_ATTRIBUTE)RAW(CKA_KEYDIV_PARAMETER, p.bytes, p.length);
	ok(f->C_DeriveKey(s, MECH(CKM_KEYDIV_DEVICE_KEY), base, T(parameter, READABLE), &made));
	value_is(made, "2759dd4361d7979a96a5c23692cd5555");
	/* not kept */
	CK_ATTRIBUTE got = {CKA_KEYDIV_PARAMETER, NULL, 0};
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, made, &got, 1));
	made = 0xABCD;
	gives(CKR_MECHANISM_PARAM_INVALID, derive_device(base, T(parameter), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_KEYDIV_DEVICE_KEY), base, T(READABLE), &made));
	p.bytes[0] = 0x7F;
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_KEYDIV_DEVICE_KEY), base, T(parameter), &made));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, MECH(CKM_KEYDIV_DEVICE_KEY), base,
						   T(RAW(CKA_KEYDIV_PARAMETER, NULL, 5)), &made));
	/* only where keys are derived or generated */
	gives(CKR_ATTRIBUTE_READ_ONLY, try_import(CKK_AES, mk, 16, T(parameter), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, base, T(parameter)));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, base, T(parameter), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), parameter), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_AES, mk, 16,
			T(YES(CKA_DERIVE), NESTED(CKA_DERIVE_TEMPLATE, parameter)), &made));
	holds(made == 0xABCD);
	keydiv_start(&p);
	put(KEYDIV_CONSTANT, "signing", 7);
	put(KEYDIV_PASSWORD, "correct horse", 13);
	parameter = (CK_ATTRIBUTE)RAW(CKA_KEYDIV_PARAMETER, p.bytes, p.length);
	ok(f->C_GenerateKey(s, MECH(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY),
		T(TYPE(CKK_AES), LENGTH(16), parameter, READABLE), &made));
	value_is(made, "99f222c78d5129a087669bb58eec96f8");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roles of values");
	TCase *tc = add_case(suite, "roles of values", start);

	tcase_add_test(tc, own_schemes);
	tcase_add_test(tc, initial_keys);
	tcase_add_loop_test(tc, dukpt_usage, 0, sizeof dukpt / sizeof *dukpt);
	tcase_add_test(tc, scp03_constants);
	tcase_add_test(tc, emv);
	tcase_add_test(tc, general_schemes);
	tcase_add_test(tc, hkdf);
	tcase_add_test(tc, leaves_ignore_derive_in_the_template);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, a_signing_key_computes_no_derived_key);
	tcase_add_test(tc, one_deriving_value_has_one_list);
	tcase_add_test(tc, parameter_as_an_attribute);
	return run(suite);
}
