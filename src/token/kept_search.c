/* SPDX-License-Identifier: Apache-2.0 */
/* kept_search.c: see kept_search.h. */
#include "token/kept_search.h"

#include "store/store.h"

static bool same_text(const struct kept_text *kept, struct bytes text)
{
	if (text.p == NULL || !kept->given)
		return text.p == NULL && !kept->given;
	return bytes_equal(bytes_of(kept->bytes, kept->n), text);
}

static void keep_text(struct kept_text *ret, struct bytes text)
{
	ret->given = text.p != NULL;
	ret->n = (uint8_t)text.n;
	if (text.n > 0)
		memcpy(ret->bytes, text.p, text.n);
}

static bool is_fresh(const struct cached_version *version)
{
	return version->now != NULL &&
	       atomic_load_explicit(version->now, memory_order_acquire) == version->seen;
}

const struct kept_search *kept_search_find(
	const struct kept_searches *kept, const struct store_query *query, uint64_t login)
{
	for (unsigned i = 0; i < KEPT_SEARCHES; i++) {
		const struct kept_search *k = &kept->search[i];
		if (is_fresh(&k->version) && k->login == login && k->by_class == query->by_class &&
			(!k->by_class || k->object_class == query->object_class) &&
			k->public_only == query->public_only &&
			same_text(&k->label, query->label) && same_text(&k->id, query->object_id))
			return k;
	}
	return NULL;
}

void kept_search_keep(struct kept_searches *kept, const struct store_query *query, uint64_t login,
	const struct cached_version *version, const CK_OBJECT_HANDLE *handles, size_t count)
{
	struct kept_search *k = &kept->search[kept->next];

	if (version->seen & 1 || count > KEPT_HANDLES_MAX)
		return;
	if (query->label.n > KEPT_TEXT_MAX || query->object_id.n > KEPT_TEXT_MAX)
		return;
	kept->used = true;
	kept->next = (kept->next + 1) % KEPT_SEARCHES;
	k->version = *version;
	k->login = login;
	k->by_class = query->by_class;
	k->public_only = query->public_only;
	k->object_class = query->object_class;
	keep_text(&k->label, query->label);
	keep_text(&k->id, query->object_id);
	if (count > 0)
		memcpy(k->handles, handles, count * sizeof *handles);
	k->count = count;
}
