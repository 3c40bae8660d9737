/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c: see faults.h. */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define STUCK_AFTER 120 /* seconds */
#define LONGEST 2100    /* seconds: Check 0.15 counts microseconds of a test in 31 bits */

uint64_t faults_seed;
static const char *name;
static time_t end;
static const char *trials;         /* TRIALS of the environment, or NULL */
static unsigned long *trials_left; /* of all processes together */

static struct report {
	volatile int written;
	char text[600];
} * report;

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void *faults_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert(p != MAP_FAILED);
	return p;
}

void faults_begin(const char *regime, unsigned seconds)
{
	const char *seed = getenv("SEED"), *minutes = getenv("MINUTES");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	faults_seed = (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
	faults_seed = seed != NULL ? strtoull(seed, NULL, 0) : faults_seed % 1000000000;
	if (minutes != NULL)
		seconds = (unsigned)(strtod(minutes, NULL) * 60);
	ck_assert_msg(seconds <= LONGEST, "Check ends a test after 35 minutes; use PART");
	name = regime;
	end = seconds_now() + (time_t)seconds;
	trials = getenv("TRIALS");
	trials_left = faults_shared(sizeof *trials_left);
	*trials_left = trials != NULL ? strtoul(trials, NULL, 10) : 0;
	report = faults_shared(sizeof *report);
	printf("%s: SEED=%llu, %u s\n", regime, (unsigned long long)faults_seed, seconds);
	fflush(stdout);
}

bool faults_time_left(void)
{
	if (trials != NULL)
		return *trials_left > 0 && (*trials_left)-- > 0;
	return seconds_now() < end;
}

uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned draw_below(uint64_t *state, unsigned n)
{
	return (unsigned)(draw(state) % n);
}

void draw_order(uint64_t *state, void *p, unsigned count, size_t size)
{
	char *element = p, other[64];

	ck_assert(size <= sizeof other);
	for (unsigned i = count; i > 1; i--) {
		char *last = element + (i - 1) * size,
		     *chosen = element + draw_below(state, i) * size;

		memcpy(other, last, size);
		memmove(last, chosen, size);
		memcpy(chosen, other, size);
	}
}

bool faults_wanted(const char *text)
{
	const char *only = getenv("ONLY");
	char pattern[200];

	if (only == NULL)
		return true;
	snprintf(pattern, sizeof pattern, "*%s*", only);
	return fnmatch(pattern, text, 0) == 0;
}

bool faults_in_part(uint64_t number)
{
	const char *part = getenv("PART");
	unsigned long long which, of;
	char more;

	if (part == NULL)
		return true;
	ck_assert_msg(
		sscanf(part, "%llu/%llu%c", &which, &of, &more) == 2 && which >= 1 && which <= of,
		"PART=%s is not as 1/4", part);
	return number % of == which - 1;
}

void trouble(const char *format, ...)
{
	va_list arguments;

	if (__sync_fetch_and_add(&report->written, 1) == 0) {
		va_start(arguments, format);
		vsnprintf(report->text, sizeof report->text, format, arguments);
		va_end(arguments);
	}
	_exit(3);
}

static void end_test(const char *what)
{
	ck_abort_msg("%s (%s: SEED=%llu)", what, name, (unsigned long long)faults_seed);
}

void faults_check_trouble(void)
{
	if (report->written > 0)
		end_test(report->text);
}

/* --- Copies of the token --- */

static const char *copy_from, *copy_to;

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)kind;
	(void)w;
	return remove(path);
}

static int copy_file(const char *from, const char *to, mode_t mode)
{
	static char bytes[65536];
	ssize_t n;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	ck_assert(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		ck_assert_int_eq(write(out, bytes, (size_t)n), n);
	close(in);
	return close(out);
}

static int copy_entry(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	char to[2000];

	(void)w;
	snprintf(to, sizeof to, "%s%s", copy_to, path + strlen(copy_from));
	if (kind == FTW_D)
		return mkdir(to, st->st_mode & 0777);
	return copy_file(path, to, st->st_mode & 0777);
}

void copy_token(bool back)
{
	static char saved[1100];

	snprintf(saved, sizeof saved, "%.1000s.saved", token_dir);
	copy_from = back ? saved : token_dir;
	copy_to = back ? token_dir : saved;
	if (back)
		ck_assert_int_eq(nftw(token_dir, remove_entry, 16, FTW_PHYS | FTW_DEPTH), 0);
	ck_assert_int_eq(nftw(copy_from, copy_entry, 16, FTW_PHYS), 0);
}

/* --- Processes --- */

pid_t start_process(void (*body)(unsigned index), unsigned index)
{
	pid_t parent = getpid(), process = fork();

	if (process != 0) { /* no Check in the child: one that is killed in it tears its message */
		ck_assert_int_gt(process, 0);
		return process;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(4);
	body(index);
	_exit(0);
}

/* Wait until PROCESS has ended, and no longer than STUCK_AFTER. Return false if that is over. */
static bool has_ended(pid_t process)
{
	struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, process, 0), .events = POLLIN};
	time_t limit = seconds_now() + STUCK_AFTER;
	int n = 0;

	ck_assert_int_ge(ended.fd, 0);
	while (n <= 0 && seconds_now() <= limit)
		n = poll(&ended, 1, 1000);
	close(ended.fd);
	return n > 0;
}

/* Wait for PROCESS. Return NULL if it has ended as success, or what is wrong. */
static const char *wait_for_end(pid_t process, bool may_die, const char *what)
{
	static char text[400];
	bool stuck = !has_ended(process);
	int status = 0;

	if (stuck)
		kill(process, SIGKILL);
	ck_assert_int_eq(waitpid(process, &status, 0), process);
	if (stuck) {
		snprintf(text, sizeof text, "%s is stuck", what);
		return text;
	}
	if (report->written > 0)
		return report->text;
	if (status == 0 || (may_die && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		return NULL;
	snprintf(text, sizeof text, "%s ended with status 0x%x", what, (unsigned)status);
	return text;
}

void await_process(pid_t process, bool may_die, const char *what)
{
	const char *wrong = wait_for_end(process, may_die, what);

	if (wrong != NULL)
		end_test(wrong);
}

bool process_succeeds(pid_t process, const char *what)
{
	const char *wrong = wait_for_end(process, false, what);

	if (wrong != NULL)
		printf("%s: %s\n", name, wrong);
	fflush(stdout);
	report->written = 0;
	return wrong == NULL;
}
