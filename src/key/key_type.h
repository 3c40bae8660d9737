/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_type.h: every type of secret key, one struct key_type each.
 *
 * Everything that differs from type to type is in the table of key_type.c. No other code compares a
 * number with CKK_, except the data of mechanisms. The tool gets its names of key types from the
 * same table (mechanisms/print_names.c).
 */
#ifndef KEYDIV_KEY_KEY_TYPE_H
#define KEYDIV_KEY_KEY_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pkcs11.h"
#include "key/usage.h"
#include "keydiv.h"

/* A block cipher with its key length. KIND_NONE stands for a key of no block cipher. */
enum cipher_kind {
	KIND_NONE,
	KIND_AES128,
	KIND_AES192,
	KIND_AES256,
	KIND_DES2,
	KIND_DES3,
	KIND_COUNT
};

/* The ways to compute CKA_CHECK_VALUE (PKCS#11, "Secret key objects", and X9.24-1:2017). */
enum check_value {
	CHECK_ECB,  /* encrypt a zero block; AES keys that derive use the CMAC of 16 zero bytes */
	CHECK_SHA1, /* SHA-1 of the value */
	CHECK_NONE, /* the value is not a key */
};

#define KEY_LENGTHS_MAX 3

struct key_type {
	CK_KEY_TYPE number;
	const char *name; /* on the command line, "aes" */
	/*
	 * Allowed lengths in bytes, ended by 0, with the cipher of each, KIND_NONE for a type of no
	 * block cipher. An empty list allows 1 to SECRET_MAX.
	 */
	struct {
		uint8_t bytes;
		enum cipher_kind kind;
	} length[KEY_LENGTHS_MAX + 1];
	uint8_t block; /* of the cipher in bytes, 0 for no block cipher */
	/* In bits, SP 800-57 part 1 table 2. 0 stands for 8 * length, at most 256. */
	uint16_t strength;
	uint8_t use;     /* part of USE in a derived value, KEYDIV_USE_ or 0 */
	bool parity;     /* derived and generated values get odd parity in each byte */
	bool cmac_check; /* a key that derives has the CMAC of 16 zero bytes as check value */
	bool state;      /* the value is a state that changes, not a key */
	bool wraps;      /* a mechanism of this token wraps with keys of the type */
	enum check_value check;
	uint32_t usage; /* USAGE_ bits that a key of the type can have, except wrapping */
	CK_MECHANISM_TYPE generate; /* for C_GenerateKey, or CK_UNAVAILABLE_INFORMATION */
	CK_MECHANISM_TYPE
	mac; /* the usual MAC under a key of the type, or CK_UNAVAILABLE_INFORMATION */
};

/* The table, ended by an entry without a name. AES is the first entry, because most keys are. */
extern const struct key_type all_key_types[];

/* Return the entry of NUMBER, or NULL for an unknown type. */
static inline const struct key_type *key_type_find(CK_KEY_TYPE number)
{
	for (const struct key_type *t = all_key_types; t->name != NULL; t++)
		if (t->number == number)
			return t;
	return NULL;
}

/*
 * Return true if the list of lengths of T names N. False for a type without a list: the caller then
 * has its own limits.
 */
static inline bool key_type_lists(const struct key_type *t, size_t n)
{
	for (unsigned i = 0; t->length[i].bytes != 0; i++)
		if (t->length[i].bytes == n)
			return true;
	return false;
}

/* Return the cipher of a key of T with N bytes, or KIND_NONE. */
static inline enum cipher_kind key_type_cipher(const struct key_type *t, size_t n)
{
	for (unsigned i = 0; t->length[i].bytes != 0; i++)
		if (t->length[i].bytes == n)
			return t->length[i].kind;
	return KIND_NONE;
}

/* Return the cipher of a key of NUMBER with N bytes, or KIND_NONE. */
static inline enum cipher_kind cipher_kind_of(CK_KEY_TYPE number, size_t n)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL ? key_type_cipher(t, n) : KIND_NONE;
}

/* Return the only length in bytes that a key of T can have, or 0 if there are several. */
static inline size_t key_type_only_length(const struct key_type *t)
{
	return t->length[0].bytes != 0 && t->length[1].bytes == 0 ? t->length[0].bytes : 0;
}

/* Return true if a key of T may have N bytes. T NULL, an unknown type, takes 1 to SECRET_MAX. */
bool key_type_takes(const struct key_type *t, size_t n);

/* The same for the type NUMBER. */
bool key_type_fits(CK_KEY_TYPE number, size_t n);

/* Return true if NUMBER is a known type of key that can be created, generated and unwrapped. */
bool key_type_is_key(CK_KEY_TYPE number);

/* Return true if values of NUMBER are states (O-DUKPT clients). */
bool key_type_is_state(CK_KEY_TYPE number);

/* Return true if derived and generated values of NUMBER get odd parity. */
bool key_type_has_parity(CK_KEY_TYPE number);

/* Return true if the check value of a key of NUMBER that derives is a CMAC (X9.24-1:2017). */
bool key_type_by_cmac(CK_KEY_TYPE number);

/* Return true if a key of NUMBER can wrap and unwrap keys with some mechanism. */
bool key_type_wraps(CK_KEY_TYPE number);

/* Return the strength in bits of a key of NUMBER with N bytes, as SP 800-57 part 1 counts. */
unsigned key_type_strength(CK_KEY_TYPE number, size_t n);

#endif
