/* SPDX-License-Identifier: Apache-2.0 */
/* nonce.c: make the nonces of messages. */
#include "calls/nonce.h"

#include "key/random.h"

/*
 * SP 800-38D section 8.3 limits random nonces to 2^32 under one key. With less than 64 random bits,
 * two nonces would soon be equal.
 */
#define RANDOM_BITS_MIN 64
#define RANDOM_NONCES_MAX (UINT64_C(1) << 32)

/*
 * The block whose encryption is the fingerprint of a key. The block is public and used
 * for nothing else.
 */
static const uint8_t fingerprint_block[KEY_BLOCK_MAX] = "keydiv nonces";

/*
 * Return the counter of the key FINGERPRINT. A counter that was dropped starts again at the highest
 * number of all dropped counters.
 */
static struct nonce_counter *counter_of(struct operations *operations, uint64_t fingerprint)
{
	struct nonce_counter *c = operations->counters;

	for (size_t i = 0; i < operations->counters_used && i < NONCE_COUNTERS; i++)
		if (c[i].key == fingerprint)
			return &c[i];
	c += operations->counters_used++ % NONCE_COUNTERS;
	if (c->next > operations->counter_floor)
		operations->counter_floor = c->next;
	*c = (struct nonce_counter){.key = fingerprint, .next = operations->counter_floor};
	return c;
}

CK_RV nonces_begin(struct operations *operations, struct operation *op)
{
	uint8_t block[KEY_BLOCK_MAX];

	TRY(key_block(op->used, NULL, fingerprint_block, block));
	op->nonces.settled = false;
	op->nonces.random_made = 0;
	secret_reveal(block, sizeof block, "a fingerprint tells no more than which keys are equal");
	op->nonces.counter = counter_of(operations, get_be64(block));
	return CKR_OK;
}

/*
 * Fix the way of making nonces at the first message. A second way could make the same nonce again.
 */
static CK_RV settle(struct nonces *n, const struct message_setup *setup)
{
	if (!n->settled) {
		n->settled = true;
		n->generator = setup->generator;
		n->len = setup->nonce_len;
		n->fixed_bits = setup->fixed_bits;
		memcpy(n->base, setup->nonce, setup->nonce_len);
	}
	REQUIRE(n->generator == setup->generator, CKR_MECHANISM_PARAM_INVALID,
		"the messages of an operation must use the same nonce generator");
	if (setup->generator == CKG_NO_GENERATE)
		return CKR_OK;
	REQUIRE(n->len == setup->nonce_len && n->fixed_bits == setup->fixed_bits,
		CKR_MECHANISM_PARAM_INVALID,
		"the messages of an operation must use nonces of the same form");
	return CKR_OK;
}

/* Replace the low BITS bits of the nonce by the low bits of BYTES, which has the same length. */
static void put_low_bits(uint8_t *nonce, size_t len, size_t bits, const uint8_t *bytes)
{
	for (size_t i = len; i-- > 0 && bits > 0;) {
		uint8_t mask = bits >= 8 ? 0xff : (uint8_t)((1u << bits) - 1);
		nonce[i] = (uint8_t)((nonce[i] & ~mask) | (bytes[i] & mask));
		bits -= bits >= 8 ? 8 : bits;
	}
}

/* Write NUMBER as a big-endian string of LEN bytes. */
static void number_bytes(uint64_t number, uint8_t *out, size_t len)
{
	for (size_t i = len; i-- > 0; number >>= 8)
		out[i] = (uint8_t)number;
}

static CK_RV make_counted(struct nonces *n, size_t bits, bool masked, uint8_t *nonce)
{
	uint8_t bytes[OPERATION_NONCE_MAX];
	uint64_t number = n->counter->next;

	REQUIRE(bits >= 64 ? number < UINT64_MAX : number >> bits == 0, CKR_KEY_EXHAUSTED,
		"no nonce is left for this key in this session");
	n->counter->next = number + 1;
	number_bytes(number, bytes, n->len);
	if (masked) {
		memcpy(nonce, n->base, n->len);
		for (size_t i = 0; i < n->len; i++)
			bytes[i] ^= n->base[i];
	}
	put_low_bits(nonce, n->len, bits, bytes);
	return CKR_OK;
}

static CK_RV make_random(struct nonces *n, size_t bits, uint8_t *nonce)
{
	uint8_t bytes[OPERATION_NONCE_MAX];

	REQUIRE(n->random_made < RANDOM_NONCES_MAX, CKR_KEY_EXHAUSTED,
		"no random nonce is left for this operation");
	n->random_made++;
	TRY(random_bytes(bytes, n->len));
	put_low_bits(nonce, n->len, bits, bytes);
	return CKR_OK;
}

/*
 * Return true if the nonce is random. CKG_GENERATE leaves the choice to the token, which uses
 * random nonces where there is room, because they need no coordination across sessions.
 */
static bool is_random(CK_GENERATOR_FUNCTION generator, size_t bits)
{
	return generator == CKG_GENERATE_RANDOM ||
	       (generator == CKG_GENERATE && bits >= RANDOM_BITS_MIN);
}

CK_RV nonce_next(struct nonces *n, const struct message_setup *setup, uint8_t *ret_nonce)
{
	size_t bits =
		8 * setup->nonce_len - setup->fixed_bits; /* number of bits that the token makes */
	bool random = is_random(setup->generator, bits);

	REQUIRE(setup->nonce_len <= OPERATION_NONCE_MAX, CKR_MECHANISM_PARAM_INVALID,
		"the nonce is longer than 128 bytes");
	REQUIRE(setup->generator <= CKG_GENERATE_COUNTER_XOR, CKR_MECHANISM_PARAM_INVALID,
		"unknown nonce generator");
	REQUIRE(setup->generator == CKG_NO_GENERATE || bits > 0, CKR_MECHANISM_PARAM_INVALID,
		"all bits of the nonce are fixed");
	REQUIRE(!random || bits >= RANDOM_BITS_MIN, CKR_MECHANISM_PARAM_INVALID,
		"a random nonce needs at least 64 bits that are not fixed");
	TRY(settle(n, setup));
	memcpy(ret_nonce, setup->nonce, setup->nonce_len);
	if (setup->generator == CKG_NO_GENERATE)
		return CKR_OK;
	if (random)
		return make_random(n, bits, ret_nonce);
	return make_counted(n, bits, setup->generator == CKG_GENERATE_COUNTER_XOR, ret_nonce);
}
