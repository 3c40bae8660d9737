/* SPDX-License-Identifier: Apache-2.0 */
/* token_login.c: C_Login, C_InitToken, C_InitPIN and C_SetPIN. */
#include "token/token_login.h"

#include <string.h>

#include "base/log.h"
#include "key/random.h"
#include "store/inventory.h"
#include "token/token_pin.h"

#define INIT_RETRIES 16 /* how often another process may be quicker */

/*
 * End the login if another process has initialised the token since, because the token key of the
 * login is then void. RET is the token record as it is now.
 */
static CK_RV end_stale_login(struct token *token, struct store_token *ret)
{
	uint64_t login;

	TRY(store_token_get(token->store, ret));
	pthread_mutex_lock(&token->lock);
	bool stale =
		token_login_state(token) != LOGIN_NONE && !vault_has_uuid(&token->vault, ret->uuid);
	pthread_mutex_unlock(&token->lock);
	if (stale && token_forget_login(token, &login))
		log_warning("slot %lu: initialised by another process, login ended", token->slot);
	return CKR_OK;
}

CK_RV token_login(struct token *token, CK_USER_TYPE user_type, struct bytes pin)
{
	enum login who = user_type == CKU_SO ? LOGIN_SO : LOGIN_USER;
	struct store_token stored;
	PIN_TRIED tried = {0};

	ENSURE(user_type == CKU_SO || user_type == CKU_USER, CKR_USER_TYPE_INVALID);
	PIN_TURN turn = pin_turn(token);
	TRY(end_stale_login(token, &stored));
	enum login now = token_login_state(token);
	ENSURE(now != who, CKR_USER_ALREADY_LOGGED_IN);
	ENSURE(now == LOGIN_NONE, CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	TRY(pin_try(&turn, who, pin, &tried));
	TRY(store_verify(token->store, &tried.keys));
	if (who == LOGIN_USER)
		TRY(foreign_pin_keep(&token->foreign_pin, pin));
	CK_RV rv = token_logged_in(token, who, &tried.keys, tried.seen.scrypt_log2_n);
	if (rv != CKR_OK)
		foreign_pin_forget(&token->foreign_pin);
	return rv;
}

/* --- C_InitToken --- */

/* Seal the inventory of no objects into the new token T. */
static CK_RV seal_empty_inventory(struct store_token *t, const struct secret *key)
{
	const struct inventory none = {0};
	SNAPSHOT keys = {0};

	memcpy(keys.uuid, t->uuid, sizeof keys.uuid);
	TRY(secret_set(&keys.key, secret_peek(key), key->len));
	return inventory_seal(&keys, &none, t);
}

/*
 * Write a token without objects in the place of SEEN (NULL for a new token), with a new identity, a
 * new key, SO_PIN and no user PIN. The serial number stays. RET_AS_SEEN is false, and nothing was
 * written, if SEEN is no longer stored.
 */
static CK_RV new_token(struct token *token, struct bytes so_pin,
	const uint8_t label[STORE_LABEL_LEN], const struct store_token *seen, bool *ret_as_seen)
{
	struct store_token t = {.scrypt_log2_n = token->scrypt_log2_n};
	SECRET key = {0};

	TRY(pin_check_new(so_pin));
	TRY(random_bytes(t.uuid, sizeof t.uuid));
	if (seen != NULL)
		memcpy(t.serial, seen->serial, sizeof t.serial);
	else
		TRY(random_bytes(t.serial, sizeof t.serial));
	TRY(secret_resize(&key, VAULT_KEY_LEN));
	TRY(random_bytes(secret_bytes(&key), key.len));
	for (size_t i = 0; i < sizeof t.label; i++)
		t.label[i] = label[i] ? label[i] : ' '; /* some callers end the label with a NUL */
	TRY(seal_empty_inventory(&t, &key));
	TRY(pin_seal(&t, LOGIN_SO, so_pin, &key, &t.so));
	TRY(store_init_token(token->store, &t, seen, ret_as_seen));
	if (!*ret_as_seen)
		return CKR_OK;
	vault_identify(&token->vault, t.uuid);
	atomic_store(&token->initialized, true);
	return CKR_OK;
}

static CK_RV init_once(struct pin_turn *turn, struct bytes so_pin,
	const uint8_t label[STORE_LABEL_LEN], bool *ret_as_seen)
{
	struct token *token = turn->token;
	struct store_token stored;
	PIN_TRIED tried = {0};

	CK_RV rv = store_token_get(token->store, &stored);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		return new_token(token, so_pin, label, NULL, ret_as_seen);
	TRY(rv);
	TRY(pin_try(turn, LOGIN_SO, so_pin, &tried));
	return new_token(token, so_pin, label, &tried.seen, ret_as_seen);
}

/*
 * The turn is exclusive, because otherwise a process would try its PIN against a token that another
 * process replaces meanwhile. On a file system without locks the store notices the replacement, and
 * the PIN is tried again.
 */
CK_RV token_init(struct token *token, struct bytes so_pin, const uint8_t label[STORE_LABEL_LEN])
{
	bool as_seen = false;

	PIN_TURN turn = pin_turn(token);
	TRY(pin_turn_alone(&turn));
	for (unsigned i = 0; i < INIT_RETRIES && !as_seen; i++)
		TRY(init_once(&turn, so_pin, label, &as_seen));
	REQUIRE(as_seen, CKR_DEVICE_ERROR, "other processes initialise the token all the time");
	return CKR_OK;
}

/* --- C_InitPIN, C_SetPIN --- */

/*
 * Copy the keys of the SO who is logged in. Check that the scrypt parameter of STORED is the one
 * that the login has proved, because an attacker who edits the file must not weaken the next PIN.
 */
static CK_RV keys_of_so(struct token *token, struct store_token *stored, struct snapshot *ret)
{
	struct inventory unused;

	ENSURE(token_login_state(token) == LOGIN_SO, CKR_USER_NOT_LOGGED_IN);
	TRY(vault_snapshot_key(&token->vault, ret));
	TRY(inventory_open(ret, stored, &unused));
	pthread_mutex_lock(&token->lock);
	bool same = stored->scrypt_log2_n == token->login_log2_n;
	pthread_mutex_unlock(&token->lock);
	REQUIRE(same, CKR_DEVICE_ERROR, "the scrypt parameter is not that of the login");
	return CKR_OK;
}

CK_RV token_init_pin(struct token *token, struct bytes pin)
{
	struct store_token stored;
	struct store_pin new_pin;
	SNAPSHOT keys = {0};
	bool as_seen;

	TRY(pin_check_new(pin));
	PIN_TURN turn = pin_turn(token);
	TRY(end_stale_login(token, &stored));
	TRY(keys_of_so(token, &stored, &keys));
	TRY(pin_seal(&stored, LOGIN_USER, pin, &keys.key, &new_pin));
	TRY(store_set_pin(token->store, STORE_USER, &stored, false, &new_pin, &as_seen));
	REQUIRE(as_seen, CKR_USER_NOT_LOGGED_IN, "another process has initialised the token");
	return CKR_OK;
}

CK_RV token_set_pin(struct token *token, struct bytes old_pin, struct bytes new_pin)
{
	struct store_token stored;
	struct store_pin sealed;
	bool as_seen = false;

	TRY(pin_check_new(new_pin));
	PIN_TURN turn = pin_turn(token);
	TRY(end_stale_login(token, &stored));
	enum login who = token_login_state(token) == LOGIN_SO ? LOGIN_SO : LOGIN_USER;
	for (unsigned i = 0; i < INIT_RETRIES && !as_seen; i++) {
		PIN_TRIED tried = {0};
		TRY(pin_try(&turn, who, old_pin, &tried));
		TRY(store_verify(token->store, &tried.keys));
		TRY(pin_seal(&tried.seen, who, new_pin, &tried.keys.key, &sealed));
		TRY(store_set_pin(token->store, who == LOGIN_SO ? STORE_SO : STORE_USER,
			&tried.seen, true, &sealed, &as_seen));
	}
	REQUIRE(as_seen, CKR_DEVICE_ERROR, "other processes change the PIN all the time");
	return CKR_OK;
}
