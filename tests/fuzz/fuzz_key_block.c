/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_key_block.c: key blocks from strangers, and headers from callers.
 *
 * Input: one byte, then a text. The byte modulo 4 is the wrapping key. The byte divided by 4 is the
 * use of the text, modulo 3: a key block as it is, a header to which a key is bound with a right
 * MAC, so that the code behind the check of the MAC is reached, or a header for C_WrapKey.
 */
#include "fuzz.h"

#include "key_block.h"

enum use { USE_BLOCK, USE_HEADER, USE_WRAP, USES };

#define CLEAR 48 /* bytes of clear data, whole blocks of every cipher */
#define HEADER_MAX 9900

static struct key *kbpks[4], *target, *scratch[SCRATCH_KEYS];

static struct key *load(CK_KEY_TYPE type, const char *hex)
{
	uint8_t value[32];
	size_t n = strlen(hex) / 2;
	struct key *key = key_new();

	MUST(n <= sizeof value && hex_decode(hex, value, n));
	MUST(key != NULL && key_load(key, type, value, n) == CKR_OK);
	return key;
}

void fuzz_start(void)
{
	MUST(crypto_start() == CKR_OK);
	/* The first and the third are those of TR-31:2018 A.7.4 and A.7.2.1. */
	kbpks[0] =
		load(CKK_AES, "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6");
	kbpks[1] = load(CKK_AES, "000102030405060708090A0B0C0D0E0F");
	kbpks[2] = load(CKK_DES2, "89E88CF7931444F334BD7547FC3F380C");
	kbpks[3] = load(CKK_DES3, "000102030405060708090A0B0C0D0E0F1011121314151617");
	target = load(CKK_AES, "101112131415161718191A1B1C1D1E1F2021222324252627");
	for (size_t i = 0; i < SCRATCH_KEYS; i++)
		MUST((scratch[i] = key_new()) != NULL);
}

/* Unwrap the N characters at TEXT. Return true if a key came out. */
static bool unwrap(struct key *kbpk, const uint8_t *text, size_t n)
{
	struct unwrapping u = {kbpk, scratch, bytes_of(text, n)};
	struct wrapped_role role = {0};
	SECRET value = {0};

	CK_RV rv = key_block_unwrap(&u, &role, &value);
	MUST(rv == CKR_OK || rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_KEY_TYPE_INCONSISTENT);
	MUST((rv == CKR_OK) == (value.len > 0));
	if (rv != CKR_OK)
		return false;
	MUST(n <= 9992 && key_type_fits(role.type, value.len));
	MUST(!(role.derives && role.usage != 0) && role.count <= WRAPPED_LIST_MAX);
	return true;
}

/* Bind the target to the N characters at TEXT as header, whose length digits are corrected. */
static void unwrap_bound(struct key *kbpk, const uint8_t *text, size_t n)
{
	uint8_t body[CLEAR + BINDING_MAC_MAX];
	bool ctr = n > 0 && text[0] == 'E' && key_block_size(kbpk) == 16;
	enum binding binding = ctr ? BINDING_CTR : BINDING_CBC;
	size_t body_n = CLEAR + binding_mac_length(binding, kbpk), whole = n + 2 * body_n;

	if (n < KEY_BLOCK_FIXED || n > HEADER_MAX)
		return;
	uint8_t *block = malloc(whole);
	MUST(block != NULL);
	memcpy(block, text, n);
	for (size_t i = 4, left = whole; i >= 1; i--, left /= 10)
		block[i] = (uint8_t)('0' + left % 10);
	MUST(binding_seal(binding, kbpk, scratch, bytes_of(block, n), target, CLEAR, body,
		     body + CLEAR) == CKR_OK);
	key_block_put_hex(body, body_n, block + n);
	(void)unwrap(kbpk, block, whole);
	free(block);
}

/* Wrap the target with the N characters at TEXT as KEY_BLOCK_HEADER. */
static void wrap(struct key *kbpk, const uint8_t *text, size_t n)
{
	struct wrapped_role role = {
		.type = CKK_AES, .usage = USAGE_CIPHER, .exportability = EXPORT_ANY};
	uint8_t encoded[3 + 1024];
	struct parameter p;
	size_t length, written;

	if (n > 1024)
		return;
	encoded[0] = KEYDIV_KEY_BLOCK_HEADER;
	put_be16(encoded + 1, (uint16_t)n);
	memcpy(encoded + 3, text, n);
	if (parameter_parse(mechanism_find(CKM_KEYDIV_KEY_BLOCK), encoded, n + 3, &p) != CKR_OK)
		return;
	struct wrapping w = {kbpk, target, scratch, &p, &role};
	CK_RV rv = key_block_wrap(&w, NULL, &length);
	MUST(rv == CKR_OK || rv == CKR_MECHANISM_PARAM_INVALID);
	if (rv != CKR_OK)
		return;
	MUST(length <= 9992);
	uint8_t *out = malloc(length);
	MUST(out != NULL && key_block_wrap(&w, out, &written) == CKR_OK && written == length);
	MUST(unwrap(kbpk, out, length));
	free(out);
}

void fuzz_one(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	uint8_t which = take_byte(&in);
	struct key *kbpk = kbpks[which % 4];
	uint8_t *text = malloc(in.n ? in.n : 1); /* exactly as long as the text */

	MUST(text != NULL);
	if (in.n > 0)
		memcpy(text, in.p, in.n);
	switch ((enum use)(which / 4 % USES)) {
	case USE_BLOCK:
		(void)unwrap(kbpk, text, in.n);
		break;
	case USE_HEADER:
		unwrap_bound(kbpk, text, in.n);
		break;
	case USE_WRAP:
	case USES:
		wrap(kbpk, text, in.n);
		break;
	}
	free(text);
}
