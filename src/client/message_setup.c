/* SPDX-License-Identifier: Apache-2.0 */
/* message_setup.c: see message_setup.h. */
#include "message_setup.h"

#include <sys/random.h>

#include "parameter.h"

#include "keydiv.h"

/*
 * SP 800-38D section 8.3 limits random nonces to 2^32 under one key. With less than 64 random bits,
 * two nonces would soon be equal.
 */
#define RANDOM_BITS_MIN 64
#define RANDOM_NONCES_MAX (UINT64_C(1) << 32)

/* --- The parameter --- */

static CK_RV read_gcm(const void *p, CK_ULONG n, struct message_setup *ret)
{
	CK_GCM_MESSAGE_PARAMS m;

	ENSURE(p != NULL && n == sizeof m, CKR_MECHANISM_PARAM_INVALID);
	memcpy(&m, p, sizeof m);
	ENSURE(m.ulTagBits % 8 == 0 && m.ulTagBits <= 128, CKR_MECHANISM_PARAM_INVALID);
	*ret = (struct message_setup){.nonce = m.pIv,
		.nonce_len = m.ulIvLen,
		.fixed_bits = m.ulIvFixedBits,
		.generator = m.ivGenerator,
		.tag = m.pTag,
		.tag_len = m.ulTagBits / 8};
	return CKR_OK;
}

static CK_RV read_ccm(const void *p, CK_ULONG n, struct message_setup *ret)
{
	CK_CCM_MESSAGE_PARAMS m;

	ENSURE(p != NULL && n == sizeof m, CKR_MECHANISM_PARAM_INVALID);
	memcpy(&m, p, sizeof m);
	ENSURE(m.ulMACLen <= MESSAGE_TAG_MAX, CKR_MECHANISM_PARAM_INVALID);
	*ret = (struct message_setup){.nonce = m.pNonce,
		.nonce_len = m.ulNonceLen,
		.fixed_bits = m.ulNonceFixedBits,
		.generator = m.nonceGenerator,
		.tag = m.pMAC,
		.tag_len = m.ulMACLen,
		.has_data_len = true,
		.data_len = m.ulDataLen};
	return CKR_OK;
}

CK_RV message_setup_read(const void *p, CK_ULONG n, bool ccm, struct message_setup *ret)
{
	struct message_setup s;

	TRY(ccm ? read_ccm(p, n, &s) : read_gcm(p, n, &s));
	ENSURE(s.nonce != NULL && s.tag != NULL, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(s.nonce_len >= 1 && s.nonce_len <= MESSAGE_NONCE_MAX, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(s.fixed_bits <= 8 * s.nonce_len, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(s.tag_len >= (ccm ? 4 : 12), CKR_MECHANISM_PARAM_INVALID);
	*ret = s;
	return CKR_OK;
}

CK_RV message_setup_write(const struct message_setup *s, const uint8_t *nonce, const CK_BYTE *aad,
	CK_ULONG n, struct wire *w)
{
	bool fits = field_put(w, KEYDIV_IV, nonce, s->nonce_len) &&
		    (aad == NULL || field_put(w, KEYDIV_AAD, aad, n)) &&
		    field_put_byte(w, KEYDIV_TAG_LENGTH, s->tag_len) &&
		    (!s->has_data_len || field_put_u64(w, KEYDIV_DATA_LENGTH, s->data_len));

	REQUIRE(fits, CKR_MECHANISM_PARAM_INVALID, "the associated data is too long for a field");
	REQUIRE(!w->failed, CKR_HOST_MEMORY, "no memory for the parameter");
	return CKR_OK;
}

/* --- Nonces --- */

/* Fix the way of making nonces at the first message. A second way could repeat a nonce. */
static CK_RV settle(struct message_nonces *n, const struct message_setup *s)
{
	if (!n->settled) {
		n->settled = true;
		n->generator = s->generator;
		n->len = s->nonce_len;
		n->fixed_bits = s->fixed_bits;
		memcpy(n->base, s->nonce, s->nonce_len);
	}
	bool same = s->generator == CKG_NO_GENERATE ||
		    (n->len == s->nonce_len && n->fixed_bits == s->fixed_bits);

	REQUIRE(n->generator == s->generator && same, CKR_MECHANISM_PARAM_INVALID,
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

static CK_RV make_counted(struct message_nonces *n, size_t bits, uint64_t *counter, uint8_t *nonce)
{
	bool masked = n->generator == CKG_GENERATE_COUNTER_XOR;
	uint64_t number = *counter;
	uint8_t bytes[MESSAGE_NONCE_MAX];

	REQUIRE(bits >= 64 ? number < UINT64_MAX : number >> bits == 0, CKR_KEY_EXHAUSTED,
		"no nonce is left in this session");
	*counter = number + 1;
	for (size_t i = n->len; i-- > 0; number >>= 8)
		bytes[i] = (uint8_t)number ^ (masked ? n->base[i] : 0);
	if (masked)
		memcpy(nonce, n->base, n->len);
	put_low_bits(nonce, n->len, bits, bytes);
	return CKR_OK;
}

static CK_RV make_random(struct message_nonces *n, size_t bits, uint8_t *nonce)
{
	uint8_t bytes[MESSAGE_NONCE_MAX];

	REQUIRE(bits >= RANDOM_BITS_MIN, CKR_MECHANISM_PARAM_INVALID,
		"a random nonce needs 64 bits that are not fixed");
	REQUIRE(n->random_made < RANDOM_NONCES_MAX, CKR_KEY_EXHAUSTED,
		"no random nonce is left for this operation");
	n->random_made++;
	REQUIRE(getrandom(bytes, n->len, 0) == (ssize_t)n->len, CKR_DEVICE_ERROR,
		"no random numbers");
	put_low_bits(nonce, n->len, bits, bytes);
	return CKR_OK;
}

CK_RV message_nonce(struct message_nonces *n, const struct message_setup *s, uint64_t *counter,
	uint8_t *ret_nonce)
{
	size_t bits = 8 * s->nonce_len - s->fixed_bits; /* number of bits to make */
	bool random = s->generator == CKG_GENERATE_RANDOM ||
		      (s->generator == CKG_GENERATE && bits >= RANDOM_BITS_MIN);

	REQUIRE(s->generator <= CKG_GENERATE_COUNTER_XOR, CKR_MECHANISM_PARAM_INVALID,
		"unknown nonce generator");
	REQUIRE(s->generator == CKG_NO_GENERATE || bits > 0, CKR_MECHANISM_PARAM_INVALID,
		"all bits of the nonce are fixed");
	TRY(settle(n, s));
	memcpy(ret_nonce, s->nonce, s->nonce_len);
	if (s->generator == CKG_NO_GENERATE)
		return CKR_OK;
	return random ? make_random(n, bits, ret_nonce) : make_counted(n, bits, counter, ret_nonce);
}
