/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_state_file_calls.c: each call that a function of state files makes fails once. No descriptor
 * and no memory is left, and the file can be used afterwards.
 */
#include "state_file_calls.h"

/* --- Functions --- */

static void start(void)
{
	set_up();
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	directory = open(token_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directory, 0);
}

static void stop(void)
{
	ck_assert_int_eq(live, 0);
	if (directory >= 0)
		close(directory);
	tear_down();
}

static CK_RV create(void)
{
	return state_file_create(NULL, 17, text_bytes("state"));
}

static CK_RV open_and_close(void)
{
	struct state_file *opened = NULL;

	CK_RV rv = state_file_open(NULL, 17, &opened);
	ck_assert((rv == CKR_OK) == (opened != NULL));
	file = opened;
	state_file_close(opened);
	file = NULL;
	return rv;
}

static CK_RV write_next(void)
{
	return state_file_write(file, 0, file->sequence[file->slot[0]] + 1, text_bytes("next"));
}

static CK_RV remove_it(void)
{
	return state_file_remove(NULL, 17);
}

static CK_RV remove_now(void)
{
	return state_file_remove_now(NULL, 17);
}

static CK_RV list(void)
{
	int64_t *ids = NULL;
	size_t n = 7;
	CK_RV rv = state_file_list(NULL, &ids, &n);

	ck_assert_uint_eq(n, rv == CKR_OK ? 1 : 7);
	ck_assert(rv == CKR_OK ? ids[0] == 17 : ids == NULL);
	live -= rv == CKR_OK;
	free(ids);
	return rv;
}

static const struct {
	CK_RV (*run)(void);
	const char *calls;
} functions[] = {
	{create, "make_directory create write sync sync_directory "},
	{open_and_close, "directory open lock status calloc read unlock "},
	{write_next, "write sync_data write sync_data "},
	{remove_it, "directory access open lock status write sync_data unlink sync_directory "},
	{remove_now,
		"directory access open lock_now status write sync_data unlink sync_directory "},
	{list, "directory openat fdopendir readdir readdir readdir realloc readdir "},
};

/* Return the code that the call gives which begins at CALL. */
static CK_RV code_of(const char *call)
{
	static const char *const own[] = {
		"make_directory ", "directory ", "lock ", "lock_now ", "write ", "read "};

	if (strncmp(call, "calloc ", 7) == 0 || strncmp(call, "realloc ", 8) == 0)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strncmp(call, own[i], strlen(own[i])) == 0)
			return INJECTED;
	return CKR_DEVICE_ERROR;
}

static bool there(void)
{
	return access(in_token("17"), F_OK) == 0;
}

/* Bring the file into the state that the function needs. */
static void prepare(CK_RV (*function)(void))
{
	static const char *const one[] = {".", "..", "17", NULL};

	passing = -1;
	names = one;
	if (there())
		ck_ok(remove_it());
	if (function != create)
		ck_ok(create());
	if (function == write_next)
		ck_ok(state_file_open(NULL, 17, &file));
	memset(journal, 0, sizeof journal);
}

static void end(void)
{
	passing = -1;
	if (file != NULL)
		state_file_close(file);
	file = NULL;
}

START_TEST(each_call_fails_once)
{
	CK_RV (*run)(void) = functions[_i].run;
	const char *call = functions[_i].calls;

	for (long k = 0; *call; k++, call = strchr(call, ' ') + 1) {
		if (strncmp(call, "unlock ", 7) == 0 || strncmp(call, "access ", 7) == 0)
			continue; /* cannot fail, and fails in another test */
		unsigned before = open_descriptors();
		prepare(run);
		passing = k;
		ck_rv(run(), code_of(call));
		ck_assert_int_lt(passing, 0);
		ck_assert_int_eq(there(), run != create && strncmp(call, "sync_dir", 8) != 0);
		end();
		ck_assert_uint_eq(open_descriptors(), before);
		ck_assert_int_eq(live, 0);
		if (run != create && there())
			ck_ok(open_and_close());
	}
	prepare(run);
	ck_ok(run());
	ck_assert_str_eq(journal, functions[_i].calls);
	end();
}
END_TEST

/* --- Files that are not there --- */

START_TEST(a_file_that_goes_in_the_middle)
{
	prepare(open_and_close);
	error = ENOENT;
	passing = 1;
	ck_rv(open_and_close(), CKR_OBJECT_HANDLE_INVALID); /* at the opening */
	passing = 2;
	ck_ok(remove_it()); /* at the opening */
	ck_assert(there());
	passing = 7;
	ck_ok(remove_it()); /* at the unlinking */
	is_unlinked = true;
	ck_rv(open_and_close(), CKR_OBJECT_HANDLE_INVALID);
	memset(journal, 0, sizeof journal);
	ck_ok(remove_it()); /* somebody has made another one of this name */
	ck_assert_str_eq(journal, "directory access open lock status sync_directory ");
	is_unlinked = false;
	ck_ok(remove_it());
	memset(journal, 0, sizeof journal);
	ck_ok(remove_it()); /* nothing is there, so no lock is waited for */
	ck_assert_str_eq(journal, "directory access ");
}
END_TEST

/* Only ENOENT says that there is no file. */
START_TEST(a_file_that_cannot_be_looked_for)
{
	prepare(open_and_close);
	error = EACCES;
	passing = 1;
	ck_ok(remove_it());
	ck_assert(!there());
}
END_TEST

START_TEST(no_directory)
{
	int64_t *ids = NULL;
	size_t n = 7;

	close(directory);
	directory = -1;
	ck_rv(open_and_close(), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(remove_it());
	ck_ok(remove_now());
	ck_ok(state_file_list(NULL, &ids, &n));
	ck_assert(n == 0 && ids == NULL);
	ck_assert_str_eq(journal, "directory directory directory directory ");
	directory = open(test_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* as many as before */
}
END_TEST

/* errno of a call that has succeeded says nothing. */
START_TEST(errors_of_before)
{
	static const int errors[] = {ENOENT, EIO};

	for (size_t i = 0; i < 2; i++) {
		prepare(open_and_close);
		errno = errors[i];
		ck_ok(remove_it());
		ck_assert(!there());
	}
}
END_TEST

/* A daemon may have closed its standard input: 0 is a descriptor as any other. */
START_TEST(descriptor_0)
{
	int kept = dup(0), before = directory;

	for (int i = 0; i < 2; i++) {
		close(0);
		gives_zero = i == 0;
		if (i == 1)
			directory = dup(directory);
		ck_assert_int_eq(directory == 0, i == 1);
		ck_ok(create());
		ck_ok(state_file_open(NULL, 17, &file));
		ck_ok(write_next());
		end();
		names = (const char *const[]){"17", NULL};
		ck_ok(list());
		ck_ok(remove_it());
		ck_assert(!there());
		ck_ok(create());
		ck_ok(remove_now());
		ck_assert(!there());
	}
	dup2(kept, 0);
	close(kept);
	directory = before;
}
END_TEST

START_TEST(texts_of_any_length)
{
	static const uint8_t bytes[STATE_TEXT_MAX + 1] = {1};
	static const size_t lengths[] = {1, STATE_TEXT_MAX};
	struct state_text text;

	for (size_t i = 0; i < 2; i++) {
		ck_ok(state_file_create(NULL, 17, bytes_of(bytes, lengths[i])));
		for (uint64_t sequence = 1; sequence < 3; sequence++) {
			ck_ok(state_file_open(NULL, 17, &file));
			ck_ok(state_file_read(file, 0, &text));
			ck_assert_uint_eq(text.sequence, sequence);
			ck_assert(bytes_equal(text.text, bytes_of(bytes, lengths[i])));
			ck_rv(state_file_write(file, 0, 9, bytes_of(bytes, 0)), CKR_DATA_LEN_RANGE);
			ck_rv(state_file_write(file, 0, 9, bytes_of(bytes, sizeof bytes)),
				CKR_DATA_LEN_RANGE);
			ck_ok(state_file_write(file, 0, sequence + 1, bytes_of(bytes, lengths[i])));
			end();
		}
		ck_ok(remove_it());
	}
	ck_rv(state_file_create(NULL, 17, bytes_of(bytes, 0)), CKR_DATA_LEN_RANGE);
	ck_rv(state_file_create(NULL, 17, bytes_of(bytes, sizeof bytes)), CKR_DATA_LEN_RANGE);
	ck_assert(!there());
}
END_TEST

/* A file that another program has cut or made longer has no state. It is wiped as a whole. */
START_TEST(files_of_another_length)
{
	static const off_t lengths[] = {0, 1, FILE_LEN - 1, FILE_LEN + 1, 3 * FILE_LEN};

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		prepare(open_and_close);
		ck_assert_int_eq(truncate(in_token("17"), lengths[i]), 0);
		ck_rv(open_and_close(), CKR_DEVICE_ERROR);
		ck_assert_str_eq(journal, "directory open lock status calloc unlock ");
		ck_ok(remove_it());
		ck_assert_uint_eq(written, lengths[i] < FILE_LEN ? (size_t)lengths[i] : FILE_LEN);
	}
	state_file_close(NULL);
}
END_TEST

/* --- The form of a file --- */

static void read_bytes(uint8_t bytes[FILE_LEN])
{
	int fd = open(in_token("17"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(read(fd, bytes, FILE_LEN), FILE_LEN);
	close(fd);
}

/* Another release must be able to read a file. */
START_TEST(the_bytes_of_a_file)
{
	static const uint8_t first[] = {
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 's', 't', 'a', 't', 'e'};
	static const uint8_t second[] = {
		0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 'n', 'e', 'x', 't'};
	uint8_t bytes[FILE_LEN], expected[FILE_LEN] = {0};

	ck_assert_uint_eq(FILE_LEN, 8192);
	prepare(write_next);
	memcpy(expected, first, sizeof first);
	read_bytes(bytes);
	ck_assert_mem_eq(bytes, expected, FILE_LEN);
	memset(file->slots[1], 0xee, STATE_SLOT_LEN); /* as an interrupted step leaves it */
	ck_ok(write_next());
	memset(expected, 0, sizeof first);
	memcpy(expected + 4096, second, sizeof second);
	read_bytes(bytes);
	ck_assert_mem_eq(bytes, expected, FILE_LEN);
	end();
}
END_TEST

/* The sequence numbers of the slots, and the slot of the first candidate and of the second. */
static const struct {
	uint64_t sequences[2];
	int slots[2]; /* -1: there is none */
} orders[] = {
	{{1, 0}, {0, -1}},
	{{0, 1}, {1, -1}},
	{{5, 6}, {1, 0}},
	{{6, 5}, {0, 1}},
	{{5, 5}, {0, 1}},
	{{UINT64_MAX, 1}, {0, 1}},
	{{0, 0}, {-1, -1}},
};

START_TEST(the_order_of_the_candidates)
{
	struct state_text text;

	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		prepare(open_and_close);
		int fd = open(in_token("17"), O_WRONLY | O_CLOEXEC);
		for (int slot = 0; slot < 2; slot++) {
			uint8_t bytes[20] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 'A'};
			put_be64(bytes, orders[i].sequences[slot]);
			bytes[16] += (uint8_t)slot;
			ck_assert_int_eq(pwrite(fd, bytes, 20, slot * STATE_SLOT_LEN), 20);
		}
		close(fd);
		ck_ok(state_file_open(NULL, 17, &file));
		for (unsigned which = 0; which < 2; which++) {
			int slot = orders[i].slots[which];
			ck_ok(state_file_read(file, which, &text));
			ck_assert_uint_eq(text.text.n, slot < 0 ? 0 : 4);
			if (slot < 0)
				continue;
			ck_assert_uint_eq(text.sequence, orders[i].sequences[slot]);
			ck_assert_int_eq(text.text.p[0], 'A' + slot);
		}
		end();
	}
}
END_TEST

/* After a step nothing leads back to the state before, in the open file as on the disk. */
START_TEST(a_step_leaves_one_candidate)
{
	struct state_text text;

	for (uint64_t sequence = 1; sequence < 4; sequence++) {
		if (sequence == 1)
			prepare(write_next);
		ck_ok(write_next());
		ck_ok(state_file_read(file, 0, &text));
		ck_assert_uint_eq(text.sequence, sequence + 1);
		ck_assert(bytes_equal(text.text, text_bytes("next")));
		ck_ok(state_file_read(file, 1, &text));
		ck_assert(text.sequence == 0 && text.text.n == 0);
		ck_rv(state_file_write(file, 1, 9, text_bytes("x")), CKR_GENERAL_ERROR);
		ck_rv(state_file_write(file, 0, sequence + 1, text_bytes("x")), CKR_GENERAL_ERROR);
		ck_rv(state_file_write(file, 2, 9, text_bytes("x")), CKR_GENERAL_ERROR);
		ck_rv(state_file_read(file, 2, &text), CKR_GENERAL_ERROR);
	}
	end();
}
END_TEST

/* --- The list --- */

static void expect_list(size_t n, int64_t last)
{
	int64_t *ids = NULL;
	size_t found = 0;

	ck_ok(state_file_list(NULL, &ids, &found));
	ck_assert_uint_eq(found, n);
	ck_assert_int_eq(ids[n - 1], last);
	for (size_t i = 0; n > 2 && i < n; i++)
		ck_assert_int_eq(ids[i], (int64_t)i + 1);
	live--;
	free(ids);
}

/* Only the names that this project writes are files of states. */
START_TEST(names_that_are_no_numbers)
{
	static const char *const odd[] = {".", "..", "", "0", "00", "01", "-1", "+1", " 1", "1 ",
		"1x", "x", "0x1", "1.0", "9223372036854775808", "18446744073709551617", "1~", "12",
		"9223372036854775807", NULL};

	names = odd;
	expect_list(2, INT64_MAX);
}
END_TEST

START_TEST(a_long_list)
{
	numbers = 1000;
	expect_list(1000, 1000);
	ck_assert_int_eq(live, 0);
}
END_TEST

/* The list that was longer before is freed. */
START_TEST(no_memory_for_a_longer_list)
{
	int64_t *ids = NULL;
	size_t n = 7;

	numbers = 100;
	passing = 3 + 1 + 65; /* the second realloc */
	ck_rv(state_file_list(NULL, &ids, &n), CKR_HOST_MEMORY);
	ck_assert_int_lt(passing, 0);
	ck_assert(ids == NULL && n == 7);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_file_that_goes_in_the_middle,
		a_file_that_cannot_be_looked_for, errors_of_before, descriptor_0,
		texts_of_any_length, no_directory, files_of_another_length, the_bytes_of_a_file,
		the_order_of_the_candidates, a_step_leaves_one_candidate, names_that_are_no_numbers,
		a_long_list, no_memory_for_a_longer_list};
	Suite *suite = suite_create("state file calls");
	TCase *tcase = tcase_create("state file calls");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_loop_test(tcase, each_call_fails_once, 0, sizeof functions / sizeof functions[0]);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
