/* SPDX-License-Identifier: Apache-2.0 */
/*
 * older.h: functions of PKCS#11 3.0 for servers of p11-kit 0.24, which have no call for them. The
 * functions are made of other calls. Arguments and codes are those of the functions.
 */
#ifndef KEYDIV_CLIENT_OLDER_H
#define KEYDIV_CLIENT_OLDER_H

#include "connection.h"

/* C_LoginUser: a token of this project has no named users. */
MUST_USE CK_RV older_login_user(struct connection *c, const uintptr_t *args);

/*
 * C_SessionCancel: each operation is ended by its single-part function. The message operations are
 * those of the caller.
 */
MUST_USE CK_RV older_cancel(struct connection *c, CK_SESSION_HANDLE session, CK_FLAGS flags);

#endif
