/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h: the connection to a token by module, slot, session and login. All other code of the
 * tool uses plain PKCS#11.
 */
#ifndef KEYDIV_TOOL_CLIENT_H
#define KEYDIV_TOOL_CLIENT_H

#include <stdbool.h>

#include "base/error.h"
#include "tool/report.h"
#include "tool/token/pin.h"

struct client {
	CK_FUNCTION_LIST *f; /* the initialised module, or NULL */
	CK_FUNCTION_LIST *
		*modules; /* modules that p11-kit loaded, if the module was given by name */
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE session; /* or 0 */
};

/* A client that closes itself at the end of the block. */
#define CLIENT __attribute__((cleanup(client_close))) struct client

/* Load and initialise the module that the options name. */
MUST_USE bool client_load(struct client *client);

/*
 * Call client_load, and find the slot of the token that the options name, or of the
 * only initialised token.
 */
MUST_USE bool client_find_token(struct client *client);

/* Call client_find_token, open a session (read-write if WRITE) and log in the user. */
MUST_USE bool client_login(struct client *client, bool write);

/*
 * Call client_login. If KEY is a PKCS#11 URI, its token, module and PIN source are used where no
 * option names them.
 */
MUST_USE bool client_login_for(struct client *client, const char *key, bool write);

/* Open another session for a thread. */
MUST_USE bool client_open_session(struct client *client, bool write, CK_SESSION_HANDLE *ret);

/*
 * Find the slot for a new token. With --token or --slot, do as client_find_token, but
 * accept a token in --slot that is not initialised. Otherwise find the first slot without
 * an initialised token.
 */
MUST_USE bool client_find_slot(struct client *client);

/*
 * p11-kit's client and server pass only the mechanisms that p11-kit knows. Return true and
 * set PROBLEM if the token is keydiv's and such a client hides the mechanism TYPE of keydiv
 * from this program.
 */
bool client_hides(const struct client *client, CK_MECHANISM_TYPE type, struct problem *problem);

/* Return true if the token in SLOT offers the mechanism TYPE. */
bool module_offers(CK_FUNCTION_LIST *f, CK_SLOT_ID slot, CK_MECHANISM_TYPE type);

void client_close(struct client *client);

/* List the slots of the module that hold a token. The caller frees the list. */
MUST_USE bool client_slots(struct client *client, CK_SLOT_ID **ret, CK_ULONG *ret_count);

/*
 * Copy the text of a blank-padded Cryptoki field, N bytes at FIELD, to the string RET (N
 * + 1 bytes).
 */
void padded_text(const unsigned char *field, size_t n, char *ret);

/*
 * Call client_find_token, open a read-write session and log in as USER, who may be the security
 * officer. RET_PIN is the PIN in locked memory. False after a report.
 */
MUST_USE bool client_login_as(
	struct client *client, CK_USER_TYPE user, struct secret_text **ret_pin);

#endif
