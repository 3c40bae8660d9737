/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits.c: each bit of each byte of the files of a small token is flipped. The module notices that,
 * or it has no effect. It never gives a changed key, flag or label, and never crashes.
 */
#include "faults.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../module/store_victim.h"

#define FILES_MAX 8

static struct file {
	char path[900];
	uint64_t size;
	uint8_t *content;
} files[FILES_MAX];
static unsigned file_count;
static uint64_t bytes;

static void list_files(void)
{
	char directory[600];
	struct dirent *entry;
	struct stat st;

	snprintf(directory, sizeof directory, "%s/slot-0", token_dir);
	DIR *list = opendir(directory);
	ck_assert_ptr_nonnull(list);
	while ((entry = readdir(list)) != NULL && file_count < FILES_MAX) {
		struct file *file = &files[file_count];

		snprintf(file->path, sizeof file->path, "%s/%s", directory, entry->d_name);
		if (stat(file->path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		file->size = (uint64_t)st.st_size;
		file->content = malloc(file->size + 1);
		int fd = open(file->path, O_RDONLY | O_CLOEXEC);
		ck_assert(read(fd, file->content, file->size) == st.st_size);
		close(fd);
		bytes += file->size;
		file_count++;
	}
	closedir(list);
}

/* A look may count a try, and may roll back what looks like a journal. */
static void put_back(void)
{
	for (unsigned i = 0; i < file_count; i++) {
		int fd = open(files[i].path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		ck_assert(write(fd, files[i].content, files[i].size) == (ssize_t)files[i].size);
		close(fd);
	}
}

static uint8_t byte_at(uint64_t at)
{
	const struct file *file = files;

	for (; at >= file->size; file++)
		at -= file->size;
	return file->content[at];
}

/*
 * Most bytes are zeroes of pages that are not full. The bits of bytes with something in them or
 * close before them are tried first.
 */
static uint32_t *bits_in_order(uint64_t *random, uint64_t *ret_live)
{
	uint32_t *order = malloc(8 * bytes * sizeof *order);
	uint64_t live = 0, other = 8 * bytes;

	for (uint64_t at = 0; at < bytes; at++) {
		bool is_live = byte_at(at) != 0 || (at > 0 && byte_at(at - 1) != 0);
		for (unsigned bit = 0; bit < 8; bit++)
			order[is_live ? live++ : --other] = (uint32_t)(8 * at + bit);
	}
	for (uint64_t i = 0; i < live; i++) {
		uint64_t j = i + draw(random) % (live - i);
		uint32_t number = order[i];

		order[i] = order[j];
		order[j] = number;
	}
	*ret_live = live;
	return order;
}

/* Flip a bit of the file that has the byte AT of all files. */
static const char *flip(uint64_t at, unsigned bit, uint64_t *ret_at)
{
	const struct file *file = files;
	uint8_t byte = 0;

	for (; at >= file->size; file++)
		at -= file->size;
	int fd = open(file->path, O_RDWR | O_CLOEXEC);
	ck_assert(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
	byte ^= (uint8_t)(1u << bit);
	ck_assert(pwrite(fd, &byte, 1, (off_t)at) == 1);
	close(fd);
	*ret_at = at;
	return strrchr(file->path, '/') + 1;
}

static void look_at_it(void)
{
	(void)look();
}

static bool try_bit(uint64_t number)
{
	uint64_t at;

	put_back();
	const char *name = flip(number / 8, (unsigned)(number % 8), &at);
	bool right = in_child(look_at_it);
	if (!right)
		printf("bits: bit %u of byte %llu of %s\n", (unsigned)(number % 8),
			(unsigned long long)at, name);
	return right;
}

START_TEST(a_flipped_bit_changes_nothing_unnoticed)
{
	uint64_t tried = 0, failed = 0;

	faults_begin("bits", 20);
	uint64_t random = faults_seed;
	list_files();
	uint64_t all = 8 * bytes, live;
	uint32_t *order = bits_in_order(&random, &live);
	for (; tried < all && faults_time_left() && failed < 12; tried++)
		failed += !try_bit(order[tried]);
	printf("bits: %llu of %llu bits (%llu of bytes in use) in %u files, %llu failed\n",
		(unsigned long long)tried, (unsigned long long)all, (unsigned long long)live,
		file_count, (unsigned long long)failed);
	free(order);
	fflush(stdout);
	ck_assert_msg(failed == 0, "SEED=%llu", (unsigned long long)faults_seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bits");
	TCase *tc = add_case(suite, "bits", make_victim);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, a_flipped_bit_changes_nothing_unnoticed);
	return run(suite);
}
