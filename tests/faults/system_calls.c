/* SPDX-License-Identifier: Apache-2.0 */
/* system_calls.c: the plan, and which calls were made; see system_calls.h and replaced.h. */
#include "replaced.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#define KINDS_MAX 4096

const char *const call_names[CALL_KINDS] = {"open", "close", "read", "write", "sync", "truncate",
	"allocate", "unlink", "lock", "unlock", "flock", "status", "access", "link", "path", "list",
	"file system", "mkdir", "mode", "owner", "map", "random", "send", "receive"};

static bool active;
static struct call_plan plan;
static unsigned count;
static uint8_t kinds[KINDS_MAX + 1];
static enum call_kind planned_kind;
static bool planned_made;

void calls_start(struct call_plan p)
{
	plan = p;
	count = 0;
	planned_made = false;
	active = true;
}

unsigned calls_stop(void)
{
	active = false;
	return count;
}

enum call_kind calls_kind(unsigned number)
{
	return (enum call_kind)kinds[number];
}

bool calls_failed(void)
{
	return planned_made;
}

int fault_of(enum call_kind kind)
{
	if (!active)
		return 0;
	unsigned number = ++count;
	if (number <= KINDS_MAX)
		kinds[number] = (uint8_t)kind;
	if (number == plan.at) {
		planned_kind = kind;
		planned_made = true;
		return plan.error;
	}
	return planned_made && plan.from_there && kind == planned_kind ? plan.error : 0;
}

bool call_fails(enum call_kind kind, bool *ret_kill_after)
{
	int error = fault_of(kind);

	*ret_kill_after = error == FAULT_KILL_AFTER;
	if (error == FAULT_KILL || error == FAULT_KILL_HALF)
		raise(SIGKILL);
	if (error > 0)
		errno = error;
	return error > 0;
}

int (*calls_quota)(int fd, long long end);

int call_over_quota(int fd, long long end)
{
	return calls_quota != NULL ? calls_quota(fd, end) : 0;
}

void (*calls_watch)(const struct call_seen *seen);

void call_show(struct call_seen seen)
{
	if (calls_watch != NULL)
		calls_watch(&seen);
}
