/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_login.h: the change of who is logged in, between token.c, which keeps it, and
 * token_login.c, which finds out.
 */
#ifndef KEYDIV_TOKEN_TOKEN_LOGIN_H
#define KEYDIV_TOKEN_TOKEN_LOGIN_H

#include "token/token_pin.h"

/* WHO is logged in from now on, with the PIN that was TRIED. CKR_HOST_MEMORY. */
MUST_USE CK_RV token_logged_in(struct token *token, enum login who, const struct pin_tried *tried);

#endif
