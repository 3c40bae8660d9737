/* SPDX-License-Identifier: Apache-2.0 */
/* test_kdf_primitives.c: HKDF and PBKDF2. */
#include "key/kdf_primitives.h"

#include "unit.h"
#include "vectors.h"

static struct key *key;

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	ck_assert_ptr_nonnull(key);
}

static void tear_down(void)
{
	key_free(key);
	crypto_stop();
}

static enum digest_kind kind_of(const char *name)
{
	ck_assert(strcmp(name, "sha1") == 0 || strcmp(name, "sha256") == 0);
	return strcmp(name, "sha1") == 0 ? DIGEST_SHA1 : DIGEST_SHA256;
}

START_TEST(published_hkdf)
{
	struct vectors v;
	uint8_t ikm[128], salt[128], info[128], okm[128];

	for (vectors_open(&v, "hkdf_rfc5869.txt"); vectors_next(&v);) {
		const char *mode = vector_text(&v, "mode");
		bool extract = strcmp(mode, "EXPAND_ONLY") != 0,
		     expand = strcmp(mode, "EXTRACT_ONLY") != 0;
		enum digest_kind kind = kind_of(vector_text(&v, "hash"));
		size_t len = vector_hex(&v, "okm", okm, sizeof okm);
		struct bytes salt_bytes = bytes_of(salt, vector_hex(&v, "salt", salt, sizeof salt));
		struct bytes info_bytes = bytes_of(info, vector_hex(&v, "info", info, sizeof info));
		SECRET out = {0};
		ck_ok(key_load(
			key, CKK_GENERIC_SECRET, ikm, vector_hex(&v, "ikm", ikm, sizeof ikm)));
		ck_ok(key_hkdf(key, kind, extract, expand, salt_bytes, info_bytes, len, &out));
		ck_assert_uint_eq(out.len, len);
		ck_assert_mem_eq(secret_peek(&out), okm, len);
	}
	ck_assert_uint_eq(v.cases, 21);
}
END_TEST

START_TEST(hkdf_limits)
{
	const struct bytes none = {NULL, 0};
	SECRET out = {0};

	ck_rv(key_hkdf(key, DIGEST_SHA256, true, true, none, none, 32, &out),
		CKR_KEY_SIZE_RANGE); /* empty */
	ck_ok(key_load(key, CKK_AES, (const uint8_t *)"0123456789abcdef", 16));
	ck_rv(key_hkdf(key, DIGEST_SHA256, false, false, none, none, 32, &out),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(key_hkdf(key, DIGEST_NONE, true, true, none, none, 32, &out),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(key_hkdf(key, DIGEST_SHA256, true, true, none, none, 0, &out), CKR_KEY_SIZE_RANGE);
	ck_rv(key_hkdf(key, DIGEST_SHA256, true, false, none, none, 31, &out), CKR_KEY_SIZE_RANGE);
	ck_ok(key_hkdf(key, DIGEST_SHA256, true, false, none, none, 0, &out));
	ck_assert_uint_eq(out.len, 32);
	ck_rv(key_hkdf(key, DIGEST_SHA1, true, true, none, none, SECRET_MAX + 1, &out),
		CKR_KEY_SIZE_RANGE);
	ck_assert_uint_eq(out.len, 0);
	ck_ok(key_hkdf(
		key, DIGEST_SHA1, true, true, none, none, SECRET_MAX, &out)); /* 205 blocks */
	ck_assert_uint_eq(out.len, SECRET_MAX);
}
END_TEST

START_TEST(published_pbkdf2)
{
	struct vectors v;
	uint8_t password[64], salt[64], dk[64];

	for (vectors_open(&v, "pbkdf2.txt"); vectors_next(&v);) {
		SECRET out = {0};
		struct bytes p =
			bytes_of(password, vector_hex(&v, "password", password, sizeof password));
		struct bytes s = bytes_of(salt, vector_hex(&v, "salt", salt, sizeof salt));
		size_t len = vector_hex(&v, "dk", dk, sizeof dk);
		ck_assert_uint_eq(len, vector_number(&v, "length"));
		ck_ok(pbkdf2(kind_of(vector_text(&v, "hash")), p, s,
			vector_number(&v, "iterations"), len, &out));
		ck_assert_mem_eq(secret_peek(&out), dk, len);
	}
	ck_assert_uint_eq(v.cases, 7);
}
END_TEST

START_TEST(pbkdf2_limits)
{
	const struct bytes none = {NULL, 0};
	SECRET out = {0};

	ck_ok(pbkdf2(DIGEST_SHA512, none, none, 1, 1, &out));
	ck_assert_uint_eq(out.len, 1);
	ck_rv(pbkdf2(DIGEST_NONE, none, none, 1, 1, &out), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(pbkdf2(DIGEST_SHA1, none, none, 0, 1, &out), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(pbkdf2(DIGEST_SHA1, none, none, (uint64_t)1 << 31, 1, &out),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(pbkdf2(DIGEST_SHA1, none, none, 1, 0, &out), CKR_KEY_SIZE_RANGE);
	ck_rv(pbkdf2(DIGEST_SHA1, none, none, 1, SECRET_MAX + 1, &out), CKR_KEY_SIZE_RANGE);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kdf_primitives");
	TCase *tests = tcase_create("kdf_primitives");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, published_hkdf);
	tcase_add_test(tests, hkdf_limits);
	tcase_add_test(tests, published_pbkdf2);
	tcase_add_test(tests, pbkdf2_limits);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
