/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_disk.c: replay windows on a disk that is full or does not sync, and in files that
 * another program has edited, removed or that an earlier version has written.
 */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "state/window_leave.h"
#include "window_support.h"

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

RUN_SUITE("window_disk", a_full_disk, a_disk_that_does_not_sync, an_uncertain_commit,
	an_edited_mark, a_moved_mark, a_flipped_bit_of_a_name, a_row_of_another_master,
	a_missing_file, another_size, a_file_of_format_1)
