/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_block_policy.c: which header a key gets, which key a header gives, and the strength and
 * exportability of key blocks.
 */
#include "block_support.h"

#define FOR_BLOCKS YES(CKA_WRAP), YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK)
#define EXTRACTABLE YES(CKA_EXTRACTABLE)
#define WITH_TRUSTED YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)

static CK_OBJECT_HANDLE kbpk, kbpk_des3, kbpk_des2;

/* 24 bytes with odd parity, of which 16 are a DES2 key */
static const uint8_t des[24] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 0x01, 0x23, 0x45,
	0x67, 0x89, 0xab, 0xcd, 0xef, 0x4f, 0x61, 0x73, 0x85, 0x97, 0xa8, 0xba, 0xcd};

static void keys(void)
{
	user();
	kbpk = import(CKK_AES, mk32, 32, T(FOR_BLOCKS));
	kbpk_des3 = import(CKK_DES3, mk32, 24, T(FOR_BLOCKS));
	kbpk_des2 = import(CKK_DES2, mk32 + 1, 16, T(FOR_BLOCKS));
	made = 0xABCD;
}

/* Return true if the characters of the block from AT on are TEXT. */
static bool reads(size_t at, const char *text)
{
	return n >= at + strlen(text) && memcmp(block + at, text, strlen(text)) == 0;
}

static const CK_ATTRIBUTE_TYPE usage_types[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
#define USAGE_TYPES (sizeof usage_types / sizeof usage_types[0])

/* Check that two keys have the same type, value, usage and list. */
static void same_key(CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE other)
{
	uint8_t a[256], b[256];
	CK_ATTRIBUTE la = {CKA_ALLOWED_MECHANISMS, a, sizeof a},
		     lb = {CKA_ALLOWED_MECHANISMS, b, sizeof b};

	holds(get_ulong(one, CKA_KEY_TYPE) == get_ulong(other, CKA_KEY_TYPE));
	holds(get_ulong(one, CKA_VALUE_LEN) == get_ulong(other, CKA_VALUE_LEN));
	holds(get_bytes(one, CKA_CHECK_VALUE, a, 3) == 3);
	holds(get_bytes(other, CKA_CHECK_VALUE, b, 3) == 3 && memcmp(a, b, 3) == 0);
	for (size_t i = 0; i < USAGE_TYPES; i++)
		holds(get_bool(one, usage_types[i]) == get_bool(other, usage_types[i]));
	CK_RV rv = f->C_GetAttributeValue(s, one, &la, 1);
	gives(rv, f->C_GetAttributeValue(s, other, &lb, 1));
	if (rv == CKR_OK)
		holds(la.ulValueLen == lb.ulValueLen && memcmp(a, b, la.ulValueLen) == 0);
}

/* Wrap KEY, of which the header must say WHAT, unwrap the block, and compare. */
static void round_trip(CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, const char *what)
{
	ok(wrap(with, key, NULL));
	if (!reads(5, what))
		ck_abort_msg("%.16s is not %s", (const char *)block, what);
	holds(reads(9, "00N") && reads(14, "00"));
	ok(unwrap(with, NOTHING));
	same_key(key, made);
	holds(get_bool(made, CKA_SENSITIVE) && !get_bool(made, CKA_EXTRACTABLE));
	holds(!get_bool(made, CKA_LOCAL) && !get_bool(made, CKA_NEVER_EXTRACTABLE));
}

#define ROW(with, type, value, length, what, ...)                                                  \
	round_trip(with, import(type, value, length, T(EXTRACTABLE, __VA_ARGS__)), what)

START_TEST(every_usage_there_and_back)
{
	ROW(kbpk, CKK_AES, mk, 16, "D0AB", YES(CKA_ENCRYPT), YES(CKA_DECRYPT));
	ROW(kbpk, CKK_AES, mk32, 24, "D0AE", YES(CKA_ENCRYPT));
	ROW(kbpk, CKK_DES2, des, 16, "D0TD", YES(CKA_DECRYPT));
	ROW(kbpk_des3, CKK_DES3, des, 24, "D0TB", YES(CKA_ENCRYPT), YES(CKA_DECRYPT));
	ROW(kbpk_des2, CKK_DES2, des, 16, "D0TB", YES(CKA_ENCRYPT), YES(CKA_DECRYPT));
	ROW(kbpk, CKK_AES, mk, 16, "K0AB", YES(CKA_WRAP), YES(CKA_UNWRAP),
		ALLOWED(CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP));
	ROW(kbpk, CKK_AES, mk, 16, "K0AE", YES(CKA_WRAP),
		ALLOWED(CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP));
	ROW(kbpk, CKK_AES, mk, 16, "K1AB", FOR_BLOCKS);
	ROW(kbpk, CKK_AES, mk, 16, "K1AD", YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK));
	ROW(kbpk_des3, CKK_DES2, des, 16, "K1TB", FOR_BLOCKS);
	ROW(kbpk_des3, CKK_DES3, des, 24, "K1TE", YES(CKA_WRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK));
	ROW(kbpk_des2, CKK_DES2, des, 16, "M3TC", YES(CKA_SIGN), YES(CKA_VERIFY),
		ALLOWED(CKM_KEYDIV_RETAIL_MAC));
	ROW(kbpk, CKK_DES2, des, 16, "M3TV", YES(CKA_VERIFY), ALLOWED(CKM_KEYDIV_RETAIL_MAC));
	ROW(kbpk, CKK_AES, mk, 16, "M6AC", YES(CKA_SIGN), YES(CKA_VERIFY), ALLOWED(CKM_AES_CMAC));
	ROW(kbpk, CKK_AES, mk, 16, "M6AV", YES(CKA_VERIFY), ALLOWED(CKM_AES_CMAC));
	ROW(kbpk_des3, CKK_DES3, des, 24, "M6TG", YES(CKA_SIGN), ALLOWED(CKM_DES3_CMAC));
	ROW(kbpk, CKK_SHA256_HMAC, mk32, 31, "M7HC", YES(CKA_SIGN), YES(CKA_VERIFY),
		ALLOWED(CKM_SHA256_HMAC));
	holds(reads(16, "HM0621"));
	ROW(kbpk, CKK_SHA_1_HMAC, mk32, 20, "M7HG", YES(CKA_SIGN), ALLOWED(CKM_SHA_1_HMAC));
	ROW(kbpk, CKK_SHA512_HMAC, mk32, 30, "M7HV", YES(CKA_VERIFY), ALLOWED(CKM_SHA512_HMAC));
}
END_TEST

START_TEST(keys_without_a_usage_of_key_blocks)
{
	CK_OBJECT_HANDLE list[] = {
		import(CKK_AES, mk, 16, T(EXTRACTABLE)), /* the four usages of the default */
		import(CKK_AES, mk, 16, T(EXTRACTABLE, NO(CKA_SIGN))), /* no usage */
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT), ALLOWED(CKM_AES_CBC))),
		import(CKK_AES, mk, 16,
			T(EXTRACTABLE, YES(CKA_ENCRYPT), RAW(CKA_ALLOWED_MECHANISMS, NULL, 0))),
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_SIGN))), /* any MAC */
		import(CKK_AES, mk, 16,
			T(EXTRACTABLE, YES(CKA_SIGN), ALLOWED(CKM_AES_CMAC, CKM_AES_CMAC_GENERAL))),
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_WRAP))), /* any wrapping */
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_WRAP), ALLOWED(CKM_AES_KEY_WRAP))),
		import(CKK_AES, mk, 16,
			T(EXTRACTABLE, YES(CKA_WRAP),
				ALLOWED(CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP,
					CKM_KEYDIV_KEY_BLOCK))),
		import(CKK_AES, mk, 16,
			T(EXTRACTABLE, YES(CKA_WRAP), YES(CKA_ENCRYPT),
				ALLOWED(CKM_KEYDIV_KEY_BLOCK))),
		import(CKK_GENERIC_SECRET, mk, 16, T(EXTRACTABLE, ALLOWED(CKM_SHA256_HMAC))),
		import(CKK_SHA256_HMAC, mk, 16, T(EXTRACTABLE, ALLOWED(CKM_SHA512_HMAC))),
	};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk, list[i], NULL));
		gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, list[i], "D0000D0AE00N0000"));
	}
	/* HMAC keys leave in version D alone */
	made = import(
		CKK_SHA256_HMAC, mk, 12, T(EXTRACTABLE, YES(CKA_SIGN), ALLOWED(CKM_SHA256_HMAC)));
	gives(CKR_OK, wrap(kbpk, made, NULL));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk_des3, made, NULL));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, made, "E0000M7HG00N0100HM0621"));
}
END_TEST

/* Headers for an AES key that encrypts and decrypts. */
START_TEST(headers_that_agree_and_headers_that_do_not)
{
	static const char *const good[] = {"D0000D0AB00N0000", "D9999D0AB12S0000",
		"D0000P0AB00E0000", "D0000D0AN00N0000", "E0000D0AB00N0000", "D0000D0ABxyN00zz"};
	static const char *const bad[] = {"D0000D0AE00N0000", "D0000D0AD00N0000",
		"D0000D0TB00N0000", "D0000P0TB00N0000", "D0000K0AB00N0000", "D0000M6AC00N0000",
		"D0000B0AX00N0000", "D0000D1AB00N0000", "D0000D0AX00N0000", "B0000D0AB00N0000",
		"A0000D0AB00N0000", "D0000D0ABc1N0000", "D000010AB00N0000"};
	CK_OBJECT_HANDLE key =
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		gives(CKR_OK, wrap(kbpk, key, good[i]));
		holds(memcmp(block + 5, good[i] + 5, 11) == 0);
		gives(CKR_OK, unwrap(kbpk, NOTHING));
		same_key(key, made);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, key, bad[i])))
			fprintf(stderr, "%s\n", bad[i]);
	key = import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT)));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, key, "D0000D0AN00N0000"));
	key = import(CKK_SHA256_HMAC, mk, 16,
		T(EXTRACTABLE, YES(CKA_SIGN), YES(CKA_VERIFY), ALLOWED(CKM_SHA256_HMAC)));
	gives(CKR_OK, wrap(kbpk, key, "D0000M7HC00N0100HM0621"));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, key, "D0000M7HC00N0100HM0622"));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, key, "D0000M7HC00N0000"));
}
END_TEST

/* --- Strength --- */

START_TEST(strength_of_the_wrapping_key)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG length;
		unsigned bits;
	} keks[] = {{CKK_DES2, 16, 80}, {CKK_DES3, 24, 112}, {CKK_AES, 16, 128}, {CKK_AES, 24, 192},
		{CKK_AES, 32, 256}};
	CK_OBJECT_HANDLE targets[] = {
		import(CKK_DES2, des, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT))),
		import(CKK_DES3, des, 24, T(EXTRACTABLE, YES(CKA_ENCRYPT))),
		import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT))),
		import(CKK_AES, mk32 + 2, 24, T(EXTRACTABLE, YES(CKA_ENCRYPT))),
		import(CKK_AES, des, 24, T(EXTRACTABLE, YES(CKA_ENCRYPT))),
	};
	static const unsigned bits[] = {80, 112, 128, 192, 192};

	for (size_t i = 0; i < sizeof keks / sizeof keks[0]; i++) {
		CK_OBJECT_HANDLE kek = import(keks[i].type, mk32, keks[i].length, T(FOR_BLOCKS));
		for (size_t j = 0; j < sizeof targets / sizeof targets[0]; j++)
			gives(keks[i].bits >= bits[j] ? CKR_OK : CKR_WRAPPING_KEY_SIZE_RANGE,
				wrap(kek, targets[j], NULL));
	}
	/* HMAC: 8 bits a byte, at most 256 */
	for (CK_ULONG length = 15; length <= 17; length++)
		gives(length <= 16 ? CKR_OK : CKR_WRAPPING_KEY_SIZE_RANGE,
			wrap(import(CKK_AES, mk, 16, T(FOR_BLOCKS)),
				import(CKK_SHA256_HMAC, mk32, length,
					T(EXTRACTABLE, YES(CKA_SIGN), ALLOWED(CKM_SHA256_HMAC))),
				NULL));
	gives(CKR_OK, wrap(kbpk,
			      import(CKK_SHA512_HMAC, block, 64,
				      T(EXTRACTABLE, YES(CKA_SIGN), ALLOWED(CKM_SHA512_HMAC))),
			      NULL));
}
END_TEST

/* --- Unwrapping --- */

static void wrap_cipher_key(const char *header)
{
	ok(wrap(kbpk, import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT), YES(CKA_DECRYPT))),
		header));
}

START_TEST(the_template_agrees_or_gives_less)
{
	CK_BYTE kcv[3];

	wrap_cipher_key(NULL);
	gives(CKR_OK, unwrap(kbpk, T(KEY(CKK_AES), YES(CKA_ENCRYPT), YES(CKA_DECRYPT), NO(CKA_SIGN),
					   NO(CKA_EXTRACTABLE), LENGTH(16))));
	holds(get_bytes(made, CKA_CHECK_VALUE, kcv, 3) == 3);
	gives(CKR_OK, unwrap(kbpk, T(RAW(CKA_CHECK_VALUE, kcv, 3))));
	kcv[0] ^= 1;
	gives(CKR_ATTRIBUTE_VALUE_INVALID, unwrap(kbpk, T(RAW(CKA_CHECK_VALUE, kcv, 3))));
	gives(CKR_OK, unwrap(kbpk, T(NO(CKA_DECRYPT))));
	holds(get_bool(made, CKA_ENCRYPT) && !get_bool(made, CKA_DECRYPT));
	gives(CKR_OK, unwrap(kbpk, T(ALLOWED(CKM_AES_CBC), STR(CKA_LABEL, "less"))));
	holds(find(s, T(STR(CKA_LABEL, "less")), NULL, 0) == 1);
}
END_TEST

START_TEST(the_template_asks_for_more)
{
	CK_ULONG before;

	wrap_cipher_key("D0000D0AB00S0000");
	before = find(s, NOTHING, NULL, 0);
	for (size_t i = 2; i < USAGE_TYPES; i++)
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(usage_types[i]))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(TYPE(CKK_DES2))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(KEY(CKK_GENERIC_SECRET))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(CLASS(CKO_DATA))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(LENGTH(32))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(NO(CKA_SENSITIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(READABLE)));
	gives(CKR_ATTRIBUTE_READ_ONLY, unwrap(kbpk, T(YES(CKA_LOCAL))));
	gives(CKR_ATTRIBUTE_READ_ONLY, unwrap(kbpk, T(YES(CKA_TRUSTED))));
	ok(wrap(kbpk, import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_SIGN), ALLOWED(CKM_AES_CMAC))),
		NULL));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kbpk, T(ALLOWED(CKM_AES_CMAC, CKM_AES_CMAC_GENERAL))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(ALLOWED(CKM_AES_CMAC_GENERAL))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(CKA_VERIFY))));
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == before + 1);
}
END_TEST

START_TEST(exportability_decides_whether_the_key_leaves)
{
	static const struct {
		const char *header;
		CK_RV extractable, anywhere;
		bool trusted;
	} cases[] = {{"D0000D0AB00N0000", CKR_TEMPLATE_INCONSISTENT, CKR_OK, false},
		{"D0000D0AB00E0000", CKR_OK, CKR_TEMPLATE_INCONSISTENT, true},
		{"D0000D0AB00S0000", CKR_OK, CKR_OK, false}};

	for (size_t i = 0; i < 3; i++) {
		wrap_cipher_key(cases[i].header);
		ok(unwrap(kbpk, NOTHING));
		holds(!get_bool(made, CKA_EXTRACTABLE));
		holds(get_bool(made, CKA_WRAP_WITH_TRUSTED) == cases[i].trusted);
		gives(cases[i].extractable, unwrap(kbpk, T(EXTRACTABLE)));
		if (cases[i].extractable == CKR_OK) {
			holds(get_bool(made, CKA_EXTRACTABLE));
			holds(get_bool(made, CKA_WRAP_WITH_TRUSTED) == cases[i].trusted);
		}
		gives(cases[i].anywhere, unwrap(kbpk, T(NO(CKA_WRAP_WITH_TRUSTED))));
		gives(CKR_OK, unwrap(kbpk, T(YES(CKA_WRAP_WITH_TRUSTED))));
	}
}
END_TEST

START_TEST(unwrap_template_counts_too)
{
	CK_OBJECT_HANDLE bound = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK),
			NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_DECRYPT), YES(CKA_WRAP_WITH_TRUSTED))));

	wrap_cipher_key("D0000D0AB00S0000");
	ok(unwrap(bound, T(EXTRACTABLE)));
	holds(get_bool(made, CKA_ENCRYPT) && !get_bool(made, CKA_DECRYPT));
	holds(get_bool(made, CKA_WRAP_WITH_TRUSTED));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(bound, T(YES(CKA_DECRYPT))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(bound, T(NO(CKA_WRAP_WITH_TRUSTED))));
	bound = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK),
			NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SIGN))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(bound, NOTHING));
}
END_TEST

/* Blocks of payShield 10K and of ISO 20038:2017 B.2, whose usage no key of the token has. */
START_TEST(usages_that_the_token_does_not_offer)
{
	static const char shield[] = "B0080K0TN00N00001C414014375212C24995E405B5EE052CB92B67F455EA2"
				     "680F6751088F9F1C228";
	static const char iso[] = "E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A5"
				  "2DB52F0AEACB94C57547";
	uint8_t value[32];
	CK_ULONG before;

	unhex("EFE0853B256B583D868F251CE99EA1D9", value);
	kbpk_des2 = import(CKK_DES2, value, 16, T(FOR_BLOCKS));
	unhex("3235362D62697420414553207772617070696E67202849534F20323030333829", value);
	kbpk = import(CKK_AES, value, 32, T(FOR_BLOCKS));
	before = find(s, NOTHING, NULL, 0);
	memcpy(block, shield, n = sizeof shield - 1);
	gives(CKR_KEY_TYPE_INCONSISTENT, unwrap(kbpk_des2, NOTHING));
	memcpy(block, iso, n = sizeof iso - 1);
	gives(CKR_KEY_TYPE_INCONSISTENT, unwrap(kbpk, NOTHING));
	/* the same blocks, changed or under another key, say nothing about their usage */
	block[5] = 'D';
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk, NOTHING));
	memcpy(block, shield, n = sizeof shield - 1);
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk_des3, NOTHING));
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk, NOTHING));
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == before);
}
END_TEST

/* Put the key block TEXT where unwrap() reads, and import its KBPK. */
static CK_OBJECT_HANDLE block_of_peer(CK_KEY_TYPE type, const char *hex, const char *text)
{
	uint8_t value[32];
	size_t length = unhex(hex, value);

	n = strlen(text);
	memcpy(block, text, n);
	return import(type, value, length, T(FOR_BLOCKS));
}

/* Blocks that psec 1.3.0 made; see tests/vectors/key_block_peers.txt. */
START_TEST(blocks_of_a_partner)
{
	/* the KBPK of an AES-256 key is a DES2 key */
	CK_OBJECT_HANDLE peer = block_of_peer(CKK_DES2, "2AE2656F714330A8C31CC6AF14B5F918",
		"B0112P0AD00S000040AAB6EA57A6622FC13873C2644D1BA6A363896B733D92E3A814AF05BAF21F1DD3"
		"84C0A8452A42C143117A9E4BDA7D3D");

	gives(CKR_OK, unwrap(peer, T(EXTRACTABLE)));
	holds(get_ulong(made, CKA_VALUE_LEN) == 32 && get_bool(made, CKA_DECRYPT));
	gives(CKR_WRAPPING_KEY_SIZE_RANGE, wrap(peer, made, NULL));
	/* a device master of exportability S in version C */
	peer = block_of_peer(CKK_DES3, "971ED94BEAA7E547E6F5E8D64934D6D16EF60EF55869A208",
		"C010410AX12S0000F48F8ABCEC274FE2AB368941ACF5539732A4EA390D38B75B5A7ABF35B3F4CCA37F"
		"1B8427342F6048DAFFF6E1");
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(peer, T(EXTRACTABLE, NO(CKA_WRAP_WITH_TRUSTED))));
	ok(unwrap(peer, T(EXTRACTABLE, YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))));
	holds(get_bool(made, CKA_WRAP_WITH_TRUSTED) && get_bool(made, CKA_DERIVE));
	ok(derive_device(made, T(EXTRACTABLE, YES(CKA_ENCRYPT)), &made));
	gives(CKR_OK, wrap(kbpk, made, NULL));
	holds(reads(5, "D0AE"));
}
END_TEST

START_TEST(no_parameter_to_unwrap)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	wrap_cipher_key(NULL);
	keydiv_put(&p, KEYDIV_KEY_BLOCK_HEADER, "D0000D0AB00N0000", 16);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_KEY_BLOCK, &p);
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_UnwrapKey(s, &m, kbpk, block, n, NOTHING, &made));
	gives(CKR_OK, unwrap(kbpk, NOTHING));
}
END_TEST

/* The other rules of C_WrapKey hold for key blocks. */
START_TEST(rules_of_every_wrapping)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(NO(CKA_EXTRACTABLE), YES(CKA_ENCRYPT))),
			 self = import(CKK_AES, mk, 16, T(EXTRACTABLE, FOR_BLOCKS)),
			 bound = import(CKK_AES, mk32, 32,
				 T(YES(CKA_WRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK),
					 NESTED(CKA_WRAP_TEMPLATE, YES(CKA_DECRYPT))));

	gives(CKR_KEY_UNEXTRACTABLE, wrap(kbpk, key, NULL));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(self, self, NULL));
	key = import(CKK_AES, mk, 16, T(EXTRACTABLE, YES(CKA_ENCRYPT)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(self, key, NULL)); /* the same value */
	gives(CKR_KEY_HANDLE_INVALID, wrap(bound, key, NULL));
	gives(CKR_OK, wrap(kbpk, key, NULL));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, unwrap(bound, NOTHING));
	key = import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_ENCRYPT)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk, key, NULL));
	gives(CKR_MECHANISM_INVALID,
		wrap(import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), ALLOWED(CKM_AES_KEY_WRAP))), key,
			NULL));
	gives(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
		wrap(import(CKK_GENERIC_SECRET, mk32, 32, T(YES(CKA_SIGN))), key, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_policy");
	TCase *tc = add_case(suite, "key_block_policy", keys);

	tcase_add_test(tc, every_usage_there_and_back);
	tcase_add_test(tc, keys_without_a_usage_of_key_blocks);
	tcase_add_test(tc, headers_that_agree_and_headers_that_do_not);
	tcase_add_test(tc, strength_of_the_wrapping_key);
	tcase_add_test(tc, the_template_agrees_or_gives_less);
	tcase_add_test(tc, the_template_asks_for_more);
	tcase_add_test(tc, exportability_decides_whether_the_key_leaves);
	tcase_add_test(tc, unwrap_template_counts_too);
	tcase_add_test(tc, usages_that_the_token_does_not_offer);
	tcase_add_test(tc, blocks_of_a_partner);
	tcase_add_test(tc, no_parameter_to_unwrap);
	tcase_add_test(tc, rules_of_every_wrapping);
	return run(suite);
}
