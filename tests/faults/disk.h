/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.h: what a process writes is recorded, and files are made as a power cut may leave them: any
 * prefix of the calls, and of what was not synced in it any part, torn at 512 bytes. The name of a
 * file lasts once its directory was synced, and its bytes once the file was.
 */
#ifndef KEYDIV_TESTS_FAULTS_DISK_H
#define KEYDIV_TESTS_FAULTS_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum loss {
	LOSE_NOTHING, /* all calls were done */
	LOSE_ALL,     /* all that was not synced is lost */
	LOSE_SOME,    /* some, by chance */
	LOSSES
};

/* Before processes are started: memory for the record, and the files of the token as they are. */
void disk_prepare(void);
/* In the process that works: record from now on. */
void disk_record(void);
/* How many calls were recorded. */
unsigned disk_calls(void);
/* Put the files back as after the first CALLS calls and a power cut. */
void disk_cut(unsigned calls, enum loss loss, uint64_t *random);

#endif
