/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: finding and reading the configuration file, keydiv.conf(5).
 *
 * The file is the first of these:
 * - the file that KEYDIV_CONF names, which must exist;
 * - $XDG_CONFIG_HOME/keydiv/keydiv.conf, or ~/.config/keydiv/keydiv.conf without that variable, if
 *   the file exists;
 * - /etc/keydiv/keydiv.conf, if the file exists.
 * Without a file the defaults hold.
 *
 * An attacker who can change the configuration chooses where keys are stored. Therefore a file that
 * belongs to neither root nor the effective user, or that group or others may write, is refused. A
 * set-user-ID program ignores the environment. A process of root ignores home and XDG directories
 * that belong to another user.
 *
 * config.c and config_keys.c need libc and inih only, and log nothing. The tool links them to check
 * a configuration without loading the module.
 */
#ifndef KEYDIV_BASE_CONFIG_H
#define KEYDIV_BASE_CONFIG_H

#include "config_keys.h"
#include "error.h"

/*
 * Find and read the configuration into RET. A key that is given twice has the last value.
 *
 * CKR_FUNCTION_FAILED: the file that KEYDIV_CONF names does not exist, the file is refused or
 * cannot be read, or a line is wrong. RET->error says which file and line, and why. The right lines
 * of the file are in RET even then, so that the caller can open the log and write RET->error to it.
 */
MUST_USE CK_RV config_read(struct config *ret);

/* Set RET to the defaults and read FILE, which must exist, into RET. Errors as config_read. */
MUST_USE CK_RV config_read_file(const char *file, struct config *ret);

#endif
