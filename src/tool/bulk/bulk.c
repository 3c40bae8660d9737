/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.c: a ring of batches between one reader (the calling thread), workers with a session each,
 * and one writer.
 *
 * A batch changes from FREE to FULL (by the reader), to DONE (by a worker) and to FREE again (by
 * the writer). Reader and writer walk the ring in order, so that the output has the order of the
 * input and memory does not grow with the input. One lock guards the states. The lock is taken a
 * few times for each batch and not for each line.
 */
#include "tool/bulk/bulk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/bulk/input.h"
#include "tool/bulk/output_file.h"
#include "tool/bulk/progress.h"
#include "tool/options.h"

#define RECORDS 1024      /* in a batch: handing over takes 10 us, deriving a key 1 us */
#define RECORDS_STORED 64 /* where each record waits for the disk */
#define THREADS_MAX 256
#define BATCHES_A_THREAD 4
#define STORING_THREADS 64 /* threads that wait for the disk at the same time share its writes */

enum state { FREE, FULL, DONE };

/* A record whose texts are in the batch's IN, a NUL behind each: name, shown with --hex, value. */
struct item {
	unsigned long long line;
	size_t at, n, shown_n, value_n;
};

struct batch {
	enum state state;
	size_t count, done;
	struct item items[RECORDS];
	struct text in, out;
	uint64_t bytes; /* of input read up to here */
	bool failed;    /* at FAILED_LINE, for the reason PROBLEM */
	unsigned long long failed_line;
	struct problem problem;
};

struct ring {
	struct bulk *bulk;
	struct input *input;
	struct output_file output;
	struct batch *batches;
	size_t size;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long long filled, taken; /* batches so far */
	bool ended;                       /* no more batches will be filled */
	bool stop;                        /* a failure was reported */
};

static void set_state(struct ring *ring, struct batch *batch, enum state state)
{
	pthread_mutex_lock(&ring->lock);
	batch->state = state;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

static void stop(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->stop = true;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

/* --- the reader --- */

static enum got next_record(struct ring *ring, struct record *ret, struct problem *problem)
{
	if (!ring->output.waiting)
		return input_next(ring->input, ret, problem);
	ring->output.waiting = false;
	*ret = ring->output.next;
	return GOT_ONE;
}

static void add_item(struct batch *batch, const struct record *record)
{
	struct item *item = &batch->items[batch->count++];

	*item = (struct item){.line = record->line, .at = batch->in.n, .n = record->n};
	text_add(&batch->in, record->name, record->n + 1);
	if (record->shown != record->name) {
		item->shown_n = strlen(record->shown);
		text_add(&batch->in, record->shown, item->shown_n + 1);
	}
	if (record->value) {
		item->value_n = record->value_n;
		text_add(&batch->in, record->value, record->value_n);
		text_add(&batch->in, "", 1);
	}
}

static void get_item(const struct batch *batch, size_t i, struct record *ret)
{
	const struct item *item = &batch->items[i];

	*ret = (struct record){.line = item->line, .n = item->n};
	ret->name = ret->shown = batch->in.p + item->at;
	ret->value = ret->name + item->n + 1;
	ret->value_n = item->value_n;
	if (item->shown_n > 0) {
		ret->shown = ret->value;
		ret->value += item->shown_n + 1;
	}
}

/*
 * Fill BATCH. Returns false if nothing is left to do for it. RET_MORE: further batches may follow.
 */
static bool fill(struct ring *ring, struct batch *batch, bool *ret_more)
{
	size_t most = ring->bulk->write ? RECORDS_STORED : RECORDS;
	struct record record;
	enum got got = GOT_ONE;

	batch->count = batch->done = 0;
	batch->failed = false;
	text_clear(&batch->in);
	text_clear(&batch->out);
	while (batch->count < most &&
		(got = next_record(ring, &record, &batch->problem)) == GOT_ONE)
		add_item(batch, &record);
	if (got == GOT_PROBLEM) {
		batch->failed = true;
		batch->failed_line = input_line(ring->input);
	}
	batch->bytes = input_bytes(ring->input);
	*ret_more = got == GOT_ONE;
	return batch->count > 0 || batch->failed;
}

static void read_all(struct ring *ring)
{
	bool more = true;

	while (more) {
		struct batch *batch = &ring->batches[ring->filled % ring->size];
		pthread_mutex_lock(&ring->lock);
		while (batch->state != FREE && !ring->stop)
			pthread_cond_wait(&ring->changed, &ring->lock);
		bool stopped = ring->stop;
		pthread_mutex_unlock(&ring->lock);
		if (stopped)
			return;
		bool filled = fill(ring, batch, &more);
		pthread_mutex_lock(&ring->lock);
		if (filled) {
			batch->state = FULL;
			ring->filled++;
		}
		ring->ended = !more;
		pthread_cond_broadcast(&ring->changed);
		pthread_mutex_unlock(&ring->lock);
	}
}

/* --- the workers --- */

static struct batch *take(struct ring *ring)
{
	struct batch *batch = NULL;

	pthread_mutex_lock(&ring->lock);
	while (!ring->stop && !ring->ended && ring->taken == ring->filled)
		pthread_cond_wait(&ring->changed, &ring->lock);
	if (!ring->stop && ring->taken < ring->filled)
		batch = &ring->batches[ring->taken++ % ring->size];
	pthread_mutex_unlock(&ring->lock);
	return batch;
}

static void work(struct ring *ring, CK_SESSION_HANDLE session, struct batch *batch)
{
	struct record record;
	struct problem problem;

	for (; batch->done < batch->count; batch->done++) {
		size_t before = batch->out.n;
		get_item(batch, batch->done, &record);
		if (ring->bulk->work(ring->bulk, session, &record, &batch->out, &problem))
			continue;
		batch->failed = true;
		batch->failed_line = record.line;
		batch->problem = problem;
		batch->out.n = before;
		return;
	}
}

static void *worker(void *data)
{
	struct ring *ring = data;
	CK_SESSION_HANDLE session;
	struct batch *batch;

	if (!client_open_session(ring->bulk->client, ring->bulk->write, &session)) {
		stop(ring);
		return NULL;
	}
	while ((batch = take(ring))) {
		work(ring, session, batch);
		set_state(ring, batch, DONE);
	}
	(void)ring->bulk->client->f->C_CloseSession(session);
	return NULL;
}

/* --- the writer --- */

/* Write what is DONE. False: reported. */
static bool write_batch(struct ring *ring, struct batch *batch)
{
	FILE *out = ring->output.file;

	if (batch->out.n > 0 && fwrite(batch->out.p, 1, batch->out.n, out) != batch->out.n)
		return fail("cannot write the output: %s", strerror(errno));
	return batch->failed ? problem_report(&batch->problem, batch->failed_line) : true;
}

static void *writer(void *data)
{
	struct ring *ring = data;
	struct progress progress;
	uint64_t records = 0;

	progress_start(
		&progress, fileno(ring->output.file), ring->input->total, input_bytes(ring->input));
	for (unsigned long long next = 0;; next++) {
		struct batch *batch = &ring->batches[next % ring->size];
		pthread_mutex_lock(&ring->lock);
		while (!ring->stop && !(next < ring->filled && batch->state == DONE) &&
			!(ring->ended && next == ring->filled))
			pthread_cond_wait(&ring->changed, &ring->lock);
		bool finished = ring->stop || next == ring->filled;
		pthread_mutex_unlock(&ring->lock);
		if (finished)
			break;
		records += batch->done;
		if (!write_batch(ring, batch)) {
			stop(ring);
			break;
		}
		progress_show(&progress, records, batch->bytes);
		set_state(ring, batch, FREE);
	}
	progress_end(&progress, records);
	return NULL;
}

/* --- all of it --- */

static bool run_threads(struct ring *ring, size_t threads)
{
	pthread_t ids[THREADS_MAX], writer_id;
	size_t started = 0;

	if (pthread_create(&writer_id, NULL, writer, ring) != 0)
		return fail("cannot start a thread: try a smaller --threads");
	while (started < threads && pthread_create(&ids[started], NULL, worker, ring) == 0)
		started++;
	if (started < threads) {
		fail("cannot start %zu threads: try a smaller --threads", threads);
		stop(ring);
	}
	read_all(ring);
	for (size_t i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	pthread_join(writer_id, NULL);
	return !ring->stop;
}

bool bulk_options_fit(struct bulk *bulk, bool hex_alone)
{
	const struct record_format *format = &bulk->format;

	if (!bulk->input &&
		(bulk->output || bulk->resume || bulk->threads >= 0 || bulk->allow_duplicates ||
			format->header || format->column || format->delimiter_text ||
			format->trim || (format->hex && !hex_alone)))
		return fail(
			"--output, --resume, --threads, --column, --delimiter, --header, --trim "
			"and --allow-duplicates go with --csv");
	if (bulk->resume && !bulk->output)
		return fail("--resume needs --output: the file to continue");
	if (bulk->threads == 0 || bulk->threads > THREADS_MAX)
		return fail("--threads takes a number from 1 to %d", THREADS_MAX);
	return record_format_read(&bulk->format);
}

static size_t how_many(const struct bulk *bulk)
{
	long long cores = sysconf(_SC_NPROCESSORS_ONLN);
	long long threads = bulk->threads > 0 ? bulk->threads
			    : bulk->write     ? STORING_THREADS
			    : cores > 0       ? cores
					      : 1;

	return threads < THREADS_MAX ? (size_t)threads : THREADS_MAX;
}

static bool run_ring(struct ring *ring, size_t threads)
{
	struct bulk *bulk = ring->bulk;

	bool opened = input_open(ring->input, bulk->input, &bulk->format, bulk->allow_duplicates);
	bool ok = opened && output_file_open(&ring->output, bulk->format.member, ring->input) &&
		  run_threads(ring, threads);
	ok = output_file_close(&ring->output, ok);
	if (opened)
		input_close(ring->input);
	return ok;
}

bool bulk_run(struct bulk *bulk, struct client *client)
{
	size_t threads = how_many(bulk);
	struct ring ring = {.bulk = bulk,
		.output = {.name = bulk->output, .resume = bulk->resume},
		.size = BATCHES_A_THREAD * threads,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER};

	bulk->client = client;
	bulk->format.utf8_only = settings.json;
	ring.input = malloc(sizeof *ring.input);
	ring.batches = calloc(ring.size, sizeof *ring.batches);
	bool ok = ring.input && ring.batches;
	ok = ok ? run_ring(&ring, threads) : fail_rv(CKR_HOST_MEMORY, "cannot begin");
	for (size_t i = 0; ring.batches && i < ring.size; i++) {
		text_free(&ring.batches[i].in);
		text_free(&ring.batches[i].out);
	}
	free(ring.batches);
	free(ring.input);
	return ok;
}
