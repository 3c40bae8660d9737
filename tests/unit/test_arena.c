/* SPDX-License-Identifier: Apache-2.0 */
/* test_arena.c: blocks of memory for keys. */
#include "base/arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "mapping.h"
#include "unit.h"

static struct arena zeroed = {.fork_zeroes = true};
static struct arena inherited;

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

START_TEST(blocks_of_every_size)
{
	static const size_t sizes[] = {1, 63, 64, 65, 384, 512, 1000, 4095, 4096, 4097, 100000};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint8_t *a = arena_take(&zeroed, sizes[i]), *b = arena_take(&zeroed, sizes[i]);
		ck_assert(a != NULL && b != NULL && a != b);
		ck_assert(is_zero(a, sizes[i]) && is_zero(b, sizes[i]));
		ck_assert_uint_eq((uintptr_t)a % 64, 0);
		memset(a, 0xff, sizes[i]);
		ck_assert(is_zero(b, sizes[i]));
		ck_assert(is_guarded(a) && mapping_has(a, " wf"));
		arena_give(&zeroed, a, sizes[i]);
		uint8_t *again = arena_take(&zeroed, sizes[i]);
		ck_assert(is_zero(again, sizes[i])); /* wiped */
		arena_give(&zeroed, again, sizes[i]);
		arena_give(&zeroed, b, sizes[i]);
	}
	arena_give(&zeroed, NULL, 16);
}
END_TEST

static unsigned seen;

static void count(void *block)
{
	ck_assert_ptr_nonnull(block);
	seen++;
}

START_TEST(many_blocks)
{
	enum { N = 1000 };
	static uint8_t *blocks[N];

	for (unsigned i = 0; i < N; i++) {
		blocks[i] = arena_take(&inherited, 500);
		ck_assert_ptr_nonnull(blocks[i]);
		memset(blocks[i], (int)i, 500);
	}
	arena_each(&inherited, 500, count);
	ck_assert_uint_eq(seen, N);
	for (unsigned i = 0; i < N; i += 2)
		arena_give(&inherited, blocks[i], 500);
	for (unsigned i = 1; i < N; i += 2) {
		ck_assert_uint_eq(blocks[i][0], (uint8_t)i);
		ck_assert_uint_eq(blocks[i][499], (uint8_t)i);
	}
	for (unsigned i = 1; i < N; i += 2)
		arena_give(&inherited, blocks[i], 500);
	seen = 0;
	arena_each(&inherited, 500, count);
	ck_assert_uint_eq(seen, 0);
	arena_trim(&inherited);
	for (unsigned c = 0; c < ARENA_CLASSES; c++)
		ck_assert_ptr_null(inherited.chunks[c]);
}
END_TEST

static void *take_and_give(void *arg)
{
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t *p = arena_take(&zeroed, 64 + i % 200);
		if (p == NULL || !is_zero(p, 64 + i % 200))
			return "a block is not zero";
		memset(p, 0xa5, 64 + i % 200);
		arena_give(&zeroed, p, 64 + i % 200);
	}
	(void)arg;
	return NULL;
}

START_TEST(threads)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, take_and_give, NULL), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;
		pthread_join(thread[i], &failed);
		ck_assert_ptr_null(failed);
	}
}
END_TEST

/* A child of fork finds zeroes, or what it must wipe itself, and can take and give blocks. */
START_TEST(a_forked_child)
{
	uint8_t *a = arena_take(&zeroed, 100), *b = arena_take(&inherited, 100);
	int status = -1;

	memset(a, 1, 100);
	memset(b, 1, 100);
	arena_before_fork();
	pid_t child = fork();
	if (child == 0) {
		arena_after_fork();
		bool good = is_zero(a, 100) && b[0] == 1;
		uint8_t *c = arena_take(&zeroed, 100);
		good = good && c != NULL && c != a && is_zero(c, 100);
		arena_give(&zeroed, a, 100);
		_exit(good ? 0 : 1);
	}
	arena_after_fork();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	arena_give(&zeroed, a, 100);
	arena_give(&inherited, b, 100);
}
END_TEST

static atomic_bool taken;

static void *take_one(void *arg)
{
	void *p = arena_take(&inherited, 100);

	atomic_store(&taken, true);
	arena_give(&inherited, p, 100);
	return arg;
}

/* No thread changes an arena during a fork, else the child might not find a chunk that moves. */
START_TEST(a_fork_stops_changes)
{
	pthread_t thread;

	arena_before_fork();
	ck_assert_int_eq(pthread_create(&thread, NULL, take_one, NULL), 0);
	usleep(100000);
	ck_assert(!atomic_load(&taken));
	arena_after_fork();
	pthread_join(thread, NULL);
	ck_assert(atomic_load(&taken));
}
END_TEST

START_TEST(long_secrets_are_in_an_arena)
{
	SECRET secret = {0};
	static const uint8_t bytes[SECRET_MAX] = {7};

	for (size_t n = SECRET_INLINE + 1; n <= SECRET_MAX;
		n = n == SECRET_MAX ? n + 1 : SECRET_MAX) {
		ck_assert_uint_eq(secret_set(&secret, bytes, n), CKR_OK);
		ck_assert(is_guarded(secret_peek(&secret)));
		ck_assert(mapping_has(secret_peek(&secret), " wf"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tests = tcase_create("arena");

	tcase_add_test(tests, blocks_of_every_size);
	tcase_add_test(tests, many_blocks);
	tcase_add_test(tests, threads);
	tcase_add_test(tests, a_forked_child);
	tcase_add_test(tests, a_fork_stops_changes);
	tcase_add_test(tests, long_secrets_are_in_an_arena);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
