/* SPDX-License-Identifier: Apache-2.0 */
/*
 * she.c: the memory update protocol of SHE modules in vehicles: a new key for the module, M1 M2 M3
 * (0171), and the proof of the module that it took the key, M4 M5 (0172). Source:
 * AUTOSAR_TR_SecureHardwareExtensions.
 *
 * A new key is sent under keys K1 and K2 of an authorising key that the module has. The module
 * proves itself by keys K3 and K4 of the new key.
 */
#include "key/she.h"
#include "mechanism.h"
#include "self_test.h"
#include "wrapping.h"

#define UID_LENGTH 15
#define M1_LENGTH SHE_BLOCK
#define M2_LENGTH (2 * SHE_BLOCK)
#define UPDATE_LENGTH (M1_LENGTH + M2_LENGTH + SHE_BLOCK)
#define M4_LENGTH (2 * SHE_BLOCK)
#define PROOF_LENGTH (M4_LENGTH + SHE_BLOCK)

#define COUNTER_MAX ((1U << 28) - 1)
#define FLAGS_LIMIT 64 /* six bits */

/*
 * KEY_UPDATE_ENC_C and KEY_UPDATE_MAC_C, padded as for a hash of 128 bits of key and these 48 bits.
 */
static const uint8_t enc_constant[SHE_BLOCK] = {
	0x01, 0x01, 'S', 'H', 'E', 0x00, 0x80, [SHE_BLOCK - 1] = 0xB0};
static const uint8_t mac_constant[SHE_BLOCK] = {
	0x01, 0x02, 'S', 'H', 'E', 0x00, 0x80, [SHE_BLOCK - 1] = 0xB0};

static CK_RV check(const struct parameter *p)
{
	struct bytes flags = parameter_get(p, KEYDIV_SHE_FLAGS);

	REQUIRE(get_be32(parameter_get(p, KEYDIV_SHE_COUNTER).p) <= COUNTER_MAX,
		CKR_MECHANISM_PARAM_INVALID, "SHE_COUNTER has more than 28 bits");
	REQUIRE(flags.p == NULL || flags.p[0] < FLAGS_LIMIT, CKR_MECHANISM_PARAM_INVALID,
		"SHE_FLAGS has more than six flags");
	return CKR_OK;
}

/* Write UID and slots, which are M1 and the first half of M4. */
static void put_place(const struct parameter *p, uint8_t out[SHE_BLOCK])
{
	memcpy(out, parameter_get(p, KEYDIV_SHE_UID).p, UID_LENGTH);
	out[UID_LENGTH] = parameter_get(p, KEYDIV_SHE_SLOTS).p[0];
}

/* Write the counter in 28 bits, the SIX bits behind it, and zeros. */
static void put_counter(const struct parameter *p, uint8_t six, uint8_t out[SHE_BLOCK])
{
	uint32_t counter = get_be32(parameter_get(p, KEYDIV_SHE_COUNTER).p);

	memset(out, 0, SHE_BLOCK);
	put_be32(out, counter << 4 | six >> 2);
	out[4] = (uint8_t)(six << 6);
}

/* --- The update: M1 M2 M3 --- */

static CK_RV wrap_update(const struct wrapping *w, uint8_t *out, size_t *ret_n)
{
	struct key *k1 = w->scratch[0], *k2 = w->scratch[1];
	uint8_t head[SHE_BLOCK], update[UPDATE_LENGTH];

	*ret_n = UPDATE_LENGTH;
	if (out == NULL)
		return CKR_OK;
	TRY(she_derive(w->kek, enc_constant, k1));
	TRY(she_derive(w->kek, mac_constant, k2));
	put_place(w->parameter, update);
	put_counter(w->parameter, parameter_get(w->parameter, KEYDIV_SHE_FLAGS).p[0], head);
	TRY(she_encrypt_key(k1, head, w->target, update + M1_LENGTH));
	TRY(key_cmac(k2, update, M1_LENGTH + M2_LENGTH, update + M1_LENGTH + M2_LENGTH));
	/* Not before, because another thread may write to OUT while M3 is computed. */
	memcpy(out, update, sizeof update);
	return CKR_OK;
}

/* --- The proof: M4 M5 --- */

#define PROOF_BIT 0x20 /* the bit behind the counter in M4 */

static CK_RV sign_proof(const struct signing *signing, uint8_t *ret_mac)
{
	struct key *k3 = signing->scratch[0], *k4 = signing->scratch[1];
	uint8_t counter[SHE_BLOCK];

	REQUIRE(signing->data.n == 0, CKR_DATA_LEN_RANGE, "a proof of a key has no data");
	TRY(she_derive(signing->key, enc_constant, k3));
	TRY(she_derive(signing->key, mac_constant, k4));
	put_place(signing->parameter, ret_mac);
	put_counter(signing->parameter, PROOF_BIT, counter);
	TRY(key_block(k3, NULL, counter, ret_mac + SHE_BLOCK));
	return key_cmac(k4, ret_mac, M4_LENGTH, ret_mac + M4_LENGTH);
}

/* --- Known answers: the example of the source (tests/vectors/she.txt) --- */

#define AUTHORISING_KEY "000102030405060708090a0b0c0d0e0f"
#define NEW_KEY "0f0e0d0c0b0a09080706050403020100"
#define PROOF                                                                                      \
	"62000f"                                                                                   \
	"000000000000000000000000000001"                                                           \
	"63000141"                                                                                 \
	"64000400000001"
#define UPDATE PROOF "65000100"
#define M1 "00000000000000000000000000000141"
#define M2 "2b111e2d93f486566bcbba1d7f7a9797c94643b050fc5d4d7de14cff682203c3"
#define M3 "b9d745e5ace7d41860bc63c2b9f5bb46"
#define M4 "00000000000000000000000000000141b472e8d8727d70d57295e74849a27917"
#define M5 "820d8d95dc11b4668878160cb2a4e23e"

/* A self-test: the tested key, the new key, two inner keys, and the parameter. */
struct bench {
	struct key *key, *target, *const *scratch;
	uint8_t encoded[64];
	struct parameter parameter;
};

static CK_RV load(struct key *key, const char *hex)
{
	uint8_t value[SHE_BLOCK];
	size_t n;

	TRY(self_test_hex(hex, value, sizeof value, &n));
	return key_load(key, CKK_AES, value, n); /* a published value */
}

static CK_RV parse(const struct mechanism *mech, const char *hex, struct bench *bench)
{
	size_t n;

	TRY(self_test_hex(hex, bench->encoded, sizeof bench->encoded, &n));
	return parameter_parse(mech, bench->encoded, n, &bench->parameter);
}

static CK_RV expect(uint8_t *got, size_t n, const char *hex, bool flip)
{
	uint8_t expected[UPDATE_LENGTH];
	size_t expected_n;

	TRY(self_test_hex(hex, expected, sizeof expected, &expected_n));
	expected[0] ^= flip;
	ENSURE(n == expected_n && secret_equal(got, expected, n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV run_update(const struct mechanism *mech, struct bench *bench, bool flip)
{
	struct wrapping w = {.kek = bench->key,
		.target = bench->target,
		.scratch = bench->scratch,
		.parameter = &bench->parameter};
	uint8_t out[UPDATE_LENGTH];
	size_t n;

	TRY(parse(mech, UPDATE, bench));
	TRY(load(bench->key, AUTHORISING_KEY));
	TRY(load(bench->target, NEW_KEY));
	TRY(wrap_update(&w, out, &n));
	return expect(out, n, M1 M2 M3, flip);
}

static CK_RV run_proof(const struct mechanism *mech, struct bench *bench, bool flip)
{
	struct signing signing = {
		.key = bench->key, .scratch = bench->scratch, .parameter = &bench->parameter};
	uint8_t out[PROOF_LENGTH];

	TRY(parse(mech, PROOF, bench));
	TRY(load(bench->key, NEW_KEY));
	TRY(sign_proof(&signing, out));
	return expect(out, sizeof out, M4 M5, flip);
}

static CK_RV run(const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip)
{
	struct bench bench = {
		.key = keys[0], .target = keys[SELF_TEST_KEYS - 1], .scratch = keys + 1};

	return mech->operation.wrap_key != NULL ? run_update(mech, &bench, flip)
						: run_proof(mech, &bench, flip);
}

/* --- The mechanisms --- */

static const struct field fields_update[] = {
	{FIELD(SHE_UID), true, UID_LENGTH, UID_LENGTH},
	{NUMBER_FIELD(SHE_SLOTS), true, 1, 1},
	{NUMBER_FIELD(SHE_COUNTER), true, 4, 4},
	{NUMBER_FIELD(SHE_FLAGS), true, 1, 1},
	{0},
};
static const struct field fields_proof[] = {
	{FIELD(SHE_UID), true, UID_LENGTH, UID_LENGTH},
	{NUMBER_FIELD(SHE_SLOTS), true, 1, 1},
	{NUMBER_FIELD(SHE_COUNTER), true, 4, 4},
	{0},
};

const struct mechanism mech_she_key_update = {
	.type = CKM_KEYDIV_SHE_KEY_UPDATE,
	.name = "CKM_KEYDIV_SHE_KEY_UPDATE",
	.what = "authorising key and new key -> M1 M2 M3",
	.source = "AUTOSAR_TR_SecureHardwareExtensions",
	.scheme = "she",
	.info = {SHE_BLOCK, SHE_BLOCK, CKF_WRAP},
	.key_types = key_types_aes,
	.fields = fields_update,
	.check = check,
	.operation = {.wrap_key = wrap_update, .wraps_own_kind = true},
	.test = {.run = run, .example = UPDATE},
};

const struct mechanism mech_she_key_proof = {
	.type = CKM_KEYDIV_SHE_KEY_PROOF,
	.name = "CKM_KEYDIV_SHE_KEY_PROOF",
	.what = "new key -> M4 M5",
	.source = "AUTOSAR_TR_SecureHardwareExtensions",
	.scheme = "she",
	.info = {SHE_BLOCK, SHE_BLOCK, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.fields = fields_proof,
	.check = check,
	.operation = {.sign = sign_proof, .sign_length = PROOF_LENGTH},
	.test = {.run = run, .example = PROOF},
};
