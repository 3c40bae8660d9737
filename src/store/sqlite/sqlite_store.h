/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_store.h: what the files of this folder share. The functions are those of struct
 * store_backend, and are described there.
 *
 * Each token has one connection for token.db, which is used under store->lock. So there is one page
 * cache. A second connection would wait for the exclusive lock of the first during most of a
 * commit. The connection for windows.db belongs to a store of its own (store/marks.h).
 */
#ifndef KEYDIV_STORE_SQLITE_SQLITE_STORE_H
#define KEYDIV_STORE_SQLITE_SQLITE_STORE_H

#include "store/backend.h"
#include "store/sqlite/database.h"
#include "store/sqlite/freshness.h"
#include "store/sqlite/tries.h"

struct sqlite_store {
	const struct schema *schema; /* of the database that the connection opens */
	int dirfd;
	char *path;             /* of the directory, without symbolic links: SQLite opens by name */
	_Atomic int clients_fd; /* of the directory of state files; -1 until it is first needed */
	int pins_fd;            /* the directory once more, locked while PINs are tried; -1 */
	struct freshness freshness;
	struct tries_memory tries; /* guarded by store->lock */
	/* Guarded by store->lock. NULL until it is needed, or while the token has no database. */
	struct database *db;
};

static inline struct sqlite_store *sqlite_of(const struct store *store)
{
	return store->at;
}

/*
 * Open the database if it is not. RET_DB is NULL, and that is no error, if there is none, or one
 * without a schema.
 */
MUST_USE CK_RV sqlite_need_database(struct store *store, struct database **ret_db);

/* token_table.c */
CK_RV sqlite_token_get(struct store *store, struct store_token *ret_token);
CK_RV sqlite_token_update(struct store *store, const struct store_token *token);

/* object_table.c */
CK_RV sqlite_read(struct store *store, int64_t id, struct record *ret_record);
CK_RV sqlite_insert(struct store *store, const struct record *record);
CK_RV sqlite_update(struct store *store, const struct record *record);
CK_RV sqlite_remove(struct store *store, int64_t id);
CK_RV sqlite_find(struct store *store, const struct store_query *query, struct record *ret_records,
	size_t max, size_t *ret_n);
CK_RV sqlite_tags(
	struct store *store, int64_t after, struct record_tag *ret_tags, size_t max, size_t *ret_n);
CK_RV sqlite_last_id(struct store *store, int64_t *ret_id);

/* mark_table.c */
CK_RV sqlite_mark_get(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n);
CK_RV sqlite_mark_near(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct mark_near *ret_before, struct mark_near *ret_after);
CK_RV sqlite_mark_put(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct bytes mark);
CK_RV sqlite_mark_remove(
	struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);
CK_RV sqlite_marks_remove(struct store *store, int64_t master, size_t max, size_t *ret_n);
CK_RV sqlite_marks_next(struct store *store, int64_t after, int64_t *ret_master);

#endif
