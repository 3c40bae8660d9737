/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h: one session: the struct, its rights and its state. The table of sessions and their
 * lifecycle are in sessions.h.
 *
 * Every C_ function with a session handle holds the session's lock while it runs (session_enter to
 * session_leave, sessions.h). Therefore two sessions in two threads never wait for each other.
 */
#ifndef KEYDIV_TOKEN_SESSION_H
#define KEYDIV_TOKEN_SESSION_H

#include <pthread.h>

#include "foreign/foreign.h"
#include "mechanism.h"
#include "policy/plan.h"
#include "token/kept_search.h"
#include "token/key_cache.h"
#include "token/pool.h"

struct token;
struct operations; /* operations.h */

/* The result of C_FindObjectsInit. */
struct search {
	bool active;
	CK_OBJECT_HANDLE *handles;
	size_t count, next;
};

struct session {
	pthread_mutex_t lock;
	CK_SESSION_HANDLE handle;    /* 0: closed, the struct is free */
	uint32_t index;              /* in the table */
	struct session_shard *shard; /* in sessions.c: whose list the closed struct returns to */
	uint64_t serial;             /* of the handle: how often this struct was opened */
	struct token *token;
	bool read_write;
	uint64_t login; /* the token's login word at the last call; a change ends operations */
	struct pool_owner owned; /* the session objects of this session */
	struct key_cache keys;
	/*
	 * The call has used a token object under a lease, and the store's freshness counter was
	 * LEASED_AT before. See session_key.h.
	 */
	bool leased;
	uint64_t leased_at;
	struct key *scratch[SCRATCH_KEYS]; /* made by session_scratch, kept */
	struct operations *operations;     /* made by the first operation, kept */
	struct search search;
	struct kept_searches kept_searches;
	uint8_t parameter[PARAMETER_MAX]; /* the private copy of a mechanism parameter */
	struct foreign foreign;           /* see session_foreign */
	bool held_by_fork;                /* see sessions_before_fork */
	struct session *next_free;
};

/* The rights of SESSION, computed from the token's login word as of session_enter. */
struct rights session_rights(const struct session *session);

/* The CKS_ state of SESSION, from the same source. */
CK_STATE session_state(const struct session *session);

/* Make the scratch keys of SESSION if they do not exist yet. CKR_HOST_MEMORY. */
MUST_USE CK_RV session_scratch(struct session *session);

/* Return the foreign sessions and keys of SESSION, with the PIN of its token. */
struct foreign *session_foreign(struct session *session);

/* End the search of SESSION, if any, and free its result. */
void session_end_search(struct session *session);

#endif
