/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits.c: each bit of each byte of the files of a small token is flipped. The module notices that,
 * or it has no effect. It never gives a changed key, flag or label, no number or counter twice, and
 * never crashes.
 *
 * Several processes share the work, each with a copy of the token. A process tries some bits in a
 * child. If the child finds something wrong or dies, it tries these bits one by one.
 */
#include "bits_token.h"

#include <sys/wait.h>

#define WORKERS_MAX 16
#define BATCH 64
#define FAILED_MAX 40

static struct control {
	volatile uint64_t next, tried, failed;
} * control;

static uint32_t *order;
static uint64_t all;

/*
 * Most bytes are zeroes of pages that are not full. The bits of bytes with something in them or
 * close before them are tried first.
 */
static uint64_t put_in_order(uint64_t *random)
{
	uint64_t live = 0, other = all;

	for (uint64_t at = 0; at < all / 8; at++) {
		bool is_live = bits_byte(at) != 0 || (at > 0 && bits_byte(at - 1) != 0);
		for (unsigned bit = 0; bit < 8; bit++)
			order[is_live ? live++ : --other] = (uint32_t)(8 * at + bit);
	}
	for (uint64_t i = 0; i < live; i++) {
		uint64_t j = i + draw(random) % (live - i);
		uint32_t number = order[i];

		order[i] = order[j];
		order[j] = number;
	}
	return live;
}

/* --- In the process of a worker --- */

static uint64_t first, end; /* of the bits in ORDER that are tried now */

static void try_bits(void)
{
	for (uint64_t i = first; i < end; i++) {
		bits_flip(order[i]);
		bits_look();
		bits_put_back();
	}
}

static void try_one_by_one(uint64_t from, uint64_t to)
{
	char text[200];

	for (first = from; first < to; first++) {
		end = first + 1;
		bool right = in_child(try_bits);
		bits_put_back(); /* after a crash */
		if (right)
			continue;
		__sync_fetch_and_add(&control->failed, 1);
		bits_describe(text, sizeof text, order[first]);
		printf("bits: %s\n", text);
		fflush(stdout);
	}
}

static void work(unsigned index)
{
	bits_make_copy(index);
	while (faults_time_left() && control->failed < FAILED_MAX) {
		uint64_t from = __sync_fetch_and_add(&control->next, BATCH);
		uint64_t to = from + BATCH < all ? from + BATCH : all;

		if (from >= all)
			break;
		first = from;
		end = to;
		if (!in_child(try_bits)) {
			bits_put_back();
			try_one_by_one(from, to);
		}
		__sync_fetch_and_add(&control->tried, to - from);
	}
}

START_TEST(a_flipped_bit_changes_nothing_unnoticed)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t worker[WORKERS_MAX];

	workers = workers < WORKERS_MAX ? workers : WORKERS_MAX;
	faults_begin("bits", 20);
	uint64_t random = faults_seed;
	control = faults_shared(sizeof *control);
	all = bits_list();
	order = malloc(all * sizeof *order);
	uint64_t live = put_in_order(&random);
	for (long i = 0; i < workers; i++)
		worker[i] = start_process(work, (unsigned)i);
	for (long i = 0; i < workers; i++)
		ck_assert_int_eq(waitpid(worker[i], NULL, 0), worker[i]);
	faults_check_trouble();
	printf("bits: %llu of %llu bits (%llu of bytes in use) in %u files, %llu failed\n",
		(unsigned long long)control->tried, (unsigned long long)all,
		(unsigned long long)live, bits_files(), (unsigned long long)control->failed);
	free(order);
	fflush(stdout);
	ck_assert_msg(control->failed == 0 && control->tried > 0, "SEED=%llu",
		(unsigned long long)faults_seed);
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
