/* SPDX-License-Identifier: Apache-2.0 */
/* token_login.h: C_Login, C_InitToken, C_InitPIN and C_SetPIN. */
#ifndef KEYDIV_TOKEN_TOKEN_LOGIN_H
#define KEYDIV_TOKEN_TOKEN_LOGIN_H

#include "token/token.h"

/*
 * C_InitToken. LABEL has 32 bytes, blank-padded. The caller checks CKR_SESSION_EXISTS.
 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD.
 */
MUST_USE CK_RV token_init(
	struct token *token, struct bytes so_pin, const uint8_t label[STORE_LABEL_LEN]);

/*
 * C_InitPIN by the SO, which sets and unlocks the user PIN.
 * CKR_USER_NOT_LOGGED_IN, CKR_PIN_LEN_RANGE.
 */
MUST_USE CK_RV token_init_pin(struct token *token, struct bytes pin);

/*
 * C_SetPIN of the SO if the SO is logged in, else of the user. CKR_PIN_INCORRECT for an OLD_PIN of
 * any length, CKR_PIN_LEN_RANGE for NEW_PIN only.
 */
MUST_USE CK_RV token_set_pin(struct token *token, struct bytes old_pin, struct bytes new_pin);

/*
 * C_Login. Every try is counted durably before the PIN is tried (token_pin.h). After PIN_TRIES
 * wrong PINs the result is CKR_PIN_LOCKED. A wrong PIN of any length gives CKR_PIN_INCORRECT. A
 * failing allocation or failing I/O is never CKR_PIN_INCORRECT and is not counted as wrong.
 *
 * Other codes are CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
 * CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_TYPE_INVALID, and CKR_DEVICE_ERROR if the records do not
 * match the inventory. The caller checks the rules about sessions (CKR_SESSION_READ_ONLY_EXISTS).
 * The token's lock is not held while the PIN is stretched.
 */
MUST_USE CK_RV token_login(struct token *token, CK_USER_TYPE who, struct bytes pin);

#endif
