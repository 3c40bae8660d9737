/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windows.c: what replay windows cost, on the functions of src/state that the module calls.
 *
 * 	windows fill DIR N      write the marks of N streams
 * 	windows look DIR N      memory and time of look-ups among the N streams
 * 	windows durable DIR     marks by one thread, by many, and with a reservation
 *
 * `look` is a program of its own, so that its memory is that of look-ups alone.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "key/crypto.h"
#include "key/key.h"
#include "state/state.h"
#include "state/window.h"
#include "store/queue.h"

#define MASTER 1
#define SIZE 64
#define AT_ONCE 100000 /* marks in one transaction of `fill` */
#define THREADS 64
#define NAME_LEN 16

static struct store *store;
static struct vault vault;

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, rv_name(rv));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- A token --- */

static CK_RV run_init(struct store *s, struct change *change)
{
	struct store_token token = {.scrypt_log2_n = 14, .count_seal_len = 40};

	(void)change;
	TRY(s->backend->make_schema(s));
	return s->backend->token_update(s, &token);
}

static void open_all(const char *dir)
{
	SECRET key = {0};
	uint8_t uuid[VAULT_UUID_LEN] = {1}, bytes[VAULT_KEY_LEN] = {2};

	must(crypto_start(), "libcrypto");
	must(secret_set(&key, bytes, sizeof bytes), "key");
	must(vault_init(&vault), "vault");
	must(vault_put_key(&vault, uuid, &key), "vault");
	must(store_open(dir, &states_above_store, &store), "store");
}

static void make_master(void)
{
	SNAPSHOT keys = {0};
	struct change init = {.run = run_init, .creates = true};

	must(queue_commit(store, &init), "token.db");
	must(vault_snapshot_key(&vault, &keys), "vault");
	must(windows_create(store, &keys, MASTER), "windows.db");
}

static struct bytes name_of(uint64_t i, char name[NAME_LEN])
{
	return bytes_of(
		name, (size_t)snprintf(name, NAME_LEN, "SN-%010llu", (unsigned long long)i));
}

static struct window_location location(uint64_t reserve)
{
	return (struct window_location){.store = store,
		.vault = &vault,
		.master = MASTER,
		.size = SIZE,
		.reserve = reserve,
		.direction = WINDOW_INCOMING};
}

/* --- fill --- */

struct fill {
	struct key *key;
	uint8_t (*streams)[MARK_STREAM_LEN];
	size_t from, to;
};

/* Every stream has used the counters 1 to 100. */
static CK_RV write_some(struct store *marks, void *arg)
{
	struct fill *fill = arg;
	struct window_mark mark = {.master = MASTER, .set = window_set_empty(SIZE)};
	uint8_t sealed[MARK_MAX];
	size_t n;

	window_set_fill(&mark.set, 100);
	for (size_t i = fill->from; i < fill->to; i++) {
		memcpy(mark.stream, fill->streams[i], MARK_STREAM_LEN);
		TRY(mark_seal(fill->key, &mark, sealed, &n));
		TRY(marks_put(marks, MASTER, mark.stream, bytes_of(sealed, n)));
	}
	return CKR_OK;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, MARK_STREAM_LEN);
}

/* In the order of the table, because only the look-ups are measured. */
static void fill_all(size_t n)
{
	SNAPSHOT keys = {0};
	struct fill fill = {key_new(), calloc(n, MARK_STREAM_LEN), 0, 0};
	char name[NAME_LEN];

	must(fill.key && fill.streams ? CKR_OK : CKR_HOST_MEMORY, "memory");
	must(vault_snapshot_key(&vault, &keys), "vault");
	must(mark_key(&keys, fill.key), "key");
	for (size_t i = 0; i < n; i++)
		must(mark_stream(
			     fill.key, MASTER, WINDOW_INCOMING, name_of(i, name), fill.streams[i]),
			"stream");
	qsort(fill.streams, n, MARK_STREAM_LEN, compare);
	for (; fill.from < n; fill.from = fill.to) {
		fill.to = fill.from + AT_ONCE < n ? fill.from + AT_ONCE : n;
		must(store_marks_change(store, false,
			     &(struct store_marks_use){.edit = write_some, .arg = &fill}),
			"fill");
	}
	free(fill.streams);
	key_free(fill.key);
}

/* --- look --- */

static void print_memory(void)
{
	char line[200];
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmHWM", 5) == 0)
			printf("memory of the process at most: %s", line + 6);
	if (f != NULL)
		fclose(f);
}

static int open_file(const char *dir)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/windows.db", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 ? CKR_OK : CKR_DEVICE_ERROR, path);
	return fd;
}

/* Let the system read all of windows.db. */
static void make_warm(const char *dir)
{
	static char block[1 << 20];
	int fd = open_file(dir);

	while (read(fd, block, sizeof block) > 0)
		;
	close(fd);
}

/* Ask the system to forget what it has read of windows.db. */
static void make_cold(const char *dir)
{
	int fd = open_file(dir);

	if (fdatasync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		fprintf(stderr, "windows.db may still be in memory\n");
	close(fd);
}

/* The median microseconds of N uses of a used counter, each in a random stream of COUNT. */
static double look_up(uint64_t count, size_t n)
{
	struct window_location at = location(1);
	double *times = calloc(n, sizeof *times);
	char name[NAME_LEN];

	must(times ? CKR_OK : CKR_HOST_MEMORY, "memory");
	for (size_t i = 0; i < n; i++) {
		at.stream = name_of(((uint64_t)random() << 20 ^ (uint64_t)random()) % count, name);
		double start = now();
		CK_RV rv = window_mark(&at, 100);
		times[i] = now() - start;
		must(rv == CKR_KEYDIV_REPLAYED ? CKR_OK : CKR_GENERAL_ERROR, "a used counter");
	}
	for (size_t i = 1; i < n; i++) { /* few enough to sort by insertion */
		double t = times[i];
		size_t j = i;
		for (; j > 0 && times[j - 1] > t; j--)
			times[j] = times[j - 1];
		times[j] = t;
	}
	double median = times[n / 2] * 1e6;
	free(times);
	return median;
}

static void look(const char *dir, uint64_t count)
{
	make_warm(dir);
	look_up(count, 1000);
	printf("look-up, file in the system's memory, median: %.1f us\n", look_up(count, 20000));
	make_cold(dir);
	printf("look-up, file on the disk only, median: %.1f us\n", look_up(count, 1000));
	print_memory();
}

/* --- durable --- */

struct worker {
	pthread_t thread;
	uint64_t reserve, n, number;
};

static void *mark_in_order(void *arg)
{
	struct worker *w = arg;
	struct window_location at = location(w->reserve);
	char name[NAME_LEN];

	at.stream = name_of(1000000000 + w->number, name);
	for (uint64_t i = 0; i < w->n; i++)
		must(window_mark(&at, i), "mark");
	return NULL;
}

/* Marks a second by THREADS threads, each in a new stream. */
static double rate(unsigned threads, uint64_t reserve, uint64_t n)
{
	static uint64_t number;
	struct worker workers[THREADS];
	double start = now();

	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){.reserve = reserve, .n = n, .number = number++};
		if (pthread_create(&workers[i].thread, NULL, mark_in_order, &workers[i]) != 0)
			must(CKR_HOST_MEMORY, "thread");
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	return (double)(threads * n) / (now() - start);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ROUNDS 5

/* Side by side, in turns. The middle of the ratios counts. */
static void durable(void)
{
	double one[ROUNDS], many[ROUNDS], reserved[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double alone = rate(1, 1, 100);
		one[i] = alone;
		many[i] = rate(THREADS, 1, 100) / alone;
		reserved[i] = rate(1, 64, 6400) / alone;
	}
	qsort(one, ROUNDS, sizeof *one, ascending);
	qsort(many, ROUNDS, sizeof *many, ascending);
	qsort(reserved, ROUNDS, sizeof *reserved, ascending);
	printf("marks by one thread: %.0f a second\n", one[ROUNDS / 2]);
	printf("%d threads, as a ratio to one: %.1f\n", THREADS, many[ROUNDS / 2]);
	printf("RESERVE 64, as a ratio to RESERVE 1: %.1f\n", reserved[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	uint64_t n = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

	if (!((strcmp(what, "durable") == 0 && argc == 3) ||
		    ((strcmp(what, "fill") == 0 || strcmp(what, "look") == 0) && n > 0))) {
		fprintf(stderr, "usage: windows fill|look DIR N, windows durable DIR\n");
		return 2;
	}
	open_all(argv[2]);
	if (strcmp(what, "look") != 0)
		make_master();
	if (strcmp(what, "fill") == 0)
		fill_all(n);
	else if (strcmp(what, "look") == 0)
		look(argv[2], n);
	else
		durable();
	windows_logout(store, &vault);
	windows_close(&vault);
	store_close(store);
	vault_destroy(&vault);
	crypto_stop();
	return 0;
}
