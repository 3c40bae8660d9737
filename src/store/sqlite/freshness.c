/* SPDX-License-Identifier: Apache-2.0 */
/* freshness.c: the mapped file token.gen, whose number changes with every change of a token. */
#include "store/sqlite/freshness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"

/* --- File systems --- */

/* The f_type of file systems on which a mapping does not show what another host has written. */
static const uint32_t shared_systems[] = {
	0x00006969, /* NFS */
	0x0000517B, /* SMB */
	0xFF534D42, /* CIFS */
	0xFE534D42, /* SMB 2 */
	0x65735546, /* FUSE: sshfs, virtiofs, gluster ... */
	0x00C36400, /* Ceph */
	0x73757245, /* Coda */
	0x5346414F, /* OpenAFS */
	0x6B414653, /* AFS */
	0x01021997, /* 9P */
	0x0BD00BD0, /* Lustre */
	0x47504653, /* GPFS */
	0x7461636F, /* OCFS2 */
	0x01161970, /* GFS2 */
	0x786F4256, /* VirtualBox shared folders */
	0x19830326, /* BeeGFS */
	0x20030528, /* OrangeFS */
};

static bool is_shared_system(int dirfd)
{
	struct statfs fs;

	if (fstatfs(dirfd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof shared_systems / sizeof shared_systems[0]; i++)
		if ((uint32_t)fs.f_type == shared_systems[i])
			return true;
	return false;
}

/* --- Mapping --- */

/* Map a private page with an odd number. NULL if there is no memory. */
static _Atomic uint64_t *odd_page(void)
{
	void *p = mmap(
		NULL, FRESHNESS_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	atomic_store((_Atomic uint64_t *)p, 1);
	return p;
}

/* Note which file is mapped. */
static void note_file(struct freshness *f, const struct stat *st, bool writable)
{
	f->device = st->st_dev;
	f->inode = st->st_ino;
	f->writable = writable;
}

/*
 * Give a new file the time as number, which no earlier file has had. A process that has read data
 * under a number must not see that number again after the file was made again.
 */
static void begin_counting(_Atomic uint64_t *word)
{
	struct timespec now;
	uint64_t none = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t start = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	atomic_compare_exchange_strong(word, &none, start & ~UINT64_C(1));
}

/*
 * Map the file over the page at WORD. Every block of the file must exist, because a store into a
 * hole on a full disk would raise a signal.
 */
static CK_RV map_writable(struct freshness *f, _Atomic uint64_t *word)
{
	struct stat st;
	FILE_DESCRIPTOR fd = file_open(f->dirfd, FRESHNESS_FILE, O_RDWR | O_CREAT);

	if (fd < 0 || fstat(fd, &st) != 0)
		return file_error("opening token.gen");
	if ((st.st_mode & 0222) == 0) { /* root may write such a file, and is not to */
		errno = EACCES;
		return file_error("opening token.gen");
	}
	if (st.st_size < FRESHNESS_LEN || st.st_blocks == 0) {
		errno = posix_fallocate(fd, 0, FRESHNESS_LEN);
		if (errno != 0)
			return file_error("making token.gen");
	}
	if (mmap((void *)word, FRESHNESS_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		    0) == MAP_FAILED)
		return file_error("mapping token.gen");
	begin_counting(word);
	note_file(f, &st, true);
	return CKR_OK;
}

/* Map the file over the page at WORD if the file can be read. Otherwise the odd number stays. */
static void map_readable(struct freshness *f, _Atomic uint64_t *word)
{
	struct stat st;
	FILE_DESCRIPTOR fd = file_open(f->dirfd, FRESHNESS_FILE, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < FRESHNESS_LEN)
		return;
	if (mmap((void *)word, FRESHNESS_LEN, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		MAP_FAILED)
		log_warning("token.gen cannot be mapped: nothing will be cached");
	else
		note_file(f, &st, false);
}

static void map_file(struct freshness *f, _Atomic uint64_t *word)
{
	f->inode = 0;
	f->writable = false;
	if (map_writable(f, word) != CKR_OK)
		map_readable(f, word);
}

CK_RV freshness_map(struct freshness *f, int dirfd)
{
	_Atomic uint64_t *word = odd_page();

	ENSURE(word != NULL, CKR_HOST_MEMORY);
	*f = (struct freshness){.dirfd = dirfd, .never = is_shared_system(dirfd)};
	pthread_mutex_init(&f->lock, NULL);
	if (f->never)
		log_warning("the token is on a network or FUSE file system: nothing is cached");
	else
		map_file(f, word);
	atomic_store(&f->word, word);
	return CKR_OK;
}

void freshness_unmap(struct freshness *f)
{
	_Atomic uint64_t *word = atomic_load(&f->word);

	if (word != NULL)
		munmap((void *)word, FRESHNESS_LEN);
	atomic_store(&f->word, NULL);
}

/* --- Checking --- */

static bool is_still_there(const struct freshness *f)
{
	struct stat st;

	if (f->inode == 0)
		return true; /* nothing is mapped that could be replaced */
	return fstatat(f->dirfd, FRESHNESS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == f->device && st.st_ino == f->inode && st.st_size >= FRESHNESS_LEN;
}

/*
 * Map the file as it is now at a new place. A reader that compares the number at the old place must
 * find it changed, so an odd page takes that place in one step.
 */
static void map_again(struct freshness *f, const char *reason)
{
	_Atomic uint64_t *word = odd_page(), *odd = odd_page(), *old = atomic_load(&f->word);

	log_error("token.gen %s while it was in use", reason);
	if (word != NULL && odd != NULL &&
		mremap((void *)odd, FRESHNESS_LEN, FRESHNESS_LEN, MREMAP_MAYMOVE | MREMAP_FIXED,
			(void *)old) != MAP_FAILED) {
		map_file(f, word);
		atomic_store_explicit(&f->word, word, memory_order_release);
		return;
	}
	/* Without memory, the next check tries again. */
	if (word != NULL)
		munmap((void *)word, FRESHNESS_LEN);
	if (odd != NULL)
		munmap((void *)odd, FRESHNESS_LEN);
}

void freshness_check(struct freshness *f)
{
	pthread_mutex_lock(&f->lock);
	if (!is_still_there(f))
		map_again(f, "was replaced, removed or cut");
	pthread_mutex_unlock(&f->lock);
}

void freshness_check_changes(struct freshness *f, uint64_t before, uint32_t changes)
{
	pthread_mutex_lock(&f->lock);
	uint64_t now = atomic_load(atomic_load(&f->word));
	if (now == before && now % 2 == 0) {
		if (f->known && now == f->known_number && changes != f->known_changes)
			map_again(f, "was set back, or token.db changed by another program,");
		f->known = true;
		f->known_number = now;
		f->known_changes = changes;
	}
	pthread_mutex_unlock(&f->lock);
}

/* --- Changing --- */

CK_RV freshness_need_writable(struct freshness *f)
{
	CK_RV rv = CKR_OK;

	if (f->never)
		return CKR_OK;
	pthread_mutex_lock(&f->lock);
	if (!f->writable)
		rv = map_writable(f, atomic_load(&f->word));
	pthread_mutex_unlock(&f->lock);
	return rv;
}

/*
 * The functions below hold the lock, because freshness_check of another thread could otherwise map
 * the file again, and perhaps read-only, before the store. A page that maps no writable file has an
 * odd number of this process, and must stay odd.
 */

void freshness_begin(struct freshness *f)
{
	pthread_mutex_lock(&f->lock);
	_Atomic uint64_t *word = atomic_load(&f->word);
	/*
	 * The number is still odd if the last writer died. Then another odd number shows that this
	 * change is made.
	 */
	uint64_t now = atomic_load(word);
	if (f->writable)
		atomic_store(word, now % 2 == 0 ? now + 1 : now + 2);
	pthread_mutex_unlock(&f->lock);
}

void freshness_end(struct freshness *f)
{
	pthread_mutex_lock(&f->lock);
	_Atomic uint64_t *word = atomic_load(&f->word);
	/* The number becomes even, also if the file was mapped again since freshness_begin. */
	uint64_t now = atomic_load(word);
	if (f->writable)
		atomic_store(word, now % 2 == 0 ? now + 2 : now + 1);
	pthread_mutex_unlock(&f->lock);
}
