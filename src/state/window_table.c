/* SPDX-License-Identifier: Apache-2.0 */
/* window_table.c: a hash table, and a list in the order of use; see window_table.h. */
#include "state/window_table.h"

#include <stdlib.h>

#define BUCKETS 4096

/* A stream is a MAC or a digest, so any of its bytes are a good hash. */
static struct window_entry **bucket_of(
	const struct window_table *table, const uint8_t stream[MARK_STREAM_LEN])
{
	return &table->buckets[get_be32(stream) % BUCKETS];
}

struct window_entry *window_table_find(
	const struct window_table *table, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	if (table->buckets == NULL)
		return NULL;
	struct window_entry *e = *bucket_of(table, stream);
	while (e != NULL &&
		(e->master != master || memcmp(e->stream, stream, MARK_STREAM_LEN) != 0))
		e = e->next_in_bucket;
	return e;
}

/* --- The list by use --- */

static void link_newest(struct window_table *table, struct window_entry *e)
{
	e->newer = NULL;
	e->older = table->newest;
	if (table->newest != NULL)
		table->newest->newer = e;
	else
		table->oldest = e;
	table->newest = e;
}

static void unlink_entry(struct window_table *table, struct window_entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		table->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		table->oldest = e->newer;
}

void window_table_touch(struct window_table *table, struct window_entry *entry)
{
	if (table->newest == entry)
		return;
	unlink_entry(table, entry);
	link_newest(table, entry);
}

/* --- Adding and removing --- */

struct window_entry *window_table_add(
	struct window_table *table, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	if (table->buckets == NULL)
		table->buckets = calloc(BUCKETS, sizeof(struct window_entry *));
	struct window_entry *e = table->buckets != NULL ? calloc(1, sizeof *e) : NULL;
	if (e == NULL)
		return NULL;
	struct window_entry **bucket = bucket_of(table, stream);
	e->master = master;
	memcpy(e->stream, stream, MARK_STREAM_LEN);
	e->next_in_bucket = *bucket;
	*bucket = e;
	link_newest(table, e);
	table->n++;
	return e;
}

void window_table_remove(struct window_table *table, struct window_entry *entry)
{
	struct window_entry **link = bucket_of(table, entry->stream);

	while (*link != entry)
		link = &(*link)->next_in_bucket;
	*link = entry->next_in_bucket;
	unlink_entry(table, entry);
	table->n--;
	free(entry);
}

void window_table_forget(struct window_table *table, int64_t master)
{
	for (struct window_entry *e = table->oldest, *next; e != NULL; e = next) {
		next = e->newer;
		if (master == 0 || e->master == master)
			window_table_remove(table, e);
	}
	if (master != 0)
		return;
	free(table->buckets);
	table->buckets = NULL;
}
