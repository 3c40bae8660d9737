/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h: the mapped file token.gen, by which every process sees at once that another has
 * changed the token.
 *
 * The file holds one 64-bit number (of this machine's byte order: it means nothing elsewhere), even
 * while nothing changes, odd while a change is made. Only who holds the database's write lock
 * changes it, so the steps need no compare-and-swap. A process killed in between leaves it odd:
 * readers then trust no cache, which is slow and right, until the next writer makes it even.
 *
 * The file is never replaced: others have it mapped. Nor may it be cut short while it is, which
 * would be a signal in every process; only the token's owner could.
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
	_Atomic uint64_t *word; /* never NULL once mapped, and never elsewhere */
	bool writable;
};

/*
 * Map the file in DIRFD, made if missing. If it cannot even be read, WORD points to a number that
 * stays odd: nothing is to be trusted for longer than a moment. If it can only be read (read-only
 * media), it is mapped so.
 */
MUST_USE CK_RV freshness_map(struct freshness *freshness, int dirfd);
void freshness_unmap(struct freshness *freshness);

/* Before the first change: map for writing if that was not to be had. */
MUST_USE CK_RV freshness_need_writable(struct freshness *freshness, int dirfd);

/* With the database's write lock: a change begins, or has ended (in either way). */
void freshness_begin(struct freshness *freshness);
void freshness_end(struct freshness *freshness);

#endif
