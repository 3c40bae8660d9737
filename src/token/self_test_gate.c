/* SPDX-License-Identifier: Apache-2.0 */
/* self_test_gate.c: see self_test_gate.h. */
#include "token/self_test_gate.h"

#include <stdatomic.h>

#include "base/clock.h"

#define MECHANISMS_MAX 256

int self_test_flip = SELF_TEST_NO_FLIP;

static _Atomic uint8_t passed[MECHANISMS_MAX]; /* by index in mechanisms[] */
static void (*tell_failed)(const char *mechanism);

void self_test_gate_start(void (*failed)(const char *mechanism))
{
	for (size_t i = 0; i < MECHANISMS_MAX; i++)
		atomic_store_explicit(&passed[i], 0, memory_order_relaxed);
	tell_failed = failed;
}

static CK_RV run(const struct mechanism *mech)
{
	struct key *keys[SELF_TEST_KEYS];
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < SELF_TEST_KEYS; i++) {
		keys[i] = key_new();
		if (keys[i] == NULL)
			rv = CKR_HOST_MEMORY;
	}
	if (rv == CKR_OK)
		rv = mechanism_self_test(mech, keys, self_test_flip);
	for (unsigned i = 0; i < SELF_TEST_KEYS; i++)
		key_free(keys[i]);
	if (rv == CKR_OK || rv == CKR_HOST_MEMORY)
		return rv;
	if (tell_failed != NULL)
		tell_failed(mech->name);
	return CKR_DEVICE_ERROR;
}

CK_RV self_test_gate(size_t index)
{
	if (__builtin_expect(atomic_load_explicit(&passed[index], memory_order_acquire), 1))
		return CKR_OK;
	TRY(run(mechanisms[index])); /* two threads may both run the answers: harmless */
	atomic_store_explicit(&passed[index], 1, memory_order_release);
	return CKR_OK;
}

CK_RV self_test_now(CK_MECHANISM_TYPE type, CK_ULONG *ret_result, CK_ULONG *ret_nanoseconds)
{
	const struct mechanism *mech = mechanism_find(type);

	REQUIRE(mech != NULL, CKR_MECHANISM_INVALID, "no such mechanism");
	uint64_t start = clock_ns();
	CK_RV rv = run(mech);
	uint64_t end = clock_ns();
	if (rv == CKR_HOST_MEMORY)
		return rv;
	*ret_result = rv;
	*ret_nanoseconds = (CK_ULONG)(end - start);
	return CKR_OK;
}
