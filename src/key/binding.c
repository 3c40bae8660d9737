/* SPDX-License-Identifier: Apache-2.0 */
/* binding.c: see binding.h. */
#include "binding.h"

#include "cipher.h"
#include "random.h"

/* TR-31:2018 section 5.3.1, the variants. */
#define VARIANT_ENCRYPT 0x45
#define VARIANT_MAC 0x4D

/* TR-31:2018 section 5.3.2.1 and ISO 20038:2017: key usage in the derivation data. */
enum inner_usage { USAGE_CBC = 0x0000, USAGE_KBAK = 0x0001, USAGE_CTR = 0x0002 };

/* Return the algorithm in the derivation data: TDES-2, TDES-3, AES-128, AES-192, AES-256. */
static uint16_t algorithm_code(const struct key *kbpk)
{
	size_t words = key_length(kbpk) / 8;

	return (uint16_t)(key_block_size(kbpk) == 8 ? words - 2 : words);
}

size_t binding_mac_length(enum binding binding, const struct key *kbpk)
{
	size_t block = key_block_size(kbpk);

	return binding == BINDING_VARIANT ? block / 2 : block;
}

size_t binding_unit(enum binding binding, const struct key *kbpk)
{
	return binding == BINDING_CTR ? 1 : key_block_size(kbpk);
}

/* Make RET the KBPK with VARIANT XORed onto each byte. */
static CK_RV make_variant(const struct key *kbpk, uint8_t variant, struct key *ret)
{
	struct bytes value = key_expose(kbpk);
	SECRET inner = {0};

	TRY(secret_set(&inner, value.p, value.n));
	for (size_t i = 0; i < inner.len; i++)
		secret_bytes(&inner)[i] ^= variant;
	return key_load(ret, key_type(kbpk), secret_peek(&inner), inner.len);
}

/*
 * Make RET the key that the CMACs of the derivation data give: counter (1 byte), usage, 00,
 * algorithm, length in bits.
 */
static CK_RV derive_inner(struct key *kbpk, enum inner_usage usage, struct key *ret)
{
	size_t block = key_block_size(kbpk), length = key_length(kbpk);
	uint8_t data[8] = {0}, mac[BINDING_MAC_MAX];
	SECRET inner = {0};

	TRY(secret_resize(&inner, length));
	put_be16(data + 1, (uint16_t)usage);
	put_be16(data + 4, algorithm_code(kbpk));
	put_be16(data + 6, (uint16_t)(8 * length));
	for (size_t done = 0; done < length; done += block) {
		data[0]++;
		CK_RV rv = key_cmac(kbpk, data, sizeof data, mac);
		if (rv == CKR_OK)
			memcpy(secret_bytes(&inner) + done, mac,
				length - done < block ? length - done : block);
		wipe(mac, sizeof mac);
		TRY(rv);
	}
	return key_load(ret, key_type(kbpk), secret_peek(&inner), inner.len);
}

/* Make SCRATCH[0] KBEK and SCRATCH[1] KBAK. */
static CK_RV make_inner_keys(
	enum binding binding, struct key *kbpk, struct key *const scratch[BINDING_KEYS])
{
	REQUIRE(key_block_size(kbpk) != 0, CKR_KEY_TYPE_INCONSISTENT,
		"the wrapping key is not a key of a block cipher");
	REQUIRE(key_expose(kbpk).n != 0, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	if (binding == BINDING_VARIANT) {
		TRY(make_variant(kbpk, VARIANT_ENCRYPT, scratch[0]));
		return make_variant(kbpk, VARIANT_MAC, scratch[1]);
	}
	TRY(derive_inner(kbpk, binding == BINDING_CTR ? USAGE_CTR : USAGE_CBC, scratch[0]));
	return derive_inner(kbpk, USAGE_KBAK, scratch[1]);
}

/* Encrypt or decrypt the N bytes at DATA in place with KBEK from the block IV. */
static CK_RV crypt(enum binding binding, struct key *kbek, bool encrypt, const uint8_t *iv,
	uint8_t *data, size_t n)
{
	struct cipher_setup setup = {.mode = binding == BINDING_CTR ? CIPHER_CTR : CIPHER_CBC,
		.encrypt = encrypt,
		.iv = bytes_of(iv, key_block_size(kbek)),
		.counter_bits = binding == BINDING_CTR ? 128 : 0};
	struct cipher *cipher = cipher_new();
	size_t done;

	ENSURE(cipher != NULL, CKR_HOST_MEMORY);
	CK_RV rv = cipher_begin(cipher, kbek, &setup);
	if (rv == CKR_OK)
		rv = cipher_update(cipher, data, n, data, &done);
	cipher_free(cipher);
	return rv;
}

/* Compute the MAC of the N bytes at DATA. BINDING_VARIANT has CBC-MAC of whole blocks. */
static CK_RV authenticate(
	enum binding binding, struct key *kbak, const uint8_t *data, size_t n, uint8_t *ret_mac)
{
	static const uint8_t zero[BINDING_MAC_MAX];
	SECRET blocks = {0};

	if (binding != BINDING_VARIANT)
		return key_cmac(kbak, data, n, ret_mac);
	TRY(secret_resize(&blocks, n));
	TRY(key_encrypt_blocks(kbak, zero, data, n, secret_bytes(&blocks)));
	memcpy(ret_mac, secret_peek(&blocks) + n - key_block_size(kbak), key_block_size(kbak));
	return CKR_OK;
}

/* Put the clear data of TARGET, padded to N bytes, to OUT. */
static CK_RV put_clear_data(const struct key *target, uint8_t *out, size_t n)
{
	struct bytes value = key_expose(target);

	REQUIRE(value.n != 0, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and cannot be wrapped");
	ENSURE(n >= BINDING_LENGTH + value.n, CKR_FUNCTION_FAILED);
	put_be16(out, (uint16_t)(8 * value.n));
	memcpy(out + BINDING_LENGTH, value.p, value.n);
	return random_bytes(out + BINDING_LENGTH + value.n, n - BINDING_LENGTH - value.n);
}

CK_RV binding_seal(enum binding binding, struct key *kbpk, struct key *const scratch[BINDING_KEYS],
	struct bytes header, struct key *target, size_t clear_n, uint8_t *ret_encrypted,
	uint8_t *ret_mac)
{
	uint8_t mac[BINDING_MAC_MAX];
	SECRET work = {0}; /* the header, then the clear data */

	ENSURE(binding != BINDING_VARIANT, CKR_FUNCTION_FAILED);
	TRY(make_inner_keys(binding, kbpk, scratch));
	TRY(secret_resize(&work, header.n + clear_n));
	uint8_t *data = secret_bytes(&work) + header.n;
	memcpy(secret_bytes(&work), header.p, header.n);
	TRY(put_clear_data(target, data, clear_n));
	TRY(authenticate(binding, scratch[1], secret_peek(&work), work.len, mac));
	secret_reveal(mac, sizeof mac, "the MAC is part of the key block");
	TRY(crypt(binding, scratch[0], true, mac, data, clear_n));
	secret_reveal(data, clear_n, "the ciphertext is part of the key block");
	memcpy(ret_encrypted, data, clear_n);
	memcpy(ret_mac, mac, binding_mac_length(binding, kbpk));
	return CKR_OK;
}

/* Copy the key out of the N bytes of authentic clear data. Return false for a wrong length. */
static CK_RV take_key(const uint8_t *data, size_t n, bool *ret_good, struct secret *ret_value)
{
	size_t bits = get_be16(data);

	secret_reveal(&bits, sizeof bits, "the length of an unwrapped key is an attribute");
	size_t length = bits / 8;
	*ret_good = bits % 8 == 0 && length > 0 && length <= n - BINDING_LENGTH;
	return *ret_good ? secret_set(ret_value, data + BINDING_LENGTH, length) : CKR_OK;
}

CK_RV binding_open(enum binding binding, struct key *kbpk, struct key *const scratch[BINDING_KEYS],
	struct bytes header, struct bytes encrypted, const uint8_t *mac, bool *ret_good,
	struct secret *ret_value)
{
	const uint8_t *iv = binding == BINDING_VARIANT ? header.p : mac;
	uint8_t expected[BINDING_MAC_MAX];
	SECRET work = {0}; /* the header, then the data */

	*ret_good = false;
	secret_wipe(ret_value);
	ENSURE(encrypted.n >= BINDING_CLEAR_MIN, CKR_FUNCTION_FAILED);
	TRY(make_inner_keys(binding, kbpk, scratch));
	TRY(secret_resize(&work, header.n + encrypted.n));
	uint8_t *data = secret_bytes(&work) + header.n;
	memcpy(secret_bytes(&work), header.p, header.n);
	memcpy(data, encrypted.p, encrypted.n);
	if (binding == BINDING_VARIANT) /* the MAC is over the ciphertext */
		TRY(authenticate(binding, scratch[1], secret_peek(&work), work.len, expected));
	CK_RV rv = crypt(binding, scratch[0], false, iv, data, encrypted.n);
	if (rv == CKR_DATA_LEN_RANGE) /* CTR: a counter that would wrap is no MAC of this module */
		return CKR_OK;
	TRY(rv);
	if (binding != BINDING_VARIANT)
		TRY(authenticate(binding, scratch[1], secret_peek(&work), work.len, expected));
	if (!secret_equal(mac, expected, binding_mac_length(binding, kbpk)))
		return CKR_OK;
	return take_key(data, encrypted.n, ret_good, ret_value);
}
