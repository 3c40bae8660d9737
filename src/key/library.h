/* SPDX-License-Identifier: Apache-2.0 */
/* library.h: the start and the stop of libcrypto's part in the module (crypto.c). */
#ifndef KEYDIV_KEY_LIBRARY_H
#define KEYDIV_KEY_LIBRARY_H

#include "base/error.h"

/*
 * Set up or tear down the private library context and every algorithm. crypto_start returns CKR_OK,
 * CKR_HOST_MEMORY or CKR_FUNCTION_FAILED, and leaves nothing behind on failure. crypto_start may be
 * called again after crypto_stop, and in a forked child without crypto_stop. Only C_Initialize and
 * C_Finalize call these functions, never a destructor or an atexit handler.
 */
MUST_USE CK_RV crypto_start(void);
void crypto_stop(void);

#endif
