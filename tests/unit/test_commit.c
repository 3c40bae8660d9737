/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_commit.c: changes by many threads and processes at once, cut short by kills, on a full disk.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include <sqlite3.h>

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
			insert_and_exit(&"abcd"[p], 50);
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
		struct store_query query = {.label = text_bytes(&"abcd"[p])};
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
	if (!own_mounts() || mount("none", test_dir, "tmpfs", 0, "size=1m,mode=0700") != 0)
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

/* --- System calls of SQLite that fail --- */

typedef sqlite3_syscall_ptr call_ptr;

static call_ptr replace_call(const char *name, call_ptr call)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
	call_ptr before = vfs->xGetSystemCall(vfs, name);

	if (before != NULL)
		ck_assert_int_eq(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK);
	return before;
}

static bool journal_is_gone; /* the commit is made */
static short failing_lock;   /* F_UNLCK or F_RDLCK: fails once the commit is made */
static int failed_locks;

static int unlink_and_note(const char *path)
{
	int rv = unlink(path);

	journal_is_gone = strstr(path, "-journal") != NULL;
	return rv;
}

static int failing_fcntl(int fd, int command, ...)
{
	va_list list;

	va_start(list, command);
	void *arg = va_arg(list, void *);
	va_end(list);
	if (journal_is_gone && command == F_SETLK &&
		((struct flock *)arg)->l_type == failing_lock) {
		failed_locks++;
		errno = EIO;
		return -1;
	}
	return fcntl(fd, command, arg);
}

/* After the commit the change is made, and the call says so, whatever the unlocking says. */
START_TEST(unlock_after_a_commit_fails)
{
	static const short kinds[] = {F_UNLCK, F_RDLCK};
	int64_t id;
	struct record record;
	int status;

	store = new_store();
	failing_lock = kinds[_i];
	call_ptr own_unlink = replace_call("unlink", (call_ptr)unlink_and_note);
	call_ptr own_fcntl = replace_call("fcntl", (call_ptr)failing_fcntl);
	id = insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_int_gt(failed_locks, 0);
	replace_call("unlink", own_unlink);
	replace_call("fcntl", own_fcntl);
	ck_ok(store_read(store, id, &record));
	record_free(&record);
	pid_t child = fork(); /* nothing is left locked */
	if (child == 0)
		insert_and_exit("child", 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_gt(insert_sample(store, CKO_DATA, false, NULL, NULL), id);
	assert_whole(store, 3);
	store_close(store);
}
END_TEST

static int write_error; /* errno of every write to a journal */

static bool is_journal(int fd)
{
	char link[40], path[400];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path);
	return n > 8 && memcmp(path + n - 8, "-journal", 8) == 0;
}

static ssize_t failing_pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (!is_journal(fd))
		return pwrite(fd, p, n, at);
	errno = write_error;
	return -1;
}

static ssize_t failing_write(int fd, const void *p, size_t n)
{
	if (!is_journal(fd))
		return write(fd, p, n);
	errno = write_error;
	return -1;
}

static unsigned failing_opens;

/* Fails only where a journal is made, as a disk without room does. */
static int failing_open(const char *path, int flags, int mode)
{
	if (strstr(path, "-journal") == NULL || !(flags & O_CREAT) || failing_opens == 0)
		return open(path, flags, mode);
	failing_opens--;
	errno = write_error;
	return -1;
}

static const struct {
	int error;
	CK_RV rv;
} write_errors[] = {{EDQUOT, CKR_DEVICE_MEMORY}, {EFBIG, CKR_DEVICE_MEMORY},
	{ENOSPC, CKR_DEVICE_MEMORY}, {EIO, CKR_DEVICE_ERROR}, {EROFS, CKR_TOKEN_WRITE_PROTECTED}};

/* A quota, a file-size limit or a full disk that is met at the journal, while it is written. */
START_TEST(journal_cannot_be_written)
{
	struct sample_text text;
	struct record record = {.object_class = CKO_DATA};

	store = new_store();
	write_error = write_errors[_i].error;
	call_ptr own[3] = {replace_call("pwrite", (call_ptr)failing_pwrite),
		replace_call("pwrite64", (call_ptr)failing_pwrite),
		replace_call("write", (call_ptr)failing_write)};
	ck_rv(raw_insert(store, &record, sample_prepare, &text), write_errors[_i].rv);
	replace_call("pwrite", own[0]);
	replace_call("pwrite64", own[1]);
	replace_call("write", own[2]);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	assert_whole(store, 1);
	store_close(store);
}
END_TEST

/* The same while it is made: no inode is left. */
START_TEST(journal_cannot_be_made)
{
	struct sample_text text;
	struct record record = {.object_class = CKO_DATA};

	store = new_store();
	write_error = write_errors[_i].error;
	failing_opens = UINT_MAX;
	call_ptr own = replace_call("open", (call_ptr)failing_open);
	ck_rv(raw_insert(store, &record, sample_prepare, &text), write_errors[_i].rv);
	failing_opens = 1; /* at the second try there is room */
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	replace_call("open", own);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	assert_whole(store, 2);
	store_close(store);
}
END_TEST

/* No call waits for a writer of a FIFO that has the name of the journal. */
START_TEST(journal_is_no_file)
{
	struct sample_text text;
	struct record record = {.object_class = CKO_DATA};
	char journal[200];

	store = new_store();
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	snprintf(journal, sizeof journal, "%s/token.db-journal", token_dir);
	for (int i = 0; i < 3; i++) {
		int made = i == 0   ? mkfifo(journal, 0600)
			   : i == 1 ? mkdir(journal, 0700)
				    : symlink("token.gen", journal);
		ck_assert_int_eq(made, 0);
		ck_rv(raw_insert(store, &record, sample_prepare, &text), CKR_DEVICE_ERROR);
		ck_assert_int_eq(remove(journal), 0);
		insert_sample(store, CKO_DATA, false, NULL, NULL);
	}
	assert_whole(store, 4);
	store_close(store);
}
END_TEST

/* Makes the schema and forgets the savepoint, so that the queue cannot release the savepoint. */
static CK_RV run_without_savepoint(struct store *s, struct change *change)
{
	(void)change;
	TRY(s->backend->make_schema(s));
	return s->backend->release(s);
}

START_TEST(a_savepoint_that_cannot_be_released_undoes_the_commit)
{
	struct change change = {.run = run_without_savepoint, .creates = true};
	struct store_token token = sample_token(), stored;

	store = open_store();
	ck_rv(queue_commit(store, &change), CKR_DEVICE_ERROR);
	ck_rv(store_token_get(store, &stored), CKR_TOKEN_NOT_RECOGNIZED);
	ck_ok(raw_init(store, &token));
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	assert_whole(store, 1);
	store_close(store);
}
END_TEST

static int failures_left;

/* Opening for writing fails for a moment, opening for reading does not. */
static int passing_failure(const char *path, int flags, int mode)
{
	if ((flags & O_ACCMODE) == O_RDONLY || failures_left == 0)
		return open(path, flags, mode);
	failures_left--;
	errno = EMFILE;
	return -1;
}

START_TEST(a_passing_error_does_not_make_the_token_read_only)
{
	struct sample_text text;
	struct record record = {.object_class = CKO_DATA};

	store_close(new_store());
	store = open_store();
	failures_left = 1;
	call_ptr own = replace_call("open", (call_ptr)passing_failure);
	ck_rv(raw_insert(store, &record, sample_prepare, &text), CKR_DEVICE_ERROR);
	ck_assert_int_eq(failures_left, 0);
	ck_assert(!store_is_read_only(store));
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	replace_call("open", own);
	assert_whole(store, 1);
	store_close(store);
}
END_TEST

/* A PREPARE that fails, and after which SQLite has no memory left. */
static CK_RV prepare_without_memory(struct record *row, void *arg)
{
	(void)row;
	(void)arg;
	sqlite3_hard_heap_limit64(1);
	return CKR_HOST_MEMORY;
}

START_TEST(a_change_that_cannot_be_undone_is_not_kept_open)
{
	struct record record = {.object_class = CKO_DATA};

	store_close(new_store());
	store = open_store(); /* ROLLBACK has not been prepared yet */
	ck_rv(raw_insert(store, &record, prepare_without_memory, NULL), CKR_HOST_MEMORY);
	sqlite3_hard_heap_limit64(0);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	assert_whole(store, 1);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commit");
	TCase *tcase = tcase_create("commit");

	tcase_set_timeout(tcase, TIME_LIMIT);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, threads_share_commits);
	tcase_add_test(tcase, mixed_changes);
	tcase_add_test(tcase, processes_lose_nothing);
	tcase_add_test(tcase, killed_while_committing);
	tcase_add_test(tcase, file_size_limit);
	tcase_add_test(tcase, full_disk);
	tcase_add_test(tcase, last_sync_fails);
	tcase_add_loop_test(tcase, unlock_after_a_commit_fails, 0, 2);
	tcase_add_loop_test(tcase, journal_cannot_be_written, 0, 4);
	tcase_add_loop_test(tcase, journal_cannot_be_made, 0, 5);
	tcase_add_test(tcase, journal_is_no_file);
	tcase_add_test(tcase, a_savepoint_that_cannot_be_released_undoes_the_commit);
	tcase_add_test(tcase, a_change_that_cannot_be_undone_is_not_kept_open);
	tcase_add_test(tcase, a_passing_error_does_not_make_the_token_read_only);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
