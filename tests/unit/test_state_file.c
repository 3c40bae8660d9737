/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_state_file.c: the two-slot file, with the power cut at every step of it.
 *
 * The file under test is included, with its writes and syncs led through the functions below. They
 * keep what a disk surely has (what was written before the last sync), and can end the process at
 * any of them, leaving of what was not synced an arbitrary choice of sectors.
 */
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "key/digest.h"
#include "store_support.h"

static int quick_clock(clockid_t clock, struct timespec *ret);
static ssize_t broken_pread(int fd, void *p, size_t n, off_t at);
static ssize_t watched_pwrite(int fd, const void *p, size_t n, off_t at);
static int watched_fdatasync(int fd);
static int watched_fsync(int fd);
static int watched_unlinkat(int fd, const char *name, int flags);
static DIR *watched_fdopendir(int fd);
static struct dirent *broken_readdir(DIR *dir);
#define clock_gettime quick_clock
#define pread broken_pread
#define pwrite watched_pwrite
#define fdatasync watched_fdatasync
#define fsync watched_fsync
#define unlinkat watched_unlinkat
#define fdopendir watched_fdopendir
#define readdir broken_readdir
#include "base/files.c"
#include "state/state_file.c"
#undef clock_gettime
#undef pread
#undef pwrite
#undef fdatasync
#undef fsync
#undef unlinkat
#undef fdopendir
#undef readdir

#define SECTOR 512

static bool clock_is_quick; /* a second passes in a millisecond */

static int quick_clock(clockid_t clock, struct timespec *ret)
{
	int rv = clock_gettime(clock, ret);

	if (clock_is_quick) {
		ret->tv_sec = ret->tv_sec * 1000 + ret->tv_nsec / 1000000;
		ret->tv_nsec = ret->tv_nsec % 1000000 * 1000;
	}
	return rv;
}

static int interruptions; /* reads that end with EINTR, or after one byte, in turn */

static ssize_t broken_pread(int fd, void *p, size_t n, off_t at)
{
	if (interruptions == 0)
		return pread(fd, p, n, at);
	if (interruptions-- % 2 == 0)
		return pread(fd, p, 1, at);
	errno = EINTR;
	return -1;
}

static int operations_left = -1; /* until the power is cut; negative: never */
static uint8_t durable[FILE_LEN];

/*
 * The journal of calls, one letter each: w pwrite, s fdatasync, f fsync of a file, d fsync of a
 * directory, u unlinkat. Calls beyond the room are dropped.
 */
static char journal[32];

static void note(char what)
{
	size_t n = strlen(journal);

	if (n + 1 < sizeof journal)
		journal[n] = what;
}

/* Leave on the disk what is durable and some sectors of what is not. */
static void cut_power(int fd)
{
	uint8_t now[FILE_LEN];

	ck_assert_int_eq(pread(fd, now, sizeof now, 0), FILE_LEN);
	for (size_t at = 0; at < FILE_LEN; at += SECTOR)
		if (random() % 2)
			memcpy(durable + at, now + at, SECTOR);
	ck_assert_int_eq(pwrite(fd, durable, FILE_LEN, 0), FILE_LEN);
	_exit(42);
}

static void count_operation(int fd)
{
	if (operations_left > 0)
		operations_left--;
	else if (operations_left == 0)
		cut_power(fd);
}

static ssize_t watched_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t done = pwrite(fd, p, n, at);

	note('w');
	count_operation(fd); /* written, not synced */
	return done;
}

static int syncs_left = -1; /* until one fails; negative: none fails */

static int watched_fdatasync(int fd)
{
	uint8_t now[FILE_LEN];
	if (syncs_left >= 0 && syncs_left-- == 0) {
		errno = EIO;
		return -1;
	}
	int rv = fdatasync(fd);

	if (pread(fd, now, sizeof now, 0) == FILE_LEN)
		memcpy(durable, now, sizeof durable);
	note('s');
	count_operation(fd); /* synced */
	return rv;
}

static int watched_fsync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	note(S_ISDIR(st.st_mode) ? 'd' : 'f');
	return fsync(fd);
}

static int watched_unlinkat(int fd, const char *name, int flags)
{
	note('u');
	return unlinkat(fd, name, flags);
}

/*
 * A sealed state, as far as this file cares: it opens only if no byte of it or of its
 * sequence has changed.
 */
#define TEXT_LEN 3000

static struct bytes state_text(uint64_t sequence, uint8_t out[TEXT_LEN])
{
	uint8_t digest[DIGEST_MAX];

	memset(out, (int)(sequence % 251 + 1), TEXT_LEN);
	put_be64(out, sequence);
	ck_ok(digest_once(DIGEST_SHA256, out, TEXT_LEN - 32, digest));
	memcpy(out + TEXT_LEN - 32, digest, 32);
	return bytes_of(out, TEXT_LEN);
}

static bool opens(const struct state_text *text)
{
	uint8_t expected[TEXT_LEN];
	return text->text.p && bytes_equal(text->text, state_text(text->sequence, expected));
}

/* The candidate that counts: 0 or 1; fails the test if there is none. */
static unsigned current(struct state_file *file, struct state_text *ret_text)
{
	for (unsigned which = 0; which < 2; which++) {
		ck_ok(state_file_read(file, which, ret_text));
		if (opens(ret_text))
			return which;
	}
	ck_abort_msg("no state opens");
	return 0;
}

/*
 * One step of the file of row 1: the number that it lets go, which is the sequence number
 * it leaves behind.
 */
static uint64_t step(struct store *store)
{
	struct state_file *file = NULL;
	struct state_text text;
	uint8_t next[TEXT_LEN];

	ck_ok(state_file_open(store, 1, &file));
	memcpy(durable, file->slots, sizeof durable);
	unsigned which = current(file, &text);
	uint64_t number = text.sequence;
	ck_ok(state_file_write(file, which, number + 1, state_text(number + 1, next)));
	ck_ok(state_file_read(
		file, 0, &text)); /* the file can be used further without opening it again */
	ck_assert(text.sequence == number + 1 && opens(&text));
	state_file_close(file);
	return number;
}

static struct store *store_with_file(void)
{
	struct store *store = open_store();
	uint8_t text[TEXT_LEN];

	ck_ok(state_file_create(store, 1, state_text(1, text)));
	return store;
}

/* The bytes of the file at PATH. */
static void raw_file(const char *path, uint8_t out[FILE_LEN])
{
	int fd = open(path, O_RDONLY);

	ck_assert_int_eq(read(fd, out, FILE_LEN), FILE_LEN);
	close(fd);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

START_TEST(steps_leave_one_state)
{
	struct store *store = store_with_file();
	uint8_t raw[FILE_LEN], text[TEXT_LEN];

	for (uint64_t i = 1; i <= 9; i++) {
		raw_file(in_token("clients/1"), raw);
		unsigned used = i % 2 ? 0 : 1; /* slots take turns */
		ck_assert_mem_eq(raw + used * STATE_SLOT_LEN + 16, state_text(i, text).p, TEXT_LEN);
		ck_assert(all_zero(raw + (1 - used) * STATE_SLOT_LEN, STATE_SLOT_LEN));
		ck_assert_uint_eq(step(store), i);
	}
	store_close(store);
}
END_TEST

/*
 * A new file and its name are on the disk before anybody is told; a removed one is zero there
 * before its name goes.
 */
START_TEST(made_and_removed_durably)
{
	struct store *store = store_with_file(); /* which makes the directory, too */
	uint8_t text[TEXT_LEN];

	memset(journal, 0, sizeof journal);
	ck_ok(state_file_create(store, 2, state_text(1, text)));
	ck_assert_str_eq(journal, "wfd");
	memset(journal, 0, sizeof journal);
	ck_ok(state_file_remove(store, 2));
	ck_assert_str_eq(journal, "wsud");
	memset(journal, 0, sizeof journal);
	ck_assert_uint_eq(step(store), 1);
	ck_assert_str_eq(journal, "wsws");
	store_close(store);
}
END_TEST

/* A step or a removal that is not on the disk has failed, and the file can be used afterwards. */
START_TEST(a_sync_that_fails)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	struct state_text text;
	uint8_t next[TEXT_LEN];

	for (int failing = 0; failing < 2; failing++) {
		ck_ok(state_file_open(store, 1, &file));
		unsigned which = current(file, &text);
		uint64_t number = text.sequence;
		syncs_left = failing;
		ck_rv(state_file_write(file, which, number + 1, state_text(number + 1, next)),
			CKR_DEVICE_ERROR);
		ck_assert_int_lt(syncs_left, 0);
		state_file_close(file);
		ck_assert_uint_ge(step(store), number);
	}
	syncs_left = 0;
	ck_rv(state_file_remove(store, 1), CKR_DEVICE_ERROR);
	ck_ok(state_file_remove(store, 1));
	ck_rv(state_file_open(store, 1, &file), CKR_OBJECT_HANDLE_INVALID);
	store_close(store);
}
END_TEST

/*
 * A program that closed its standard output, and prints nevertheless, must not print into a state.
 */
START_TEST(no_number_of_a_standard_stream)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	int kept = dup(STDOUT_FILENO);

	close(STDOUT_FILENO);
	CK_RV rv = state_file_open(store, 1, &file);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	ck_ok(rv);
	ck_assert_int_gt(file->fd, STDERR_FILENO);
	state_file_close(file);
	store_close(store);
}
END_TEST

/*
 * Cut the power in the middle of steps, again and again: numbers go up only, and there is
 * always a state.
 */
START_TEST(power_cut_anywhere)
{
	struct store *store = store_with_file();
	uint64_t last = 0, released = 0;
	int cut = 0;

	for (int round = 0; round < 400; round++) {
		int fds[2], status;
		uint64_t number;
		ck_assert_int_eq(pipe(fds), 0);
		pid_t child = fork();
		if (child == 0) {
			srandom((unsigned)round);
			operations_left = round % 9; /* of the eight in two steps */
			for (int i = 0; i < 2; i++) {
				number = step(store);
				if (write(fds[1], &number, sizeof number) != sizeof number)
					_exit(1);
			}
			_exit(0);
		}
		close(fds[1]);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status) &&
			  (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
		cut += WEXITSTATUS(status) == 42;
		while (read(fds[0], &number, sizeof number) == sizeof number) {
			ck_assert_uint_gt(number, last);
			last = number;
			released++;
		}
		close(fds[0]);
	}
	ck_assert_int_gt(cut, 300);
	ck_assert_uint_gt(released, 200);
	store_close(store);
}
END_TEST

#define PROCESSES 4
#define STEPS 50

START_TEST(processes_take_turns)
{
	struct store *store = store_with_file();
	bool seen[PROCESSES * STEPS + 1] = {false};
	int fds[2], status;
	uint64_t number;

	ck_assert_int_eq(pipe(fds), 0);
	for (int p = 0; p < PROCESSES; p++)
		if (fork() == 0) {
			struct store *mine = open_store();
			for (int i = 0; i < STEPS; i++) {
				number = step(mine);
				if (write(fds[1], &number, sizeof number) != sizeof number)
					_exit(1);
			}
			_exit(0);
		}
	close(fds[1]);
	while (read(fds[0], &number, sizeof number) == sizeof number) {
		ck_assert(number >= 1 && number <= PROCESSES * STEPS && !seen[number]);
		seen[number] = true;
	}
	for (int p = 0; p < PROCESSES; p++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(fds[0]);
	ck_assert_uint_eq(step(store), PROCESSES * STEPS + 1);
	store_close(store);
}
END_TEST

static void *steps_of_thread(void *arg)
{
	for (int i = 0; i < 25; i++)
		(void)step(arg);
	return NULL;
}

START_TEST(threads_take_turns)
{
	struct store *store = store_with_file();
	pthread_t threads[4];

	for (int t = 0; t < 4; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, steps_of_thread, store), 0);
	for (int t = 0; t < 4; t++)
		pthread_join(threads[t], NULL);
	ck_assert_uint_eq(step(store), 101);
	store_close(store);
}
END_TEST

START_TEST(flipped_bits)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	struct state_text text;
	uint8_t raw[FILE_LEN];

	(void)step(store);
	raw_file(in_token("clients/1"), raw);
	srandom(3);
	for (int i = 0; i < 300; i++) {
		size_t at = i % 2 ? (size_t)random() % FILE_LEN
				  : (size_t)(random() % 2 * STATE_SLOT_LEN + random() % 16);
		raw[at] ^= (uint8_t)(1 << i % 8);
		int fd = open(in_token("clients/1"), O_WRONLY);
		ck_assert_int_eq(write(fd, raw, sizeof raw), FILE_LEN);
		close(fd);
		raw[at] ^= (uint8_t)(1 << i % 8);
		ck_ok(state_file_open(store, 1, &file));
		for (unsigned which = 0; which < 2; which++) {
			ck_ok(state_file_read(file, which, &text));
			ck_assert(!opens(&text) || text.sequence == 2);
			ck_assert_uint_le(text.text.n, STATE_TEXT_MAX);
		}
		state_file_close(file);
	}
	store_close(store);
}
END_TEST

/* Headers that a stranger wrote. */
START_TEST(hostile_slots)
{
	static const struct {
		uint64_t sequence;
		uint32_t length, format;
		bool there;
	} headers[] = {
		{1, 10, 1, true},
		{0, 10, 1, false},
		{1, 0, 1, false},
		{1, STATE_TEXT_MAX, 1, true},
		{1, STATE_TEXT_MAX + 1, 1, false},
		{UINT64_MAX, UINT32_MAX, 1, false},
		{UINT64_MAX, 1, 1, true},
		{1, 10, 0, false},
		{1, 10, 2, false},
	};
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	struct state_text text;
	uint8_t raw[FILE_LEN] = {0};

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		put_be64(raw, headers[i].sequence);
		put_be32(raw + 8, headers[i].length);
		put_be32(raw + 12, headers[i].format);
		int fd = open(in_token("clients/1"), O_WRONLY);
		ck_assert_int_eq(write(fd, raw, sizeof raw), FILE_LEN);
		close(fd);
		ck_ok(state_file_open(store, 1, &file));
		ck_ok(state_file_read(file, 0, &text));
		ck_assert_int_eq(text.text.p != NULL, headers[i].there);
		ck_assert_uint_eq(text.text.n, headers[i].there ? headers[i].length : 0);
		ck_ok(state_file_read(file, 1, &text));
		ck_assert_ptr_null(text.text.p);
		ck_rv(state_file_write(file, 1, 5, text_bytes("x")), CKR_GENERAL_ERROR);
		ck_rv(state_file_write(file, 2, 5, text_bytes("x")), CKR_GENERAL_ERROR);
		ck_rv(state_file_read(file, 2, &text), CKR_GENERAL_ERROR);
		state_file_close(file);
	}
	store_close(store);
}
END_TEST

START_TEST(files_that_are_none)
{
	struct store *store = open_store();
	struct state_file *file = NULL;
	uint8_t text[TEXT_LEN];
	struct bytes state = state_text(1, text);
	char link_name[160];

	ck_rv(state_file_open(store, 1, &file), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(state_file_remove(store, 1));
	ck_ok(state_file_create(store, 1, state));
	ck_rv(state_file_create(store, 1, state), CKR_DEVICE_ERROR);
	ck_rv(state_file_open(store, 2, &file), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(state_file_create(store, 3, bytes_of(text, 0)), CKR_DATA_LEN_RANGE);
	ck_rv(state_file_create(store, 3, bytes_of(text, STATE_TEXT_MAX + 1)), CKR_DATA_LEN_RANGE);
	ck_assert_int_eq(symlink("1", in_token("clients/3")), 0);
	ck_rv(state_file_open(store, 3, &file), CKR_DEVICE_ERROR);
	ck_rv(state_file_create(store, 3, state), CKR_DEVICE_ERROR);
	ck_rv(state_file_remove(store, 3), CKR_DEVICE_ERROR);
	ck_assert_int_eq(mkfifo(in_token("clients/4"), 0600), 0);
	ck_rv(state_file_open(store, 4, &file), CKR_DEVICE_ERROR);
	ck_assert_int_eq(truncate(in_token("clients/1"), FILE_LEN - 1), 0);
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	ck_ok(state_file_remove(store, 1));
	snprintf(link_name, sizeof link_name, "%s/elsewhere", test_dir);
	ck_assert_int_eq(rename(in_token("clients"), link_name), 0);
	ck_assert_int_eq(symlink(link_name, in_token("clients")), 0);
	store_close(store);
	store = open_store();
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	ck_rv(state_file_create(store, 5, state), CKR_DEVICE_ERROR);
	ck_assert_ptr_null(file);
	store_close(store);
}
END_TEST

static void run_in_token(const char *command)
{
	setenv("TOKEN", token_dir, 1);
	ck_assert_int_eq(system(command), 0);
}

/* Two processes would take the same numbers, one from the directory and one from its copy. */
START_TEST(a_directory_that_was_replaced_by_a_copy)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	uint8_t text[TEXT_LEN];
	struct bytes state = state_text(1, text);

	run_in_token("cp -a $TOKEN $TOKEN.copy && mv $TOKEN $TOKEN.away");
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	run_in_token("mv $TOKEN.copy $TOKEN");
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	ck_rv(state_file_create(store, 2, state), CKR_DEVICE_ERROR);
	ck_rv(state_file_remove(store, 1), CKR_DEVICE_ERROR);
	run_in_token("rm -r $TOKEN && mv $TOKEN.away $TOKEN");
	ck_ok(state_file_open(store, 1, &file));
	state_file_close(file);

	run_in_token("cp -a $TOKEN/clients $TOKEN/copy && mv $TOKEN/clients $TOKEN/away");
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	run_in_token("mv $TOKEN/copy $TOKEN/clients");
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	run_in_token("rm -r $TOKEN/clients && mv $TOKEN/away $TOKEN/clients");
	ck_ok(state_file_open(store, 1, &file));
	state_file_close(file);
	store_close(store);
}
END_TEST

START_TEST(modes_whatever_the_umask)
{
	struct stat st;

	umask(0777);
	struct store *store = store_with_file();
	ck_assert_int_eq(stat(in_token("clients"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(stat(in_token("clients/1"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(st.st_size, FILE_LEN);
	umask(022);
	store_close(store);
}
END_TEST

START_TEST(wrong_writes)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	struct state_text text;
	static uint8_t big[STATE_TEXT_MAX + 1];

	ck_ok(state_file_open(store, 1, &file));
	ck_rv(state_file_read(file, 2, &text), CKR_GENERAL_ERROR);
	ck_rv(state_file_write(file, 0, 1, text_bytes("x")), CKR_GENERAL_ERROR);
	ck_rv(state_file_write(file, 2, 2, text_bytes("x")), CKR_GENERAL_ERROR);
	ck_rv(state_file_write(file, 1, 2, text_bytes("x")), CKR_GENERAL_ERROR);
	ck_rv(state_file_write(file, 0, 2, bytes_of(big, sizeof big)), CKR_DATA_LEN_RANGE);
	ck_rv(state_file_write(file, 0, 2, bytes_of(big, 0)), CKR_DATA_LEN_RANGE);
	ck_assert_uint_eq(current(file, &text), 0);
	ck_ok(state_file_write(file, 0, 9, bytes_of(big, STATE_TEXT_MAX)));
	ck_ok(state_file_read(file, 0, &text));
	ck_assert_uint_eq(text.sequence, 9);
	state_file_close(file);
	store_close(store);
}
END_TEST

/* The functions that the store calls. */
static const struct store_above above = {
	.remove_state = state_file_remove_now, .list_states = state_file_list};

/* C_InitToken, as the store does it. */
static void init_again(struct store *store, const struct store_token *token)
{
	struct store_token seen;
	bool as_seen = false;

	store->above = &above;
	ck_ok(store_token_get(store, &seen));
	ck_ok(store_init_token(store, token, &seen, &as_seen));
	ck_assert(as_seen);
}

/* A file is zeroed before it is removed. A second name of the file shows this. */
START_TEST(removed_files_are_zero)
{
	struct store *store = new_store();
	struct store_token token = sample_token();
	uint8_t raw[FILE_LEN], text[TEXT_LEN];
	char kept[160], name[20];

	for (int64_t id = 1; id <= 3; id++) {
		ck_ok(state_file_create(store, id, state_text(1, text)));
		snprintf(name, sizeof name, "clients/%d", (int)id);
		snprintf(kept, sizeof kept, "%s/kept%d", test_dir, (int)id);
		ck_assert_int_eq(link(in_token(name), kept), 0);
	}
	ck_ok(state_file_remove(store, 1));
	ck_assert_int_eq(access(in_token("clients/2"), F_OK), 0);
	init_again(store, &token);
	for (int id = 1; id <= 3; id++) {
		snprintf(name, sizeof name, "clients/%d", id);
		snprintf(kept, sizeof kept, "%s/kept%d", test_dir, id);
		ck_assert_int_ne(access(in_token(name), F_OK), 0);
		raw_file(kept, raw);
		ck_assert(all_zero(raw, sizeof raw));
	}
	store_close(store);
}
END_TEST

/* The action of another process after the commit, before the client files are listed. */
static void (*meanwhile)(void);
static const _Atomic uint64_t *odd_while_writing;

static DIR *watched_fdopendir(int fd)
{
	if (meanwhile && atomic_load(odd_while_writing) % 2 == 0) {
		meanwhile();
		meanwhile = NULL;
	}
	return fdopendir(fd);
}

static CK_RV prepare_client(struct record *row, void *arg)
{
	uint8_t text[TEXT_LEN];

	TRY(state_file_create(arg, row->id, state_text(1, text)));
	row->sealed = text_bytes("new");
	return CKR_OK;
}

static void make_client(void)
{
	struct store *store = open_store();
	struct record row = {.object_class = CKO_DATA};

	ck_ok(raw_insert(store, &row, prepare_client, store));
	ck_assert_int_eq(row.id, 2);
	store_close(store);
}

/* A client that another process has made in the new token at once is not removed. */
START_TEST(a_client_of_the_new_token_stays)
{
	struct store *store = new_store();
	struct store_token token = sample_token();
	struct record row = {.object_class = CKO_DATA};

	ck_ok(raw_insert(store, &row, prepare_client, store));
	odd_while_writing = store_freshness(store);
	meanwhile = make_client;
	init_again(store, &token);
	ck_assert(meanwhile == NULL);
	ck_assert_int_ne(access(in_token("clients/1"), F_OK), 0);
	ck_assert_int_eq(access(in_token("clients/2"), F_OK), 0);
	store_close(store);
}
END_TEST

static bool listing_fails;

static struct dirent *broken_readdir(DIR *dir)
{
	if (!listing_fails)
		return readdir(dir);
	errno = EIO;
	return NULL;
}

/* A listing that breaks off is an error, and no shorter list. */
START_TEST(a_listing_that_fails)
{
	struct store *store = store_with_file();
	int64_t *ids = NULL;
	size_t n = 7;

	listing_fails = true;
	ck_rv(state_file_list(store, &ids, &n), CKR_DEVICE_ERROR);
	ck_assert(ids == NULL && n == 7);
	listing_fails = false;
	ck_ok(state_file_list(store, &ids, &n));
	ck_assert_uint_eq(n, 1);
	free(ids);
	store_close(store);
}
END_TEST

/* A caller that waited for a file finds no file if the file was removed meanwhile. */
START_TEST(removed_while_waiting)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	int status;

	int fd = open(in_token("clients/1"), O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	pid_t child = fork();
	if (child == 0) {
		close(fd); /* the lock belongs to the opening, which both share */
		_exit(state_file_open(store, 1, &file) != CKR_OBJECT_HANDLE_INVALID);
	}
	usleep(30000);
	ck_assert_int_eq(unlink(in_token("clients/1")), 0);
	ck_assert_int_eq(flock(fd, LOCK_UN), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
	store_close(store);
}
END_TEST

/* A process that is stopped in the middle of a step stops nobody for ever. */
START_TEST(a_stopped_process_is_waited_for_a_while)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct store *mine = NULL;
		store_abandon(store);
		if (store_open(token_dir, NULL, &mine) != CKR_OK ||
			state_file_open(mine, 1, &file) != CKR_OK)
			_exit(1);
		raise(SIGSTOP);
		state_file_close(file);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert(WIFSTOPPED(status));
	clock_is_quick = true;
	ck_rv(state_file_open(store, 1, &file), CKR_DEVICE_ERROR);
	ck_rv(state_file_remove(store, 1), CKR_DEVICE_ERROR);
	clock_is_quick = false;
	ck_rv(state_file_remove_now(store, 1), CKR_DEVICE_ERROR);
	ck_assert_int_eq(access(in_token("clients/1"), F_OK), 0);
	kill(child, SIGCONT);
	ck_ok(state_file_open(store, 1, &file));
	state_file_close(file);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	store_close(store);
}
END_TEST

START_TEST(interrupted_reads_go_on)
{
	struct store *store = store_with_file();
	struct state_file *file = NULL;
	struct state_text text;

	interruptions = 9;
	ck_ok(state_file_open(store, 1, &file));
	ck_assert_int_eq(interruptions, 0);
	ck_ok(state_file_read(file, 0, &text));
	ck_assert(text.sequence == 1 && opens(&text));
	state_file_close(file);
	store_close(store);
}
END_TEST

START_TEST(no_room)
{
	struct store *store = open_store();
	struct rlimit limit = {FILE_LEN / 2, RLIM_INFINITY};
	uint8_t text[TEXT_LEN];

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_rv(state_file_create(store, 1, state_text(1, text)), CKR_DEVICE_MEMORY);
	ck_assert_int_ne(access(in_token("clients/1"), F_OK), 0);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_ok(state_file_create(store, 1, state_text(1, text)));
	store_close(store);
}
END_TEST

/* Make a step to NUMBER while no byte of a file from LIMIT on can be written. */
static CK_RV step_with_limit(struct store *store, uint64_t number, rlim_t limit)
{
	struct rlimit bytes = {limit, RLIM_INFINITY};
	struct state_file *file = NULL;
	struct state_text state;
	uint8_t text[TEXT_LEN];

	ck_ok(state_file_open(store, 1, &file));
	ck_ok(state_file_read(file, 0, &state));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &bytes), 0);
	CK_RV rv = state_file_write(file, 0, number, state_text(number, text));
	bytes.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &bytes), 0);
	state_file_close(file);
	return rv;
}

/* A step whose new slot cannot be written, and a step whose old slot cannot be wiped. */
START_TEST(a_step_that_cannot_be_written)
{
	struct store *store = store_with_file();

	signal(SIGXFSZ, SIG_IGN);
	ck_rv(step_with_limit(store, 2, 0), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(step(store), 1); /* the file has kept its state */
	ck_rv(step_with_limit(store, 3, STATE_SLOT_LEN), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(step(store), 3); /* the number is not given out again */
	ck_assert_uint_eq(step(store), 4);
	/* The new slot, which is the second, cannot be written, and the old one could be wiped. */
	ck_rv(step_with_limit(store, 6, STATE_SLOT_LEN), CKR_DEVICE_MEMORY);
	ck_assert_uint_eq(step(store), 5);
	store_close(store);
}
END_TEST

RUN_SUITE("state_file", no_number_of_a_standard_stream, steps_leave_one_state,
	made_and_removed_durably, a_sync_that_fails, power_cut_anywhere, processes_take_turns,
	threads_take_turns, flipped_bits, hostile_slots, files_that_are_none,
	a_directory_that_was_replaced_by_a_copy, modes_whatever_the_umask, wrong_writes,
	removed_files_are_zero, a_client_of_the_new_token_stays, a_listing_that_fails,
	removed_while_waiting, a_stopped_process_is_waited_for_a_while, interrupted_reads_go_on,
	no_room, a_step_that_cannot_be_written)
