/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_schemes.c: every scheme through C_DeriveKey and C_GenerateKey as an application calls them,
 * one published answer each.
 */
#include "harness.h"

static CK_OBJECT_HANDLE made;

/* A readable base that may do TYPE and nothing else. */
static CK_OBJECT_HANDLE base_for(CK_MECHANISM_TYPE type, CK_KEY_TYPE key_type, const char *hex)
{
	uint8_t value[64];
	size_t n = unhex(hex, value);

	return import(key_type, value, n, T(OPEN_MASTER, ALLOWED(type)));
}

static const struct flat {
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE base_type;
	const char *base, *parameter;
	CK_KEY_TYPE type;
	const char *value;
} flats[] = {
	{CKM_KEYDIV_CMAC, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", "300009534e2d303030313233",
		CKK_AES, "fa6b718d2d54dfdea10dae169a93615f"},
	{CKM_KEYDIV_AN10922, CKK_AES, "00112233445566778899aabbccddeeff",
		"30001104782e21801d803042f54e585020416275", CKK_AES,
		"a8dd63a3b89d54b37ca802473fda9175"},
	{CKM_KEYDIV_SCP03_KEY, CKK_AES, "404142434445464748494a4b4c4d4e4f",
		"31000104320010fe0530cf61baa9f383fa042c5c10f778", CKK_AES,
		"7392646744df8721131c4a995a845bae"},
	{CKM_KEYDIV_EMV_CARD_KEY, CKK_DES2, "0123456789abcdeffedcba9876543210",
		"340001413500113132333435363738393031323334353637"
		"3600023031",
		CKK_DES2, "73ad54688cef2934b0979857e3c719f1"},
	{CKM_KEYDIV_EMV_SESSION_KEY, CKK_AES, "3ad95fe6ad75062dfcf19d834504ac23",
		"37001000010000000000000000000000000000", CKK_AES,
		"2aaaa9cf4708a113c3e7f06b429cc35b"},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKK_AES, "01020304050607080102030405060708",
		"440001014500030100004600030102034800020102", CKK_AES,
		"df53c35f3034ccced0ff354c70de04df"},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKK_AES, "01020304050607080102030405060708",
		"4400010345000301000047000808070605040302014800020102", CKK_AES,
		"589498993092cfdb5fd2e02ac7510bf1"},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKK_AES, "0302030405060708090a0b0c0d0e0f10", "44000110",
		CKK_AES, "55344e82570eaec8bf03b99962d1f445"},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKK_AES, "0102030405060708090a0b0c0d0e0f10",
		"440001134a000401020304", CKK_AES, "95cb4518ee375606735bbacbdce837fa"},
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKK_DES2, "0123456789abcdeffedcba9876543210",
		"40000affff9876543210e00000", CKK_GENERIC_SECRET,
		"6ac292faa1315b4d858ab3a3d7d5933a"},
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKK_DES2, "0123456789abcdeffedcba9876543210",
		"40000affff9876543210e00000", CKK_DES2, "6ac292faa1315b4d858ab3a3d7d5933a"},
	{CKM_KEYDIV_TDES_DUKPT_KEY, CKK_DES2, "0123456789abcdeffedcba9876543210",
		"40000affff9876543210effc004100021000", CKK_DES2,
		"f8430df87508256ec77ae5ef4fda9110"},
	{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKK_DES2, "6ac292faa1315b4d858ab3a3d7d5933a",
		"40000affff9876543210effc004100021000", CKK_DES2,
		"f8430df87508256ec77ae5ef4fda9110"},
	{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, "fedcba9876543210f1f1f1f1f1f1f1f1",
		"4000081234567890123456", CKK_AES, "1273671ea26ac29afa4d1084127652a1"},
	{CKM_KEYDIV_AES_DUKPT_KEY, CKK_AES, "fedcba9876543210f1f1f1f1f1f1f1f1",
		"40000c1234567890123456000000034100021000", CKK_AES,
		"7d69f01f3b45449f62c7816ece723268"},
	{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKK_AES, "1273671ea26ac29afa4d1084127652a1",
		"40000c1234567890123456000000034100021000", CKK_AES,
		"7d69f01f3b45449f62c7816ece723268"},
	{CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
		"01000b5445524d494e414c2d30315000020303", CKK_AES,
		"6b19db10601cbc2a9d230d011bc605e4"},
	{CKM_KEYDIV_ODUKPT_KEY, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
		"01000b5445524d494e414c2d303150000203035100080000000000000012", CKK_AES,
		"8e6ff7d16e9f7f7d5668971568fffd32"},
	{CKM_KEYDIV_HOROWITZ_DK, CKK_DES3, "010102020404070708080b0b0d0d0e0e1010131315151616",
		"6000077369676e696e67", CKK_DES3,
		"19d3cbf4a761a11932e9e0512c6e8f9b0b6191e64fe61654"},
	{CKM_KEYDIV_RFC3961_DK, CKK_DES3, "dce06b1f64c857a11c3db57c51899b2cc1791008ce973b92",
		"6000050000000155", CKK_DES3, "925179d04591a79b5d3192c4a7e9c289b049c71f6ee604cd"},
};

/* The mechanism of FLAT with its parameter, which stays until the next call. */
static CK_MECHANISM flat_mechanism(const struct flat *flat)
{
	static uint8_t parameter[128];

	return (CK_MECHANISM){flat->mechanism, parameter, unhex(flat->parameter, parameter)};
}

START_TEST(schemes_with_flat_parameters)
{
	const struct flat *flat = &flats[_i];
	CK_OBJECT_HANDLE base = base_for(flat->mechanism, flat->base_type, flat->base);
	CK_MECHANISM m = flat_mechanism(flat);

	ok(f->C_DeriveKey(s, &m, base, T(READABLE, TYPE(flat->type)), &made));
	value_is(made, flat->value);
	holds(get_ulong(made, CKA_KEY_TYPE) == flat->type);
	/* a base whose list does not name the mechanism */
	CK_OBJECT_HANDLE other =
		import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	if (flat->base_type == CKK_AES)
		gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, other, T(READABLE), &made));
	m.ulParameterLen--;
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, T(READABLE), &made));
}
END_TEST

/* --- SP 800-108: several keys at once --- */

static CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 8};
static CK_OBJECT_HANDLE more_made[2];
static CK_DERIVED_KEY more[2];
static uint8_t fixed[60];
static CK_PRF_DATA_PARAM list[] = {{CK_SP800_108_BYTE_ARRAY, fixed, sizeof fixed},
	{CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter}};
static CK_SP800_108_KDF_PARAMS kdf = {CKM_AES_CMAC, 2, list, 0, NULL};

/* NIST's counter-mode vector of 256 bits, which is cut into keys of 128 bits here. */
static CK_OBJECT_HANDLE kdf_base(void)
{
	unhex("e679861a613465a67385372671b107e6b895a2f64043c934ff4256a7e63cfb8bfacc2124251c90fa670d"
	      "45745c1c35da9b6e05af"
	      "77ea9c4a"
	      "d486fd1a",
		fixed);
	return base_for(CKM_SP800_108_COUNTER_KDF, CKK_AES, "23eb065be127a881e35a6514d435679f");
}

START_TEST(several_keys)
{
	CK_OBJECT_HANDLE base = kdf_base();
	CK_ATTRIBUTE t[] = {LENGTH(16), TYPE(CKK_AES), READABLE};

	more[0] = (CK_DERIVED_KEY){t, 4, &more_made[0]};
	more[1] = (CK_DERIVED_KEY){t, 4, &more_made[1]};
	kdf.pAdditionalDerivedKeys = more;
	kdf.ulAdditionalDerivedKeys = 1;
	ok(f->C_DeriveKey(s, MECH_P(CKM_SP800_108_COUNTER_KDF, &kdf, sizeof kdf), base,
		T(READABLE, TYPE(CKK_AES), LENGTH(16)), &made));
	value_is(made, "ea4ebbb4efff4b01684012ed8ff9c64e");
	value_is(more_made[0], "70ae38197c36445a6c804a0e44819ac3");

	/* all or none: the second of two has a template that cannot be */
	CK_ULONG before = find(s, NOTHING, NULL, 0);
	CK_ATTRIBUTE bad[] = {LENGTH(17), TYPE(CKK_AES)};
	more[1] = (CK_DERIVED_KEY){bad, 2, &more_made[1]};
	kdf.ulAdditionalDerivedKeys = 2;
	CK_RV rv = f->C_DeriveKey(s, MECH_P(CKM_SP800_108_COUNTER_KDF, &kdf, sizeof kdf), base,
		T(READABLE, TYPE(CKK_AES), LENGTH(16)), &made);
	gives(CKR_KEY_SIZE_RANGE, rv);
	holds(find(s, NOTHING, NULL, 0) == before);
}
END_TEST

/* --- HKDF --- */

static uint8_t salt[13], info[10];
static CK_HKDF_PARAMS hkdf = {
	CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, salt, 13, 0, info, 10};
static const char okm[] =
	"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";

START_TEST(hkdf_keys_and_data)
{
	CK_OBJECT_HANDLE base = base_for(CKM_HKDF_DERIVE, CKK_GENERIC_SECRET,
				 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
			 data_base = base_for(CKM_HKDF_DATA, CKK_GENERIC_SECRET,
				 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
			 salt_key;

	unhex("000102030405060708090a0b0c", salt);
	unhex("f0f1f2f3f4f5f6f7f8f9", info);
	ok(f->C_DeriveKey(s, MECH_P(CKM_HKDF_DERIVE, &hkdf, sizeof hkdf), base,
		T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(42)), &made));
	value_is(made, okm);
	ok(f->C_DeriveKey(s, MECH_P(CKM_HKDF_DATA, &hkdf, sizeof hkdf), data_base,
		T(CLASS(CKO_DATA), LENGTH(42)), &made));
	holds(get_ulong(made, CKA_CLASS) == CKO_DATA);
	value_is(made, okm);
	gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, MECH_P(CKM_HKDF_DATA, &hkdf, sizeof hkdf),
					     base, T(CLASS(CKO_DATA), LENGTH(42)), &made));

	/*
	 * the salt as a key: it must be one that may derive by this very mechanism, guarded no more
	 * than the base
	 */
	salt_key = import(CKK_GENERIC_SECRET, salt, 13, T(OPEN_MASTER, ALLOWED(CKM_HKDF_DERIVE)));
	hkdf.ulSaltType = CKF_HKDF_SALT_KEY;
	hkdf.hSaltKey = salt_key;
	ok(f->C_DeriveKey(s, MECH_P(CKM_HKDF_DERIVE, &hkdf, sizeof hkdf), base,
		T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(42)), &made));
	value_is(made, okm);
	hkdf.hSaltKey = 0;
	gives(CKR_KEY_HANDLE_INVALID,
		f->C_DeriveKey(s, MECH_P(CKM_HKDF_DERIVE, &hkdf, sizeof hkdf), base,
			T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(42)), &made));
}
END_TEST

/* --- Encrypting data --- */

START_TEST(encrypt_data)
{
	uint8_t text[32];
	CK_KEY_DERIVATION_STRING_DATA ecb = {text, sizeof text};
	CK_OBJECT_HANDLE base =
		base_for(CKM_AES_ECB_ENCRYPT_DATA, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c");

	unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", text);
	ok(f->C_DeriveKey(s, MECH_P(CKM_AES_ECB_ENCRYPT_DATA, &ecb, sizeof ecb), base,
		T(READABLE, TYPE(CKK_AES), LENGTH(24)), &made));
	value_is(made, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699d");
}
END_TEST

/* --- Keys from parameters alone --- */

START_TEST(passwords)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {CKZ_SALT_SPECIFIED, "salt", 4, 2,
		CKP_PKCS5_PBKD2_HMAC_SHA1, NULL, 0, (CK_UTF8CHAR *)"password", 8};

	ok(f->C_GenerateKey(s, MECH_P(CKM_PKCS5_PBKD2, &pbkdf2, sizeof pbkdf2),
		T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(20)), &made));
	value_is(made, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
	gives(CKR_TEMPLATE_INCOMPLETE,
		f->C_GenerateKey(s, MECH_P(CKM_PKCS5_PBKD2, &pbkdf2, sizeof pbkdf2),
			T(READABLE, TYPE(CKK_AES)), &made));

	keydiv_put(&p, KEYDIV_CONSTANT, "signing", 7);
	keydiv_put(&p, KEYDIV_PASSWORD, "correct horse", 13);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY, &p);
	ok(f->C_GenerateKey(s, &m, T(READABLE, TYPE(CKK_AES), LENGTH(16)), &made));
	value_is(made, "99f222c78d5129a087669bb58eec96f8");
	ok(f->C_GenerateKey(s, &m, T(READABLE, TYPE(CKK_DES3)), &made));
	value_is(made, "589192e67a4a5d49a2c4c854e9abd6618aba37ad02ef045d");
	gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, open_master(), T(READABLE), &made));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schemes");
	TCase *tc = add_case(suite, "schemes", user);

	tcase_add_loop_test(tc, schemes_with_flat_parameters, 0, sizeof flats / sizeof flats[0]);
	tcase_add_test(tc, several_keys);
	tcase_add_test(tc, hkdf_keys_and_data);
	tcase_add_test(tc, encrypt_data);
	tcase_add_test(tc, passwords);
	return run(suite);
}
