/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_block_usage.c: which key a header describes, and which header a key has. */
#include "key_block_usage.h"

#include "mechanism.h"
#include "unit.h"

/* The first characters of a header: version, usage, algorithm, mode. */
static struct key_block_header header(const char *text, uint8_t hash)
{
	return (struct key_block_header){.version = text[0],
		.usage = {text[1], text[2]},
		.algorithm = text[3],
		.mode = text[4],
		.key_version = {'0', '0'},
		.exportability = 'N',
		.hash = hash};
}

static CK_RV role_of(const char *text, uint8_t hash, size_t length, struct wrapped_role *ret)
{
	struct key_block_header h = header(text, hash);

	return key_block_role(&h, length, ret);
}

static bool lists(const struct wrapped_role *role, CK_MECHANISM_TYPE mechanism)
{
	for (size_t i = 0; i < role->count; i++)
		if (role->list[i] == mechanism)
			return true;
	return false;
}

/* The specification's table. A list names what the key allows, ended by 0; NONE is no list. */
#define NONE 1
static const struct {
	const char *header; /* as header(), with the modes of the row after the usage */
	uint8_t hash;
	size_t length;
	CK_KEY_TYPE type;
	bool derives;
	CK_MECHANISM_TYPE list[8];
} table[] = {
	{"DB0AX", 0, 16, CKK_AES, true,
		{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKM_KEYDIV_AES_DUKPT_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"BB0TX", 0, 16, CKK_DES2, true,
		{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKM_KEYDIV_TDES_DUKPT_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"DB1AX", 0, 32, CKK_AES, true,
		{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"BB1TX", 0, 16, CKK_DES2, true,
		{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"DD0ABED", 0, 24, CKK_AES, false, {NONE}},
	{"DD0TBED", 0, 16, CKK_DES2, false, {NONE}},
	{"BD0TBED", 0, 24, CKK_DES3, false, {NONE}},
	{"DP0ABED", 0, 32, CKK_AES, false, {NONE}},
	{"BP0TBED", 0, 16, CKK_DES2, false, {NONE}},
	{"BP0TBED", 0, 24, CKK_DES3, false, {NONE}},
	{"DE0AX", 0, 16, CKK_AES, true, {CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"BE0TX", 0, 16, CKK_DES2, true, {CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"BE3TX", 0, 16, CKK_DES2, true, {CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"BE5TX", 0, 16, CKK_DES2, true, {CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"DK0ABED", 0, 16, CKK_AES, false, {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP}},
	{"DK1ABED", 0, 32, CKK_AES, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"BK1TBED", 0, 16, CKK_DES2, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"BK1TBED", 0, 24, CKK_DES3, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"BK4TBED", 0, 16, CKK_DES2, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"BK4TBED", 0, 24, CKK_DES3, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"DK4ABED", 0, 16, CKK_AES, false, {CKM_KEYDIV_KEY_BLOCK}},
	{"BM3TCGV", 0, 16, CKK_DES2, false, {CKM_KEYDIV_RETAIL_MAC}},
	{"DM6ACGV", 0, 16, CKK_AES, false, {CKM_AES_CMAC}},
	{"BM6TCGV", 0, 16, CKK_DES2, false, {CKM_DES3_CMAC}},
	{"BM6TCGV", 0, 24, CKK_DES3, false, {CKM_DES3_CMAC}},
	{"DM7HCGV", 0x10, 20, CKK_SHA_1_HMAC, false, {CKM_SHA_1_HMAC}},
	{"DM7HCGV", 0x20, 28, CKK_SHA224_HMAC, false, {CKM_SHA224_HMAC}},
	{"DM7HCGV", 0x21, 32, CKK_SHA256_HMAC, false, {CKM_SHA256_HMAC}},
	{"DM7HCGV", 0x22, 48, CKK_SHA384_HMAC, false, {CKM_SHA384_HMAC}},
	{"DM7HCGV", 0x23, 64, CKK_SHA512_HMAC, false, {CKM_SHA512_HMAC}},
	{"D10AX", 0, 16, CKK_AES, true,
		{CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,
			CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
	{"D11AX", 0, 16, CKK_AES, true,
		{CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
};

static bool built(CK_MECHANISM_TYPE type)
{
	size_t index;

	return mechanism_look_up_any(type, &index) != NULL;
}

/* The usage of a mode by X9.143, for the row. */
static uint32_t usage_of(const char *row, char mode)
{
	bool wraps = row[1] == 'K';

	switch (mode) {
	case 'B':
		return wraps ? USAGE_WRAPPING : USAGE_CIPHER;
	case 'E':
		return wraps ? USAGE_WRAP : USAGE_ENCRYPT;
	case 'D':
		return wraps ? USAGE_UNWRAP : USAGE_DECRYPT;
	case 'C':
		return USAGE_MAC;
	case 'G':
		return USAGE_SIGN;
	case 'V':
		return USAGE_VERIFY;
	default:
		return 0;
	}
}

/* Check the role of row I with MODE. Return false if this build offers nothing for the row. */
static bool check_row(size_t i, char mode, struct wrapped_role *role)
{
	struct key_block_header h = header(table[i].header, table[i].hash);
	size_t expected = 0;

	h.mode = mode;
	for (size_t j = 0; table[i].list[j] > NONE; j++)
		expected += built(table[i].list[j]);
	if (expected == 0 && table[i].list[0] != NONE) {
		ck_rv(key_block_role(&h, table[i].length, role), CKR_KEY_TYPE_INCONSISTENT);
		return false;
	}
	ck_ok(key_block_role(&h, table[i].length, role));
	ck_assert_uint_eq(role->type, table[i].type);
	ck_assert_uint_eq(role->derives, table[i].derives);
	ck_assert_uint_eq(role->has_list, table[i].list[0] != NONE);
	ck_assert_uint_eq(role->count, expected);
	for (size_t j = 0; j < expected; j++)
		ck_assert_uint_eq(lists(role, table[i].list[j]), built(table[i].list[j]));
	ck_assert_uint_eq(
		role->usage, usage_of(table[i].header, mode == 'N' ? table[i].header[4] : mode));
	return true;
}

START_TEST(each_row)
{
	struct wrapped_role role;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		for (const char *mode = table[i].header + 4; *mode != '\0'; mode++) {
			struct key_block_header h = header(table[i].header, table[i].hash), made;
			if (!check_row(i, *mode, &role))
				continue;
			h.mode = *mode;
			ck_ok(key_block_fits(&h, &role, table[i].length));
			made = (struct key_block_header){.version = h.version};
			ck_ok(key_block_describe(&role, table[i].length, &made));
			ck_ok(key_block_fits(&made, &role, table[i].length));
			ck_assert_int_eq(made.mode, *mode);
			ck_assert_int_eq(made.algorithm, h.algorithm);
			ck_assert_uint_eq(made.hash, h.hash);
		}
		/* payShield writes N for the widest mode */
		check_row(i, 'N', &role);
	}
}
END_TEST

START_TEST(mode_n_describes_only_the_widest_key)
{
	struct key_block_header n = header("DD0AN", 0);
	struct wrapped_role role;

	ck_ok(role_of("DD0AB", 0, 16, &role));
	ck_ok(key_block_fits(&n, &role, 16));
	ck_ok(role_of("DD0AE", 0, 16, &role));
	ck_rv(key_block_fits(&n, &role, 16), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(headers_of_nothing)
{
	static const struct {
		const char *header;
		uint8_t hash;
		size_t length;
		CK_RV rv;
	} bad[] = {
		{"DB0AB", 0, 16, CKR_KEY_TYPE_INCONSISTENT}, /* a mode of another usage */
		{"DB0TV", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0AC", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0AS", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DM6AB", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DK0TB", 0, 16, CKR_KEY_TYPE_INCONSISTENT}, /* AES key wrap takes AES keys */
		{"BK0TN", 0, 24, CKR_KEY_TYPE_INCONSISTENT},
		{"DM3AC", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"BB0TX", 0, 24, CKR_KEY_TYPE_INCONSISTENT}, /* no DUKPT of DES3 keys */
		{"BE0TX", 0, 24, CKR_KEY_TYPE_INCONSISTENT},
		{"BM3TC", 0, 24, CKR_KEY_TYPE_INCONSISTENT},
		{"DE6AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DE/AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DB2AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DK2AB", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DK3AB", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DV0AC", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"D12AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"D99AX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"D10TX", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DS0RS", 0, 300, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0DB", 0, 8, CKR_KEY_TYPE_INCONSISTENT},
		{"DM7HC", 0x24, 32, CKR_KEY_TYPE_INCONSISTENT}, /* SHA-512/224 */
		{"DM7HC", 0x31, 32, CKR_KEY_TYPE_INCONSISTENT},
		{"BM7HC", 0x21, 32, CKR_KEY_TYPE_INCONSISTENT}, /* HMAC in version D alone */
		{"EM7HC", 0x21, 32, CKR_KEY_TYPE_INCONSISTENT},
		{"Dd0AB", 0, 16, CKR_KEY_TYPE_INCONSISTENT}, /* small letters */
		{"DD0aB", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0Ab", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0A\0", 0, 16, CKR_KEY_TYPE_INCONSISTENT},
		{"DD0AB", 0, 20, CKR_WRAPPED_KEY_INVALID}, /* lengths of no key */
		{"DD0AB", 0, 0, CKR_WRAPPED_KEY_INVALID},
		{"BD0TB", 0, 8, CKR_WRAPPED_KEY_INVALID},
		{"BB0TX", 0, 32, CKR_WRAPPED_KEY_INVALID},
		{"DM7HC", 0x21, 0, CKR_WRAPPED_KEY_INVALID},
	};
	struct wrapped_role role;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(
			role_of(bad[i].header, bad[i].hash, bad[i].length, &role) == bad[i].rv,
			"%s %zu", bad[i].header, bad[i].length);
}
END_TEST

/* Return true if the table has a row for the usage, algorithm and length. E1 to E5 are as E0. */
static bool in_table(const char usage[2], char algorithm, size_t length)
{
	char second = usage[0] == 'E' && usage[1] <= '5' ? '0' : usage[1];

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].header[1] == usage[0] && table[i].header[2] == second &&
			table[i].header[3] == algorithm && key_type_fits(table[i].type, length) &&
			(table[i].list[0] == NONE || built(table[i].list[0])))
			return true;
	return false;
}

/* Every usage of two characters: those of the table have a role, and no others. */
START_TEST(no_other_usage)
{
	static const char first[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", algorithms[] = "ATHDR";
	static const size_t lengths[] = {16, 24, 32};
	struct wrapped_role role;

	for (size_t i = 0; i < 36 * 36; i++)
		for (const char *a = algorithms; *a != 0; a++)
			for (size_t k = 0; k < 3; k++) {
				const char usage[2] = {first[i / 36], first[i % 36]};
				char text[] = {'D', usage[0], usage[1], *a, 'N', 0};
				CK_RV rv = role_of(text, 0x21, lengths[k], &role);
				ck_assert_msg((rv == CKR_OK) == in_table(usage, *a, lengths[k]),
					"%s %zu: %s", text, lengths[k], rv_name(rv));
			}
}
END_TEST

/* Keys that no header describes: each would come back as another key. */
START_TEST(keys_without_a_header)
{
	struct key_block_header made = {.version = 'D'};
	struct wrapped_role whole, role;

	ck_ok(role_of("DB0AX", 0, 16, &whole));
	role = whole;
	ck_ok(key_block_describe(&role, 16, &made));
	role.list[0] = whole.list[1]; /* the order means nothing */
	role.list[1] = whole.list[0];
	ck_ok(key_block_describe(&role, 16, &made));
	role.count--; /* a shorter list would come back wider */
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role.count = 0;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.list[role.count++] = CKM_KEYDIV_CMAC;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.has_list = false;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.derives = false;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.usage = USAGE_SIGN;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	/* a cipher key with a list, with another usage, and with none */
	ck_ok(role_of("DD0AB", 0, 16, &whole));
	role = whole;
	role.has_list = true;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role.count = 1;
	role.list[0] = CKM_AES_CBC;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.usage |= USAGE_SIGN;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role.usage = 0;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	role = whole;
	role.type = CKK_GENERIC_SECRET;
	ck_rv(key_block_describe(&role, 16, &made), CKR_KEY_NOT_WRAPPABLE);
	/* HMAC in version D alone */
	ck_ok(role_of("DM7HC", 0x21, 32, &role));
	ck_ok(key_block_describe(&role, 32, &made));
	made.version = 'B';
	ck_rv(key_block_describe(&role, 32, &made), CKR_KEY_NOT_WRAPPABLE);
}
END_TEST

/* A header must say what the key is, in every part. */
START_TEST(headers_of_another_key)
{
	static const char *const others[] = {"DP0AE", "DD0AB", "DD0AN", "DD0AD", "DD0TE", "DM6AC",
		"DK0AE", "DB0AX", "DE0AX", "D10AX", "DD1AE", "DD0Ae"};
	struct wrapped_role role;
	struct key_block_header h;

	ck_ok(role_of("DD0AE", 0, 16, &role));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		h = header(others[i], 0);
		/* P0 is the same key by another name */
		ck_assert_msg(key_block_fits(&h, &role, 16) ==
				      (i == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID),
			"%s", others[i]);
	}
	ck_ok(role_of("DM7HC", 0x21, 32, &role));
	h = header("DM7HC", 0x21);
	ck_ok(key_block_fits(&h, &role, 32));
	h.hash = 0x22;
	ck_rv(key_block_fits(&h, &role, 32), CKR_MECHANISM_PARAM_INVALID);
	h = header("EM7HC", 0x21);
	ck_rv(key_block_fits(&h, &role, 32), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(the_first_usage_that_fits)
{
	static const struct {
		const char *from, *to;
		size_t length;
	} pairs[] = {{"DP0AB", "D0", 16}, {"BP0TE", "D0", 24}, {"DE3AX", "E0", 16},
		{"BE5TX", "E0", 16}, {"DD0AD", "D0", 16}};
	struct key_block_header made = {.version = 'D'};
	struct wrapped_role role;

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		ck_ok(role_of(pairs[i].from, 0, pairs[i].length, &role));
		ck_ok(key_block_describe(&role, pairs[i].length, &made));
		ck_assert_mem_eq(made.usage, pairs[i].to, 2);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_usage");
	TCase *tc = tcase_create("key_block_usage");

	tcase_add_test(tc, each_row);
	tcase_add_test(tc, mode_n_describes_only_the_widest_key);
	tcase_add_test(tc, headers_of_nothing);
	tcase_add_test(tc, no_other_usage);
	tcase_add_test(tc, keys_without_a_header);
	tcase_add_test(tc, headers_of_another_key);
	tcase_add_test(tc, the_first_usage_that_fits);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
