/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: the configuration of the module, keydiv.conf(5). config_file.h says which file is read.
 * Without a file the defaults hold.
 *
 * config.c, config_file.c, config_keys.c and config_value.c need libc and inih only, and log
 * nothing. The tool links them to check a configuration without loading the module.
 */
#ifndef KEYDIV_BASE_CONFIG_H
#define KEYDIV_BASE_CONFIG_H

#include "config_file.h"
#include "config_keys.h"

/*
 * Find and read the configuration into RET. A key that is given twice has the last value.
 *
 * CKR_FUNCTION_FAILED: the file that KEYDIV_CONF names does not exist, the file is refused or
 * cannot be read, or a line is wrong. RET->error says which file and line, and why. The right lines
 * of the file are in RET even then, so that the caller can open the log and write RET->error to it.
 * CKR_HOST_MEMORY, with RET->error.
 */
MUST_USE CK_RV config_read(struct config *ret);

/* Set RET to the defaults and read FILE, which must exist, into RET. Errors as config_read. */
MUST_USE CK_RV config_read_file(const char *file, struct config *ret);

#endif
