/* SPDX-License-Identifier: Apache-2.0 */
/* key.c: load, wipe and use key material. */
#include "key.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "digest.h"
#include "error_queue.h"
#include "key_struct.h"
#include "retail_mac.h"

/*
 * A forked child inherits the keys, because only the pointers in them lead to the schedules that
 * the child must wipe. key_unload does that for keys that no thread of the parent was using, and
 * keys_forked wipes the values of all.
 */
static struct arena keys;

/*
 * Each key takes its serial numbers in lots, so that threads that load keys do not share
 * a cache line.
 */
#define SERIAL_LOT (1u << 16)

static _Atomic uint64_t next_lot = 1;

static void next_serial(struct key *key)
{
	if (++key->serial >= key->serial_end) {
		key->serial =
			atomic_fetch_add_explicit(&next_lot, 1, memory_order_relaxed) * SERIAL_LOT;
		key->serial_end = key->serial + SERIAL_LOT;
	}
}

struct key *key_new(void)
{
	struct key *key = arena_take(&keys, sizeof *key);

	if (key != NULL)
		key->type = CK_UNAVAILABLE_INFORMATION;
	return key;
}

void key_free(struct key *key)
{
	if (key == NULL)
		return;
	schedule_free(&key->plain); /* freeing wipes */
	schedule_free(&key->masked);
	schedule_free(&key->inverse);
	key_unload(key);
	arena_give(&keys, key, sizeof *key);
}

void keys_trim(void)
{
	arena_trim(&keys);
}

/* Wipe everything that was computed from the value, except the schedule under its ECB context. */
static void forget(struct key *key)
{
	schedule_wipe(&key->masked);
	schedule_wipe(&key->inverse);
	if (key->subkeys) {
		wipe_block(key->k1);
		wipe_block(key->k2);
		key->subkeys = false;
	}
	if (key->hmac != NULL) {
		EVP_MAC_CTX_free(key->hmac); /* wipes */
		key->hmac = NULL;
	}
}

static void unload(struct key *key)
{
	forget(key);
	secret_wipe(&key->value);
	schedule_wipe(&key->plain);
	key->type = CK_UNAVAILABLE_INFORMATION;
	key->kind = KIND_NONE;
	key->ops = NULL;
	key->remote = NULL;
	key->length = 0;
}

void key_unload(struct key *key)
{
	if (key->length > 0)
		unload(key);
}

/*
 * Wipe what is in the struct. A thread of the parent may have been changing the contexts and the
 * pointers at the moment of the fork. The kernel has zeroed a long value.
 */
static void wipe_forked(void *block)
{
	struct key *key = block;

	wipe(key->value.small, sizeof key->value.small);
	wipe(key->k1, sizeof key->k1);
	wipe(key->k2, sizeof key->k2);
}

/* Wipe also keys of length 0, because a thread of the parent may have been loading them. */
void keys_forked(void)
{
	arena_each(&keys, sizeof(struct key), wipe_forked);
}

static CK_RV load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	const struct key_type *t = key_type_find(type);
	enum cipher_kind kind = t != NULL ? key_type_cipher(t, n) : KIND_NONE;

	ENSURE(n > 0 && n <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	ENSURE(kind != KIND_NONE || t == NULL || t->block == 0, CKR_KEY_SIZE_RANGE);
	key->length = n; /* first, so that key_unload wipes the value even after an error */
	TRY(secret_set(&key->value, value, n));
	schedule_wipe(&key->plain);
	key->type = type;
	key->kind = kind;
	key->ops = NULL;
	return CKR_OK;
}

/*
 * Write a value over the value of KEY, which is in memory, inside the struct and as long. The inner
 * keys of a derivation come here. A schedule of the old value is overwritten by the new one.
 */
static CK_RV load_over(struct key *key, const uint8_t *value, size_t n)
{
	memcpy(key->value.small, value, n);
	return key->plain.dirty == KIND_NONE ? CKR_OK : schedule_set(&key->plain, key->kind, value);
}

CK_RV key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	bool over = n > 0 && n <= SECRET_INLINE && key->value.len == n && key->type == type;

	forget(key);
	next_serial(key);
	CK_RV rv = over ? load_over(key, value, n) : load(key, type, value, n);
	if (rv != CKR_OK)
		key_unload(key);
	return rv;
}

CK_RV key_attach(
	struct key *key, CK_KEY_TYPE type, size_t n, const struct key_ops *ops, void *remote)
{
	const struct key_type *t = key_type_find(type);

	key_unload(key);
	next_serial(key);
	ENSURE(t != NULL && !t->state && key_type_takes(t, n), CKR_KEY_SIZE_RANGE);
	key->type = type;
	key->kind = key_type_cipher(t, n);
	key->length = n;
	key->ops = ops;
	key->remote = remote;
	return CKR_OK;
}

CK_KEY_TYPE key_type(const struct key *key)
{
	return key->type;
}

size_t key_length(const struct key *key)
{
	return key->length;
}

size_t key_block_size(const struct key *key)
{
	return key->kind == KIND_NONE ? 0 : key->kind >= KIND_DES2 ? 8 : 16;
}

uint64_t key_serial(const struct key *key)
{
	return key->serial;
}

struct bytes key_expose(const struct key *key)
{
	return bytes_of(secret_peek(&key->value), key->value.len);
}

#define MASKED "the mechanism needs variants of the key, and the key is in another token"

static CK_RV remote_blocks(const struct key *key, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	REQUIRE(key->ops->blocks != NULL, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key in the other token may not encrypt");
	return key->ops->blocks(key->remote, in, n, ret_out);
}

/* RET = the value of KEY with MASK, as long as the value, XORed onto the value. */
static CK_RV masked_value(const struct key *key, const uint8_t *mask, struct secret *ret)
{
	TRY(secret_set(ret, mask, key->value.len));
	for (size_t i = 0; i < ret->len; i++)
		secret_bytes(ret)[i] ^= secret_peek(&key->value)[i];
	return CKR_OK;
}

CK_RV key_block(struct key *key, const uint8_t *mask, const uint8_t *in, uint8_t *ret_out)
{
	void *context;
	size_t block = key_block_size(key);

	ENSURE(block != 0, CKR_KEY_TYPE_INCONSISTENT);
	if (key_is_remote(key)) {
		REQUIRE(mask == NULL, CKR_KEY_TYPE_INCONSISTENT, MASKED);
		return remote_blocks(key, in, block, ret_out);
	}
	if (mask != NULL) {
		SECRET masked = {0};
		TRY(masked_value(key, mask, &masked));
		TRY(schedule_set(&key->masked, key->kind, secret_peek(&masked)));
		context = key->masked.context[key->kind];
	} else {
		TRY(key_expand(key));
		context = key->plain.context[key->kind];
	}
	ENSURE(block_encrypt(key->kind, context, in, block, ret_out), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

/*
 * OUT = DES(left half, STEP ^ right half) ^ right half, where the halves are those of VALUE with
 * MASK XORed on, by way of the schedule S.
 */
static CK_RV one_way(struct schedule *s, const uint8_t value[16], const uint8_t mask[16],
	const uint8_t step[8], uint8_t out[8])
{
	uint8_t left[16], right[8];

	for (size_t i = 0; i < 8; i++) {
		left[i] = left[8 + i] = value[i] ^ mask[i]; /* single DES: the same key twice */
		right[i] = value[8 + i] ^ mask[8 + i];
		out[i] = step[i] ^ right[i];
	}
	CK_RV rv = schedule_set(s, KIND_DES2, left);
	if (rv == CKR_OK && !block_encrypt(KIND_DES2, s->context[KIND_DES2], out, 8, out))
		rv = FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot encrypt a block");
	for (size_t i = 0; i < 8; i++)
		out[i] ^= right[i];
	wipe_block(left);
	wipe(right, sizeof right);
	return rv;
}

CK_RV key_one_way(struct key *key, const uint8_t mask[16], const uint8_t (*steps)[8], size_t n,
	struct secret *ret)
{
	static const uint8_t none[16];
	SECRET next = {0};

	ENSURE(key->kind == KIND_DES2, CKR_KEY_TYPE_INCONSISTENT);
	REQUIRE(!key_is_remote(key), CKR_KEY_TYPE_INCONSISTENT, MASKED);
	TRY(secret_set(ret, secret_peek(&key->value), 16));
	TRY(secret_resize(&next, 16));
	for (size_t i = 0; i < n; i++) {
		uint8_t *left = secret_bytes(&next);
		TRY(one_way(&key->masked, secret_peek(ret), mask, steps[i], left));
		TRY(one_way(&key->masked, secret_peek(ret), none, steps[i], left + 8));
		memcpy(secret_bytes(ret), left, 16);
	}
	return CKR_OK;
}

/* Encrypt N bytes, whole blocks, in ECB mode. */
static CK_RV encrypt_ecb(struct key *key, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	if (n == 0)
		return CKR_OK;
	if (key_is_remote(key))
		return remote_blocks(key, in, n, ret_out);
	TRY(key_expand(key));
	ENSURE(block_encrypt(key->kind, key->plain.context[key->kind], in, n, ret_out),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV key_encrypt_blocks(
	struct key *key, const uint8_t *iv, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	size_t block = key_block_size(key);
	uint8_t state[KEY_BLOCK_MAX];
	CK_RV rv = CKR_OK;

	ENSURE(block != 0, CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(n % block == 0 && n <= INT32_MAX, CKR_DATA_LEN_RANGE);
	if (iv == NULL)
		return encrypt_ecb(key, in, n, ret_out);
	memcpy(state, iv, block);
	for (size_t at = 0; rv == CKR_OK && at < n; at += block) {
		for (size_t i = 0; i < block; i++)
			state[i] ^= in[at + i];
		rv = encrypt_ecb(key, state, block, state);
		memcpy(ret_out + at, state, block);
	}
	wipe_block(state); /* the ciphertext may be a key (CKM_AES_CBC_ENCRYPT_DATA) */
	return rv;
}

size_t mac_length(enum mac_kind kind, const struct key *key)
{
	if (kind == MAC_CMAC)
		return key == NULL ? 0 : key_block_size(key);
	if (kind == MAC_CMAC_ODD || mac_is_retail(kind))
		return kind == MAC_CMAC_ODD ? CMAC_ODD_LENGTH : RETAIL_BLOCK;
	return kind == MAC_GMAC ? 16 : digest_length(mac_digest(kind));
}

static CK_RV remote_mac(
	const struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	REQUIRE(key->ops->mac != NULL, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key in the other token may not sign");
	return key->ops->mac(key->remote, kind, msg, n, ret_mac);
}

/* The MACs of key_mac that are neither CMAC nor HMAC. */
__attribute__((noinline)) static CK_RV other_once(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	if (mac_is_retail(kind))
		return retail_once(key, kind, msg, n, ret_mac);
	ENSURE(kind == MAC_CMAC_ODD, CKR_FUNCTION_FAILED);
	ENSURE(key_block_size(key) == KEY_BLOCK_MAX, CKR_KEY_TYPE_INCONSISTENT);
	TRY(key_cmac(key, msg, n, ret_mac));
	cmac_keep_odd(ret_mac);
	return CKR_OK;
}

static CK_RV hmac_once(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	size_t len;
	bool ok;

	if (__builtin_expect(mac_digest(kind) == DIGEST_NONE, 0))
		return other_once(key, kind, msg, n, ret_mac);
	if (key_is_remote(key))
		return remote_mac(key, kind, msg, n, ret_mac);
	ENSURE(key->value.len > 0, CKR_KEY_TYPE_INCONSISTENT);
	KEEP_ERROR_QUEUE;
	if (key->hmac == NULL || key->hmac_kind != kind) {
		EVP_MAC_CTX_free(key->hmac);
		key->hmac = hmac_new(mac_digest(kind), secret_peek(&key->value), key->value.len);
		key->hmac_kind = kind;
		ENSURE(key->hmac != NULL, CKR_HOST_MEMORY);
		ok = true;
	} else {
		ok = EVP_MAC_init(key->hmac, NULL, 0, NULL);
	}
	ok = ok && (n == 0 || EVP_MAC_update(key->hmac, msg, n)) &&
	     EVP_MAC_final(key->hmac, ret_mac, &len, KEY_MAC_MAX);
	REQUIRE(ok, CKR_HOST_MEMORY, NO_MEMORY);
	return CKR_OK;
}

CK_RV key_mac(struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	return kind == MAC_CMAC ? key_cmac(key, msg, n, ret_mac)
				: hmac_once(key, kind, msg, n, ret_mac);
}

CK_RV key_check_value(struct key *key, bool cmac_style, uint8_t ret_kcv[3])
{
	static const uint8_t zero[KEY_BLOCK_MAX];
	SECRET out = {0};

	REQUIRE(!key_is_remote(key) || key->kind != KIND_NONE, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the value is in another token");
	ENSURE(key->length > 0 && (!cmac_style || key_type_by_cmac(key->type)),
		CKR_KEY_TYPE_INCONSISTENT);
	TRY(secret_resize(&out, DIGEST_MAX));
	if (cmac_style)
		TRY(key_cmac(key, zero, sizeof zero, secret_bytes(&out)));
	else if (key->kind != KIND_NONE)
		TRY(key_block(key, NULL, zero, secret_bytes(&out)));
	else
		TRY(digest_once(
			DIGEST_SHA1, secret_peek(&key->value), key->value.len, secret_bytes(&out)));
	memcpy(ret_kcv, secret_peek(&out), 3);
	return CKR_OK;
}

void des_set_odd_parity(uint8_t *value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned v = value[i] & 0xfe;
		unsigned ones = v ^ v >> 4;
		ones ^= ones >> 2;
		ones ^= ones >> 1;
		value[i] = (uint8_t)(v | (~ones & 1));
	}
}
