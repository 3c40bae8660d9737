/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_file.c: a file of two slots.
 *
 * A slot is sequence number (8), length (4), format (4), all big-endian, then the text, then zeros.
 * An empty slot has sequence number zero.
 *
 * This is the reason why a step survives a kill or a power cut at any point, and why no number is
 * given twice. Let the state g be in slot A, so that slot B is empty or holds leftovers. A step
 * writes g' > g to B, syncs, zeroes A and syncs. Only then does the caller give out the number and
 * the key of the step. The process can end at these points.
 *
 * - Before or within the write of B. A is untouched and opens. B is as before, torn, or g'. A torn
 *   B does not open, because the sequence number is bound to its sealed text, and the caller reads
 *   A. From g the number is given for the first time, because the interrupted step gave out
 *   nothing. From g' the number is skipped.
 * - After the first sync. Both slots open, and the newer g' counts. The number is skipped.
 * - Within the zeroing of A. B is durable and g' opens. The rest of A does not open or is older.
 * - After the second sync. A is zero on the disk. Only B can be read, so nothing leads back to g.
 *
 * A state older than the newest can therefore be read only while the step from it has given out
 * nothing. The next step overwrites the slot that it did not read, which removes the leftovers of
 * an interrupted step. fdatasync enforces the order. The file has its full length and all its
 * blocks from the start and is written in place, so no metadata is needed to find the data. A disk
 * that tears a write may mix old and new sectors of one slot only, because the slots are 4 KiB
 * apart and aligned.
 *
 * Two openings of a file, in one process or two, exclude each other by flock, which belongs
 * to the opening.
 */
#include "state/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/store.h"

#define FORMAT 1
#define FILE_LEN (2 * STATE_SLOT_LEN)
#define HEADER_LEN (STATE_SLOT_LEN - STATE_TEXT_MAX)
#define NAME_MAX_LEN 24
#define WAIT_MS 60000 /* for a step of another process */

struct state_file {
	int fd;
	unsigned slot[2];                 /* the slots of the candidates, the newest first */
	uint64_t sequence[2];             /* by slot, 0 for none */
	uint8_t slots[2][STATE_SLOT_LEN]; /* as read or written last */
};

static void file_name(int64_t id, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "%lld", (long long)id);
}

static CK_RV sync_data(int fd)
{
	return fdatasync(fd) == 0 ? CKR_OK : file_error("syncing a state file");
}

/* Write a slot to BUFFER. */
static void fill_slot(uint8_t buffer[STATE_SLOT_LEN], uint64_t sequence, struct bytes text)
{
	memset(buffer, 0, STATE_SLOT_LEN);
	put_be64(buffer, sequence);
	put_be32(buffer + 8, (uint32_t)text.n);
	put_be32(buffer + 12, FORMAT);
	memcpy(buffer + HEADER_LEN, text.p, text.n);
}

/* Return the text of a slot, absent if the slot holds no valid text. */
static struct bytes slot_text(const uint8_t slot[STATE_SLOT_LEN])
{
	uint32_t n = get_be32(slot + 8);

	if (get_be64(slot) == 0 || n == 0 || n > STATE_TEXT_MAX || get_be32(slot + 12) != FORMAT)
		return (struct bytes){0};
	return bytes_of(slot + HEADER_LEN, n);
}

/* Write and sync a new file and its name. */
static CK_RV write_new(int dirfd, int fd, const uint8_t *content)
{
	TRY(file_write(fd, content, FILE_LEN, 0, "writing a state file"));
	if (fsync(fd) != 0 || fsync(dirfd) != 0)
		return file_error("syncing a new state file");
	return CKR_OK;
}

CK_RV state_file_create(struct store *store, int64_t id, struct bytes text)
{
	char name[NAME_MAX_LEN];
	uint8_t content[FILE_LEN] = {0};
	FILE_DESCRIPTOR fd = -1;
	int dirfd;

	ENSURE(text.n > 0 && text.n <= STATE_TEXT_MAX, CKR_DATA_LEN_RANGE);
	file_name(id, name);
	fill_slot(content, 1, text);
	TRY(store_state_directory(store, true, &dirfd));
	fd = file_open(dirfd, name, O_RDWR | O_CREAT | O_EXCL);
	if (fd < 0)
		return file_error("making a state file");
	CK_RV rv = write_new(dirfd, fd, content);
	if (rv != CKR_OK)
		unlinkat(dirfd, name, 0);
	return rv;
}

/*
 * Open and lock NAME in DIRFD. RET_FD is -1 if there is no such file, or it was removed during the
 * wait. RET_SIZE is the length of the file.
 */
static CK_RV open_locked(
	int dirfd, const char *name, unsigned wait_ms, int *ret_fd, off_t *ret_size)
{
	FILE_DESCRIPTOR fd = file_open(dirfd, name, O_RDWR);
	struct file_status st;

	if (fd < 0 && errno == ENOENT) {
		*ret_fd = -1;
		return CKR_OK;
	}
	if (fd < 0)
		return file_error("opening a state file");
	TRY(file_lock(fd, wait_ms, "a state file"));
	if (file_status(fd, &st) != 0)
		return file_error("opening a state file");
	*ret_size = st.size;
	*ret_fd = st.links == 0 ? -1 : fd;
	if (*ret_fd >= 0)
		fd = -1;
	return CKR_OK;
}

/* Read both slots and put them in order. */
static CK_RV read_slots(struct state_file *file)
{
	TRY(file_read(file->fd, file->slots[0], FILE_LEN, 0, "reading a state file"));
	for (unsigned i = 0; i < 2; i++)
		file->sequence[i] = slot_text(file->slots[i]).p ? get_be64(file->slots[i]) : 0;
	file->slot[0] = file->sequence[1] > file->sequence[0];
	file->slot[1] = 1 - file->slot[0];
	return CKR_OK;
}

CK_RV state_file_open(struct store *store, int64_t id, struct state_file **ret_file)
{
	char name[NAME_MAX_LEN];
	int dirfd, fd = -1;
	off_t size = 0;

	file_name(id, name);
	TRY(store_state_directory(store, false, &dirfd));
	if (dirfd >= 0)
		TRY(open_locked(dirfd, name, WAIT_MS, &fd, &size));
	REQUIRE(fd >= 0, CKR_OBJECT_HANDLE_INVALID, "the file of the state is missing");
	struct state_file *file = calloc(1, sizeof *file);
	if (file == NULL) {
		close(fd);
		return CKR_HOST_MEMORY;
	}
	file->fd = fd;
	CK_RV rv = size == FILE_LEN ? read_slots(file) : CKR_DEVICE_ERROR;
	if (rv != CKR_OK) {
		state_file_close(file);
		return rv;
	}
	*ret_file = file;
	return CKR_OK;
}

void state_file_close(struct state_file *file)
{
	if (file == NULL)
		return;
	file_unlock(file->fd);
	close(file->fd);
	wipe(file->slots, sizeof file->slots);
	free(file);
}

CK_RV state_file_read(struct state_file *file, unsigned which, struct state_text *ret_text)
{
	ENSURE(which < 2, CKR_GENERAL_ERROR);
	unsigned slot = file->slot[which];
	*ret_text = (struct state_text){file->sequence[slot], slot_text(file->slots[slot])};
	return CKR_OK;
}

CK_RV state_file_write(
	struct state_file *file, unsigned which, uint64_t sequence, struct bytes text)
{
	ENSURE(which < 2 && file->sequence[file->slot[which]] != 0, CKR_GENERAL_ERROR);
	unsigned old = file->slot[which], next = 1 - old;
	ENSURE(text.n > 0 && text.n <= STATE_TEXT_MAX, CKR_DATA_LEN_RANGE);
	ENSURE(sequence > file->sequence[old], CKR_GENERAL_ERROR);

	fill_slot(file->slots[next], sequence, text);
	TRY(file_write(file->fd, file->slots[next], STATE_SLOT_LEN, (off_t)next * STATE_SLOT_LEN,
		"writing a state file"));
	TRY(sync_data(file->fd));
	wipe(file->slots[old], STATE_SLOT_LEN);
	TRY(file_write(file->fd, file->slots[old], STATE_SLOT_LEN, (off_t)old * STATE_SLOT_LEN,
		"writing a state file"));
	TRY(sync_data(file->fd));
	file->sequence[old] = 0;
	file->sequence[next] = sequence;
	file->slot[0] = next;
	file->slot[1] = old;
	return CKR_OK;
}

/* Zero, sync and unlink NAME. WAIT_MS is the wait for a process that makes a step with it. */
static CK_RV remove_file(int dirfd, const char *name, unsigned wait_ms)
{
	static const uint8_t zeroes[FILE_LEN];
	off_t size = 0;
	FILE_DESCRIPTOR fd = -1;

	TRY(open_locked(dirfd, name, wait_ms, &fd, &size));
	if (fd < 0)
		return CKR_OK;
	TRY(file_write(
		fd, zeroes, size < FILE_LEN ? (size_t)size : FILE_LEN, 0, "writing a state file"));
	TRY(sync_data(fd));
	if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT)
		return file_error("removing a state file");
	return CKR_OK;
}

static CK_RV remove_id(struct store *store, int64_t id, unsigned wait_ms)
{
	char name[NAME_MAX_LEN];
	int dirfd;

	file_name(id, name);
	TRY(store_state_directory(store, false, &dirfd));
	if (dirfd < 0)
		return CKR_OK;
	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return CKR_OK;
	TRY(remove_file(dirfd, name, wait_ms));
	return fsync(dirfd) == 0 ? CKR_OK : file_error("syncing the removal of a state file");
}

CK_RV state_file_remove(struct store *store, int64_t id)
{
	return remove_id(store, id, WAIT_MS);
}

CK_RV state_file_remove_now(struct store *store, int64_t id)
{
	return remove_id(store, id, 0);
}

/* --- Listing --- */

/* Return the id that NAME is the file of, or 0. */
static int64_t file_id(const char *name)
{
	char again[NAME_MAX_LEN];
	int64_t id = strtoll(name, NULL, 10);

	file_name(id, again);
	return id > 0 && strcmp(name, again) == 0 ? id : 0;
}

/* Return the next entry of DIR. NULL is the end, or an error if errno is not 0 (readdir(3)). */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

/* Append the ids of all files in DIR. The list is the caller's also after an error. */
static CK_RV list_directory(DIR *dir, int64_t **ids, size_t *n)
{
	size_t room = 0;

	for (struct dirent *entry; (entry = next_entry(dir)) != NULL;) {
		int64_t id = file_id(entry->d_name);
		if (id == 0)
			continue;
		if (*n == room) {
			room = room ? 2 * room : 64;
			int64_t *more = reallocarray(*ids, room, sizeof *more);
			ENSURE(more != NULL, CKR_HOST_MEMORY);
			*ids = more;
		}
		(*ids)[(*n)++] = id;
	}
	return errno == 0 ? CKR_OK : file_error("listing state files");
}

CK_RV state_file_list(struct store *store, int64_t **ret_ids, size_t *ret_n)
{
	int kept;
	int64_t *ids = NULL;
	size_t n = 0;

	TRY(store_state_directory(store, false, &kept));
	int fd = kept < 0 ? -1 : openat(kept, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (kept >= 0 && dir == NULL) {
		CK_RV rv = file_error("listing state files");
		file_done(&fd);
		return rv;
	}
	CK_RV rv = dir == NULL ? CKR_OK : list_directory(dir, &ids, &n);
	if (dir != NULL)
		closedir(dir);
	if (rv != CKR_OK) {
		free(ids);
		return rv;
	}
	*ret_ids = ids;
	*ret_n = n;
	return CKR_OK;
}
