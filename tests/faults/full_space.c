/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full_space.c: a disk without room. A tmpfs has from 0 to 20 pages left, or from 0 to 6 inodes,
 * for a token that exists or for the first C_InitToken, and a limit on the length of files.
 */
#include "full.h"
#include "system_calls.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PAGES 21
#define INODES 7
#define LENGTHS 19
#define LENGTH_LEAST 2 /* a client file is written in place, and the limit is for that too */
#define STEPS 60

/* The place of a trial. Each has a count of numbers. */
enum place {
	PAGES_LEFT,
	INODES_LEFT,
	PAGES_FOR_NEW,
	INODES_FOR_NEW,
	QUOTA,
	LENGTH,
	LENGTH_BY_SIGNAL
};

static const struct {
	const char *text;
	unsigned count;
} places[] = {
	[PAGES_LEFT] = {"pages are left", PAGES},
	[INODES_LEFT] = {"inodes are left", INODES},
	[PAGES_FOR_NEW] = {"pages for a new token", PAGES},
	[INODES_FOR_NEW] = {"inodes for a new token", INODES},
	[QUOTA] = {"pages are left of a quota", PAGES},
	[LENGTH] = {"pages are the most that a file may have", LENGTHS},
	[LENGTH_BY_SIGNAL] = {"pages are the most that a file may have, or SIGXFSZ", LENGTHS},
};

static enum place place_of(unsigned *number)
{
	unsigned place = 0;

	while (*number >= places[place].count)
		*number -= places[place++].count;
	return (enum place)place;
}

static void describe(unsigned number, char *ret, size_t n)
{
	enum place place = place_of(&number);

	snprintf(ret, n, "%u %s", place < LENGTH ? number : number + LENGTH_LEAST,
		places[place].text);
}

static bool needs_mounts(unsigned number)
{
	return place_of(&number) < QUOTA;
}

/* --- A quota: no kernel is asked, because few of them have quotas on a tmpfs --- */

static long long quota, used;

static int add_size(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)path;
	(void)w;
	used += kind == FTW_F ? st->st_size : 0;
	return 0;
}

/* Find out how many bytes the files of the token have. */
static void measure(void)
{
	used = 0;
	nftw(token_dir, add_size, 16, FTW_PHYS);
}

/* The answer to a write to FD up to END. */
static int over_quota(int fd, long long end)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || end <= st.st_size)
		return 0;
	measure();
	return used + end - st.st_size > quota ? EDQUOT : 0;
}

static void limit_length(unsigned pages)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = pages == PLACE_ALL ? limit.rlim_max : (rlim_t)pages * 4096;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* --- A trial --- */

static void fill(enum place place, unsigned n)
{
	switch (place) {
	case PAGES_LEFT:
	case PAGES_FOR_NEW:
		place_leave(n, PLACE_ALL);
		break;
	case INODES_LEFT:
	case INODES_FOR_NEW:
		place_leave(PLACE_ALL, n);
		break;
	case QUOTA:
		measure();
		quota = used + (long long)n * 4096;
		calls_quota = over_quota;
		break;
	default:
		if (place == LENGTH)
			signal(SIGXFSZ, SIG_IGN);
		limit_length(n + LENGTH_LEAST);
		break;
	}
}

static void make_room(enum place place)
{
	calls_quota = NULL;
	if (place >= LENGTH)
		limit_length(PLACE_ALL);
	else if (place < QUOTA)
		place_leave(PLACE_ALL, PLACE_ALL);
}

/* Steps until the disk is full, and more. What is refused must be refused for that reason. */
static void steps(struct seat *seat, bool new_token, const char *what)
{
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned which = new_token ? FULL_STEPS - 1 : draw_below(&seat->random, FULL_STEPS);
		CK_RV rv = full_step(seat, which);

		if (rv != CKR_OK && rv != CKR_DEVICE_MEMORY)
			trouble("%s: %s gave %s", what, full_step_names[which], name_of(rv));
	}
	if (!new_token)
		objects_settle(seat, seat->index);
}

/* The first C_InitToken, on a disk that was full from the start. */
static void try_new_token(enum place place, unsigned n, const char *what)
{
	struct seat seat = {.random = faults_seed + n};

	world->fresh = (struct change){0};
	world->fresh_stage = 0;
	fill(place, n);
	CK_RV rv = f->C_Initialize(NULL);
	if (rv == CKR_OK)
		steps(&seat, true, what);
	else if (rv != CKR_DEVICE_MEMORY)
		trouble("%s: C_Initialize gave %s", what, name_of(rv));
	make_room(place);
	if (rv != CKR_OK)
		rv = f->C_Initialize(NULL);
	else
		fresh_settle(&seat);
	if (rv == CKR_OK)
		rv = fresh_step(&seat);
	if (rv != CKR_OK)
		trouble("%s: with room again, a step gave %s", what, name_of(rv));
	fresh_settle(&seat);
	f->C_Finalize(NULL);
}

static void try_full_token(enum place place, unsigned n, const char *what)
{
	struct seat seat;

	fill(place, n);
	seat_start(&seat, 0, faults_seed + n);
	steps(&seat, false, what);
	f->C_Finalize(NULL);
	seat_start(&seat, 0, faults_seed + n); /* a restart needs no room */
	steps(&seat, false, what);
	make_room(place);
	fresh_settle(&seat);
	full_goes_on(&seat, what);
	f->C_Finalize(NULL);
	world_check(1);
}

/* A process that does not ask otherwise is ended by the system. What it was told is kept. */
static void try_by_signal(unsigned n, const char *what)
{
	struct seat seat;
	int status;
	pid_t child = fork();

	if (child == 0) {
		fill(LENGTH_BY_SIGNAL, n);
		seat_start(&seat, 0, faults_seed + n);
		steps(&seat, false, what);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ))
		trouble("%s: the process ended with status 0x%x", what, (unsigned)status);
	world_check(1);
}

static void run_trial(unsigned number)
{
	char what[100];

	describe(number, what, sizeof what);
	enum place place = place_of(&number);
	if (place == LENGTH_BY_SIGNAL) {
		try_by_signal(number, what);
		return;
	}
	if (place >= QUOTA) {
		try_full_token(place, number, what);
		return;
	}
	if (!place_separate())
		trouble("%s: no mounts of its own: errno %d", what, errno);
	place_mount();
	if (place == PAGES_FOR_NEW || place == INODES_FOR_NEW) {
		try_new_token(place, number, what);
		return;
	}
	place_run("cp -a '%s.saved/.' '%s'", token_dir, token_dir);
	try_full_token(place, number, what);
}

const struct full_part full_space = {
	.name = "no room",
	.count = 3 * PAGES + 2 * INODES + 2 * LENGTHS,
	.describe = describe,
	.needs_mounts = needs_mounts,
	.run = run_trial,
};
