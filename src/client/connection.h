/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h: the one connection of this process to a server of p11-kit.
 *
 * A request is a message to the server, and its reply is a message back. Each has a header of 12
 * bytes: a number that the reply repeats, the length of options (not used here), and the length of
 * the message. The message begins with the number of the call and the signature of its arguments.
 *
 * The caller serialises all calls on one connection. A failure of the stream or of the protocol
 * closes the connection, because the bytes that follow could belong to any call.
 */
#ifndef KEYDIV_CLIENT_CONNECTION_H
#define KEYDIV_CLIENT_CONNECTION_H

#include "transport.h"
#include "wire.h"

/* Differences between the servers of the releases of p11-kit. */
enum dialect {
	DIALECT_0_24,  /* no calls of PKCS#11 3.0, no NULL mechanism, no NULL data with a length */
	DIALECT_0_25,  /* several standard mechanisms have a form of their own */
	DIALECT_0_25_6 /* a byte before the parameter of a mechanism says if there is one */
};

struct connection {
	struct transport transport;
	unsigned timeout_ms;
	enum dialect dialect;
	bool checked;    /* the server has our word size and byte order */
	uint32_t number; /* of the last request */
	/*
	 * Handles of sessions and objects are combined with these random numbers. A handle of an
	 * earlier connection then never names a session or an object of this connection.
	 */
	uint64_t session_mask, object_mask;
	struct wire out, in;
};

/* True if C has a server. */
static inline bool connection_is_open(const struct connection *c)
{
	return c->transport.fd >= 0;
}

/*
 * Connect C, which is closed, to the server at A and agree on a version of the protocol.
 * CKR_DEVICE_REMOVED: no server. CKR_DEVICE_ERROR: the server does not speak the protocol, or the
 * system gives no random numbers.
 */
MUST_USE CK_RV connection_open(struct connection *c, const struct address *a);

/* Close C if C is open. The memory of messages stays. */
void connection_close(struct connection *c);

/* Begin the request of CALL in c->out, with the signature SIGNATURE. */
void connection_begin(struct connection *c, uint32_t call, const char *signature);

/*
 * Send c->out and receive the reply to c->in. The reply is read up to its first argument.
 *
 * CKR_DEVICE_REMOVED: the server is gone or silent. CKR_DEVICE_ERROR: the reply is no reply to
 * CALL with the signature REPLY. In both cases C is closed. CKR_HOST_MEMORY: the request is longer
 * than WIRE_MAX, and nothing was sent. Any other code is the server's own answer.
 */
MUST_USE CK_RV connection_call(struct connection *c, uint32_t call, const char *reply);

/*
 * End the call with RV, and wipe both messages. If the reply does not fit its signature, C is
 * closed and the result is CKR_DEVICE_ERROR. A failed call need not read its reply to the end.
 */
MUST_USE CK_RV connection_end(struct connection *c, CK_RV rv);

#endif
