/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.h: the token key, and everything that is sealed under it.
 *
 * A vault holds the identity of a token (its uuid) and, while someone is logged in, the token
 * key in locked memory. Code that only seals and opens needs a vault and no token. The vault has
 * a lock of its own, which is held for the time of a copy only: a caller takes a snapshot and
 * works with that.
 *
 * Every sealed text is bound to the uuid and to further associated data. So a text that was moved
 * to another place of the file, or to another token, does not open.
 */
#ifndef KEYDIV_STORE_VAULT_H
#define KEYDIV_STORE_VAULT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "key/seal.h"

#define VAULT_UUID_LEN 16
#define VAULT_KEY_LEN SEAL_KEY_LEN

struct vault {
	pthread_mutex_t lock; /* guards the other members */
	uint8_t uuid[VAULT_UUID_LEN];
	struct secret *key; /* in the arena; empty while nobody is logged in */
};

/* Create an empty vault in RET_VAULT. CKR_HOST_MEMORY. */
MUST_USE CK_RV vault_init(struct vault *ret_vault);

/* Wipe and free what vault_init allocated. A vault of zeroes is allowed. */
void vault_destroy(struct vault *vault);

/*
 * As vault_destroy, in the child of a fork: the lock may be held by a thread that does not exist
 * here, and is left alone.
 */
void vault_forked(struct vault *vault);

/* Set the uuid to UUID while the vault has no key. With a key nothing changes. */
void vault_identify(struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN]);

/*
 * Set uuid and token key (VAULT_KEY_LEN bytes) together: somebody has logged in. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV vault_put_key(
	struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN], const struct secret *key);

/* Wipe the token key: nobody is logged in any more. The uuid stays. */
void vault_wipe_key(struct vault *vault);

/* Copy the uuid to RET_UUID. */
void vault_uuid(struct vault *vault, uint8_t ret_uuid[VAULT_UUID_LEN]);

/* Return true if UUID is the uuid of the vault. */
bool vault_has_uuid(struct vault *vault, const uint8_t uuid[VAULT_UUID_LEN]);

/*
 * A copy of key and uuid of one moment. Declare it `SNAPSHOT s = {0};`: the key is wiped at the end
 * of the block.
 */
struct snapshot {
	struct secret key; /* empty if nobody was logged in */
	uint8_t uuid[VAULT_UUID_LEN];
};

void snapshot_wipe(struct snapshot *snapshot);
#define SNAPSHOT __attribute__((cleanup(snapshot_wipe))) struct snapshot

/* Copy VAULT to RET. The key may be empty. CKR_HOST_MEMORY. */
MUST_USE CK_RV vault_snapshot(struct vault *vault, struct snapshot *ret);

/* As vault_snapshot, for callers that need the key: CKR_USER_NOT_LOGGED_IN if there is none. */
MUST_USE CK_RV vault_snapshot_key(struct vault *vault, struct snapshot *ret);

/*
 * The associated data of a sealed text, in this order: purpose, uuid of the snapshot, id (8 bytes
 * big-endian), more. An id of 0 is left out. Every kind of sealed text has a purpose of its own,
 * and the value of a record has none.
 */
struct binding {
	struct bytes purpose; /* may be absent */
	int64_t id;
	struct bytes more; /* may be absent */
};

/*
 * Seal N bytes at PLAIN to OUT, which has room for N + SEAL_OVERHEAD
 * bytes. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV vault_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out);

/*
 * Open SEALED to RET_PLAIN. CKR_ENCRYPTED_DATA_INVALID if key, text or binding differ from those of
 * the sealing; RET_PLAIN is then empty. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV vault_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain);

#endif
