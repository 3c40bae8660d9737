/* SPDX-License-Identifier: Apache-2.0 */
/* token.c: open and close a token, and keep its login state. */
#include "token/token.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/state.h"
#include "state/window.h"
#include "token/handle.h"
#include "token/pool.h"

/* --- Opening and closing --- */

static void token_free(struct token *token)
{
	vault_destroy(&token->vault);
	free(token);
}

CK_RV token_open(CK_SLOT_ID slot, const char *dir, unsigned scrypt_log2_n, struct token **ret_token)
{
	struct token *token = calloc(1, sizeof *token);

	ENSURE(token != NULL, CKR_HOST_MEMORY);
	token->slot = slot;
	token->scrypt_log2_n = scrypt_log2_n;
	token->read_only_login = true;
	CK_RV rv = vault_init(&token->vault);
	if (rv == CKR_OK)
		rv = store_open(dir, &states_above_store, &token->store);
	if (rv != CKR_OK) {
		token_free(token);
		return rv;
	}
	token->lease = store_lease(token->store);
	pthread_mutex_init(&token->lock, NULL);
	foreign_pin_init(&token->foreign_pin);
	*ret_token = token;
	return CKR_OK;
}

/* Give up what this process has claimed ahead: nobody is logged in any more. */
static void end_states(struct token *token)
{
	state_forget(&token->vault);
	windows_logout(token->store, &token->vault);
}

void token_close(struct token *token)
{
	if (token == NULL)
		return;
	end_states(token);
	windows_close(&token->vault);
	store_close(token->store);
	foreign_pin_destroy(&token->foreign_pin);
	pthread_mutex_destroy(&token->lock);
	token_free(token);
}

/*
 * The kernel has zeroed the child's token key where it could; what another thread was doing to the
 * token does not matter any more.
 */
void token_forked(struct token *token)
{
	vault_forked(&token->vault);
	foreign_pin_forked(&token->foreign_pin);
	store_abandon(token->store);
	token_free(token);
}

CK_RV token_identify(struct token *token)
{
	struct store_token stored;

	CK_RV rv = store_token_get(token->store, &stored);
	ENSURE(rv != CKR_TOKEN_NOT_RECOGNIZED, CKR_TOKEN_NOT_RECOGNIZED);
	TRY(rv);
	vault_identify(&token->vault, stored.uuid);
	atomic_store_explicit(&token->initialized, true, memory_order_release);
	return CKR_OK;
}

/* --- Who is logged in --- */

/*
 * Set the next login word, for WHO. The epoch bits of a handle are 0 for a public object, so an
 * epoch whose bits are 0 is skipped. The caller holds the lock.
 */
static void set_login(struct token *token, enum login who)
{
	uint64_t epoch = (atomic_load(&token->login) >> 2) + 1;

	if ((epoch & HANDLE_EPOCH_MASK) == 0)
		epoch++;
	atomic_store_explicit(&token->login, epoch << 2 | who, memory_order_release);
}

CK_RV token_logged_in(
	struct token *token, enum login who, const struct snapshot *keys, unsigned log2_n)
{
	pthread_mutex_lock(&token->lock);
	CK_RV rv = vault_put_key(&token->vault, keys->uuid, &keys->key);
	if (rv == CKR_OK) {
		token->login_log2_n = log2_n;
		set_login(token, who);
	}
	pthread_mutex_unlock(&token->lock);
	return rv;
}

bool token_forget_login(struct token *token, uint64_t *ret_login)
{
	pthread_mutex_lock(&token->lock);
	bool was = token_login_state(token) != LOGIN_NONE;
	if (was) {
		/* First, so that the PIN of a login that follows is not wiped. */
		foreign_pin_forget(&token->foreign_pin);
		set_login(token, LOGIN_NONE);
		vault_wipe_key(&token->vault);
		pool_destroy_private(token);
	}
	*ret_login = atomic_load(&token->login);
	pthread_mutex_unlock(&token->lock);
	if (was)
		end_states(token);
	return was;
}

void token_destroy_private(struct token *token, uint64_t login)
{
	pthread_mutex_lock(&token->lock);
	if (atomic_load(&token->login) == login)
		pool_destroy_private(token);
	pthread_mutex_unlock(&token->lock);
}
