/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector_case.h: the cases of published vectors, put to the functions of the module.
 *
 * Every case is in one of three groups, which a test counts: the token accepted it, rejected a
 * wrong value, or refused a length that the token does not offer. A failure names the line after
 * the case.
 */
#ifndef KEYDIV_TESTS_VECTOR_CASE_H
#define KEYDIV_TESTS_VECTOR_CASE_H

#include "harness.h"
#include "vectors.h"

/* As gives and holds of harness.h, for a case of the vectors V. */
#define case_gives(v, wanted, call)                                                                \
	expect_rv((wanted), (wanted), (call), #call, (v)->name, (int)(v)->line)
#define case_holds(v, condition) expect_true((condition), #condition, (v)->name, (int)(v)->line)

struct tally {
	unsigned accepted, rejected, refused;
};

/* The groups must have these numbers of cases. */
void tally_is(const struct tally *t, unsigned accepted, unsigned rejected, unsigned refused);

/* A value of a case, long enough for every file. */
struct value {
	size_t n;
	uint8_t p[20480];
};

/* Read the field NAME of the case to RET, or an empty value if the case has no such field. */
void value_read(const struct vectors *v, const char *name, struct value *ret);
bool value_equals(const struct value *value, const void *p, size_t n);

/* Return true if `result` says that the case is valid, or if there is no `result`. */
bool case_is_valid(const struct vectors *v);

/* A hash function that a field `hash` names: the length of a digest in bytes, and its numbers. */
struct case_hash {
	const char *name;
	size_t length;
	CK_MECHANISM_TYPE digest, hmac, hmac_general;
	CK_KEY_TYPE hmac_key;
	CK_ULONG pbkdf2_prf;
};
const struct case_hash *case_hash(const struct vectors *v);

#endif
