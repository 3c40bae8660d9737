/* SPDX-License-Identifier: Apache-2.0 */
/* token_pin.c: PINs and the counting of their tries, see token_pin.h. */
#include "token/token_pin.h"

#include <string.h>

#include "base/log.h"
#include "key/random.h"

#define LOG2_N_MIN 14
#define LOG2_N_MAX 22
#define CHANGES_MAX 16 /* how often a PIN may change while it is tried */

static bool pin_has_length(struct bytes pin)
{
	return pin.n >= PIN_MIN && pin.n <= PIN_MAX;
}

static enum store_role role_of(enum login who)
{
	return who == LOGIN_SO ? STORE_SO : STORE_USER;
}

static const struct store_pin *pin_of(const struct store_token *t, enum login who)
{
	return who == LOGIN_SO ? &t->so : &t->user;
}

/* --- Turns --- */

struct pin_turn pin_turn(struct token *token)
{
	store_lock_pins(token->store);
	return (struct pin_turn){.token = token};
}

CK_RV pin_turn_alone(struct pin_turn *turn)
{
	if (turn->alone)
		return CKR_OK;
	turn->alone = store_lock_pins_alone(turn->token->store);
	if (!turn->alone) {
		log_error("slot %lu: another process has been trying a PIN for 60 seconds",
			turn->token->slot);
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

void pin_turn_end(struct pin_turn *turn)
{
	store_unlock_pins(turn->token->store);
}

/* --- Counting --- */

struct counting {
	enum login who;
	struct store_token *seen; /* out for start_try, in for the other edits */
	bool alone;
	bool crowded; /* out: the turn must be exclusive */
	bool changed; /* out: the PIN is not the one that was tried any more */
};

/* Count a try as started, before the PIN is stretched. */
static CK_RV start_try(const struct store_token *t, struct store_tries *tries, void *arg)
{
	struct counting *c = arg;

	REQUIRE(pin_of(t, c->who)->set, CKR_USER_PIN_NOT_INITIALIZED, "the user PIN is not set");
	REQUIRE(tries->wrong < PIN_TRIES, CKR_PIN_LOCKED, "too many wrong PINs");
	REQUIRE(tries->started < PIN_STARTED_MAX, CKR_PIN_LOCKED,
		"too many tries whose process was killed");
	c->crowded = !c->alone && tries->wrong + tries->started >= PIN_TRIES;
	if (c->crowded)
		return CKR_OK;
	*c->seen = *t;
	tries->started++;
	return CKR_OK;
}

/* Return true if the PIN in T is still the one that was tried. */
static bool is_as_tried(const struct store_token *t, const struct counting *c)
{
	const struct store_pin *now = pin_of(t, c->who), *tried = pin_of(c->seen, c->who);

	return memcmp(t->uuid, c->seen->uuid, sizeof t->uuid) == 0 && now->set &&
	       memcmp(now->salt, tried->salt, sizeof now->salt) == 0;
}

static CK_RV end_try(const struct store_token *t, struct store_tries *tries, void *arg)
{
	struct counting *c = arg;

	c->changed = !is_as_tried(t, c);
	if (!c->changed && tries->started > 0)
		tries->started--;
	return CKR_OK;
}

static CK_RV end_wrong_try(const struct store_token *t, struct store_tries *tries, void *arg)
{
	struct counting *c = arg;

	TRY(end_try(t, tries, arg));
	if (!c->changed)
		tries->wrong++;
	return CKR_OK;
}

/* In an exclusive turn no try is under way, so every started try is one of a dead process. */
static CK_RV end_right_try(const struct store_token *t, struct store_tries *tries, void *arg)
{
	struct counting *c = arg;

	TRY(end_try(t, tries, arg));
	if (c->changed)
		return CKR_OK;
	tries->wrong = 0;
	if (c->alone)
		tries->started = 0;
	return CKR_OK;
}

static CK_RV start(struct pin_turn *turn, struct counting *c)
{
	struct store *store = turn->token->store;

	c->alone = turn->alone;
	TRY(store_tries_edit(store, role_of(c->who), start_try, c));
	if (c->crowded) {
		TRY(pin_turn_alone(turn));
		c->alone = true;
		TRY(store_tries_edit(store, role_of(c->who), start_try, c));
	}
	return CKR_OK;
}

/* End a try that was neither right nor wrong, because something else failed. */
static void put_back(struct token *token, struct counting *c)
{
	CK_RV rv = store_tries_edit(token->store, role_of(c->who), end_try, c);

	if (rv != CKR_OK)
		log_error("slot %lu: a PIN try that was not made stays counted: %s", token->slot,
			rv_name(rv));
}

/* Refuse to count in memory if the configuration says so. */
static CK_RV check_counting(struct token *token)
{
	REQUIRE(token->read_only_login || !store_tries_in_memory(token->store),
		CKR_TOKEN_WRITE_PROTECTED,
		"the token is read-only, and the configuration says read-only-login = no");
	return CKR_OK;
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
 * Stretch PIN to RET_KEY. The text that is stretched begins with the length of the PIN. The reason
 * is HMAC, inside scrypt, which pads a key with zeros: without the length, a PIN and the same PIN
 * with a NUL at its end would give one key.
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

CK_RV pin_check_new(struct bytes pin)
{
	REQUIRE(pin_has_length(pin), CKR_PIN_LEN_RANGE, "the new PIN is too short or too long");
	return CKR_OK;
}

CK_RV pin_seal(const struct store_token *t, enum login who, struct bytes pin,
	const struct secret *key, struct store_pin *ret)
{
	struct store_pin new_pin = {.set = true};
	uint8_t aad[AAD_LEN];
	SECRET stretched = {0};

	_Static_assert(
		sizeof new_pin.wrapped_key == VAULT_KEY_LEN + SEAL_OVERHEAD, "a sealed token key");
	TRY(random_bytes(new_pin.salt, sizeof new_pin.salt));
	TRY(stretch(t, &new_pin, pin, &stretched));
	TRY(seal(
		&stretched, pin_aad(t, who, aad), secret_peek(key), key->len, new_pin.wrapped_key));
	*ret = new_pin;
	return CKR_OK;
}

/* Open the token key of T with PIN. CKR_PIN_INCORRECT if the PIN is wrong, for no other reason. */
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
	ENSURE(ret_key->len == VAULT_KEY_LEN, CKR_DEVICE_ERROR);
	return CKR_OK;
}

/* --- Trying --- */

void pin_tried_wipe(struct pin_tried *tried)
{
	snapshot_wipe(&tried->keys);
}

/* A PIN of a length that no PIN can have is a wrong PIN like others. */
static CK_RV open_token(
	struct token *token, struct counting *c, struct bytes pin, struct pin_tried *tried)
{
	REQUIRE(pin_has_length(pin), CKR_PIN_INCORRECT, "the PIN is wrong");
	TRY(check_counting(token));
	memcpy(tried->keys.uuid, tried->seen.uuid, VAULT_UUID_LEN);
	return open_key(&tried->seen, c->who, pin, &tried->keys.key);
}

/* One try. RET_CHANGED: another process has changed the PIN meanwhile, so the result is void. */
static CK_RV try_once(
	struct pin_turn *turn, struct counting *c, struct bytes pin, struct pin_tried *tried)
{
	struct token *token = turn->token;

	TRY(start(turn, c));
	CK_RV rv = open_token(token, c, pin, tried);
	if (rv != CKR_OK && rv != CKR_PIN_INCORRECT) {
		put_back(token, c);
		return rv;
	}
	TRY(store_tries_edit(
		token->store, role_of(c->who), rv == CKR_OK ? end_right_try : end_wrong_try, c));
	return rv;
}

CK_RV pin_try(struct pin_turn *turn, enum login who, struct bytes pin, struct pin_tried *ret_tried)
{
	for (unsigned i = 0; i < CHANGES_MAX; i++) {
		PIN_TRIED tried = {0};
		struct counting c = {.who = who, .seen = &tried.seen};
		CK_RV rv = try_once(turn, &c, pin, &tried);
		if (c.changed)
			continue;
		TRY(rv);
		*ret_tried = tried;
		tried = (struct pin_tried){0};
		return CKR_OK;
	}
	return FAIL(CKR_DEVICE_ERROR, "other processes change the PIN all the time");
}

static CK_RV read_tries(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	*(struct store_tries *)arg = *tries;
	return CKR_OK;
}

CK_RV pin_tries(struct token *token, enum login who, struct store_tries *ret)
{
	return store_tries_edit(token->store, role_of(who), read_tries, ret);
}
