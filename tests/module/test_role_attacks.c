/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_role_attacks.c: a holder of the user's PIN tries to give one value two roles, to widen the
 * bounds of a master, to make a key that promises what no mechanism does, and to pass a parameter
 * in ways that are not permitted.
 */
#include "harness.h"

static CK_OBJECT_HANDLE made;
static KEYDIV_PARAMETER p;

static void start(void)
{
	user();
	made = 0xABCD;
}

/* --- Two roles --- */

static CK_RV extract(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_HKDF_PARAMS params = {
		CK_TRUE, CK_FALSE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};

	return f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, params), base, t, n, &made);
}

static CK_RV expand(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_HKDF_PARAMS params = {CK_FALSE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0,
		(CK_BYTE_PTR) "info", 4};

	return f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, params), base, t, n, &made);
}

static CK_RV cmac(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "x", 1);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_CMAC, &p);
	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

/* Only the role of a leaf is left, whatever the template of the derived BASE says. */
#define ONLY_LEAVES(derive, base)                                                                  \
	do {                                                                                       \
		gives(CKR_TEMPLATE_INCONSISTENT, derive((base), T(YES(CKA_DERIVE))));              \
		gives(CKR_TEMPLATE_INCONSISTENT, derive((base), T(YES(CKA_WRAP))));                \
		gives(CKR_TEMPLATE_INCONSISTENT, derive((base), T(YES(CKA_UNWRAP))));              \
		gives(CKR_TEMPLATE_INCONSISTENT, derive((base), NOTHING));                         \
	} while (0)

START_TEST(the_template_of_a_derived_key_decides_no_role)
{
	/* An HMAC by the leaf would be a child of the key of the same value that derives. */
	CK_OBJECT_HANDLE base = import(CKK_HKDF, mk32, 32, T(YES(CKA_DERIVE)));
	const CK_ATTRIBUTE derives = NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE)),
			   wraps = NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_WRAP), TYPE(CKK_AES));

	ok(extract(base, T(YES(CKA_DERIVE))));
	gives(CKR_OK, expand(made, T(YES(CKA_SIGN))));
	ok(extract(base, T(YES(CKA_DERIVE), derives)));
	ONLY_LEAVES(expand, made);
	ok(extract(base, T(YES(CKA_DERIVE), wraps)));
	ONLY_LEAVES(expand, made);
	/* the template still bounds the leaf */
	ok(extract(base, T(YES(CKA_DERIVE), NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_SIGN)))));
	gives(CKR_TEMPLATE_INCONSISTENT, expand(made, T(NO(CKA_SIGN))));
	ok(expand(made, NOTHING));
	holds(get_bool(made, CKA_SIGN));
}
END_TEST

START_TEST(no_role_by_template_in_a_chain)
{
	const CK_ATTRIBUTE derives = NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE)),
			   bounds = NESTED(
				   CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC));
	CK_OBJECT_HANDLE first, base = import(CKK_AES, mk, 16,
					T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC), bounds));

	ok(cmac(base, NOTHING));
	first = made;
	gives(CKR_OK, cmac(first, T(YES(CKA_SIGN))));
	ok(cmac(base, T(derives)));
	ONLY_LEAVES(cmac, made);
	ok(f->C_CopyObject(s, made, NOTHING, &made));
	ONLY_LEAVES(cmac, made);
}
END_TEST

START_TEST(no_key_of_equal_blocks)
{
	static const CK_KEY_TYPE types[] = {CKK_DES2, CKK_AES, CKK_GENERIC_SECRET, CKK_SHA256_HMAC};
	CK_KEY_DERIVATION_STRING_DATA text = {(CK_BYTE_PTR) "01234567"
							    "01234567",
		16};
	CK_OBJECT_HANDLE base =
		import(CKK_DES3, mk32, 24, T(YES(CKA_DERIVE), ALLOWED(CKM_DES3_ECB_ENCRYPT_DATA)));

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		text.pData = (CK_BYTE_PTR) "01234567"
					   "01234567";
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_DeriveKey(s, MECH_OF(CKM_DES3_ECB_ENCRYPT_DATA, text), base,
				T(TYPE(types[i]), LENGTH(16)), &made));
		holds(made == 0xABCD);
		text.pData = (CK_BYTE_PTR) "01234567"
					   "01234568";
		gives(CKR_OK, f->C_DeriveKey(s, MECH_OF(CKM_DES3_ECB_ENCRYPT_DATA, text), base,
				      T(TYPE(types[i]), LENGTH(16)), &made));
		made = 0xABCD;
	}
}
END_TEST

/* --- Values of different roles --- */

enum { COMBINATIONS = 8, MOST = 200 };
static struct {
	unsigned use;
	uint8_t bytes[16];
} values[MOST];
static size_t value_count;

static void keep_value(unsigned use)
{
	ck_assert_uint_lt(value_count, MOST);
	values[value_count].use = use;
	ck_assert_uint_ge(get_bytes(made, CKA_VALUE, (uint8_t[64]){0}, 64), 16);
	uint8_t all[64];
	get_bytes(made, CKA_VALUE, all, sizeof all);
	for (size_t i = 0; i < value_count; i++)
		holds((memcmp(values[i].bytes, all, 16) == 0) == (values[i].use == use));
	memcpy(values[value_count++].bytes, all, 16);
}

/* Derive by TYPE with every combination of pairs, types and lengths, and compare all values. */
static void every_role(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length;
		unsigned use;
	} kinds[] = {{CKK_AES, 16, 0}, {CKK_AES, 32, 0}, {CKK_DES2, 16, 0x10},
		{CKK_GENERIC_SECRET, 16, 0x20}, {CKK_SHA256_HMAC, 32, 0x20}};
	static const CK_ATTRIBUTE_TYPE pairs[3][2] = {
		{CKA_ENCRYPT, CKA_DECRYPT}, {CKA_SIGN, CKA_VERIFY}, {CKA_WRAP, CKA_UNWRAP}};

	value_count = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (unsigned bits = 0; bits < 64; bits++) {
			CK_ATTRIBUTE t[12] = {
				READABLE, TYPE(kinds[k].type), LENGTH(kinds[k].length)};
			CK_ULONG n = 4;
			unsigned use = 0;
			if (bits & 0x2A && bits & 0x15)
				continue; /* one of each pair is enough */
			for (unsigned i = 0; i < 6; i++)
				if (bits >> i & 1)
					t[n++] = (CK_ATTRIBUTE)YES(pairs[i / 2][i % 2]);
			for (unsigned i = 0; i < 3; i++)
				use |= bits >> 2 * i & 3 ? 1u << i : 0;
			if (kinds[k].type != CKK_AES && kinds[k].type != CKK_DES2)
				use &= 3; /* such a key wraps nothing */
			use |= use != 0 ? kinds[k].use : 0;
			CK_MECHANISM m = keydiv_mechanism(type, &p);
			ok(f->C_DeriveKey(s, &m, base, t, n, &made));
			/* parity and length make values of other types different */
			if (use == 0 && kinds[k].type == CKK_DES2)
				use = 0x100;
			keep_value(use | (kinds[k].length == 32 ? 0x200u : 0));
			ok(f->C_DestroyObject(s, made));
		}
}

START_TEST(each_use_has_a_value_of_its_own)
{
	CK_OBJECT_HANDLE base = open_master(), registers;

	registers = import(CKK_AES, mk, 16, T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_ODUKPT_KEY)));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-1", 4);
	every_role(CKM_KEYDIV_DEVICE_KEY, base);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	every_role(CKM_KEYDIV_DEVICE_MESSAGE_KEY, base);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_NONCE, mk32, 16);
	every_role(CKM_KEYDIV_DATA_KEY, base);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-1", 4);
	keydiv_put(&p, KEYDIV_INITIATOR_NONCE, mk32, 8);
	keydiv_put(&p, KEYDIV_RESPONDER_NONCE, mk32, 8);
	every_role(CKM_KEYDIV_DEVICE_SESSION_KEY, base);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "T", 1);
	keydiv_put(&p, KEYDIV_SHAPE, "\3\3", 2);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, 5);
	every_role(CKM_KEYDIV_ODUKPT_KEY, registers);
}
END_TEST

/* --- CKA_WRAP reads true only if wrapping works --- */

static void wraps_nothing(CK_OBJECT_HANDLE key)
{
	holds(!get_bool(key, CKA_WRAP) && !get_bool(key, CKA_UNWRAP));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, key, T(YES(CKA_WRAP))));
}

#define EVERY_USAGE                                                                                \
	YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), YES(CKA_VERIFY), YES(CKA_WRAP),         \
		YES(CKA_UNWRAP), NO(CKA_DERIVE)

START_TEST(keys_that_wrap_nothing)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length;
		CK_MECHANISM_TYPE generate;
	} types[] = {{CKK_GENERIC_SECRET, 32, CKM_GENERIC_SECRET_KEY_GEN},
		{CKK_HKDF, 32, CKM_HKDF_KEY_GEN}, {CKK_SHA256_HMAC, 32, 0}};
	CK_ATTRIBUTE length;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		wraps_nothing(import(types[i].type, mk32, types[i].length, T(EVERY_USAGE)));
		wraps_nothing(import(types[i].type, mk32, types[i].length, T(YES(CKA_WRAP))));
		gives(CKR_TEMPLATE_INCONSISTENT,
			try_import(types[i].type, mk32, types[i].length,
				T(YES(CKA_WRAP), YES(CKA_DERIVE), ALLOWED(CKM_HKDF_DERIVE)),
				&made));
		if (types[i].generate == 0)
			continue;
		length = (CK_ATTRIBUTE)LENGTH(types[i].length);
		ok(f->C_GenerateKey(s, MECH(types[i].generate), T(length, EVERY_USAGE), &made));
		wraps_nothing(made);
	}
	ok(derive_device(closed_master(),
		T(TYPE(CKK_SHA256_HMAC), LENGTH(32), YES(CKA_SIGN), YES(CKA_WRAP)), &made));
	wraps_nothing(made);
	holds(get_bool(made, CKA_SIGN));
	/* a DES key wraps key blocks */
	ok(derive_device(closed_master(), T(TYPE(CKK_DES3), LENGTH(24), EVERY_USAGE), &made));
	holds(get_bool(made, CKA_WRAP) && get_bool(made, CKA_UNWRAP));
	ok(derive_device(closed_master(), T(EVERY_USAGE), &made));
	holds(get_bool(made, CKA_WRAP) && get_bool(made, CKA_UNWRAP));
}
END_TEST

/* --- Lists --- */

static const CK_ATTRIBUTE empty_list = {CKA_ALLOWED_MECHANISMS, NULL, 0};

static void allows_nothing(CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, NULL, 0};

	gives(CKR_OK, f->C_GetAttributeValue(s, key, &a, 1));
	holds(a.ulValueLen == 0);
	gives(CKR_MECHANISM_INVALID, derive_device(key, NOTHING, &made));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_SetAttributeValue(s, key, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY))));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_CopyObject(s, key, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY)), &made));
}

START_TEST(an_empty_list_allows_nothing)
{
	CK_OBJECT_HANDLE key = closed_master(), copy;

	allows_nothing(import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), empty_list)));
	ok(f->C_CopyObject(s, key, T(empty_list), &copy));
	allows_nothing(copy);
	ok(f->C_CopyObject(s, copy, NOTHING, &copy));
	allows_nothing(copy);
	ok(f->C_SetAttributeValue(s, key, T(empty_list)));
	allows_nothing(key);
	ok(derive_device(closed_master(), T(YES(CKA_DERIVE), empty_list), &key));
	allows_nothing(key);
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE), empty_list)));
	ok(derive_device(key, NOTHING, &key));
	allows_nothing(key);
	key = import(CKK_AES, mk, 16, T(YES(CKA_SIGN), empty_list));
	gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, MECH(CKM_AES_CMAC), key));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_AES, mk, 16,
			T(YES(CKA_DERIVE), RAW(CKA_ALLOWED_MECHANISMS, NULL, 8)), &made));
}
END_TEST

/* --- The parameter as an attribute --- */

START_TEST(no_pointers_from_the_attribute)
{
	/* A mechanism with a struct of PKCS#11 must not read the struct from the attribute. */
	CK_KEY_DERIVATION_STRING_DATA text = {(CK_BYTE_PTR)(uintptr_t)mk32, 16};
	CK_HKDF_PARAMS hkdf = {
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, (CK_BYTE_PTR)8, 64, 0, NULL, 0};
	CK_OBJECT_HANDLE aes = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA)));
	CK_OBJECT_HANDLE generic = import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_DERIVE)));
	CK_ATTRIBUTE a = RAW(CKA_KEYDIV_PARAMETER, &text, sizeof text),
		     b = RAW(CKA_KEYDIV_PARAMETER, &hkdf, sizeof hkdf);

	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_AES_ECB_ENCRYPT_DATA), aes, T(a), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH_OF(CKM_AES_ECB_ENCRYPT_DATA, text), aes, T(a), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_AES_CBC_ENCRYPT_DATA), aes, T(a), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_HKDF_DERIVE), generic, T(b), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_DeriveKey(s, MECH(CKM_SP800_108_COUNTER_KDF), generic, T(b), &made));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_GenerateKey(s, MECH(CKM_PKCS5_PBKD2), T(b, LENGTH(16)), &made));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(attributes_of_every_length)
{
	static uint8_t room[5000];
	CK_OBJECT_HANDLE base = open_master(), by_cmac = import(CKK_AES, mk, 16,
						       T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_CMAC)));
	CK_ATTRIBUTE none = {CKA_KEYDIV_PARAMETER, NULL, 0}, a = RAW(CKA_KEYDIV_PARAMETER, room, 0),
		     other = RAW(CKA_KEYDIV_PARAMETER, "\1\0\1y", 4);
	CK_MECHANISM m = {CKM_KEYDIV_DEVICE_KEY, NULL, 0};

	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, T(none), &made));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, T(a), &made));
	a.ulValueLen = CK_UNAVAILABLE_INFORMATION;
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, T(a), &made));
	memcpy(room, "\1\0\1x", 4);
	a.ulValueLen = 4;
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_DeriveKey(s, &m, base, T(a, other), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_DeriveKey(s, &m, base, T(other, a), &made));
	holds(made == 0xABCD);
	gives(CKR_OK, f->C_DeriveKey(s, &m, base, T(a, a), &made)); /* the same twice */
	/* a message of 4000 bytes is the longest; the attribute takes no more than a parameter */
	memcpy(room, "\x30\x0f\xa0", 3);
	m.mechanism = CKM_KEYDIV_CMAC;
	a.ulValueLen = 4003;
	gives(CKR_OK, f->C_DeriveKey(s, &m, by_cmac, T(a), &made));
	made = 0xABCD;
	for (a.ulValueLen = 4095; a.ulValueLen < 4099; a.ulValueLen++) {
		room[1] = (uint8_t)((a.ulValueLen - 3) >> 8);
		room[2] = (uint8_t)(a.ulValueLen - 3);
		gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, by_cmac, T(a), &made));
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_DeriveKey(s, MECH_P(CKM_KEYDIV_CMAC, room, a.ulValueLen), by_cmac,
				NOTHING, &made));
	}
	holds(made == 0xABCD);
	/* nowhere else */
	a.ulValueLen = 4;
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_AES, mk, 16, T(NESTED(CKA_UNWRAP_TEMPLATE, a)), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_AES, mk, 16, T(NESTED(CKA_WRAP_TEMPLATE, a)), &made));
	ck_assert_uint_eq(find(s, T(a), NULL, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attacks on roles");
	TCase *tc = add_case(suite, "attacks on roles", start);

	tcase_add_test(tc, the_template_of_a_derived_key_decides_no_role);
	tcase_add_test(tc, no_role_by_template_in_a_chain);
	tcase_add_test(tc, no_key_of_equal_blocks);
	tcase_add_test(tc, each_use_has_a_value_of_its_own);
	tcase_add_test(tc, keys_that_wrap_nothing);
	tcase_add_test(tc, an_empty_list_allows_nothing);
	tcase_add_test(tc, no_pointers_from_the_attribute);
	tcase_add_test(tc, attributes_of_every_length);
	return run(suite);
}
