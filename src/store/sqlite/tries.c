/* SPDX-License-Identifier: Apache-2.0 */
/* tries.c: the counts of PIN tries, see tries.h. */
#include "store/sqlite/tries.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "key/digest.h"

#define FORMAT 1
#define WAIT_MS 60000
#define SECTOR 512
#define CHECKSUM_LEN 8
#define CHECKSUM_AT (TRIES_ENTRY_LEN - CHECKSUM_LEN)

/* --- The file --- */

static CK_RV fill(int fd)
{
	static const uint8_t zeroes[TRIES_LEN];
	struct file_status st;

	if (file_status(fd, &st) != 0)
		return file_error("opening token.tries");
	if (st.size >= TRIES_LEN)
		return CKR_OK;
	/* Written, not only allocated: a later write in place must not need a new block. */
	TRY(file_write(fd, zeroes, TRIES_LEN - (size_t)st.size, st.size, "making token.tries"));
	return fsync(fd) == 0 ? CKR_OK : file_error("syncing token.tries");
}

CK_RV tries_create(int dirfd)
{
	FILE_DESCRIPTOR fd = file_open(dirfd, TRIES_FILE, O_RDWR);
	struct tries_file locked = {.fd = -1};

	if (fd >= 0)
		return CKR_OK;
	if (errno != ENOENT)
		return file_error("opening token.tries");
	fd = file_open(dirfd, TRIES_FILE, O_RDWR | O_CREAT);
	if (fd < 0)
		return file_error("making token.tries");
	/*
	 * Do not wait for the lock here, because sqlite_begin() holds the store's lock, for which
	 * the thread that has the file may be waiting. That thread fills the file (tries_open).
	 */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return CKR_OK;
	locked.fd = fd;
	CK_RV rv = fill(fd);
	if (rv == CKR_OK && fsync(dirfd) != 0)
		rv = file_error("syncing the name of token.tries");
	tries_close(&locked);
	fd = -1;
	return rv;
}

/* Open the file for writing. -1 and errno EACCES also for root, if no one has write permission. */
static int open_writable(int dirfd)
{
	struct file_status st;
	int fd = file_open(dirfd, TRIES_FILE, O_RDWR);

	if (fd < 0 || file_status(fd, &st) != 0 || (st.mode & 0222) != 0)
		return fd;
	close(fd); /* root may write such a file */
	errno = EACCES;
	return -1;
}

/* Count in memory from now on, beginning with what the file says if it can be read. */
CK_RV tries_use_memory(int dirfd, struct tries_memory *memory)
{
	FILE_DESCRIPTOR fd = -1;

	if (memory->used)
		return CKR_OK;
	fd = file_open(dirfd, TRIES_FILE, O_RDONLY);
	for (unsigned role = 0; fd >= 0 && role < 2; role++)
		TRY(file_read(fd, memory->entries[role], TRIES_ENTRY_LEN, (off_t)role * SECTOR,
			"reading token.tries"));
	memory->used = true;
	log_warning("token.tries is read-only: this process counts PIN tries in its memory");
	return CKR_OK;
}

CK_RV tries_open(int dirfd, struct tries_memory *memory, struct tries_file *ret)
{
	TRIES file = {.fd = open_writable(dirfd), .memory = memory};

	if (file.fd < 0 && errno == ENOENT) {
		CK_RV rv = tries_create(dirfd);
		if (rv != CKR_TOKEN_WRITE_PROTECTED)
			TRY(rv);
		file.fd = rv == CKR_OK ? open_writable(dirfd) : -1;
		errno = rv == CKR_OK ? errno : EROFS;
	}
	if (file.fd < 0) {
		if (errno != EROFS && errno != EACCES)
			return file_error("opening token.tries");
	} else {
		TRY(file_lock(file.fd, WAIT_MS, "token.tries"));
		TRY(fill(file.fd)); /* a process may have died while it made the file */
	}
	*ret = file;
	file.fd = -1;
	return CKR_OK;
}

void tries_close(struct tries_file *file)
{
	if (file->fd >= 0)
		file_unlock(file->fd);
	file_done(&file->fd);
}

/* --- Entries --- */

static CK_RV checksum(const uint8_t entry[TRIES_ENTRY_LEN], enum store_role role,
	uint8_t ret_checksum[DIGEST_MAX])
{
	uint8_t text[8 + 8 + CHECKSUM_AT];

	put_be64(text, FORMAT);
	put_be64(text + 8, role);
	memcpy(text + 16, entry, CHECKSUM_AT);
	return digest_once(DIGEST_SHA256, text, sizeof text, ret_checksum);
}

static CK_RV check(const uint8_t entry[TRIES_ENTRY_LEN], enum store_role role, bool *ret_none)
{
	static const uint8_t zeroes[TRIES_ENTRY_LEN];
	uint8_t expected[DIGEST_MAX];

	*ret_none = memcmp(entry, zeroes, TRIES_ENTRY_LEN) == 0;
	if (*ret_none)
		return CKR_OK;
	TRY(checksum(entry, role, expected));
	if (memcmp(entry + CHECKSUM_AT, expected, CHECKSUM_LEN) != 0) {
		log_error("token.tries is damaged; remove it to begin counting PIN tries again");
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

CK_RV tries_read(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], struct store_tries *ret)
{
	uint8_t entry[TRIES_ENTRY_LEN];
	bool none;

	if (file->fd < 0)
		memcpy(entry, file->memory->entries[role], TRIES_ENTRY_LEN);
	else
		TRY(file_read(file->fd, entry, TRIES_ENTRY_LEN, (off_t)role * SECTOR,
			"reading token.tries"));
	TRY(check(entry, role, &none));
	*ret = (struct store_tries){0};
	if (none || memcmp(entry, salt, PIN_SALT_LEN) != 0)
		return CKR_OK;
	ret->wrong = get_be32(entry + PIN_SALT_LEN);
	ret->started = get_be32(entry + PIN_SALT_LEN + 4);
	return CKR_OK;
}

CK_RV tries_write(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], const struct store_tries *tries)
{
	/*
	 * Aligned, so that the entry is in one page of memory as it is in one sector of the file.
	 * Linux then copies all of it or nothing, also when the process is killed.
	 */
	_Alignas(TRIES_ENTRY_LEN) uint8_t entry[TRIES_ENTRY_LEN];
	uint8_t digest[DIGEST_MAX];

	memcpy(entry, salt, PIN_SALT_LEN);
	put_be32(entry + PIN_SALT_LEN, tries->wrong);
	put_be32(entry + PIN_SALT_LEN + 4, tries->started);
	TRY(checksum(entry, role, digest));
	memcpy(entry + CHECKSUM_AT, digest, CHECKSUM_LEN);
	if (file->fd < 0) {
		memcpy(file->memory->entries[role], entry, TRIES_ENTRY_LEN);
		return CKR_OK;
	}
	TRY(file_write(
		file->fd, entry, TRIES_ENTRY_LEN, (off_t)role * SECTOR, "writing token.tries"));
	return fdatasync(file->fd) == 0 ? CKR_OK : file_error("syncing token.tries");
}
