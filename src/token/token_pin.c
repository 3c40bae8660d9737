/* SPDX-License-Identifier: Apache-2.0 */
/* token_pin.c: see token_pin.h. */
#include "token/token_pin.h"

#include <string.h>

#include "base/log.h"
#include "key/random.h"

#define LOG2_N_MIN 14
#define LOG2_N_MAX 22

/* --- Turns --- */

struct token *pin_turn(struct token *token)
{
	store_lock_pins(token->store);
	return token;
}

void pin_turn_end(struct token **token)
{
	store_unlock_pins((*token)->store);
}

/* --- Counting --- */

struct counting {
	enum login who;
	struct store_token *seen;        /* count_up: out */
	const struct store_token *tried; /* the others: in */
	const struct store_pin *new_pin; /* clear: or NULL */
};

static struct store_pin *pin_of(struct store_token *t, enum login who)
{
	return who == LOGIN_SO ? &t->so : &t->user;
}

static CK_RV count_up(struct store_token *t, void *arg)
{
	struct counting *c = arg;
	struct store_pin *pin = pin_of(t, c->who);

	ENSURE(pin->set, CKR_USER_PIN_NOT_INITIALIZED);
	ENSURE(pin->failures < PIN_TRIES, CKR_PIN_LOCKED);
	*c->seen = *t;
	pin->failures++;
	return CKR_OK;
}

/*
 * Whether the PIN is still the one that was tried: another process may have changed it, or
 * initialised the token again.
 */
static bool same_pin(
	const struct store_pin *stored, const struct counting *c, const struct store_token *t)
{
	struct store_token tried = *c->tried;

	return memcmp(t->uuid, tried.uuid, sizeof t->uuid) == 0 && stored->set &&
	       memcmp(stored->salt, pin_of(&tried, c->who)->salt, sizeof stored->salt) == 0;
}

static CK_RV clear(struct store_token *t, void *arg)
{
	struct counting *c = arg;
	struct store_pin *pin = pin_of(t, c->who);

	ENSURE(same_pin(pin, c, t), CKR_PIN_INCORRECT);
	if (c->new_pin)
		*pin = *c->new_pin;
	pin->failures = 0;
	return CKR_OK;
}

static CK_RV count_down(struct store_token *t, void *arg)
{
	struct counting *c = arg;
	struct store_pin *pin = pin_of(t, c->who);

	if (same_pin(pin, c, t) && pin->failures > 0)
		pin->failures--;
	return CKR_OK;
}

void pin_put_back(struct token *token, enum login who, const struct store_token *seen)
{
	struct counting c = {.who = who, .tried = seen};
	CK_RV rv = store_token_update(token->store, count_down, &c);

	if (rv != CKR_OK)
		log_error("slot %lu: a PIN try that was not made stays counted: %s", token->slot,
			rv_name(rv));
}

/* Compare the records with the inventory, under the KEY that the PIN gave. */
static CK_RV verify(struct token *token, const struct store_token *seen, const struct secret *key)
{
	SNAPSHOT keys = {0};

	memcpy(keys.uuid, seen->uuid, sizeof keys.uuid);
	TRY(secret_set(&keys.key, secret_peek(key), key->len));
	return store_verify(token->store, &keys);
}

CK_RV pin_right(struct token *token, enum login who, const struct store_token *seen,
	const struct secret *key, const struct store_pin *new_pin)
{
	struct counting c = {.who = who, .tried = seen, .new_pin = new_pin};
	CK_RV rv = verify(token, seen, key);

	if (rv == CKR_OK)
		rv = store_token_update(token->store, clear, &c);

	if (rv != CKR_OK)
		pin_put_back(token, who, seen);
	return rv;
}

/* --- Sealing --- */

#define AAD_LEN (16 + VAULT_UUID_LEN + 2)

static struct bytes pin_aad(const struct store_token *t, enum login who, uint8_t room[AAD_LEN])
{
	memcpy(room, "keydiv token key", 16);
	memcpy(room + 16, t->uuid, VAULT_UUID_LEN);
	room[16 + VAULT_UUID_LEN] = (uint8_t)who;
	room[16 + VAULT_UUID_LEN + 1] = (uint8_t)t->scrypt_log2_n;
	return bytes_of(room, AAD_LEN);
}

/*
 * RET_KEY = what PIN is stretched to. Its length goes before it: HMAC, on which scrypt stands,
 * fills a key up with zeros, and so takes a PIN and the same PIN with a NUL for one.
 */
static CK_RV stretch(const struct store_token *t, const struct store_pin *stored, struct bytes pin,
	struct secret *ret_key)
{
	SECRET text = {0};

	_Static_assert(PIN_MAX <= UINT8_MAX, "the length is one byte");
	TRY(secret_resize(&text, 1 + pin.n));
	secret_bytes(&text)[0] = (uint8_t)pin.n;
	memcpy(secret_bytes(&text) + 1, pin.p, pin.n);
	return pin_stretch(
		bytes_of(secret_peek(&text), text.len), stored->salt, t->scrypt_log2_n, ret_key);
}

CK_RV pin_check(struct bytes pin)
{
	ENSURE(pin.n >= PIN_MIN && pin.n <= PIN_MAX, CKR_PIN_LEN_RANGE);
	return CKR_OK;
}

CK_RV pin_seal(const struct store_token *t, enum login who, struct bytes pin,
	const struct secret *key, struct store_pin *ret)
{
	struct store_pin new_pin = {.set = true};
	uint8_t aad[AAD_LEN];
	SECRET stretched = {0};

	_Static_assert(
		sizeof new_pin.wrapped_key == TOKEN_KEY_LEN + SEAL_OVERHEAD, "a sealed token key");
	TRY(random_bytes(new_pin.salt, sizeof new_pin.salt));
	TRY(stretch(t, &new_pin, pin, &stretched));
	TRY(seal(
		&stretched, pin_aad(t, who, aad), secret_peek(key), key->len, new_pin.wrapped_key));
	*ret = new_pin;
	return CKR_OK;
}

/*
 * The token key of T by PIN. CKR_PIN_INCORRECT if the PIN is not the one, and for no other reason.
 */
static CK_RV open_key(
	const struct store_token *t, enum login who, struct bytes pin, struct secret *ret_key)
{
	const struct store_pin *stored = who == LOGIN_SO ? &t->so : &t->user;
	uint8_t aad[AAD_LEN];
	SECRET stretched = {0};

	ENSURE(t->scrypt_log2_n >= LOG2_N_MIN && t->scrypt_log2_n <= LOG2_N_MAX, CKR_DEVICE_ERROR);
	TRY(stretch(t, stored, pin, &stretched));
	CK_RV rv = seal_open(&stretched, pin_aad(t, who, aad),
		bytes_of(stored->wrapped_key, sizeof stored->wrapped_key), ret_key);
	ENSURE(rv != CKR_ENCRYPTED_DATA_INVALID, CKR_PIN_INCORRECT);
	TRY(rv);
	ENSURE(ret_key->len == TOKEN_KEY_LEN, CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV pin_try(struct token *token, enum login who, struct bytes pin, struct store_token *ret_seen,
	struct secret *ret_key)
{
	struct store_token seen;
	struct counting c = {.who = who, .seen = &seen};

	TRY(pin_check(pin));
	CK_RV rv = store_token_update(token->store, count_up, &c);
	if (rv ==
		CKR_PIN_LOCKED) { /* are they wrong ones, or tries that go on in other processes? */
		store_lock_pins_alone(token->store);
		rv = store_token_update(token->store, count_up, &c);
	}
	TRY(rv);
	rv = open_key(&seen, who, pin, ret_key);
	if (rv != CKR_OK && rv != CKR_PIN_INCORRECT)
		pin_put_back(token, who, &seen);
	TRY(rv);
	*ret_seen = seen;
	return CKR_OK;
}
