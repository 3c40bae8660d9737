/* SPDX-License-Identifier: Apache-2.0 */
/* token.h: one token, with its store, its login state and the key that seals its objects. */
#ifndef KEYDIV_TOKEN_TOKEN_H
#define KEYDIV_TOKEN_TOKEN_H

#include <pthread.h>
#include <stdatomic.h>

#include "foreign/foreign_pin.h"
#include "store/store.h"
#include "store/vault.h"

#define PIN_MIN 4
#define PIN_MAX 255
#define PIN_TRIES 10

/* The login state, which is the low two bits of the login word. */
enum login { LOGIN_NONE = 0, LOGIN_USER = 1, LOGIN_SO = 2 };
#define LOGIN_MASK 3

struct token {
	CK_SLOT_ID slot;
	struct store *store;
	const struct store_lease *lease; /* of the store; NULL if it needs none */
	/*
	 * The login word is epoch << 2 | enum login. Every login and logout gives a new epoch of 24
	 * bits, which handles of token objects contain.
	 */
	_Atomic uint64_t login;
	/*
	 * For new tokens, from the configuration. The PINs of a token use the number that the token
	 * was initialised with.
	 */
	unsigned scrypt_log2_n;
	bool read_only_login;     /* allow a login whose tries can be counted in memory only */
	_Atomic bool initialized; /* set when the token was seen initialised, and never cleared */
	pthread_mutex_t lock; /* held while the login word changes, taken before the vault's lock */
	/*
	 * The token key, and the uuid that was read from the store at the first session or at
	 * the last login.
	 */
	struct vault vault;
	struct foreign_pin foreign_pin; /* of the user who is logged in */
	unsigned login_log2_n; /* guarded by lock, the scrypt parameter that the login has proved */
};

/*
 * Open token SLOT under DIR (".../token-dir/slot-<n>"), which is made if it is missing. CKR_ codes
 * of store.h. token_close logs out and wipes.
 */
MUST_USE CK_RV token_open(
	CK_SLOT_ID slot, const char *dir, unsigned scrypt_log2_n, struct token **ret_token);
void token_close(struct token *token);
void token_forked(struct token *token); /* in the child of a fork, wipe and abandon the store */

static inline enum login token_login_state(const struct token *token)
{
	return (enum login)(atomic_load_explicit(&token->login, memory_order_acquire) & LOGIN_MASK);
}

/* token_initialized of a token that was not yet seen initialised: ask the store. */
MUST_USE CK_RV token_identify(struct token *token);

/*
 * Check that the token is initialised. CKR_TOKEN_NOT_RECOGNIZED before C_InitToken. One atomic load
 * for an initialised token.
 */
MUST_USE static inline CK_RV token_initialized(struct token *token)
{
	if (__builtin_expect(atomic_load_explicit(&token->initialized, memory_order_acquire), 1))
		return CKR_OK;
	return token_identify(token);
}

/*
 * Note that WHO is logged in, with the token KEYS and the scrypt parameter LOG2_N that the PIN
 * has proved. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV token_logged_in(
	struct token *token, enum login who, const struct snapshot *keys, unsigned log2_n);

/*
 * End the login. Wipe the token key, change the login word and destroy the private session objects.
 * Sessions notice at their next call. RET_LOGIN is the new login word. Return false if nobody was
 * logged in. The caller may hold a session's lock.
 */
bool token_forget_login(struct token *token, uint64_t *ret_login);

/*
 * Destroy the private session objects of TOKEN that were made since token_forget_login returned the
 * login word LOGIN, unless a user has logged in since.
 */
void token_destroy_private(struct token *token, uint64_t login);

#endif
