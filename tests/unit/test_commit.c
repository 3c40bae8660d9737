/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_commit.c: changes by many threads and processes at once, cut short by kills, on a full disk.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "store_support.h"

#define THREADS 16
#define EACH 20

static struct store *store;

/* Every row there is whole, and there are EXPECTED of them. */
static void assert_whole(struct store *s, uint64_t expected)
{
	struct store_query all = {0};
	uint64_t seen = 0;

	for (;;) {
		struct record rows[64];
		size_t n;
		ck_ok(store_find(s, &all, rows, 64, &n));
		for (size_t i = 0; i < n; i++) {
			ck_assert(is_sample(&rows[i]));
			all.after = rows[i].id;
			record_free(&rows[i]);
		}
		seen += n;
		if (n == 0)
			break;
	}
	ck_assert_uint_eq(seen, expected);
	ck_assert_uint_eq(count_objects(s), expected);
}

/* A PREPARE that writes half a row and fails. */
static CK_RV fail_prepare(struct record *row, void *arg)
{
	row->sealed = text_bytes("half");
	return *(CK_RV *)arg;
}

struct worker {
	pthread_t thread;
	int number;
	int64_t ids[EACH]; /* 0: was to fail */
};

static void *insert_some(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < EACH; i++) {
		char label[20];
		CK_RV wanted =
			CKR_TEMPLATE_INCONSISTENT + (CK_RV)w->number; /* each thread its own */
		struct record row = {.object_class = CKO_DATA};
		snprintf(label, sizeof label, "%d-%d", w->number, i);
		if (i % 3 == 2) {
			row.label = text_bytes(label);
			ck_assert_uint_eq(raw_insert(store, &row, fail_prepare, &wanted), wanted);
		} else {
			w->ids[i] = insert_sample(store, CKO_DATA, false, label, NULL);
		}
	}
	return NULL;
}

/*
 * Each of many that share commits gets its own result and its own row, and failures
 * undo themselves only.
 */
START_TEST(threads_share_commits)
{
	static struct worker workers[THREADS];
	uint64_t good = 0;

	store = new_store();
	for (int t = 0; t < THREADS; t++) {
		workers[t].number = t;
		ck_assert_int_eq(
			pthread_create(&workers[t].thread, NULL, insert_some, &workers[t]), 0);
	}
	for (int t = 0; t < THREADS; t++)
		pthread_join(workers[t].thread, NULL);
	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i < EACH; i++) {
			char label[20];
			struct store_query query = {.label = bytes_of(label, 0)};
			int64_t ids[2];
			size_t n;
			query.label.n = (size_t)snprintf(label, sizeof label, "%d-%d", t, i);
			ck_ok(raw_find_ids(store, &query, ids, 2, &n));
			ck_assert_uint_eq(n, workers[t].ids[i] != 0);
			if (n)
				ck_assert_int_eq(ids[0], workers[t].ids[i]);
			good += n;
		}
	ck_assert_uint_eq(good, (uint64_t)THREADS * (EACH - EACH / 3));
	assert_whole(store, good);
	store_close(store);
}
END_TEST

static CK_RV count_up(struct store_token *token, void *arg)
{
	(void)arg;
	token->scrypt_log2_n++;
	return CKR_OK;
}

static void *count_up_often(void *arg)
{
	for (int i = 0; i < 5; i++)
		ck_ok(raw_token_update(arg, count_up, NULL));
	return NULL;
}

static void *remove_all(void *arg)
{
	for (int64_t id = 1; id <= EACH; id++)
		ck_ok(raw_remove(arg, id));
	return NULL;
}

/* Changes of several kinds at once; no increment is lost. */
START_TEST(mixed_changes)
{
	pthread_t threads[8], remover;
	struct store_token token;

	store = new_store();
	for (int i = 0; i < EACH + 3; i++)
		insert_sample(store, CKO_DATA, false, "row", NULL);
	for (int t = 0; t < 8; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, count_up_often, store), 0);
	ck_assert_int_eq(pthread_create(&remover, NULL, remove_all, store), 0);
	for (int t = 0; t < 8; t++)
		pthread_join(threads[t], NULL);
	pthread_join(remover, NULL);
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(token.scrypt_log2_n, 16 + 8 * 5);
	assert_whole(store, 3);
	store_close(store);
}
END_TEST

/*
 * In a child: open the store and insert N rows labelled LABEL; the exit code says whether
 * all went well.
 */
static void insert_and_exit(const char *label, int n)
{
	struct store *mine = NULL;
	struct sample_text text;
	CK_RV rv = store_open(token_dir, NULL, &mine);

	for (int i = 0; i < n && rv == CKR_OK; i++) {
		struct record row = {.object_class = CKO_DATA, .label = text_bytes(label)};
		rv = raw_insert(mine, &row, sample_prepare, &text);
	}
	store_close(mine);
	_exit(rv != CKR_OK);
}

START_TEST(processes_lose_nothing)
{
	pid_t children[4];

	store = new_store();
	uint64_t last = atomic_load(store_freshness(store)), seen = 0;
	for (int p = 0; p < 4; p++)
		if ((children[p] = fork()) == 0)
			insert_and_exit("abcd" + p, 50);
	for (int p = 0; p < 4; p++) {
		int status;
		while (waitpid(children[p], &status, WNOHANG) == 0) {
			uint64_t now = atomic_load(store_freshness(store));
			seen += now != last;
			last = now;
			uint64_t n = count_objects(store); /* readers are not in the way */
			ck_assert_uint_le(n, 200);
		}
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	for (int p = 0; p < 4; p++) {
		struct store_query query = {.label = text_bytes("abcd" + p)};
		int64_t ids[60];
		size_t n;
		ck_ok(raw_find_ids(store, &query, ids, 60, &n));
		ck_assert_uint_eq(n, 50);
	}
	assert_whole(store, 200);
	store_close(store);
}
END_TEST

/* A child reports each insert that returned CKR_OK here. */
static int report_fd;

/*
 * Insert records until the process is killed. The asserts of Check are not called here,
 * because they write to a file that the parent reads, and a killed process would leave half
 * a message there.
 */
static void *insert_and_report(void *arg)
{
	struct sample_text text;

	for (;;) {
		struct record record = {.object_class = CKO_DATA, .label = text_bytes("crash")};
		if (raw_insert(arg, &record, sample_prepare, &text) != CKR_OK ||
			write(report_fd, &record.id, sizeof record.id) != sizeof record.id)
			_exit(1);
	}
	return NULL;
}

static void crash_child(int fd)
{
	pthread_t threads[4];
	struct store *mine = open_store();

	report_fd = fd;
	for (int t = 0; t < 4; t++)
		pthread_create(&threads[t], NULL, insert_and_report, mine);
	for (;;)
		pause();
}

/*
 * Kill a process that inserts at any moment: what it reported is there, nothing is half there, the
 * next goes on.
 */
START_TEST(killed_while_committing)
{
	uint64_t reported = 0;

	store_close(new_store());
	srandom(7);
	for (int round = 0; round < 50; round++) {
		int pipe_fds[2], status;
		int64_t id = 0;
		struct timespec pause_for = {.tv_nsec = random() % 15000000};
		ck_assert_int_eq(pipe(pipe_fds), 0);
		pid_t child = fork();
		if (child == 0)
			crash_child(pipe_fds[1]);
		close(pipe_fds[1]);
		bool started = round % 4 == 0 || read(pipe_fds[0], &id, sizeof id) ==
							 sizeof id; /* some are killed before */
		ck_assert(started);
		nanosleep(&pause_for, NULL);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		ck_assert(WIFSIGNALED(status));
		store = open_store();
		while (id != 0 || read(pipe_fds[0], &id, sizeof id) == sizeof id) {
			struct record row;
			ck_ok(store_read(store, id, &row));
			ck_assert(is_sample(&row));
			record_free(&row);
			reported++;
			id = 0;
		}
		close(pipe_fds[0]);
		assert_whole(store, count_objects(store));
		store_close(store);
	}
	ck_assert_uint_gt(reported, 30);
}
END_TEST

static struct sample_text big_text;
static uint8_t big[60000];

static CK_RV big_prepare(struct record *row, void *arg)
{
	(void)sample_prepare(row, &big_text);
	row->object_id = bytes_of(arg, sizeof big);
	return CKR_OK;
}

/*
 * Insert until it fails with CKR_DEVICE_MEMORY; then everything that was there still is, and small
 * changes go on later.
 */
static void fill_up(void)
{
	CK_RV rv = CKR_OK;
	uint64_t n = 0;

	for (; rv == CKR_OK && n < 1000; n++) {
		struct record row = {.object_class = CKO_DATA};
		rv = raw_insert(store, &row, big_prepare, big);
	}
	ck_rv(rv, CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	assert_whole(store, n - 1);
}

START_TEST(file_size_limit)
{
	struct rlimit limit = {1 << 20, RLIM_INFINITY};

	store = new_store();
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_up();
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	store_close(store);
}
END_TEST

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

/*
 * Return true if this process may mount something for itself alone, as root or in a user namespace.
 */
static bool own_mounts(void)
{
	char map[40];

	if (unshare(CLONE_NEWNS) != 0) {
		unsigned uid = geteuid(), gid = getegid();
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			return false;
		snprintf(map, sizeof map, "0 %u 1", uid);
		write_text("/proc/self/uid_map", map);
		write_text("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "0 %u 1", gid);
		write_text("/proc/self/gid_map", map);
	}
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

/* A file system of 1 MiB, where this user may have one of his own. */
START_TEST(full_disk)
{
	if (!own_mounts() || mount("none", test_dir, "tmpfs", 0, "size=1m,mode=0777") != 0)
		return; /* file_size_limit has tried it in the other way */
	store = new_store();
	fill_up();
	store_close(store);
	/* Full from the start: nothing can be made. */
	snprintf(token_dir, sizeof token_dir, "%s/second", test_dir);
	char path[100];
	snprintf(path, sizeof path, "%s/filler", test_dir);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	while (write(fd, big, 4096) == 4096)
		;
	struct store_token token = sample_token();
	CK_RV rv = store_open(token_dir, NULL, &store);
	if (rv == CKR_OK) {
		ck_rv(raw_init(store, &token), CKR_DEVICE_MEMORY);
		ck_rv(store_token_get(store, &token), CKR_TOKEN_NOT_RECOGNIZED);
		ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 1);
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_ok(raw_init(store, &token));
		ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
		store_close(store);
	}
	close(fd);
	ck_assert_int_eq(umount2(test_dir, MNT_DETACH), 0);
}
END_TEST

/* Syncs of a directory that go well yet, then those that fail; SQLite's and ours come here. */
static int good_syncs, failing_syncs;

static int sync_fails(int fd)
{
	struct stat st;

	if (failing_syncs == 0 || fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (good_syncs-- > 0)
		return 0;
	failing_syncs--;
	good_syncs = 0;
	errno = EIO;
	return -1;
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return sync_fails(fd) != 0 ? -1 : (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return sync_fails(fd) != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

/*
 * A change is not called failed while everybody sees it, if the directory's sync can be had at
 * the second try.
 */
START_TEST(last_sync_fails)
{
	struct sample_text text;
	struct record row = {.object_class = CKO_DATA};

	store = new_store();
	good_syncs = failing_syncs = 1; /* the first is of the journal's name */
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_int_eq(
		failing_syncs, 0); /* or SQLite syncs by another function: nothing was tried */
	assert_whole(store, 1);
	good_syncs = 1;
	failing_syncs = 2;
	ck_rv(raw_insert(store, &row, sample_prepare, &text), CKR_DEVICE_ERROR);
	ck_assert_int_eq(failing_syncs, 0);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	assert_whole(store, 3);
	store_close(store);
}
END_TEST

RUN_SUITE("commit", threads_share_commits, mixed_changes, processes_lose_nothing,
	killed_while_committing, file_size_limit, full_disk, last_sync_fails)
