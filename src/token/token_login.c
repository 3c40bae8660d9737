/* SPDX-License-Identifier: Apache-2.0 */
/* token_login.c: C_Login, C_InitToken, C_InitPIN and C_SetPIN, see token.h. */
#include "token/token_login.h"

#include <string.h>

#include "base/log.h"
#include "key/random.h"
#include "store/inventory.h"
#include "token/token_pin.h"

/*
 * If another process has initialised the token anew since the login here, that login is worth
 * nothing: the key is another. RET: the token as stored.
 */
static CK_RV look_again(struct token *token, struct store_token *ret)
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
	struct store_token seen;
	SECRET key = {0};

	ENSURE(user_type == CKU_SO || user_type == CKU_USER, CKR_USER_TYPE_INVALID);
	PIN_TURN turn = pin_turn(token);
	TRY(look_again(turn, &seen));
	enum login now = token_login_state(token);
	ENSURE(now != who, CKR_USER_ALREADY_LOGGED_IN);
	ENSURE(now == LOGIN_NONE, CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	TRY(pin_try(token, who, pin, &seen, &key));
	TRY(pin_right(token, who, &seen, &key, NULL));
	return token_logged_in(token, who, seen.uuid, &key);
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
 * A token without objects in the place of SEEN (NULL: of none): new identity, new key, SO_PIN, no
 * user PIN. CKR_PIN_INCORRECT: SEEN is not there any more.
 */
static CK_RV new_token(struct token *token, struct bytes so_pin,
	const uint8_t label[STORE_LABEL_LEN], struct store_token *seen)
{
	struct store_token t = {.scrypt_log2_n = token->scrypt_log2_n};
	bool as_seen;
	SECRET key = {0};

	TRY(random_bytes(t.uuid, sizeof t.uuid));
	TRY(secret_resize(&key, TOKEN_KEY_LEN));
	TRY(random_bytes(secret_bytes(&key), key.len));
	for (size_t i = 0; i < sizeof t.label; i++)
		t.label[i] = label[i] ? label[i] : ' '; /* some callers end it with a NUL */
	TRY(seal_empty_inventory(&t, &key));
	TRY(pin_seal(&t, LOGIN_SO, so_pin, &key, &t.so));
	TRY(store_init_token(token->store, &t, seen, &as_seen));
	ENSURE(as_seen, CKR_PIN_INCORRECT);
	vault_identify(&token->vault, t.uuid);
	atomic_store(&token->initialized, true);
	return CKR_OK;
}

CK_RV token_init(struct token *token, struct bytes so_pin, const uint8_t label[STORE_LABEL_LEN])
{
	struct store_token seen;
	SECRET old_key = {0};

	TRY(pin_check(so_pin));
	PIN_TURN turn = pin_turn(token);
	CK_RV rv = store_token_get(turn->store, &seen);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED) {
		rv = new_token(token, so_pin, label, NULL);
		if (rv != CKR_PIN_INCORRECT)
			return rv;
		rv = CKR_OK; /* another process was quicker: SO_PIN must be its */
	}
	TRY(rv);
	TRY(pin_try(token, LOGIN_SO, so_pin, &seen, &old_key));
	rv = new_token(token, so_pin, label, &seen);
	if (rv != CKR_OK)
		pin_put_back(token, LOGIN_SO, &seen);
	return rv;
}

/* --- C_InitPIN, C_SetPIN --- */

struct setting {
	const uint8_t *uuid;
	const struct store_pin *pin;
};

static CK_RV set_user_pin(struct store_token *t, void *arg)
{
	const struct setting *setting = arg;

	/* Initialised by another process meanwhile: the key that was sealed is not this token's. */
	ENSURE(memcmp(t->uuid, setting->uuid, sizeof t->uuid) == 0, CKR_USER_NOT_LOGGED_IN);
	t->user = *setting->pin;
	return CKR_OK;
}

CK_RV token_init_pin(struct token *token, struct bytes pin)
{
	struct store_token stored;
	struct store_pin new_pin;
	SNAPSHOT now = {0};

	TRY(pin_check(pin));
	PIN_TURN turn = pin_turn(token);
	TRY(look_again(turn, &stored));
	ENSURE(token_login_state(token) == LOGIN_SO, CKR_USER_NOT_LOGGED_IN);
	TRY(vault_snapshot_key(&token->vault, &now));
	TRY(pin_seal(&stored, LOGIN_USER, pin, &now.key, &new_pin));
	struct setting setting = {now.uuid, &new_pin};
	return store_token_update(token->store, set_user_pin, &setting);
}

CK_RV token_set_pin(struct token *token, struct bytes old_pin, struct bytes new_pin)
{
	struct store_token seen;
	struct store_pin sealed;
	SECRET key = {0};

	TRY(pin_check(new_pin));
	PIN_TURN turn = pin_turn(token);
	TRY(look_again(turn, &seen));
	enum login who = token_login_state(token) == LOGIN_SO ? LOGIN_SO : LOGIN_USER;
	TRY(pin_try(token, who, old_pin, &seen, &key));
	CK_RV rv = pin_seal(&seen, who, new_pin, &key, &sealed);
	if (rv == CKR_OK)
		return pin_right(token, who, &seen, &key, &sealed);
	pin_put_back(token, who, &seen);
	return rv;
}
