/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h: the mapped file token.gen, by which every process sees at once that another process
 * has changed the token.
 *
 * The file holds one 64-bit number in the byte order of the machine. The number is even while
 * nothing changes and odd while a change is made. Only the holder of the database's write lock
 * changes the number, so the steps need no compare-and-swap. A process that is killed in between
 * leaves the number odd. Readers then trust no cache, which is slow and safe, until the next writer
 * makes the number even.
 *
 * The file is never replaced, because other processes have it mapped. Truncating the mapped file
 * would raise a signal in every process. Only the token's owner could do that.
 */
#ifndef KEYDIV_STORE_SQLITE_FRESHNESS_H
#define KEYDIV_STORE_SQLITE_FRESHNESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define FRESHNESS_FILE "token.gen"
#define FRESHNESS_LEN 4096

struct freshness {
	_Atomic uint64_t *word; /* never NULL once mapped, and never moved */
	bool writable;
};

/*
 * Map the file in DIRFD, which is made if it is missing. If the file cannot be read, WORD points to
 * a number that stays odd, so that no cache is trusted. If the file can only be read (read-only
 * media), map the file read-only.
 */
MUST_USE CK_RV freshness_map(struct freshness *freshness, int dirfd);
void freshness_unmap(struct freshness *freshness);

/* Map the file for writing before the first change, if it is not mapped so. */
MUST_USE CK_RV freshness_need_writable(struct freshness *freshness, int dirfd);

/*
 * Note that a change begins, or has ended in either way. The caller holds the
 * database's write lock.
 */
void freshness_begin(struct freshness *freshness);
void freshness_end(struct freshness *freshness);

#endif
