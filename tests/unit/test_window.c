/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window.c: replay windows in the store: each counter once, whatever threads, processes,
 * kills, full disks and edited files do.
 *
 * KEYDIV_TEST_KILLS names the number of kills of the last test, 60 by default.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "state/window_leave.h"
#include "window_support.h"

/* --- One process --- */

START_TEST(each_counter_once)
{
	start();
	struct window_location at = stream("a", 64), out = at, other = stream("b", 64);
	out.direction = WINDOW_OUTGOING;

	accepted(&at, 0);
	replayed(&at, 0);
	accepted(&at, 100);
	accepted(&at, 36);
	replayed(&at, 35);
	replayed(&at, 36);
	accepted(&other, 36); /* another stream */
	accepted(&out, 36);   /* another direction */
	replayed(&out, 36);
	replayed(&out, 35);
	accepted(&out, 37);
	accepted(&at, UINT64_MAX);
	replayed(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 64);
	replayed(&at, UINT64_MAX - 65);
	other.master = OTHER_MASTER;
	accepted(&other, 36); /* another master */
	other.direction = WINDOW_OUTGOING;
	accepted(&other, 0); /* the lowest counter of a new stream */
	replayed(&other, 0);
	close_all();
	open_all();
	at = stream("a", 64);
	replayed(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 63);
	close_all();
}
END_TEST

/* --- Reservations --- */

START_TEST(a_reservation)
{
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 14); /* 5 to 14 */
	accepted(&at, 14);
	accepted(&at, 6);
	replayed(&at, 6);
	replayed(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 14);
	accepted(&at, 15);
	ck_assert_uint_eq(stored(at).highest, 24);
	accepted(&at, 7); /* of the first reservation */
	replayed(&at, 15);
	close_all();
	open_all();
	at = reserving("a", 64, 10);
	ck_assert_uint_eq(stored(at).highest, 15); /* written back */
	replayed(&at, 15);
	replayed(&at, 7);
	accepted(&at, 8);
	accepted(&at, 16);
	close_all();
}
END_TEST

START_TEST(a_reservation_at_the_end_of_the_range)
{
	start();
	struct window_location at = reserving("a", 1024, 4096);

	accepted(&at, UINT64_MAX - 3);
	accepted(&at, UINT64_MAX);
	accepted(&at, UINT64_MAX - 1);
	replayed(&at, UINT64_MAX);
	replayed(&at, 0);
	close_all();
}
END_TEST

/* An entry is believed only if each of its marks says so. */
START_TEST(a_known_reservation)
{
	start();
	uint64_t now = atomic_load(store_freshness(store));
	ck_assert_uint_eq(now & 1, 0);
	const struct window_entry good = {.owner = 1, .phase = WINDOW_AT_REST, .freshness = now};
	struct window_entry e = good;

	ck_assert(window_is_known(&e, store));
	e.phase = WINDOW_EXTENDING;
	ck_assert(window_is_known(&e, store));
	e.phase = WINDOW_LEAVING;
	ck_assert(!window_is_known(&e, store));
	e = good;
	e.owner = 0;
	ck_assert(!window_is_known(&e, store));
	ck_assert(window_is_known(&e, NULL)); /* of a session master */
	e = good;
	e.freshness = now + 2;
	ck_assert(!window_is_known(&e, store));
	ck_ok(store_touch(store));
	ck_assert(!window_is_known(&good, store));
	close_all();
}
END_TEST

/* Two vaults have nothing in common but the file, as two processes do. */
START_TEST(reservations_of_two)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1); /* 1 to 10 */
	for (uint64_t c = 0; c <= 10; c++)
		replayed(&theirs, c);
	accepted(&theirs, 11); /* 11 to 20 */
	accepted(&mine, 2);
	replayed(&mine, 1);
	replayed(&mine, 12);
	accepted(&theirs, 12);
	accepted(&mine, 21); /* 21 to 30; what was left of 1 to 10 is skipped */
	replayed(&mine, 13);
	accepted(&theirs, 13);
	replayed(&theirs, 22);
	accepted(&mine, 22);
	windows_logout(store, &second); /* writes nothing back over the newer mark */
	replayed(&theirs, 14);
	replayed(&theirs, 22);
	accepted(&mine, 23);
	windows_logout(store, &vault);
	replayed(&theirs, 23);
	accepted(&theirs, 24);
	close_vault(&second);
	close_all();
}
END_TEST

/* A stream that somebody forgets: a reservation of another process ends, too. */
START_TEST(forgotten_by_another)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	ck_ok(window_forget(&theirs));
	accepted(&theirs, 1); /* 1 to 10 are theirs now */
	replayed(&mine, 2);
	replayed(&mine, 1);
	accepted(&theirs, 2);
	windows_logout(store, &vault); /* must not free what is theirs */
	replayed(&mine, 3);
	accepted(&theirs, 3);
	close_vault(&second);
	close_all();
}
END_TEST

/* More streams than reservations fit into memory: the oldest are written back. */
START_TEST(reservations_have_a_bound)
{
	start();
	struct window_location at = reserving("", 8, 4);
	uint8_t name[4];
	at.stream = bytes_of(name, sizeof name);

	for (uint32_t i = 0; i < WINDOW_RESERVED_MAX + 10; i++) {
		put_be32(name, i);
		accepted(&at, 1);
	}
	put_be32(name, 0);
	ck_assert_uint_eq(stored(at).highest, 1);
	replayed(&at, 1);
	accepted(&at, 2);
	put_be32(name, WINDOW_RESERVED_MAX);
	ck_assert_uint_eq(stored(at).highest, 4);
	accepted(&at, 3);
	replayed(&at, 1);
	close_all();
}
END_TEST

START_TEST(reserve_set_back_to_one)
{
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	at.reserve = 1;
	accepted(&at, 2);
	replayed(&at, 1);
	accepted(&at, 11);
	accepted(&at, 10);
	replayed(&at, 11);
	replayed(&at, 10);
	close_all();
}
END_TEST

/* --- Threads and processes --- */

#define THREADS 16
#define COUNTERS 60

static _Atomic unsigned times[COUNTERS]; /* that each counter was accepted */

static void *mark_all(void *arg)
{
	const struct window_location *at = arg;

	for (uint64_t c = 0; c < COUNTERS; c++) {
		CK_RV rv = window_mark(at, c);
		if (rv == CKR_OK)
			atomic_fetch_add(&times[c], 1);
		else
			ck_rv(rv, CKR_KEYDIV_REPLAYED);
	}
	return NULL;
}

static void race(struct window_location at)
{
	pthread_t threads[THREADS];

	memset(times, 0, sizeof times);
	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, mark_all, &at), 0);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (unsigned c = 0; c < COUNTERS; c++)
		ck_assert_uint_eq(times[c], 1);
}

START_TEST(threads_on_the_same_counters)
{
	start();
	race(stream("a", 1024));
	race(reserving("b", 1024, 2));
	race(reserving("c", 1024, 16));
	struct window_location memory = stream("d", 1024);
	memory.store = NULL;
	race(memory);
	close_all();
}
END_TEST

/* Accepted counters of two streams, shared by all processes of a test. */
#define SHARED_COUNTERS (1 << 22)
struct shared {
	_Atomic uint64_t progress[2];
	_Atomic uint8_t times[2][SHARED_COUNTERS];
};

static struct shared *share(void)
{
	void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

static void unshare_all(struct shared *shared)
{
	munmap(shared, sizeof *shared);
}

static const char *const names[2] = {"exact", "reserved"};

/* Use a counter near the highest that was accepted. An error other than a replay is returned. */
static CK_RV use_some(struct shared *shared, unsigned *seed)
{
	unsigned which = (unsigned)rand_r(seed) % 2;
	struct window_location at = reserving(names[which], 64, which == 0 ? 1 : 7);
	uint64_t now = atomic_load(&shared->progress[which]);
	uint64_t up = (uint64_t)rand_r(seed) % 4, down = (uint64_t)rand_r(seed) % 70;
	uint64_t counter = rand_r(seed) % 2 ? now + up : now > down ? now - down : 0;

	if (counter >= SHARED_COUNTERS)
		return CKR_OK;
	CK_RV rv = window_mark(&at, counter);
	if (rv != CKR_OK)
		return rv == CKR_KEYDIV_REPLAYED ? CKR_OK : rv;
	atomic_fetch_add(&shared->times[which][counter], 1);
	while (now < counter &&
		!atomic_compare_exchange_weak(&shared->progress[which], &now, counter))
		;
	return CKR_OK;
}

/* No counter was accepted twice. Returns how many were accepted. */
static uint64_t check_shared(struct shared *shared)
{
	uint64_t sum = 0;

	for (unsigned which = 0; which < 2; which++)
		for (uint64_t c = 0; c <= shared->progress[which]; c++) {
			ck_assert_uint_le(shared->times[which][c], 1);
			sum += shared->times[which][c];
		}
	return sum;
}

struct worker {
	pthread_t thread;
	struct shared *shared;
	unsigned seed, uses;
};

/* Exit with 1 if a use fails. The asserts of Check belong to the parent. */
static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < w->uses; i++) {
		CK_RV rv = use_some(w->shared, &w->seed);
		if (rv != CKR_OK) {
			fprintf(stderr, "a use gives %s\n", rv_name(rv));
			_exit(1);
		}
	}
	return NULL;
}

/* A child that opens the store and uses counters in four threads. */
static pid_t start_child(struct shared *shared, unsigned seed, unsigned uses)
{
	struct worker workers[4];
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child != 0)
		return child;
	open_all();
	for (unsigned t = 0; t < 4; t++) {
		workers[t] = (struct worker){.shared = shared, .seed = 4 * seed + t, .uses = uses};
		if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0)
			_exit(1);
	}
	for (unsigned t = 0; t < 4; t++)
		pthread_join(workers[t].thread, NULL);
	close_all();
	_exit(0);
}

START_TEST(processes_on_the_same_counters)
{
	struct shared *shared = share();
	pid_t children[4];
	int status;

	start();
	close_all();
	for (unsigned i = 0; i < 4; i++)
		children[i] = start_child(shared, i, 150);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_uint_gt(check_shared(shared), 100);
	unshare_all(shared);
}
END_TEST

static void wait_a_moment(long most_ns)
{
	struct timespec pause_for = {.tv_nsec = random() % most_ns};

	nanosleep(&pause_for, NULL);
}

/* Two processes use counters; each in turn is killed at a random moment and started again. */
START_TEST(killed_while_marking)
{
	const char *text = getenv("KEYDIV_TEST_KILLS");
	unsigned kills = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 60;
	struct shared *shared = share();
	pid_t children[2];
	int status;

	start();
	close_all();
	srandom((unsigned)getpid());
	for (unsigned i = 0; i < 2; i++)
		children[i] = start_child(shared, i, UINT32_MAX);
	for (unsigned i = 0; i < kills; i++) {
		pid_t *child = &children[i % 2];
		wait_a_moment(i % 2 ? 5000000 : 40000000); /* also while the store is opened */
		ck_assert_int_eq(kill(*child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(*child, &status, 0), *child);
		ck_assert(WIFSIGNALED(status)); /* did not end by an error */
		*child = start_child(shared, i + 2, UINT32_MAX);
	}
	while (check_shared(shared) == 0) /* where every child was too slow to accept a counter */
		wait_a_moment(5000000);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(kill(children[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
	}
	uint64_t marked = check_shared(shared);
	ck_assert_uint_gt(marked, 0);
	if (text != NULL)
		printf("%u kills, %llu counters accepted, none twice\n", kills,
			(unsigned long long)marked);
	open_all(); /* what was accepted is still refused */
	for (unsigned which = 0; which < 2; which++) {
		struct window_location at = reserving(names[which], 64, which == 0 ? 1 : 7);
		for (uint64_t c = shared->progress[which], n = 0; n < 64 && c > 0; n++, c--)
			if (shared->times[which][c] > 0)
				replayed(&at, c);
	}
	close_all();
	unshare_all(shared);
}
END_TEST

/* A forked child has no reservation of its parent. */
START_TEST(a_fork)
{
	int status;
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	pid_t child = fork();
	if (child == 0) {
		windows_forked();
		vault_forked(&vault);
		store_abandon(store);
		open_all();
		at.store = store;
		bool right = window_mark(&at, 2) == CKR_KEYDIV_REPLAYED &&
			     window_mark(&at, 11) == CKR_OK;
		close_all();
		_exit(right ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	accepted(&at, 2);
	replayed(&at, 11);
	close_all();
}
END_TEST

/* --- Disks that refuse --- */

/* Nothing is accepted that is not marked, and what was refused can be used later. */
START_TEST(a_full_disk)
{
	struct rlimit limit, unlimited;
	struct stat st;
	start();
	struct window_location at = stream("", 1024);
	char name[8];
	CK_RV rv = CKR_OK;
	unsigned n = 0;

	for (; n < 200; n++) { /* the journal, too, has then room in the size of the file */
		at.stream = bytes_of(name, (size_t)snprintf(name, sizeof name, "%u", n));
		accepted(&at, 5);
	}
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(stat(in_token("windows.db"), &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	limit = unlimited;
	limit.rlim_cur = (rlim_t)st.st_size;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	while (n < 10000 && rv == CKR_OK) {
		at.stream = bytes_of(name, (size_t)snprintf(name, sizeof name, "%u", n++));
		rv = window_mark(&at, 5);
	}
	ck_rv(rv, CKR_DEVICE_MEMORY);
	ck_assert_uint_gt(n, 201);
	limit.rlim_cur = 1024; /* not even a journal */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_rv(window_mark(&at, 5), CKR_DEVICE_MEMORY);
	at.reserve = 64;
	ck_rv(window_mark(&at, 5), CKR_DEVICE_MEMORY);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	accepted(&at, 5);
	replayed(&at, 5);
	for (unsigned i = 0; i + 1 < n; i++) {
		at.stream = bytes_of(name, (size_t)snprintf(name, sizeof name, "%u", i));
		replayed(&at, 5);
	}
	close_all();
}
END_TEST

/* Syncs that fail, of files or of directories. */
static _Atomic bool failing_files, failing_directories;

static bool sync_fails(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (!(S_ISDIR(st.st_mode) ? failing_directories : failing_files))
		return false;
	errno = EIO;
	return true;
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return sync_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return sync_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

/* The whole of a shared commit fails. */
static void *mark_one(void *arg)
{
	struct window_location *at = arg;

	ck_rv(window_mark(at, 1), CKR_DEVICE_ERROR);
	return NULL;
}

START_TEST(a_disk_that_does_not_sync)
{
	static const char *const streams[8] = {"0", "1", "2", "3", "4", "5", "6", "7"};
	struct window_location at[8];
	pthread_t threads[8];
	start();

	for (int t = 0; t < 8; t++)
		at[t] = reserving(streams[t], 64, t < 4 ? 1 : 10);
	failing_files = true;
	for (int t = 0; t < 8; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, mark_one, &at[t]), 0);
	for (int t = 0; t < 8; t++)
		pthread_join(threads[t], NULL);
	failing_files = false;
	for (int t = 0; t < 8; t++) {
		accepted(&at[t], 1);
		replayed(&at[t], 1);
	}
	close_all();
}
END_TEST

/*
 * A commit of which nobody knows whether it lasts: the reservations that it was to write back are
 * given up, so no counter is free in memory and in the file.
 */
START_TEST(an_uncertain_commit)
{
	start();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 1);
	failing_directories = true;
	windows_logout(store, &vault);
	failing_directories = false;
	accepted(&at, 11);
	replayed(&at, 1);
	CK_RV rv = window_mark(&at, 2); /* free if the commit has lasted */
	ck_assert(rv == CKR_OK || rv == CKR_KEYDIV_REPLAYED);
	replayed(&at, 2);
	failing_directories = true;
	rv = window_mark(&at, 100);
	failing_directories = false;
	ck_rv(rv, CKR_DEVICE_ERROR);
	replayed(&at, 100); /* the mark was made, although nobody was told */
	close_all();
}
END_TEST

/* --- Edited files --- */

static sqlite3 *open_raw(void)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(in_token("windows.db"), &db), SQLITE_OK);
	return db;
}

static void edit(const char *sql)
{
	sqlite3 *db = open_raw();
	char *message = NULL;

	ck_assert_msg(
		sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
	ck_assert_int_gt(sqlite3_changes(db), 0);
	sqlite3_close(db);
}

/* Marks of two streams, masters and directions. */
static void some_marks(struct window_location *at)
{
	*at = stream("a", 64);
	accepted(at, 10);
	at->stream = text_bytes("b");
	accepted(at, 20);
	at->direction = WINDOW_OUTGOING;
	accepted(at, 30);
	*at = stream("a", 64);
	at->master = OTHER_MASTER;
	accepted(at, 40);
	*at = stream("a", 64);
}

START_TEST(an_edited_mark)
{
	/* Each changes marks that have counters, and no head. */
#define MARKS " WHERE length(mark) > 16"
#define BLOB(parts) "UPDATE mark SET mark = CAST(" parts " AS BLOB)" MARKS
	static const char *const edits[] = {
		BLOB("substr(mark, 1, length(mark) - 1) || x'00'"),
		BLOB("x'00000000000000ff' || substr(mark, 9)"),
		BLOB("substr(mark, 1, 8) || x'0000000000000001' || substr(mark, 17)"),
		BLOB("substr(mark, 1, 16) || x'ff' || substr(mark, 18)"),
		BLOB("mark || x'00'"),
		BLOB("substr(mark, 2)"),
		BLOB("x'00'"),
		BLOB("x''"),
		"UPDATE mark SET mark = NULL" MARKS,
		"UPDATE mark SET mark = zeroblob(1000)" MARKS,
		"UPDATE mark SET mark = 'text'" MARKS,
		"UPDATE mark SET mark = (SELECT mark FROM mark m WHERE length(m.mark) = 16)" MARKS,
	};
	start();
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		struct window_location at;
		some_marks(&at);
		edit(edits[i]);
		ck_rv(window_mark(&at, 11), CKR_DEVICE_ERROR);
		ck_rv(window_mark(&at, 10), CKR_DEVICE_ERROR);
		at.reserve = 9;
		ck_rv(window_mark(&at, 11), CKR_DEVICE_ERROR);
		ck_ok(window_forget(&at)); /* the way out */
		at.reserve = 1;
		edit("DELETE FROM mark WHERE stream != zeroblob(16)");
	}
	close_all();
}
END_TEST

/* A mark that was moved to another stream, master or direction does not open there. */
START_TEST(a_moved_mark)
{
	struct window_location at;
	start();

	some_marks(&at);
	/* Every mark that has counters gets the text of another one. */
	edit("CREATE TEMP TABLE old AS SELECT * FROM mark; "
	     "UPDATE mark SET mark = (SELECT old.mark FROM old WHERE length(old.mark) > 16 AND "
	     "(old.master, old.stream) != (mark.master, mark.stream) LIMIT 1)" MARKS);
	ck_rv(window_mark(&at, 50), CKR_DEVICE_ERROR);
	at.stream = text_bytes("b");
	ck_rv(window_mark(&at, 50), CKR_DEVICE_ERROR);
	at.direction = WINDOW_OUTGOING;
	ck_rv(window_mark(&at, 50), CKR_DEVICE_ERROR);
	close_all();
}
END_TEST

#define STREAMS 24
#define ROW_BITS (8 * (1 + MARK_STREAM_LEN)) /* of the master, which is one byte, and the stream */

static uint8_t pages[1 << 16];
static size_t pages_len;

static void write_pages(void)
{
	int fd = open(in_token("windows.db"), O_WRONLY);

	ck_assert_int_eq(pwrite(fd, pages, pages_len, 0), (ssize_t)pages_len);
	close(fd);
}

/* Read the file. Return the bytes of the master and the stream NAME in it. */
static uint8_t *find_row(const uint8_t name[MARK_STREAM_LEN])
{
	int fd = open(in_token("windows.db"), O_RDONLY);

	pages_len = (size_t)read(fd, pages, sizeof pages);
	close(fd);
	uint8_t *at = memmem(pages, pages_len, name, MARK_STREAM_LEN);
	ck_assert_ptr_nonnull(at);
	return at - 1;
}

/* A stream whose row has a flipped bit in its name or master is not taken for a new one. */
START_TEST(a_flipped_bit_of_a_name)
{
	uint8_t name[MARK_STREAM_LEN];
	char text[16];
	start();
	struct window_location at = stream("0", 64);

	for (int i = 0; i < STREAMS; i++) {
		snprintf(text, sizeof text, "%d", i);
		at.stream = text_bytes(text);
		accepted(&at, 10);
	}
	at.stream = text_bytes("0");
	ck_ok(window_name(window_space_of(at.vault, true), &at, name));
	close_all();
	uint8_t *row = find_row(name);
	for (unsigned bit = 0; bit < ROW_BITS; bit++) {
		row[bit / 8] ^= (uint8_t)(1u << bit % 8);
		write_pages();
		open_all();
		at = stream("0", 64);
		ck_rv(window_mark(&at, 10), CKR_DEVICE_ERROR);
		close_all();
		row[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	write_pages();
	open_all();
	at = stream("0", 64);
	ck_rv(window_mark(&at, 10), CKR_KEYDIV_REPLAYED);
	close_all();
}
END_TEST

/* The row of a destroyed master is of no use to another master. */
START_TEST(a_row_of_another_master)
{
	struct window_location at;
	start();

	some_marks(&at);
	at.master = OTHER_MASTER;
	edit("DELETE FROM mark WHERE master = 8");
	edit("UPDATE mark SET master = 8 WHERE master = 7");
	ck_rv(window_mark(&at, 50), CKR_DEVICE_ERROR); /* the head is that of 7, too */
	close_all();
}
END_TEST

/* Windows are never lost silently with their file. */
START_TEST(a_missing_file)
{
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 1);
	close_all();
	ck_assert_int_eq(unlink(in_token("windows.db")), 0);
	open_all();
	at = stream("a", 64);
	ck_rv(window_mark(&at, 1), CKR_DEVICE_ERROR);
	ck_rv(window_mark(&at, 2), CKR_DEVICE_ERROR);
	make_master(OTHER_MASTER); /* makes the file again */
	ck_rv(window_mark(&at, 2), CKR_DEVICE_ERROR);
	at.master = OTHER_MASTER;
	accepted(&at, 2);
	close_all();
}
END_TEST

/* A window of another size, as an edited attribute would say. */
START_TEST(another_size)
{
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 100);
	at.size = 1024;
	ck_rv(window_mark(&at, 1), CKR_DEVICE_ERROR);
	close_all();
}
END_TEST

/* A file that the first version with windows has written, from the token and key of this test. */
START_TEST(a_file_of_format_1)
{
	char command[300];
	start();
	close_all();
	snprintf(command, sizeof command, "cp %s/windows-format-1/windows.db %s", FIXTURES_DIR,
		in_token("windows.db"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(chmod(in_token("windows.db"), 0600), 0);
	open_all();
	struct window_location at = stream("a", 64), out = stream("o", 64);
	out.direction = WINDOW_OUTGOING;

	replayed(&at, 100);
	replayed(&at, 90);
	accepted(&at, 91);
	replayed(&at, 35);
	accepted(&at, 36);
	replayed(&out, 30);
	accepted(&out, 31);
	at = stream("r", 64); /* reserved up to 10 by a process that died */
	replayed(&at, 2);
	replayed(&at, 10);
	accepted(&at, 11);
	close_all();
}
END_TEST

RUN_SUITE("window", each_counter_once, a_reservation, a_reservation_at_the_end_of_the_range,
	a_known_reservation, reservations_of_two, forgotten_by_another, reservations_have_a_bound,
	reserve_set_back_to_one, threads_on_the_same_counters, processes_on_the_same_counters,
	killed_while_marking, a_fork, a_full_disk, a_disk_that_does_not_sync, an_uncertain_commit,
	an_edited_mark, a_moved_mark, a_flipped_bit_of_a_name, a_row_of_another_master,
	a_missing_file, another_size, a_file_of_format_1)
