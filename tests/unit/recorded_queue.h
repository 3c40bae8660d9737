/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorded_queue.h: commands, and a backend that keeps nothing and writes down how the queue calls
 * it. Included behind store/queue.c.
 */
#ifndef KEYDIV_TESTS_RECORDED_QUEUE_H
#define KEYDIV_TESTS_RECORDED_QUEUE_H

#include <string.h>

#include "counted_locks.h"
#include "unit.h"

#define UNTOUCHED 0xa5 /* what the members are that belong to the queue */

static struct store store;

/* --- Commands, and the backend that writes down how it is called --- */

/*
 * The calls, one letter each: B begin, N begin with what is missing made, s savepoint, r release,
 * u undo, C commit, R rollback, and the name of each command that runs.
 */
static char journal[1000];

static void note(char what)
{
	size_t n = strlen(journal);

	ck_assert_uint_lt(n + 1, sizeof journal);
	journal[n] = what;
}

struct command {
	struct change change;
	char name;
	CK_RV rv;                /* of the run */
	CK_RV savepoint;         /* of the savepoint before */
	CK_RV release;           /* of the release afterwards */
	bool ends;               /* an error of run or release ends the transaction */
	void (*meanwhile)(void); /* called while the command runs */
};

static _Atomic bool open_now;     /* a transaction is open */
static CK_RV begin_rv, commit_rv; /* of the next calls */
static unsigned busy_times;       /* begins that find another process at work */
static unsigned begins;
static void (*in_begin)(void), (*in_commit)(void);
static struct command *next; /* the command of the next savepoint, see add */

static void call_once(void (**hook)(void))
{
	void (*call)(void) = *hook;

	*hook = NULL;
	if (call != NULL)
		call();
}

static bool is_locked(pthread_mutex_t *mutex)
{
	if (pthread_mutex_trylock(mutex) != 0)
		return true;
	pthread_mutex_unlock(mutex);
	return false;
}

static CK_RV begin_one(struct store *s, bool create, bool *ret_busy)
{
	ck_assert(s == &store && !open_now && is_locked(&store.lock));
	begins++;
	*ret_busy = busy_times > 0;
	if (busy_times > 0) {
		busy_times--;
		return CKR_OK;
	}
	note(create ? 'N' : 'B');
	TRY(begin_rv);
	open_now = true;
	call_once(&in_begin);
	return CKR_OK;
}

static CK_RV commit_one(struct store *s)
{
	ck_assert(s == &store && open_now && is_locked(&store.lock));
	note('C');
	call_once(&in_commit);
	open_now = false;
	return commit_rv;
}

static void roll_back(struct store *s)
{
	ck_assert(is_locked(&s->lock));
	note('R');
	open_now = false;
}

static bool in_transaction(struct store *s)
{
	(void)s;
	return open_now;
}

static CK_RV set_savepoint(struct store *s)
{
	(void)s;
	ck_assert(open_now);
	note('s');
	return next->savepoint;
}

static void undo_one(struct store *s)
{
	(void)s;
	ck_assert(open_now);
	note('u');
}

static struct command *running;

static CK_RV release_one(struct store *s)
{
	(void)s;
	note('r');
	if (running->release != CKR_OK && running->ends)
		open_now = false;
	return running->release;
}

static const struct store_backend backend = {.begin = begin_one,
	.commit = commit_one,
	.rollback = roll_back,
	.in_transaction = in_transaction,
	.savepoint = set_savepoint,
	.undo = undo_one,
	.release = release_one};

static CK_RV run_command(struct store *s, struct change *change)
{
	running = (struct command *)change;
	ck_assert(s == &store && !store.removed && is_locked(&store.lock));
	note(running->name);
	if (running->meanwhile != NULL)
		running->meanwhile();
	if (running->rv != CKR_OK && running->ends)
		open_now = false;
	next = running + 1;
	return running->rv;
}

/* --- The commands of a test --- */

static struct command commands[300];
static int locks_before; /* live ones that the queue has not made */
static size_t added;     /* commands in the queue, as those of other threads are */

static void set_up(void)
{
	memset(&store, 0, sizeof store);
	store.backend = &backend;
	store.end = &store.first;
	store.removed = true; /* by the transaction before */
	pthread_mutex_init(&store.lock, NULL);
	pthread_mutex_init(&store.queue_lock, NULL);
	for (size_t i = 0; i < 300; i++) {
		memset(&commands[i].change, UNTOUCHED, sizeof commands[i].change);
		commands[i].change.run = run_command;
		commands[i].change.creates = commands[i].change.takes = false;
		commands[i].change.stream = NULL;
		commands[i].name = (char)('0' + i % 10);
	}
	next = commands;
	added = 1;
	locks_before = live_locks;
}

/* Add a command as a thread does that waits then. */
static void add_one(void)
{
	struct change *change = &commands[added++].change;

	*change = (struct change){.run = change->run, .creates = change->creates};
	pthread_cond_init(&change->woken, NULL);
	locks_before++; /* is not destroyed */
	pthread_mutex_lock(&store.queue_lock);
	*store.end = change;
	store.end = &change->next;
	pthread_mutex_unlock(&store.queue_lock);
}

#endif
