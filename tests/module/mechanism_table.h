/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mechanism_table.h: for every mechanism the token may list, a key and a parameter with
 * which it works.
 */
#ifndef KEYDIV_TESTS_MECHANISM_TABLE_H
#define KEYDIV_TESTS_MECHANISM_TABLE_H

#include "harness.h"

struct example {
	CK_MECHANISM_TYPE type;
	const char *name;
	CK_KEY_TYPE key_type;
	CK_ULONG key_length;   /* of the key; of what is made, for CKF_GENERATE */
	const void *parameter; /* NULL: none */
	CK_ULONG parameter_length;
	CK_MECHANISM_TYPE
	from; /* the base key comes out of this mechanism (O-DUKPT clients); 0: imported */
};

extern const struct example examples[];
extern const size_t example_count;

/* The example of TYPE, or NULL. */
const struct example *example_of(CK_MECHANISM_TYPE type);
CK_MECHANISM example_mechanism(const struct example *e);

#define EXAMPLE_KEY_MAX 64
/* Write a value for the key of E to RET. All its bytes have odd parity, as those of DES keys. */
void example_value(const struct example *e, uint8_t ret[EXAMPLE_KEY_MAX]);

/* The number of the mechanism TYPE in CKA_ALLOWED_MECHANISMS. */
CK_MECHANISM_TYPE standard_number(CK_MECHANISM_TYPE type);

/* The mechanisms the token must list, with their flags, at least. */
struct required {
	CK_MECHANISM_TYPE type;
	CK_FLAGS flags;
};
extern const struct required required[];
extern const size_t required_count;

#endif
