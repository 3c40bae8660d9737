/* SPDX-License-Identifier: Apache-2.0 */
/* message_state.h: the sessions with message operations, which message.c keeps for the client. */
#ifndef KEYDIV_CLIENT_MESSAGE_STATE_H
#define KEYDIV_CLIENT_MESSAGE_STATE_H

#include "message_fields.h"
#include "message_wire.h"

/* A translated operation. A message that travels as it is has no state here. */
struct operation {
	bool active, in_parts;
	struct message_key key;
	struct message_nonces nonces;
	CK_ULONG tag_len;  /* of the message in parts */
	CK_ULONG pending;  /* input of the message in parts that has given no output yet */
	CK_ULONG data_len; /* of the message in parts, CCM */
	CK_ULONG total;    /* input of the message in parts */
};

struct session {
	struct session *next;
	CK_SESSION_HANDLE handle;
	uint64_t counter; /* of the nonces of all keys */
	struct operation operations[2];
	struct fields_operation *fields[MESSAGE_KINDS]; /* NULL: not active */
	struct wire scratch;                            /* a message together with its tag */
};

/* The state of the session HANDLE, or NULL. */
struct session *session_find(CK_SESSION_HANDLE handle);

/* The same, and make the state if there is none. NULL: no memory. */
struct session *session_make(CK_SESSION_HANDLE handle);

/* The translated operation of S, which may be NULL, or NULL. */
struct operation *session_translated(enum message_kind kind, struct session *s);

/* The operation of KIND in HANDLE whose messages are fields, or NULL. */
const struct fields_operation *session_fields(enum message_kind kind, CK_SESSION_HANDLE handle);

/* Forget the operation of KIND in S, which may be NULL. Return true if there was an operation. */
bool session_forget(struct session *s, enum message_kind kind);

/* Forget the message operations of SESSION with one of FLAGS (CKF_MESSAGE_ENCRYPT ...). */
void message_cancel(CK_SESSION_HANDLE session, CK_FLAGS flags);

/* Forget SESSION, and forget all sessions. */
void message_close(CK_SESSION_HANDLE session);
void message_close_all(void);

#endif
