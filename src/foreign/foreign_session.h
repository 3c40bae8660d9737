/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_session.h: sessions on foreign tokens, and the login there. */
#ifndef KEYDIV_FOREIGN_FOREIGN_SESSION_H
#define KEYDIV_FOREIGN_FOREIGN_SESSION_H

#include "foreign/foreign.h"

struct foreign_session {
	struct foreign_session *next; /* the session on another token */
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE handle;
	uint64_t era;    /* of the foreign module (foreign_module.h) when the session was opened */
	uint64_t serial; /* different for each session of this process; 0: the session is closed */
};

/* Return true if S is open as far as keydiv knows. */
bool foreign_session_is_open(const struct foreign_session *s);

/*
 * Set *RET to the session of F on the token in SLOT. Open the session and log in if there is none.
 * A login is needed if the token says so and nobody is logged in there. The caller has called
 * foreign_enter. Returns the codes of the foreign module and of foreign_pin_try, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV foreign_session_get(
	struct foreign *f, CK_SLOT_ID slot, struct foreign_session **ret);

/*
 * Log that FUNCTION of the foreign module has returned RV, close S (if not NULL), and return RV. A
 * session is not used after a failure, because its state in the foreign token is unknown.
 */
MUST_USE CK_RV foreign_session_failed(struct foreign_session *s, const char *function, CK_RV rv);

/* Close S if S is open. */
void foreign_session_close(struct foreign_session *s);

/* Close and free all sessions of F. */
void foreign_sessions_close(struct foreign *f);

#endif
