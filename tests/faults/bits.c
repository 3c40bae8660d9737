/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits.c: each bit of each byte of the files of a small token is flipped. The module notices that,
 * or it has no effect. It never gives a changed key, flag or label, no number or counter twice, and
 * never crashes.
 *
 * Several processes share the work, each with a token in every slot that the module can have, which
 * are copies of one token. A process flips another bit in each copy, and a child starts the module
 * and looks at one copy after another. No copy was used in the child before its look. If the child
 * finds something wrong or dies, the process tries these bits in one child each.
 */
#include "bits_token.h"

#include <sys/wait.h>

#define WORKERS_MAX 16
#define BATCH BITS_COPIES
#define FAILED_MAX 40

static struct control {
	volatile uint64_t next, failed;
	volatile uint64_t tried[TOKEN_FILES_MAX];
} * control;

static uint32_t *order;
static uint64_t all, listed, live; /* listed: in this part; live: of these, of bytes in use */

/*
 * Most bytes are zeroes of pages that are not full. The bits of bytes with something in them or
 * close before them are tried first.
 */
static void put_in_order(uint64_t *random)
{
	uint64_t other = all;

	live = 0;

	for (uint64_t at = 0; at < all / 8; at++) {
		if (!faults_in_part(at))
			continue;
		bool is_live = bits_byte(at) != 0 || (at > 0 && bits_byte(at - 1) != 0);
		for (unsigned bit = 0; bit < 8; bit++)
			order[is_live ? live++ : --other] = (uint32_t)(8 * at + bit);
	}
	memmove(order + live, order + other, (all - other) * sizeof *order);
	listed = live + all - other;
	for (uint64_t i = 0; i < live; i++) {
		uint64_t j = i + draw(random) % (live - i);
		uint32_t number = order[i];

		order[i] = order[j];
		order[j] = number;
	}
}

/* --- In the process of a worker --- */

static uint64_t first, end; /* of the bits in ORDER that are tried now */

static void look_at_bits(void)
{
	bits_look((unsigned)(end - first));
}

/* Try bits FROM to TO of the order in one child. Return false if it found something or died. */
static bool try_bits(uint64_t from, uint64_t to)
{
	first = from;
	end = to;
	for (uint64_t at = from; at < to; at++)
		bits_flip((unsigned)(at - from), order[at]);
	bool right = in_child(look_at_bits);
	for (uint64_t at = from; at < to; at++)
		bits_put_back((unsigned)(at - from));
	return right;
}

static void note_result(uint64_t at, bool right)
{
	char text[200];

	__sync_fetch_and_add(&control->tried[bits_file(order[at])], 1);
	if (right)
		return;
	__sync_fetch_and_add(&control->failed, 1);
	bits_describe(text, sizeof text, order[at]);
	printf("bits: %s\n", text);
	fflush(stdout);
}

static void work(unsigned index)
{
	bits_make_copies(index);
	while (faults_time_left() && control->failed < FAILED_MAX) {
		uint64_t batch = __sync_fetch_and_add(&control->next, 1), from = batch * BATCH;
		uint64_t to = from + BATCH < listed ? from + BATCH : listed;

		if (from >= listed)
			break;
		bool right = try_bits(from, to);
		for (uint64_t at = from; at < to; at++)
			note_result(at, right || try_bits(at, at + 1));
	}
}

static void print_tally(void)
{
	uint64_t tried = 0;

	for (unsigned i = 0; i < token_file_count; i++) {
		printf("bits: %-24s %7llu of %7llu tried\n", token_files[i].name + 1,
			(unsigned long long)control->tried[i],
			(unsigned long long)token_files[i].size * 8);
		tried += control->tried[i];
	}
	printf("bits: %llu of %llu bits (%llu of bytes in use) in %u files, %llu failed\n",
		(unsigned long long)tried, (unsigned long long)all, (unsigned long long)live,
		token_file_count, (unsigned long long)control->failed);
	fflush(stdout);
	ck_assert(tried > 0);
}

START_TEST(a_flipped_bit_changes_nothing_unnoticed)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t worker[WORKERS_MAX];
	int status;

	workers = workers < WORKERS_MAX ? workers : WORKERS_MAX;
	faults_begin("bits", 20);
	uint64_t random = faults_seed;
	control = faults_shared(sizeof *control);
	all = bits_list();
	order = malloc(all * sizeof *order);
	put_in_order(&random);
	for (long i = 0; i < workers; i++)
		worker[i] = start_process(work, (unsigned)i);
	for (long i = 0; i < workers; i++)
		ck_assert(waitpid(worker[i], &status, 0) == worker[i] && status == 0);
	faults_check_trouble();
	print_tally();
	free(order);
	ck_assert_msg(control->failed == 0, "SEED=%llu", (unsigned long long)faults_seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bits");
	TCase *tc = add_case(suite, "bits", bits_set_up);

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, a_flipped_bit_changes_nothing_unnoticed);
	return run(suite);
}
