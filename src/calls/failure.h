/* SPDX-License-Identifier: Apache-2.0 */
/* failure.h: add the mechanism and the key to the log's line of a failed call (base/log.h). */
#ifndef KEYDIV_CALLS_FAILURE_H
#define KEYDIV_CALLS_FAILURE_H

#include "token/session.h"

/*
 * Add to the log line of the call that fails with RV the mechanism MECH and the key KEY, whose
 * handle in the session S is HANDLE. MECH and KEY may be NULL. The log names a key by its label, or
 * by its unique id if the label is empty. Returns RV.
 */
__attribute__((cold)) CK_RV call_failed(CK_RV rv, const struct mechanism *mech,
	const struct session *s, CK_OBJECT_HANDLE handle, const struct object *key);

#endif
