/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_kind.h: the kinds of state that a key object can have instead of a value, one
 * struct state_kind each.
 *
 * A state is advanced each time that a key is taken from it, so that no key is given out twice and
 * no used key stays behind. src/state keeps states durable, and knows nothing of their contents.
 */
#ifndef KEYDIV_MECHANISMS_STATE_KIND_H
#define KEYDIV_MECHANISMS_STATE_KIND_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "keydiv.h"

struct derivation; /* mechanism.h */

#define STATE_SIZE_MAX 2048    /* bytes of a state of any kind */
#define STATE_ATTRIBUTE_MAX 32 /* bytes of an attribute that is computed from a state */

struct state_kind {
	CK_KEY_TYPE key_type; /* of the objects that have such a state */
	const char *name;     /* for messages */
	size_t size;          /* of the longest state in bytes, at most STATE_SIZE_MAX */

	/*
	 * Attributes that are the same for the whole life of a state. They are computed when the
	 * state is made, and stored with the object, so that they can be read without the state.
	 * Ended by 0.
	 */
	const CK_ATTRIBUTE_TYPE *attributes;

	/* Check N bytes at STATE completely. CKR_DEVICE_ERROR if this project never wrote them. */
	CK_RV (*check)(const uint8_t *state, size_t n);

	/* The number of the next key of a checked state. */
	uint64_t (*next)(const uint8_t *state);

	/*
	 * Compute the attribute TYPE from a state into RET, which has STATE_ATTRIBUTE_MAX bytes.
	 * CKR_ATTRIBUTE_TYPE_INVALID if the kind has no such attribute. CKR_DEVICE_ERROR as check.
	 */
	CK_RV(*describe)
	(const uint8_t *state, size_t n, CK_ATTRIBUTE_TYPE type, uint8_t *ret, size_t *ret_n);

	/*
	 * Advance STATE in place. Set RET_KEY to the key that the state releases, and D->number to
	 * the number of the key. After an error STATE is half changed and must be discarded.
	 * CKR_KEYDIV_EXHAUSTED if no key is left.
	 */
	CK_RV (*advance)(struct derivation *d, uint8_t *state, size_t n, struct secret *ret_key);
	CK_KEY_TYPE released; /* type of the key that advance releases */

	/* Length in bytes of that key, from the first of ATTRIBUTES and the length of the state. */
	size_t (*released_length)(struct bytes attribute, size_t n);
};

/* O-DUKPT clients (odukpt_client.c). */
extern const struct state_kind state_odukpt_client;

/* The same as state_kind_of, by a search of all kinds. Only state_kind_of calls this function. */
const struct state_kind *state_kind_find(CK_KEY_TYPE type);

/* Return the kind of state that objects of key type TYPE have, or NULL if they have a value. */
static inline const struct state_kind *state_kind_of(CK_KEY_TYPE type)
{
	/* All kinds have key types of vendors. The test keeps other key types fast. */
	return __builtin_expect((type & CKK_VENDOR_DEFINED) != 0, 0) ? state_kind_find(type) : NULL;
}

#endif
