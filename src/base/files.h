/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h: directories and files of a token, which only their owner may use, whatever the umask. No
 * symbolic link is followed.
 */
#ifndef KEYDIV_BASE_FILES_H
#define KEYDIV_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* Return the code of store.h for errno after the action WHAT has failed, and log both. */
MUST_USE CK_RV file_error(const char *what);

/*
 * Open the directory NAME in DIRFD (AT_FDCWD for a path). If the directory is missing, MAKE makes
 * it durable with mode 0700. Without MAKE, RET_FD is then -1, and the result is CKR_OK.
 * CKR_DEVICE_ERROR if the directory is not file_is_own.
 */
MUST_USE CK_RV directory_open(int dirfd, const char *name, bool make, int *ret_fd);

/*
 * Open the regular file NAME in DIRFD with the FLAGS of open(2), made with mode 0600 if they have
 * O_CREAT. Return -1 and errno as open(2); errno is EPERM if the file is not file_is_own.
 */
int file_open(int dirfd, const char *name, int flags);

/*
 * Return true if a file or directory of OWNER with the permissions MODE belongs to the effective
 * user and is not writable by group or others. Otherwise another user can change it, so the token
 * must not use it. The reason is logged with NAME.
 */
bool file_is_own(const char *name, uid_t owner, mode_t mode);

/* The status of a file, as file_status reads it. */
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

/* Close *FD if it is open. A FILE_DESCRIPTOR is closed at the end of its block. */
void file_done(int *fd);
#define FILE_DESCRIPTOR __attribute__((cleanup(file_done))) int

/*
 * Read or write exactly N bytes at offset AT, however many system calls that takes. WHAT names the
 * action for the log. CKR_DEVICE_ERROR also if the file ends before.
 */
MUST_USE CK_RV file_read(int fd, uint8_t *p, size_t n, off_t at, const char *what);
MUST_USE CK_RV file_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what);

/*
 * Lock the file NAME, open as FD, with flock for this opening alone. Another process is waited for,
 * at most WAIT_MS, because a process that is stopped with the lock must not stop all others:
 * CKR_DEVICE_ERROR then. On a file system without locks the call succeeds and locks nothing.
 */
MUST_USE CK_RV file_lock(int fd, unsigned wait_ms, const char *name);

/* Unlock FD. To close is not enough, because a forked child may share the opening. */
void file_unlock(int fd);

#endif
