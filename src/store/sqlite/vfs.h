/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfs.h: SQLite's own file access, with the errno of the first system call that failed.
 *
 * SQLite reports a full disk, a quota and a file-size limit alike as an I/O error, keeps errno for
 * some files only, and has changed errno by undoing the transaction before an error is returned. So
 * every file is opened through a layer that keeps errno at once.
 */
#ifndef KEYDIV_STORE_SQLITE_VFS_H
#define KEYDIV_STORE_SQLITE_VFS_H

#include <sqlite3.h>

/*
 * Open the database at PATH as sqlite3_open_v2 with FLAGS does, through the layer. The layer is
 * known to SQLite during this call only, because the module may be unloaded later.
 */
int vfs_open(const char *path, sqlite3 **ret_sqlite, int flags);

/*
 * Return the errno of the first file operation of this thread that failed since the last call of
 * vfs_forget_error, or 0.
 */
int vfs_first_error(void);
void vfs_forget_error(void);

#endif
