/* SPDX-License-Identifier: Apache-2.0 */
/* two_views.h: a second view of the token, as another process has it, with a user session. */
#ifndef KEYDIV_TESTS_TWO_VIEWS_H
#define KEYDIV_TESTS_TWO_VIEWS_H

#include "token_support.h"

static struct token *elsewhere;
static CK_SESSION_HANDLE other; /* a read-write session of ELSEWHERE, with the user logged in */

/* Open the second view. The token exists. */
static void open_elsewhere(void)
{
	elsewhere = open_token();
	other = open_session_of(elsewhere, true);
	ck_ok(token_login(elsewhere, CKU_USER, PIN("1234")));
}

/* A token with the user logged in, and the second view. */
UNUSED static void two_processes(void)
{
	user_token();
	open_elsewhere();
}

static void tear_down_both(void)
{
	sessions_stop();
	token_close(elsewhere);
	tear_down();
}

#endif
