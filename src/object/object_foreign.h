/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_foreign.h: what a foreign master has in place of a value, which is in another token.
 *
 * The store seals these bytes as the value of any other key. So an edited URI is noticed, and a
 * reader of the store learns neither the URI nor the check.
 */
#ifndef KEYDIV_OBJECT_OBJECT_FOREIGN_H
#define KEYDIV_OBJECT_OBJECT_FOREIGN_H

#include "object/object.h"

#define OBJECT_URI_MAX 1024  /* bytes */
#define OBJECT_CHECK_MAX 255 /* bytes */

struct object_foreign {
	struct bytes uri;         /* RFC 7512, 1 to OBJECT_URI_MAX bytes; empty: sealed */
	struct bytes check_value; /* CKA_CHECK_VALUE, 3 bytes; empty: cannot be computed */
	/* The output of the key for a random string at linking, 1 to OBJECT_CHECK_MAX bytes. */
	struct bytes check;
};

/* Return the parts of O, which borrow from O. All are empty while nobody is logged in. */
struct object_foreign object_foreign(const struct object *o);

/* Make O a foreign master with the parts FROM, which must not be in O. CKR_HOST_MEMORY. */
MUST_USE CK_RV object_foreign_set(struct object *o, const struct object_foreign *from);

/* Encode the parts of O to RET, for the store to seal. CKR_HOST_MEMORY. */
MUST_USE CK_RV object_foreign_encode(const struct object *o, struct secret *ret);

/* Give O the parts that ENCODED has. CKR_DEVICE_ERROR for hostile input. CKR_HOST_MEMORY. */
MUST_USE CK_RV object_foreign_decode(struct bytes encoded, struct object *o);

#endif
