/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h: one object in memory, session or token object alike, and its encoding for the store.
 *
 * The struct is of fixed size, so that session objects live in slots (pool.h) and a diversified key
 * costs no allocation; attributes of variable length that are longer than the room inside go to one
 * buffer of the object's own. Nothing here locks: an object belongs to whoever holds it; what is
 * shared is guarded by pool.h and objects.h.
 */
#ifndef KEYDIV_TOKEN_OBJECT_H
#define KEYDIV_TOKEN_OBJECT_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "key/key_type.h"
#include "keydiv.h"

/* One bit for each attribute of type CK_BBOOL. */
enum flag {
	FLAG_TOKEN = 1 << 0,
	FLAG_PRIVATE = 1 << 1,
	FLAG_MODIFIABLE = 1 << 2,
	FLAG_COPYABLE = 1 << 3,
	FLAG_DESTROYABLE = 1 << 4,
	FLAG_SENSITIVE = 1 << 5,
	FLAG_EXTRACTABLE = 1 << 6,
	FLAG_ALWAYS_SENSITIVE = 1 << 7,
	FLAG_NEVER_EXTRACTABLE = 1 << 8,
	FLAG_LOCAL = 1 << 9,
	FLAG_ENCRYPT = USAGE_ENCRYPT,
	FLAG_DECRYPT = USAGE_DECRYPT,
	FLAG_SIGN = USAGE_SIGN,
	FLAG_VERIFY = USAGE_VERIFY,
	FLAG_WRAP = USAGE_WRAP,
	FLAG_UNWRAP = USAGE_UNWRAP,
	FLAG_DERIVE = 1 << 16,
	FLAG_TRUSTED = 1 << 17,
	FLAG_WRAP_WITH_TRUSTED = 1 << 18,
};

#define FLAGS_USAGE USAGE_ALL

/*
 * Attributes of variable length. The numbers are in the store: they never change, new ones go
 * to the end.
 */
enum variable {
	VAR_LABEL = 1,
	VAR_ID,          /* CKA_ID */
	VAR_APPLICATION, /* CKO_DATA */
	VAR_OBJECT_ID,   /* CKO_DATA */
	VAR_START_DATE,  /* 8 digits */
	VAR_END_DATE,
	VAR_ALLOWED_MECHANISMS, /* 8 bytes big-endian each */
	VAR_WRAP_TEMPLATE,      /* templates as template.h encodes them */
	VAR_UNWRAP_TEMPLATE,
	VAR_DERIVE_TEMPLATE,
	VAR_TRANSACTION,  /* CKA_KEYDIV_TRANSACTION of a key from O-DUKPT: 8 bytes */
	VAR_SHAPE,        /* client state: 2 bytes */
	VAR_RESERVE,      /* client state: 8 bytes */
	VAR_PUBLIC_VALUE, /* CKO_DATA that is not private: its CKA_VALUE, which is no secret */
};

#define VARIABLES_INLINE 96

/*
 * The variable attributes: entries of id (1 byte), length (4 bytes, big-endian), bytes; ids ascend.
 */
struct variables {
	uint32_t len;
	uint8_t *heap; /* where they are, if more than VARIABLES_INLINE */
	uint8_t small[VARIABLES_INLINE];
};

struct object {
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE key_type;                /* CKO_SECRET_KEY; CK_UNAVAILABLE_INFORMATION else */
	CK_MECHANISM_TYPE key_gen_mechanism; /* or CK_UNAVAILABLE_INFORMATION */
	/*
	 * CKA_PROFILE_ID, CKA_MECHANISM_TYPE of the built-in objects. Of a key: CKA_VALUE_LEN,
	 * known also where `value` is not here (in the key cache; a public token key with nobody
	 * logged in); object_move, object_copy and object_encode see to it.
	 */
	CK_ULONG number;
	uint32_t flags; /* enum flag */
	uint32_t default_allowed_count;
	/*
	 * CKA_ALLOWED_MECHANISMS where VAR_ALLOWED_MECHANISMS is absent: constant memory (a mechanism's
	 * children, a default list); NULL: the attribute is absent
	 */
	const CK_MECHANISM_TYPE *default_allowed;
	struct variables variables;
	struct secret
		value; /* CKA_VALUE of a key or of private data; the state of an O-DUKPT client */
};

/* Wipe and free what O owns; O is empty then. Also the cleanup function of OBJECT. */
void object_wipe(struct object *o);

#define OBJECT __attribute__((cleanup(object_wipe))) struct object

/* RET = a copy of O with memory of its own. RET must be empty or zero. CKR_HOST_MEMORY. */
MUST_USE CK_RV object_copy(const struct object *o, struct object *ret);

/* Move FROM into TO (which must be empty); FROM is empty then, and its inline secret wiped. */
void object_move(struct object *from, struct object *to);

/* The variable attribute ID, borrowed until the next object_set_variable; p == NULL if absent. */
struct bytes object_variable(const struct object *o, enum variable id);

/*
 * Set (or, with p == NULL, remove) one. CKR_HOST_MEMORY; CKR_DEVICE_MEMORY if all together would
 * exceed 48 KiB.
 */
MUST_USE CK_RV object_set_variable(struct object *o, enum variable id, struct bytes value);

/* CKA_VALUE_LEN of a key: the length of its value, wherever the value is; 0 if it has none yet. */
static inline size_t object_key_length(const struct object *o)
{
	return o->value.len ? o->value.len : (size_t)o->number;
}

/*
 * Return true if CKA_ALLOWED_MECHANISMS of O names TYPE. An object without the attribute allows every
 * mechanism.
 */
bool object_allows(const struct object *o, CK_MECHANISM_TYPE type);

/* Return true if O has CKA_ALLOWED_MECHANISMS and the attribute names TYPE. */
bool object_names(const struct object *o, CK_MECHANISM_TYPE type);

/*
 * The encoding of everything but `value` (STORAGE.md). *RET is malloc'ed, the caller frees. The
 * default list is written out as a list.
 */
MUST_USE CK_RV object_encode(const struct object *o, uint8_t **ret, size_t *ret_n);

/* Read it back; hostile input gives CKR_DEVICE_ERROR. `value` stays empty. */
MUST_USE CK_RV object_decode(struct bytes encoded, struct object *ret);

#endif
