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

#endif
