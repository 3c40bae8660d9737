/* SPDX-License-Identifier: Apache-2.0 */
/* token_info.h: C_GetTokenInfo. */
#ifndef KEYDIV_TOKEN_TOKEN_INFO_H
#define KEYDIV_TOKEN_TOKEN_INFO_H

#include "token/token.h"

/*
 * Fill in CK_TOKEN_INFO. Leave the facts that the token does not know at zero, which are
 * manufacturer, model, versions and the numbers of sessions.
 */
MUST_USE CK_RV token_info(struct token *token, CK_TOKEN_INFO *ret_info);

#endif
