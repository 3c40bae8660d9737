/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h: sessions: their table, their state, what each keeps.
 *
 * Locks, in the order in which they may be taken: session -> token -> pool shard -> store (inside).
 * Every C_ function with a session handle holds that session's lock while it runs (session_enter ..
 * session_leave), so two sessions in two threads never wait for each other; no function takes a
 * second session's lock while holding one, save sessions_reset, which is called with none held. No
 * lock is held while a PIN is stretched except the caller's own session's.
 *
 * Session structs are never freed before sessions_stop; a handle is generation and index, so it is
 * never used again.
 */
#ifndef KEYDIV_TOKEN_SESSION_H
#define KEYDIV_TOKEN_SESSION_H

#include <pthread.h>

#include "key/key.h"
#include "mechanism.h"
#include "object/object.h"
#include "policy/plan.h"
#include "token/key_cache.h"
#include "token/pool.h"

struct token;
struct operations; /* operation.h */

/* The handles C_FindObjectsInit found. */
struct search {
	bool active;
	CK_OBJECT_HANDLE *handles;
	size_t count, next;
};

struct session {
	pthread_mutex_t lock;
	CK_SESSION_HANDLE handle; /* 0: free */
	uint32_t index;
	uint64_t generation;
	struct token *token;
	bool read_write;
	uint64_t
		login; /* the token's login word when this session last looked: a change ends operations and keys */
	struct pool_owner owned; /* its session objects */
	struct key_cache keys;
	struct key *scratch[SCRATCH_KEYS]; /* made on first use, kept */
	struct operations *operations;     /* made on first use, kept */
	struct search search;
	uint8_t parameter[PARAMETER_MAX]; /* the private copy of a mechanism parameter */
	struct session *next_free;
};

/*
 * sessions_stop closes all; no other call may be running. In a forked child sessions_start
 * alone begins anew.
 */
MUST_USE CK_RV sessions_start(void);
void sessions_stop(void);

/*
 * Lock and return the session of HANDLE, its state brought up to date with the token's
 * login. CKR_SESSION_HANDLE_INVALID. session_leave unlocks. The fast path takes one lock and
 * no global one.
 */
MUST_USE CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **ret_session);
void session_leave(struct session *session);

/* CKR_SESSION_COUNT: there are 65536 already; CKR_HOST_MEMORY. */
MUST_USE CK_RV session_open(struct token *token, bool read_write, CK_SESSION_HANDLE *ret_handle);

/*
 * Its objects, operations and keys go with it; the last one's login too. Called without
 * the lock. CKR_SESSION_HANDLE_INVALID.
 */
MUST_USE CK_RV session_close(CK_SESSION_HANDLE handle);
void sessions_close_all(struct token *token); /* called without any lock */

/*
 * How many sessions TOKEN has, in all and read-write: CK_TOKEN_INFO, and the rules of
 * C_Login and C_InitToken.
 */
void sessions_count(struct token *token, CK_ULONG *ret_all, CK_ULONG *ret_read_write);

/*
 * End operations, keys and private searches in all sessions of TOKEN: after logout. Called without
 * any session's lock.
 */
void sessions_reset(struct token *token);

/*
 * In the child of a fork: wipe the keys the sessions have cached and those of their operations,
 * waiting for no lock. sessions_start forgets the sessions.
 */
void sessions_forked(void);

/* What SESSION may do now. */
struct rights session_rights(const struct session *session);

/* CKS_ state, from the token's login and read_write: computed, not kept. */
CK_STATE session_state(const struct session *session);

/* SESSION's scratch keys, made when first asked for. CKR_HOST_MEMORY. */
MUST_USE CK_RV session_scratch(struct session *session);

#endif
