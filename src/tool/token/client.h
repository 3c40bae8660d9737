/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h: the way to a token: module, slot, session, login. Everything beyond this header
 * speaks plain PKCS#11.
 */
#ifndef KEYDIV_TOOL_CLIENT_H
#define KEYDIV_TOOL_CLIENT_H

#include <stdbool.h>

#include "base/error.h"
#include "tool/token/pin.h"

struct client {
	CK_FUNCTION_LIST *f;        /* the module, initialised; NULL: none */
	CK_FUNCTION_LIST **modules; /* what p11-kit loaded, if the module was asked for by name */
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE session; /* 0: none */
};

/* A client that closes itself at the end of the block. */
#define CLIENT __attribute__((cleanup(client_close))) struct client

/* Load and initialise the module the options name. */
MUST_USE bool client_load(struct client *client);

/* client_load, and find the slot of the token the options name, or the only initialised one. */
MUST_USE bool client_find_token(struct client *client);

/* client_find_token, and open a session (read-write if WRITE) with the user logged in. */
MUST_USE bool client_login(struct client *client, bool write);

/*
 * client_login, with what KEY, if it is a PKCS#11 URI, says of token, module and PIN where the
 * options do not.
 */
MUST_USE bool client_login_for(struct client *client, const char *key, bool write);

/* Another session beside the first, for a thread of its own. */
MUST_USE bool client_open_session(struct client *client, bool write, CK_SESSION_HANDLE *ret);

/*
 * As client_find_token; the token may be one that is not initialised, and the only such one is
 * found without a name.
 */
MUST_USE bool client_find_slot(struct client *client);

void client_close(struct client *client);

/* All slots of the module with a token in them; the caller frees. */
MUST_USE bool client_slots(struct client *client, CK_SLOT_ID **ret, CK_ULONG *ret_count);

/*
 * The text of a blank-padded field of Cryptoki, N bytes at FIELD, as a string in RET (N + 1 bytes).
 */
void padded_text(const unsigned char *field, size_t n, char *ret);

/*
 * client_find_token, then open a read-write session and log in as USER, who may be the security
 * officer. RET_PIN is the PIN, in locked memory. False: reported.
 */
MUST_USE bool client_login_as(
	struct client *client, CK_USER_TYPE user, struct secret_text **ret_pin);

#endif
