/* SPDX-License-Identifier: Apache-2.0 */
/* files.c: directories and files of a token, see files.h. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

CK_RV file_error(const char *what)
{
	int error = errno;

	log_error("%s: errno %d", what, error);
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return CKR_DEVICE_MEMORY;
	case EROFS:
	case EACCES:
		return CKR_TOKEN_WRITE_PROTECTED;
	case ENOMEM:
		return CKR_HOST_MEMORY;
	default:
		return CKR_DEVICE_ERROR;
	}
}

bool file_is_own(const char *name, uid_t owner, mode_t mode)
{
	if (owner != geteuid())
		log_error("%s is owned by user %lu, not by user %lu: it is not used", name,
			(unsigned long)owner, (unsigned long)geteuid());
	else if ((mode & 022) != 0)
		log_error("%s can be written by group or others (mode %03o): it is not used; "
			  "chmod go-w",
			name, (unsigned)mode & 0777);
	else
		return true;
	return false;
}

void file_done(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Read the status with fstat(2), where statx(2) does not exist or a sandbox refuses it. */
static int status_with_times(int fd, struct file_status *ret)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	*ret = (struct file_status){st.st_mode, st.st_uid, st.st_nlink, st.st_size};
	return 0;
}

#ifdef STATX_TYPE

int file_status(int fd, struct file_status *ret)
{
	const unsigned mask = STATX_TYPE | STATX_MODE | STATX_UID | STATX_NLINK | STATX_SIZE;
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, mask, &st) != 0)
		return errno == ENOSYS || errno == EPERM ? status_with_times(fd, ret) : -1;
	*ret = (struct file_status){st.stx_mode, st.stx_uid, st.stx_nlink, (off_t)st.stx_size};
	return 0;
}

#else

int file_status(int fd, struct file_status *ret)
{
	return status_with_times(fd, ret);
}

#endif

/* Sync the directory that holds NAME, so that NAME is still there after a power cut. */
static CK_RV sync_parent(int dirfd, int fd)
{
	__attribute__((cleanup(file_done))) int parent = -1;

	if (dirfd == AT_FDCWD) {
		parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		dirfd = parent;
	}
	if (dirfd < 0 || fsync(dirfd) != 0)
		return file_error("syncing the directory above a new one");
	return CKR_OK;
}

static CK_RV check_own_directory(int fd, const char *name)
{
	struct file_status st;

	if (file_status(fd, &st) != 0)
		return file_error("opening a directory");
	return file_is_own(name, st.owner, st.mode) ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV directory_open(int dirfd, const char *name, bool make, int *ret_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool made = false;

	int fd = openat(dirfd, name, flags);
	if (fd < 0 && errno == ENOENT) {
		if (!make) {
			*ret_fd = -1;
			return CKR_OK;
		}
		made = mkdirat(dirfd, name, 0700) == 0;
		if (!made && errno != EEXIST)
			return file_error("making a directory");
		/* The umask may have removed bits of the owner. */
		if (made && fchmodat(dirfd, name, 0700, 0) != 0)
			return file_error("making a directory");
		fd = openat(dirfd, name, flags);
	}
	if (fd < 0) {
		CK_RV rv = file_error("opening a directory");
		return rv == CKR_TOKEN_WRITE_PROTECTED ? CKR_DEVICE_ERROR : rv;
	}
	CK_RV rv = made ? sync_parent(dirfd, fd) : check_own_directory(fd, name);
	if (rv != CKR_OK) {
		close(fd);
		return rv;
	}
	*ret_fd = fd;
	return CKR_OK;
}

int file_open(int dirfd, const char *name, int flags)
{
	struct file_status st;

	/*
	 * O_NONBLOCK prevents waiting for a FIFO that was put there. It has no effect on
	 * a regular file.
	 */
	flags |= O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	/*
	 * Without O_NOATIME a read makes the inode dirty and the next sync longer. Only the file's
	 * owner may ask for O_NOATIME.
	 */
	int fd = openat(dirfd, name, flags | O_NOATIME, 0600);
	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, flags, 0600);
	fd = fd_above_standard(fd);
	if (fd < 0)
		return -1;
	if (file_status(fd, &st) != 0 || !S_ISREG(st.mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (!(st.size == 0 && (flags & O_CREAT)) && !file_is_own(name, st.owner, st.mode)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	if ((flags & O_CREAT) && st.size == 0 && (st.mode & 0777) != 0600 &&
		fchmod(fd, 0600) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* --- Reading, writing, locking --- */

CK_RV file_read(int fd, uint8_t *p, size_t n, off_t at, const char *what)
{
	while (n > 0) {
		ssize_t done = pread(fd, p, n, at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return file_error(what);
		REQUIRE(done > 0, CKR_DEVICE_ERROR, "a file of the token is too short");
		p += done;
		at += done;
		n -= (size_t)done;
	}
	return CKR_OK;
}

CK_RV file_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return file_error(what);
		p += done;
		at += done;
		n -= (size_t)done;
	}
	return CKR_OK;
}

CK_RV file_lock(int fd, unsigned wait_ms, const char *name)
{
	const uint64_t end = clock_ns() + wait_ms * UINT64_C(1000000);
	useconds_t pause = 50;

	for (;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return CKR_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return file_error(name);
		if (clock_ns() >= end)
			break;
		usleep(pause);
		pause = pause < 2000 ? pause * 2 : pause;
	}
	log_error("%s has been locked by another process for %u ms", name, wait_ms);
	return CKR_DEVICE_ERROR;
}

void file_unlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}
