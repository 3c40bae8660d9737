/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_block_usage.c: which key a header describes, and which header a key has. */
#include "block_header.h"

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

	tcase_add_test(tc, mode_n_describes_only_the_widest_key);
	tcase_add_test(tc, headers_of_nothing);
	tcase_add_test(tc, keys_without_a_header);
	tcase_add_test(tc, headers_of_another_key);
	tcase_add_test(tc, the_first_usage_that_fits);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
