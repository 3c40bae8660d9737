/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.c: run a target without libFuzzer, over every file of a corpus and then over a fixed
 * number of mutations, which are the same in each run.
 *
 * Usage: TARGET FOLDER MUTATIONS, or TARGET FILE... for inputs that failed before. An input that
 * ends the target is written to the file TARGET-failed in the working directory.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4096

const bool fuzz_is_fast = false;

static struct input corpus[FILES_MAX];
static size_t files;
static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct input read_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *p = malloc(FUZZ_INPUT_MAX);

	if (in == NULL || p == NULL) {
		perror(path);
		exit(2);
	}
	size_t n = fread(p, 1, FUZZ_INPUT_MAX, in);
	fclose(in);
	return (struct input){p, n};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Read the files in the order of their names, so that every run is the same. */
static void read_corpus(const char *folder)
{
	char *names[FILES_MAX], path[4096];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (dir == NULL) {
		perror(folder);
		exit(2);
	}
	while ((entry = readdir(dir)) != NULL && files < FILES_MAX)
		if (entry->d_name[0] != '.')
			names[files++] = strdup(entry->d_name);
	closedir(dir);
	qsort(names, files, sizeof names[0], by_name);
	for (size_t i = 0; i < files; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		corpus[i] = read_file(path);
		free(names[i]);
	}
}

/* Change N bytes at P, which has room for FUZZ_INPUT_MAX bytes. Return the new number of bytes. */
static size_t mutate(uint8_t *p, size_t n)
{
	for (uint64_t times = 1 + next_random() % 6; times > 0; times--) {
		uint64_t r = next_random(), at = n ? next_random() % n : 0,
			 some = 1 + next_random() % 16;
		switch (r % 7) {
		case 0: /* flip a bit */
			if (n > 0)
				p[at] ^= (uint8_t)(1u << (r >> 8) % 8);
			break;
		case 1: /* replace a byte */
			if (n > 0)
				p[at] = (uint8_t)(r >> 8);
			break;
		case 2: /* insert bytes */
			if (n + some > FUZZ_INPUT_MAX)
				break;
			memmove(p + at + some, p + at, n - at);
			for (uint64_t i = 0; i < some; i++)
				p[at + i] = (uint8_t)next_random();
			n += some;
			break;
		case 3: /* remove bytes */
			if (n == 0)
				break;
			some = some < n - at ? some : n - at;
			memmove(p + at, p + at + some, n - at - some);
			n -= some;
			break;
		case 4: /* cut the end off */
			n = n ? at : 0;
			break;
		case 5: /* copy a piece of another input */
			if (files > 0) {
				const struct input *other = &corpus[(r >> 8) % files];
				uint64_t length = other->n ? next_random() % other->n : 0;
				length =
					length < FUZZ_INPUT_MAX - at ? length : FUZZ_INPUT_MAX - at;
				if (length > 0)
					memcpy(p + at, other->p + (other->n - length), length);
				n = at + length > n ? at + length : n;
			}
			break;
		case 6: /* set an extreme byte */
			if (n > 0)
				p[at] = r >> 8 & 1 ? 0xff : 0;
			break;
		}
	}
	return n;
}

/* --- the input that fails --- */

static const uint8_t *current;
static size_t current_n;
static char failed[256];

/* Write the input to a file, and end as without this handler. */
static void write_failed(int number)
{
	int fd = open(failed, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd >= 0 && write(fd, current, current_n) == (ssize_t)current_n)
		dprintf(STDERR_FILENO, "the input is in %s\n", failed);
	signal(number, SIG_DFL);
	raise(number);
}

/* The address sanitizer reports a wrong address itself, and then aborts. */
static void catch_failures(void)
{
	snprintf(failed, sizeof failed, "%s-failed", program_invocation_short_name);
	signal(SIGABRT, write_failed);
#ifndef __SANITIZE_ADDRESS__
	signal(SIGSEGV, write_failed);
	signal(SIGBUS, write_failed);
	signal(SIGFPE, write_failed);
#endif
}

/*
 * Copy the input to memory of exactly its length, so that sanitizers and valgrind detect a read
 * beyond the end.
 */
static void run(const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	MUST(exact != NULL);
	if (n > 0)
		memcpy(exact, p, n);
	current = p;
	current_n = n;
	fuzz_one(exact, n);
	free(exact);
}

static void run_folder(const char *folder, long mutations)
{
	static uint8_t work[FUZZ_INPUT_MAX];

	read_corpus(folder);
	if (files == 0) {
		fprintf(stderr, "%s: no inputs\n", folder);
		exit(2);
	}
	for (size_t i = 0; i < files; i++)
		run(corpus[i].p, corpus[i].n);
	for (long i = 0; i < mutations; i++) {
		const struct input *from = &corpus[next_random() % files];
		memcpy(work, from->p, from->n);
		run(work, mutate(work, from->n));
	}
	printf("%zu inputs, %ld mutations\n", files, mutations);
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER MUTATIONS | FILE...\n", argv[0]);
		return 2;
	}
	fuzz_start();
	if (argc == 3 && stat(argv[1], &st) == 0 && S_ISDIR(st.st_mode)) {
		catch_failures();
		run_folder(argv[1], strtol(argv[2], NULL, 10));
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		struct input file = read_file(argv[i]);
		run(file.p, file.n);
	}
	return 0;
}
