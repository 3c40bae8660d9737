/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c: the token in a temporary directory, the loaded module, and the expectations. */
#include "harness.h"

#include "on_server.h"

#include "temp_dir.h"
#include "time_limit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"

#define PATH_ROOM 512

void *library;
CK_FUNCTION_LIST *f;
CK_FUNCTION_LIST_3_0 *f3;
CK_SLOT_ID slot;
CK_SESSION_HANDLE s;
char test_dir[PATH_ROOM];
char token_dir[PATH_ROOM + 16];

static char base_dir[PATH_ROOM / 2]; /* of the whole executable */
static char copy_from[PATH_ROOM + 32];
static char notes[3500];
static int note_count;

const uint8_t mk[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88,
	0x09, 0xcf, 0x4f, 0x3c};
const uint8_t mk32[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
	21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* --- Expectations --- */

const char *name_of(CK_RV rv)
{
	static char text[4][80];
	static unsigned turn;
	char *t = text[turn++ % 4];

	snprintf(t, sizeof text[0], "%s (0x%lx)", rv_name(rv), rv);
	return t;
}

static void note(const char *file, int line, const char *text, const char *result)
{
	size_t used = strlen(notes);
	const char *slash = strrchr(file, '/');

	if (++note_count > 12)
		return; /* the first ones tell */
	snprintf(notes + used, sizeof notes - used, "\n  %s:%d: %s: %s", slash ? slash + 1 : file,
		line, text, result);
}

bool expect_rv(CK_RV one, CK_RV other, CK_RV got, const char *text, const char *file, int line)
{
	char result[300];

	mark_point();
	if (got == one || got == other)
		return true;
	snprintf(result, sizeof result, "wanted %s, got %s", name_of(one), name_of(got));
	note(file, line, text, result);
	return false;
}

bool expect_true(bool condition, const char *text, const char *file, int line)
{
	mark_point();
	if (!condition)
		note(file, line, text, "does not hold");
	return condition;
}

bool in_child(void (*body)(void))
{
	int ends[2], status = -1;
	size_t before = strlen(notes), used = before;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert(child >= 0);
	if (child == 0) {
		notes[0] = 0;
		note_count = 0;
		body();
		if (write(ends[1], notes, strlen(notes)) < 0)
			_exit(2);
		_exit(note_count > 0);
	}
	close(ends[1]);
	for (ssize_t n = 1; n > 0; used += n > 0 ? (size_t)n : 0)
		n = read(ends[0], notes + used, sizeof notes - 1 - used);
	notes[used] = 0;
	close(ends[0]);
	waitpid(child, &status, 0);
	/*
	 * valgrind counts as lost what a forked child leaves where it is: the parent's sessions,
	 * which may be half changed
	 */
	if (instrumented() && WIFEXITED(status) && WEXITSTATUS(status) == 99 && notes[used] == 0 &&
		strlen(notes) == before)
		return true;
	if (status != 0)
		note_count++;
	if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 1))
		return expect_true(false, "the child process ended badly", __FILE__, __LINE__);
	return status == 0;
}

/* --- Files --- */

static int copy_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	char to[2 * PATH_ROOM];
	char bytes[65536];
	ssize_t n;
	int in, out;

	(void)w;
	snprintf(to, sizeof to, "%s%s", token_dir, path + strlen(copy_from));
	if (kind == FTW_D)
		return mkdir(to, 0700) == 0 || errno == EEXIST ? 0 : -1;
	in = open(path, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 0777);
	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		if (write(out, bytes, (size_t)n) != n)
			return -1;
	close(in);
	return close(out);
}

bool behind_server(void)
{
	return getenv("KEYDIV_SERVED_MODULE") != NULL;
}

/* The client starts a server of its own for each process that initialises the client. */
static void write_client_conf(void)
{
	const char *server = getenv("KEYDIV_SERVER"), *module = getenv("KEYDIV_SERVED_MODULE");
	char path[PATH_ROOM + 32];

	if (!behind_server())
		return;
	snprintf(path, sizeof path, "%s/client.conf", test_dir);
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(fchmod(fileno(out), 0600), 0);
	fprintf(out, "server = |%s %s\n", server ? server : "exec p11-kit remote", module);
	fclose(out);
	setenv("KEYDIV_CLIENT_CONF", path, 1);
}

void write_conf(const char *text)
{
	char path[PATH_ROOM + 32];
	FILE *out;

	snprintf(path, sizeof path, "%s/keydiv.conf", test_dir);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(fchmod(fileno(out), 0600), 0);
	fprintf(out, "token-dir = %s\nscrypt-log2-n = 14\n%s%s%s", token_dir,
		behind_server() ? "parameters = flat\n" : "", text,
		on_server() ? server_line() : "");
	fclose(out);
	setenv("KEYDIV_CONF", path, 1);
	write_client_conf();
	/* The same for SoftHSM, with which the harness itself was tried. */
	snprintf(path, sizeof path, "%s/softhsm2.conf", test_dir);
	out = fopen(path, "w");
	fprintf(out, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
		token_dir);
	fclose(out);
	setenv("SOFTHSM2_CONF", path, 1);
}

static void place_empty(const char *name)
{
	snprintf(test_dir, sizeof test_dir, "%s/%s", base_dir, name);
	snprintf(token_dir, sizeof token_dir, "%s/tokens", test_dir);
	if (mkdir(test_dir, 0700) != 0 || mkdir(token_dir, 0700) != 0)
		ck_abort_msg("cannot make %s", token_dir);
	write_conf("");
}

void place(void)
{
	char name[32];

	snprintf(name, sizeof name, "t%d", (int)getpid());
	snprintf(copy_from, sizeof copy_from, "%s/prepared/tokens", base_dir);
	place_empty(name);
	if (on_server())
		server_restore();
	else if (nftw(copy_from, copy_entry, 16, FTW_PHYS) != 0)
		ck_abort_msg("cannot copy the prepared token");
}

static char found[PATH_ROOM];

static int database_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	char head[16] = "";
	FILE *in = kind == FTW_F && st->st_size > 0 ? fopen(path, "r") : NULL;

	(void)w;
	if (in == NULL)
		return 0;
	if (fread(head, 1, sizeof head, in) == sizeof head &&
		memcmp(head, "SQLite format 3", 16) == 0)
		snprintf(found, sizeof found, "%s", path);
	fclose(in);
	return 0;
}

const char *database(void)
{
	found[0] = 0;
	nftw(token_dir, database_entry, 16, FTW_PHYS);
	ck_assert_msg(found[0] != 0, "no SQLite file under %s", token_dir);
	return found;
}

/* --- The module --- */

void open_library(void)
{
	const char *path = getenv("KEYDIV_MODULE");
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	CK_C_GetInterface get_interface;
	CK_INTERFACE *interface = NULL;

	ck_assert_msg(path != NULL, "KEYDIV_MODULE is not set");
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(library != NULL, "dlopen: %s", dlerror());
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	ck_assert(get_list != NULL);
	ok(get_list(&f));
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	if (get_interface == NULL)
		return; /* a 2.40 module */
	ok(get_interface((CK_UTF8CHAR_PTR) "PKCS 11", &(CK_VERSION){3, 0}, &interface, 0));
	f3 = interface->pFunctionList;
}

void load(void)
{
	place();
	open_library();
}

static void find_slot(void)
{
	CK_SLOT_ID list[16];
	CK_ULONG n = 16, i;
	CK_TOKEN_INFO info;

	ok(f->C_GetSlotList(CK_TRUE, list, &n));
	slot = list[0];
	for (i = 0; i < n; i++)
		if (f->C_GetTokenInfo(list[i], &info) == CKR_OK &&
			memcmp(info.label, TOKEN_LABEL, sizeof TOKEN_LABEL - 1) == 0)
			slot = list[i];
}

void initialize(void)
{
	CK_C_INITIALIZE_ARGS args = {0};

	load();
	args.flags = CKF_OS_LOCKING_OK;
	ok(f->C_Initialize(&args));
	find_slot();
}

void restart(void)
{
	CK_C_INITIALIZE_ARGS args = {0};

	args.flags = CKF_OS_LOCKING_OK;
	ok(f->C_Finalize(NULL));
	ok(f->C_Initialize(&args));
	find_slot();
}

CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
	CK_SESSION_HANDLE h = 0;

	ok(f->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &h));
	return h;
}

void login(CK_USER_TYPE who)
{
	const char *pin = who == CKU_SO ? SO_PIN : USER_PIN;

	ok(f->C_Login(s, who, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
}

void session(void)
{
	initialize();
	s = open_session(CKF_RW_SESSION);
}

void user(void)
{
	session();
	login(CKU_USER);
}

void finish(void)
{
	CK_RV rv = f != NULL ? f->C_Finalize(NULL) : CKR_OK;

	if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
		ck_abort_msg("C_Finalize gave %s", name_of(rv));
	if (library != NULL && dlclose(library) != 0)
		ck_abort_msg("dlclose: %s", dlerror());
	if (note_count > 0)
		ck_abort_msg("%d expectations failed:%s", note_count, notes);
}

bool instrumented(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	return getenv("KEYDIV_UNDER_VALGRIND") != NULL || getenv("KEYDIV_TESTS_SANITIZED") != NULL;
}

/* --- Preparing --- */

static void prepare_token(void)
{
	CK_UTF8CHAR label[32];

	place_empty("prepared");
	open_library();
	ok(f->C_Initialize(NULL));
	memset(label, ' ', sizeof label);
	memcpy(label, TOKEN_LABEL, sizeof TOKEN_LABEL - 1);
	find_slot();
	ok(f->C_InitToken(slot, (CK_UTF8CHAR_PTR)SO_PIN, sizeof SO_PIN - 1, label));
	find_slot();
	s = open_session(CKF_RW_SESSION);
	login(CKU_SO);
	ok(f->C_InitPIN(s, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1));
	ok(f->C_Finalize(NULL));
	if (on_server())
		server_save();
}

START_TEST(prepare)
{
	prepare_token();
}
END_TEST

static int prepare_all(void)
{
	Suite *suite = suite_create("preparation");
	TCase *tc = tcase_create("token");
	SRunner *runner;
	char *only;
	int failed;

	tcase_add_test(tc, prepare);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	only = getenv("CK_RUN_CASE"); /* the case asked for is not this one */
	only = only != NULL ? strdup(only) : NULL;
	unsetenv("CK_RUN_CASE");
	srunner_run_all(runner, CK_SILENT);
	if (only != NULL)
		setenv("CK_RUN_CASE", only, 1);
	free(only);
	failed = srunner_ntests_failed(runner);
	if (failed)
		srunner_print(runner, CK_VERBOSE);
	srunner_free(runner);
	return failed;
}

TCase *add_case(Suite *suite, const char *name, void (*fixture)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, fixture, finish);
	suite_add_tcase(suite, tc);
	return tc;
}

int run(Suite *suite)
{
	SRunner *runner;
	int failed;

	if (!temp_dir_make("test", base_dir)) {
		perror("mkdtemp");
		return 1;
	}
	if (on_server())
		server_begin();
	failed = prepare_all();
	runner = srunner_create(suite);
	if (!failed) {
		srunner_run_all(runner, CK_ENV);
		failed = srunner_ntests_failed(runner);
	}
	srunner_free(runner);
	if (on_server())
		server_end();
	temp_dir_remove(base_dir);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
