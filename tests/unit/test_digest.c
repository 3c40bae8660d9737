/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c: SHA-1 and SHA-2. */
#include "base/bytes.h"
#include "key/digest.h"
#include "key/library.h"

#include "unit.h"

/* FIPS 180-4 examples: "abc", and the two-block message. */
static const struct {
	enum digest_kind kind;
	size_t length;
	const char *abc, *longer;
} known[] = {
	{DIGEST_SHA1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d",
		"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	{DIGEST_SHA224, 28, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
		"75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525"},
	{DIGEST_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{DIGEST_SHA384, 48,
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358"
		"baeca134c825a7",
		"3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5f"
		"e95b1fe3c8452b"},
	{DIGEST_SHA512, 64,
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836"
		"ba3c23a3feebbd454d44"
		"23643ce8"
		"0e2a9ac94fa54ca49f",
		"204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa"
		"1d3bea57789ca031ad85"
		"c7a71dd7"
		"0354ec631238ca3445"},
};
static const char message[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static struct digest *digest;

static void set_up(void)
{
	ck_ok(crypto_start());
	digest = digest_new();
	ck_assert_ptr_nonnull(digest);
}

static void tear_down(void)
{
	digest_free(digest);
	digest_free(NULL);
	crypto_stop();
}

static void check_hex(const uint8_t *p, size_t n, const char *expected)
{
	char text[2 * DIGEST_MAX + 1];

	hex_encode(p, n, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(known_answers)
{
	uint8_t out[DIGEST_MAX], again[DIGEST_MAX];
	const uint8_t *m = (const uint8_t *)message;
	size_t n = sizeof message - 1, len = known[_i].length;

	ck_assert_uint_eq(digest_length(known[_i].kind), len);
	ck_ok(digest_once(known[_i].kind, (const uint8_t *)"abc", 3, out));
	check_hex(out, len, known[_i].abc);
	for (size_t cut = 0; cut <= n; cut++) {
		ck_ok(digest_begin(digest, known[_i].kind));
		ck_ok(digest_update(digest, m, cut));
		ck_ok(digest_update(digest, NULL, 0));
		ck_ok(digest_update(digest, m + cut, n - cut));
		ck_ok(digest_finish(digest, out));
		check_hex(out, len, known[_i].longer);
	}
	ck_ok(digest_once(known[_i].kind, NULL, 0, out));
	ck_ok(digest_begin(digest, known[_i].kind));
	ck_ok(digest_update(digest, m, 3)); /* dropped by the next begin */
	ck_ok(digest_begin(digest, known[_i].kind));
	ck_ok(digest_finish(digest, again));
	ck_assert_mem_eq(out, again, len);
}
END_TEST

START_TEST(calls_out_of_order_are_refused)
{
	uint8_t out[DIGEST_MAX] = {0};

	ck_rv(digest_update(digest, out, 1), CKR_FUNCTION_FAILED);
	ck_rv(digest_finish(digest, out), CKR_FUNCTION_FAILED);
	ck_rv(digest_begin(digest, DIGEST_NONE), CKR_FUNCTION_FAILED);
	ck_rv(digest_begin(digest, (enum digest_kind)99), CKR_FUNCTION_FAILED);
	ck_rv(digest_once((enum digest_kind)99, out, 1, out), CKR_FUNCTION_FAILED);
	ck_assert_uint_eq(digest_length(DIGEST_NONE), 0);
	ck_assert_uint_eq(digest_length((enum digest_kind)99), 0);
	ck_ok(digest_begin(digest, DIGEST_SHA256));
	ck_ok(digest_finish(digest, out));
	ck_rv(digest_finish(digest, out), CKR_FUNCTION_FAILED);
	ck_ok(digest_begin(digest, DIGEST_SHA256));
	digest_reset(digest);
	ck_rv(digest_update(digest, out, 1), CKR_FUNCTION_FAILED);
	ck_ok(digest_begin(digest, DIGEST_SHA512)); /* a reset object serves again */
	ck_ok(digest_finish(digest, out));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tests = tcase_create("digest");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, known_answers, 0, 5);
	tcase_add_test(tests, calls_out_of_order_are_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
