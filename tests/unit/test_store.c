/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.c: opening, closing, forking; the token record; the freshness counter; read-only
 * files; files of others; PIN tries.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "state/state_file.h"
#include "store_support.h"

static CK_RV count_wrong(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	(void)arg;
	tries->wrong++;
	tries->started = 7;
	return CKR_OK;
}

static CK_RV look_at_tries(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	*(struct store_tries *)arg = *tries;
	return CKR_OK;
}

static CK_RV refuse(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	(void)arg;
	tries->wrong = 0;
	return CKR_PIN_LOCKED;
}

static bool exists(const char *name)
{
	struct stat st;
	return lstat(in_token(name), &st) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static CK_RV no_edit(struct store_token *token, void *arg)
{
	(void)token;
	(void)arg;
	return CKR_OK;
}

START_TEST(uninitialised_token)
{
	struct store *store = open_store();
	struct store_token token;
	struct record row = {.object_class = CKO_SECRET_KEY}, found;
	struct sample_text text;
	struct store_query all = {0};
	int64_t id;
	size_t n = 7;

	ck_rv(store_token_get(store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(raw_token_update(store, no_edit, NULL), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(raw_insert(store, &row, sample_prepare, &text), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(store_read(store, 1, &row), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(raw_update(store, 1, sample_prepare, &text), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(raw_remove(store, 1), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(raw_find_ids(store, &all, &id, 1, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(store_find(store, &all, &found, 1, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(count_objects(store), 0);
	ck_assert(!exists("token.db"));
	store_close(store);
}
END_TEST

START_TEST(another_process_initialises)
{
	struct store *early = open_store();
	struct store_token token;

	ck_rv(store_token_get(early, &token), CKR_TOKEN_NOT_RECOGNIZED);
	struct store *store = new_store();
	ck_ok(store_token_get(early, &token));
	store_close(store);
	store_close(early);
}
END_TEST

START_TEST(modes_whatever_the_umask)
{
	static const mode_t masks[] = {0, 022, 0777};

	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
		snprintf(token_dir, sizeof token_dir, "%s/t%zu", test_dir, i);
		umask(masks[i]);
		struct store *store = new_store();
		insert_sample(store, CKO_DATA, false, NULL, NULL);
		umask(022);
		ck_assert_uint_eq(mode_of(token_dir), 0700);
		ck_assert_uint_eq(mode_of(in_token("token.db")), 0600);
		ck_assert_uint_eq(mode_of(in_token("token.gen")), 0600);
		store_close(store);
	}
}
END_TEST

START_TEST(directories_that_are_none)
{
	struct store *store = NULL;
	char path[160];

	snprintf(path, sizeof path, "%s/missing/token", test_dir);
	ck_rv(store_open(path, NULL, &store), CKR_DEVICE_ERROR);
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	snprintf(path, sizeof path, "%s/link", test_dir);
	ck_assert_int_eq(symlink(token_dir, path), 0);
	ck_rv(store_open(path, NULL, &store), CKR_DEVICE_ERROR);
	strcat(path, "/");
	ck_rv(store_open(path, NULL, &store), CKR_DEVICE_ERROR);
	snprintf(path, sizeof path, "%s/file", test_dir);
	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_rv(store_open(path, NULL, &store), CKR_DEVICE_ERROR);
	ck_assert_ptr_null(store);
}
END_TEST

/* A path above the token directory may be a link: /var/run often is. */
START_TEST(link_above_the_directory)
{
	struct store *store;
	char path[160];

	snprintf(path, sizeof path, "%s/link", test_dir);
	ck_assert_int_eq(symlink(test_dir, path), 0);
	snprintf(token_dir, sizeof token_dir, "%.60s/link/token", test_dir);
	store = new_store();
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	store_close(store);
}
END_TEST

START_TEST(links_in_the_directory)
{
	struct store *store = new_store();
	struct store_token token;

	insert_sample(store, CKO_DATA, false, NULL, NULL);
	store_close(store);
	ck_assert_int_eq(rename(in_token("token.db"), in_token("real.db")), 0);
	ck_assert_int_eq(symlink("real.db", in_token("token.db")), 0);
	store = open_store();
	ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
	ck_rv(raw_init(store, &token), CKR_DEVICE_ERROR);
	store_close(store);
	ck_assert_int_eq(unlink(in_token("token.db")), 0);
	ck_assert_int_eq(mkfifo(in_token("token.db"), 0600), 0);
	store = open_store();
	ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
	store_close(store);
	/* The freshness counter: never followed, so nothing is trusted and nothing written. */
	ck_assert_int_eq(rename(in_token("real.db"), in_token("token.db")), 0);
	ck_assert_int_eq(rename(in_token("token.gen"), in_token("real.gen")), 0);
	ck_assert_int_eq(symlink("real.gen", in_token("token.gen")), 0);
	store = open_store();
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 1);
	ck_ok(store_token_get(store, &token));
	ck_rv(raw_remove(store, 1), CKR_DEVICE_ERROR);
	store_close(store);
}
END_TEST

static void assert_same_token(const struct store_token *a, const struct store_token *b)
{
	ck_assert_mem_eq(a->uuid, b->uuid, sizeof a->uuid);
	ck_assert_mem_eq(a->serial, b->serial, sizeof a->serial);
	ck_assert_mem_eq(a->label, b->label, sizeof a->label);
	ck_assert_uint_eq(a->scrypt_log2_n, b->scrypt_log2_n);
	const struct store_pin *pa[] = {&a->so, &a->user}, *pb[] = {&b->so, &b->user};
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pa[i]->set, pb[i]->set);
		ck_assert_mem_eq(pa[i]->salt, pb[i]->salt, sizeof pa[i]->salt);
		ck_assert_mem_eq(pa[i]->wrapped_key, pb[i]->wrapped_key, sizeof pa[i]->wrapped_key);
	}
	ck_assert_uint_eq(a->count_seal_len, b->count_seal_len);
	ck_assert_mem_eq(a->count_seal, b->count_seal, a->count_seal_len);
}

static CK_RV set_user(struct store_token *token, void *arg)
{
	token->user.set = true;
	memset(token->user.salt, 0x55, sizeof token->user.salt);
	memset(token->user.wrapped_key, 0x66, sizeof token->user.wrapped_key);
	token->count_seal_len = 0;
	return *(CK_RV *)arg;
}

START_TEST(token_data)
{
	struct store *store = new_store();
	struct store_token expected = sample_token(), token;
	CK_RV result = CKR_PIN_INCORRECT;

	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	ck_rv(raw_token_update(store, set_user, &result), CKR_PIN_INCORRECT);
	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	result = CKR_OK;
	ck_ok(raw_token_update(store, set_user, &result));
	(void)!set_user(&expected, &result);
	store_close(store);
	store = open_store();
	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	store_close(store);
}
END_TEST

static CK_RV fail_prepare(struct record *row, void *arg)
{
	(void)row;
	(void)arg;
	return CKR_FUNCTION_FAILED;
}

START_TEST(freshness_tells_every_change)
{
	struct store *store = new_store(), *other = open_store();
	const _Atomic uint64_t *seen = store_freshness(other);
	struct store_token token = sample_token();
	uint64_t before;

	ck_assert_ptr_ne(store_freshness(store), seen);
#define CHANGES(call)                                                                              \
	before = atomic_load(seen);                                                                \
	ck_assert_uint_eq(before % 2, 0);                                                          \
	call;                                                                                      \
	ck_assert_uint_eq(atomic_load(seen) % 2, 0);                                               \
	ck_assert_uint_ne(atomic_load(seen), before)
	CHANGES(insert_sample(store, CKO_DATA, false, NULL, NULL));
	CHANGES(ck_rv(raw_update(store, 1, fail_prepare, NULL), CKR_FUNCTION_FAILED));
	CHANGES(ck_ok(raw_token_update(store, no_edit, NULL)));
	CHANGES(ck_ok(raw_remove(store, 1)));
	CHANGES(ck_ok(raw_init(store, &token)));
	before = atomic_load(seen);
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(count_objects(other), 0);
	ck_assert_uint_eq(atomic_load(seen), before);
	store_close(other);
	store_close(store);
}
END_TEST

static CK_RV die(struct record *row, void *arg)
{
	(void)row;
	(void)arg;
	kill(getpid(), SIGKILL);
	return CKR_OK;
}

/* A writer that dies leaves the counter odd. The next writer makes it even. */
START_TEST(freshness_after_a_kill)
{
	struct store *store = new_store();
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct record row = {.object_class = CKO_DATA};
		store_abandon(store);
		store = open_store();
		_exit(raw_insert(store, &row, die, NULL) != CKR_OK);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	uint64_t odd = atomic_load(store_freshness(store));
	ck_assert_uint_eq(odd % 2, 1);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	ck_assert_uint_gt(atomic_load(store_freshness(store)), odd);
	ck_assert_uint_eq(count_objects(store), 1);
	store_close(store);
}
END_TEST

static _Atomic bool stop;

static void *insert_until_stopped(void *arg)
{
	while (!atomic_load(&stop))
		insert_sample(arg, CKO_DATA, false, "parent", NULL);
	return NULL;
}

/*
 * The child of a fork in the middle of commits abandons the store and opens it again. Parent and
 * child do not disturb each other.
 */
START_TEST(fork_while_committing)
{
	struct store *store = new_store();
	pthread_t thread;
	int status;

	ck_assert_int_eq(pthread_create(&thread, NULL, insert_until_stopped, store), 0);
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();
		if (child == 0) {
			struct store *mine = NULL;
			struct record row = {.object_class = CKO_SECRET_KEY};
			struct sample_text text;
			store_abandon(store);
			alarm(TIME_LIMIT);
			_exit(store_open(token_dir, NULL, &mine) != CKR_OK ||
				raw_insert(mine, &row, sample_prepare, &text) != CKR_OK);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	struct store_query query = {.by_class = true, .object_class = CKO_SECRET_KEY};
	int64_t ids[20];
	size_t n;
	ck_ok(raw_find_ids(store, &query, ids, 20, &n));
	ck_assert_uint_eq(n, 10);
	store_close(store);
}
END_TEST

START_TEST(read_only_file)
{
	struct store *store = new_store();
	struct store_token token;
	struct sample_text text;
	struct record row = {.object_class = CKO_DATA}, found;

	insert_sample(store, CKO_DATA, false, "label", NULL);
	store_close(store);
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	for (int i = 0; i < 2; i++) {
		store = open_store();
		ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
		ck_ok(store_token_get(store, &token));
		ck_ok(store_read(store, 1, &found));
		record_free(&found);
		ck_rv(raw_insert(store, &row, sample_prepare, &text), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(raw_update(store, 1, sample_prepare, &text), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(raw_remove(store, 1), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(raw_token_update(store, no_edit, NULL), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(raw_init(store, &token), CKR_TOKEN_WRITE_PROTECTED);
		ck_assert_uint_eq(count_objects(store), 1);
		store_close(store);
		/* the second time only the database says so */
		ck_assert_int_eq(chmod(in_token("token.gen"), 0600), 0);
	}
}
END_TEST

START_TEST(a_file_that_becomes_writable)
{
	struct store *store = new_store();
	struct record row = {.object_class = CKO_DATA};
	struct sample_text text;

	store_close(store);
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	store = open_store();
	ck_assert_uint_eq(count_objects(store), 0);
	ck_rv(raw_insert(store, &row, sample_prepare, &text), CKR_TOKEN_WRITE_PROTECTED);
	ck_assert(store_is_read_only(store));
	ck_assert_int_eq(chmod(in_token("token.db"), 0600), 0);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert(!store_is_read_only(store));
	ck_assert_uint_eq(count_objects(store), 1);
	store_close(store);
}
END_TEST

/* --- Files of others --- */

/*
 * Paths that must not be used if another user owns them: a path in the token directory, "" for the
 * directory, ".." for the directory above.
 */
static const char *const own_paths[] = {
	"", "..", "token.db", "token.db-journal", "token.tries", "clients"};

static CK_RV use_everything(void)
{
	struct store *store = NULL;
	struct store_token token;
	struct sample_text text;
	struct record record = {.object_class = CKO_DATA};
	int fd;

	CK_RV rv = store_open(token_dir, NULL, &store);
	if (rv == CKR_OK)
		rv = store_token_get(store, &token);
	if (rv == CKR_OK)
		rv = raw_insert(store, &record, sample_prepare, &text);
	if (rv == CKR_OK)
		rv = store_state_directory(store, true, &fd);
	if (rv == CKR_OK)
		rv = store_tries_edit(store, STORE_SO, count_wrong, NULL);
	store_close(store);
	return rv;
}

START_TEST(files_of_others_are_not_used)
{
	const char *path = in_token(own_paths[_i]);
	struct stat st;
	bool is_journal = strstr(path, "journal") != NULL;

	store_close(new_store());
	ck_ok(use_everything());
	if (is_journal)
		close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(chmod(path, (st.st_mode & 0777) | 020), 0);
	ck_rv(use_everything(), CKR_DEVICE_ERROR);
	ck_assert_int_eq(chmod(path, (st.st_mode & 0777) | 002), 0);
	ck_rv(use_everything(), CKR_DEVICE_ERROR);
	ck_assert_int_eq(chmod(path, st.st_mode & 0777), 0);
	if (geteuid() == 0) { /* only root can give a file away */
		ck_assert_int_eq(chown(path, 4711, (gid_t)-1), 0);
		ck_rv(use_everything(), CKR_DEVICE_ERROR);
		ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
	}
	ck_ok(use_everything());
}
END_TEST

/* --- The freshness counter's file --- */

/* Changes of the file while the file is mapped. */
static void replace_file(void)
{
	static uint8_t content[4096];
	int from = open(in_token("token.gen"), O_RDONLY);

	ck_assert_int_eq(read(from, content, sizeof content), sizeof content);
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	int to = open(in_token("token.gen"), O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(write(to, content, sizeof content), sizeof content);
	close(from);
	close(to);
}

static void remove_file(void)
{
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
}

static void cut_file(void)
{
	ck_assert_int_eq(truncate(in_token("token.gen"), 0), 0);
}

static void (*const done_to_file[])(void) = {replace_file, remove_file, cut_file};

START_TEST(another_freshness_file_is_noticed)
{
	struct store *store = new_store(), *other = open_store();
	const _Atomic uint64_t *counter = store_freshness(store);
	uint64_t seen = atomic_load(counter);

	store_check_freshness(store);
	ck_assert_uint_eq(atomic_load(store_freshness(store)), seen);
	done_to_file[_i]();
	insert_sample(other, CKO_DATA, false, NULL, NULL); /* the writer notices before it writes */
	if (done_to_file[_i] != cut_file)
		ck_assert_uint_eq(atomic_load(counter), seen); /* this process has not seen it */
	usleep(1100000);
	store_check_freshness(store); /* but does so after a second */
	ck_assert_uint_ne(atomic_load(counter), seen);
	counter = store_freshness(store);
	seen = atomic_load(counter);
	ck_assert_uint_eq(seen % 2, 0);
	insert_sample(other, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_ne(atomic_load(counter), seen);
	store_close(other);
	store_close(store);
}
END_TEST

/* Somebody writes the old number into the file, so that a destroyed key seems to be there still. */
START_TEST(a_freshness_number_that_was_set_back_is_noticed)
{
	struct store *store = new_store(), *other = open_store();
	const _Atomic uint64_t *counter = store_freshness(store);
	uint64_t seen;

	insert_sample(other, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_eq(count_objects(store), 1);
	seen = atomic_load(counter);
	usleep(1100000);
	store_check_freshness(store);
	ck_assert_uint_eq(atomic_load(counter), seen);
	ck_ok(raw_remove(other, 1));
	ck_assert_uint_ne(atomic_load(counter), seen);
	int fd = open(in_token("token.gen"), O_RDWR);
	ck_assert_int_eq(pwrite(fd, &seen, sizeof seen, 0), sizeof seen);
	close(fd);
	ck_assert_uint_eq(atomic_load(counter), seen);
	usleep(1100000);
	store_check_freshness(store);
	ck_assert_uint_eq(atomic_load(counter) % 2, 1);
	store_close(other);
	store_close(store);
}
END_TEST

/* Another thread notices within a change that the file was replaced by a read-only file. */
static CK_RV run_replacement(struct store *store, struct change *change)
{
	(void)change;
	replace_file();
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	store->backend->check_freshness(store);
	return CKR_OK;
}

START_TEST(a_read_only_freshness_file_within_a_change)
{
	struct store *store = new_store();
	struct change change = {.run = run_replacement};

	ck_ok(queue_commit(store, &change)); /* the counter is not written, which would be fatal */
	ck_assert_int_eq(chmod(in_token("token.gen"), 0600), 0);
	uint64_t seen = atomic_load(store_freshness(store));
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_ne(atomic_load(store_freshness(store)), seen);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
	store_close(store);
}
END_TEST

/* --- Systems that are different --- */

static long file_system; /* what fstatfs says; 0: the truth */

__attribute__((visibility("default"))) int fstatfs(int fd, struct statfs *ret)
{
	int rv = (int)syscall(SYS_fstatfs, fd, ret);

	if (file_system != 0)
		ret->f_type = (__typeof__(ret->f_type))file_system;
	return rv;
}

static const long shared_systems[] = {0x6969, 0x65735546, (long)0xFF534D42, 0x01021997};

/* On a network or FUSE file system a mapping is not trusted: nothing may be cached. */
START_TEST(nothing_is_cached_on_a_network_file_system)
{
	file_system = shared_systems[_i];
	struct store *store = new_store();
	const _Atomic uint64_t *counter = store_freshness(store);

	ck_assert_uint_eq(atomic_load(counter) % 2, 1);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_eq(atomic_load(counter) % 2, 1);
	store_check_freshness(store);
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 1);
	ck_assert_uint_eq(count_objects(store), 1);
	store_close(store);
}
END_TEST

/* Let the system calls CALLS fail with EPERM, as the filter of an old container host does. */
static void refuse_system_calls(const unsigned *calls, size_t n)
{
	struct sock_filter filter[16] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	size_t at = 1;

	for (size_t i = 0; i < n; i++) {
		filter[at++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		filter[at++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	}
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {(unsigned short)at, filter};
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(refused_system_calls_do_not_make_a_token_read_only)
{
	static const unsigned calls[] = {439 /* faccessat2 */, SYS_statx};
	struct store *store = new_store();

	store_close(store);
	refuse_system_calls(calls, 2);
	ck_assert_int_eq(faccessat(AT_FDCWD, "/", W_OK, AT_EACCESS) == 0 || errno == EPERM, 1);
	store = open_store();
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert(!store_is_read_only(store));
	store_close(store);
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0); /* this is read-only, still */
	store = open_store();
	ck_assert_uint_eq(count_objects(store), 1);
	ck_assert(store_is_read_only(store));
	store_close(store);
}
END_TEST

/* --- Tries --- */

START_TEST(tries_of_a_pin)
{
	struct store *store = new_store();
	struct store_tries tries;

	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	store_close(store);
	store = open_store();
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert(tries.wrong == 2 && tries.started == 7);
	ck_ok(store_tries_edit(store, STORE_USER, look_at_tries, &tries));
	ck_assert(tries.wrong == 0 && tries.started == 0);
	ck_rv(store_tries_edit(store, STORE_SO, refuse, NULL), CKR_PIN_LOCKED);
	ck_assert(!store_tries_in_memory(store));

	/* A new PIN has a new salt, and no tries. */
	struct store_token token;
	struct store_pin pin = sample_token().so;
	bool as_seen = false;
	memset(pin.salt, 0x99, sizeof pin.salt);
	ck_ok(store_token_get(store, &token));
	ck_ok(store_set_pin(store, STORE_SO, &token, true, &pin, &as_seen));
	ck_assert(as_seen);
	ck_ok(store_set_pin(store, STORE_SO, &token, true, &pin, &as_seen));
	ck_assert(!as_seen);
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert(tries.wrong == 0 && tries.started == 0);
	store_close(store);
}
END_TEST

START_TEST(a_damaged_file_of_tries)
{
	struct store *store = new_store();
	struct store_tries tries;
	uint8_t content[1024];
	unsigned noticed = 0;

	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	int fd = open(in_token("token.tries"), O_RDWR);
	ck_assert_int_eq(pread(fd, content, sizeof content, 0), sizeof content);
	for (int bit = 0; bit < 8 * 1024; bit++) {
		content[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, content, sizeof content, 0), sizeof content);
		CK_RV rv = store_tries_edit(store, STORE_SO, look_at_tries, &tries);
		noticed += rv != CKR_OK;
		if (rv != CKR_OK)
			ck_rv(rv, CKR_DEVICE_ERROR);
		else
			ck_assert(tries.wrong == 1 && tries.started == 7);
		content[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_eq(noticed, 8 * 32);
	close(fd);
	ck_assert_int_eq(unlink(in_token("token.tries")), 0); /* the way out */
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert_uint_eq(tries.wrong, 0);
	ck_assert_uint_eq(mode_of(in_token("token.tries")), 0600);
	store_close(store);
}
END_TEST

START_TEST(tries_of_a_read_only_file_are_in_memory)
{
	struct store *store = new_store();
	struct store_tries tries;

	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	ck_assert_int_eq(chmod(in_token("token.tries"), 0400), 0);
	ck_ok(store_tries_edit(store, STORE_SO, count_wrong, NULL));
	ck_assert(store_tries_in_memory(store));
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert_uint_eq(tries.wrong, 2);
	store_close(store);
	store = open_store();
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert_uint_eq(tries.wrong, 1); /* what the file says */
	store_close(store);
}
END_TEST

/* --- Formats --- */

/* Copy NAME from the fixture into the token directory. */
static void copy_fixture(const char *name)
{
	static uint8_t content[1 << 20];
	char path[512];

	snprintf(path, sizeof path, FIXTURES_DIR "/store-format-2/%s", name);
	int from = open(path, O_RDONLY), to = open(in_token(name), O_CREAT | O_WRONLY, 0600);
	ssize_t n = read(from, content, sizeof content);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(write(to, content, (size_t)n), n);
	close(from);
	close(to);
}

/* A token of the first released format: it opens, says what it said, and can be written to. */
START_TEST(format_2)
{
	struct store_token expected = sample_token(), token;
	struct store_query all = {0}, by_id = {.object_id = text_bytes("7")};
	struct record rows[5];
	struct state_file *file;
	struct state_text text;
	struct store_tries tries;
	int64_t id = 0;
	size_t n;

	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	ck_assert_int_eq(mkdir(in_token("clients"), 0700), 0);
	copy_fixture("token.db");
	copy_fixture("token.tries");
	copy_fixture("clients/2");
	struct store *store = open_store();
	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	ck_ok(store_find(store, &all, rows, 5, &n));
	ck_assert_uint_eq(n, 3);
	ck_assert(rows[0].id == 1 && rows[0].object_class == CKO_DATA && !rows[0].is_private);
	ck_assert(rows[1].id == 2 && rows[1].object_class == CKO_SECRET_KEY && rows[1].is_private);
	ck_assert(rows[2].id == 4 && rows[2].object_class == (CKO_VENDOR_DEFINED | 7) &&
		  !rows[2].is_private);
	ck_assert(bytes_equal(rows[0].label, text_bytes("public")) && rows[0].object_id.p == NULL);
	ck_assert(bytes_equal(rows[1].label, text_bytes("private")) &&
		  bytes_equal(rows[1].object_id, text_bytes("7")));
	ck_assert(rows[2].label.p != NULL && rows[2].label.n == 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert(is_sample(&rows[i]));
		record_free(&rows[i]);
	}
	ck_ok(raw_find_ids(store, &by_id, &id, 1, &n));
	ck_assert(n == 1 && id == 2);
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 5);
	ck_ok(state_file_open(store, 2, &file));
	ck_ok(state_file_read(file, 0, &text));
	ck_assert(text.sequence == 1 && bytes_equal(text.text, text_bytes("client state")));
	state_file_close(file);
	ck_ok(store_tries_edit(store, STORE_SO, look_at_tries, &tries));
	ck_assert(tries.wrong == 2 && tries.started == 1);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");

	tcase_set_timeout(tcase, TIME_LIMIT);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, uninitialised_token);
	tcase_add_test(tcase, another_process_initialises);
	tcase_add_test(tcase, modes_whatever_the_umask);
	tcase_add_test(tcase, directories_that_are_none);
	tcase_add_test(tcase, link_above_the_directory);
	tcase_add_test(tcase, links_in_the_directory);
	tcase_add_test(tcase, token_data);
	tcase_add_test(tcase, freshness_tells_every_change);
	tcase_add_test(tcase, freshness_after_a_kill);
	tcase_add_test(tcase, fork_while_committing);
	tcase_add_test(tcase, read_only_file);
	tcase_add_test(tcase, a_file_that_becomes_writable);
	tcase_add_loop_test(
		tcase, files_of_others_are_not_used, 0, sizeof own_paths / sizeof own_paths[0]);
	tcase_add_test(tcase, a_read_only_freshness_file_within_a_change);
	tcase_add_loop_test(tcase, another_freshness_file_is_noticed, 0, 3);
	tcase_add_test(tcase, a_freshness_number_that_was_set_back_is_noticed);
	tcase_add_loop_test(tcase, nothing_is_cached_on_a_network_file_system, 0, 4);
	tcase_add_test(tcase, refused_system_calls_do_not_make_a_token_read_only);
	tcase_add_test(tcase, tries_of_a_pin);
	tcase_add_test(tcase, a_damaged_file_of_tries);
	tcase_add_test(tcase, tries_of_a_read_only_file_are_in_memory);
	tcase_add_test(tcase, format_2);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
