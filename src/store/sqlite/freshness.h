/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h: the mapped file token.gen, by which every process sees at once that another process
 * has changed the token.
 *
 * The file holds one 64-bit number in this machine's byte order: even while nothing changes, odd
 * while a change is made. Only a process that holds the write lock of the database changes the
 * number, so the steps need no compare-and-swap. A process that is killed in between leaves it odd.
 * Readers then trust no cache, which is slow and right, until the next writer makes it even.
 *
 * The file is not to be replaced or cut while processes have it mapped. A process that has the old
 * file mapped would not see changes any more. So freshness_check looks for the file again, once a
 * second and before every change: after a replacement the old number becomes odd for good, in this
 * process, and the new file is mapped at a new place. A file that is cut short while it is mapped
 * kills the readers (SIGBUS) that come before the check. Only the owner of the token can do that.
 *
 * A network or FUSE file system does not show the writes of one host in the mapping of another.
 * There nothing is mapped, the number stays odd, and so nothing is cached between calls.
 */
#ifndef KEYDIV_STORE_SQLITE_FRESHNESS_H
#define KEYDIV_STORE_SQLITE_FRESHNESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define FRESHNESS_FILE "token.gen"
#define FRESHNESS_LEN 4096

struct freshness {
	_Atomic(_Atomic uint64_t *) word; /* never NULL once mapped; an old place stays readable */
	int dirfd;                        /* borrowed */
	bool never;           /* nothing may be cached: the number is this process's own, and odd */
	pthread_mutex_t lock; /* guards what follows, and the mapping */
	bool writable;
	dev_t device; /* of the mapped file; inode 0: none is mapped */
	ino_t inode;
	bool known;            /* the next two members are set */
	uint64_t known_number; /* a number, and how many changes the database had under it */
	uint32_t known_changes;
};

/*
 * Map the file in DIRFD, which is made if it is missing and must stay open. If the file cannot
 * be read, WORD points to a number that stays odd. If it can only be read (read-only media), it
 * is mapped so.
 */
MUST_USE CK_RV freshness_map(struct freshness *freshness, int dirfd);
void freshness_unmap(struct freshness *freshness);

/* Map the file again if it was replaced, removed or cut. */
void freshness_check(struct freshness *freshness);

/*
 * Check that nobody has set the number back. CHANGES is the count of changes in the database, which
 * the caller has read after the number BEFORE. If the number is even and still BEFORE, it must have
 * the same count as at the last check. Otherwise everything that was read under the number is
 * stale, and the file is mapped again.
 */
void freshness_check_changes(struct freshness *freshness, uint64_t before, uint32_t changes);

/* Before the first change: map the file for writing if it is not. */
MUST_USE CK_RV freshness_need_writable(struct freshness *freshness);

/* With the write lock of the database: a change begins, or has ended (made or undone). */
void freshness_begin(struct freshness *freshness);
void freshness_end(struct freshness *freshness);

#endif
