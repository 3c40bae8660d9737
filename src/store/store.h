/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: where token objects live. A caller sees rows; what a row is on disk is the
 * backend's affair (STORAGE.md).
 *
 * A row's `attributes` are public and readable to whoever can read the file; `sealed` is opaque
 * here (the token layer seals it and binds the attributes to it). The store adds a checksum to
 * every row, so that a flipped bit is noticed even before anyone has logged in.
 *
 * Every change is durable when the function returns CKR_OK and has left nothing when it
 * returns anything else (save where the disk refuses, twice, the last sync of a commit, that
 * of the directory: then it is CKR_DEVICE_ERROR, the change made, and not durable). Functions
 * may be called from many threads and processes at once; changes that wait at the same time
 * share one commit.
 *
 * Errors, unless a function says otherwise: CKR_DEVICE_MEMORY (disk full),
 * CKR_DEVICE_ERROR (I/O, damaged or foreign file, wrong format number),
 * CKR_TOKEN_WRITE_PROTECTED (read-only file), CKR_HOST_MEMORY.
 */
#ifndef KEYDIV_STORE_STORE_H
#define KEYDIV_STORE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

struct store;

#define STORE_UUID_LEN 16
#define STORE_LABEL_LEN 32

/* What there is one of in a token. */
struct store_token {
	uint8_t uuid
		[STORE_UUID_LEN]; /* new with every C_InitToken; bound into every sealed string */
	uint8_t label[STORE_LABEL_LEN]; /* blank-padded */
	unsigned scrypt_log2_n;
	struct store_pin {
		bool set;
		uint8_t salt[16];
		uint8_t wrapped_key[60]; /* the token key sealed under the stretched PIN */
		unsigned failures;       /* wrong tries since the last right one */
	} so, user;
	uint8_t count_seal
		[64]; /* the authenticated number of objects (token/token_count.h); opaque here */
	size_t count_seal_len;
};

#define STORE_ID_MAX                                                                               \
	((INT64_C(1) << 33) - 1) /* highest row id: what the token layer's handles have room for */
/*
 * Longest label, object id, attributes or sealed value, in bytes;
 * longer ones: CKR_ATTRIBUTE_VALUE_INVALID.
 */
#define STORE_FIELD_MAX 65536

/* One object. Borrowed bytes on the way in; on the way out see store_row_free. */
struct store_row {
	int64_t id; /* assigned by the store, from 1 to STORE_ID_MAX, never used again */
	CK_OBJECT_CLASS object_class;
	bool is_private;
	struct bytes label;      /* CKA_LABEL, indexed; p NULL if none */
	struct bytes object_id;  /* CKA_ID or CKA_OBJECT_ID, indexed; p NULL if none */
	struct bytes attributes; /* encoded by the token layer */
	struct bytes sealed;     /* sealed by the token layer; may be absent */
	void *owned;             /* what store_row_free frees */
};

/*
 * Open the token directory DIR (made 0700 if missing; not followed if a symbolic link), its
 * database file (0600) made by the first store_token_init and opened when first needed: this is
 * cheap. Other processes are waited for, for 60 s in each call. A missing database is an
 * uninitialised token, not an error.
 */
MUST_USE CK_RV store_open(const char *dir, struct store **ret_store);
void store_close(struct store *store);

/* In the child of a fork: forget STORE without closing it, which would drop the parent's locks. */
void store_abandon(struct store *store);

/*
 * The generation, in a mapped file beside the database: even and different from before after
 * every change by any process, odd while one is being made (or was, when a process died). One
 * atomic load; never NULL. What was read under an even generation is still true while the
 * generation is the same.
 */
const _Atomic uint64_t *store_generation(const struct store *store);

/* Whether the token is initialised, and its data. CKR_TOKEN_NOT_RECOGNIZED if it is not. */
MUST_USE CK_RV store_token_get(struct store *store, struct store_token *ret_token);

/* Whether its database, once looked at, was found to be read-only: CKF_WRITE_PROTECTED. */
bool store_is_read_only(struct store *store);

/*
 * (Re-)initialise: every object goes, TOKEN is written, in one transaction. Client-state files go
 * too. Row ids are not used again.
 */
MUST_USE CK_RV store_token_init(struct store *store, const struct store_token *token);

/*
 * The same, if MAY allows it: it is called inside the transaction with what is stored now, or
 * NULL if the token is not initialised; if it returns other than CKR_OK nothing changes and
 * that is returned.
 */
typedef CK_RV store_may_init(const struct store_token *now, void *arg);
MUST_USE CK_RV store_token_init_if(
	struct store *store, const struct store_token *token, store_may_init *may, void *arg);

/*
 * Change the token's data: CHANGE is called inside a transaction with what is stored now and may
 * edit it; if it returns other than CKR_OK nothing changes and that is returned. For PIN counters
 * and PIN changes.
 */
MUST_USE CK_RV store_token_update(
	struct store *store, CK_RV (*change)(struct store_token *token, void *arg), void *arg);

/* The same, for CHANGE that must know how many OBJECTS there are at that moment. */
MUST_USE CK_RV store_token_update_counted(struct store *store,
	CK_RV (*change)(struct store_token *token, uint64_t objects, void *arg), void *arg);

/*
 * Insert, replace or remove rows. PREPARE is called inside the transaction, once the row has its
 * id, and fills in row->attributes and row->sealed (which bind the id); its bytes must stay valid
 * until the call returns. Returning an error from PREPARE undoes everything. May be run in
 * another thread than the caller's (group commit), which waits: so it takes no lock and calls no
 * function of this header (those of client_file.h it may). store_insert into an uninitialised
 * token: CKR_TOKEN_NOT_RECOGNIZED. store_update, store_remove: CKR_OBJECT_HANDLE_INVALID if there
 * is no such row.
 */
typedef CK_RV store_prepare(struct store_row *row, void *arg);
MUST_USE CK_RV store_insert(
	struct store *store, struct store_row *row, store_prepare *prepare, void *arg);
/*
 * PREPARE of an update is given the row as stored now (row->owned valid during the call only) and
 * replaces what it wants changed.
 */
MUST_USE CK_RV store_update(struct store *store, int64_t id, store_prepare *prepare, void *arg);
MUST_USE CK_RV store_remove(struct store *store, int64_t id);

/*
 * The same, for callers who keep the authenticated number of objects in the token's row: RECOUNT is
 * called in the transaction, under PREPARE's rules, after the insert (BY 1) or the removal (BY -1),
 * and brings token->count_seal up to date. Its error undoes everything.
 */
typedef CK_RV store_recount(struct store_token *token, int by, void *arg);
MUST_USE CK_RV store_insert_counted(struct store *store, struct store_row *row,
	store_prepare *prepare, store_recount *recount, void *arg);
/* N rows in one transaction, all or none; ARGS has PREPARE's and RECOUNT's argument for each. */
MUST_USE CK_RV store_insert_all(struct store *store, struct store_row *rows, size_t n,
	store_prepare *prepare, store_recount *recount, void *const *args);
MUST_USE CK_RV store_remove_counted(
	struct store *store, int64_t id, store_recount *recount, void *arg);

/*
 * Read one row; store_row_free(ret_row) when done. CKR_OBJECT_HANDLE_INVALID if there is none,
 * CKR_DEVICE_ERROR if its checksum is wrong.
 */
MUST_USE CK_RV store_read(struct store *store, int64_t id, struct store_row *ret_row);
void store_row_free(struct store_row *row);

/* What to look for: fields that are absent match all. */
struct store_query {
	bool by_class, public_only;
	CK_OBJECT_CLASS object_class;
	struct bytes label, object_id; /* by index */
	int64_t after;                 /* ids greater than this */
};

/* Up to MAX matching ids in ascending order to RET_IDS, their number to RET_N. */
MUST_USE CK_RV store_find(struct store *store, const struct store_query *query, int64_t *ret_ids,
	size_t max, size_t *ret_n);

/* Up to MAX matching whole rows in ascending order; the caller frees each. */
MUST_USE CK_RV store_find_rows(struct store *store, const struct store_query *query,
	struct store_row *ret_rows, size_t max, size_t *ret_n);

/* The number of objects. */
MUST_USE CK_RV store_count(struct store *store, uint64_t *ret_n);

#endif
