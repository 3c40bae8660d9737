/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c: keeps copies of records in one growing text. */
#include "tool/bulk/batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *batches_new(size_t count, unsigned sharers)
{
	struct batch *batches = calloc(count, sizeof *batches);

	for (size_t i = 0; batches && i < count; i++)
		if (!(batches[i].out = calloc(sharers, sizeof(struct text)))) {
			batches_free(batches, count, sharers);
			return NULL;
		}
	return batches;
}

void batches_free(struct batch *batches, size_t count, unsigned sharers)
{
	for (size_t i = 0; batches && i < count; i++) {
		text_free(&batches[i].in);
		for (unsigned k = 0; batches[i].out && k < sharers; k++)
			text_free(&batches[i].out[k]);
		free(batches[i].out);
	}
	free(batches);
}

void batch_clear(struct batch *batch, unsigned sharers)
{
	batch->count = 0;
	batch->failed = false;
	batch->workers_left = sharers;
	text_clear(&batch->in);
	for (unsigned i = 0; i < sharers; i++)
		text_clear(&batch->out[i]);
}

static struct part add_part(struct batch *batch, const char *p, size_t n)
{
	struct part part = {.given = p != NULL, .at = batch->in.n, .n = n};

	if (p != NULL) {
		text_add(&batch->in, p, n);
		text_add(&batch->in, "", 1);
	}
	return part;
}

void batch_add(struct batch *batch, const struct record *record)
{
	struct item *item = &batch->items[batch->count++];

	*item = (struct item){.line = record->line};
	item->name = add_part(batch, record->name, record->n);
	if (record->shown != record->name)
		item->shown = add_part(batch, record->shown, strlen(record->shown));
	item->text = add_part(batch, record->text, record->text_n);
	for (size_t i = 0; i < RECORD_VALUES; i++)
		item->value[i] = add_part(batch, record->value[i].p, record->value[i].n);
}

static const char *part_text(const struct batch *batch, const struct part *part)
{
	return part->given ? batch->in.p + part->at : NULL;
}

void batch_get(const struct batch *batch, size_t i, struct record *ret)
{
	const struct item *item = &batch->items[i];

	*ret = (struct record){.line = item->line,
		.name = part_text(batch, &item->name),
		.n = item->name.n,
		.text = part_text(batch, &item->text),
		.text_n = item->text.n};
	ret->shown = item->shown.given ? part_text(batch, &item->shown) : ret->name;
	for (size_t k = 0; k < RECORD_VALUES; k++)
		ret->value[k] =
			(struct record_value){part_text(batch, &item->value[k]), item->value[k].n};
}
