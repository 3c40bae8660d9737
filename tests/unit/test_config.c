/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c: finding the configuration file, each key, and every way a line can be wrong. */
#include "base/config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/configure.h"
#include "temp_dir.h"
#include "unit.h"

static char dir[TEMP_DIR_MAX];
static char file[PATH_MAX];
static struct config config;

/* These functions take the place of the C library's. */
static bool no_memory;
static int look_up_error;  /* of the user; 0: there is no such user */
static char *look_up_home; /* the home directory of the user, who exists */

__attribute__((visibility("default"))) int getpwuid_r(
	uid_t uid, struct passwd *entry, char *room, size_t n, struct passwd **ret_found);
int getpwuid_r(uid_t uid, struct passwd *entry, char *room, size_t n, struct passwd **ret_found)
{
	(void)uid;
	(void)room;
	(void)n;
	entry->pw_dir = look_up_home;
	*ret_found = look_up_home != NULL ? entry : NULL;
	return look_up_error;
}

__attribute__((visibility("default"))) FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*libc)(const char *path, const char *mode);

	if (libc == NULL)
		*(void **)&libc = dlsym(RTLD_NEXT, "fopen");
	if (!no_memory)
		return libc(path, mode);
	errno = ENOMEM;
	return NULL;
}

static void set_up(void)
{
	ck_assert(temp_dir_make("config", dir));
	snprintf(file, sizeof file, "%s/keydiv.conf", dir);
	unsetenv("KEYDIV_CONF");
	setenv("HOME", dir, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_DATA_HOME");
}

static void tear_down(void)
{
	temp_dir_remove(dir);
}

/* NAME in the test's directory, which the caller may use until the next call. */
static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void write_bytes(const char *path, const char *text, size_t n)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, n, out), n);
	fclose(out);
}

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static void make_dir(const char *name)
{
	ck_assert_int_eq(mkdir(in_dir(name), 0700), 0);
}

/* TEXT must be refused at LINE because of WHY. */
static void refused(const char *text, unsigned line, const char *why)
{
	char expected[PATH_MAX + 256];

	write_text(file, text);
	snprintf(expected, sizeof expected, "%s:%u: %s", file, line, why);
	ck_rv(config_read_file(file, &config), CKR_FUNCTION_FAILED);
	ck_assert_str_eq(config.error, expected);
}

START_TEST(defaults)
{
	write_text(file, "# nothing\n\n; at all\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.path, file);
	ck_assert_str_eq(config.log_file, "");
	ck_assert_int_eq(config.log_level, LOG_WARNING);
	ck_assert_uint_eq(config.slots, 1);
	ck_assert_uint_eq(config.scrypt_log2_n, 16);
	ck_assert(!config.lock_memory);
	ck_assert(config.read_only_login);
	ck_assert(!config.flat_parameters);
	ck_assert_str_eq(config.foreign_module, "");
	ck_assert_str_eq(config.foreign_arguments, "");
	ck_assert_str_eq(config.foreign_pin_file, "");
	ck_assert(!config.foreign_compute_twice);
	ck_assert_str_eq(config.store, "");
	ck_assert_uint_eq(config.lease_ms, 250);
	ck_assert_str_eq(config.error, "");
	ck_assert_str_eq(config.token_dir,
		geteuid() == 0 ? "/var/lib/keydiv" : in_dir(".local/share/keydiv"));
	setenv("XDG_DATA_HOME", "/data", 1);
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.token_dir, geteuid() == 0 ? "/var/lib/keydiv" : "/data/keydiv");
}
END_TEST

START_TEST(every_key_is_read)
{
	write_text(file,
		"token-dir = /srv/tokens\n  slots=64\nlog-file:/var/log/keydiv.log ; why not\n"
		"log-level = debug\nscrypt-log2-n = 22\nlock-memory = yes\nread-only-login = no\n"
		"parameters = flat");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.token_dir, "/srv/tokens");
	ck_assert_uint_eq(config.slots, 64);
	ck_assert_str_eq(config.log_file, "/var/log/keydiv.log");
	ck_assert_int_eq(config.log_level, LOG_DEBUG);
	ck_assert_uint_eq(config.scrypt_log2_n, 22);
	ck_assert(config.lock_memory);
	ck_assert(!config.read_only_login);
	ck_assert(config.flat_parameters);
	write_text(file, "log-file = stderr\nlock-memory = no\nread-only-login = yes\n"
			 "parameters = native\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.log_file, "stderr");
	ck_assert(!config.lock_memory);
	ck_assert(config.read_only_login);
	ck_assert(!config.flat_parameters);
}
END_TEST

#define NO_PASSWORD                                                                                \
	"store must not have a password; libpq reads passwords from a pass file (passfile, "       \
	"~/.pgpass)"
#define NO_STORE "store must be sqlite, or postgresql: and a service or a connection string"
#define NO_LEASE "lease must be a number of milliseconds from 50 to 5000"

/* A service, a connection string and a URI. The last value counts. */
START_TEST(the_store)
{
	write_text(file, "store = postgresql:fleet\nlease = 5000\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.store, "service=fleet");
	ck_assert_uint_eq(config.lease_ms, 5000);
	write_text(file, "store = postgresql:host=a,b passfile=/etc/keydiv/pass\nlease = 50\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.store, "host=a,b passfile=/etc/keydiv/pass");
	write_text(file, "store = postgresql://keydiv@a:5432,b:5433/keys?sslmode=verify-full\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(
		config.store, "postgresql://keydiv@a:5432,b:5433/keys?sslmode=verify-full");
	write_text(file, "store = postgresql:fleet\nstore = sqlite\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.store, "");
	refused("store = postgresql:", 1, NO_STORE);
	refused("store = mysql:fleet", 1, NO_STORE);
	refused("store =", 1, NO_STORE);
	refused("store = postgresql:host=a password=secret", 1, NO_PASSWORD);
	refused("store = postgresql:host=a password = secret", 1, NO_PASSWORD);
	refused("store = postgresql:host=a sslpassword=secret", 1, NO_PASSWORD);
	refused("store = postgresql://user:secret@a/keys", 1, NO_PASSWORD);
	refused("store = postgresql://a/keys?password=secret", 1, NO_PASSWORD);
	refused("store = postgresql:two words", 1,
		"store must name a service without blanks, quotes and backslashes");
	refused("lease = 49", 1, NO_LEASE);
	refused("lease = 5001", 1, NO_LEASE);
	refused("lease = 250 ms", 1, NO_LEASE);
}
END_TEST

START_TEST(the_foreign_module)
{
	write_text(file, "foreign-module = /usr/lib/hsm.so\nforeign-module-arguments = "
			 "configdir='sql:/db' certPrefix='' flags=readOnly\n"
			 "foreign-pin-source = file:/run/secrets/pin\n"
			 "foreign-compute-twice = yes\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.foreign_module, "/usr/lib/hsm.so");
	ck_assert_str_eq(
		config.foreign_arguments, "configdir='sql:/db' certPrefix='' flags=readOnly");
	ck_assert_str_eq(config.foreign_pin_file, "/run/secrets/pin");
	ck_assert(config.foreign_compute_twice);
	write_text(file, "foreign-module = softhsm2\nforeign-pin-source = file:///run/pin\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_str_eq(config.foreign_module, "softhsm2");
	ck_assert_str_eq(config.foreign_pin_file, "/run/pin");
#define NO_MODULE                                                                                  \
	"foreign-module must be an absolute path or the name of a module that p11-kit is "         \
	"configured for"
	refused("foreign-module = lib/hsm.so", 1, NO_MODULE);
	refused("foreign-module = .", 1, NO_MODULE);
	refused("foreign-module =", 1, NO_MODULE);
	refused("foreign-pin-source = /run/pin", 1,
		"foreign-pin-source must be file: and an absolute path");
	refused("foreign-pin-source = file:pin", 1,
		"foreign-pin-source must be file: and an absolute path");
	refused("foreign-pin-source = file://host/pin", 1,
		"foreign-pin-source must be file: and an absolute path");
}
END_TEST

START_TEST(the_last_line_of_a_key_counts)
{
	write_text(file, "slots = 2\nslots = 3\n\tscrypt-log2-n = 14\n");
	ck_ok(config_read_file(file, &config));
	ck_assert_uint_eq(config.slots, 3);
	ck_assert_uint_eq(config.scrypt_log2_n, 14);
}
END_TEST

START_TEST(log_levels)
{
	static const char *const names[] = {"none", "error", "warning", "info", "debug"};
	char text[64];

	snprintf(text, sizeof text, "log-level = %s\n", names[_i]);
	write_text(file, text);
	ck_ok(config_read_file(file, &config));
	ck_assert_int_eq(config.log_level, _i);
}
END_TEST

START_TEST(wrong_values_are_refused)
{
	refused("slots = 0\n", 1, "slots must be a number from 1 to 64");
	refused("slots = 65\n", 1, "slots must be a number from 1 to 64");
	refused("slots = -1\n", 1, "slots must be a number from 1 to 64");
	refused("slots = 4294967297\n", 1, "slots must be a number from 1 to 64");
	refused("slots = 1x\n", 1, "slots must be a number from 1 to 64");
	refused("slots =\n", 1, "slots must be a number from 1 to 64");
	refused("scrypt-log2-n = 13\n", 1, "scrypt-log2-n must be a number from 14 to 22");
	refused("\n\nscrypt-log2-n = 23\n", 3, "scrypt-log2-n must be a number from 14 to 22");
	refused("token-dir = tokens\n", 1, "token-dir must be an absolute path");
	refused("log-file = \n", 1, "log-file must be an absolute path or stderr");
	refused("lock-memory = maybe\n", 1, "lock-memory must be yes or no");
	refused("read-only-login = 1\n", 1, "read-only-login must be yes or no");
	refused("parameters = yes\n", 1, "parameters must be native or flat");
	refused("parameters = \n", 1, "parameters must be native or flat");
	refused("log-level = loud\n", 1, "log-level must be none, error, warning, info or debug");
}
END_TEST

START_TEST(wrong_lines)
{
	refused("slots = 2\nslot = 2\n", 2, "unknown key 'slot'");
	refused("slots = 2\n  slot = 2\n", 2,
		"unknown key 'slot'"); /* not a continuation of line 1 */
	refused("slots = 2\nnonsense\nslots = 0\n", 2, "neither \"key = value\" nor a comment");
	refused("slots = 0\nnonsense\n", 1, "slots must be a number from 1 to 64");
	refused("slots = 2\n [keydiv]\n", 2,
		"sections are not supported"); /* though nothing stands in it */
	refused("[keydiv]\nslots = 2\n", 1, "sections are not supported");
	refused("[keydiv\n", 1, "neither \"key = value\" nor a comment");
	refused("Slots = 2\n", 1, "unknown key 'Slots'");
}
END_TEST

START_TEST(a_long_line_is_not_cut)
{
	char text[1000];

	memset(text, 'x', sizeof text);
	memcpy(text, "slots = 2\ntoken-dir = /", 23);
	memcpy(text + sizeof text - 12, "\nslots = 4\n", 12);
	refused(text, 2, "the line is too long");
	ck_assert_uint_eq(config.slots, 4); /* what stands after it is read as a line of its own */
	memset(text, 'x', sizeof text);
	memcpy(text, "slots = 2\n # a comment ", 23);
	memcpy(text + sizeof text - 12, "\nslots = 4\n", 12);
	write_text(file, text);
	ck_rv(config_read_file(file, &config), CKR_OK);
	ck_assert_uint_eq(config.slots, 4);
}
END_TEST

START_TEST(right_lines_of_a_wrong_file_count)
{
	/* The log is opened by them, so that the error can be told. */
	refused("slots = none\nlog-file = /var/log/keydiv.log\nlog-level = info\n", 1,
		"slots must be a number from 1 to 64");
	ck_assert_str_eq(config.log_file, "/var/log/keydiv.log");
	ck_assert_int_eq(config.log_level, LOG_INFO);
}
END_TEST

START_TEST(random_bytes_do_not_crash_the_parser)
{
	char text[256];

	for (unsigned seed = 1; seed < 400; seed++) {
		unsigned state = seed;
		for (size_t i = 0; i < sizeof text; i++) {
			state = state * 1103515245 + 12345;
			text[i] = (state >> 16) % 5 ? "slots=[];#\n\t "[(state >> 20) % 13]
						    : (char)(state >> 16);
		}
		write_bytes(file, text, sizeof text);
		CK_RV rv = config_read_file(file, &config);
		ck_assert(rv == CKR_OK || (rv == CKR_FUNCTION_FAILED && config.error[0] != '\0'));
		ck_assert(config.slots >= 1 && config.slots <= 64);
	}
}
END_TEST

START_TEST(the_named_file)
{
	write_text(file, "slots = 7\n");
	setenv("KEYDIV_CONF", file, 1);
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 7);

	setenv("KEYDIV_CONF", in_dir("not-there"), 1);
	ck_rv(config_read(&config), CKR_FUNCTION_FAILED);
	ck_assert_ptr_nonnull(strstr(config.error, "no such file"));
	setenv("KEYDIV_CONF", dir, 1);
	ck_rv(config_read(&config), CKR_FUNCTION_FAILED);
	ck_assert_ptr_nonnull(strstr(config.error, "cannot be read"));
}
END_TEST

START_TEST(the_users_file)
{
	make_dir(".config");
	make_dir(".config/keydiv");
	write_text(in_dir(".config/keydiv/keydiv.conf"), "slots = 8\n");
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);

	make_dir("xdg");
	make_dir("xdg/keydiv");
	write_text(in_dir("xdg/keydiv/keydiv.conf"), "slots = 9\n");
	setenv("XDG_CONFIG_HOME", in_dir("xdg"), 1);
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 9);

	setenv("XDG_CONFIG_HOME", "xdg",
		1); /* the XDG specification: relative paths are to be ignored */
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);

	setenv("KEYDIV_CONF", "", 1);
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);
}
END_TEST

START_TEST(files_that_others_may_change)
{
	static const mode_t wrong[] = {0620, 0602, 0666};

	write_text(file, "slots = 7\n");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ck_assert_int_eq(chmod(file, wrong[i]), 0);
		ck_rv(config_read_file(file, &config), CKR_FUNCTION_FAILED);
		ck_assert_ptr_nonnull(strstr(config.error, file));
		ck_assert_ptr_nonnull(strstr(config.error, "group or others may write"));
		ck_assert_uint_eq(config.slots, 1);
	}
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_ok(config_read_file(file, &config));
	ck_ok(config_read_file("/dev/null", &config));
	if (geteuid() != 0)
		return; /* only root can give a file away */
	ck_assert_int_eq(chown(file, 65534, 65534), 0);
	ck_rv(config_read_file(file, &config), CKR_FUNCTION_FAILED);
	ck_assert_ptr_nonnull(strstr(config.error, "belongs to another user"));
	setenv("KEYDIV_CONF", file, 1);
	ck_rv(config_read(&config), CKR_FUNCTION_FAILED);
}
END_TEST

/* A process of root finds no configuration by the HOME of the user who called sudo. */
START_TEST(homes_of_other_users)
{
	make_dir(".config");
	make_dir(".config/keydiv");
	write_text(in_dir(".config/keydiv/keydiv.conf"), "slots = 8\n");
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(dir, 65534, 65534), 0);
	ck_ok(config_read(&config));
	ck_assert_uint_ne(config.slots, 8);

	setenv("XDG_CONFIG_HOME", in_dir(".config"), 1);
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);
	ck_assert_int_eq(chown(in_dir(".config"), 65534, 65534), 0);
	ck_ok(config_read(&config));
	ck_assert_uint_ne(config.slots, 8);
}
END_TEST

START_TEST(no_file)
{
	if (access("/etc/keydiv/keydiv.conf", F_OK) == 0)
		return; /* this machine has one of its own */
	ck_ok(config_read(&config));
	ck_assert_str_eq(config.path, "");
	ck_assert_uint_eq(config.slots, 1);
}
END_TEST

START_TEST(directories)
{
	struct stat st;
	char deep[PATH_MAX];

	umask(0);
	snprintf(deep, sizeof deep, "%s", in_dir("a/b/c"));
	ck_ok(configure_directory(deep));
	ck_assert_int_eq(stat(deep, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(in_dir("a"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_ok(configure_directory(deep));
	write_text(in_dir("file"), "");
	ck_rv(configure_directory(in_dir("file/below")), CKR_FUNCTION_FAILED);
	ck_rv(configure_directory(""), CKR_FUNCTION_FAILED);
}
END_TEST

/* A process that is out of memory is told so, and not that its configuration is wrong. */
START_TEST(no_memory_to_read)
{
	write_text(file, "slots = 3\n");
	setenv("KEYDIV_CONF", file, 1);
	no_memory = true;
	ck_rv(config_read(&config), CKR_HOST_MEMORY);
	ck_rv(configure(&config), CKR_HOST_MEMORY);
	no_memory = false;
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 3);
}
END_TEST

/*
 * Without HOME, the user's directory is looked up. If that fails for want of memory or files, the
 * configuration of the system must not take the place of the user's.
 */
START_TEST(a_user_who_cannot_be_looked_up)
{
	static const struct {
		int error;
		CK_RV rv;
	} cases[] = {{ENOMEM, CKR_HOST_MEMORY}, {EMFILE, CKR_FUNCTION_FAILED},
		{ENFILE, CKR_FUNCTION_FAILED}, {EIO, CKR_FUNCTION_FAILED},
		{EINTR, CKR_FUNCTION_FAILED}, {ERANGE, CKR_FUNCTION_FAILED}, {ENOENT, CKR_OK},
		{0, CKR_OK}};

	unsetenv("HOME");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		look_up_error = cases[i].error;
		memset(&config, 0, sizeof config);
		ck_rv(config_read(&config), cases[i].rv);
		if (cases[i].rv != CKR_OK)
			ck_assert(strstr(config.error, "the home directory: ") != NULL);
		else
			ck_assert_str_eq(config.token_dir, "/var/lib/keydiv");
		ck_rv(configure(&config), cases[i].rv);
	}
}
END_TEST

/* A program without an environment, such as a daemon, finds the configuration of its user. */
START_TEST(home_of_the_user_database)
{
	make_dir(".config");
	make_dir(".config/keydiv");
	write_text(in_dir(".config/keydiv/keydiv.conf"), "slots = 8\n");
	unsetenv("HOME");
	look_up_home = dir;
	ck_ok(config_read(&config));
	ck_assert_uint_eq(config.slots, 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, no_memory_to_read);
	tcase_add_test(tests, a_user_who_cannot_be_looked_up);
	tcase_add_test(tests, home_of_the_user_database);
	tcase_add_test(tests, every_key_is_read);
	tcase_add_test(tests, the_foreign_module);
	tcase_add_test(tests, the_store);
	tcase_add_test(tests, the_last_line_of_a_key_counts);
	tcase_add_loop_test(tests, log_levels, 0, 5);
	tcase_add_test(tests, wrong_values_are_refused);
	tcase_add_test(tests, wrong_lines);
	tcase_add_test(tests, a_long_line_is_not_cut);
	tcase_add_test(tests, right_lines_of_a_wrong_file_count);
	tcase_add_test(tests, random_bytes_do_not_crash_the_parser);
	tcase_add_test(tests, the_named_file);
	tcase_add_test(tests, the_users_file);
	tcase_add_test(tests, files_that_others_may_change);
	tcase_add_test(tests, homes_of_other_users);
	tcase_add_test(tests, no_file);
	tcase_add_test(tests, directories);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
