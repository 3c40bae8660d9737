/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept_search.h: the results of the last searches of a session.
 *
 * Applications search for the same few keys by label again and again. All threads share one
 * connection to the database, so each search would wait for those of other threads. A result is
 * kept while the store's freshness counter stays the same, and then the result is that of the
 * store. Only searches that the store decides alone are kept (object_search.c).
 *
 * The session's lock guards its results.
 */
#ifndef KEYDIV_TOKEN_KEPT_SEARCH_H
#define KEYDIV_TOKEN_KEPT_SEARCH_H

#include "token/key_cache.h"

struct store_query; /* store.h */

#define KEPT_SEARCHES 4
#define KEPT_TEXT_MAX 64   /* longest label and longest id of a kept search, in bytes */
#define KEPT_HANDLES_MAX 4 /* objects in a kept result */

struct kept_text {
	bool given;
	uint8_t n, bytes[KEPT_TEXT_MAX];
};

struct kept_search {
	struct cached_version version; /* of the store; now == NULL: the place is free */
	uint64_t login;                /* of the session: handles are those of one login */
	bool by_class, public_only;
	CK_OBJECT_CLASS object_class;
	struct kept_text label, id;
	CK_OBJECT_HANDLE handles[KEPT_HANDLES_MAX];
	size_t count;
};

struct kept_searches {
	bool used;     /* a result was kept since the struct was zero */
	unsigned next; /* the place of the next result */
	struct kept_search search[KEPT_SEARCHES];
};

/*
 * Return the kept result of QUERY, from the first record on, in a session whose login
 * word is LOGIN, or NULL. The result is valid until the next call of kept_search_keep.
 */
const struct kept_search *kept_search_find(
	const struct kept_searches *kept, const struct store_query *query, uint64_t login);

/*
 * Keep the COUNT handles that QUERY gave. VERSION was read before the search. Keeps nothing if the
 * store was being changed then, or if the query or the result is too long.
 */
void kept_search_keep(struct kept_searches *kept, const struct store_query *query, uint64_t login,
	const struct cached_version *version, const CK_OBJECT_HANDLE *handles, size_t count);

/* Forget all results (logout, close). */
static inline void kept_search_forget(struct kept_searches *kept)
{
	for (unsigned i = 0; i < KEPT_SEARCHES; i++)
		kept->search[i].version.now = NULL;
}

#endif
