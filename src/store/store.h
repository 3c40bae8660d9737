/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: where a token's data and its objects are kept. SQLite is the first backend (STORAGE.md
 * describes its files); backend.h says what a backend provides. Code above src/store sees no files,
 * no locks and no database.
 *
 * The path of a new token object, from the top:
 *
 *   1. src/calls and src/policy plan the object: every attribute is decided before the store is
 *      called.
 *   2. store_add_objects (changes.c) queues the command. One thread at a time runs all commands
 *      that wait, in one transaction (queue.c).
 *   3. The command chooses the id of each record, seals the object (record.c), writes the record
 *      (backend: insert) and updates the authenticated inventory (inventory.c).
 *   4. COMMIT. Only then does store_add_objects return, and the caller makes handles of the ids.
 *
 * A command may also call the layer above. A client state is kept in a file of src/state, which
 * must exist before its record. struct store_above has the functions for these files.
 *
 * A change is durable when the function returns CKR_OK, and has left nothing when the function
 * returns anything else. The only exception is a disk that refuses twice to sync the directory
 * after a commit: the result is CKR_DEVICE_ERROR, the change is made, and a power cut may undo it.
 *
 * All functions may be called from many threads and processes at once. Each waits at most 60 s
 * for other processes.
 *
 * Errors, unless a function says otherwise: CKR_DEVICE_MEMORY (no room on the disk),
 * CKR_DEVICE_ERROR (I/O, damaged or foreign file, wrong format), CKR_TOKEN_WRITE_PROTECTED
 * (read-only file), CKR_HOST_MEMORY.
 */
#ifndef KEYDIV_STORE_STORE_H
#define KEYDIV_STORE_STORE_H

#include <stdatomic.h>

#include "store/record.h"
#include "store/token_record.h"

struct store;

/* --- What the layer above provides --- */

/*
 * The state files of records and the replay windows of masters, kept by src/state. The store calls
 * these functions inside a write transaction, in the thread that commits. They may use
 * store_state_directory and no other function of this header, and the functions of marks.h.
 */
struct store_above {
	/* Create the file of the new record ID from the state in O, sealed under KEYS, durably. */
	CK_RV(*create_state)
	(struct store *store, const struct snapshot *keys, int64_t id, const struct object *o);
	/* Wipe and remove the file of record ID. No error if there is none. */
	CK_RV (*remove_state)(struct store *store, int64_t id);
	/* List the ids that have files. The caller frees RET_IDS. */
	CK_RV (*list_states)(struct store *store, int64_t **ret_ids, size_t *ret_n);
	/* Begin the replay windows of the new master ID (marks.h), durably, without any mark. */
	CK_RV (*create_windows)(struct store *store, const struct snapshot *keys, int64_t id);
};

/* --- Opening --- */

/*
 * Open the token directory DIR, which is created if it is missing and must not be a symbolic link.
 * The database is opened when it is first needed, so this call is cheap. A missing database is a
 * token that is not initialised, not an error. ABOVE may be NULL if no record has a state file.
 */
MUST_USE CK_RV store_open(
	const char *dir, const struct store_above *above, struct store **ret_store);

/*
 * The same with BACKEND, which is &sqlite_backend or one that store_load has loaded. DIR for a
 * database server is any path that ends in "slot-<n>", and nothing of DIR is opened.
 */
struct store_backend;
MUST_USE CK_RV store_open_with(const struct store_backend *backend, const char *dir,
	const struct store_above *above, struct store **ret_store);

/* Close STORE and free it. NULL is allowed. No other call may be using STORE. */
void store_close(struct store *store);

/*
 * In the child of a fork: forget STORE without closing it, because closing would drop the locks
 * of the parent.
 */
void store_abandon(struct store *store);

/* Return true if the database was found to be read-only when it was opened: CKF_WRITE_PROTECTED. */
bool store_is_read_only(struct store *store);

/*
 * Return the freshness counter: even, and different after every change by any process; odd while a
 * process changes something, or died doing so. What was read under an even number is still true
 * while the number is the same. Reading the counter is one atomic load. Never NULL. A pointer that
 * was returned earlier stays valid until store_close, but its counter may have become odd for good:
 * ask again before something is read.
 */
const _Atomic uint64_t *store_freshness(const struct store *store);

/*
 * Call this before the counter is compared. Once a second it checks that other processes
 * still change this counter, and that nobody has set the counter back. All other calls read a
 * coarse clock only.
 */
__attribute__((noinline)) void store_check_freshness(struct store *store);

/*
 * The lease of a store that other hosts change. What was read is true while the freshness counter
 * is the same and the lease runs. A user of cached data reads the counter first, and checks the
 * lease and then the counter after it has used the data.
 */
struct store_lease {
	_Atomic int64_t renew_at; /* CLOCK_BOOTTIME in ns: the lease runs until then, or longer */
	const _Atomic uint64_t *freshness; /* as store_freshness gives it */
};

/* Return the lease, which stays valid until store_close. NULL if the store needs none. */
const struct store_lease *store_lease(const struct store *store);

/*
 * Renew the lease if it is due. On CKR_OK the lease ran at some time after the call began, or the
 * store needs none. CKR_DEVICE_ERROR if the lease is over and cannot be renewed.
 */
MUST_USE CK_RV store_confirm(struct store *store);

/*
 * Open the directory of state files, which is created if MAKE is true. The store keeps RET_FD open,
 * and the caller must not close it. RET_FD is -1 if the directory is missing and MAKE is false.
 */
MUST_USE CK_RV store_state_directory(struct store *store, bool make, int *ret_fd);

/*
 * Change the freshness counter and nothing else, so that no process relies any longer on what it
 * has read. Errors as a change.
 */
MUST_USE CK_RV store_touch(struct store *store);

/* --- The token record --- */

/* Read the token record. CKR_TOKEN_NOT_RECOGNIZED if the token is not initialised. */
MUST_USE CK_RV store_token_get(struct store *store, struct store_token *ret_token);

/*
 * C_InitToken: remove every record and write TOKEN in one transaction, then remove the state files
 * of the records. SEEN is the token record that the caller has checked the PIN against, NULL if
 * there was none. If the uuid or the SO PIN has changed since, nothing is done, RET_AS_SEEN is
 * false and the result is CKR_OK. Ids of records are not used again.
 */
MUST_USE CK_RV store_init_token(struct store *store, const struct store_token *token,
	const struct store_token *seen, bool *ret_as_seen);

/* The roles that have a PIN. */
enum store_role { STORE_USER, STORE_SO };

/*
 * Replace the PIN of ROLE by PIN, which has no tries. SEEN is the token record that the caller has
 * read. If the uuid has changed since, nothing is done, RET_AS_SEEN is false and the result is
 * CKR_OK. If SAME_PIN is true, the same holds if the PIN of ROLE has changed or is not set.
 */
MUST_USE CK_RV store_set_pin(struct store *store, enum store_role role,
	const struct store_token *seen, bool same_pin, const struct store_pin *pin,
	bool *ret_as_seen);

/* --- Tries of PINs --- */

/*
 * Lock the PINs of the token: one thread of this process at a time, shared with other processes.
 * After 60 s store_lock_pins goes on although another process holds the lock alone. A holder of the
 * lock may call store_lock_pins_alone, which waits until no other process holds the lock, and
 * returns false after 60 s. On a file system without locks both succeed and exclude no process.
 */
void store_lock_pins(struct store *store);
bool store_lock_pins_alone(struct store *store);
void store_unlock_pins(struct store *store);

/* How often a PIN was tried since it was last right, or since it was set. */
struct store_tries {
	uint32_t wrong;   /* tries that were wrong */
	uint32_t started; /* tries that began and did not end: under way, or their process died */
};

/*
 * Edit the tries of the PIN of ROLE: EDIT is called with the token record as stored and the tries
 * of its PIN. EDIT must not call the store, because the connection is locked. The tries as EDIT has
 * left them are durable on return. If EDIT fails, nothing is written and its error is returned. On
 * a read-only file system the tries are counted in the memory of this process.
 */
typedef CK_RV store_edit_tries(
	const struct store_token *token, struct store_tries *tries, void *arg);
MUST_USE CK_RV store_tries_edit(
	struct store *store, enum store_role role, store_edit_tries *edit, void *arg);

/* Return true if the last store_tries_edit counted in the memory of this process. */
bool store_tries_in_memory(struct store *store);

/* --- Records --- */

/*
 * Compare all records with the inventory of the token record: CKR_DEVICE_ERROR, logged, if a record
 * was removed, added or replaced by anything but this store.
 */
MUST_USE CK_RV store_verify(struct store *store, const struct snapshot *keys);

/*
 * Seal and insert N objects in one transaction, all or none. RET_IDS has room for N ids.
 * CKR_TOKEN_NOT_RECOGNIZED, CKR_ATTRIBUTE_VALUE_INVALID (a field over STORE_FIELD_MAX).
 */
MUST_USE CK_RV store_add_objects(struct store *store, const struct snapshot *keys,
	struct object *const *objects, size_t n, int64_t *ret_ids);

/*
 * Open record ID, let EDIT change the object, and write it back, in one transaction. An error of
 * EDIT undoes everything and is returned. CKR_OBJECT_HANDLE_INVALID if there is no such record.
 */
MUST_USE CK_RV store_edit_object(struct store *store, const struct snapshot *keys, int64_t id,
	CK_RV (*edit)(struct object *o, void *arg), void *arg);

/* Remove record ID. The caller removes its state file afterwards. CKR_OBJECT_HANDLE_INVALID. */
MUST_USE CK_RV store_remove_object(struct store *store, const struct snapshot *keys, int64_t id);

/*
 * Read record ID. The caller frees RET_RECORD with record_free. CKR_OBJECT_HANDLE_INVALID if there
 * is no such record, CKR_DEVICE_ERROR if its checksum is wrong.
 */
MUST_USE CK_RV store_read(struct store *store, int64_t id, struct record *ret_record);

/* The conditions of a search. An absent field matches everything. */
struct store_query {
	bool by_class, public_only;
	CK_OBJECT_CLASS object_class;
	struct bytes label, object_id; /* found by index */
	int64_t after;                 /* only ids greater than this */
};

/*
 * Read up to MAX matching records in ascending order of id. The caller frees each with record_free.
 */
MUST_USE CK_RV store_find(struct store *store, const struct store_query *query,
	struct record *ret_records, size_t max, size_t *ret_n);

#endif
