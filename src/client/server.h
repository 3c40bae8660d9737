/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: begin and end to work with the module behind a server. */
#ifndef KEYDIV_CLIENT_SERVER_H
#define KEYDIV_CLIENT_SERVER_H

#include "connection.h"

/*
 * Connect C to the server at A, initialise the module behind the server, and learn which dialect
 * the server speaks. C is closed after a failure. Codes of connection_open(), and those of the
 * C_Initialize of the module.
 */
MUST_USE CK_RV server_start(struct connection *c, const struct address *a);

/* Finalise the module behind the server, and close C. */
void server_stop(struct connection *c);

/*
 * Compare the word size and the byte order of the server with those of this process, with SESSION,
 * in which no search is active. Some values travel in the form of the server's memory, and the
 * profile object of the token has one of them. A token without a profile passes. If the sizes or
 * the orders differ, the result is CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV server_check_words(struct connection *c, CK_SESSION_HANDLE session);

#endif
