/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c: the token key and sealing under it, see vault.h. */
#include "store/vault.h"

#include <stdlib.h>

#include "base/arena.h"

CK_RV vault_init(struct vault *ret_vault)
{
	struct secret *key = arena_map(sizeof *key);

	ENSURE(key != NULL, CKR_HOST_MEMORY);
	*ret_vault = (struct vault){.key = key};
	pthread_mutex_init(&ret_vault->lock, NULL);
	return CKR_OK;
}

void vault_destroy(struct vault *vault)
{
	if (vault->key != NULL)
		pthread_mutex_destroy(&vault->lock);
	vault_forked(vault);
}

void vault_forked(struct vault *vault)
{
	if (vault->key == NULL)
		return;
	secret_wipe(vault->key);
	arena_unmap(vault->key, sizeof *vault->key);
	vault->key = NULL;
}

void vault_identify(struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN])
{
	pthread_mutex_lock(&vault->lock);
	if (vault->key->len == 0)
		memcpy(vault->uuid, uuid, VAULT_UUID_LEN);
	pthread_mutex_unlock(&vault->lock);
}

CK_RV vault_put_key(
	struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN], const struct secret *key)
{
	pthread_mutex_lock(&vault->lock);
	CK_RV rv = secret_set(vault->key, secret_peek(key), key->len);
	if (rv == CKR_OK)
		memcpy(vault->uuid, uuid, VAULT_UUID_LEN);
	pthread_mutex_unlock(&vault->lock);
	return rv;
}

void vault_wipe_key(struct vault *vault)
{
	pthread_mutex_lock(&vault->lock);
	secret_wipe(vault->key);
	pthread_mutex_unlock(&vault->lock);
}

void vault_uuid(struct vault *vault, uint8_t ret_uuid[VAULT_UUID_LEN])
{
	pthread_mutex_lock(&vault->lock);
	memcpy(ret_uuid, vault->uuid, VAULT_UUID_LEN);
	pthread_mutex_unlock(&vault->lock);
}

bool vault_has_uuid(struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN])
{
	pthread_mutex_lock(&vault->lock);
	bool same = memcmp(vault->uuid, uuid, VAULT_UUID_LEN) == 0;
	pthread_mutex_unlock(&vault->lock);
	return same;
}

/* --- Snapshots --- */

void snapshot_wipe(struct snapshot *snapshot)
{
	secret_wipe(&snapshot->key);
}

CK_RV vault_snapshot(struct vault *vault, struct snapshot *ret)
{
	pthread_mutex_lock(&vault->lock);
	CK_RV rv = secret_set(&ret->key, secret_peek(vault->key), vault->key->len);
	memcpy(ret->uuid, vault->uuid, VAULT_UUID_LEN);
	pthread_mutex_unlock(&vault->lock);
	return rv;
}

CK_RV vault_snapshot_key(struct vault *vault, struct snapshot *ret)
{
	TRY(vault_snapshot(vault, ret));
	ENSURE(ret->key.len == VAULT_KEY_LEN, CKR_USER_NOT_LOGGED_IN);
	return CKR_OK;
}

/* --- Sealing --- */

static uint8_t *append(uint8_t *at, struct bytes b)
{
	if (b.n > 0)
		memcpy(at, b.p, b.n);
	return at + b.n;
}

/* Build the associated data of BINDING in memory that the caller frees. */
static CK_RV associated_data(
	const struct snapshot *snapshot, const struct binding *binding, struct bytes *ret)
{
	uint8_t id[8] = {0};
	struct bytes id_bytes = binding->id != 0 ? bytes_of(id, sizeof id) : (struct bytes){0};
	size_t n = binding->purpose.n + VAULT_UUID_LEN + id_bytes.n + binding->more.n;
	uint8_t *p = malloc(n);

	ENSURE(p != NULL, CKR_HOST_MEMORY);
	put_be64(id, (uint64_t)binding->id);
	uint8_t *at = append(p, binding->purpose);
	at = append(at, bytes_of(snapshot->uuid, VAULT_UUID_LEN));
	at = append(at, id_bytes);
	append(at, binding->more);
	*ret = bytes_of(p, n);
	return CKR_OK;
}

CK_RV vault_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out)
{
	struct bytes aad;

	TRY(associated_data(snapshot, binding, &aad));
	CK_RV rv = seal(&snapshot->key, aad, plain, n, out);
	free((void *)aad.p);
	return rv;
}

CK_RV vault_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain)
{
	struct bytes aad;

	TRY(associated_data(snapshot, binding, &aad));
	CK_RV rv = seal_open(&snapshot->key, aad, sealed, ret_plain);
	free((void *)aad.p);
	return rv;
}
