/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_derive.c: C_DeriveKey with the diversification family: the published answers, the object
 * that comes out, refusals.
 */
#include "harness.h"

static CK_OBJECT_HANDLE made;
static CK_ULONG objects_before;
static KEYDIV_PARAMETER p;

static void start(void)
{
	user();
	made = 0xABCD;
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

static void device(const char *serial)
{
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, serial, strlen(serial));
}

static void nonces(void)
{
	keydiv_put(&p, KEYDIV_INITIATOR_NONCE, mk32, 8);
	keydiv_put(&p, KEYDIV_RESPONDER_NONCE, mk32 + 8, 8);
}

START_TEST(known_answers)
{
	CK_OBJECT_HANDLE master = open_master(),
			 long_master = import(CKK_AES, mk32, 32, T(OPEN_MASTER)),
			 cmac_master =
				 import(CKK_AES, mk, 16, T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_CMAC)));
	uint8_t salt[8];

	device("SN-000123");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE)));
	value_is(made, "2759dd4361d7979a96a5c23692cd5555");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, LENGTH(32))));
	value_is(made, "25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, long_master, T(READABLE)));
	value_is(made, "9eaf70a77a7975216ac1571d42c87475dfc1b8e0974217d4f3ac1b7946e6c546");
	unhex("0011223344556677", salt);
	keydiv_put(&p, KEYDIV_SALT, salt, 8);
	keydiv_put(&p, KEYDIV_PURPOSE, "mac", 3);
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE)));
	value_is(made, "a534ead2171eb5a37319a6e5e19dd387");
	device("SN-000123");
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(READABLE)));
	value_is(made, "d5158ad88eaed7329eb0fa2246ed5c5d");
	keydiv_put(&p, KEYDIV_MESSAGE_PURPOSE, "enc", 3);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(READABLE, LENGTH(32))));
	value_is(made, "078cccc4817b8b0e058a84653f251b1a50674428046ba93f61a453e5605c567f");
	device("SN-000123");
	nonces();
	ok(derive(CKM_KEYDIV_DEVICE_SESSION_KEY, master, T(READABLE)));
	value_is(made, "b7bcbd512389f178170f19fe0494677c");
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_NONCE, mk32, 16);
	ok(derive(CKM_KEYDIV_DATA_KEY, master, T(READABLE, LENGTH(32))));
	value_is(made, "f5197b7decbd8e22496680298aa2b747c6fc47449ab7f65a76f37047c04af36e");
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "SN-000123", 9);
	ok(derive(CKM_KEYDIV_CMAC, cmac_master, T(READABLE)));
	value_is(made, "fa6b718d2d54dfdea10dae169a93615f");
}
END_TEST

/*
 * USE is part of the value: each role of a serial number, and each kind of type, has its own key.
 */
START_TEST(known_answers_with_usage)
{
	CK_OBJECT_HANDLE master = open_master();

	device("SN-000123");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, YES(CKA_SIGN))));
	value_is(made, "3f2dba18a87fa581e735f039b80cbbfd");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, YES(CKA_VERIFY))));
	value_is(made, "3f2dba18a87fa581e735f039b80cbbfd");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, YES(CKA_ENCRYPT), YES(CKA_DECRYPT))));
	value_is(made, "0432d978ebae574bcbefa48e7c0504b8");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, YES(CKA_ENCRYPT), YES(CKA_SIGN))));
	value_is(made, "b5f9a1124d32f3142b091ba9bd783347");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, YES(CKA_WRAP))));
	value_is(made, "e4f6626f91d7a036582ee027e14ac50e");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, TYPE(CKK_DES2), YES(CKA_ENCRYPT))));
	value_is(made, "ea0157708ccb8f9831ae736d8a16efcb");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master,
		T(READABLE, TYPE(CKK_SHA256_HMAC), LENGTH(32), YES(CKA_SIGN))));
	value_is(made, "24d46aa5ed7c13e7ead23bb3b3862a3e9d64e2e81bb78b04fc1ba814cdac5dd3");
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(READABLE, YES(CKA_VERIFY))));
	value_is(made, "4fdf5115c93626ecf9759b92909656fb");
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(READABLE, YES(CKA_DECRYPT))));
	value_is(made, "5edbec2fe5b1b5e9a516134bb0d69808");
	device("SN-000123");
	nonces();
	ok(derive(CKM_KEYDIV_DEVICE_SESSION_KEY, master, T(READABLE, YES(CKA_SIGN))));
	value_is(made, "efc4e5c8739fa49d48d413f90650b0fa");
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_NONCE, mk32, 16);
	ok(derive(CKM_KEYDIV_DATA_KEY, master, T(READABLE, LENGTH(32), YES(CKA_ENCRYPT))));
	value_is(made, "56ce9c7de4096c95c62c1981e7a7717c1d37d1a44f10b7788601f4456db5115a");
}
END_TEST

/* The token adds USE. A caller who gives the field could choose the value of another role. */
START_TEST(use_is_not_the_callers)
{
	static const uint8_t use = KEYDIV_USE_MAC;

	device("SN-000123");
	keydiv_put(&p, KEYDIV_USE, &use, 1);
	gives(CKR_MECHANISM_PARAM_INVALID,
		derive(CKM_KEYDIV_DEVICE_KEY, open_master(), T(READABLE)));
}
END_TEST

START_TEST(two_steps_are_one)
{
	/* 0003 is 0001 and 0002, 0005 is 0001 and 0004, the inner key as long as the master. */
	CK_OBJECT_HANDLE master = import(CKK_AES, mk32, 32, T(OPEN_MASTER)), device_key;
	uint8_t one[32], two[32];

	device("SN-000123");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE_TRUSTED, YES(CKA_DERIVE))));
	device_key = made;
	keydiv_start(&p);
	keydiv_put_number(&p, KEYDIV_COUNTER, 77);
	keydiv_put(&p, KEYDIV_MESSAGE_PURPOSE, "mac", 3);
	ok(derive(CKM_KEYDIV_MESSAGE_KEY, device_key, T(READABLE_TRUSTED, LENGTH(16))));
	get_bytes(made, CKA_VALUE, one, 32);
	device("SN-000123");
	keydiv_put_number(&p, KEYDIV_COUNTER, 77);
	keydiv_put(&p, KEYDIV_MESSAGE_PURPOSE, "mac", 3);
	ok(derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(READABLE, LENGTH(16))));
	get_bytes(made, CKA_VALUE, two, 32);
	holds(memcmp(one, two, 16) == 0);
	keydiv_start(&p);
	nonces();
	ok(derive(CKM_KEYDIV_SESSION_KEY, device_key, T(READABLE_TRUSTED)));
	get_bytes(made, CKA_VALUE, one, 32);
	device("SN-000123");
	nonces();
	ok(derive(CKM_KEYDIV_DEVICE_SESSION_KEY, master, T(READABLE)));
	get_bytes(made, CKA_VALUE, two, 32);
	holds(memcmp(one, two, 32) == 0);
}
END_TEST

START_TEST(different_inputs_give_different_keys)
{
	/*
	 * (ab, c) and (a, bc); a short key is no prefix of the long one; lengths of fields count.
	 */
	CK_OBJECT_HANDLE master = open_master();
	uint8_t value[8][32];
	int i, j;

	memset(value, 0, sizeof value);
	for (i = 0; i < 8; i++) {
		device(i == 0 ? "ab" : i == 1 ? "a" : "SN-1");
		if (i == 0)
			keydiv_put(&p, KEYDIV_PURPOSE, "c", 1);
		if (i == 1)
			keydiv_put(&p, KEYDIV_PURPOSE, "bc", 2);
		if (i == 4)
			keydiv_put(&p, KEYDIV_SALT, mk32, 8);
		if (i == 5)
			keydiv_put(&p, KEYDIV_SALT, mk32, 9);
		if (i == 6)
			keydiv_put(&p, KEYDIV_PURPOSE, mk32, 8);
		if (i == 7)
			device("SN-1 ");
		ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE, LENGTH(i == 3 ? 32 : 16))));
		get_bytes(made, CKA_VALUE, value[i], 32);
		for (j = 0; j < i; j++)
			holds(memcmp(value[i], value[j], 16) != 0);
	}
}
END_TEST

START_TEST(labels_keep_roles_apart)
{
	/*
	 * The same bytes as context under "device", "message" and "session" give different keys; so
	 * does the CMAC of the context.
	 */
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16,
		T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY,
				       CKM_KEYDIV_SESSION_KEY)));
	uint8_t value[3][16];

	device("12345678");
	ok(derive(CKM_KEYDIV_DEVICE_KEY, master, T(READABLE)));
	get_bytes(made, CKA_VALUE, value[0], 16);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_COUNTER, "12345678", 8);
	ok(derive(CKM_KEYDIV_MESSAGE_KEY, master, T(READABLE)));
	get_bytes(made, CKA_VALUE, value[1], 16);
	holds(memcmp(value[0], value[1], 16) != 0);
}
END_TEST

START_TEST(the_same_inputs_give_the_same_key)
{
	CK_OBJECT_HANDLE master = open_master(),
			 token = import(CKK_AES, mk, 16,
				 T(OPEN_MASTER, YES(CKA_TOKEN), STR(CKA_LABEL, "m")));
	int i;

	for (i = 0; i < 3; i++) {
		ok(derive_device(i % 2 ? token : master, T(READABLE), &made));
		value_is(made, "2759dd4361d7979a96a5c23692cd5555");
	}
	ok(derive_device(token, T(READABLE, YES(CKA_TOKEN), STR(CKA_LABEL, "kept")), &made));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kept")), &made, 1), 1);
	value_is(made, "2759dd4361d7979a96a5c23692cd5555");
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "m")), &token, 1), 1);
	ok(derive_device(token, T(READABLE), &made));
	value_is(made, "2759dd4361d7979a96a5c23692cd5555");
}
END_TEST

START_TEST(sensitivity_of_derived_keys)
{
	static const CK_BBOOL values[] = {CK_FALSE, CK_TRUE};
	CK_OBJECT_HANDLE base;
	int sensitive, extractable, child_extractable;

	for (sensitive = 0; sensitive < 2; sensitive++)
		for (extractable = 0; extractable < 2; extractable++)
			for (child_extractable = 0; child_extractable < 2; child_extractable++) {
				if (!extractable && child_extractable)
					continue;
				ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
					T(LENGTH(16), YES(CKA_DERIVE),
						RAW(CKA_SENSITIVE, &values[sensitive], 1),
						RAW(CKA_EXTRACTABLE, &values[extractable], 1),
						YES(CKA_WRAP_WITH_TRUSTED)),
					&base));
				ok(derive_device(base,
					T(YES(CKA_SENSITIVE),
						RAW(CKA_EXTRACTABLE, &values[child_extractable], 1),
						YES(CKA_WRAP_WITH_TRUSTED)),
					&made));
				holds(!get_bool(made, CKA_LOCAL));
				holds(get_ulong(made, CKA_KEY_GEN_MECHANISM) ==
					CK_UNAVAILABLE_INFORMATION);
				holds(get_bool(made, CKA_ALWAYS_SENSITIVE) == sensitive);
				holds(get_bool(made, CKA_NEVER_EXTRACTABLE) ==
					(!extractable && !child_extractable));
				holds(get_ulong(made, CKA_VALUE_LEN) == 16);
				holds(get_ulong(made, CKA_CLASS) == CKO_SECRET_KEY &&
					get_ulong(made, CKA_KEY_TYPE) == CKK_AES);
			}
}
END_TEST

START_TEST(types_and_lengths)
{
	CK_OBJECT_HANDLE master = open_master();
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length, wanted;
	} good[] = {{CKK_AES, 16, 16}, {CKK_AES, 24, 24}, {CKK_AES, 32, 32},
		{CKK_GENERIC_SECRET, 16, 16}, {CKK_GENERIC_SECRET, 33, 33},
		{CKK_GENERIC_SECRET, 64, 64}, {CKK_SHA256_HMAC, 32, 32}, {CKK_SHA512_HMAC, 64, 64},
		{CKK_DES2, 0, 16}, {CKK_DES3, 0, 24}};
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length;
	} bad[] = {{CKK_AES, 0}, {CKK_AES, 1}, {CKK_AES, 8}, {CKK_AES, 15}, {CKK_AES, 17},
		{CKK_AES, 33}, {CKK_AES, 64}, {CKK_AES, 1UL << 31}, {CKK_AES, (CK_ULONG)-1},
		{CKK_GENERIC_SECRET, 0}, {CKK_GENERIC_SECRET, 15}, {CKK_GENERIC_SECRET, 65},
		{CKK_GENERIC_SECRET, (CK_ULONG)-1}, {CKK_GENERIC_SECRET, 1UL << 61},
		{CKK_SHA_1_HMAC, 15}};
	uint8_t value[64];
	size_t i, j;

	for (i = 0; i < sizeof good / sizeof *good; i++) {
		if (good[i].length)
			ok(derive_device(master,
				T(READABLE, TYPE(good[i].type), LENGTH(good[i].length)), &made));
		else
			ok(derive_device(master, T(READABLE, TYPE(good[i].type)), &made));
		holds(get_bytes(made, CKA_VALUE, value, 64) == good[i].wanted);
		holds(get_ulong(made, CKA_KEY_TYPE) == good[i].type);
		if (good[i].type == CKK_DES2 || good[i].type == CKK_DES3)
			for (j = 0; j < good[i].wanted; j++)
				holds(__builtin_parity(value[j]) == 1);
	}
	objects_before = find(s, NOTHING, NULL, 0);
	made = 0xABCD;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		gives(CKR_KEY_SIZE_RANGE,
			derive_device(master, T(TYPE(bad[i].type), LENGTH(bad[i].length)), &made));
	holds(derive_device(master, T(TYPE(CKK_DES3), LENGTH(16)), &made) != CKR_OK);
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == objects_before);
}
END_TEST

START_TEST(cmac_has_one_block)
{
	/* CMAC gives 16 bytes and no more. */
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16, T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_CMAC)));

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "", 0);
	ok(derive(CKM_KEYDIV_CMAC, master, T(READABLE)));
	value_is(made, "bb1d6929e95937287fa37d129b756746"); /* SP 800-38B, D.1, example 1 */
	made = 0xABCD;
	gives(CKR_KEY_SIZE_RANGE, derive(CKM_KEYDIV_CMAC, master, T(LENGTH(32))));
	gives(CKR_KEY_SIZE_RANGE, derive(CKM_KEYDIV_CMAC, master, T(LENGTH(8))));
	gives(CKR_KEY_SIZE_RANGE, derive(CKM_KEYDIV_CMAC, master, T(TYPE(CKK_DES3))));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(refused_templates)
{
	CK_OBJECT_HANDLE master = open_master();
	static const uint8_t eight[8] = {1};

	objects_before = find(s, NOTHING, NULL, 0);
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		derive_device(master, T(RAW(CKA_VALUE, mk, 16)), &made));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		derive_device(master, T(YES(CKA_LOCAL)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(master, T(YES(CKA_SIGN), YES(CKA_SIGN), NO(CKA_SIGN)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(master, T(CLASS(CKO_PUBLIC_KEY)), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		derive_device(master, T(RAW(CKA_SENSITIVE, eight, 8)), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		derive_device(master, T(RAW(CKA_LABEL, NULL, 4)), &made));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, derive_device(master, T(NUM(0x99999, 1)), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, derive_device(master, T(YES(CKA_TRUSTED)), &made));
	holds(derive_device(master, T(TYPE(CKK_RSA)), &made) != CKR_OK);
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == objects_before);
}
END_TEST

START_TEST(refused_arguments)
{
	CK_OBJECT_HANDLE master = open_master();
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");
	CK_MECHANISM bad[] = {{m.mechanism, NULL, 0}, {m.mechanism, NULL, 12},
		{m.mechanism, NULL, (CK_ULONG)-1}, {m.mechanism, m.pParameter, 0},
		{m.mechanism, m.pParameter, 11}, {m.mechanism, m.pParameter, (CK_ULONG)-1},
		{m.mechanism, m.pParameter, 1UL << 32}};
	size_t i;

	objects_before = find(s, NOTHING, NULL, 0);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_DeriveKey(s, &bad[i], master, NOTHING, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_DeriveKey(s, NULL, master, NOTHING, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_DeriveKey(s, &m, master, NULL, 3, &made));
	gives(CKR_ARGUMENTS_BAD, f->C_DeriveKey(s, &m, master, NOTHING, NULL));
	gives(CKR_KEY_HANDLE_INVALID, f->C_DeriveKey(s, &m, 0, NOTHING, &made));
	gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, MECH(CKM_AES_ECB), master, NOTHING, &made));
	gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, MECH(CKM_AES_CMAC), master, NOTHING, &made));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		derive_device(import(CKK_AES, mk, 16, T(READABLE)), NOTHING, &made));
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == objects_before + 1);
}
END_TEST

START_TEST(what_the_caller_changes_meanwhile)
{
	/*
	 * The parameter may be unaligned, and is read only once: what is behind it does
	 * not matter afterwards.
	 */
	CK_OBJECT_HANDLE master = open_master();
	uint8_t room[64];
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123"), odd;
	int shift;

	for (shift = 0; shift < 8; shift++) {
		memcpy(room + shift, m.pParameter, m.ulParameterLen);
		odd = (CK_MECHANISM){m.mechanism, room + shift, m.ulParameterLen};
		ok(f->C_DeriveKey(s, &odd, master, T(READABLE), &made));
		memset(room, 0xFF, sizeof room);
		value_is(made, "2759dd4361d7979a96a5c23692cd5555");
	}
}
END_TEST

START_TEST(derived_keys_work)
{
	CK_OBJECT_HANDLE master = closed_master();
	uint8_t mac[16], wanted[16];
	CK_ULONG n = 16;

	ok(derive_device(master, T(YES(CKA_SIGN), YES(CKA_VERIFY)), &made));
	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), made));
	ok(f->C_Sign(s, (CK_BYTE_PTR) "message", 7, mac, &n));
	unhex("3f2dba18a87fa581e735f039b80cbbfd", wanted);
	CK_OBJECT_HANDLE outside = import(CKK_AES, wanted, 16, T(YES(CKA_VERIFY)));
	ok(f->C_VerifyInit(s, MECH(CKM_AES_CMAC), outside));
	gives(CKR_OK, f->C_Verify(s, (CK_BYTE_PTR) "message", 7, mac, 16));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), made));
}
END_TEST

START_TEST(twenty_thousand_derivations)
{
	CK_OBJECT_HANDLE master = open_master();
	CK_MECHANISM m;
	char serial[32];
	int i;

	for (i = 0; i < 20000; i++) {
		snprintf(serial, sizeof serial, "SN-%08d", i);
		m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, serial);
		ok(f->C_DeriveKey(s, &m, master, NOTHING, &made));
		if (i % 2)
			ok(f->C_DestroyObject(s, made));
	}
	m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");
	ok(f->C_DeriveKey(s, &m, master, T(READABLE), &made));
	value_is(made, "2759dd4361d7979a96a5c23692cd5555");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("derive");
	TCase *tc = add_case(suite, "derive", start);

	tcase_add_test(tc, known_answers);
	tcase_add_test(tc, known_answers_with_usage);
	tcase_add_test(tc, use_is_not_the_callers);
	tcase_add_test(tc, two_steps_are_one);
	tcase_add_test(tc, different_inputs_give_different_keys);
	tcase_add_test(tc, labels_keep_roles_apart);
	tcase_add_test(tc, the_same_inputs_give_the_same_key);
	tcase_add_test(tc, sensitivity_of_derived_keys);
	tcase_add_test(tc, types_and_lengths);
	tcase_add_test(tc, cmac_has_one_block);
	tcase_add_test(tc, refused_templates);
	tcase_add_test(tc, refused_arguments);
	tcase_add_test(tc, what_the_caller_changes_meanwhile);
	tcase_add_test(tc, derived_keys_work);
	tcase_add_test(tc, twenty_thousand_derivations);
	return run(suite);
}
