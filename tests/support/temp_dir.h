/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temp_dir.h: a directory for the files of a test. The store syncs each change to the disk, and
 * waiting for the disk takes longer than the tests themselves. Therefore the directory is in memory
 * unless TMPDIR names another place.
 */
#ifndef KEYDIV_TESTS_TEMP_DIR_H
#define KEYDIV_TESTS_TEMP_DIR_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMP_DIR_MAX 64

/* Create a directory with NAME in its name. RET is its path. Returns false on failure. */
__attribute__((unused)) static bool temp_dir_make(const char *name, char ret[TEMP_DIR_MAX])
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || strlen(tmp) > 30)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(ret, TEMP_DIR_MAX, "%s/keydiv-%s-XXXXXX", tmp, name);
	return mkdtemp(ret) != NULL;
}

static int temp_dir_remove_entry(
	const char *path, const struct stat *st, int kind, struct FTW *position)
{
	(void)st;
	(void)kind;
	(void)position;
	return remove(path);
}

/* Remove DIR with all files in it, without following symbolic links. */
__attribute__((unused)) static bool temp_dir_remove(const char *dir)
{
	return nftw(dir, temp_dir_remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

#endif
