/* SPDX-License-Identifier: Apache-2.0 */
/* fork_births.c: see fork_births.h. */
#include "fork_births.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define PENDING_MAX 3
#define EXECUTED "/bin/true"
#define STUCK_AFTER 100 /* seconds; an alarm then ends the child */

extern char **environ;

static pid_t pending[PENDING_MAX]; /* children of this process, each 0 or not yet waited for */
static unsigned pending_n;

/* --- What a child does --- */

/* Everything is refused before C_Initialize, with the handles of the parent too. */
static void is_closed(const struct seat *parents)
{
	CK_SESSION_HANDLE s0 = parents->session, opened;
	CK_SESSION_INFO info;
	CK_BYTE bytes[16];
	CK_ULONG n = sizeof bytes;
	CK_OBJECT_HANDLE found;
	CK_RV rv[] = {f->C_GetSessionInfo(s0, &info), f->C_SignUpdate(s0, bytes, 1),
		f->C_DigestFinal(s0, bytes, &n), f->C_FindObjects(s0, &found, 1, &n),
		f->C_Login(s0, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1),
		f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &opened),
		f->C_GenerateRandom(s0, bytes, sizeof bytes), f->C_CloseSession(s0),
		f->C_CloseAllSessions(slot), f->C_Finalize(NULL)};

	for (size_t i = 0; i < sizeof rv / sizeof rv[0]; i++)
		if (rv[i] != CKR_CRYPTOKI_NOT_INITIALIZED)
			trouble("call %zu in a child gave %s", i, name_of(rv[i]));
}

/* C_Initialize, and a session that has nothing of the parent. */
static void start(const struct seat *parents, struct seat *ret)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_SESSION_INFO info;
	CK_RV rv = f->C_Initialize(&args);

	if (rv != CKR_OK)
		trouble("C_Initialize in a child gave %s", name_of(rv));
	rv = f->C_GetSessionInfo(parents->session, &info);
	if (rv != CKR_SESSION_HANDLE_INVALID)
		trouble("the session of the parent gave %s", name_of(rv));
	rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &ret->session);
	if (rv == CKR_OK)
		rv = f->C_GetSessionInfo(ret->session, &info);
	if (ret->session == parents->session)
		trouble("the session of a child has the handle of a session of the parent");
	if (rv != CKR_OK || info.state != CKS_RW_PUBLIC_SESSION)
		trouble("the session of a child is in state %lu: %s", info.state, name_of(rv));
	no_inherited_objects(ret);
	seat_login(ret);
	no_inherited_objects(ret);
}

/* Be an application of GENERATION, with children of its own. */
static void be_an_application(const struct seat *parents, unsigned generation, bool finalize)
{
	struct seat seat = {.index = new_seat(), .random = parents->random ^ (uint64_t)getpid()};

	if (family->generations < generation)
		family->generations = generation;
	start(parents, &seat);
	live(&seat, generation);
	free_seat(seat.index);
	__sync_fetch_and_sub(&family->alive, 1);
	if (finalize && f->C_Finalize(NULL) != CKR_OK)
		trouble("C_Finalize in a child fails");
}

static void ends_at_once(const struct seat *parents, unsigned generation)
{
	(void)parents;
	(void)generation;
}

static void exits(const struct seat *parents, unsigned generation)
{
	(void)parents;
	(void)generation;
	exit(0); /* with the handlers of atexit and the destructors of the module */
}

static void stays_closed(const struct seat *parents, unsigned generation)
{
	(void)generation;
	is_closed(parents);
}

static void initializes_and_ends(const struct seat *parents, unsigned generation)
{
	struct seat seat = {0};

	(void)generation;
	start(parents, &seat);
	if (draw_below(&seat.random, 2) == 0)
		return; /* without C_Finalize */
	if (f->C_Finalize(NULL) != CKR_OK)
		trouble("C_Finalize in a child fails");
	is_closed(parents);
}

static void works(const struct seat *parents, unsigned generation)
{
	be_an_application(parents, generation, true);
}

static void works_and_exits(const struct seat *parents, unsigned generation)
{
	be_an_application(parents, generation, false);
	exit(0);
}

static void closes_files_and_ends(const struct seat *parents, unsigned generation)
{
	(void)generation;
	close_range(3, ~0u, 0);
	is_closed(parents);
}

static void closes_files_and_works(const struct seat *parents, unsigned generation)
{
	close_range(0, ~0u, 0);
	be_an_application(parents, generation, true);
}

static void executes(const struct seat *parents, unsigned generation)
{
	(void)parents;
	(void)generation;
	execl(EXECUTED, EXECUTED, (char *)NULL);
	_exit(5);
}

static pid_t forked(void)
{
	pid_t child = fork();

	if (child < 0)
		trouble("fork fails");
	if (child == 0)
		alarm(STUCK_AFTER);
	return child;
}

/* The second fork makes a process that no session leader and no parent knows. */
static void becomes_a_daemon(const struct seat *parents, unsigned generation)
{
	setsid();
	if (forked() > 0)
		return;
	be_an_application(parents, generation, true);
}

/* The parent of the daemon has used the token, and ends without C_Finalize. */
static void becomes_a_daemon_later(const struct seat *parents, unsigned generation)
{
	struct seat seat = {.random = parents->random};

	start(parents, &seat);
	setsid();
	if (forked() > 0)
		return;
	is_closed(&seat);
	be_an_application(&seat, generation, true);
}

/* Generations that never call C_Initialize, up to the last. */
static void descends(const struct seat *parents, unsigned generation)
{
	int status = 0;

	if (generation >= GENERATIONS) {
		be_an_application(parents, generation, true);
		return;
	}
	pid_t child = forked();
	if (child == 0) {
		descends(parents, generation + 1);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		trouble("a descendant ended with status 0x%x", (unsigned)status);
	is_closed(parents);
}

static void searches_memory(const struct seat *parents, unsigned generation)
{
	(void)generation;
	if (hidden_key_is_in_memory())
		trouble("a key of the parent is in the memory of a child");
	is_closed(parents);
}

/* --- A child that calls C_Initialize in a handler of fork --- */

static bool handler_initializes;

static void handler(void)
{
	if (handler_initializes && f->C_Initialize(NULL) != CKR_OK)
		trouble("C_Initialize in a handler of fork fails");
}

void watch_forks(void)
{
	if (pthread_atfork(NULL, NULL, handler) != 0)
		trouble("no memory for a handler of fork");
}

static void is_initialized(const struct seat *parents, unsigned generation)
{
	CK_RV rv = f->C_Initialize(NULL);

	if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		trouble("after a handler of fork, C_Initialize gave %s", name_of(rv));
	if (f->C_Finalize(NULL) != CKR_OK)
		trouble("C_Finalize in a child fails");
	handler_initializes = false;
	works(parents, generation);
}

/* --- Births --- */

static const struct way {
	const char *name;
	void (*child)(const struct seat *parents, unsigned generation);
	bool lives; /* as an application that works */
} ways[] = {
	{"ended at once", ends_at_once},
	{"called exit", exits},
	{"were refused", stays_closed},
	{"began and ended", initializes_and_ends},
	{"worked", works, true},
	{"worked and called exit", works_and_exits, true},
	{"closed their files and ended", closes_files_and_ends},
	{"closed their files and worked", closes_files_and_works, true},
	{"executed", executes},
	{"were daemons", becomes_a_daemon, true},
	{"were daemons of an application", becomes_a_daemon_later, true},
	{"descended", descends, true},
	{"searched their memory", searches_memory},
	{"began in a handler", is_initialized, true},
	{"executed after vfork", NULL},
	{"ended after vfork", NULL},
	{"were spawned", NULL},
};
#define WAYS (sizeof ways / sizeof ways[0])
_Static_assert(WAYS <= WAYS_MAX, "room for the counts");

void print_births(void)
{
	unsigned all = 0;

	for (size_t i = 0; i < WAYS; i++)
		all += family->births[i];
	printf("fork: %u children:", all);
	for (size_t i = 0; i < WAYS; i++)
		printf("%s %u %s", i > 0 ? "," : "", family->births[i], ways[i].name);
	printf("\n");
}

/* The children that share the memory of the parent until they execute or end. */
static pid_t vfork_or_spawn(const char *name)
{
	char *arguments[] = {EXECUTED, NULL};
	pid_t child;

	if (strcmp(name, "were spawned") == 0)
		return posix_spawn(&child, EXECUTED, NULL, NULL, arguments, environ) == 0 ? child
											  : -1;
	bool execute = strcmp(name, "executed after vfork") == 0;
	child = vfork();
	if (child != 0)
		return child;
	if (execute)
		execve(EXECUTED, arguments, environ);
	_exit(execute ? 5 : 0);
}

static pid_t start_child(const struct way *way, const struct seat *seat, unsigned generation)
{
	handler_initializes = way->child == is_initialized;
	pid_t child = way->child != NULL ? fork() : vfork_or_spawn(way->name);
	if (child != 0 || way->child == NULL) {
		handler_initializes = false;
		if (child < 0)
			trouble("no child that %s", way->name);
		return child;
	}
	pending_n = 0;
	alarm(STUCK_AFTER);
	way->child(seat, generation + 1);
	_exit(0);
}

static void await(pid_t child)
{
	int status = 0;

	if (waitpid(child, &status, 0) != child || status != 0)
		trouble("a child ended with status 0x%x", (unsigned)status);
}

void await_children(void)
{
	while (pending_n > 0)
		await(pending[--pending_n]);
}

void end_in_the_middle(void)
{
	await_children();
	__sync_fetch_and_sub(&family->alive, 1);
	_exit(0);
}

/* Few forks would meet a change of a file by chance. */
static void wait_for_a_change(void)
{
	for (int i = 0; i < 100 && !a_thread_pauses(); i++)
		usleep(20);
	if (a_thread_pauses())
		__sync_fetch_and_add(&family->changes_met, 1);
}

void beget(struct seat *seat, unsigned generation)
{
	unsigned i = draw_below(&seat->random, WAYS);

	if (ways[i].lives && __sync_fetch_and_add(&family->alive, 1) >= ALIVE_MAX) {
		__sync_fetch_and_sub(&family->alive, 1);
		return;
	}
	if (ways[i].child == searches_memory) {
		if (instrumented())
			return; /* its memory looks different */
		if (!hidden_key_is_in_memory())
			trouble("the search does not find a key in the memory of its process");
	}
	if (draw_below(&seat->random, 2) == 0)
		wait_for_a_change();
	__sync_fetch_and_add(&family->births[i], 1);
	pending[pending_n++] = start_child(&ways[i], seat, generation);
	if (pending_n == PENDING_MAX || draw_below(&seat->random, 2) == 0)
		await_children();
}
