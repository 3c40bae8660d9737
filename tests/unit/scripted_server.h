/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted_server.h: a server of p11-kit's protocol for tests of the client. A thread answers the
 * calls that the test expects, in order, and checks that the client makes these calls and no other.
 *
 * script_begin(); expect_...(); script_connect() or script_listen(); the calls; script_end().
 */
#ifndef KEYDIV_SCRIPTED_SERVER_H
#define KEYDIV_SCRIPTED_SERVER_H

#include "client/call.h"

/* Forget all expected calls. */
void script_begin(void);

/* Answer a call that is not the next expected one as done, without results, and go on. */
void script_forgive(void);

/* The call ID is answered with RV. With CKR_OK the reply has no results. */
void expect(enum call_id id, CK_RV rv);

/* The call ID is answered with the N bytes at P as its output ("ay"). */
void expect_bytes(enum call_id id, const void *p, size_t n);

/* The call ID, whose output is a question, is answered with the length N. */
void expect_length(enum call_id id, uint32_t n);

/* The call ID is answered with COUNT numbers (signature "u" for each). */
void expect_numbers(enum call_id id, const uint64_t *numbers, size_t count);

/* The call ID is answered with the N bytes at P as the results of the signature SIGNATURE. */
void expect_raw(enum call_id id, const char *signature, const void *p, size_t n);

/* The server closes the connection in place of the reply to ID. */
void expect_hang_up(enum call_id id);

/* Connect C to a server that speaks DIALECT and follows the script. */
void script_connect(struct connection *c, enum dialect dialect);

/*
 * Make a server at a Unix socket whose address is *RET, that takes the version VERSION of the
 * protocol and then follows the script.
 */
void script_listen(uint8_t version, struct address *ret);

/* Close C and end the server. The test fails unless the client has made all expected calls. */
void script_end(struct connection *c);

/* The same, for a client that may have given up before. */
void script_abandon(struct connection *c);

#endif
