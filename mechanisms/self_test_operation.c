/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_test_operation.c: the self-test of the mechanisms that src/key computes, which encrypt,
 * sign, digest, wrap or generate.
 */
#include "key/mac.h"
#include "key/random.h"
#include "mechanism.h"
#include "self_test.h"

#define ANSWER_MAX 128 /* the longest input or output of an answer, and a block more */

/* A known answer in bytes. With FLIP, the expected output has a wrong bit. */
struct answer {
	uint8_t iv[16], aad[32], in[ANSWER_MAX], out[ANSWER_MAX];
	size_t iv_n, aad_n, in_n, out_n;
};

static CK_RV read_answer(
	const struct operation_answer *from, struct key *key, bool flip, struct answer *ret)
{
	SECRET value = {0};
	size_t n;

	TRY(self_test_hex(from->iv, ret->iv, sizeof ret->iv, &ret->iv_n));
	TRY(self_test_hex(from->aad, ret->aad, sizeof ret->aad, &ret->aad_n));
	TRY(self_test_hex(from->in, ret->in, sizeof ret->in, &ret->in_n));
	TRY(self_test_hex(from->out, ret->out, sizeof ret->out, &ret->out_n));
	ret->out[0] ^= flip;
	if (from->key == NULL)
		return CKR_OK;
	TRY(secret_resize(&value, strlen(from->key) / 2));
	TRY(self_test_hex(from->key, secret_bytes(&value), value.len, &n));
	return key_load(key, from->type, secret_peek(&value), value.len);
}

static CK_RV expect(const uint8_t *got, size_t n, const uint8_t *expected, size_t expected_n)
{
	ENSURE(n == expected_n && secret_equal(got, expected, n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static bool is_aead(enum cipher_mode mode)
{
	return mode == CIPHER_GCM || mode == CIPHER_CCM;
}

static CK_RV run_cipher(struct cipher *cipher, const struct mechanism *mech, struct key *key,
	const struct answer *a)
{
	uint8_t out[ANSWER_MAX];
	size_t n, last;
	struct cipher_setup setup = {.mode = mech->operation.cipher,
		.encrypt = !mech->operation.inverse,
		.iv = bytes_of(a->iv, a->iv_n),
		.aad = bytes_of(a->aad, a->aad_n),
		.tag_len = is_aead(mech->operation.cipher) ? a->out_n - a->in_n : 0,
		.data_len = a->in_n,
		.counter_bits = mech->operation.cipher == CIPHER_CTR ? 128 : 0};

	TRY(cipher_begin(cipher, key, &setup));
	TRY(cipher_update(cipher, a->in, a->in_n, out, &n));
	TRY(cipher_finish(cipher, bytes_of(NULL, 0), out + n, &last));
	TRY(expect(out, n + last, a->out, a->out_n));

	setup.encrypt = mech->operation.inverse;
	TRY(cipher_begin(cipher, key, &setup));
	TRY(cipher_update(cipher, a->out, a->out_n - setup.tag_len, out, &n));
	TRY(cipher_finish(cipher, bytes_of(a->out + a->out_n - setup.tag_len, setup.tag_len),
		out + n, &last));
	return expect(out, n + last, a->in, a->in_n);
}

static CK_RV test_cipher(const struct mechanism *mech, struct key *key, const struct answer *a)
{
	struct cipher *cipher = cipher_new();

	ENSURE(cipher != NULL, CKR_HOST_MEMORY);
	CK_RV rv = run_cipher(cipher, mech, key, a);
	cipher_free(cipher);
	return rv;
}

static CK_RV run_mac(
	struct mac *mac, const struct mechanism *mech, struct key *key, const struct answer *a)
{
	uint8_t out[KEY_MAC_MAX];

	TRY(mac_begin(mac, mech->operation.mac, key, bytes_of(a->iv, a->iv_n)));
	TRY(mac_update(mac, a->in, a->in_n / 2));
	TRY(mac_update(mac, a->in + a->in_n / 2, a->in_n - a->in_n / 2));
	TRY(mac_finish(mac, out));
	TRY(expect(out, a->out_n, a->out, a->out_n));
	if (a->iv_n > 0) /* key_mac takes no IV */
		return CKR_OK;
	TRY(key_mac(key, mech->operation.mac, a->in, a->in_n, out));
	return expect(out, a->out_n, a->out, a->out_n);
}

static CK_RV test_mac(const struct mechanism *mech, struct key *key, const struct answer *a)
{
	struct mac *mac = mac_new();

	ENSURE(mac != NULL, CKR_HOST_MEMORY);
	CK_RV rv = run_mac(mac, mech, key, a);
	mac_free(mac);
	return rv;
}

/* Test a function that signs without a parameter and without inner keys. */
static CK_RV test_sign(const struct mechanism *mech, struct key *key, const struct answer *a)
{
	struct signing signing = {.key = key, .data = bytes_of(a->in, a->in_n)};
	uint8_t out[KEY_MAC_MAX];

	TRY(mech->operation.sign(&signing, out));
	return expect(out, mech->operation.sign_length, a->out, a->out_n);
}

static CK_RV test_digest(const struct mechanism *mech, struct key *key, const struct answer *a)
{
	uint8_t out[DIGEST_MAX];

	(void)key;
	TRY(digest_once(mech->operation.digest, a->in, a->in_n, out));
	return expect(out, digest_length(mech->operation.digest), a->out, a->out_n);
}

static CK_RV test_wrap(const struct mechanism *mech, struct key *key, const struct answer *a)
{
	uint8_t out[ANSWER_MAX];
	SECRET back = {0};

	ENSURE(wrap_length(mech->operation.wrap, a->in_n) == a->out_n, CKR_FUNCTION_FAILED);
	TRY(key_wrap(key, mech->operation.wrap, a->in, a->in_n, out));
	TRY(expect(out, a->out_n, a->out, a->out_n));
	TRY(key_unwrap(key, mech->operation.wrap, a->out, a->out_n, &back));
	return expect(secret_peek(&back), back.len, a->in, a->in_n);
}

/*
 * Test the random generator. Random keys have no known answer, but two keys differ unless the
 * generator is stuck.
 */
static CK_RV test_generator(bool flip)
{
	uint8_t a[32] = {0}, b[32] = {0};

	TRY(random_bytes(a, sizeof a));
	TRY(random_bytes(b, sizeof b));
	if (flip)
		memcpy(b, a, sizeof b);
	bool same = secret_equal(a, b, sizeof a);
	wipe(a, sizeof a);
	wipe(b, sizeof b);
	ENSURE(!same, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV operation_self_test(
	const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip)
{
	struct key *key = keys[0];
	struct answer a;

	if (mech->info.flags == CKF_GENERATE)
		return test_generator(flip);
	ENSURE(mech->test.operation_answers != NULL && mech->test.operation_answers[0].out != NULL,
		CKR_FUNCTION_FAILED);
	for (const struct operation_answer *from = mech->test.operation_answers; from->out != NULL;
		from++) {
		TRY(read_answer(from, key, flip, &a));
		if (mech->operation.cipher)
			TRY(test_cipher(mech, key, &a));
		else if (mech->operation.mac)
			TRY(test_mac(mech, key, &a));
		else if (mech->operation.sign)
			TRY(test_sign(mech, key, &a));
		else if (mech->operation.digest)
			TRY(test_digest(mech, key, &a));
		else
			TRY(test_wrap(mech, key, &a));
	}
	return CKR_OK;
}
