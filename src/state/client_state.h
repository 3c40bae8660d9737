/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_state.h: O-DUKPT client states (mechanisms/README.md) as objects: kept in a two-slot file
 * (token objects) or in the session pool, moved on before a key leaves.
 */
#ifndef KEYDIV_TOKEN_CLIENT_STATE_H
#define KEYDIV_TOKEN_CLIENT_STATE_H

#include "mechanism.h"
#include "state/client_file.h"
#include "token/session.h"
#include "token/token.h"

/* The file of the new row ID, with STATE sealed. Errors as client_file_create. */
MUST_USE CK_RV client_state_create(struct store *store, const struct secret *token_key,
	const uint8_t uuid[STORE_UUID_LEN], int64_t id, const struct secret *state);

/*
 * RET = the state of the token object ID as it is now, numbers set aside by this process and not
 * yet used included.
 */
MUST_USE CK_RV client_state_read(struct token *token, int64_t id, struct secret *ret);

/* Its file, and what this process has set aside, wiped. */
MUST_USE CK_RV client_state_remove(struct token *token, int64_t id);

/*
 * Step 6 of the derive pipeline for mechanisms with state: the state of the object HANDLE moves on
 * by D's row->advance, durably if it is a token object, and only then *RET_KEY (the register key)
 * and d->number are set. RESERVE: how many numbers to claim at one sync, 1 or more; those not used
 * when the process ends are skipped. CKR_KEYDIV_EXHAUSTED.
 */
MUST_USE CK_RV client_state_advance(struct session *s, CK_OBJECT_HANDLE handle, uint64_t reserve,
	struct derivation *d, struct secret *ret_key);

/*
 * Forget what was set aside for TOKEN (logout, close), wiped; in the child of a fork, all of
 * it, without locks.
 */
void client_state_forget(struct token *token);
void client_states_forked(void);

#endif
