/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h: one object as the store keeps it, and the way from an object to its record and back.
 *
 * The attributes of a record are public: everybody who can read the store can read them. The value
 * is sealed under the token key with uuid, id and attributes as associated data. So the value does
 * not open after a flag was edited, and not in another record or another token.
 */
#ifndef KEYDIV_STORE_RECORD_H
#define KEYDIV_STORE_RECORD_H

#include "object/object.h"
#include "store/vault.h"

/* The highest id of a record. A handle has 33 bits for the id (token/handle.h). */
#define STORE_ID_MAX ((INT64_C(1) << 33) - 1)

/* The longest label, object id, attributes or sealed value, in bytes. */
#define STORE_FIELD_MAX 131072

/* Every sealed value ends in its tag of so many bytes. */
#define RECORD_TAG_LEN 16

struct record {
	int64_t id; /* assigned by the store, from 1 to STORE_ID_MAX, never used again */
	CK_OBJECT_CLASS object_class;
	bool is_private;
	struct bytes label;      /* CKA_LABEL, indexed; p NULL if none */
	struct bytes object_id;  /* CKA_ID or CKA_OBJECT_ID, indexed; p NULL if none */
	struct bytes attributes; /* object_encode */
	struct bytes sealed;     /* the value */
	void *owned;             /* memory that record_free frees; the fields may lie in it */
};

/* Free what RECORD owns and empty it. */
void record_free(struct record *record);
#define RECORD __attribute__((cleanup(record_free))) struct record

/*
 * Return true if the value of O is a state that is kept in a file of src/state, and not in the
 * record: a database would leave used states on the disk.
 */
bool record_has_state(const struct object *o);

/*
 * Make the record ID of O, sealed under KEYS. Label and object id of RET borrow from O; the caller
 * frees RET with record_free. CKR_HOST_MEMORY, CKR_DEVICE_MEMORY.
 */
MUST_USE CK_RV record_seal(
	const struct snapshot *keys, int64_t id, const struct object *o, struct record *ret);

/*
 * Make the object of RECORD. The value stays empty if KEYS has no token key or if the value is a
 * state. CKR_DEVICE_ERROR, logged, if the record is damaged, edited, or not of this token; then
 * RET is empty.
 */
MUST_USE CK_RV record_open(
	const struct snapshot *keys, const struct record *record, struct object *ret);

#endif
