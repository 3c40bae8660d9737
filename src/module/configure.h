/* SPDX-License-Identifier: Apache-2.0 */
/* configure.h: what C_Initialize does with the configuration before any key exists. */
#ifndef KEYDIV_MODULE_CONFIGURE_H
#define KEYDIV_MODULE_CONFIGURE_H

#include "base/config.h"

/*
 * Read the configuration into RET, open the log, and lock memory if the configuration says so. The
 * caller closes the log, also after an error.
 *
 * CKR_FUNCTION_FAILED: the configuration is wrong, the log cannot be opened or the memory cannot be
 * locked. The reason is written to the log and to standard error, because an application rarely
 * shows more than the code. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV configure(struct config *ret);

/* Create the directory DIR and missing directories above DIR, mode 0700. CKR_FUNCTION_FAILED. */
MUST_USE CK_RV configure_directory(const char *dir);

#endif
