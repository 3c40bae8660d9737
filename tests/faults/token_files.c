/* SPDX-License-Identifier: Apache-2.0 */
/* token_files.c: see token_files.h. */
#include "token_files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "../module/harness.h"

struct token_file token_files[TOKEN_FILES_MAX];
unsigned token_file_count;

static int read_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	struct token_file *file = &token_files[token_file_count];

	(void)w;
	if (kind != FTW_F)
		return 0;
	ck_assert(token_file_count < TOKEN_FILES_MAX);
	snprintf(file->name, sizeof file->name, "%.90s", path + strlen(token_dir));
	file->mode = st->st_mode & 07777;
	file->size = (uint64_t)st->st_size;
	file->content = malloc(file->size + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert(read(fd, file->content, file->size) == st->st_size);
	token_file_count++;
	return close(fd);
}

void token_files_keep(void)
{
	while (token_file_count > 0)
		free(token_files[--token_file_count].content);
	ck_assert_int_eq(nftw(token_dir, read_entry, 16, FTW_PHYS), 0);
}

void token_file_path(char ret[1000], const struct token_file *file)
{
	int n = snprintf(ret, 1000, "%s%s", token_dir, file->name);

	ck_assert(n > 0 && n < 1000);
}

/* Make the directories of FILE, which may be there. */
static void make_directories(const struct token_file *file)
{
	char path[1000];

	token_file_path(path, file);
	for (char *slash = path + strlen(token_dir); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = 0;
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static int open_file(const struct token_file *file)
{
	char path[1000];

	token_file_path(path, file);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT) {
		make_directories(file);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void put_back(const struct token_file *file)
{
	static uint8_t now[1 << 20];
	struct stat st;
	int fd = open_file(file);

	ck_assert(fstat(fd, &st) == 0 && file->size < sizeof now);
	if ((st.st_mode & 07777) != file->mode)
		ck_assert_int_eq(fchmod(fd, file->mode), 0);
	if ((uint64_t)st.st_size != file->size)
		ck_assert_int_eq(ftruncate(fd, (off_t)file->size), 0);
	if (pread(fd, now, sizeof now, 0) != (ssize_t)file->size ||
		memcmp(now, file->content, file->size) != 0)
		ck_assert(pwrite(fd, file->content, file->size, 0) == (ssize_t)file->size);
	close(fd);
}

/* Remove what is no file of the list, such as a journal. */
static int remove_other(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)w;
	if (kind == FTW_D || kind == FTW_DP)
		return 0;
	for (unsigned i = 0; i < token_file_count; i++)
		if (strcmp(path + strlen(token_dir), token_files[i].name) == 0)
			return 0;
	return unlink(path);
}

void token_files_put_back(void)
{
	for (unsigned i = 0; i < token_file_count; i++)
		put_back(&token_files[i]);
	ck_assert_int_eq(nftw(token_dir, remove_other, 16, FTW_PHYS), 0);
}
