/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h: the states (state_kind.h) of token objects. A state is sealed in a two-slot file, and is
 * advanced there before a key leaves the token.
 *
 * Every function that opens a state gives CKR_USER_NOT_LOGGED_IN if the vault has no
 * key, and CKR_DEVICE_ERROR if no slot of the file opens.
 */
#ifndef KEYDIV_STATE_STATE_H
#define KEYDIV_STATE_STATE_H

#include "mechanism.h"
#include "store/store.h"
#include "store/vault.h"

/* Everything that leads to the state of one record. */
struct state_location {
	struct store *store; /* knows where the files are */
	struct vault *vault; /* seals the state */
	int64_t id;          /* of the record */
	const struct state_kind *kind;
};

/* The functions that the store calls: create, remove and list the files of states. */
extern const struct store_above states_above_store;

/* Create the file of the new record ID, with STATE sealed in it. Errors as state_file_create. */
MUST_USE CK_RV state_create(
	struct store *store, const struct snapshot *keys, int64_t id, const struct secret *state);

/*
 * Copy the state at AT as it is now to RET. Numbers that this process has reserved and not
 * yet used still belong to the state.
 */
MUST_USE CK_RV state_read(const struct state_location *at, struct secret *ret);

/* Wipe and remove the file of the state at AT, and what this process has reserved of the state. */
MUST_USE CK_RV state_remove(const struct state_location *at);

/*
 * Advance the state at AT, durably, and only then set RET_KEY (the released
 * key) and d->number. RESERVE is the number of keys to claim at one sync, 1 or more; those that are
 * unused when the process ends are skipped. CKR_KEYDIV_EXHAUSTED.
 */
MUST_USE CK_RV state_advance(const struct state_location *at, uint64_t reserve,
	struct derivation *d, struct secret *ret_key);

/* Wipe everything that was reserved of states of VAULT: at logout and when the token is closed. */
void state_forget(const struct vault *vault);

#endif
