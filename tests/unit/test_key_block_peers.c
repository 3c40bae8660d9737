/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_block_peers.c: key blocks that other implementations made (tests/peers): psec from PyPI,
 * and tr31-tool of openemv/tr31.
 */
#include "key/crypto.h"
#include "key_block.h"
#include "unit.h"
#include "vectors.h"

static struct key *kbpk, *scratch[SCRATCH_KEYS];

static void set_up(void)
{
	ck_ok(crypto_start());
	kbpk = key_new();
	scratch[0] = key_new();
	scratch[1] = key_new();
}

static void tear_down(void)
{
	key_free(kbpk);
	key_free(scratch[0]);
	key_free(scratch[1]);
	crypto_stop();
}

static void load_kbpk(const struct vectors *v, char version)
{
	uint8_t value[32];
	size_t n = vector_hex(v, "kbpk", value, sizeof value);
	CK_KEY_TYPE des = n == 16 ? CKK_DES2 : CKK_DES3;

	ck_ok(key_load(kbpk, version == 'D' || version == 'E' ? CKK_AES : des, value, n));
}

START_TEST(blocks_of_other_implementations)
{
	struct vectors v;
	unsigned good = 0, refused = 0;

	for (vectors_open(&v, "key_block_peers.txt"); vectors_next(&v);) {
		const char *block = vector_text(&v, "block");
		struct unwrapping u = {
			kbpk, scratch, bytes_of((const uint8_t *)block, strlen(block))};
		struct wrapped_role role = {0};
		SECRET value = {0};
		uint8_t key[64];
		size_t n = vector_hex(&v, "key", key, sizeof key);
		load_kbpk(&v, block[0]);
		CK_RV rv = key_block_unwrap(&u, &role, &value);
		if (strcmp(vector_text(&v, "status"), "good") != 0) {
			ck_assert_msg(rv == CKR_KEY_TYPE_INCONSISTENT, "%.16s", block);
			ck_assert_uint_eq(value.len, 0);
			refused++;
			continue;
		}
		ck_assert_msg(rv == CKR_OK, "%.16s: %lx", block, rv);
		ck_assert(bytes_equal(bytes_of(secret_peek(&value), value.len), bytes_of(key, n)));
		ck_assert_uint_eq(role.type, vector_number(&v, "type"));
		ck_assert_int_eq(role.exportability, block[11] == 'S'   ? EXPORT_ANY
						     : block[11] == 'E' ? EXPORT_TRUSTED
									: EXPORT_NONE);
		good++;
	}
	ck_assert_uint_eq(good, 167);
	ck_assert_uint_eq(refused, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_peers");
	TCase *tc = tcase_create("key_block_peers");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, blocks_of_other_implementations);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
