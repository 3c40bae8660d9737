/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.c: count durable marks of replay windows a second, by threads of one process.
 *
 *     marks CONNINFO THREADS SECONDS [STREAMS]
 *
 * Each thread marks ascending counters of streams of its own, in turn. Print the marks a second,
 * and the marks in one commit. Exit with 1 if a mark was refused or failed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "key/crypto.h"
#include "state/window.h"
#include "store/postgresql/postgresql_backend.h"
#include "store/postgresql/postgresql_store.h"

#define THREADS_MAX 512
#define MASTER 1

static struct store *store;
static struct vault vault;
static _Atomic bool stop, failed;
static unsigned streams = 1;
static CK_RV (*commit)(struct store *store);
static _Atomic uint64_t commits;

struct worker {
	pthread_t thread;
	unsigned number;
	uint64_t marks;
};

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "marks: %s: %s\n", what, rv_name(rv));
	exit(1);
}

static CK_RV counted_commit(struct store *marks)
{
	atomic_fetch_add(&commits, 1);
	return commit(marks);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	char name[32];

	for (uint64_t i = 0; !atomic_load(&stop); i++) {
		int n = snprintf(name, sizeof name, "%u of %u", (unsigned)(i % streams), w->number);
		struct window_location at = {.store = store,
			.vault = &vault,
			.master = MASTER,
			.size = 64,
			.reserve = 1,
			.direction = WINDOW_INCOMING,
			.stream = bytes_of(name, (size_t)n)};
		CK_RV rv = window_mark(&at, 1 + i / streams);
		if (rv != CKR_OK) {
			fprintf(stderr, "marks: %s\n", rv_name(rv));
			atomic_store(&failed, true);
			break;
		}
		w->marks++;
	}
	return NULL;
}

static void log_in(void)
{
	SECRET key = {0};
	uint8_t uuid[VAULT_UUID_LEN], bytes[VAULT_KEY_LEN];

	memset(uuid, 0x11, sizeof uuid);
	memset(bytes, 0x77, sizeof bytes);
	must(vault_init(&vault), "vault");
	must(secret_set(&key, bytes, sizeof bytes), "key");
	must(vault_put_key(&vault, uuid, &key), "key");
}

/* Open a slot that no other test uses, with the windows of a master. */
static void open_slot(struct store_backend *backend, struct store_backend *marks)
{
	SNAPSHOT keys = {0};
	char dir[32];

	*backend = postgresql_backend;
	*marks = *backend->marks;
	commit = marks->commit;
	marks->commit = counted_commit;
	backend->marks = marks;
	snprintf(dir, sizeof dir, "/slot-%ld", 1000000 + (long)getpid());
	must(store_open_with(backend, dir, NULL, &store), "store");
	log_in();
	must(vault_snapshot_key(&vault, &keys), "key");
	must(windows_create(store, &keys, MASTER), "windows");
}

int main(int argc, char **argv)
{
	static struct store_backend backend, marks;
	static struct worker workers[THREADS_MAX];
	uint64_t all = 0;

	if (argc < 4)
		return 2;
	unsigned n = (unsigned)atoi(argv[2]), seconds = (unsigned)atoi(argv[3]);
	streams = argc > 4 ? (unsigned)atoi(argv[4]) : 1;
	snprintf(postgresql_settings.conninfo, sizeof postgresql_settings.conninfo, "%s", argv[1]);
	must(crypto_start(), "crypto");
	if (!log_open("stderr", LOG_WARNING) || n > THREADS_MAX)
		return 2;
	open_slot(&backend, &marks);
	for (unsigned i = 0; i < n; i++) {
		workers[i].number = i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	sleep(1); /* the streams are new */
	uint64_t before = 0, commits_before = atomic_load(&commits);
	for (unsigned i = 0; i < n; i++)
		before += workers[i].marks;
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	sleep(seconds);
	for (unsigned i = 0; i < n; i++)
		all += workers[i].marks;
	uint64_t commits_after = atomic_load(&commits);
	clock_gettime(CLOCK_MONOTONIC, &to);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	double time = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("%.0f marks/s, %.1f marks a commit, %.0f commits/s\n", (double)(all - before) / time,
		(double)(all - before) / (double)(commits_after - commits_before),
		(double)(commits_after - commits_before) / time);
	windows_close(&vault);
	store_close(store);
	return atomic_load(&failed);
}
