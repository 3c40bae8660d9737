/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: the configuration: one file, found by one rule, `key = value` a line.
 *
 * The file is the one KEYDIV_CONF names; else $XDG_CONFIG_HOME/keydiv/keydiv.conf (~/.config
 * without that variable) if it is there; else /etc/keydiv/keydiv.conf if it is there; else there is
 * none and the defaults hold. Environment variables count only where secure_getenv lets them. A key
 * given twice: the last one counts.
 */
#ifndef KEYDIV_MODULE_CONFIG_H
#define KEYDIV_MODULE_CONFIG_H

#include <limits.h>

#include "base/error.h"
#include "base/log.h"

struct config {
	char path[PATH_MAX];        /* the file that was read; empty: none */
	char token_dir[PATH_MAX];   /* token-dir: where slot-<n> directories lie */
	char log_file[PATH_MAX];    /* log-file: empty: no log */
	enum log_level log_level;   /* log-level: none, error, warning (the default), info, debug */
	unsigned slots;             /* slots: 1..64, default 1 */
	unsigned scrypt_log2_n;     /* scrypt-log2-n: 14..22, default 16 */
	char error[PATH_MAX + 256]; /* after a failure: "file:line: why" of the first wrong line */
};

/*
 * Find and read the configuration. CKR_FUNCTION_FAILED for a file that cannot be read or has a
 * wrong line; RET is filled in even then, as far as its lines are right, so that the caller can
 * open the log and write RET->error to it.
 */
MUST_USE CK_RV config_read(struct config *ret);

/* The defaults, then FILE. As config_read. */
MUST_USE CK_RV config_read_file(const char *file, struct config *ret);

/* Make DIR and what is missing above it, 0700. CKR_FUNCTION_FAILED. */
MUST_USE CK_RV config_make_directory(const char *dir);

#endif
