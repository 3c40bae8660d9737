/* SPDX-License-Identifier: Apache-2.0 */
/* session_key.h: a key as a session sees it, found by handle and ready for use. */
#ifndef KEYDIV_TOKEN_SESSION_KEY_H
#define KEYDIV_TOKEN_SESSION_KEY_H

#include "token/session.h"

/*
 * Set *RET to the key HANDLE, loaded into the session's key cache. Valid until session_leave, or
 * while pinned. CKR_KEY_HANDLE_INVALID if there is no such object, if SESSION may not see it, or if
 * it is no key. CKR_USER_NOT_LOGGED_IN for a public token key while nobody is logged in, since its
 * value is sealed. CKR_DEVICE_ERROR, CKR_HOST_MEMORY. Also the codes of foreign_attach for a
 * foreign master.
 */
MUST_USE CK_RV session_key(
	struct session *session, CK_OBJECT_HANDLE handle, struct cached_key **ret);

/*
 * In a store that other hosts change, a key from the cache may be one that another host has
 * destroyed. The cache shows that only while the lease of this process runs (store.h). A call that
 * computes something with keys of session_key calls session_confirm when the result is there, and
 * before anything of it leaves the token. So the clock is read once for each computation.
 *
 * RET_AGAIN is true if the store has changed since session_key. The caller then drops the result,
 * asks session_key again, and computes again. CKR_DEVICE_ERROR if the lease is over and the server
 * does not renew it.
 */
MUST_USE CK_RV session_confirm_lease(struct session *s, bool *ret_again);
MUST_USE static inline CK_RV session_confirm(struct session *s, bool *ret_again)
{
	*ret_again = false;
	if (__builtin_expect(!s->leased, 1))
		return CKR_OK;
	return session_confirm_lease(s, ret_again);
}

/*
 * While S is leased: return true if session_confirm would find that nothing has changed, without a
 * renewal. It does not wait.
 */
bool session_lease_runs(const struct session *s);

/*
 * As session_key, and the lease runs: the key was there after the call began. For calls that begin
 * an operation, or that take some time with the key.
 */
MUST_USE CK_RV session_key_now(
	struct session *session, CK_OBJECT_HANDLE handle, struct cached_key **ret);

#endif
