/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h: one object in memory, either a session object or a token object, and its encoding
 * for the store.
 *
 * The struct has a fixed size. Session objects therefore live in slots (pool.h), and a diversified
 * key costs no allocation. Attributes of variable length that do not fit into the struct are in one
 * buffer that the object owns. Nothing in this file locks. The caller must own the object, and
 * pool.h and objects.h guard the objects that threads share.
 */
#ifndef KEYDIV_OBJECT_OBJECT_H
#define KEYDIV_OBJECT_OBJECT_H

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
	FLAG_EXTRACTABLE_CHILDREN = 1 << 19,
	FLAG_USE_ONLY = 1 << 20,
	FLAG_FOREIGN_EXTRACTABLE = 1 << 21,
	FLAG_LAST = FLAG_FOREIGN_EXTRACTABLE,
};

#define FLAGS_USAGE USAGE_ALL

/*
 * How a key was made (struct object, `made`). CKA_TRUSTED and the check value depend on this. The
 * low bits are the flags that the key was made with: usage, CKA_DERIVE, CKA_SENSITIVE and
 * CKA_EXTRACTABLE. The numbers are in the store and never change.
 */
enum made {
	MADE_WAY = 7 << 24, /* mask: one of the following */
	MADE_CREATED = 1 << 24,
	MADE_GENERATED = 2 << 24, /* from random bytes */
	MADE_FROM_PASSWORD = 3 << 24,
	MADE_DERIVED = 4 << 24,
	MADE_UNWRAPPED = 5 << 24,
	MADE_COPY = 1 << 27, /* by C_CopyObject; the other bits are those of the source */
	/* The value may be a key that derives elsewhere: its check value is a CMAC. */
	MADE_CHECK_BY_CMAC = 1 << 28,
	/* CKA_ALLOWED_MECHANISMS names only mechanisms whose wrapped form says the role. */
	MADE_FOR_BLOCKS = 1 << 29,
};

#define MADE_FLAGS (FLAGS_USAGE | FLAG_DERIVE | FLAG_SENSITIVE | FLAG_EXTRACTABLE)

/*
 * Attributes of variable length. The numbers are in the store and never change. A new attribute
 * gets the next number.
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
	VAR_RESERVE,      /* client state or master with a window: 8 bytes */
	VAR_PUBLIC_VALUE, /* CKO_DATA that is not private: its CKA_VALUE, which is no secret */
	/*
	 * A key without CKA_DERIVE whose value is a master's (plan.h, plan_may_wrap): the list that
	 * the key would have as a master, empty if the key must not come back as a master. No
	 * attribute shows this list.
	 */
	VAR_MASTER_LIST,
	VAR_WINDOW, /* master: 8 bytes, 1 to WINDOW_MAX; absent: 0 */
	/*
	 * Foreign master: its URI. The store has the attribute too, but empty, because the URI is
	 * sealed (object_foreign.h). So the URI is empty while nobody is logged in.
	 */
	VAR_FOREIGN_KEY,
	VAR_FOREIGN_CHECK, /* foreign master: see object_foreign.h; in memory only, as above */
	VARIABLE_LAST = VAR_FOREIGN_CHECK,
};

#define WINDOW_MAX 1024  /* CKA_KEYDIV_WINDOW */
#define RESERVE_MAX 4096 /* CKA_KEYDIV_RESERVE */

#define VARIABLES_INLINE 96
#define VARIABLES_MAX (DATA_MAX + 48 * 1024) /* all variable attributes of an object, in bytes */

/*
 * The variable attributes. Each entry is the id (1 byte), the length (4 bytes, big-endian) and the
 * bytes. The ids ascend.
 */
struct variables {
	uint32_t len;
	uint32_t present; /* bit (1 << enum variable) for each entry */
	uint8_t *heap;    /* the entries, if they take more than VARIABLES_INLINE bytes */
	uint8_t small[VARIABLES_INLINE];
};

struct object {
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE key_type;                /* CKO_SECRET_KEY; CK_UNAVAILABLE_INFORMATION else */
	CK_MECHANISM_TYPE key_gen_mechanism; /* or CK_UNAVAILABLE_INFORMATION */
	/*
	 * CKA_PROFILE_ID or CKA_MECHANISM_TYPE of a built-in object. CKA_VALUE_LEN of a key, which
	 * is known even where `value` is empty: in the key cache, and for a public token key while
	 * nobody is logged in. object_move, object_copy and object_encode keep the length.
	 */
	CK_ULONG number;
	uint32_t flags; /* enum flag */
	uint32_t made;  /* enum made and MADE_FLAGS; 0 if the object is not a key */
	uint32_t default_allowed_count;
	/*
	 * CKA_ALLOWED_MECHANISMS where VAR_ALLOWED_MECHANISMS is absent. The list is constant
	 * memory: the children of a mechanism or a default list. NULL: the attribute is absent.
	 */
	const CK_MECHANISM_TYPE *default_allowed;
	struct variables variables;
	struct secret
		value; /* CKA_VALUE of a key or of private data; the state of an O-DUKPT client */
};

/* Wipe and free everything that O owns. O is empty afterwards. The cleanup function of OBJECT. */
void object_wipe(struct object *o);

#define OBJECT __attribute__((cleanup(object_wipe))) struct object

/* Make RET, which must be empty, a copy of O with memory of its own. CKR_HOST_MEMORY. */
MUST_USE CK_RV object_copy(const struct object *o, struct object *ret);

/*
 * Move FROM into TO, which must be empty. FROM is empty afterwards and its inline secret is wiped.
 */
void object_move(struct object *from, struct object *to);

/* Return true if O has the variable attribute ID. */
static inline bool object_has(const struct object *o, enum variable id)
{
	return (o->variables.present >> id & 1) != 0;
}

/* As object_variable, which is the only caller, for an attribute that O has. */
struct bytes object_find_variable(const struct object *o, enum variable id);

/*
 * Return the variable attribute ID, or p == NULL if O has none. The bytes stay valid until
 * the next object_set_variable.
 */
static inline struct bytes object_variable(const struct object *o, enum variable id)
{
	return object_has(o, id) ? object_find_variable(o, id) : bytes_of(NULL, 0);
}

/*
 * Set the variable attribute ID, or remove the attribute if VALUE.p is NULL. CKR_HOST_MEMORY, and
 * CKR_DEVICE_MEMORY if all variable attributes together would take more than VARIABLES_MAX bytes.
 */
MUST_USE CK_RV object_set_variable(struct object *o, enum variable id, struct bytes value);

/*
 * Return CKA_VALUE_LEN of a key, even where the value is elsewhere; 0 if the key has no value yet.
 */
static inline size_t object_key_length(const struct object *o)
{
	return o->value.len ? o->value.len : (size_t)o->number;
}

/* Return CKA_KEYDIV_WINDOW of O, 0 if O has no replay windows. */
static inline unsigned object_window(const struct object *o)
{
	return object_has(o, VAR_WINDOW) ? (unsigned)get_be64(object_find_variable(o, VAR_WINDOW).p)
					 : 0;
}

/*
 * Return true if O is a foreign master: a key whose value is in another token. `value` is
 * always empty.
 */
static inline bool object_is_foreign(const struct object *o)
{
	return object_has(o, VAR_FOREIGN_KEY);
}

/* Return true if O has CKA_KEYDIV_RESERVE: a client state, or a master with replay windows. */
static inline bool object_reserves(const struct object *o)
{
	return key_type_is_state(o->key_type) || object_has(o, VAR_WINDOW);
}

/*
 * Return true if CKA_ALLOWED_MECHANISMS of O names TYPE. An object without the attribute
 * allows every mechanism.
 */
bool object_allows(const struct object *o, CK_MECHANISM_TYPE type);

/* Return true if O has CKA_ALLOWED_MECHANISMS and the attribute names TYPE. */
bool object_names(const struct object *o, CK_MECHANISM_TYPE type);

/* Return true if CKA_CHECK_VALUE of the key O is made with AES-CMAC instead of ECB. */
bool object_checks_by_cmac(const struct object *o);

/*
 * Encode everything except `value` and what object_foreign_seal encodes (object_encode.c has the
 * format). A default list is written out as a list. The caller frees *RET. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV object_encode(const struct object *o, uint8_t **ret, size_t *ret_n);

/* Read an encoded object back. `value` stays empty. CKR_DEVICE_ERROR for hostile input. */
MUST_USE CK_RV object_decode(struct bytes encoded, struct object *ret);

#endif
