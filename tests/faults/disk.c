/* SPDX-License-Identifier: Apache-2.0 */
/* disk.c: see disk.h. */
#include "disk.h"

#include "faults.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>

#define CALLS_MAX 4096
#define DATA_MAX (16u << 20)
#define NAMES_MAX 64
#define FILES_MAX 512
#define SECTOR 512
#define MAPPED_SLOTS 2
#define MAPPED_LEN 8 /* what token.gen holds (src/store/STORAGE.md) */

struct call {
	enum call_kind kind;
	unsigned name, parent; /* indexes of paths; the parent of a name is a directory */
	uint64_t at, n, data;
};

static struct record {
	unsigned calls, names;
	uint64_t used;
	struct call call[CALLS_MAX];
	char name[NAMES_MAX][600];
	uint8_t data[DATA_MAX];
} * record;

/* A file or directory, which may have lost its name or not have got one. */
struct file {
	bool directory;
	uint8_t *bytes;
	uint64_t size;
};

static struct file before[NAMES_MAX]; /* by name; bytes are NULL if there was no such file */

/* --- Recording --- */

static unsigned index_of(const char *path)
{
	unsigned i;

	for (i = 0; i < record->names; i++)
		if (strcmp(record->name[i], path) == 0)
			return i;
	if (i == NAMES_MAX)
		trouble("too many files");
	snprintf(record->name[record->names++], sizeof record->name[0], "%s", path);
	return i;
}

struct path {
	char text[600];
};

/* The path of an open file, also of one whose name was removed. */
static struct path path_of(int fd)
{
	static const char removed[] = " (deleted)";
	char link[40];
	struct path ret;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, ret.text, sizeof ret.text - 1);
	ret.text[n > 0 ? n : 0] = 0;
	size_t length = strlen(ret.text), cut = sizeof removed - 1;
	if (length > cut && strcmp(ret.text + length - cut, removed) == 0)
		ret.text[length - cut] = 0;
	return ret;
}

/* SQLite opens files below /proc/self/fd, so the directory of a name is resolved. */
static struct path full_path(const struct call_seen *seen)
{
	struct path dir = {""};
	char real[PATH_MAX];

	if (seen->name == NULL)
		return path_of(seen->fd);
	const char *slash = strrchr(seen->name, '/');
	if (seen->name[0] != '/' && seen->fd != AT_FDCWD) {
		dir = path_of(seen->fd);
		strncat(dir.text, "/", sizeof dir.text - strlen(dir.text) - 1);
	}
	if (slash != NULL)
		strncat(dir.text, seen->name, (size_t)(slash - seen->name) + 1);
	if (realpath(dir.text, real) == NULL)
		real[0] = 0;
	snprintf(dir.text, sizeof dir.text, "%.300s/%.290s", real, slash ? slash + 1 : seen->name);
	return dir;
}

static void note_one(const struct call_seen *seen)
{
	struct path full = full_path(seen);
	char *path = full.text;
	struct call *call = &record->call[record->calls];

	if (strncmp(path, token_dir, strlen(token_dir)) != 0)
		return;
	if (record->calls == CALLS_MAX || record->used + seen->n > DATA_MAX)
		trouble("too many calls");
	*call = (struct call){.kind = seen->kind, .at = (uint64_t)seen->at, .n = seen->n};
	call->name = index_of(path);
	*strrchr(path, '/') = 0;
	call->parent = index_of(path);
	call->data = record->used;
	if (seen->n > 0)
		memcpy(record->data + record->used, seen->data, seen->n);
	record->used += seen->n;
	record->calls++;
}

/*
 * Note what was stored into the mapped token.gen of a slot since the last call. The kernel writes
 * the page to the disk at any time, so the store is a write that nothing syncs.
 */
static void note_mapped(unsigned of)
{
	static uint8_t last[MAPPED_SLOTS][MAPPED_LEN];
	uint8_t now[MAPPED_LEN];
	char path[600];

	snprintf(path, sizeof path, "%.500s/slot-%u/token.gen", token_dir, of);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool changed = fd >= 0 && pread(fd, now, sizeof now, 0) == (ssize_t)sizeof now &&
		       memcmp(now, last[of], sizeof now) != 0;
	if (changed) {
		memcpy(last[of], now, sizeof now);
		note_one(&(struct call_seen){CALL_WRITE, fd, NULL, 0, now, sizeof now});
	}
	if (fd >= 0)
		close(fd);
}

static void note(const struct call_seen *seen)
{
	for (unsigned i = 0; i < MAPPED_SLOTS; i++)
		note_mapped(i);
	note_one(seen);
}

void disk_record(void)
{
	calls_watch = note;
}

unsigned disk_calls(void)
{
	return record->calls;
}

static int read_file(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)w;
	if (kind != FTW_F)
		return 0;
	struct file *file = &before[index_of(path)];
	file->size = (uint64_t)st->st_size;
	file->bytes = malloc(file->size + 1);
	FILE *in = fopen(path, "r");
	ck_assert(in != NULL && fread(file->bytes, 1, file->size, in) == file->size);
	return fclose(in);
}

void disk_prepare(void)
{
	record = faults_shared(sizeof *record);
	ck_assert_int_eq(nftw(token_dir, read_file, 16, FTW_PHYS), 0);
}

/* --- A power cut --- */

/* Return true if call I was synced before call END: a file for bytes, a directory for names. */
static bool is_synced(unsigned i, unsigned end)
{
	const struct call *call = &record->call[i];
	bool bytes = call->kind == CALL_WRITE || call->kind == CALL_TRUNCATE;
	unsigned what = bytes ? call->name : call->parent;

	for (unsigned j = i + 1; j < end; j++) {
		const struct call *later = &record->call[j];
		if (later->name != what)
			continue;
		if (later->kind == CALL_SYNC)
			return true;
		if (bytes && later->kind == CALL_OPEN)
			return false; /* a new file of that name */
	}
	return false;
}

static bool is_kept(bool synced, enum loss loss, uint64_t *random)
{
	return synced || loss == LOSE_NOTHING || (loss == LOSE_SOME && draw_below(random, 2) == 0);
}

static void resize(struct file *file, uint64_t size)
{
	file->bytes = realloc(file->bytes, size + 1);
	if (size > file->size)
		memset(file->bytes + file->size, 0, size - file->size);
	file->size = size;
}

static void write_sectors(
	struct file *file, const struct call *call, bool synced, enum loss loss, uint64_t *random)
{
	for (uint64_t at = call->at, end = call->at + call->n; at < end;) {
		uint64_t next = (at / SECTOR + 1) * SECTOR;

		next = next < end ? next : end;
		if (is_kept(synced, loss, random)) {
			if (next > file->size)
				resize(file, next);
			memcpy(file->bytes + at, record->data + call->data + (at - call->at),
				next - at);
		}
		at = next;
	}
}

/* The files while calls are done again. A file is open by a name and visible by a name. */
struct disk {
	struct file file[FILES_MAX];
	unsigned files;
	int open[NAMES_MAX], visible[NAMES_MAX]; /* -1: none */
};

static int new_file(struct disk *disk)
{
	ck_assert(disk->files < FILES_MAX);
	disk->file[disk->files] = (struct file){0};
	return (int)disk->files++;
}

static void load_disk(struct disk *disk)
{
	disk->files = 0;
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		disk->open[i] = disk->visible[i] = before[i].bytes ? new_file(disk) : -1;
		if (before[i].bytes == NULL)
			continue;
		struct file *file = &disk->file[disk->visible[i]];
		resize(file, before[i].size);
		memcpy(file->bytes, before[i].bytes, before[i].size);
	}
}

static void do_call(struct disk *disk, unsigned i, unsigned end, enum loss loss, uint64_t *random)
{
	const struct call *call = &record->call[i];
	bool synced = is_synced(i, end);
	struct file *file =
		disk->open[call->name] >= 0 ? &disk->file[disk->open[call->name]] : NULL;

	switch (call->kind) {
	case CALL_OPEN:
	case CALL_MAKE_DIRECTORY:
		disk->open[call->name] = new_file(disk);
		disk->file[disk->open[call->name]].directory = call->kind == CALL_MAKE_DIRECTORY;
		if (is_kept(synced, loss, random))
			disk->visible[call->name] = disk->open[call->name];
		break;
	case CALL_UNLINK:
		if (is_kept(synced, loss, random))
			disk->visible[call->name] = -1;
		break;
	case CALL_WRITE:
		if (file != NULL)
			write_sectors(file, call, synced, loss, random);
		break;
	case CALL_TRUNCATE:
		if (file != NULL && is_kept(synced, loss, random))
			resize(file, call->at);
		break;
	default:
		break;
	}
}

static void store_file(const char *name, const struct file *file)
{
	if (file->directory) {
		ck_assert(mkdir(name, 0700) == 0 || errno == EEXIST);
		return;
	}
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		return; /* its directory is lost */
	ck_assert(fd >= 0 && write(fd, file->bytes, file->size) == (ssize_t)file->size);
	close(fd);
}

/* The name of a directory comes before the names of the files that were made in it. */
static void store_disk(const struct disk *disk)
{
	for (unsigned i = 0; i < record->names; i++)
		if (disk->visible[i] >= 0)
			store_file(record->name[i], &disk->file[disk->visible[i]]);
		else if (disk->open[i] >= 0)
			unlink(record->name[i]);
}

void disk_cut(unsigned calls, enum loss loss, uint64_t *random)
{
	static struct disk disk;

	load_disk(&disk);
	for (unsigned i = 0; i < calls; i++)
		do_call(&disk, i, calls, loss, random);
	copy_token(true);
	store_disk(&disk);
	for (unsigned i = 0; i < disk.files; i++)
		free(disk.file[i].bytes);
}
