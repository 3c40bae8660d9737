/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_vfs.h: SQLite's files in memory, in place of SQLite's own VFS "unix", above which the
 * store puts its layer. Names count without their directory. There is one process, so locks always
 * succeed. At most four files of 256 KiB: token.db, windows.db and their journals.
 */
#ifndef KEYDIV_TESTS_MEMORY_VFS_H
#define KEYDIV_TESTS_MEMORY_VFS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Register the VFS. To be called before the first store is opened. Under libFuzzer SQLite gets the
 * memory of the C library, past the address sanitizer, which takes longer than SQLite itself.
 */
void memory_vfs_start(void);

/* Make the file NAME the N bytes at P. A longer content is cut. */
void memory_vfs_write(const char *name, const uint8_t *p, size_t n);

/* Write N bytes at P to place AT of the file NAME, which is longer. */
void memory_vfs_patch(const char *name, size_t at, const uint8_t *p, size_t n);

/* Remove the file NAME if it exists. */
void memory_vfs_remove(const char *name);

/* Return the content of NAME and its length, or NULL if there is no such file. */
const uint8_t *memory_vfs_read(const char *name, size_t *ret_n);

#endif
