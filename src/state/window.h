/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h: replay windows. Under a master with a window, each counter of a stream is accepted once
 * in each direction.
 *
 * The marks of a token master are durable (store/marks.h). The marks of a session master are in the
 * memory of the process, for at most WINDOW_SESSION_MAX streams of all session masters together.
 *
 * CKR_USER_NOT_LOGGED_IN if a token master's vault has no key. CKR_DEVICE_ERROR if a mark was
 * edited or windows.db is missing. Other codes as store.h.
 */
#ifndef KEYDIV_STATE_WINDOW_H
#define KEYDIV_STATE_WINDOW_H

#include "state/window_location.h"

#define WINDOW_SESSION_MAX 65536 /* streams of session masters in one process */
#define WINDOW_RESERVED_MAX 8192 /* streams with reserved counters in one process */

/*
 * Use COUNTER of the stream at AT. On CKR_OK the counter is marked, durably for a token master.
 *
 * An incoming counter is refused if it was used, or is more than AT->size below the highest used.
 * An outgoing counter is refused unless it is above the highest used: CKR_KEYDIV_REPLAYED, and
 * nothing is marked. CKR_DEVICE_MEMORY also if there are too many streams of session masters.
 *
 * With AT->reserve above 1 one durable write reserves that number of counters for this process,
 * and the process marks them in memory. Counters that are reserved and not used when the process
 * dies are refused afterwards.
 */
MUST_USE CK_RV window_mark(const struct window_location *at, uint64_t counter);

/* Read the used counters of the stream at AT. RET->any is false if there is none. */
MUST_USE CK_RV window_read(const struct window_location *at, struct window_set *ret);

/* Forget every used counter of the stream at AT, durably: each may then be used again. */
MUST_USE CK_RV window_forget(const struct window_location *at);

/* Mark COUNTER and every lower counter of the stream at AT as used, durably. */
MUST_USE CK_RV window_skip(const struct window_location *at, uint64_t counter);

/* Remove the windows of the token master ID, which was destroyed. */
MUST_USE CK_RV windows_remove(struct store *store, struct vault *vault, int64_t id);

/* Forget the windows of the session master HANDLE, which was destroyed. */
void windows_forget_session_master(CK_OBJECT_HANDLE handle);

/*
 * Somebody has logged out of the token of VAULT: write back what was reserved and not used, and
 * wipe the key of the marks. If the disk refuses, the reserved counters are skipped.
 */
void windows_logout(struct store *store, struct vault *vault);

/* Free what is kept for VAULT, after windows_logout and after the last other call. */
void windows_close(struct vault *vault);

/* In the child of a fork: forget all windows, without waiting for a lock. */
void windows_forked(void);

/* Begin the windows of the new master ID: store_above.create_windows. */
MUST_USE CK_RV windows_create(struct store *store, const struct snapshot *keys, int64_t id);

#endif
