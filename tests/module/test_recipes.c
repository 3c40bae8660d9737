/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_recipes.c: what mechanisms/TRADES.md says about applications: the keys of Bolt Card and of
 * Matter without mechanisms of their own, and a tap of an NTAG 424 DNA whose URL is encrypted.
 */
#include "harness.h"

static KEYDIV_PARAMETER p;

/* --- Bolt Card: boltcard/boltcard docs/DETERMINISTIC.md, "Test vectors" --- */

#define UID "04a39493cc8680"
#define VERSION "01000000"

static const uint8_t issuer[16] = {[15] = 1};

static CK_OBJECT_HANDLE cmac_of(
	CK_OBJECT_HANDLE base, const char *message, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE made = 0;
	uint8_t bytes[32];

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, bytes, unhex(message, bytes));
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_CMAC, &p);
	ok(f->C_DeriveKey(s, &m, base, t, n, &made));
	return made;
}

START_TEST(bolt_card)
{
	static const struct {
		const char *message, *key;
	} of_card[] = {{"2d003f76", "a29119fcb48e737d1591d3489557e49b"},
		{"2d003f78", "f4b404be700ab285e333e32348fa3d3b"},
		{"2d003f79", "73610ba4afe45b55319691cb9489142f"},
		{"2d003f7a", "addd03e52964369be7f2967736b7bdb5"}};
	CK_OBJECT_HANDLE leaves =
		import(CKK_AES, issuer, 16, T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_CMAC)));
	CK_OBJECT_HANDLE cards = import(CKK_AES, issuer, 16,
		T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_CMAC),
			NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC))));

	value_is(cmac_of(leaves, "2d003f77", T(READABLE, YES(CKA_DECRYPT))),
		"55da174c9608993dc27bb3f30a4a7314");
	value_is(cmac_of(leaves, "2d003f7b" UID, T(READABLE)), "e07ce1279d980ecb892a81924b67bf18");
	CK_OBJECT_HANDLE card =
		cmac_of(cards, "2d003f75" UID VERSION, T(READABLE_TRUSTED, YES(CKA_DERIVE)));
	value_is(card, "ebff5a4e6da5ee14cbfe720ae06fbed9");
	for (size_t i = 0; i < sizeof of_card / sizeof of_card[0]; i++)
		value_is(cmac_of(card, of_card[i].message, T(READABLE_TRUSTED)), of_card[i].key);
}
END_TEST

/* --- Matter: Core Specification 4.17.2, and a case of connectedhomeip --- */

/* Derive TYPE by HKDF-SHA-256. SALT is hexadecimal, and "" for none. */
static CK_OBJECT_HANDLE hkdf(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, const char *salt,
	const char *info, CK_ATTRIBUTE *t, CK_ULONG n)
{
	static const uint8_t hash[4] = {0, 0, CKM_SHA256 >> 8, CKM_SHA256 & 0xff};
	CK_OBJECT_HANDLE made = 0;
	uint8_t bytes[32];

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_HASH, hash, sizeof hash);
	keydiv_put(&p, KEYDIV_STEPS, "\3", 1);
	if (*salt != '\0')
		keydiv_put(&p, KEYDIV_SALT_VALUE, bytes, unhex(salt, bytes));
	keydiv_put(&p, KEYDIV_INFO, info, strlen(info));
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_FLAT(type), &p);
	ok(f->C_DeriveKey(s, &m, base, t, n, &made));
	return made;
}

START_TEST(matter_groups)
{
	static const struct {
		const char *epoch, *fabric, *operational, *session, *privacy;
	} groups[] = {{"235bf7e62823d358dca4ba50b1535f4b", "87e1b004e235a130",
			      "a6f5306baf6d050af23ba4bd6b9dd960", "b9f7",
			      "01f8d1927126f194082572d49b1fdc73"},
		{"b0b1b2b3b4b5b6b7b8b9babbbcbdbebf", "2906c908d115d362",
			"aa979a48bd8cdf293a0709b9c1eb1930", "0c48",
			"f72570c3c089a0fe28758357afffb8d2"}};
	uint8_t epoch[16], session[4], wanted[4];

	for (size_t i = 0; i < 2; i++) {
		unhex(groups[i].epoch, epoch);
		CK_OBJECT_HANDLE base = import(CKK_HKDF, epoch, 16,
			T(OPEN_MASTER, ALLOWED(CKM_HKDF_DERIVE),
				NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE),
					ALLOWED(CKM_HKDF_DERIVE, CKM_HKDF_DATA))));
		CK_OBJECT_HANDLE operational =
			hkdf(CKM_HKDF_DERIVE, base, groups[i].fabric, "GroupKey v1.0",
				T(TYPE(CKK_HKDF), LENGTH(16), READABLE_TRUSTED, YES(CKA_DERIVE)));
		value_is(operational, groups[i].operational);
		value_is(hkdf(CKM_HKDF_DERIVE, operational, "", "PrivacyKey",
				 T(TYPE(CKK_AES), LENGTH(16), READABLE_TRUSTED, YES(CKA_ENCRYPT))),
			groups[i].privacy);
		CK_OBJECT_HANDLE id = hkdf(CKM_HKDF_DATA, operational, "", "GroupKeyHash",
			T(CLASS(CKO_DATA), LENGTH(2)));
		unhex(groups[i].session, wanted);
		ck_assert_uint_eq(get_bytes(id, CKA_VALUE, session, sizeof session), 2);
		holds(memcmp(session, wanted, 2) == 0);
	}
}
END_TEST

/* Data that is not private is no secret. A session without a login reads it. */
START_TEST(public_data)
{
	uint8_t key[16], before[32], after[32];

	unhex("235bf7e62823d358dca4ba50b1535f4b", key);
	CK_OBJECT_HANDLE base =
		import(CKK_HKDF, key, 16, T(OPEN_MASTER, NO(CKA_PRIVATE), ALLOWED(CKM_HKDF_DATA)));
	CK_OBJECT_HANDLE data = hkdf(
		CKM_HKDF_DATA, base, "", "public", T(CLASS(CKO_DATA), LENGTH(32), NO(CKA_PRIVATE)));
	ck_assert_uint_eq(get_bytes(data, CKA_VALUE, before, sizeof before), 32);
	ok(f->C_Logout(s));
	ck_assert_uint_eq(get_bytes(data, CKA_VALUE, after, sizeof after), 32);
	holds(memcmp(before, after, sizeof before) == 0);
	login(CKU_USER);
}
END_TEST

/* --- NTAG 424 DNA with PICCData: tests/vectors/ntag424_sdm.txt --- */

START_TEST(an_encrypted_url)
{
	static const CK_BYTE operation[] = {
		0x70, 0, 4, 0x8b, 0x44, 0x01, 0x31, 0x71, 0, 4, 0x8b, 0x44, 0x01, 0x22};
	uint8_t key[16], data[16], plain[16], mac[8];
	CK_BYTE zero[16] = {0};
	CK_ULONG n = sizeof plain;

	unhex("42aff114f2cb3b6141be6dc95dfc5416", key);
	CK_OBJECT_HANDLE meta = import(CKK_AES, key, 16, T(YES(CKA_DECRYPT)));
	unhex("b62a9baf092439bd43c62aee96b970c5", key);
	CK_OBJECT_HANDLE file = import(CKK_AES, key, 16,
		T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 16),
			ALLOWED(CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)));
	unhex("8ACADDEF0A9B62CDAE39A16B83FC14DE", data);
	ok(f->C_DecryptInit(s, MECH_OF(CKM_AES_CBC, zero), meta));
	ok(f->C_Decrypt(s, data, sizeof data, plain, &n));
	holds(plain[0] == 0xc7); /* UID and counter are there, and the UID has 7 bytes */

	CK_BYTE counter[3] = {plain[10], plain[9], plain[8]}; /* the tag has it LSB first */
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_CARD_KEY, "\2", 1);
	keydiv_put(&p, KEYDIV_CARD_UID, plain + 1, 7);
	keydiv_put(&p, KEYDIV_READ_COUNTER, counter, sizeof counter);
	keydiv_put(&p, KEYDIV_DERIVATION, operation + 3, 4);
	keydiv_put(&p, KEYDIV_OPERATION, operation + 10, 4);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	unhex("238B2543A8DEBAD8", mac);
	for (int tap = 0; tap < 2; tap++) {
		ok(f->C_VerifyInit(s, &m, file));
		gives(tap == 0 ? CKR_OK : CKR_KEYDIV_REPLAYED,
			f->C_Verify(s, (CK_BYTE_PTR) "B8436E11F627BB7F543FCC0C1E0D1A89", 32, mac,
				sizeof mac));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recipes");
	TCase *tc = add_case(suite, "recipes", user);

	tcase_add_test(tc, bolt_card);
	tcase_add_test(tc, matter_groups);
	tcase_add_test(tc, public_data);
	tcase_add_test(tc, an_encrypted_url);
	return run(suite);
}
