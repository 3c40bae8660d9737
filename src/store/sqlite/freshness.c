/* SPDX-License-Identifier: Apache-2.0 */
/* freshness.c: the mapped file token.gen. */
#include "store/sqlite/freshness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"

/*
 * Map the file over the page at WORD. Every block of the file must exist, because a store into a
 * hole on a full disk would raise a signal.
 */
static CK_RV map_writable(struct freshness *freshness, int dirfd)
{
	struct stat st;
	__attribute__((cleanup(file_done))) int fd =
		file_open(dirfd, FRESHNESS_FILE, O_RDWR | O_CREAT);

	if (fd < 0 || fstat(fd, &st) != 0)
		return file_error("opening token.gen");
	if ((st.st_mode & 0222) ==
		0) { /* root may write a read-only file; treat the file as read-only */
		errno = EACCES;
		return file_error("opening token.gen");
	}
	if (st.st_size < FRESHNESS_LEN || st.st_blocks == 0) {
		errno = posix_fallocate(fd, 0, FRESHNESS_LEN);
		if (errno != 0)
			return file_error("making token.gen");
	}
	void *p = mmap(freshness->word, FRESHNESS_LEN, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		return file_error("mapping token.gen");
	freshness->writable = true;
	return CKR_OK;
}

static void map_readable(struct freshness *freshness, int dirfd)
{
	struct stat st;
	__attribute__((cleanup(file_done))) int fd = file_open(dirfd, FRESHNESS_FILE, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < FRESHNESS_LEN)
		return; /* the odd number stays */
	if (mmap(freshness->word, FRESHNESS_LEN, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		MAP_FAILED)
		log_warning("token.gen cannot be mapped: nothing will be cached");
}

CK_RV freshness_map(struct freshness *freshness, int dirfd)
{
	void *p = mmap(
		NULL, FRESHNESS_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ENSURE(p != MAP_FAILED, CKR_HOST_MEMORY);
	freshness->word = p;
	freshness->writable = false;
	atomic_store(freshness->word, 1);
	if (map_writable(freshness, dirfd) != CKR_OK)
		map_readable(freshness, dirfd);
	return CKR_OK;
}

void freshness_unmap(struct freshness *freshness)
{
	if (freshness->word)
		munmap((void *)freshness->word, FRESHNESS_LEN);
	freshness->word = NULL;
}

CK_RV freshness_need_writable(struct freshness *freshness, int dirfd)
{
	return freshness->writable ? CKR_OK : map_writable(freshness, dirfd);
}

void freshness_begin(struct freshness *freshness)
{
	/*
	 * The number is still odd if the last writer died. Use another odd number, so that this
	 * change shows even then.
	 */
	uint64_t now = atomic_load(freshness->word);
	atomic_store(freshness->word, now % 2 == 0 ? now + 1 : now + 2);
}

void freshness_end(struct freshness *freshness)
{
	atomic_store(freshness->word, atomic_load(freshness->word) + 1);
}
