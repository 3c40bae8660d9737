/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries.h: the file token.tries, which counts the tries of PINs.
 *
 * The file is preallocated and written in place, so a login needs no room on the disk. It has one
 * entry for each role, in a sector of its own:
 *
 * 	salt (16) || wrong tries (4) || tries in progress (4) || checksum (8)
 *
 * Numbers are big-endian. The checksum is the first 8 bytes of SHA-256 over the format (8), the
 * role (8) and the entry before it. An entry of zeroes means no tries. An entry counts for the PIN
 * with that salt only, so a new PIN begins without tries, in the transaction that sets it.
 *
 * Where the file cannot be written, because the file or its file system is read-only, the process
 * counts in memory.
 */
#ifndef KEYDIV_STORE_SQLITE_TRIES_H
#define KEYDIV_STORE_SQLITE_TRIES_H

#include "store/backend.h"

#define TRIES_FILE "token.tries"
#define TRIES_LEN 4096
#define TRIES_ENTRY_LEN 32

/* The counts of a process that cannot write the file. */
struct tries_memory {
	bool used;
	uint8_t entries[2][TRIES_ENTRY_LEN];
};

/* Create the file in DIRFD if it is missing, durably. Errors as in store.h. */
MUST_USE CK_RV tries_create(int dirfd);

/* The file, locked against other processes and threads until tries_close. */
struct tries_file {
	int fd; /* -1: the counts are in memory */
	struct tries_memory *memory;
};

/*
 * Open the file in DIRFD and lock it. CKR_DEVICE_ERROR if another process keeps the lock for 60 s.
 * RET->fd is -1 if the file is read-only: the counts are in MEMORY then, which the caller guards.
 */
MUST_USE CK_RV tries_open(int dirfd, struct tries_memory *memory, struct tries_file *ret);

/* Begin to count in MEMORY, with the counts of the file if it can be read. */
MUST_USE CK_RV tries_use_memory(int dirfd, struct tries_memory *memory);
void tries_close(struct tries_file *file);
#define TRIES __attribute__((cleanup(tries_close))) struct tries_file

/* Read the tries of the PIN of ROLE with SALT. CKR_DEVICE_ERROR if the entry is damaged. */
MUST_USE CK_RV tries_read(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], struct store_tries *ret);

/* Write TRIES of the PIN of ROLE with SALT, durably. */
MUST_USE CK_RV tries_write(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], const struct store_tries *tries);

#endif
