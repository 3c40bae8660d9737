/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h: how long this process may use what it has read from the server.
 *
 * Other hosts change the token, and no server can call back a process that it cannot reach. So a
 * process uses what it has cached only while its lease runs. A host that takes something away waits
 * until the leases of all other hosts are over, or until they have taken note of the change.
 *
 * - A renewal is a committed UPDATE of the process's own row in keydiv.host, which returns the
 *   count of changes. A SELECT renews nothing, because a primary that was cut off from its standby
 *   answers SELECT for ever, and cannot commit.
 * - The lease runs from the time before the renewal was sent, by CLOCK_BOOTTIME, which
 *   counts suspend.
 * - The row says which changes the process has taken note of *before* the renewal was sent. A row
 *   that said what the answer says would let another host go on while the answer is under way.
 * - There is no thread. The first call that finds less than half of the lease left sends a renewal
 *   and goes on, as all others do, and a later call takes the answer. A call that finds the lease
 *   over waits for the answer.
 *
 * The count of changes orders the changes of one timeline. A promoted standby begins a new
 * timeline, on which the same count may mean other changes, so a count is compared on one
 * timeline only. The generation is the random id of the last change, and says which change the
 * count means: somebody may have set the database back in place, from a backup.
 *
 * A server that answers a question with less than this process knew before it asked, or with
 * the same count and another generation, was set back. The process then drops what it has cached,
 * takes note of the lower count, and goes on. An answer with less than the process knows when the
 * answer comes says nothing, because the process may have changed something meanwhile.
 *
 * The freshness counter (store.h) changes when a renewal shows changes of other hosts, or another
 * timeline, and when this process has changed something. The counter is changed before the lease is
 * extended, and a reader compares the counter after the lease. So a reader that sees the extended
 * lease sees the changed counter.
 */
#ifndef KEYDIV_STORE_POSTGRESQL_LEASE_H
#define KEYDIV_STORE_POSTGRESQL_LEASE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/postgresql/connection.h"
#include "store/store.h"

#define LEASE_HOST_LEN 16
#define CHANGE_ID_LEN 16
#define LEASE_MS_MAX 5000 /* config_keys.c has the same limit */

/* The changes of a slot, as far as they are known. */
struct lease_seen {
	char timeline[TIMELINE_LEN + 1];   /* empty: nothing is known */
	int64_t changes;                   /* how many there were */
	uint8_t generation[CHANGE_ID_LEN]; /* the id of the last one; zeroes: none */
};

struct lease {
	struct store_lease shared; /* what users of cached objects compare */
	_Atomic uint64_t word;     /* the freshness counter, always even */
	_Atomic int64_t until;     /* CLOCK_BOOTTIME in ns; 0: the lease is over */
	_Atomic int64_t contact;   /* CLOCK_REALTIME in s of the last renewal; 0: never */
	int32_t slot;
	int32_t ms;

	pthread_mutex_t lock; /* guards what follows; held during a renewal */
	struct connection connection;
	bool registered;          /* the row exists */
	bool sent;                /* a renewal is under way, and nothing else may be sent */
	int64_t start;            /* CLOCK_BOOTTIME in ns before it was sent */
	struct lease_seen before; /* what was known before it was sent */
	uint8_t host[LEASE_HOST_LEN];
	int64_t opened;    /* connection_clock when the connection was made */
	int64_t failed_at; /* connection_clock after the last renewal that failed */

	pthread_mutex_t seen_lock; /* guards what follows; taken last */
	struct lease_seen seen;    /* the changes that the counter covers */
};

/* Begin without a lease. Nothing is connected. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. */
MUST_USE CK_RV lease_init(struct lease *lease, const char *conninfo, int32_t slot, unsigned ms);
/* Remove the row of this process, if the server answers, and free. */
void lease_close(struct lease *lease);
/* In the child of a fork. */
void lease_abandon(struct lease *lease);

/*
 * On CKR_OK the lease ran at some time after the call began. CKR_DEVICE_ERROR if it is over and the
 * server does not renew it.
 */
MUST_USE CK_RV lease_confirm(struct lease *lease);

/* Make the next lease_confirm renew. */
void lease_end(struct lease *lease);

/* Return what this process has taken note of. */
struct lease_seen lease_known(struct lease *lease);

/*
 * Read what a server on TIMELINE says: the count of changes and the generation, from column COLUMN
 * of row 0 of R, and zero and zeroes if R has no row. CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV lease_seen_of_result(
	const PGresult *r, int column, const char *timeline, struct lease_seen *ret);

/*
 * Return true if the database was set back. NOW is the answer to a question that was sent after
 * lease_known gave BEFORE.
 */
bool lease_is_set_back(const struct lease_seen *before, const struct lease_seen *now);

/* Take note of NOW, which this process has made or read. BEFORE is as in lease_is_set_back. */
void lease_note(struct lease *lease, const struct lease_seen *before, const struct lease_seen *now);

/*
 * Return true if what was read when the server said NOW is as new as the lease. RET_OTHER is true
 * if the timelines differ.
 */
bool lease_covers(struct lease *lease, const struct lease_seen *now, bool *ret_other);

/*
 * This process has made change number CHANGES, which took something away. Wait until no other
 * process uses what it has read before: until their leases are over, by the clock of this host, or
 * until all rows of hosts show the change.
 */
void lease_wait_for_hosts(struct lease *lease, const char *timeline, int64_t changes);

#endif
