/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.c: a ring of batches between one reader (the calling thread), workers with a session each,
 * and one writer.
 *
 * A batch changes from FREE to FULL (by the reader), to DONE (by a worker) and to FREE again (by
 * the writer). Reader and writer walk the ring in order, so that the output has the order of the
 * input and memory does not grow with the input. One lock guards the states. The lock is taken a
 * few times for each batch and not for each line.
 *
 * Usually one worker does all records of a batch. With bulk->in_order every worker walks the ring
 * too, and does the records whose name hashes to its number. The last worker that has finished with
 * a batch makes it DONE.
 */
#include "tool/bulk/bulk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/bulk/batch.h"
#include "tool/bulk/input.h"
#include "tool/bulk/output_file.h"
#include "tool/bulk/progress.h"
#include "tool/options.h"

#define RECORDS_STORED 64 /* where each record waits for the disk */
#define THREADS_MAX 256
#define BATCHES_A_THREAD 4
#define BATCHES_IN_ORDER 8
#define STORING_THREADS 64 /* threads that wait for the disk at the same time share its writes */

struct ring {
	struct bulk *bulk;
	struct input *input;
	struct output_file output;
	struct batch *batches;
	size_t size;
	unsigned sharers; /* workers that share each batch: 1, or all with bulk->in_order */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long long filled, taken; /* batches so far; TAKEN: without bulk->in_order */
	unsigned started;                 /* workers, which are numbered in the order of start */
	bool ended;                       /* no more batches will be filled */
	bool stop;                        /* a failure was reported */
};

static void set_state(struct ring *ring, struct batch *batch, enum batch_state state)
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

/*
 * Fill BATCH. Returns false if nothing is left to do for it. RET_MORE: further batches may follow.
 */
static bool fill(struct ring *ring, struct batch *batch, bool *ret_more)
{
	size_t most = ring->bulk->write ? RECORDS_STORED : BATCH_RECORDS;
	struct record record;
	enum got got = GOT_ONE;

	batch_clear(batch, ring->sharers);
	while (batch->count < most && (batch->count == 0 || input_ready(ring->input)) &&
		(got = next_record(ring, &record, &batch->problem)) == GOT_ONE)
		batch_add(batch, &record);
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

struct worker {
	struct ring *ring;
	unsigned number;
	unsigned long long next; /* the batch to come, with bulk->in_order */
	CK_SESSION_HANDLE session;
};

/* Wait for the worker's next batch. NULL: there is none. */
static struct batch *take(struct worker *worker)
{
	struct ring *ring = worker->ring;
	unsigned long long *next = ring->sharers > 1 ? &worker->next : &ring->taken;
	struct batch *batch = NULL;

	pthread_mutex_lock(&ring->lock);
	while (!ring->stop && !ring->ended && *next == ring->filled)
		pthread_cond_wait(&ring->changed, &ring->lock);
	if (!ring->stop && *next < ring->filled)
		batch = &ring->batches[(*next)++ % ring->size];
	pthread_mutex_unlock(&ring->lock);
	return batch;
}

/* Note that the work failed at LINE. Of several failures, the first line counts. */
static void note_failure(struct ring *ring, struct batch *batch, unsigned long long line,
	const struct problem *problem)
{
	pthread_mutex_lock(&ring->lock);
	if (!batch->failed || line < batch->failed_line) {
		batch->failed = true;
		batch->failed_line = line;
		batch->problem = *problem;
	}
	pthread_mutex_unlock(&ring->lock);
}

/* Return the number of the worker that does the records of this name (FNV-1a). */
static unsigned owner(const struct ring *ring, const struct record *record)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < record->n; i++)
		hash = (hash ^ (unsigned char)record->name[i]) * 0x100000001b3U;
	return (unsigned)((hash >> 32) % ring->sharers);
}

static void work(struct worker *worker, struct batch *batch)
{
	struct ring *ring = worker->ring;
	unsigned by = ring->sharers > 1 ? worker->number : 0;
	struct text *out = &batch->out[by];
	struct record record;
	struct problem problem;

	for (size_t i = 0; i < batch->count; i++) {
		batch_get(batch, i, &record);
		if (ring->sharers > 1 && owner(ring, &record) != worker->number)
			continue;
		size_t before = out->n;
		if (!ring->bulk->work(ring->bulk, worker->session, &record, out, &problem)) {
			out->n = before;
			note_failure(ring, batch, record.line, &problem);
			return;
		}
		batch->items[i].by = by;
		batch->items[i].out = (struct part){true, before, out->n - before};
	}
}

/* Leave BATCH, which is DONE when the last of its workers leaves. */
static void leave(struct ring *ring, struct batch *batch)
{
	pthread_mutex_lock(&ring->lock);
	if (--batch->workers_left == 0) {
		batch->state = DONE;
		pthread_cond_broadcast(&ring->changed);
	}
	pthread_mutex_unlock(&ring->lock);
}

static void *worker(void *data)
{
	struct worker worker = {.ring = data};
	struct ring *ring = data;
	struct batch *batch;

	pthread_mutex_lock(&ring->lock);
	worker.number = ring->started++;
	pthread_mutex_unlock(&ring->lock);
	if (!client_open_session(ring->bulk->client, ring->bulk->write, &worker.session)) {
		stop(ring);
		return NULL;
	}
	while ((batch = take(&worker))) {
		work(&worker, batch);
		leave(ring, batch);
	}
	(void)ring->bulk->client->f->C_CloseSession(worker.session);
	return NULL;
}

/* --- the writer --- */

static bool put(FILE *out, const char *p, size_t n)
{
	if (n > 0 && fwrite(p, 1, n, out) != n)
		return fail("cannot write the output: %s", strerror(errno));
	return true;
}

/* Write what OUT holds. The C library drops what it cannot write, and fclose() then succeeds. */
static bool flush(FILE *out)
{
	return fflush(out) == 0 ? true : fail("cannot write the output: %s", strerror(errno));
}

/* Write the output of the records before a failure and count them. False: reported. */
static bool write_batch(struct ring *ring, struct batch *batch, uint64_t *records)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = &batch->items[i];
		if (batch->failed && item->line >= batch->failed_line)
			break;
		if (!put(ring->output.file, batch->out[item->by].p + item->out.at, item->out.n))
			return false;
		++*records;
	}
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
		bool last = next + 1 == ring->filled;
		pthread_mutex_unlock(&ring->lock);
		if (finished)
			break;
		/* With the last batch so far, write all. The next input may be long in coming. */
		if (!write_batch(ring, batch, &records) || (last && !flush(ring->output.file))) {
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
		print_failure("cannot start %zu threads: try a smaller --threads", threads);
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
	bool waits = bulk->write || bulk->waits;
	long long threads = bulk->threads > 0 ? bulk->threads
			    : waits           ? STORING_THREADS
			    : cores > 0       ? cores
					      : 1;

	return threads < THREADS_MAX ? (size_t)threads : THREADS_MAX;
}

static bool write_heading(struct ring *ring)
{
	struct text out = {0};

	if (ring->bulk->heading == NULL)
		return true;
	ring->bulk->heading(ring->bulk, &ring->input->records, &out);
	bool ok = put(ring->output.file, out.p, out.n);
	text_free(&out);
	return ok;
}

static bool run_ring(struct ring *ring, size_t threads)
{
	struct bulk *bulk = ring->bulk;

	bool opened = input_open(ring->input, bulk->input, &bulk->format, bulk->allow_duplicates);
	bool ok = opened && output_file_open(&ring->output, bulk->format.member, ring->input) &&
		  write_heading(ring) && run_threads(ring, threads);
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
		.size = bulk->in_order ? BATCHES_IN_ORDER : BATCHES_A_THREAD * threads,
		.sharers = bulk->in_order ? (unsigned)threads : 1,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER};

	bulk->client = client;
	bulk->format.utf8_only = settings.json;
	ring.input = malloc(sizeof *ring.input);
	bool ok = (ring.batches = batches_new(ring.size, ring.sharers)) && ring.input;
	ok = ok ? run_ring(&ring, threads) : fail_rv(CKR_HOST_MEMORY, "cannot begin");
	batches_free(ring.batches, ring.size, ring.sharers);
	free(ring.input);
	return ok;
}
