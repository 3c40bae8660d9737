/* SPDX-License-Identifier: Apache-2.0 */
/* trials.c: see trials.h. */
#include "trials.h"

#include "clones.h"
#include "token_files.h"

#define CHUNK 16
#define CHUNKS_MAX 20000
#define AGAIN_MAX 10 /* in a chunk */

static const struct trials *t;

/*
 * Faults of one call, which clones of one process try. They are the faults FIRST, FIRST + STEP and
 * so on, so that each chunk has some of every part of the call.
 */
static struct chunk {
	unsigned call, first, step;
} chunks[CHUNKS_MAX];
static unsigned chunk_count;

static struct control {
	struct tally {
		unsigned all, tried, failed;
	} tally[TRIAL_CALLS_MAX];
	unsigned next; /* fault of the chunk */
	bool time_over, missed;
	unsigned again, all_again; /* in the chunk, and in all */
	unsigned given_up;         /* faults that were always missed */
} * control;

static struct world_copy saved;

/* --- The process of a call, and its clones --- */

static bool clone_succeeds(unsigned call, unsigned number, const char *text, bool counts)
{
	token_files_put_back();
	world_restore(&saved);
	control->missed = false;
	pid_t clone = clone_process();
	if (clone != 0)
		return process_succeeds(clone, text);
	if (counts)
		t->count(call);
	else
		t->try_fault(call, number, text);
	_exit(0);
}

static void count_faults(unsigned call)
{
	t->prepare(call);
	token_files_keep();
	if (!clone_succeeds(call, 0, t->name(call), true))
		_exit(1);
}

static bool is_wanted(char text[200], unsigned call, unsigned number)
{
	t->describe(text, call, number);
	return faults_wanted(text);
}

/* Go on to the next fault of the chunk that ONLY leaves. Return false if there is none. */
static bool is_left(const struct chunk *chunk, char text[200])
{
	unsigned all = control->tally[chunk->call].all;

	while (control->next < all && !is_wanted(text, chunk->call, control->next))
		control->next += chunk->step;
	return control->next < all;
}

static void note_result(unsigned call, const char *text, bool right)
{
	control->tally[call].tried++;
	control->tally[call].failed += !right;
	control->given_up += right && control->missed;
	if (!right)
		printf("%s: that was %s\n", t->regime, text);
}

/* End after a failure, because the clone may have left a lock that this process has too. */
static void try_rest(unsigned index)
{
	const struct chunk *chunk = &chunks[index];
	bool right = true;
	char text[200];

	t->prepare(chunk->call);
	token_files_keep();
	while (right && is_left(chunk, text)) {
		unsigned number = control->next;

		control->time_over = !faults_time_left();
		if (control->time_over)
			break;
		control->next += chunk->step;
		right = clone_succeeds(chunk->call, number, text, false);
		if (right && control->missed && control->again < AGAIN_MAX) {
			control->again++;
			control->all_again++;
			control->next = number;
			break;
		}
		note_result(chunk->call, text, right);
		/* A clone uses up the server of keydiv-client.so, which belongs to the process. */
		if (getenv("KEYDIV_SERVED_MODULE") != NULL)
			break;
	}
	fflush(stdout);
}

/* Run BODY in a process of its own, from the token and the record as they were at the start. */
static void run_in_process(void (*body)(unsigned index), unsigned index)
{
	token_files_put_back();
	world_restore(&saved);
	await_process(start_process(body, index), false, "the process of a call");
}

static void try_chunk(unsigned index)
{
	char text[200];

	control->next = chunks[index].first;
	control->again = 0;
	while (!control->time_over && is_left(&chunks[index], text))
		run_in_process(try_rest, index);
}

/* --- All chunks, in random order --- */

static void list_chunks(void)
{
	uint64_t random = faults_seed;
	unsigned faults = 0;

	for (unsigned call = 0; call < t->calls; call++) {
		run_in_process(count_faults, call);
		unsigned all = control->tally[call].all = t->list(call);
		unsigned step = (all + CHUNK - 1) / CHUNK;
		ck_assert(chunk_count + step <= CHUNKS_MAX);
		for (unsigned first = 0; first < step; first++)
			chunks[chunk_count++] = (struct chunk){call, first, step};
		faults += all;
	}
	draw_order(&random, chunks, chunk_count, sizeof chunks[0]);
	printf("%s: %u calls, %u faults\n", t->regime, t->calls, faults);
	fflush(stdout);
}

/* --- The result --- */

static size_t group_length(unsigned call)
{
	const char *name = t->name(call), *mechanism = strstr(name, " with CKM_");

	return mechanism != NULL ? (size_t)(mechanism - name) : strlen(name);
}

static bool is_in_group(unsigned call, unsigned other)
{
	size_t n = group_length(call);

	return n == group_length(other) && strncmp(t->name(call), t->name(other), n) == 0;
}

static void add(struct tally *sum, const struct tally *tally)
{
	sum->all += tally->all;
	sum->tried += tally->tried;
	sum->failed += tally->failed;
}

/* Print the sums for the group of call FIRST, if that is the first of its group. */
static void print_group(unsigned first)
{
	struct tally sum = {0};

	for (unsigned call = 0; call < t->calls; call++) {
		if (!is_in_group(first, call))
			continue;
		if (call < first)
			return;
		add(&sum, &control->tally[call]);
	}
	printf("%s: %-36.*s %5u of %5u faults tried, %u failed\n", t->regime,
		(int)group_length(first), t->name(first), sum.tried, sum.all, sum.failed);
}

static void print_result(void)
{
	struct tally sum = {0};

	for (unsigned call = 0; call < t->calls; call++) {
		print_group(call);
		add(&sum, &control->tally[call]);
	}
	printf("%s: %u trials were repeated because they missed their place, %u faults never met "
	       "it\n",
		t->regime, control->all_again, control->given_up);
	printf("%s: %u of %u faults tried, %u failed\n", t->regime, sum.tried, sum.all, sum.failed);
	fflush(stdout);
	ck_assert_msg(sum.failed == 0, "SEED=%llu", (unsigned long long)faults_seed);
}

void trial_missed(void)
{
	control->missed = true;
}

void trials_run(const struct trials *trials)
{
	t = trials;
	ck_assert(t->calls <= TRIAL_CALLS_MAX);
	control = faults_shared(sizeof *control);
	world_prepare(&saved);
	token_files_keep();
	list_chunks();
	for (unsigned i = 0; i < chunk_count && !control->time_over; i++)
		if (faults_in_part(i))
			try_chunk(i);
	print_result();
}
