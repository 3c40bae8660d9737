/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_code.h: what a return code of the foreign module means to a caller of keydiv. */
#ifndef KEYDIV_FOREIGN_FOREIGN_CODE_H
#define KEYDIV_FOREIGN_FOREIGN_CODE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Return the code for the caller in place of RV. The codes are CKR_HOST_MEMORY, CKR_DEVICE_MEMORY,
 * CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_PIN_INCORRECT,
 * CKR_PIN_LOCKED, CKR_PIN_EXPIRED, CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN,
 * CKR_SESSION_COUNT, CKR_KEY_FUNCTION_NOT_PERMITTED and CKR_KEY_TYPE_INCONSISTENT. CKR_OK stays.
 * All other codes give CKR_DEVICE_ERROR. A code about handles would confuse the caller, who has
 * other handles.
 */
MUST_USE CK_RV foreign_code(CK_RV rv);

/* Return the reason that a caller can read for RV of the foreign module, a string constant. */
const char *foreign_reason(CK_RV rv);

/* Return true if RV says that the session, the login or the token was lost. */
bool foreign_code_lost(CK_RV rv);

#endif
