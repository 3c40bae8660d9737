/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_files.h: the files of the tokens as they were, in the memory of this process. They are put
 * back in place: a file keeps its inode, so a process that has a file open or mapped goes on with
 * it, as if the file had never changed.
 */
#ifndef KEYDIV_TESTS_FAULTS_TOKEN_FILES_H
#define KEYDIV_TESTS_FAULTS_TOKEN_FILES_H

#include <stdint.h>
#include <sys/types.h>

#define TOKEN_FILES_MAX 64

extern struct token_file {
	char name[100]; /* below token_dir, with a slash in front */
	mode_t mode;
	uint64_t size; /* bytes */
	uint8_t *content;
} token_files[TOKEN_FILES_MAX];
extern unsigned token_file_count;

/* Read all files below token_dir, in place of those that were read before. */
void token_files_keep(void);
/* Give all files below token_dir their content, make those that are missing, remove others. */
void token_files_put_back(void);
/* The path of FILE. */
void token_file_path(char ret[1000], const struct token_file *file);

#endif
