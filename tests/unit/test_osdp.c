/* SPDX-License-Identifier: Apache-2.0 */
/* test_osdp.c: keys of OSDP readers, with the cryptograms of the handshake. */
#include "scheme.h"

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"

static void start(struct scheme *s, const char *scbk, const char *which, const char *random)
{
	scheme_start(s, CKM_KEYDIV_OSDP_SESSION_KEY, CKK_AES, scbk);
	scheme_put_hex(s, KEYDIV_OSDP_KEY, which);
	scheme_put_hex(s, KEYDIV_CP_RANDOM, random);
}

/* Check that E(KEY, text) is the published value NAME of V. */
static void expect_encrypted(
	const struct vectors *v, const uint8_t *text, const char *name, uint8_t out[KEY_BLOCK_MAX])
{
	uint8_t published[KEY_BLOCK_MAX];

	ck_ok(key_encrypt_blocks(scheme_key(1), NULL, text, KEY_BLOCK_MAX, out));
	vector_hex(v, name, published, sizeof published);
	ck_assert_mem_eq(out, published, sizeof published);
}

/* The two parties prove that they have S-ENC. */
static void expect_cryptograms(const struct vectors *v)
{
	uint8_t key[KEY_BLOCK_MAX], text[KEY_BLOCK_MAX], out[KEY_BLOCK_MAX];

	vector_hex(v, "s_enc", key, sizeof key);
	ck_ok(key_load(scheme_key(1), CKK_AES, key, sizeof key));
	vector_hex(v, "pd_random", text, 8);
	vector_hex(v, "cp_random", text + 8, 8);
	expect_encrypted(v, text, "cp_cryptogram", out);
	vector_hex(v, "cp_random", text, 8);
	vector_hex(v, "pd_random", text + 8, 8);
	expect_encrypted(v, text, "pd_cryptogram", out);
}

/* Derive the key of the reader of the case V, which is the last case. */
static void expect_scbk(const struct vectors *v)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_OSDP_SCBK, CKK_AES, vector_text(v, "mk"));
	scheme_put_hex(&s, KEYDIV_CARD_UID, vector_text(v, "cuid"));
	scheme_expect(&s, vector_text(v, "scbk_of_reader"));
}

START_TEST(published_answers)
{
	static const char *const names[] = {"s_enc", "s_mac1", "s_mac2"};
	static const char *const numbers[] = {"01", "02", "03"};
	struct vectors v;

	for (vectors_open(&v, "osdp.txt"); vectors_next(&v);) {
		if (vector_text(&v, "mk") != NULL) {
			expect_scbk(&v);
			continue;
		}
		for (unsigned i = 0; i < 3; i++) {
			struct scheme s;
			SECRET value = {0};
			uint8_t published[KEY_BLOCK_MAX];
			start(&s, vector_text(&v, "scbk"), numbers[i],
				vector_text(&v, "cp_random"));
			ck_ok(scheme_run(&s, &value));
			vector_hex(&v, names[i], published, sizeof published);
			ck_assert_mem_eq(secret_peek(&value), published, sizeof published);
		}
		expect_cryptograms(&v);
	}
	ck_assert_uint_eq(v.cases, 2);
}
END_TEST

START_TEST(refused)
{
	struct scheme s;

	start(&s, MASTER, "00", "b0b1b2b3b4b5b6b7");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, MASTER, "04", "b0b1b2b3b4b5b6b7");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, MASTER MASTER, "01", "b0b1b2b3b4b5b6b7");
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_start(&s, CKM_KEYDIV_OSDP_SCBK, CKK_AES, MASTER MASTER);
	scheme_put_hex(&s, KEYDIV_CARD_UID, "0102030405060708");
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_start(&s, CKM_KEYDIV_OSDP_SCBK, CKK_AES, MASTER);
	scheme_put_hex(&s, KEYDIV_CARD_UID, "01020304050607");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("osdp");
	TCase *tc = tcase_create("osdp");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
