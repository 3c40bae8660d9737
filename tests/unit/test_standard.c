/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_standard.c: digests, HMACs and block modes by what their rows say,
 * against published answers.
 */
#include "key/mac.h"
#include "scheme.h"

static uint8_t in[512], out[512], expected[512], iv[16];

static const struct mechanism *row_named(const char *name)
{
	for (size_t i = 0; i < mechanism_count; i++)
		if (strcmp(mechanisms[i]->name, name) == 0)
			return mechanisms[i];
	ck_abort_msg("no mechanism %s", name);
	return NULL;
}

static size_t run_mac(const struct mechanism *row, size_t n, size_t iv_len)
{
	struct mac *mac = mac_new();

	ck_assert_ptr_nonnull(mac);
	ck_ok(mac_begin(mac, row->operation.mac, scheme_key(0), bytes_of(iv, iv_len)));
	ck_ok(mac_update(mac, in, n));
	ck_ok(mac_finish(mac, out));
	mac_free(mac);
	return mac_length(row->operation.mac, scheme_key(0));
}

static size_t run_cipher(const struct mechanism *row, size_t n, size_t iv_len)
{
	struct cipher *cipher = cipher_new();
	struct cipher_setup setup = {
		.mode = row->operation.cipher, .encrypt = true, .iv = bytes_of(iv, iv_len)};
	size_t done, rest;

	ck_assert_ptr_nonnull(cipher);
	ck_ok(cipher_begin(cipher, scheme_key(0), &setup));
	ck_ok(cipher_update(cipher, in, n, out, &done));
	ck_ok(cipher_finish(cipher, bytes_of(NULL, 0), out + done, &rest));
	cipher_free(cipher);
	return done + rest;
}

START_TEST(published_answers)
{
	struct vectors v;

	for (vectors_open(&v, "standard.txt"); vectors_next(&v);) {
		const struct mechanism *row = row_named(vector_text(&v, "mechanism"));
		uint8_t key[256];
		size_t n = vector_hex(&v, "in", in, sizeof in), iv_len = 0, got;
		size_t wanted = vector_hex(&v, "out", expected, sizeof expected);
		if (vector_text(&v, "iv"))
			iv_len = vector_hex(&v, "iv", iv, sizeof iv);
		if (vector_text(&v, "key"))
			ck_ok(key_load(scheme_key(0),
				row->key_types[0] == CKK_DES2 ? CKK_DES3 : row->key_types[0], key,
				vector_hex(&v, "key", key, sizeof key)));
		if (row->operation.digest != DIGEST_NONE) {
			ck_ok(digest_once(row->operation.digest, in, n, out));
			got = digest_length(row->operation.digest);
		} else if (row->operation.mac != MAC_NONE) {
			got = run_mac(row, n, iv_len);
			if (row->operation.mac_general)
				got = wanted;
		} else {
			got = run_cipher(row, n, iv_len);
		}
		ck_assert_msg(got == wanted && memcmp(out, expected, got) == 0, "%s, line %u",
			row->name, v.line);
	}
	ck_assert_uint_eq(v.cases, 54);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("standard");
	TCase *tc = tcase_create("standard");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
