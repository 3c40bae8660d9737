/* SPDX-License-Identifier: Apache-2.0 */
/* scheme.h: puts a mechanism row to work as the pipeline does, without a token around it. */
#ifndef KEYDIV_TESTS_SCHEME_H
#define KEYDIV_TESTS_SCHEME_H

#include "mechanism.h"
#include "unit.h"
#include "vectors.h"

/* One derivation. Zero what does not apply. */
struct scheme {
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE base_type;
	uint8_t base[2048]; /* the key, or an O-DUKPT client state, which is moved on */
	size_t base_len;
	KEYDIV_PARAMETER parameter; /* rows with fields */
	const void *native;         /* rows with a native parser: the struct and its size */
	CK_ULONG native_len;
	struct key_request request;
	uint32_t usage;        /* of the result, planned: USAGE_ bits */
	struct more_key *more; /* SP 800-108: lengths in, offsets out */
	size_t more_count;
	CK_RV (*other_key)(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value);

	CK_KEY_TYPE type; /* out: as planned */
	size_t length;
	uint64_t number;
};

/* Checked fixture: the library context, and four keys. */
void scheme_set_up(void);
void scheme_tear_down(void);

/* A key of the fixture (0..3), which scheme_run uses too. */
struct key *scheme_key(unsigned i);

/* An empty case for MECHANISM and the base key in HEX. */
void scheme_start(
	struct scheme *s, CK_MECHANISM_TYPE mechanism, CK_KEY_TYPE base_type, const char *hex);

/* Ask for TYPE; and for LENGTH, unless 0. */
void scheme_want(struct scheme *s, CK_KEY_TYPE type, size_t length);

/* Put the field NAME of the vector V, if it is there, into the parameter as TAG. */
void scheme_put_hex(struct scheme *s, uint8_t tag, const char *hex);
void scheme_put_text(struct scheme *s, uint8_t tag, const char *text);

/* Parse, plan, move the state on, derive. */
CK_RV scheme_run(struct scheme *s, struct secret *ret);

/* Run and compare with HEX (as it is, or with odd parity if the result is a DES key). */
void scheme_expect(struct scheme *s, const char *hex);

/* Run, and expect the error RV and nothing else. */
void scheme_refused(struct scheme *s, CK_RV rv);

/*
 * Parse the parameter of known answer I of MECH, in static memory, for the derivation D.
 */
CK_RV scheme_read_answer(const struct mechanism *mech, size_t i, struct derivation *d);

#endif
