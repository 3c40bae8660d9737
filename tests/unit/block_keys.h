/* SPDX-License-Identifier: Apache-2.0 */
/* block_keys.h: the keys that the tests of key blocks work with. */
#ifndef KEYDIV_TEST_BLOCK_KEYS_H
#define KEYDIV_TEST_BLOCK_KEYS_H

#include "key/crypto.h"
#include "mechanism.h"
#include "unit.h"

static struct key *kbpk, *target, *scratch[SCRATCH_KEYS];

static inline void set_up(void)
{
	ck_ok(crypto_start());
	kbpk = key_new();
	target = key_new();
	scratch[0] = key_new();
	scratch[1] = key_new();
}

static inline void tear_down(void)
{
	key_free(kbpk);
	key_free(target);
	key_free(scratch[0]);
	key_free(scratch[1]);
	crypto_stop();
}

#endif
