/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.h: the table of sessions and their lifecycle: open, enter, leave, reset, close.
 *
 * The order of all locks. A thread that holds a lock may take only locks of later lines.
 *
 * 	session             session_enter to session_leave; a thread holds one at a time. A fork
 * 	                    takes those that become free in time (sessions_before_fork)
 * 	turn of PINs        token_pin.h: store->pins_lock, then flock of the token directory
 * 	reservation         state/reservation.h
 * 	token               token.h
 * 	pool shard          pool.c
 * 	token.tries         flock, sqlite/tries.h (C_InitToken makes a missing file with the
 * 	                    store's lock held, and does not wait for the flock then)
 * 	store               backend.h, `lock` (a fork takes the lock of the list of stores before)
 * 	store of marks      marks.h, `lock`
 * 	replay windows      state/window_space.h
 * 	file of a state     flock, state_file.h (never waited for with the store's lock held)
 * 	shard of sessions   sessions.c, one after the other, then the lock of the table
 * 	all others          vault, queue, freshness, list of reservations, arenas: held for moments,
 * 	                    while no other lock is taken
 *
 * While a PIN is stretched, a thread holds the lock of its session and the turn of PINs only.
 *
 * A session struct is never freed before sessions_stop. Its handle contains a serial number, so
 * that no handle is given out twice (handle.h).
 */
#ifndef KEYDIV_TOKEN_SESSIONS_H
#define KEYDIV_TOKEN_SESSIONS_H

#include "token/session.h"

/*
 * Start with no session. In a forked child, which inherits the parent's table, this forgets the
 * parent's sessions; sessions_forked must have wiped them.
 */
MUST_USE CK_RV sessions_start(void);

/* Close all sessions and free them. No other call may be running. */
void sessions_stop(void);

/*
 * The longest time that a fork waits for calls in sessions to end, in milliseconds. Most calls take
 * less than one. A call of another PKCS#11 module, a derivation with many iterations or a call with
 * long data may take longer.
 */
#define FORK_WAIT_MS 100

/*
 * Before a fork, when no further call can begin: take the lock of every session that has keys or
 * operations, so that no thread is changing them during the fork. Waits up to FORK_WAIT_MS for the
 * calls that have begun, and goes on without the sessions that are still in a call then. One of
 * these may be a call of this thread, from which a foreign module forks. sessions_after_fork gives
 * the locks back in the parent, and may be called again. The caller holds the lock of the module.
 */
void sessions_before_fork(void);
void sessions_after_fork(void);

/*
 * In the child of a fork: wipe the keys and the operations of the sessions that
 * sessions_before_fork has locked, and unlock them. Of other sessions only the parameter is wiped,
 * because a thread that does not exist in the child may have changed the others by half.
 */
void sessions_forked(void);

/*
 * Lock and return the session of HANDLE. If a logout has happened since the session's last
 * call, its operations, searches and keys end here. session_leave unlocks. Takes no lock but
 * the session's. CKR_SESSION_HANDLE_INVALID.
 */
MUST_USE CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **ret_session);
void session_leave(struct session *session);

/* CKR_SESSION_COUNT: 65536 sessions are open already. CKR_HOST_MEMORY. */
MUST_USE CK_RV session_open(struct token *token, bool read_write, CK_SESSION_HANDLE *ret_handle);

/*
 * Close the session and destroy its objects, operations and keys. The token's last
 * session takes the login with it (PKCS#11 C_CloseSession). Called without any
 * session's lock. CKR_SESSION_HANDLE_INVALID.
 */
MUST_USE CK_RV session_close(CK_SESSION_HANDLE handle);

/* Close all sessions of TOKEN. Called without any session's lock. */
void sessions_close_all(struct token *token);

/* The number of sessions of TOKEN, and how many of them are read-write. */
void sessions_count(struct token *token, CK_ULONG *ret_all, CK_ULONG *ret_read_write);

/*
 * End the operations, keys and private searches of all sessions of TOKEN that began under an
 * earlier login. Called without any session's lock.
 */
void sessions_reset(struct token *token);

/*
 * C_Logout: end the login, end the operations, keys and private searches of all
 * sessions of TOKEN, and destroy the private session objects. Called without any
 * session's lock. CKR_USER_NOT_LOGGED_IN.
 */
MUST_USE CK_RV sessions_logout(struct token *token);

#endif
