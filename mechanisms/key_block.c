/* SPDX-License-Identifier: Apache-2.0 */
/* key_block.c: the mechanism KEY_BLOCK and its self-test; see key_block.h. */
#include "key_block.h"

#include "self_test.h"

/* --- The self-test --- */

#define ANSWER_MAX 112 /* characters of the longest block below */

/* A published key block. */
struct block_answer {
	CK_KEY_TYPE kbpk_type;
	const char *kbpk, *key, *block;
};

/* One block of each version: TR-31:2018 A.7.2 to A.7.4, ISO 20038:2017 B.2, payShield 10K (C). */
static const struct block_answer answers[] = {
	{CKK_DES2, "89E88CF7931444F334BD7547FC3F380C", "F039121BEC83D26B169BDCD5B22AAF8F",
		"A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701"},
	{CKK_DES2, "DD7515F2BFC17F85CE48F3CA25CB21F6", "3F419E1CB7079442AA37474C2EFBF8B8",
		"B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E"},
	{CKK_DES2, "EFE0853B256B583D868F251CE99EA1D9", "5DB50B454F8389ADCE573BE50861F2BF",
		"C0072K0TN00N0000C9B875FF7A5316BF221C09ED52080DE0B45632A4EA9CE87699CB565E"},
	{CKK_AES, "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
		"3F419E1CB7079442AA37474C2EFBF8B8",
		"D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A2"
		"7E8E31DA05F7425509593D03A457DC34"},
	{CKK_AES, "3235362D62697420414553207772617070696E67202849534F20323030333829",
		"777261707065642033444553206B6579",
		"E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A52DB52F0AEACB94C5"
		"7547"},
};

/* The keys of the self-test: KBPK, wrapped key, and the scratch keys of the functions. */
struct test_keys {
	struct key *kbpk, *target, *const *scratch;
};

static CK_RV open_and_compare(struct test_keys *k, uint8_t *text, size_t n,
	const struct secret *expected, struct key_block_parts *ret)
{
	SECRET value = {0};
	bool good;

	TRY(key_block_open(k->kbpk, k->scratch, text, n, ret, &value, &good));
	ENSURE(good && value.len == expected->len &&
			secret_equal(secret_peek(&value), secret_peek(expected), value.len),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

/* Bind the target to HEADER and open the result. The padding is random, so no answer is known. */
static CK_RV seal_and_open(struct test_keys *k, struct bytes header, enum binding binding,
	const struct secret *expected)
{
	uint8_t out[48 + BINDING_MAC_MAX];
	size_t n = 32; /* whole units of every version */
	SECRET value = {0};
	bool good;

	TRY(binding_seal(binding, k->kbpk, k->scratch, header, k->target, n, out, out + n));
	TRY(binding_open(
		binding, k->kbpk, k->scratch, header, bytes_of(out, n), out + n, &good, &value));
	ENSURE(good && value.len == expected->len &&
			secret_equal(secret_peek(&value), secret_peek(expected), value.len),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV load_hex(const char *hex, CK_KEY_TYPE type, struct key *key, struct secret *ret)
{
	size_t n;

	TRY(secret_resize(ret, strlen(hex) / 2));
	TRY(self_test_hex(hex, secret_bytes(ret), ret->len, &n));
	return key_load(key, type, secret_peek(ret), ret->len);
}

static CK_RV test_answer(const struct block_answer *answer, struct test_keys *k, bool flip)
{
	uint8_t text[ANSWER_MAX];
	size_t n = strlen(answer->block);
	struct key_block_parts parts;
	SECRET kbpk = {0};
	SECRET expected = {0};

	ENSURE(n <= sizeof text, CKR_FUNCTION_FAILED);
	memcpy(text, answer->block, n);
	TRY(load_hex(answer->kbpk, answer->kbpk_type, k->kbpk, &kbpk));
	TRY(load_hex(answer->key, CKK_GENERIC_SECRET, k->target, &expected));
	secret_bytes(&expected)[0] ^= flip;
	TRY(open_and_compare(k, text, n, &expected, &parts));
	enum binding binding = key_block_binding(parts.header.version);
	if (binding == BINDING_VARIANT) /* only opened */
		return CKR_OK;
	return seal_and_open(k, bytes_of(text, parts.n), binding, &expected);
}

static CK_RV key_block_self_test(
	const struct mechanism *mech, struct key *const keys[SELF_TEST_KEYS], bool flip)
{
	struct test_keys k = {keys[0], keys[SELF_TEST_KEYS - 1], keys + 1};

	(void)mech;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		TRY(test_answer(&answers[i], &k, flip));
	return CKR_OK;
}

/* --- The mechanism --- */

static const struct field fields[] = {
	{FIELD(KEY_BLOCK_HEADER), false, KEY_BLOCK_FIXED, 1024},
	{0},
};

static const CK_KEY_TYPE kbpk_types[] = {CKK_AES, CKK_DES2, CKK_DES3, KEY_TYPES_END};

const struct mechanism mech_key_block = {
	.type = CKM_KEYDIV_KEY_BLOCK,
	.name = "CKM_KEYDIV_KEY_BLOCK",
	.what = "key, its usage and a wrapping key -> key block in ASCII",
	.source = "TR-31:2018, X9.143",
	.info = {16, 32, CKF_WRAP | CKF_UNWRAP},
	.key_types = kbpk_types,
	.fields = fields,
	.operation = {.wrap_key = key_block_wrap, .unwrap_key = key_block_unwrap},
	.test = {.run = key_block_self_test},
};
