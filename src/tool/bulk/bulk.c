/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.c: a ring of batches between one reader (the calling thread), workers with a session each,
 * and one writer.
 *
 * A batch goes FREE -> FULL (reader) -> DONE (some worker) -> FREE (writer); reader and writer walk
 * the ring in order, so the output is in the order of the input and memory does not grow with it.
 * One lock guards the states; it is taken a few times a batch, not a line.
 */
#include "tool/bulk/bulk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/bulk/progress.h"
#include "tool/options.h"
#include "tool/output.h"
#include "tool/report.h"

#define LINES 1024      /* in a batch: handing one over costs some 10 us, deriving a key 1 us */
#define LINES_STORED 64 /* where each waits for the disk */
#define THREADS_MAX 256
#define BATCHES_A_THREAD 4
#define STORING_THREADS                                                                            \
	64 /* storing waits for the disk, and threads that wait at once share its writes */

enum state { FREE, FULL, DONE };

struct batch {
	enum state state;
	size_t lines;
	size_t end[LINES];                /* where line i ends in `in` */
	unsigned long long number[LINES]; /* of line i in the input, for messages */
	uint64_t bytes;                   /* of input read up to here */
	struct text in, out;
	bool failed;
	unsigned long long failed_line;
	size_t done;
	struct problem problem;
};

struct ring {
	struct bulk *bulk;
	struct bulk_files files;
	struct batch *batches;
	size_t size;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long long filled, taken; /* batches so far */
	bool ended;                       /* no more batches will be filled */
	bool stop;                        /* something failed; reported */
};

bool member_fits(const char *member, const char *text, size_t n, struct problem *problem)
{
	if (n == 0)
		return problem_set(problem, CKR_OK, "the %s is empty", member);
	if (settings.json && !is_utf8(text, n))
		return problem_set(problem, CKR_OK,
			"the %s '%s' is not UTF-8, as JSON has to be: leave out --json", member,
			text);
	return true;
}

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

/* Fill BATCH; 0 at the end of the input, -1: reported. */
static int fill(struct ring *ring, struct batch *batch)
{
	batch->lines = batch->done = 0;
	batch->failed = false;
	text_clear(&batch->in);
	text_clear(&batch->out);
	while (batch->lines < (ring->bulk->write ? LINES_STORED : LINES)) {
		ssize_t n = bulk_files_read(&ring->files);
		if (n == -2)
			return -1;
		if (n < 0)
			break;
		text_add(&batch->in, ring->files.buffer, (size_t)n);
		batch->number[batch->lines] = ring->files.line;
		batch->end[batch->lines++] = batch->in.n;
	}
	batch->bytes = ring->files.bytes;
	return batch->lines > 0;
}

static bool read_all(struct ring *ring)
{
	int more;

	while (true) {
		struct batch *batch = &ring->batches[ring->filled % ring->size];
		pthread_mutex_lock(&ring->lock);
		while (batch->state != FREE && !ring->stop)
			pthread_cond_wait(&ring->changed, &ring->lock);
		bool stopped = ring->stop;
		pthread_mutex_unlock(&ring->lock);
		if (stopped)
			return false;
		more = fill(ring, batch);
		pthread_mutex_lock(&ring->lock);
		if (more > 0) {
			batch->state = FULL;
			ring->filled++;
		} else {
			ring->ended = true;
		}
		pthread_cond_broadcast(&ring->changed);
		pthread_mutex_unlock(&ring->lock);
		if (more <= 0)
			return more == 0;
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

static void *worker(void *data)
{
	struct ring *ring = data;
	struct bulk *bulk = ring->bulk;
	CK_SESSION_HANDLE session;
	struct batch *batch;

	if (!client_open_session(bulk->client, bulk->write, &session)) {
		stop(ring);
		return NULL;
	}
	while ((batch = take(ring))) {
		size_t start = 0;
		for (size_t i = 0; i < batch->lines && !batch->failed; start = batch->end[i++]) {
			size_t before = batch->out.n;
			if (bulk->work(bulk, session, batch->in.p + start, batch->end[i] - start,
				    &batch->out, &batch->problem)) {
				batch->done++;
				continue;
			}
			batch->failed = true;
			batch->failed_line = batch->number[i];
			batch->out.n = before;
		}
		set_state(ring, batch, DONE);
	}
	(void)bulk->client->f->C_CloseSession(session);
	return NULL;
}

/* --- the writer --- */

/* Write what is DONE. False: reported. */
static bool write_batch(struct ring *ring, struct batch *batch)
{
	FILE *out = ring->files.out;

	if (batch->out.n > 0 && fwrite(batch->out.p, 1, batch->out.n, out) != batch->out.n)
		return fail("cannot write the output: %s", strerror(errno));
	return batch->failed ? problem_report(&batch->problem, batch->failed_line) : true;
}

static void *writer(void *data)
{
	struct ring *ring = data;
	struct progress progress;
	uint64_t records = 0;

	progress_start(&progress, fileno(ring->files.out), ring->files.total, ring->files.bytes);
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
	bool ok = started == threads;
	if (!ok) {
		fail("cannot start %zu threads: try a smaller --threads", threads);
		stop(ring);
	}
	ok = read_all(ring) && ok;
	for (size_t i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	pthread_join(writer_id, NULL);
	return ok && !ring->stop;
}

bool bulk_options_fit(const struct bulk *bulk)
{
	if (!bulk->input && (bulk->output || bulk->resume || bulk->header || bulk->column ||
				    bulk->threads >= 0))
		return fail("--output, --resume, --header, --column and --threads go with --csv");
	if (bulk->resume && !bulk->output)
		return fail("--resume needs --output: the file to go on with");
	if (bulk->threads == 0 || bulk->threads > THREADS_MAX)
		return fail("--threads wants 1 to %d", THREADS_MAX);
	return true;
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

bool bulk_run(struct bulk *bulk, struct client *client)
{
	size_t threads = how_many(bulk);
	struct ring ring = {.bulk = bulk,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER};

	bulk->client = client;
	ring.size = BATCHES_A_THREAD * threads;
	ring.batches = calloc(ring.size, sizeof *ring.batches);
	if (!ring.batches)
		return fail_rv(CKR_HOST_MEMORY, "cannot begin");
	bool ok = bulk_files_open(bulk, &ring.files) && run_threads(&ring, threads);
	ok = bulk_files_close(bulk, &ring.files, ok);
	for (size_t i = 0; i < ring.size; i++) {
		text_free(&ring.batches[i].in);
		text_free(&ring.batches[i].out);
	}
	free(ring.batches);
	return ok;
}
