/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full_exchange.c: each file of a token is exchanged for something else, before a process starts
 * and while a process is logged in, and put back afterwards.
 */
#include "full_damage.h"

static const char *const files[] = {"token.db", "token.db-journal", "token.gen", "token.tries",
	"windows.db", "windows.db-journal", "clients", "clients/$C"};
#define FILES (sizeof files / sizeof files[0])
enum { TOKEN_GEN = 2, TOKEN_TRIES = 3, CLIENTS = 6, CLIENT_FILE = 7 };

/* Cut the file itself, which processes have open, and keep its bytes as $A/kept. */
#define CUT "test -f $A/was && mv $A/was $S/$N && cp -a $S/$N $A/kept && truncate $S/$N -s "
#define UNDO                                                                                       \
	"if test -e $A/kept; then cat $A/kept > $S/$N; else rm -rf $S/$N; "                        \
	"test ! -e $A/was || mv $A/was $S/$N; fi"

/* Replacements of the file $N, which is $A/was afterwards, if there was one. */
static const struct {
	const char *name, *make;
} others[] = {
	{"nothing", "true"},
	{"an empty file", "(umask 077; : > $S/$N)"},
	{"a directory", "mkdir -m 0700 $S/$N"},
	{"a FIFO", "mkfifo -m 0600 $S/$N"},
	{"a symbolic link to the file", "ln -s $A/was $S/$N"},
	{"a symbolic link to nothing", "ln -s $A/nothing $S/$N"},
	{"a copy that others may write", "cp -a $A/was $S/$N && chmod -R go+w $S/$N"},
	{"a copy that no one may use", "cp -a $A/was $S/$N && chmod 0 $S/$N"},
	{"a copy", "cp -a $A/was $S/$N"},
	{"half of the file", "(umask 077; head -c 2048 $A/was > $S/$N)"},
	{"other bytes", "(umask 077; head -c 8192 /dev/urandom > $S/$N)"},
	{"an older copy", "cp -a $O/slot-0/$N $S/$N"},
	{"the file of another token", "cp -a $F/$N $S/$N"},
	{"the file of another client", "cp -a $S/clients/6 $S/$N"},
	{"nothing, cut in place,", CUT "0"},
	{"the beginning, cut in place,", CUT "1000"},
};
#define OTHERS (sizeof others / sizeof others[0])
enum { FIFO = 3, LINK = 4, FIRST_COPY = 6, FIRST_CUT = 14 };

static void describe(unsigned number, char *ret, size_t n)
{
	unsigned pair = number / 2;

	snprintf(ret, n, "%s in place of %s, %s process", others[pair % OTHERS].name,
		files[pair / OTHERS], number % 2 ? "a live" : "a fresh");
}

static bool needs_mounts(unsigned number)
{
	(void)number;
	return false;
}

/*
 * Return true if a process does not notice that FILE is not the right one, or makes it again, so
 * that what the process is told is lost when the right one is put back. A live process has only the
 * client files not open.
 */
static bool is_believed(unsigned file, unsigned other, bool live)
{
	bool copy = other >= FIRST_COPY && other < FIRST_CUT;

	if (live)
		return copy && file == CLIENT_FILE;
	return file == CLIENTS || (copy && file != TOKEN_GEN && file != TOKEN_TRIES);
}

/* Set $N, which the commands use. */
static void set_file(const char *name)
{
	setenv("N", strcmp(name, "clients/$C") == 0 ? "clients/4" : name, 1);
}

static void run_trial(unsigned number)
{
	unsigned file = number / 2 / OTHERS, other = number / 2 % OTHERS;
	bool live = number % 2;
	char what[200], make[400];
	struct damage damage = {.make = make,
		.undo = UNDO,
		.must_refuse = other == FIFO || other == LINK,
		.restart = other >= FIRST_CUT, /* SQLite keeps that the file was no database */
		.rolls_back = is_believed(file, other, live),
		.codes = {CKR_DEVICE_ERROR, CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID,
			CKR_TOKEN_NOT_RECOGNIZED, CKR_USER_PIN_NOT_INITIALIZED,
			CKR_TOKEN_WRITE_PROTECTED}};

	/* A number in memory that is a file ends the process if the file is cut (STORAGE.md). */
	if (live && file == TOKEN_GEN && other >= FIRST_CUT)
		return;
	describe(number, what, sizeof what);
	snprintf(make, sizeof make, "{ test ! -e $S/$N || mv $S/$N $A/was; }; { %s || true; } 2>&-",
		others[other].make);
	set_file(files[file]);
	damage_try(&damage, live, what);
}

const struct full_part full_exchange = {
	.name = "exchanged",
	.count = 2 * FILES * OTHERS,
	.describe = describe,
	.needs_mounts = needs_mounts,
	.run = run_trial,
};
