/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c: set, wipe and free the expanded keys of block ciphers. */
#include "key/schedule.h"

#include "key/crypto.h"

/* Make the context of S for KIND ready for a key. */
static inline CK_RV schedule_prepare(struct schedule *s, enum cipher_kind kind)
{
	if (s->dirty != kind)
		schedule_wipe(s);
	if (s->context[kind] == NULL) {
		ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
		s->context[kind] = block_new(kind);
		ENSURE(s->context[kind] != NULL, CKR_HOST_MEMORY);
	}
	s->dirty = kind;
	return CKR_OK;
}

CK_RV schedule_set(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes)
{
	TRY(schedule_prepare(s, kind));
	if (!block_set_key(kind, s->context[kind], bytes)) {
		schedule_wipe(s);
		return FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot set the key");
	}
	return CKR_OK;
}

CK_RV schedule_set_inverse(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes)
{
	TRY(schedule_prepare(s, kind));
	if (!block_set_key_inverse(kind, s->context[kind], bytes)) {
		schedule_wipe(s);
		return FAIL(CKR_FUNCTION_FAILED, "libcrypto cannot set the key");
	}
	return CKR_OK;
}

void schedule_overwrite(struct schedule *s)
{
	static const uint8_t zero[32];

	/*
	 * if setting the zero key fails, freeing wipes the schedule, and the next load makes
	 * a new one
	 */
	if (!block_set_key(s->dirty, s->context[s->dirty], zero)) {
		block_free(s->dirty, s->context[s->dirty]);
		s->context[s->dirty] = NULL;
	}
	s->dirty = KIND_NONE;
}

void schedule_free(struct schedule *s)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		block_free((enum cipher_kind)kind, s->context[kind]);
		s->context[kind] = NULL;
	}
	s->dirty = KIND_NONE;
}
