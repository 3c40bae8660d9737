/* SPDX-License-Identifier: Apache-2.0 */
/* test_cipher.c: encryption and decryption in parts, in every mode. */
#include "key/cipher.h"

#include <openssl/evp.h>

#include "unit.h"
#include "vectors.h"

#define MOST 300

static struct key *key;
static struct cipher *cipher;

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	cipher = cipher_new();
	ck_assert(key != NULL && cipher != NULL);
	srand(2);
}

static void tear_down(void)
{
	cipher_free(cipher);
	key_free(key);
	crypto_stop();
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rand();
}

/*
 * Run N bytes at IN through the cipher in parts of random sizes, in place or not; OUT gets all that
 * comes out before the end.
 */
static CK_RV run_parts(const uint8_t *in, size_t n, bool in_place, uint8_t *out, size_t *ret_n)
{
	uint8_t buffer[MOST + 64];
	size_t done = 0, written = 0, got;

	while (done < n) {
		size_t take = (size_t)rand() % 40;
		if (take > n - done)
			take = n - done;
		memset(buffer, 0xee, sizeof buffer);
		memcpy(buffer + 1, in + done, take);
		uint8_t *to = in_place ? buffer + 1 : buffer + MOST / 2;
		TRY(cipher_update(cipher, take == 0 ? NULL : buffer + 1, take, to, &got));
		ck_assert_uint_le(got, take + 16);
		ck_assert_uint_eq(
			to[got > take ? got : take], 0xee); /* no more was written than came out */
		memcpy(out + written, to, got);
		written += got;
		done += take;
	}
	*ret_n = written;
	return CKR_OK;
}

/* The whole of it: begin, parts, finish. */
static CK_RV run(const struct cipher_setup *setup, const uint8_t *in, size_t n, struct bytes tag,
	uint8_t *out, size_t *ret_n)
{
	uint8_t last[16];
	size_t written, more;

	TRY(cipher_begin(cipher, key, setup));
	TRY(run_parts(in, n, rand() % 2, out, &written));
	TRY(cipher_finish(cipher, tag, last, &more));
	memcpy(out + written, last, more);
	*ret_n = written + more;
	return CKR_OK;
}

START_TEST(published_modes)
{
	struct vectors v;
	uint8_t value[32], iv[16], plain[MOST], expected[MOST], out[MOST + 32];
	size_t n;

	for (vectors_open(&v, "modes_aes.txt"); vectors_next(&v);) {
		const char *name = vector_text(&v, "mode");
		struct cipher_setup setup = {.encrypt = true, .counter_bits = 128};
		size_t len = vector_hex(&v, "plain", plain, sizeof plain);
		setup.mode = strcmp(name, "ecb") == 0   ? CIPHER_ECB
			     : strcmp(name, "cbc") == 0 ? CIPHER_CBC
							: CIPHER_CTR;
		setup.iv = bytes_of(iv, vector_hex(&v, "iv", iv, sizeof iv));
		ck_ok(key_load(key, CKK_AES, value, vector_hex(&v, "key", value, sizeof value)));
		ck_assert_uint_eq(vector_hex(&v, "cipher", expected, sizeof expected), len);
		for (int round = 0; round < 20; round++) {
			setup.encrypt = round % 2 == 0;
			ck_ok(run(&setup, setup.encrypt ? plain : expected, len, bytes_of(NULL, 0),
				out, &n));
			ck_assert_uint_eq(n, len);
			ck_assert_mem_eq(out, setup.encrypt ? expected : plain, n);
		}
	}
	ck_assert_uint_eq(v.cases, 9);
}
END_TEST

static void check_aead(const char *file, enum cipher_mode mode, unsigned cases)
{
	struct vectors v;
	uint8_t value[32], nonce[64], aad[64], plain[MOST], expected[MOST], tag[16], out[MOST + 32];
	size_t n;

	for (vectors_open(&v, file); vectors_next(&v);) {
		struct cipher_setup setup = {.mode = mode};
		size_t len = vector_hex(&v, "plain", plain, sizeof plain);
		ck_assert_uint_eq(vector_hex(&v, "cipher", expected, sizeof expected), len);
		setup.tag_len = vector_hex(&v, "tag", tag, sizeof tag);
		setup.data_len = len;
		setup.iv = bytes_of(nonce, vector_hex(&v, "nonce", nonce, sizeof nonce));
		setup.aad = bytes_of(aad, vector_hex(&v, "aad", aad, sizeof aad));
		ck_ok(key_load(key, CKK_AES, value, vector_hex(&v, "key", value, sizeof value)));
		for (int round = 0; round < 10; round++) {
			setup.encrypt = true;
			ck_ok(run(&setup, plain, len, bytes_of(NULL, 0), out, &n));
			ck_assert_uint_eq(n, len + setup.tag_len);
			ck_assert_mem_eq(out, expected, len);
			ck_assert_mem_eq(out + len, tag, setup.tag_len);
			setup.encrypt = false;
			ck_ok(run(&setup, expected, len, bytes_of(tag, setup.tag_len), out, &n));
			ck_assert_uint_eq(n, len);
			ck_assert_mem_eq(out, plain, len);
			/*
			 * a bit of the tag, the text or the associated data, or a shorter tag: all
			 * the same answer
			 */
			struct bytes right = bytes_of(tag, setup.tag_len);
			tag[(size_t)rand() % setup.tag_len] ^= 1;
			ck_rv(run(&setup, expected, len, right, out, &n),
				CKR_ENCRYPTED_DATA_INVALID);
			vector_hex(&v, "tag", tag, sizeof tag);
			ck_rv(run(&setup, expected, len, bytes_of(tag, setup.tag_len - 2), out, &n),
				CKR_ENCRYPTED_DATA_INVALID);
			ck_rv(run(&setup, expected, len, bytes_of(NULL, 0), out, &n),
				CKR_ENCRYPTED_DATA_INVALID);
			if (len > 0) {
				memcpy(out, expected, len);
				out[(size_t)rand() % len] ^= 0x80;
				ck_rv(run(&setup, out, len, right, out, &n),
					CKR_ENCRYPTED_DATA_INVALID);
			}
			if (setup.aad.n > 0) {
				aad[(size_t)rand() % setup.aad.n] ^= 0x10;
				ck_rv(run(&setup, expected, len, right, out, &n),
					CKR_ENCRYPTED_DATA_INVALID);
				vector_hex(&v, "aad", aad, sizeof aad);
			}
		}
	}
	ck_assert_uint_eq(v.cases, cases);
}

START_TEST(published_aead)
{
	check_aead("gcm_aes.txt", CIPHER_GCM, 7);
	check_aead("ccm_aes.txt", CIPHER_CCM, 4);
}
END_TEST

/* SP 800-38C, example 4: 65 536 bytes of associated data, whose length takes the longer form. */
START_TEST(ccm_large_aad)
{
	static uint8_t aad[65536];
	uint8_t value[16], nonce[13], plain[32], out[64], expected[46];
	size_t n;
	struct cipher_setup setup = {CIPHER_CCM, true, {nonce, 13}, {aad, sizeof aad}, 14, 32, 0};

	for (size_t i = 0; i < sizeof aad; i++)
		aad[i] = (uint8_t)i;
	for (uint8_t i = 0; i < 32; i++) {
		value[i % 16] = (uint8_t)(0x40 + i % 16);
		nonce[i % 13] = (uint8_t)(0x10 + i % 13);
		plain[i] = (uint8_t)(0x20 + i);
	}
	ck_assert(hex_decode("69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72b4ac6"
			     "bec93e8598e7f0dadbcea5b",
		expected, sizeof expected));
	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	ck_ok(run(&setup, plain, sizeof plain, bytes_of(NULL, 0), out, &n));
	ck_assert_uint_eq(n, sizeof expected);
	ck_assert_mem_eq(out, expected, n);
}
END_TEST

/* Our CCM in parts against libcrypto's in one piece. */
START_TEST(ccm_against_libcrypto)
{
	uint8_t value[32], nonce[13], aad[64], plain[MOST], out[MOST + 32], other[MOST + 32];

	for (int round = 0; round < 400; round++) {
		static const size_t sizes[] = {16, 24, 32};
		size_t k = sizes[rand() % 3], len = (size_t)rand() % MOST, n;
		struct cipher_setup setup = {CIPHER_CCM, true, {nonce, 7 + (size_t)rand() % 7},
			{aad, (size_t)rand() % 65}, 4 + 2 * ((size_t)rand() % 7), len, 0};
		EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
		int l;

		fill(value, k), fill(nonce, sizeof nonce), fill(aad, sizeof aad), fill(plain, len);
		ck_ok(key_load(key, CKK_AES, value, k));
		ck_ok(run(&setup, plain, len, bytes_of(NULL, 0), out, &n));
		const EVP_CIPHER *evp = k == 16   ? EVP_aes_128_ccm()
					: k == 24 ? EVP_aes_192_ccm()
						  : EVP_aes_256_ccm();
		ck_assert(EVP_EncryptInit_ex2(c, evp, NULL, NULL, NULL));
		ck_assert(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)setup.iv.n, NULL));
		ck_assert(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)setup.tag_len, NULL));
		ck_assert(EVP_EncryptInit_ex2(c, NULL, value, nonce, NULL));
		ck_assert(EVP_EncryptUpdate(c, NULL, &l, NULL, (int)len));
		ck_assert(
			setup.aad.n == 0 || EVP_EncryptUpdate(c, NULL, &l, aad, (int)setup.aad.n));
		ck_assert(EVP_EncryptUpdate(c, other, &l, plain, (int)len));
		ck_assert(EVP_CIPHER_CTX_ctrl(
			c, EVP_CTRL_AEAD_GET_TAG, (int)setup.tag_len, other + len));
		ck_assert_uint_eq(n, len + setup.tag_len);
		ck_assert_mem_eq(out, other, n);
		EVP_CIPHER_CTX_free(c);
	}
}
END_TEST

static const struct {
	CK_KEY_TYPE type;
	size_t n, block;
} kinds[] = {{CKK_AES, 16, 16}, {CKK_AES, 24, 16}, {CKK_AES, 32, 16}, {CKK_DES2, 16, 8},
	{CKK_DES3, 24, 8}};

/*
 * Every kind and block mode, at every length, in parts: back to where it came from, and the same
 * as key_encrypt_blocks says.
 */
START_TEST(block_modes_round_trip)
{
	uint8_t value[32], iv[16], plain[MOST], once[MOST], sent[MOST + 32], back[MOST + 64];
	size_t block = kinds[_i].block, sent_len, back_len;

	for (size_t len = 0; len <= 150; len++) {
		struct cipher_setup setup = {.iv = {iv, block}};
		fill(value, sizeof value), fill(iv, sizeof iv), fill(plain, len);
		ck_ok(key_load(key, kinds[_i].type, value, kinds[_i].n));
		for (setup.mode = CIPHER_ECB; setup.mode <= CIPHER_CBC_PAD; setup.mode++) {
			bool fits = setup.mode == CIPHER_CBC_PAD || len % block == 0;
			size_t whole = len / block * block;
			setup.encrypt = true;
			ck_rv(run(&setup, plain, len, bytes_of(NULL, 0), sent, &sent_len),
				fits ? CKR_OK : CKR_DATA_LEN_RANGE);
			ck_ok(key_encrypt_blocks(
				key, setup.mode == CIPHER_ECB ? NULL : iv, plain, whole, once));
			ck_assert_mem_eq(sent, once, whole);
			setup.encrypt = false;
			if (!fits) {
				ck_rv(run(&setup, plain, len, bytes_of(NULL, 0), back, &back_len),
					CKR_ENCRYPTED_DATA_LEN_RANGE);
				continue;
			}
			ck_assert_uint_eq(
				sent_len, setup.mode == CIPHER_CBC_PAD ? whole + block : whole);
			ck_ok(run(&setup, sent, sent_len, bytes_of(NULL, 0), back, &back_len));
			ck_assert_uint_eq(back_len, len);
			ck_assert_mem_eq(back, plain, len);
			if (setup.mode == CIPHER_CBC_PAD)
				ck_rv(run(&setup, sent, sent_len - 1, bytes_of(NULL, 0), back,
					      &back_len),
					CKR_ENCRYPTED_DATA_LEN_RANGE);
		}
	}
}
END_TEST

/*
 * Last blocks of every final byte with one byte of the block wrong, or none: RFC 5652 section 6.3,
 * one code for all.
 */
START_TEST(paddings)
{
	uint8_t value[32] = {3}, iv[16] = {0}, block[16], sent[16], back[32];
	size_t size = kinds[_i].block, n;
	struct cipher_setup raw = {.mode = CIPHER_CBC, .encrypt = true, .iv = {iv, size}};
	struct cipher_setup padded = {.mode = CIPHER_CBC_PAD, .iv = {iv, size}};

	ck_ok(key_load(key, kinds[_i].type, value, kinds[_i].n));
	for (unsigned pad = 0; pad < 256; pad++)
		for (size_t wrong = 0; wrong < size; wrong++) {
			memset(block, (int)pad, sizeof block);
			if (wrong > 0) /* 0: none */
				block[size - 1 - wrong] ^= 0x41;
			bool good = pad >= 1 && pad <= size && (wrong == 0 || wrong >= pad);
			ck_ok(cipher_begin(cipher, key, &raw));
			ck_ok(cipher_update(cipher, block, size, sent, &n));
			ck_ok(cipher_begin(cipher, key, &padded));
			ck_ok(cipher_update(cipher, sent, size, back, &n));
			ck_assert_uint_eq(n, 0);
			ck_rv(cipher_finish(cipher, bytes_of(NULL, 0), back, &n),
				good ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID);
			if (good)
				ck_assert_uint_eq(n, size - pad);
		}
	/* nothing at all is not a padded text */
	ck_ok(cipher_begin(cipher, key, &padded));
	ck_rv(cipher_finish(cipher, bytes_of(NULL, 0), back, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
}
END_TEST

/* SP 800-38A appendix B: a counter that counts in its low bits only must not repeat. */
START_TEST(counter_wrap)
{
	static const struct {
		unsigned bits;
		uint8_t start; /* of the last byte; the others are ff */
		size_t room;
	} cases[] = {{1, 0xfe, 32}, {1, 0xff, 16}, {8, 0xf0, 256}, {3, 0xf9, 112}, {32, 0xfd, 48},
		{64, 0xff, 16}, {127, 0xff, 16}, {128, 0xfe, 32}};
	uint8_t value[16] = {1}, iv[16], text[512] = {0};
	size_t n;

	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cipher_setup setup = {.mode = CIPHER_CTR, .encrypt = true, .iv = {iv, 16}};
		setup.counter_bits = cases[i].bits;
		memset(iv, 0xff, sizeof iv);
		iv[15] = cases[i].start;
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_rv(cipher_update(cipher, text, cases[i].room + 1, text, &n), CKR_DATA_LEN_RANGE);
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_ok(cipher_update(cipher, text, 5, text, &n));
		ck_ok(cipher_update(cipher, text, cases[i].room - 5, text, &n));
		ck_rv(cipher_update(cipher, text, 1, text, &n), CKR_DATA_LEN_RANGE);
	}
	struct cipher_setup setup = {
		.mode = CIPHER_CTR, .encrypt = true, .iv = {iv, 16}, .counter_bits = 128};
	memset(iv, 0, sizeof iv); /* 2^128 blocks */
	ck_ok(cipher_begin(cipher, key, &setup));
	ck_ok(cipher_update(cipher, text, sizeof text, text, &n));
}
END_TEST

START_TEST(bad_setups_are_refused)
{
	uint8_t value[24] = {1}, iv[200] = {0}, out[32];
	size_t n;
	const struct cipher_setup bad[] = {
		{CIPHER_CBC, true, {iv, 15}, {NULL, 0}, 0, 0, 0},
		{CIPHER_CBC, true, {NULL, 0}, {NULL, 0}, 0, 0, 0},
		{CIPHER_CBC_PAD, false, {iv, 8}, {NULL, 0}, 0, 0, 0},
		{CIPHER_CTR, true, {iv, 15}, {NULL, 0}, 0, 0, 128},
		{CIPHER_CTR, true, {iv, 16}, {NULL, 0}, 0, 0, 0},
		{CIPHER_CTR, true, {iv, 16}, {NULL, 0}, 0, 0, 129},
		{CIPHER_GCM, true, {iv, 0}, {NULL, 0}, 16, 0, 0},
		{CIPHER_GCM, true, {NULL, 0}, {NULL, 0}, 16, 0, 0},
		{CIPHER_GCM, true, {iv, 129}, {NULL, 0}, 16, 0, 0},
		{CIPHER_GCM, true, {iv, 12}, {NULL, 0}, 11, 0, 0},
		{CIPHER_GCM, true, {iv, 12}, {NULL, 0}, 17, 0, 0},
		{CIPHER_CCM, true, {iv, 6}, {NULL, 0}, 16, 0, 0},
		{CIPHER_CCM, true, {iv, 14}, {NULL, 0}, 16, 0, 0},
		{CIPHER_CCM, true, {NULL, 0}, {NULL, 0}, 16, 0, 0},
		{CIPHER_CCM, true, {iv, 12}, {NULL, 0}, 5, 0, 0},
		{CIPHER_CCM, true, {iv, 12}, {NULL, 0}, 2, 0, 0},
		{CIPHER_CCM, true, {iv, 12}, {NULL, 0}, 18, 0, 0},
		{CIPHER_CCM, true, {iv, 13}, {NULL, 0}, 16, 65536, 0},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_ok(key_load(key, CKK_AES, value, 16));
		ck_rv(cipher_begin(cipher, key, &bad[i]), CKR_MECHANISM_PARAM_INVALID);
		ck_rv(cipher_update(cipher, out, 16, out, &n), CKR_FUNCTION_FAILED);
		ck_rv(cipher_finish(cipher, bytes_of(NULL, 0), out, &n), CKR_FUNCTION_FAILED);
	}
	const struct cipher_setup good[] = {{CIPHER_CTR, true, {iv, 16}, {NULL, 0}, 0, 0, 128},
		{CIPHER_GCM, true, {iv, 12}, {NULL, 0}, 16, 0, 0},
		{CIPHER_CCM, true, {iv, 12}, {NULL, 0}, 16, 0, 0},
		{CIPHER_CBC, true, {iv, 16}, {NULL, 0}, 0, 0, 0},
		{CIPHER_ECB, true, {NULL, 0}, {NULL, 0}, 0, 0, 0}};
	for (size_t i = 0; i < 5; i++) {
		ck_ok(key_load(key, CKK_AES, value, 16));
		ck_ok(cipher_begin(cipher, key, &good[i]));
		if (i < 3) {
			ck_ok(key_load(key, CKK_DES3, value, 24));
			ck_rv(cipher_begin(cipher, key, &good[i]), CKR_KEY_TYPE_INCONSISTENT);
		}
		ck_ok(key_load(key, CKK_GENERIC_SECRET, value, 16));
		ck_rv(cipher_begin(cipher, key, &good[i]), CKR_KEY_TYPE_INCONSISTENT);
		key_unload(key);
		ck_rv(cipher_begin(cipher, key, &good[i]), CKR_KEY_TYPE_INCONSISTENT);
	}
}
END_TEST

/* Input and output that overlap without being the same, either way round. */
START_TEST(overlapping)
{
	uint8_t value[16] = {8}, iv[16] = {1}, text[200], apart[200], buffer[300];
	size_t n, m;

	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	fill(text, sizeof text);
	for (enum cipher_mode mode = CIPHER_ECB; mode <= CIPHER_CCM; mode++)
		for (int encrypt = 0; encrypt < 2; encrypt++)
			for (size_t to = 0; to <= 40; to++) {
				struct cipher_setup setup = {mode, encrypt,
					{iv, mode >= CIPHER_GCM ? 12 : 16}, {NULL, 0}, 16, 197,
					128};
				size_t first = to % 3 == 0 ? 0 : 5;
				ck_ok(cipher_begin(cipher, key, &setup));
				ck_ok(cipher_update(cipher, text, first, apart, &m));
				ck_ok(cipher_update(cipher, text + first, 197 - first, apart, &n));
				ck_ok(cipher_begin(cipher, key, &setup));
				ck_ok(cipher_update(cipher, text, first, buffer, &m));
				memcpy(buffer + 20, text + first, 197 - first);
				ck_ok(cipher_update(
					cipher, buffer + 20, 197 - first, buffer + to, &m));
				ck_assert_uint_eq(n, m);
				ck_assert_mem_eq(buffer + to, apart, n);
			}
}
END_TEST

/* CCM takes just what was announced. */
START_TEST(ccm_lengths)
{
	uint8_t value[16] = {1}, nonce[12] = {0}, text[40] = {0}, tag[16];
	size_t n;

	ck_ok(key_load(key, CKK_AES, value, sizeof value));
	for (int encrypt = 0; encrypt < 2; encrypt++) {
		struct cipher_setup setup = {
			CIPHER_CCM, encrypt, {nonce, 12}, {NULL, 0}, 16, 32, 0};
		CK_RV wrong = encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_ok(cipher_update(cipher, text, 20, text, &n));
		ck_rv(cipher_update(cipher, text, 13, text, &n), wrong);
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_ok(cipher_update(cipher, text, 31, text, &n));
		ck_rv(cipher_finish(cipher, bytes_of(tag, 16), tag, &n), wrong);
	}
}
END_TEST

/*
 * Earlier use of a kept object has no effect: other keys, modes and directions, and operations that
 * were ended early.
 */
START_TEST(object_used_again)
{
	uint8_t value[32], iv[16], text[MOST], kept[MOST + 32], fresh[MOST + 32], tag[16] = {0};
	struct cipher *one = cipher, *two;
	size_t a, b, n;

	fill(value, sizeof value);
	for (int round = 0; round < 600; round++) {
		size_t k = (size_t)rand() % 5, len = (size_t)rand() % 10 * 16;
		struct cipher_setup setup = {.mode = (enum cipher_mode)(1 + rand() % 6),
			.encrypt = rand() % 2,
			.tag_len = 16,
			.counter_bits = 128,
			.data_len = len};
		fill(iv, sizeof iv), fill(text, len);
		setup.iv = bytes_of(iv, setup.mode == CIPHER_CCM   ? 12
					: setup.mode == CIPHER_GCM ? 1 + (size_t)rand() % 16
								   : 16);
		if (rand() % 3 == 0)
			fill(value, sizeof value);
		if (rand() % 3 == 0 || key_length(key) == 0)
			ck_ok(key_load(key, kinds[k].type, value, kinds[k].n));
		if (key_block_size(key) == 8) {
			setup.mode = 1 + rand() % 3;
			setup.iv.n = 8;
		}
		two = cipher_new();
		CK_RV x, y;
		unsigned seed = (unsigned)rand();
		srand(seed);
		x = run(&setup, text, len, bytes_of(tag, 16), kept, &a);
		cipher = two;
		srand(seed);
		y = run(&setup, text, len, bytes_of(tag, 16), fresh, &b);
		cipher = one;
		cipher_free(two);
		ck_assert_uint_eq(x, y);
		if (x == CKR_OK) {
			ck_assert_uint_eq(a, b);
			ck_assert_mem_eq(kept, fresh, a);
		}
		if (rand() % 5 == 0) {
			ck_ok(cipher_begin(cipher, key, &setup)); /* and leave it */
			(void)!cipher_update(cipher, text, len > 7 ? 7 : 0, kept, &n);
		}
		if (rand() % 10 == 0)
			cipher_reset(cipher);
	}
	cipher_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cipher");
	TCase *tests = tcase_create("cipher");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, published_modes);
	tcase_add_test(tests, published_aead);
	tcase_add_test(tests, ccm_large_aad);
	tcase_add_test(tests, ccm_against_libcrypto);
	tcase_add_loop_test(tests, block_modes_round_trip, 0, 5);
	tcase_add_loop_test(tests, paddings, 2, 4);
	tcase_add_test(tests, counter_wrap);
	tcase_add_test(tests, bad_setups_are_refused);
	tcase_add_test(tests, overlapping);
	tcase_add_test(tests, ccm_lengths);
	tcase_add_test(tests, object_used_again);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
