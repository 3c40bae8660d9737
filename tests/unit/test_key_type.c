/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_type.c: the table of key types, and that its lookups say what the table says. */
#include "key/key_type.h"

#include <string.h>

#include "base/secret.h"
#include "unit.h"

START_TEST(every_entry_is_found)
{
	size_t n = 0;

	for (const struct key_type *t = all_key_types; t->name != NULL; t++, n++) {
		ck_assert_ptr_eq(key_type_find(t->number), t);
		ck_assert_int_eq(key_type_is_key(t->number), !t->state);
		ck_assert_int_eq(key_type_is_state(t->number), t->state);
		ck_assert_int_eq(key_type_has_parity(t->number), t->parity);
		ck_assert_int_eq(key_type_by_cmac(t->number), t->cmac_check);
		for (const struct key_type *other = all_key_types; other != t; other++)
			ck_assert_str_ne(other->name, t->name);
	}
	ck_assert_uint_eq(n, 11);
}
END_TEST

START_TEST(lengths)
{
	for (size_t n = 0; n <= 64; n++) {
		ck_assert_int_eq(key_type_fits(CKK_AES, n), n == 16 || n == 24 || n == 32);
		ck_assert_int_eq(key_type_fits(CKK_DES2, n), n == 16);
		ck_assert_int_eq(key_type_fits(CKK_DES3, n), n == 24);
		ck_assert_int_eq(key_type_fits(CKK_GENERIC_SECRET, n), n > 0);
		ck_assert_int_eq(
			cipher_kind_of(CKK_AES, n) != KIND_NONE, n == 16 || n == 24 || n == 32);
		ck_assert_int_eq(cipher_kind_of(CKK_SHA256_HMAC, n), KIND_NONE);
	}
	ck_assert(key_type_fits(CKK_SHA256_HMAC, SECRET_MAX));
	ck_assert(!key_type_fits(CKK_SHA256_HMAC, SECRET_MAX + 1));
	ck_assert_uint_eq(key_type_only_length(key_type_find(CKK_AES)), 0);
	ck_assert_uint_eq(key_type_only_length(key_type_find(CKK_DES2)), 16);
	ck_assert_uint_eq(key_type_only_length(key_type_find(CKK_DES3)), 24);
	ck_assert_uint_eq(key_type_only_length(key_type_find(CKK_HKDF)), 0);
}
END_TEST

/* A type with fixed lengths needs no block cipher. */
START_TEST(lengths_without_a_cipher)
{
	static const struct key_type fixed = {
		.name = "fixed", .length = {{20, KIND_NONE}, {28, KIND_NONE}}};
	static const struct key_type only = {.name = "only", .length = {{20, KIND_NONE}}};

	for (size_t n = 0; n <= 64; n++) {
		ck_assert_int_eq(key_type_takes(&fixed, n), n == 20 || n == 28);
		ck_assert_int_eq(key_type_lists(&fixed, n), n == 20 || n == 28);
		ck_assert_int_eq(key_type_takes(&only, n), n == 20);
		ck_assert_int_eq(key_type_cipher(&fixed, n), KIND_NONE);
		ck_assert(!key_type_lists(key_type_find(CKK_GENERIC_SECRET), n));
	}
	ck_assert_uint_eq(key_type_only_length(&fixed), 0);
	ck_assert_uint_eq(key_type_only_length(&only), 20);
}
END_TEST

/* SP 800-57 part 1, table 2; a secret of over 32 bytes counts 256 bits. */
START_TEST(strengths_of_key_types)
{
	ck_assert_uint_eq(key_type_strength(CKK_DES2, 16), 80);
	ck_assert_uint_eq(key_type_strength(CKK_DES3, 24), 112);
	ck_assert_uint_eq(key_type_strength(CKK_AES, 24), 192);
	ck_assert_uint_eq(key_type_strength(CKK_GENERIC_SECRET, 64), 256);
	ck_assert_uint_eq(key_type_strength(CKK_GENERIC_SECRET, 1), 8);
}
END_TEST

START_TEST(unknown_types)
{
	ck_assert_ptr_null(key_type_find(CKK_RSA));
	ck_assert(!key_type_is_key(CKK_RSA) && !key_type_is_state(CKK_RSA));
	ck_assert(!key_type_has_parity(CKK_RSA) && !key_type_by_cmac(CKK_RSA));
	ck_assert_int_eq(cipher_kind_of(CKK_RSA, 16), KIND_NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_type");
	TCase *cases = tcase_create("key_type");

	tcase_add_test(cases, every_entry_is_found);
	tcase_add_test(cases, lengths);
	tcase_add_test(cases, lengths_without_a_cipher);
	tcase_add_test(cases, strengths_of_key_types);
	tcase_add_test(cases, unknown_types);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
