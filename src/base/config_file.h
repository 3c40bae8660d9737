/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_file.h: finding and reading a file of "key = value" lines.
 *
 * The file is the first of these:
 * - the file that a variable of the environment names, which must exist;
 * - $XDG_CONFIG_HOME/keydiv/LEAF, or ~/.config/keydiv/LEAF without that variable, if the file
 *   exists;
 * - /etc/keydiv/LEAF, if the file exists.
 *
 * An attacker who can change the configuration chooses where keys are stored and which server gets
 * a PIN. Therefore a file that belongs to neither root nor the effective user, or that group or
 * others may write, is refused. A set-user-ID program ignores the environment. A process of root
 * ignores home and XDG directories that belong to another user.
 *
 * config_file.c needs libc and inih only, and logs nothing.
 */
#ifndef KEYDIV_BASE_CONFIG_FILE_H
#define KEYDIV_BASE_CONFIG_FILE_H

#include <limits.h>
#include <stdbool.h>

#include "error.h"

#define CONFIG_UNKNOWN_KEY "unknown key"
#define CONFIG_ERROR_MAX (PATH_MAX + 256)

struct config_file {
	const char *variable; /* as KEYDIV_CONF */
	const char *leaf;     /* as keydiv.conf */
	/*
	 * Set KEY of SETTINGS to VALUE, both as in the file. Return NULL, or leave SETTINGS
	 * unchanged and return the reason why the value is refused. The reason is
	 * CONFIG_UNKNOWN_KEY, or continues a sentence that begins with the key's name, such as
	 * "must be yes or no".
	 */
	const char *(*set)(void *settings, const char *key, const char *value);
	void *settings;
	char *path;  /* PATH_MAX bytes for the file that was read, empty before the call */
	char *error; /* CONFIG_ERROR_MAX bytes for "file:line: reason" or "file: reason" */
};

/*
 * Find and read the file of F. Without a file nothing is set. A key that is given twice has the
 * last value.
 *
 * CKR_FUNCTION_FAILED: the file that the variable names does not exist, the file is refused or
 * cannot be read, or a line is wrong. f->error says which file and line, and why. The right lines
 * of the file are set even then, so that the caller can open the log and write the error to it.
 * CKR_FUNCTION_FAILED too if the home directory of the user cannot be looked up.
 * CKR_HOST_MEMORY, with f->error.
 */
MUST_USE CK_RV config_file_find(const struct config_file *f);

/* Read FILE, which must exist. Errors as config_file_find(). */
MUST_USE CK_RV config_file_read(const struct config_file *f, const char *file);

/*
 * Write the path of LEAF in the directory of the XDG variable NAME, or in ~/FALLBACK, to RET
 * (PATH_MAX bytes). A relative path in NAME is ignored, as the XDG Base Directory Specification
 * demands. RET is empty if there is no such directory or the path is too long. CKR_HOST_MEMORY or
 * CKR_FUNCTION_FAILED, with f->error, if the home directory cannot be looked up.
 */
MUST_USE CK_RV config_xdg_path(const struct config_file *f, const char *name, const char *fallback,
	const char *leaf, char *ret);

#endif
