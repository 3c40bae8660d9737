/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc3961.c: DK(Key, Constant) of RFC 3961 section 5.1, for DES3 (section 6.3) and AES
 * (RFC 3962) (0303).
 */
#include "mechanism.h"
#include "nfold.h"

#define DES3_SEED 21 /* bytes of DR for a DES3 key, 168 bits */
#define GROUP 7      /* seed bytes for a single DES key */

/*
 * The weak and semi-weak keys of single DES, which no DES3 key may contain (RFC 3961 section
 * 6.2, RFC 4772).
 */
static const uint8_t weak[16][8] = {
	{0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01},
	{0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE},
	{0x1F, 0x1F, 0x1F, 0x1F, 0x0E, 0x0E, 0x0E, 0x0E},
	{0xE0, 0xE0, 0xE0, 0xE0, 0xF1, 0xF1, 0xF1, 0xF1},
	{0x01, 0xFE, 0x01, 0xFE, 0x01, 0xFE, 0x01, 0xFE},
	{0xFE, 0x01, 0xFE, 0x01, 0xFE, 0x01, 0xFE, 0x01},
	{0x1F, 0xE0, 0x1F, 0xE0, 0x0E, 0xF1, 0x0E, 0xF1},
	{0xE0, 0x1F, 0xE0, 0x1F, 0xF1, 0x0E, 0xF1, 0x0E},
	{0x01, 0xE0, 0x01, 0xE0, 0x01, 0xF1, 0x01, 0xF1},
	{0xE0, 0x01, 0xE0, 0x01, 0xF1, 0x01, 0xF1, 0x01},
	{0x1F, 0xFE, 0x1F, 0xFE, 0x0E, 0xFE, 0x0E, 0xFE},
	{0xFE, 0x1F, 0xFE, 0x1F, 0xFE, 0x0E, 0xFE, 0x0E},
	{0x01, 0x1F, 0x01, 0x1F, 0x01, 0x0E, 0x01, 0x0E},
	{0x1F, 0x01, 0x1F, 0x01, 0x0E, 0x01, 0x0E, 0x01},
	{0xE0, 0xFE, 0xE0, 0xFE, 0xF1, 0xFE, 0xF1, 0xFE},
	{0xFE, 0xE0, 0xFE, 0xE0, 0xFE, 0xF1, 0xFE, 0xF1},
};

/* Change the last byte of a weak key, as RFC 3961 says, without a branch on the key. */
static void correct_weak(uint8_t key[8])
{
	uint8_t hit = 0;

	for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
		unsigned differs = 0;
		for (size_t j = 0; j < 8; j++)
			differs |= key[j] ^ weak[i][j];
		hit |= (uint8_t)((differs - 1) >> 8); /* all ones if no byte differs */
	}
	key[7] ^= hit & 0xF0;
}

/*
 * Compute random-to-key of section 6.3.1. Seven bytes keep their place, their lowest bits form the
 * eighth byte, and parity is set last.
 */
static void random_to_key(const uint8_t seed[DES3_SEED], uint8_t key[24])
{
	for (size_t part = 0; part < 3; part++, seed += GROUP, key += 8) {
		key[7] = 0;
		for (size_t i = 0; i < GROUP; i++) {
			key[i] = seed[i];
			key[7] |= (uint8_t)((seed[i] & 1) << (i + 1));
		}
		des_set_odd_parity(key, 8);
		correct_weak(key);
	}
}

/*
 * Compute DR(KEY, CONSTANT) into RET. The constant is folded to a block and encrypted repeatedly,
 * and the result is cut to LENGTH bytes.
 */
static CK_RV dr(struct key *key, struct bytes constant, size_t length, struct secret *ret)
{
	size_t block = key_block_size(key);
	SECRET text = {0};

	TRY(secret_resize(ret, length));
	TRY(secret_resize(&text, block));
	nfold(constant.p, constant.n, secret_bytes(&text), block);
	for (size_t done = 0; done < length; done += block) {
		TRY(key_block(key, NULL, secret_peek(&text), secret_bytes(&text)));
		memcpy(secret_bytes(ret) + done, secret_peek(&text),
			length - done < block ? length - done : block);
	}
	return CKR_OK;
}

static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	TRY(derive_plan_default(d, request));
	ENSURE(d->length == key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	struct bytes constant = parameter_get(d->parameter, KEYDIV_CONSTANT);
	SECRET seed = {0};

	if (key_block_size(d->base) == KEY_BLOCK_MAX)
		/* RFC 3962: random-to-key changes nothing */
		return dr(d->base, constant, key_length(d->base), ret_value);
	TRY(dr(d->base, constant, DES3_SEED, &seed));
	TRY(secret_resize(ret_value, 24));
	random_to_key(secret_peek(&seed), secret_bytes(ret_value));
	return CKR_OK;
}

static const CK_KEY_TYPE key_types[] = {CKK_AES, CKK_DES3, KEY_TYPES_END};

static const struct field fields[] = {
	{FIELD(CONSTANT), true, 1, 255},
	{0},
};

/*
 * RFC 3961 appendix A.3 (DES3), and keys of RFC 3962 with Kc, Ke, Ki of usage 2 from
 * MIT krb5's t_derive.c.
 */
static const struct known_answer answers[] = {
	{CKK_DES3, "dce06b1f64c857a11c3db57c51899b2cc1791008ce973b92",
		"600005"
		"0000000155",
		CKK_DES3, "925179d04591a79b5d3192c4a7e9c289b049c71f6ee604cd"},
	{CKK_DES3, "d3f8298ccb166438dcb9b93ee5a7629286a491f838f802fb",
		"600008"
		"6b65726265726f73",
		CKK_DES3, "2370da575d2a3da864cebfdc5204d56df779a7df43d9da43"},
	{CKK_AES, "42263c6e89f4fc28b8df68ee09799f15",
		"600005"
		"0000000299",
		CKK_AES, "34280a382bc92769b2da2f9ef066854b"},
	{CKK_AES, "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
		"600005"
		"0000000299",
		CKK_AES, "bfab388bdcb238e9f9c98d6a878304f04d30c82556375ac507a7a852790f4674"},
	{0},
};

const struct mechanism mech_rfc3961_dk = {
	.type = CKM_KEYDIV_RFC3961_DK,
	.name = "CKM_KEYDIV_RFC3961_DK",
	.what = "key -> DK(key, constant) of RFC 3961",
	.source = "RFC 3961 5.1 and 6.3, RFC 3962",
	.scheme = "rfc3961",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf, .for_use = true},
	.test = {.answers = answers},
};
