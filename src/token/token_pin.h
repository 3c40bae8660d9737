/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_pin.h: PINs: the token key sealed under them, and tries that are counted before
 * they are made.
 *
 * The token key (32 random bytes) is sealed under scrypt(PIN), bound to the token's uuid, the role
 * and the scrypt parameter. To open it is to know the PIN; nothing else about a PIN is kept. A try
 * is committed to the store as a wrong one before the PIN is looked at and taken back when it was
 * right, or was never really made. So a process that is killed in between has used up a try.
 */
#ifndef KEYDIV_TOKEN_TOKEN_PIN_H
#define KEYDIV_TOKEN_TOKEN_PIN_H

#include "key/seal.h"
#include "token/token.h"

#define TOKEN_KEY_LEN SEAL_KEY_LEN

/*
 * A turn at trying PINs of a token, from before pin_try until after pin_right or pin_put_back: one
 * thread of this process at a time, any number of processes. Only the process that finds the token
 * locked waits for all others to finish, so that many right PINs tried at once are not taken for so
 * many wrong ones.
 */
#define PIN_TURN __attribute__((cleanup(pin_turn_end))) struct token *
struct token *pin_turn(struct token *token);
void pin_turn_end(struct token **token);

/* CKR_PIN_LEN_RANGE for what cannot be a PIN. */
MUST_USE CK_RV pin_check(struct bytes pin);

/*
 * Try PIN of WHO, in a turn. CKR_OK: it is right, RET_KEY is the token key, and the try still
 * counts as wrong: pin_right or pin_put_back is next. Else: CKR_PIN_INCORRECT, CKR_PIN_LOCKED,
 * CKR_USER_PIN_NOT_INITIALIZED, CKR_TOKEN_NOT_RECOGNIZED, or what went wrong, the try then put
 * back. RET_SEEN: the token as it was.
 */
MUST_USE CK_RV pin_try(struct token *token, enum login who, struct bytes pin,
	struct store_token *ret_seen, struct secret *ret_key);

/*
 * The PIN that pin_try saw was right and gave KEY: clear the count and, if NEW_PIN is not NULL, put
 * it in the place of the old. CKR_DEVICE_ERROR if the number of objects is not the authenticated
 * one (token_count.h); the try is then put back.
 */
MUST_USE CK_RV pin_right(struct token *token, enum login who, const struct store_token *seen,
	const struct secret *key, const struct store_pin *new_pin);

/* The try was none: something else failed. That this may fail too is logged and costs the try. */
void pin_put_back(struct token *token, enum login who, const struct store_token *seen);

/*
 * RET = PIN of WHO for the token T (its uuid and scrypt parameter), with a new salt: KEY sealed
 * under it. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV pin_seal(const struct store_token *t, enum login who, struct bytes pin,
	const struct secret *key, struct store_pin *ret);

#endif
