/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage.h: what a key may do, one bit for each usage attribute of PKCS#11.
 *
 * The bits have the places that the same attributes have in an object's flags (object.h), where
 * they are stored. Both sides can therefore compare and copy them without conversion.
 */
#ifndef KEYDIV_KEY_USAGE_H
#define KEYDIV_KEY_USAGE_H

enum usage_bit {
	USAGE_ENCRYPT = 1 << 10,
	USAGE_DECRYPT = 1 << 11,
	USAGE_SIGN = 1 << 12,
	USAGE_VERIFY = 1 << 13,
	USAGE_WRAP = 1 << 14,
	USAGE_UNWRAP = 1 << 15,
};

/* The pairs, and all bits. CKA_DERIVE is not a usage, because a key that derives has no usage. */
#define USAGE_CIPHER (USAGE_ENCRYPT | USAGE_DECRYPT)
#define USAGE_MAC (USAGE_SIGN | USAGE_VERIFY)
#define USAGE_WRAPPING (USAGE_WRAP | USAGE_UNWRAP)
#define USAGE_ALL (USAGE_CIPHER | USAGE_MAC | USAGE_WRAPPING)

#endif
