/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_block_rows.c: every row of the specification's table of usages and modes. */
#include "block_header.h"
#include "mechanism.h"

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

/* The usage that a key of USAGE gets: the first row of the specification that says the same. */
static const char *first_usage(const char *usage)
{
	switch (usage[0]) {
	case 'P':
		return "D0";
	case 'E':
		return "E0";
	case 'K':
		return usage[1] == '4' ? "K1" : usage;
	default:
		return usage;
	}
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
			ck_assert_mem_eq(made.usage, first_usage(table[i].header + 1), 2);
			ck_assert_int_eq(made.algorithm, h.algorithm);
			ck_assert_uint_eq(made.hash, h.hash);
		}
		/* payShield writes N for the widest mode */
		check_row(i, 'N', &role);
	}
}
END_TEST

/* Lengths of keys, by algorithm. X9.143 has no other length for AES and TDES; HMAC has any. */
static bool is_length_of(CK_KEY_TYPE type, size_t n)
{
	switch (type) {
	case CKK_AES:
		return n == 16 || n == 24 || n == 32;
	case CKK_DES2:
		return n == 16;
	case CKK_DES3:
		return n == 24;
	default:
		return n > 0 && n <= SECRET_MAX;
	}
}

/* Return the type of a key of N bytes under the usage and algorithm of row I, or CK_UNAVAILABLE. */
static CK_KEY_TYPE type_by_length(size_t i, size_t n)
{
	for (size_t j = 0; j < sizeof table / sizeof table[0]; j++)
		if (memcmp(table[i].header + 1, table[j].header + 1, 3) == 0 &&
			table[i].hash == table[j].hash && is_length_of(table[j].type, n))
			return table[j].type;
	return CK_UNAVAILABLE_INFORMATION;
}

/* Return true if the token has keys of N bytes under the algorithm, by whatever usage. */
static bool algorithm_has(char algorithm, size_t n)
{
	return algorithm == 'A'   ? is_length_of(CKK_AES, n)
	       : algorithm == 'T' ? n == 16 || n == 24
				  : n > 0 && n <= SECRET_MAX;
}

/* Each row has its lengths and no other length. */
START_TEST(lengths_of_each_row)
{
	static const size_t more[] = {127, 128, SECRET_MAX, SECRET_MAX + 1};
	struct wrapped_role role;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct key_block_header h = header(table[i].header, table[i].hash);
		if (key_block_role(&h, table[i].length, &role) != CKR_OK)
			continue; /* not in this build */
		for (size_t k = 0; k < 70 + sizeof more / sizeof more[0]; k++) {
			size_t n = k < 70 ? k : more[k - 70];
			CK_KEY_TYPE type = type_by_length(i, n);
			CK_RV expected = type != CK_UNAVAILABLE_INFORMATION ? CKR_OK
					 : algorithm_has(h.algorithm, n) ? CKR_KEY_TYPE_INCONSISTENT
									 : CKR_WRAPPED_KEY_INVALID;
			CK_RV rv = key_block_role(&h, n, &role);
			ck_assert_msg(rv == expected && (rv != CKR_OK || role.type == type),
				"%s, %zu bytes: %s", table[i].header, n, rv_name(rv));
		}
	}
}
END_TEST

/* Each row has its modes and N, in every version, and no other mode. HMAC is in version D alone. */
START_TEST(modes_and_versions_of_each_row)
{
	struct wrapped_role role;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct key_block_header h = header(table[i].header, table[i].hash);
		if (key_block_role(&h, table[i].length, &role) != CKR_OK)
			continue;
		for (h.version = 'A'; h.version <= 'E'; h.version++)
			for (h.mode = ' '; h.mode <= '~'; h.mode++) {
				bool mode = h.mode == 'N' ||
					    strchr(table[i].header + 4, h.mode) != NULL;
				bool version = h.algorithm != 'H' || h.version == 'D';
				CK_RV rv = key_block_role(&h, table[i].length, &role);
				ck_assert_msg(rv == (mode && version ? CKR_OK
								     : CKR_KEY_TYPE_INCONSISTENT),
					"%s in version %c with mode %c: %s", table[i].header,
					h.version, h.mode, rv_name(rv));
			}
	}
}
END_TEST

/* An HMAC key has the hash that HM says, and the hashes of the token are five. */
START_TEST(each_hash)
{
	static const struct {
		unsigned hash;
		CK_KEY_TYPE type;
	} known[] = {{0x10, CKK_SHA_1_HMAC}, {0x20, CKK_SHA224_HMAC}, {0x21, CKK_SHA256_HMAC},
		{0x22, CKK_SHA384_HMAC}, {0x23, CKK_SHA512_HMAC}};
	struct wrapped_role role;

	for (unsigned hash = 0; hash < 256; hash++) {
		CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (known[i].hash == hash)
				type = known[i].type;
		CK_RV rv = role_of("DM7HC", (uint8_t)hash, 32, &role);
		ck_assert_msg(type != CK_UNAVAILABLE_INFORMATION ? rv == CKR_OK && role.type == type
								 : rv == CKR_KEY_TYPE_INCONSISTENT,
			"%02x: %s", hash, rv_name(rv));
	}
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

/* A key with one difference from a row has no header, or the header of another row. */
START_TEST(each_row_with_one_difference)
{
	struct wrapped_role whole;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct key_block_header h = header(table[i].header, table[i].hash),
					made = {.version = 'D'};
		size_t n = table[i].length;
		if (key_block_role(&h, n, &whole) != CKR_OK)
			continue;
		struct wrapped_role role = whole;
		role.derives = !role.derives;
		ck_rv(key_block_describe(&role, n, &made), CKR_KEY_NOT_WRAPPABLE);
		role = whole;
		role.usage ^= USAGE_SIGN | USAGE_WRAP;
		ck_rv(key_block_describe(&role, n, &made), CKR_KEY_NOT_WRAPPABLE);
		role = whole;
		role.type = CKK_GENERIC_SECRET;
		ck_rv(key_block_describe(&role, n, &made), CKR_KEY_NOT_WRAPPABLE);
		role = whole;
		ck_rv(key_block_describe(&role, SECRET_MAX + 1, &made), CKR_KEY_NOT_WRAPPABLE);
		role.has_list = !role.has_list;
		ck_rv(key_block_describe(&role, n, &made), CKR_KEY_NOT_WRAPPABLE);
		for (size_t k = 0; k < whole.count; k++) { /* one mechanism is another one */
			role = whole;
			role.list[k] = CKM_AES_ECB;
			ck_rv(key_block_describe(&role, n, &made), CKR_KEY_NOT_WRAPPABLE);
			ck_rv(key_block_fits(&h, &role, n), CKR_MECHANISM_PARAM_INVALID);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_rows");
	TCase *tc = tcase_create("key_block_rows");

	tcase_add_test(tc, each_row);
	tcase_add_test(tc, lengths_of_each_row);
	tcase_add_test(tc, modes_and_versions_of_each_row);
	tcase_add_test(tc, each_hash);
	tcase_add_test(tc, no_other_usage);
	tcase_add_test(tc, each_row_with_one_difference);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
