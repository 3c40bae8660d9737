/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac.c: a MAC in parts. CMAC uses the schedule of the key. HMAC, GMAC and ISO/IEC 9797-1 algorithm
 * 3 use contexts that are kept here.
 */
#include "mac.h"

#include <stdlib.h>

#include "error_queue.h"
#include "gcm.h"
#include "key_struct.h"
#include "retail_mac.h"

struct mac {
	enum mac_kind kind; /* of the current MAC, or MAC_NONE */
	/* CMAC and algorithm 3 */
	struct key *key;
	uint64_t serial; /* of the key at mac_begin */
	size_t held;     /* bytes of PENDING, where the last block waits until the end */
	_Alignas(16) uint8_t state[KEY_BLOCK_MAX];
	uint8_t pending[KEY_BLOCK_MAX];
	struct schedule left; /* of the left half of the key: algorithm 3 */
	/* HMAC */
	EVP_MAC_CTX *hmac;
	enum mac_kind hmac_kind;
	uint64_t hmac_serial;
	/* GMAC */
	struct gcm gcm;
};

struct mac *mac_new(void)
{
	struct mac *mac = aligned_alloc(64, (sizeof(struct mac) + 63) / 64 * 64);

	if (mac != NULL)
		memset(mac, 0, sizeof *mac);
	return mac;
}

void mac_free(struct mac *mac)
{
	if (mac == NULL)
		return;
	mac_reset(mac);
	gcm_free(&mac->gcm);
	schedule_free(&mac->left);
	free(mac);
}

static bool is_cmac(enum mac_kind kind)
{
	return kind == MAC_CMAC || kind == MAC_CMAC_ODD;
}

/* Return true for the MACs that chain blocks, whose last block waits in `pending`. */
static bool is_chain(enum mac_kind kind)
{
	return is_cmac(kind) || mac_is_retail(kind);
}

/* Begin a MAC that chains blocks: CMAC, or algorithm 3, which may begin with IV. */
static CK_RV begin_chain(struct mac *mac, enum mac_kind kind, struct key *key, struct bytes iv)
{
	if (mac_is_retail(kind)) {
		TRY(retail_begin(key, iv, &mac->left, mac->state));
	} else {
		ENSURE(kind == MAC_CMAC || key_block_size(key) == KEY_BLOCK_MAX,
			CKR_KEY_TYPE_INCONSISTENT);
		TRY(cmac_prepare(key));
		memset(mac->state, 0, sizeof mac->state);
	}
	mac->held = 0;
	mac->key = key;
	mac->serial = key_serial(key);
	return CKR_OK;
}

static CK_RV begin_hmac(struct mac *mac, enum mac_kind kind, struct key *key)
{
	ENSURE(key->value.len > 0, CKR_KEY_TYPE_INCONSISTENT);
	KEEP_ERROR_QUEUE;
	if (mac->hmac != NULL && mac->hmac_kind == kind && mac->hmac_serial == key_serial(key)) {
		REQUIRE(EVP_MAC_init(mac->hmac, NULL, 0, NULL), CKR_HOST_MEMORY, NO_MEMORY);
		return CKR_OK;
	}
	EVP_MAC_CTX_free(mac->hmac);
	mac->hmac = hmac_new(mac_digest(kind), secret_peek(&key->value), key->value.len);
	ENSURE(mac->hmac != NULL, CKR_HOST_MEMORY);
	mac->hmac_kind = kind;
	mac->hmac_serial = key_serial(key);
	return CKR_OK;
}

CK_RV mac_begin(struct mac *mac, enum mac_kind kind, struct key *key, struct bytes iv)
{
	mac->kind = MAC_NONE;
	if (is_chain(kind)) {
		TRY(begin_chain(mac, kind, key, iv));
	} else if (kind == MAC_GMAC) {
		TRY(gcm_begin(&mac->gcm, key, true, iv));
	} else {
		ENSURE(mac_digest(kind) != DIGEST_NONE, CKR_FUNCTION_FAILED);
		TRY(begin_hmac(mac, kind, key));
	}
	mac->kind = kind;
	return CKR_OK;
}

static CK_RV absorb(struct mac *mac, const uint8_t *in, size_t n)
{
	return is_cmac(mac->kind) ? cmac_blocks(mac->key, mac->state, in, n)
				  : retail_blocks(&mac->left, mac->state, in, n);
}

/* The last block is treated in another way, so up to one whole block is always held back. */
static CK_RV update_chain(struct mac *mac, const uint8_t *in, size_t n)
{
	size_t block = key_block_size(mac->key);

	ENSURE(mac->serial == key_serial(mac->key) && block != 0,
		CKR_FUNCTION_FAILED); /* another key was loaded meanwhile */
	if (mac->held + n <= block) {
		memcpy(mac->pending + mac->held, in, n);
		mac->held += n;
		return CKR_OK;
	}
	if (mac->held > 0) {
		size_t take = block - mac->held;
		memcpy(mac->pending + mac->held, in, take);
		TRY(absorb(mac, mac->pending, block));
		in += take;
		n -= take;
	}
	size_t whole = (n - 1) / block * block;
	TRY(absorb(mac, in, whole));
	mac->held = n - whole;
	memcpy(mac->pending, in + whole, mac->held);
	return CKR_OK;
}

CK_RV mac_update(struct mac *mac, const uint8_t *in, size_t n)
{
	ENSURE(mac->kind != MAC_NONE, CKR_FUNCTION_FAILED);
	if (n == 0)
		return CKR_OK;
	if (is_chain(mac->kind))
		return update_chain(mac, in, n);
	if (mac->kind == MAC_GMAC)
		return gcm_update(&mac->gcm, in, n, NULL);
	ENSURE(EVP_MAC_update(mac->hmac, in, n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

/* Write the MAC that update_chain has read the message of. */
static CK_RV finish_chain(struct mac *mac, enum mac_kind kind, uint8_t *ret_mac)
{
	ENSURE(mac->serial == key_serial(mac->key), CKR_FUNCTION_FAILED);
	if (mac_is_retail(kind))
		return retail_last(
			mac->key, &mac->left, kind, mac->state, mac->pending, mac->held, ret_mac);
	ENSURE(mac->key->subkeys, CKR_FUNCTION_FAILED);
	TRY(cmac_last(mac->key, mac->state, mac->pending, mac->held, ret_mac));
	if (kind == MAC_CMAC_ODD)
		cmac_keep_odd(ret_mac);
	return CKR_OK;
}

CK_RV mac_finish(struct mac *mac, uint8_t ret_mac[KEY_MAC_MAX])
{
	enum mac_kind kind = mac->kind;
	size_t len;

	ENSURE(kind != MAC_NONE, CKR_FUNCTION_FAILED);
	mac->kind = MAC_NONE;
	if (is_chain(kind))
		return finish_chain(mac, kind, ret_mac);
	if (kind == MAC_GMAC)
		return gcm_tag(&mac->gcm, GCM_TAG, ret_mac);
	KEEP_ERROR_QUEUE;
	REQUIRE(EVP_MAC_final(mac->hmac, ret_mac, &len, KEY_MAC_MAX), CKR_HOST_MEMORY, NO_MEMORY);
	return CKR_OK;
}

/* Wipe the message so far, and the key of an HMAC. */
static void wipe_message(struct mac *mac)
{
	mac->kind = MAC_NONE;
	mac->key = NULL;
	wipe_block(mac->state);
	wipe_block(mac->pending);
	schedule_wipe(&mac->left);
	if (mac->hmac != NULL) {
		EVP_MAC_CTX_free(mac->hmac); /* wipes */
		mac->hmac = NULL;
	}
}

void mac_forget(struct mac *mac)
{
	wipe_message(mac);
	gcm_forget(&mac->gcm);
}

void mac_reset(struct mac *mac)
{
	wipe_message(mac);
	gcm_reset(&mac->gcm);
}
