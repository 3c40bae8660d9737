/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h: directories and files of a token: ours alone whatever the umask, no
 * symbolic link followed.
 */
#ifndef KEYDIV_BASE_FILES_H
#define KEYDIV_BASE_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

/* The code for what errno says about WHAT, which is logged; the codes of store.h. */
MUST_USE CK_RV file_error(const char *what);

/*
 * Open the directory NAME in DIRFD (AT_FDCWD: a path), made 0700 and durable if it is missing and
 * MAKE. RET_FD is -1, and that no error, if it is missing and not MAKE.
 */
MUST_USE CK_RV directory_open(int dirfd, const char *name, bool make, int *ret_fd);

/*
 * Open NAME in DIRFD for reading and writing, made 0600 with FLAGS O_CREAT. -1 and errno as
 * open(2); only regular files.
 */
int file_open(int dirfd, const char *name, int flags);

/* What file_status tells of a file. */
struct file_status {
	mode_t mode; /* type and permissions */
	uid_t owner;
	nlink_t links;
	off_t size;
};

/*
 * Read type, permissions, owner, links and length of FD. -1 and errno as fstat(2). The times are
 * not read: a reader of times makes the kernel give the next write a time of its own, which makes
 * the inode dirty and the next sync a quarter longer.
 */
int file_status(int fd, struct file_status *ret);

/* Close *FD if it is open: for __attribute__((cleanup)). */
void file_done(int *fd);

#endif
