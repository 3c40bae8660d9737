/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_pin.h: PINs: the token key sealed under them, and the counting of tries.
 *
 * The token key (32 random bytes) is sealed under scrypt(PIN), bound to the token's uuid, the role
 * and the scrypt parameter. Opening the token key is the only test of a PIN; nothing else about a
 * PIN is kept.
 *
 * A try is counted as started, durably, before the PIN is stretched. Afterwards the count says that
 * it was wrong, or right. A process that is killed in between leaves a started try. Started tries
 * have a limit of their own, PIN_STARTED_MAX, because an operator's service that is killed during
 * its login, again and again, must not lose its PIN.
 */
#ifndef KEYDIV_TOKEN_TOKEN_PIN_H
#define KEYDIV_TOKEN_TOKEN_PIN_H

#include "token/token.h"

#define PIN_STARTED_MAX 1000 /* tries that were started and never ended */

/*
 * The turn of a thread that tries PINs of a token: one thread of this process at a time, and
 * usually any number of processes. Declare it `PIN_TURN turn = pin_turn(token);`: it ends
 * with its block.
 *
 * A process that finds PIN_TRIES tries counted or under way makes its turn exclusive: it waits
 * until no other process has a turn. So many right PINs that are tried at the same time are not
 * taken for wrong PINs, and many wrong PINs at the same time are not more than PIN_TRIES.
 */
struct pin_turn {
	struct token *token;
	bool alone;
};
/* clang takes a variable that only its end uses for unused. */
#define PIN_TURN __attribute__((cleanup(pin_turn_end), unused)) struct pin_turn
struct pin_turn pin_turn(struct token *token);
/* Make the turn exclusive. CKR_DEVICE_ERROR, logged, if another process keeps its turn for 60 s. */
MUST_USE CK_RV pin_turn_alone(struct pin_turn *turn);
void pin_turn_end(struct pin_turn *turn);

/* CKR_PIN_LEN_RANGE if PIN cannot become a PIN. */
MUST_USE CK_RV pin_check_new(struct bytes pin);

/* A try of a PIN that was right. Declare it `PIN_TRIED tried = {0};`: the key is wiped. */
struct pin_tried {
	struct store_token seen; /* the token record that the PIN was tried against */
	struct snapshot keys;    /* the token key and the uuid */
};
void pin_tried_wipe(struct pin_tried *tried);
#define PIN_TRIED __attribute__((cleanup(pin_tried_wipe))) struct pin_tried

/*
 * Try PIN of WHO. CKR_OK: the PIN is right and the count is cleared. Other codes:
 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED, CKR_TOKEN_NOT_RECOGNIZED.
 * CKR_TOKEN_WRITE_PROTECTED if tries cannot be counted durably and the configuration forbids to
 * count them in memory. A failing allocation or failing I/O is never CKR_PIN_INCORRECT, and the try
 * is then not counted as wrong.
 */
MUST_USE CK_RV pin_try(
	struct pin_turn *turn, enum login who, struct bytes pin, struct pin_tried *ret_tried);

/* Read how often the PIN of WHO was tried. */
MUST_USE CK_RV pin_tries(struct token *token, enum login who, struct store_tries *ret);

/*
 * Make the PIN of WHO for the token T (its uuid and scrypt parameter), with a new salt: KEY sealed
 * under the stretched PIN. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV pin_seal(const struct store_token *t, enum login who, struct bytes pin,
	const struct secret *key, struct store_pin *ret);

#endif
