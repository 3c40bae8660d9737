/* SPDX-License-Identifier: Apache-2.0 */
/* key.c: load, wipe and use key material. */
#include "key.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "digest.h"
#include "key_struct.h"

/*
 * A forked child inherits the keys, because only the pointers in them lead to the schedules that
 * the child must wipe: keys_forked.
 */
static struct arena keys;

/*
 * Each key takes its serial numbers in lots, so that threads that load keys do not share
 * a cache line.
 */
#define SERIAL_LOT (1u << 16)

static _Atomic uint64_t next_lot = 1;

static uint64_t next_serial(struct key *key)
{
	if (++key->serial >= key->serial_end) {
		key->serial =
			atomic_fetch_add_explicit(&next_lot, 1, memory_order_relaxed) * SERIAL_LOT;
		key->serial_end = key->serial + SERIAL_LOT;
	}
	return key->serial;
}

/* Make the context of S for KIND ready for a key. */
static inline CK_RV schedule_prepare(struct schedule *s, enum cipher_kind kind)
{
	if (s->dirty != kind)
		schedule_wipe(s);
	if (s->context[kind] == NULL) {
		ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
		s->context[kind] = block_new(kind);
		ENSURE(s->context[kind] != NULL, CKR_HOST_MEMORY);
	}
	s->dirty = kind;
	return CKR_OK;
}

CK_RV schedule_set(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes)
{
	TRY(schedule_prepare(s, kind));
	if (!block_set_key(kind, s->context[kind], bytes)) {
		schedule_wipe(s);
		return FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot set the key");
	}
	return CKR_OK;
}

CK_RV schedule_set_inverse(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes)
{
	TRY(schedule_prepare(s, kind));
	if (!block_set_key_inverse(kind, s->context[kind], bytes)) {
		schedule_wipe(s);
		return FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot set the key");
	}
	return CKR_OK;
}

void schedule_wipe(struct schedule *s)
{
	static const uint8_t zero[32];

	if (s->dirty == KIND_NONE)
		return;
	/*
	 * if setting the zero key fails, freeing wipes the schedule, and the next load makes
	 * a new one
	 */
	if (!block_set_key(s->dirty, s->context[s->dirty], zero)) {
		block_free(s->dirty, s->context[s->dirty]);
		s->context[s->dirty] = NULL;
	}
	s->dirty = KIND_NONE;
}

void schedule_free(struct schedule *s)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		block_free((enum cipher_kind)kind, s->context[kind]);
		s->context[kind] = NULL;
	}
	s->dirty = KIND_NONE;
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

static void unload(void *key)
{
	key_unload(key);
}

void keys_forked(void)
{
	arena_each(&keys, sizeof(struct key), unload);
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

void key_unload(struct key *key)
{
	forget(key);
	secret_wipe(&key->value);
	schedule_wipe(&key->plain);
	key->type = CK_UNAVAILABLE_INFORMATION;
	key->kind = KIND_NONE;
}

/*
 * Set S to the value, as secret_set does. A key as long as the last one is written over the last
 * one without wiping first.
 */
static CK_RV set_value(struct secret *s, const uint8_t *value, size_t n)
{
	if (s->len != n || n > SECRET_INLINE)
		return secret_set(s, value, n);
	memcpy(s->small, value, n);
	return CKR_OK;
}

static CK_RV load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	const struct key_type *t = key_type_find(type);
	enum cipher_kind kind = t != NULL ? key_type_cipher(t, n) : KIND_NONE;

	ENSURE(n > 0 && n <= SECRET_MAX, CKR_KEY_SIZE_RANGE);
	ENSURE(kind != KIND_NONE || t == NULL || t->block == 0, CKR_KEY_SIZE_RANGE);
	TRY(set_value(&key->value, value, n));
	/*
	 * A schedule of the old value must not stay. If the new key has the same kind, its schedule
	 * overwrites the old one now.
	 */
	if (key->plain.dirty == kind && kind != KIND_NONE)
		TRY(schedule_set(&key->plain, kind, value));
	else
		schedule_wipe(&key->plain);
	key->type = type;
	key->kind = kind;
	return CKR_OK;
}

CK_RV key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	CK_RV rv;

	forget(key);
	next_serial(key);
	rv = load(key, type, value, n);
	if (rv != CKR_OK)
		key_unload(key);
	return rv;
}

CK_KEY_TYPE key_type(const struct key *key)
{
	return key->type;
}

size_t key_length(const struct key *key)
{
	return key->value.len;
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

CK_RV key_one_way(struct key *key, const uint8_t *mask, const uint8_t in[8], uint8_t ret_out[8])
{
	static const uint8_t none[16];
	SECRET halves = {0};
	uint8_t right[8];

	ENSURE(key->kind == KIND_DES2, CKR_KEY_TYPE_INCONSISTENT);
	TRY(masked_value(key, mask != NULL ? mask : none, &halves));
	memcpy(right, secret_peek(&halves) + 8, 8);
	/* Single DES is two-key TDES with the same key twice. */
	memcpy(secret_bytes(&halves) + 8, secret_peek(&halves), 8);
	CK_RV rv = schedule_set(&key->masked, KIND_DES2, secret_peek(&halves));
	for (size_t i = 0; i < 8; i++)
		ret_out[i] = in[i] ^ right[i];
	if (rv == CKR_OK &&
		!block_encrypt(KIND_DES2, key->masked.context[KIND_DES2], ret_out, 8, ret_out))
		rv = FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot encrypt a block");
	for (size_t i = 0; i < 8; i++)
		ret_out[i] ^= right[i];
	wipe(right, sizeof right);
	return rv;
}

CK_RV key_encrypt_blocks(
	struct key *key, const uint8_t *iv, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	void *context;
	size_t block = key_block_size(key);
	uint8_t state[KEY_BLOCK_MAX];
	bool ok = true;

	TRY(key_expand(key));
	ENSURE(n % block == 0 && n <= INT32_MAX, CKR_DATA_LEN_RANGE);
	context = key->plain.context[key->kind];
	if (iv == NULL) {
		ENSURE(n == 0 || block_encrypt(key->kind, context, in, n, ret_out),
			CKR_FUNCTION_FAILED);
		return CKR_OK;
	}
	memcpy(state, iv, block);
	for (size_t at = 0; ok && at < n; at += block) {
		for (size_t i = 0; i < block; i++)
			state[i] ^= in[at + i];
		ok = block_encrypt(key->kind, context, state, block, state);
		memcpy(ret_out + at, state, block);
	}
	wipe_block(state); /* the ciphertext may be a key (CKM_AES_CBC_ENCRYPT_DATA) */
	ENSURE(ok, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

size_t mac_length(enum mac_kind kind, const struct key *key)
{
	if (kind == MAC_CMAC)
		return key == NULL ? 0 : key_block_size(key);
	return kind == MAC_GMAC ? 16 : digest_length(mac_digest(kind));
}

static CK_RV hmac_once(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	size_t len;
	bool ok;

	ENSURE(mac_digest(kind) != DIGEST_NONE, CKR_FUNCTION_FAILED);
	ENSURE(key->value.len > 0, CKR_KEY_TYPE_INCONSISTENT);
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
	ENSURE(ok, CKR_FUNCTION_FAILED);
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

	ENSURE(key->value.len > 0 && (!cmac_style || key_type_by_cmac(key->type)),
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
