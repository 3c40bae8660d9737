/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_state.h: the states of O-DUKPT clients (mechanisms/README.md) that are token objects. A
 * state is sealed in a two-slot file, and is advanced there before a key leaves the token.
 *
 * A state is named by the vault that seals it and by the id of its record. The store says where the
 * files are. Every function that opens a state gives CKR_USER_NOT_LOGGED_IN if the vault has no
 * key, and CKR_DEVICE_ERROR if no slot of the file opens.
 */
#ifndef KEYDIV_STATE_CLIENT_STATE_H
#define KEYDIV_STATE_CLIENT_STATE_H

#include "mechanism.h"
#include "store/store.h"
#include "store/vault.h"

/* The functions that the store calls: create, remove and list the files of states. */
extern const struct store_above client_state_above;

/* Create the file of the new record ID, with STATE sealed in it. Errors as client_file_create. */
MUST_USE CK_RV client_state_create(
	struct store *store, const struct snapshot *keys, int64_t id, const struct secret *state);

/*
 * Copy the state of record ID as it is now to RET. Numbers that this process has reserved and not
 * yet used still belong to the state.
 */
MUST_USE CK_RV client_state_read(struct store *store, struct vault *vault, int64_t id,
	const struct state_kind *kind, struct secret *ret);

/* Wipe and remove the file of record ID, and what this process has reserved of the state. */
MUST_USE CK_RV client_state_remove(struct store *store, const struct vault *vault, int64_t id);

/*
 * Advance the state of record ID by D's mechanism, durably, and only then set RET_KEY (the register
 * key) and d->number. RESERVE is the number of keys to claim at one sync, 1 or more; those that are
 * unused when the process ends are skipped. CKR_KEYDIV_EXHAUSTED.
 */
MUST_USE CK_RV client_state_advance(struct store *store, struct vault *vault, int64_t id,
	uint64_t reserve, struct derivation *d, struct secret *ret_key);

/* Wipe everything that was reserved of states of VAULT: at logout and when the token is closed. */
void client_state_forget(const struct vault *vault);

/* In the child of a fork: wipe every reservation, without locks. */
void client_states_forked(void);

#endif
