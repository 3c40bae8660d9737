/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_block_wrap.c: key blocks that are written. */
#include "key_block.h"

#include "block_keys.h"
#include "unit.h"

static struct wrapped_role role;
static uint8_t block[KEY_BLOCK_TEXT_MAX + 1];
static size_t block_n;

static void load(struct key *key, CK_KEY_TYPE type, size_t n)
{
	static uint8_t value[SECRET_MAX];

	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)(i * 7 + n + type);
	ck_ok(key_load(key, type, value, n));
}

/* A key of N bytes of TYPE without list, as policy describes it. */
static void take_key(CK_KEY_TYPE type, size_t n, uint32_t usage)
{
	load(target, type, n);
	role = (struct wrapped_role){.type = type, .usage = usage, .exportability = EXPORT_ANY};
}

static void take_list(CK_MECHANISM_TYPE mechanism)
{
	role.has_list = true;
	role.list[role.count++] = mechanism;
}

static void take_bdk(void)
{
	take_key(CKK_AES, 16, 0);
	role.derives = true;
	take_list(CKM_KEYDIV_AES_DUKPT_INITIAL_KEY);
	take_list(CKM_KEYDIV_AES_DUKPT_KEY);
	take_list(CKM_KEYDIV_WITH_DERIVED_KEY);
}

/* Wrap with HEADER, or without one if HEADER is NULL. */
static CK_RV wrap(const char *header)
{
	uint8_t encoded[2048], untouched[sizeof block];
	size_t n = header != NULL ? strlen(header) : 0, length = 0;
	struct parameter p;
	const struct mechanism *mech = mechanism_find(CKM_KEYDIV_KEY_BLOCK);

	encoded[0] = KEYDIV_KEY_BLOCK_HEADER;
	put_be16(encoded + 1, (uint16_t)n);
	memcpy(encoded + 3, header != NULL ? header : "", n);
	TRY(parameter_parse(mech, encoded, header != NULL ? n + 3 : 0, &p));
	struct wrapping w = {kbpk, target, scratch, &p, &role};
	CK_RV of_length = key_block_wrap(&w, NULL, &length);
	memset(block, 0x5a, sizeof block);
	memset(untouched, 0x5a, sizeof untouched);
	CK_RV rv = key_block_wrap(&w, block, &block_n);
	ck_rv(of_length, rv);
	if (rv == CKR_OK) {
		ck_assert_uint_eq(length, block_n);
		ck_assert(memcmp(block + block_n, untouched, sizeof block - block_n) == 0);
	} else {
		ck_assert(memcmp(block, untouched, sizeof block) == 0);
	}
	return rv;
}

/* The block comes back as the same key with the same role. */
static void comes_back(enum exportability exportability)
{
	struct unwrapping u = {kbpk, scratch, bytes_of(block, block_n)};
	struct wrapped_role back = {0};
	SECRET value = {0};

	ck_ok(key_block_unwrap(&u, &back, &value));
	ck_assert(bytes_equal(bytes_of(secret_peek(&value), value.len), key_expose(target)));
	ck_assert_uint_eq(back.type, role.type);
	ck_assert_uint_eq(back.usage, role.usage);
	ck_assert_uint_eq(back.derives, role.derives);
	ck_assert_uint_eq(back.has_list, role.has_list);
	ck_assert_uint_eq(back.count, role.count);
	ck_assert_mem_eq(back.list, role.list, role.count * sizeof role.list[0]);
	ck_assert_int_eq(back.exportability, exportability);
}

static void starts(const char *text)
{
	ck_assert_msg(
		memcmp(block, text, strlen(text)) == 0, "%.40s is not %s", (char *)block, text);
}

START_TEST(without_a_header)
{
	static const struct {
		CK_KEY_TYPE kbpk;
		size_t kbpk_n;
		CK_KEY_TYPE type;
		size_t n;
		uint32_t usage;
		const char *header;
	} cases[] = {
		{CKK_AES, 32, CKK_AES, 16, USAGE_CIPHER, "D0144D0AB00N0000"},
		{CKK_AES, 32, CKK_AES, 24, USAGE_CIPHER, "D0144D0AB00N0000"},
		{CKK_AES, 32, CKK_AES, 32, USAGE_ENCRYPT, "D0144D0AE00N0000"},
		{CKK_AES, 16, CKK_DES2, 16, USAGE_DECRYPT, "D0112D0TD00N0000"},
		{CKK_AES, 16, CKK_DES3, 24, USAGE_DECRYPT, "D0112D0TD00N0000"},
		{CKK_DES2, 16, CKK_DES2, 16, USAGE_CIPHER, "B0096D0TB00N0000"},
		{CKK_DES3, 24, CKK_DES3, 24, USAGE_CIPHER, "B0096D0TB00N0000"},
		{CKK_DES3, 24, CKK_AES, 16, USAGE_CIPHER, "B0112D0AB00N0000"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		load(kbpk, cases[i].kbpk, cases[i].kbpk_n);
		take_key(cases[i].type, cases[i].n, cases[i].usage);
		ck_ok(wrap(NULL));
		starts(cases[i].header);
		comes_back(EXPORT_NONE);
	}
	load(kbpk, CKK_AES, 32);
	take_bdk();
	ck_ok(wrap(NULL));
	starts("D0144B0AX00N0000");
	comes_back(EXPORT_NONE);
}
END_TEST

/* An HMAC key has HM, PB behind it, and the length of a block of its hash. */
START_TEST(hmac_keys)
{
	static const struct {
		CK_KEY_TYPE type;
		CK_MECHANISM_TYPE mechanism;
		const char *short_key, *long_key;
	} cases[] = {
		{CKK_SHA_1_HMAC, CKM_SHA_1_HMAC, "D0224M7HC00N0200HM0610PB0A000000",
			"D0640M7HC00N0200HM0610PB0A000000"},
		{CKK_SHA256_HMAC, CKM_SHA256_HMAC, "D0224M7HC00N0200HM0621PB0A000000",
			"D0640M7HC00N0200HM0621PB0A000000"},
		{CKK_SHA512_HMAC, CKM_SHA512_HMAC, "D0352M7HC00N0200HM0623PB0A000000",
			"D0640M7HC00N0200HM0623PB0A000000"},
	};

	load(kbpk, CKK_AES, 32);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t n = 1; n <= 280; n += n < 64 ? 21 : 216) {
			take_key(cases[i].type, n, USAGE_MAC);
			take_list(cases[i].mechanism);
			ck_ok(wrap(NULL));
			starts(n <= 64 ? cases[i].short_key : cases[i].long_key);
			comes_back(EXPORT_NONE);
		}
	take_key(CKK_SHA256_HMAC, SECRET_MAX, USAGE_MAC);
	take_list(CKM_SHA256_HMAC);
	ck_ok(wrap(NULL)); /* the longest key of the token fits */
	comes_back(EXPORT_NONE);
}
END_TEST

START_TEST(with_a_header)
{
	static const struct {
		const char *header, *written;
		enum exportability exportability;
	} cases[] = {
		{"D0000D0AB00N0000", "D0144D0AB00N0000", EXPORT_NONE},
		{"DzzzzP0AB12E00~~", "D0144P0AB12E00~~", EXPORT_TRUSTED},
		{"E9999D0AB00S0000", "E0116D0AB00S0000", EXPORT_ANY},
		{"D0000D0AN00N0000", "D0144D0AN00N0000", EXPORT_NONE},
		{"D0000D0AB00N0100LB10a label here", "D0160D0AB00N0100LB10a label here",
			EXPORT_NONE},
		{"D0000D0AB00N0100LB0Ca label ", "D0160D0AB00N0200LB0Ca label PB04", EXPORT_NONE},
		{"D0000D0AB00N0100LB08abcd", "D0160D0AB00N0200LB08abcdPB080000", EXPORT_NONE},
		{"D0000D0AB00N0200LB08abcdPB08xxxx", "D0160D0AB00N0200LB08abcdPB08xxxx",
			EXPORT_NONE},
		{"E0000D0AB00N0100LB08abcd", "E0132D0AB00N0200LB08abcdPB080000", EXPORT_NONE},
		{"D0000D0AB00N0100LB05x", "D0160D0AB00N0200LB05xPB0B0000000", EXPORT_NONE},
		{"D0000D0AB00N0100LB0Da label x",
			"D0176D0AB00N0200LB0Da label xPB13000000000000000", EXPORT_NONE},
	};

	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, USAGE_CIPHER);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		CK_RV rv = wrap(cases[i].header);
		ck_assert_msg(rv == CKR_OK, "%s: %s", cases[i].header, rv_name(rv));
		starts(cases[i].written);
		comes_back(cases[i].exportability);
	}
}
END_TEST

START_TEST(refused_headers)
{
	static const char *const bad[] = {
		"D0000D0AB00N000", /* 15 characters */
		"D0000D0AB00N0000x",
		"D0000D0AB00N0100",
		"D0000D0AB00N0000PB10xxxxxxxxxxxx",
		"D0000D0AB00N0100LB11a label here",
		"D0000D0AB00X0000",
		"D0000D0AB00N000\xff",
		"A0000D0AB00N0000",
		"B0000D0AB00N0000",
		"C0000D0AB00N0000",
		"F0000D0AB00N0000",
		"D0000D0AB00N0100PB08xxxx", /* PB that does not fill */
		"D0000D0ABc0N0000",         /* a component */
		"D0000D0AE00N0000",
		"D0000B0AX00N0000",
		"D0000D0TB00N0000",
		"D0000M6AC00N0000",
		"D0000M7HC00N0000",
		"D0000K1AB00N0000",
		"D0000D0AB00N0100KC0A000000", /* another key's check value */
		"D0000D0AB00N0100KP0A000000",
		"D0000D0AB00N0100KC0A010000",
		"D0000D0AB00N0100KP0A010000",
		"D0000D0AB00N0100KS0AVM9AVM",
	};

	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, USAGE_CIPHER);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CK_RV rv = wrap(bad[i]);
		ck_assert_msg(rv == CKR_MECHANISM_PARAM_INVALID, "%s: %s", bad[i], rv_name(rv));
	}
	load(kbpk, CKK_DES2, 16);
	take_key(CKK_DES2, 16, USAGE_CIPHER);
	ck_rv(wrap("A0000D0TB00N0000"), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(wrap("C0000D0TB00N0000"), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(wrap("D0000D0TB00N0000"), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(wrap("E0000D0TB00N0000"), CKR_MECHANISM_PARAM_INVALID);
	ck_ok(wrap("B0000D0TB00N0000"));
}
END_TEST

/* The block is never looser than the key. */
START_TEST(exportability)
{
	static const char letters[] = "NES"; /* in the order of enum exportability */
	char header[] = "D0000D0AB00?0000";

	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, USAGE_CIPHER);
	for (role.exportability = EXPORT_NONE; role.exportability <= EXPORT_ANY;
		role.exportability++)
		for (unsigned asked = 0; asked < 3; asked++) {
			header[11] = letters[asked];
			ck_rv(wrap(header),
				asked <= role.exportability ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
		}
}
END_TEST

/* Right check values are taken. */
START_TEST(check_values)
{
	static const uint8_t zero[16];
	uint8_t of_key[16], of_kbpk[16], digits[2][10];
	char header[64];

	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, USAGE_CIPHER);
	ck_ok(key_block(target, NULL, zero, of_key));
	ck_ok(key_cmac(kbpk, zero, 16, of_kbpk));
	key_block_put_hex(of_key, 3, digits[0]);
	key_block_put_hex(of_kbpk, 5, digits[1]);
	snprintf(header, sizeof header, "D0000D0AB00N0200KC0C00%.6sKP1001%.10s", (char *)digits[0],
		(char *)digits[1]);
	ck_ok(wrap(header));
	comes_back(EXPORT_NONE);
	load(target, CKK_AES, 24);
	ck_rv(wrap(header), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* The header is at most 1024 characters, with 99 blocks at most. */
START_TEST(long_headers)
{
	char header[1100];
	size_t n;

	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, USAGE_CIPHER);
	snprintf(header, sizeof header, "D0000D0AB00N0100LB000403F0%0*d", 1008 - 10, 0);
	ck_assert_uint_eq(strlen(header), 1024);
	ck_ok(wrap(header));
	comes_back(EXPORT_NONE);
	snprintf(header, sizeof header, "D0000D0AB00N0100LB000403F1%0*d", 1009 - 10, 0);
	ck_rv(wrap(header), CKR_MECHANISM_PARAM_INVALID);

	n = (size_t)snprintf(header, sizeof header, "D0000D0AB00N9900");
	for (unsigned i = 0; i < 99; i++)
		n += (size_t)snprintf(header + n, sizeof header - n, "%02u0%c%.*s", i,
			i == 98 ? '8' : '4', i == 98 ? 4 : 0, "data");
	ck_assert_uint_eq((n - 16) % 16, 0);
	ck_ok(wrap(header));
	comes_back(EXPORT_NONE);
	header[n - 5] =
		'9'; /* 99 blocks that do not fill the cipher's block leave no room for PB */
	header[n] = 'x';
	header[n + 1] = '\0';
	ck_rv(wrap(header), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(keys_without_a_usage)
{
	load(kbpk, CKK_AES, 32);
	take_key(CKK_AES, 16, 0);
	ck_rv(wrap(NULL), CKR_KEY_NOT_WRAPPABLE);
	take_key(CKK_GENERIC_SECRET, 16, USAGE_MAC);
	ck_rv(wrap(NULL), CKR_KEY_NOT_WRAPPABLE);
	take_key(CKK_AES, 16, USAGE_CIPHER | USAGE_MAC);
	ck_rv(wrap(NULL), CKR_KEY_NOT_WRAPPABLE);
	ck_rv(wrap("D0000D0AB00N0000"), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_wrap");
	TCase *tc = tcase_create("key_block_wrap");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, without_a_header);
	tcase_add_test(tc, hmac_keys);
	tcase_add_test(tc, with_a_header);
	tcase_add_test(tc, refused_headers);
	tcase_add_test(tc, exportability);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, long_headers);
	tcase_add_test(tc, keys_without_a_usage);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
