/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapping.h: the functions of a mechanism that wraps keys in a form of its own.
 *
 * AES key wrap carries the bytes of a key and nothing else. Other forms carry what the key may do
 * too, or take fields as input. A mechanism of such a form names a function in wrap_key or
 * unwrap_key of its struct operating. The policy fills a struct wrapped_role from the object that
 * is wrapped, and plans an unwrapped object from the struct that unwrap_key returns.
 */
#ifndef KEYDIV_WRAPPING_H
#define KEYDIV_WRAPPING_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "key/key.h"
#include "key/key_type.h"

struct parameter;

/* The ways in which a wrapped key may leave the next token. Each value permits more. */
enum exportability {
	EXPORT_NONE,    /* not at all */
	EXPORT_TRUSTED, /* under trusted wrapping keys only */
	EXPORT_ANY,     /* under every wrapping key */
};

#define WRAPPED_LIST_MAX 16

/* The type, usage and mechanisms of a wrapped key, which the form carries beside the value. */
struct wrapped_role {
	CK_KEY_TYPE type;
	uint32_t usage; /* USAGE_ bits; 0 if the key derives */
	bool derives;
	/*
	 * CKA_ALLOWED_MECHANISMS. A list of more than WRAPPED_LIST_MAX mechanisms is given as an
	 * empty list, which is the list of no form.
	 */
	bool has_list;
	size_t count;
	CK_MECHANISM_TYPE list[WRAPPED_LIST_MAX];
	/* To wrap: the most that the policy of the key permits. To unwrap: what the form says. */
	enum exportability exportability;
};

/* The inputs of wrap_key. Everything is borrowed. */
struct wrapping {
	struct key *kek;            /* the wrapping key, of a type that the mechanism takes */
	struct key *target;         /* the key to wrap */
	struct key *const *scratch; /* SCRATCH_KEYS keys, which the caller wipes afterwards */
	const struct parameter *parameter; /* of a mechanism with fields */
	const struct wrapped_role *role;
};

/*
 * Wrap TARGET. *RET_N is the length of the result in bytes. If OUT is NULL, only the length is
 * computed, with all checks of the inputs. The clear value never stands in OUT.
 *
 * - CKR_MECHANISM_PARAM_INVALID: the parameter does not fit the key.
 * - CKR_KEY_NOT_WRAPPABLE: the form has no place for this key.
 * - CKR_WRAPPING_KEY_SIZE_RANGE: the form does not take wrapping keys of this length.
 */
typedef CK_RV wrap_function(const struct wrapping *w, uint8_t *out, size_t *ret_n);

/* The inputs of unwrap_key. Everything is borrowed. */
struct unwrapping {
	struct key *kek;
	struct key *const *scratch; /* SCRATCH_KEYS keys, which the caller wipes afterwards */
	struct bytes wrapped;       /* in the caller's memory */
};

/*
 * Unwrap a key. RET_ROLE says what the key is and may do. The exact value is in RET_VALUE, which is
 * empty after an error.
 *
 * - CKR_WRAPPED_KEY_INVALID: malformed, changed, or under another key. Nothing says which.
 * - CKR_KEY_TYPE_INCONSISTENT: authentic, but the token offers nothing for such a key.
 */
typedef CK_RV unwrap_function(
	const struct unwrapping *u, struct wrapped_role *ret_role, struct secret *ret_value);

#endif
