/* SPDX-License-Identifier: Apache-2.0 */
/* new_file.c: writes a temporary file and gives it the name that was asked for. */
#include "tool/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tool/report.h"

static bool fail_file(const char *file, int error)
{
	if (error == EEXIST)
		return fail("'%s' is there already: give another name", file);
	return fail("cannot write '%s': %s", file, strerror(error));
}

/* Write the folder of FILE to RET, of PATH_MAX bytes. False: FILE is too long. */
static bool folder_of(const char *file, char *ret)
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof copy, "%s", file) >= (int)sizeof copy)
		return false;
	snprintf(ret, PATH_MAX, "%s", dirname(copy));
	return true;
}

bool new_file_fits(const char *file)
{
	char folder[PATH_MAX];
	struct stat st;

	if (lstat(file, &st) == 0)
		return fail_file(file, EEXIST);
	if (errno != ENOENT)
		return fail_file(file, errno);
	if (!folder_of(file, folder))
		return fail_file(file, ENAMETOOLONG);
	return access(folder, W_OK | X_OK) == 0 ? true : fail_file(file, errno);
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return fsync(fd) == 0;
}

/*
 * Give the file FROM the name TO, unless that name is taken. FAT, which USB sticks have, knows no
 * hard links, and NFS does not know the flag.
 */
static bool rename_new(const char *from, const char *to)
{
	const unsigned noreplace = 1; /* RENAME_NOREPLACE of renameat2(2) */

	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, noreplace) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (link(from, to) != 0)
		return false;
	(void)unlink(from);
	return true;
}

/* Make the names in FOLDER durable, where the file system can. */
static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Do as new_file_write, by way of a temporary file in FOLDER. False: errno is set. */
static bool write_by_way_of(const char *folder, const char *file, const char *p, size_t n)
{
	char temporary[PATH_MAX + 32];
	uint64_t number;

	if (getrandom(&number, sizeof number, 0) < 0)
		return false;
	snprintf(temporary, sizeof temporary, "%s/.keydiv-%016" PRIx64, folder, number);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	bool ok = write_all(fd, p, n) && rename_new(temporary, file);
	int error = errno;
	close(fd);
	if (ok)
		sync_folder(folder);
	else
		(void)unlink(temporary);
	errno = error;
	return ok;
}

bool new_file_write(const char *file, const char *p, size_t n)
{
	char folder[PATH_MAX];

	if (!folder_of(file, folder))
		return fail_file(file, ENAMETOOLONG);
	return write_by_way_of(folder, file, p, n) ? true : fail_file(file, errno);
}
