/* SPDX-License-Identifier: Apache-2.0 */
/* sp800_108_parameter.h: the parameters of the three KDFs of SP 800-108, parsed. */
#ifndef KEYDIV_MECHANISMS_SP800_108_PARAMETER_H
#define KEYDIV_MECHANISMS_SP800_108_PARAMETER_H

#include "mechanism.h"

#define SP800_108_ITEMS_MAX 16
#define SP800_108_NO_COUNTER 0

/* One piece of the PRF's input. */
struct sp800_108_item {
	uint8_t type;       /* CK_SP800_108_... */
	uint8_t width;      /* counter and length, in bytes */
	bool little_endian; /* counter and length */
	bool segments;      /* the length is of the PRF outputs, not of the keys */
	union {
		struct bytes bytes;      /* CK_SP800_108_BYTE_ARRAY */
		CK_OBJECT_HANDLE handle; /* CK_SP800_108_KEY_HANDLE */
	};
};

/* The parsed parameter, for plan and derive. */
struct sp800_108_parameter {
	enum mac_kind prf;
	CK_MECHANISM_TYPE prf_type;
	/*
	 * Of the iteration variable or of the optional counter, in bytes, or SP800_108_NO_COUNTER.
	 */
	uint8_t counter_width;
	size_t count;
	struct bytes iv; /* K(0) of feedback mode */
	size_t more_count;
	const CK_DERIVED_KEY *more; /* memory of the caller, read once by src/calls */
	struct sp800_108_item items[SP800_108_ITEMS_MAX];
};

_Static_assert(sizeof(struct sp800_108_parameter) <= NATIVE_MAX, "room for the parsed parameter");

/* Parse the parameter of each mode (parse_native of struct mechanism). */
CK_RV sp800_108_parse_counter(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used);
CK_RV sp800_108_parse_feedback(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used);
CK_RV sp800_108_parse_pipeline(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used);

/* The fields of the flat forms, and the functions that read them (parse_flat). */
extern const struct field sp800_108_flat_fields[], sp800_108_flat_feedback_fields[];
CK_RV sp800_108_flat_counter(const struct parameter *p, void *out);
/* Feedback and double-pipeline mode. */
CK_RV sp800_108_flat_chained(const struct parameter *p, void *out);

#endif
