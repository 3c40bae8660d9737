/* SPDX-License-Identifier: Apache-2.0 */
/* generation.c: see generation.h. */
#include "store/sqlite/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite/files.h"

/*
 * Put the file over the page at WORD. Every block of it must exist: a store into a hole on a full
 * disk would be a signal.
 */
static CK_RV map_writable(struct generation *generation, int dirfd)
{
	struct stat st;
	__attribute__((cleanup(file_done))) int fd =
		file_open(dirfd, GENERATION_FILE, O_RDWR | O_CREAT);

	if (fd < 0 || fstat(fd, &st) != 0)
		return file_error("opening token.gen");
	if ((st.st_mode & 0222) ==
		0) { /* root may write what says read-only; we take it at its word */
		errno = EACCES;
		return file_error("opening token.gen");
	}
	if (st.st_size < GENERATION_LEN || st.st_blocks == 0) {
		errno = posix_fallocate(fd, 0, GENERATION_LEN);
		if (errno != 0)
			return file_error("making token.gen");
	}
	void *p = mmap(generation->word, GENERATION_LEN, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		return file_error("mapping token.gen");
	generation->writable = true;
	return CKR_OK;
}

static void map_readable(struct generation *generation, int dirfd)
{
	struct stat st;
	__attribute__((cleanup(file_done))) int fd = file_open(dirfd, GENERATION_FILE, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < GENERATION_LEN)
		return; /* the odd number stays */
	if (mmap(generation->word, GENERATION_LEN, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		MAP_FAILED)
		log_warning("token.gen cannot be mapped: nothing will be cached");
}

CK_RV generation_map(struct generation *generation, int dirfd)
{
	void *p = mmap(
		NULL, GENERATION_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ENSURE(p != MAP_FAILED, CKR_HOST_MEMORY);
	generation->word = p;
	generation->writable = false;
	atomic_store(generation->word, 1);
	if (map_writable(generation, dirfd) != CKR_OK)
		map_readable(generation, dirfd);
	return CKR_OK;
}

void generation_unmap(struct generation *generation)
{
	if (generation->word)
		munmap((void *)generation->word, GENERATION_LEN);
	generation->word = NULL;
}

CK_RV generation_need_writable(struct generation *generation, int dirfd)
{
	return generation->writable ? CKR_OK : map_writable(generation, dirfd);
}

void generation_begin(struct generation *generation)
{
	/*
	 * Still odd if the last writer died: another odd number, so that this change
	 * shows even then.
	 */
	uint64_t now = atomic_load(generation->word);
	atomic_store(generation->word, now % 2 == 0 ? now + 1 : now + 2);
}

void generation_end(struct generation *generation)
{
	atomic_store(generation->word, atomic_load(generation->word) + 1);
}
