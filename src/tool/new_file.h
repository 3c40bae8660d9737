/* SPDX-License-Identifier: Apache-2.0 */
/* new_file.h: writes a file that was not there before, as a whole. */
#ifndef KEYDIV_TOOL_NEW_FILE_H
#define KEYDIV_TOOL_NEW_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Check early that FILE can be made: FILE is not there and its folder can be written. False: the
 * reason is reported.
 */
MUST_USE bool new_file_fits(const char *file);

/*
 * Write the N bytes at P to FILE, with the permissions that the umask leaves. After a failure or a
 * crash, FILE has all bytes or is not there. A file of that name is never changed. False: reported.
 */
MUST_USE bool new_file_write(const char *file, const char *p, size_t n);

#endif
