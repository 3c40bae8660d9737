/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap.c: AES key wrap.
 *
 * The wrapping functions of libcrypto use AES with look-up tables, so their time depends on the
 * keys, and they compute in the caller's buffer, where another thread could read the clear key.
 * Therefore the steps of SP 800-38F run here, over the kept schedule of the wrapping key and in a
 * buffer of this function. Only the result is copied to the caller.
 */
#include "wrap.h"

#include "key_struct.h"

#define SEMIBLOCK 8
#define BLOCK (2 * SEMIBLOCK)
#define WRAPPED_MAX (SECRET_MAX + SEMIBLOCK)
#define ROUNDS 6

/* ICV1 and ICV2 of SP 800-38F section 6. */
static const uint8_t icv_kw[SEMIBLOCK] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
static const uint8_t icv_kwp[SEMIBLOCK / 2] = {0xa6, 0x59, 0x59, 0xa6};

/* The N bytes in use of a buffer that holds a clear key for some of the time. */
struct work {
	size_t n;
	uint8_t bytes[WRAPPED_MAX];
};

static void wipe_work(struct work *work)
{
	wipe(work->bytes, work->n);
}

#define WORK __attribute__((cleanup(wipe_work))) struct work

size_t wrap_length(enum wrap_kind kind, size_t n)
{
	if (n > SECRET_MAX)
		return 0;
	if (kind == WRAP_KW)
		return n >= 2 * SEMIBLOCK && n % SEMIBLOCK == 0 ? n + SEMIBLOCK : 0;
	return kind == WRAP_KWP && n > 0 ? (n + SEMIBLOCK - 1) / SEMIBLOCK * SEMIBLOCK + SEMIBLOCK
					 : 0;
}

static CK_RV check_kek(const struct key *kek)
{
	REQUIRE(key_block_size(kek) == BLOCK, CKR_KEY_TYPE_INCONSISTENT,
		"the wrapping key is not an AES key");
	REQUIRE(!key_is_remote(kek), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	return CKR_OK;
}

/* XOR the step number T onto the low end of the semiblock A. */
static void xor_step(uint8_t a[SEMIBLOCK], uint64_t t)
{
	put_be64(a, get_be64(a) ^ t);
}

/*
 * Apply W of SP 800-38F section 6.1 in place. The first semiblock of the N bytes at S is the
 * integrity check value.
 */
static bool wrap_semiblocks(struct key *kek, uint8_t *s, size_t n)
{
	void *context = kek->plain.context[kek->kind];
	size_t count = n / SEMIBLOCK - 1;
	uint8_t block[BLOCK];
	bool ok = true;

	memcpy(block, s, SEMIBLOCK);
	for (uint64_t t = 1; ok && t <= ROUNDS * count; t++) {
		uint8_t *r = s + SEMIBLOCK * (1 + (t - 1) % count);
		memcpy(block + SEMIBLOCK, r, SEMIBLOCK);
		ok = block_encrypt(kek->kind, context, block, BLOCK, block);
		xor_step(block, t);
		memcpy(r, block + SEMIBLOCK, SEMIBLOCK);
	}
	memcpy(s, block, SEMIBLOCK);
	wipe_block(block);
	return ok;
}

/* Apply the inverse of W in place. */
static bool unwrap_semiblocks(struct key *kek, uint8_t *s, size_t n)
{
	void *context = kek->inverse.context[kek->kind];
	size_t count = n / SEMIBLOCK - 1;
	uint8_t block[BLOCK];
	bool ok = true;

	memcpy(block, s, SEMIBLOCK);
	for (uint64_t t = ROUNDS * count; ok && t >= 1; t--) {
		uint8_t *r = s + SEMIBLOCK * (1 + (t - 1) % count);
		xor_step(block, t);
		memcpy(block + SEMIBLOCK, r, SEMIBLOCK);
		ok = block_encrypt(kek->kind, context, block, BLOCK, block);
		memcpy(r, block + SEMIBLOCK, SEMIBLOCK);
	}
	memcpy(s, block, SEMIBLOCK);
	wipe_block(block);
	return ok;
}

CK_RV key_wrap(struct key *kek, enum wrap_kind kind, const uint8_t *plain, size_t n, uint8_t *out)
{
	WORK work = {.n = 0};
	bool ok;

	TRY(check_kek(kek));
	ENSURE(wrap_length(kind, n) != 0, CKR_KEY_SIZE_RANGE);
	TRY(key_expand(kek));
	work.n = wrap_length(kind, n);
	memset(work.bytes + work.n - SEMIBLOCK, 0, SEMIBLOCK); /* the padding of KWP */
	memcpy(work.bytes + SEMIBLOCK, plain, n);
	if (kind == WRAP_KW) {
		memcpy(work.bytes, icv_kw, sizeof icv_kw);
	} else {
		memcpy(work.bytes, icv_kwp, sizeof icv_kwp);
		put_be32(work.bytes + sizeof icv_kwp, (uint32_t)n);
	}
	if (work.n == BLOCK) /* KWP of at most 8 bytes: SP 800-38F section 6.3 */
		ok = block_encrypt(
			kek->kind, kek->plain.context[kek->kind], work.bytes, BLOCK, work.bytes);
	else
		ok = wrap_semiblocks(kek, work.bytes, work.n);
	ENSURE(ok, CKR_FUNCTION_FAILED);
	memcpy(out, work.bytes, work.n);
	return CKR_OK;
}

/*
 * Check the start and the padding of a KWP plaintext (SP 800-38F section 6.3). *RET_N is the length
 * of the key in bytes. There is one verdict, so the time does not tell which check failed.
 */
static bool check_kwp(const struct work *work, size_t *ret_n)
{
	static const uint8_t good;
	const uint8_t *plain = work->bytes + SEMIBLOCK;
	uint64_t room = work->n - SEMIBLOCK, n = get_be32(work->bytes + sizeof icv_kwp);
	/* Bit 63 is set if n > room, or if n + SEMIBLOCK <= room. */
	uint64_t wrong_length = (room - n) | (n + SEMIBLOCK - 1 - room);
	uint8_t bad = (uint8_t)(wrong_length >> 63);

	for (size_t i = 0; i < sizeof icv_kwp; i++)
		bad |= work->bytes[i] ^ icv_kwp[i];
	for (uint64_t i = room - SEMIBLOCK; i < room; i++) {
		uint64_t is_padding = ((i - n) >> 63) - 1; /* all ones if i >= n */
		bad |= (uint8_t)is_padding & plain[i];
	}
	if (!secret_equal(&bad, &good, sizeof bad))
		return false;
	secret_reveal(&n, sizeof n, "the length of an unwrapped key is an attribute");
	*ret_n = n;
	return true;
}

static bool check_kw(const struct work *work, size_t *ret_n)
{
	*ret_n = work->n - SEMIBLOCK;
	return secret_equal(work->bytes, icv_kw, sizeof icv_kw);
}

CK_RV key_unwrap(struct key *kek, enum wrap_kind kind, const uint8_t *wrapped, size_t n,
	struct secret *ret_plain)
{
	size_t shortest = kind == WRAP_KW ? 3 * SEMIBLOCK : 2 * SEMIBLOCK, plain_n = 0;
	WORK work = {.n = 0};
	bool ok;

	secret_wipe(ret_plain);
	TRY(check_kek(kek));
	ENSURE(n >= shortest && n <= SECRET_MAX + SEMIBLOCK && n % SEMIBLOCK == 0,
		CKR_WRAPPED_KEY_LEN_RANGE);
	if (kek->inverse.dirty == KIND_NONE)
		TRY(schedule_set_inverse(&kek->inverse, kek->kind, secret_peek(&kek->value)));
	work.n = n;
	memcpy(work.bytes, wrapped, n);
	if (n == BLOCK)
		ok = block_encrypt(
			kek->kind, kek->inverse.context[kek->kind], work.bytes, BLOCK, work.bytes);
	else
		ok = unwrap_semiblocks(kek, work.bytes, n);
	ENSURE(ok, CKR_FUNCTION_FAILED);
	ok = kind == WRAP_KW ? check_kw(&work, &plain_n) : check_kwp(&work, &plain_n);
	REQUIRE(ok, CKR_WRAPPED_KEY_INVALID, "the wrapped key's integrity check failed");
	return secret_set(ret_plain, work.bytes + SEMIBLOCK, plain_n);
}
