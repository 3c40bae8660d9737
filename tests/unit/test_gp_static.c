/* SPDX-License-Identifier: Apache-2.0 */
/* test_gp_static.c: static keys of GlobalPlatform cards. */
#include "scheme.h"

#define MASTER "404142434445464748494a4b4c4d4e4f"
#define CARD "00010203040506070809"

static void start(struct scheme *s, CK_KEY_TYPE type, const char *master, const char *method,
	const char *kdd, const char *which)
{
	scheme_start(s, CKM_KEYDIV_GP_STATIC_KEY, type, master);
	scheme_put_hex(s, KEYDIV_GP_METHOD, method);
	scheme_put_hex(s, KEYDIV_GP_KDD, kdd);
	scheme_put_hex(s, KEYDIV_GP_KEY, which);
}

static const char *method_of(const struct vectors *v)
{
	const char *text = vector_text(v, "method");

	return strcmp(text, "emv") == 0 ? "01" : strcmp(text, "visa2") == 0 ? "02" : "03";
}

/* Derive the key WHICH of the case V, and compare its check value with the published one. */
static void expect_kcv(const struct vectors *v, const char *which, const char *name)
{
	static const char *const ones = "01010101010101010101010101010101";
	bool aes = strcmp(method_of(v), "03") == 0;
	CK_KEY_TYPE type = aes ? CKK_AES : CKK_DES2;
	uint8_t published[3], block[KEY_BLOCK_MAX] = {0};
	struct scheme s;
	SECRET value = {0};

	start(&s, type, vector_text(v, "mk"), method_of(v), vector_text(v, "kdd"), which);
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, type);
	ck_assert_uint_eq(s.length, strlen(vector_text(v, "mk")) / 2);
	ck_ok(key_load(scheme_key(1), s.type, secret_peek(&value), value.len));
	if (aes)
		ck_assert(hex_decode(ones, block, sizeof block));
	ck_ok(key_block(scheme_key(1), NULL, block, block));
	vector_hex(v, name, published, sizeof published);
	ck_assert_mem_eq(block, published, sizeof published);
}

START_TEST(published_answers)
{
	struct vectors v;
	unsigned whole_keys = 0;

	for (vectors_open(&v, "gp_static.txt"); vectors_next(&v);) {
		if (vector_text(&v, "enc") == NULL) {
			expect_kcv(&v, "01", "kcv_enc");
			expect_kcv(&v, "02", "kcv_mac");
			expect_kcv(&v, "03", "kcv_dek");
			continue;
		}
		struct scheme s;
		start(&s, CKK_AES, vector_text(&v, "mk"), "03", vector_text(&v, "kdd"), "01");
		scheme_expect(&s, vector_text(&v, "enc"));
		whole_keys++;
	}
	ck_assert_uint_eq(whole_keys, 1);
}
END_TEST

START_TEST(a_method_takes_its_own_type_of_master)
{
	static const struct {
		CK_KEY_TYPE type;
		const char *method;
		CK_RV rv;
	} cases[] = {
		{CKK_DES2, "01", CKR_OK},
		{CKK_DES2, "02", CKR_OK},
		{CKK_DES2, "03", CKR_KEY_TYPE_INCONSISTENT},
		{CKK_AES, "01", CKR_KEY_TYPE_INCONSISTENT},
		{CKK_AES, "02", CKR_KEY_TYPE_INCONSISTENT},
		{CKK_AES, "03", CKR_OK},
		{CKK_AES, "00", CKR_MECHANISM_PARAM_INVALID},
		{CKK_AES, "04", CKR_MECHANISM_PARAM_INVALID},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scheme s;
		start(&s, cases[i].type, MASTER, cases[i].method, CARD, "01");
		scheme_refused(&s, cases[i].rv);
	}
}
END_TEST

START_TEST(keys_and_results)
{
	struct scheme s;

	start(&s, CKK_AES, MASTER, "03", CARD, "00");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, CKK_AES, MASTER, "03", CARD, "04");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, CKK_AES, MASTER, "03", CARD, "01");
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_GENERIC_SECRET, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	start(&s, CKK_DES2, MASTER, "01", CARD, "01");
	scheme_want(&s, CKK_AES, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gp_static");
	TCase *tc = tcase_create("gp_static");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, a_method_takes_its_own_type_of_master);
	tcase_add_test(tc, keys_and_results);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
