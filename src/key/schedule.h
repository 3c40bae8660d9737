/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h: the expanded key of a block cipher, kept and wiped. For this folder only. */
#ifndef KEYDIV_KEY_SCHEDULE_H
#define KEYDIV_KEY_SCHEDULE_H

#include "key/block.h"

/*
 * The contexts of a schedule are made once for each kind of cipher and kept. A schedule is wiped by
 * setting a key of zeros, which overwrites every round key, because the kind is the same. block.h
 * says what setting a key costs.
 */
struct schedule {
	void *context[KIND_COUNT]; /* of block.h, made on first use */
	enum cipher_kind dirty;    /* the context that has a key, or KIND_NONE */
};

/*
 * Set BYTES as the key of S for KIND, and wipe what another kind left. crypto_start must have
 * run. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV schedule_set(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes);

/* The same, for a schedule that decrypts. */
MUST_USE CK_RV schedule_set_inverse(
	struct schedule *s, enum cipher_kind kind, const uint8_t *bytes);

/* Overwrite the key of S, which has one. Called by schedule_wipe only. */
void schedule_overwrite(struct schedule *s);

/* Wipe the key of S, and keep the contexts. Most schedules have no key. */
static inline void schedule_wipe(struct schedule *s)
{
	if (s->dirty != KIND_NONE)
		schedule_overwrite(s);
}

/* Wipe the key of S and free the contexts. S may be used again. */
void schedule_free(struct schedule *s);

#endif
