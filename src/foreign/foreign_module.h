/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_module.h: the foreign module as a whole: load, initialise, end.
 *
 * The module is loaded when a foreign key is first used and not in C_Initialize, because p11-kit
 * holds a lock while p11-kit initialises modules, and both modules may be p11-kit's.
 *
 * An application may use the foreign module too. Therefore CKR_CRYPTOKI_ALREADY_INITIALIZED counts
 * as initialised, and keydiv ends the module only if keydiv has initialised the module.
 */
#ifndef KEYDIV_FOREIGN_FOREIGN_MODULE_H
#define KEYDIV_FOREIGN_FOREIGN_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The names of configuration keys: MODULE is a path, or a name in p11-kit, or empty. ARGUMENTS are
 * handed to C_Initialize as LibraryParameters. Called while no session exists.
 */
void foreign_module_start(const char *module, const char *arguments);
void foreign_module_stop(void);
void foreign_module_forked(void);

/* Return true if a foreign module is configured. */
bool foreign_module_is_configured(void);

/*
 * Set *RET to the functions of the module, and *RET_ERA to a number that changes whenever keydiv
 * initialises the module. Sessions of an earlier era do not exist any more. The caller has called
 * foreign_enter.
 *
 * CKR_DEVICE_ERROR: no module is configured, or the module cannot be loaded or initialised, or is
 * keydiv itself. Other codes of C_Initialize are returned as they are.
 */
MUST_USE CK_RV foreign_module(CK_FUNCTION_LIST **ret, uint64_t *ret_era);

/* Return the current era, or 0 if the module is not initialised. */
uint64_t foreign_module_era(void);

/* Note that a function of the module in ERA returned CKR_CRYPTOKI_NOT_INITIALIZED. */
void foreign_module_lost(uint64_t era);

/*
 * Begin and end a use of the foreign module by this thread. CKR_DEVICE_ERROR if the thread is in
 * the foreign module already: then the foreign module is keydiv, through p11-kit's proxy for
 * example, and would call itself without end.
 */
MUST_USE CK_RV foreign_enter(void);
void foreign_leave(void);

#endif
