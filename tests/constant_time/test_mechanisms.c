/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mechanisms.c: the known answers of every mechanism, in both directions, with every key
 * secret (poison.c). A new mechanism is here as soon as it is in mechanisms/list.h, because a
 * mechanism without answers fails its self-test.
 */
#include <stdio.h>
#include <stdlib.h>

#include "key/library.h"
#include "mechanism.h"
#include "poison.h"
#include "self_test.h"

static unsigned wrong;

static void expect(bool holds, const char *what, const char *name)
{
	if (!holds) {
		printf("%s: %s\n", name, what);
		wrong++;
	}
}

int main(void)
{
	struct key *keys[SELF_TEST_KEYS];

	if (crypto_start() != CKR_OK)
		return 2;
	for (size_t i = 0; i < SELF_TEST_KEYS; i++)
		keys[i] = key_new();
	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *mech = mechanisms[i];
		expect(mechanism_self_test(mech, keys, SELF_TEST_NO_FLIP) == CKR_OK, "failed",
			mech->name);
		/* The other verdict. A generator has no answer that can be wrong. */
		expect(mechanism_self_test(mech, keys, 0) != CKR_OK, "accepted a wrong answer",
			mech->name);
	}
	for (size_t i = 0; i < SELF_TEST_KEYS; i++)
		key_free(keys[i]);
	crypto_stop();
	printf("%zu mechanisms\n", mechanism_count);
	return wrong > 0;
}
