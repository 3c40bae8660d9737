/* SPDX-License-Identifier: Apache-2.0 */
/* self_test.c: see self_test.h. */
#include "token/self_test.h"

#include <stdatomic.h>
#include <time.h>

#define ROWS_MAX 256

int self_test_flip = SELFTEST_NO_FLIP;

static _Atomic uint8_t passed[ROWS_MAX]; /* by the row's place in mechanisms[] */
static void (*tell_failed)(const char *mechanism);

void self_test_start(void (*failed)(const char *mechanism))
{
	for (size_t i = 0; i < ROWS_MAX; i++)
		atomic_store_explicit(&passed[i], 0, memory_order_relaxed);
	tell_failed = failed;
}

static CK_RV run(const struct mechanism *row)
{
	struct key *keys[SELFTEST_KEYS];
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < SELFTEST_KEYS; i++) {
		keys[i] = key_new();
		if (keys[i] == NULL)
			rv = CKR_HOST_MEMORY;
	}
	if (rv == CKR_OK)
		rv = mechanism_selftest(row, keys, self_test_flip);
	for (unsigned i = 0; i < SELFTEST_KEYS; i++)
		key_free(keys[i]);
	if (rv == CKR_OK || rv == CKR_HOST_MEMORY)
		return rv;
	if (tell_failed != NULL)
		tell_failed(row->name);
	return CKR_DEVICE_ERROR;
}

CK_RV self_test_once(const struct mechanism *row)
{
	size_t index = mechanism_index(row);

	if (__builtin_expect(atomic_load_explicit(&passed[index], memory_order_acquire), 1))
		return CKR_OK;
	TRY(run(row)); /* two threads may both run it: harmless */
	atomic_store_explicit(&passed[index], 1, memory_order_release);
	return CKR_OK;
}

CK_RV self_test_now(CK_MECHANISM_TYPE type, CK_ULONG *ret_result, CK_ULONG *ret_nanoseconds)
{
	const struct mechanism *row = mechanism_find(type);
	struct timespec before, after;

	ENSURE(row != NULL, CKR_MECHANISM_INVALID);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CK_RV rv = run(row);
	clock_gettime(CLOCK_MONOTONIC, &after);
	if (rv == CKR_HOST_MEMORY)
		return rv;
	*ret_result = rv;
	*ret_nanoseconds = (CK_ULONG)((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
				      before.tv_nsec);
	return CKR_OK;
}
