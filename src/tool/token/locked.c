/* SPDX-License-Identifier: Apache-2.0 */
/* locked.c: the locked arena, and reading of secrets into the arena. */
#include "tool/token/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tool/report.h"

#define ARENA_SIZE (64 * 1024)

static unsigned char *arena;
static size_t arena_used;

static void wipe_arena(void)
{
	explicit_bzero(arena, ARENA_SIZE);
}

bool locked_start(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return fail(
			"cannot keep other processes from reading this one: %s", strerror(errno));
	arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return fail("out of memory");
	(void)mlock(arena, ARENA_SIZE); /* limits are small in containers: go on unlocked */
	(void)madvise(arena, ARENA_SIZE, MADV_DONTDUMP);
	atexit(wipe_arena);
	return true;
}

void *locked_new(size_t n)
{
	n = (n + 15) & ~(size_t)15;
	if (n > ARENA_SIZE - arena_used) {
		print_failure("out of locked memory");
		exit(1);
	}
	void *p = arena + arena_used;
	arena_used += n;
	return p;
}

bool secret_read_fd(int fd, const char *what, struct secret_text *ret)
{
	unsigned char c;

	ret->length = 0;
	while (true) {
		/* Read byte by byte, because the bytes after the line belong to another reader. */
		ssize_t got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("cannot read %s: %s", what, strerror(errno));
		if (got == 0 || c == '\n')
			break;
		if (ret->length == sizeof ret->text)
			return fail("%s is too long", what);
		ret->text[ret->length++] = c;
	}
	if (ret->length > 0 && ret->text[ret->length - 1] == '\r')
		ret->length--;
	if (ret->length == 0)
		return fail("%s is empty: put it in the first line", what);
	return true;
}

bool secret_read_file(const char *file, const char *what, struct secret_text *ret)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fail("cannot open %s '%s': %s", what, file, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
		note("others can read '%s': protect the file with chmod 600", file);
	bool ok = secret_read_fd(fd, what, ret);
	close(fd);
	return ok;
}

/* --- the terminal --- */

static volatile sig_atomic_t caught;

static void remember(int number)
{
	caught = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define SIGNALS (sizeof signals / sizeof signals[0])

/*
 * Read a line from TTY, byte by byte, until a signal comes. Bytes that do not fit are left out, and
 * RET_WHOLE is then false. False: the line is empty, which as a PIN would cost one of its tries.
 */
static bool read_line(int tty, struct secret_text *ret, bool *ret_whole)
{
	ret->length = 0;
	*ret_whole = true;
	while (!caught) {
		unsigned char c;
		ssize_t got = read(tty, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == '\n' || c == '\r')
			return ret->length > 0;
		if (ret->length < sizeof ret->text)
			ret->text[ret->length++] = c;
		else
			*ret_whole = false;
	}
	return false;
}

bool secret_ask(const char *prompt, struct secret_text *ret)
{
	struct termios before, quiet;
	struct sigaction old[SIGNALS], action = {.sa_handler = remember};
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0 || tcgetattr(tty, &before) != 0) {
		if (tty >= 0)
			close(tty);
		return fail("there is no terminal to ask for '%s': give it in a file or on a file "
			    "descriptor (see --help)",
			prompt);
	}
	caught = 0;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &old[i]);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL | ICANON;
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "%s: ", prompt);
	bool whole, ok = read_line(tty, ret, &whole);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	close(tty);
	if (caught) {
		explicit_bzero(ret, sizeof *ret);
		raise(caught);
		return fail("interrupted");
	}
	if (!whole)
		return fail("what was typed for '%s' is too long", prompt);
	return ok ? true : fail("nothing was typed for '%s': begin again", prompt);
}

bool has_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty >= 0)
		close(tty);
	return tty >= 0;
}

bool confirm(const char *prompt)
{
	char answer[16] = "";
	FILE *tty = fopen("/dev/tty", "r+e");

	if (!tty)
		return false;
	fprintf(tty, "%s ", prompt);
	fflush(tty);
	bool yes = fgets(answer, sizeof answer, tty) &&
		   (strcmp(answer, "yes\n") == 0 || strcmp(answer, "y\n") == 0);
	fclose(tty);
	return yes;
}
