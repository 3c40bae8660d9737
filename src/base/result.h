/* SPDX-License-Identifier: Apache-2.0 */
/* result.h: what the entry points of every module of this project have in common. */
#ifndef KEYDIV_BASE_RESULT_H
#define KEYDIV_BASE_RESULT_H

#include "error.h"

/* CK_INFO.libraryDescription of keydiv-pkcs11.so. */
#define MODULE_DESCRIPTION "keydiv key diversification"

/* Return RV, and log a failure of FUNCTION unless RV is part of normal work. */
CK_RV result_logged(const char *function, CK_RV rv);

/*
 * Check the argument of C_Initialize. CKR_ARGUMENTS_BAD: pReserved is not NULL, or some but not all
 * mutex functions are given. CKR_CANT_LOCK: only the application's mutexes are allowed, and the
 * modules use those of the system.
 */
MUST_USE CK_RV initialize_check(const CK_C_INITIALIZE_ARGS *args);

#endif
