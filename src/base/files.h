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

/*
 * Log that the action WHAT has failed with errno, and return the code for errno. The codes are
 * CKR_DEVICE_MEMORY (no room on the disk), CKR_TOKEN_WRITE_PROTECTED (read-only file system, or no
 * permission), CKR_HOST_MEMORY, and CKR_DEVICE_ERROR for every other errno. The functions below
 * return these codes too.
 */
MUST_USE CK_RV file_error(const char *what);

/*
 * Open the directory NAME in DIRFD (AT_FDCWD for a path). If the directory is missing and MAKE is
 * true, make the directory with mode 0700 and sync its parent. If the directory is missing and MAKE
 * is false, *RET_FD is -1 and the result is CKR_OK. The caller closes *RET_FD. CKR_DEVICE_ERROR if
 * file_is_own refuses the directory or the process may not open the directory.
 */
MUST_USE CK_RV directory_open(int dirfd, const char *name, bool make, int *ret_fd);

/*
 * Open the regular file NAME in DIRFD with the FLAGS of open(2). With O_CREAT a new file gets mode
 * 0600. The caller closes the descriptor. Return -1 with errno as open(2) on failure. EPERM:
 * file_is_own refuses the file. EINVAL: NAME is not a regular file. With O_CREAT an empty file
 * counts as new.
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
 * Read type, permissions, owner, links and length of FD. Return 0, or -1 with errno as fstat(2).
 * The times are not read. After a read of the times, the kernel gives the next write a new time.
 * The new time makes the inode dirty, and the next sync takes a quarter longer.
 */
int file_status(int fd, struct file_status *ret);

/* Close *FD unless *FD is negative, and set *FD to -1. Ends the scope of a FILE_DESCRIPTOR. */
void file_done(int *fd);
#define FILE_DESCRIPTOR __attribute__((cleanup(file_done))) int

/*
 * Read or write exactly N bytes at offset AT, however many system calls that takes. WHAT names the
 * action for the log. CKR_DEVICE_ERROR also if the file has fewer bytes to read.
 */
MUST_USE CK_RV file_read(int fd, uint8_t *p, size_t n, off_t at, const char *what);
MUST_USE CK_RV file_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what);

/*
 * Take the exclusive flock(2) of the open file FD. NAME is for the log. Wait at most WAIT_MS
 * milliseconds for another process that has the lock, then return CKR_DEVICE_ERROR. The wait has a
 * limit because a stopped process may keep the lock for ever. CKR_DEVICE_ERROR also if the kernel
 * or the file system gives no lock (ENOLCK, EOPNOTSUPP): without the lock, two processes could take
 * the same step of a client.
 */
MUST_USE CK_RV file_lock(int fd, unsigned wait_ms, const char *name);

/* Unlock FD. Closing FD is not enough, because a forked child may share the open file. */
void file_unlock(int fd);

#endif
