/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kdf_steps.h: a derivation of keydiv's own family as the calls of SP 800-108 that it consists of,
 * so that a person who knows the master can repeat the derivation with another program.
 */
#ifndef KEYDIV_TOOL_KDF_STEPS_H
#define KEYDIV_TOOL_KDF_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pkcs11.h"

#include "keydiv.h"

#define KDF_STEPS_MAX 35 /* initial key, 32 registers, result */

/* RESULT = KDF(KEY, LABEL, CONTEXT, LENGTH bytes). */
struct kdf_step {
	char result[12], key[12]; /* names */
	const char *label;
	char fields[96]; /* names of the fields in the context */
	size_t context_n, length;
	unsigned char context[KEYDIV_PARAMETER_MAX];
};

/* The derivation to take apart. */
struct kdf_request {
	CK_MECHANISM_TYPE mechanism;
	const KEYDIV_PARAMETER *parameter;
	size_t base_bytes;   /* length of the base key */
	size_t result_bytes; /* length of the result */
	unsigned char use;   /* the field USE, or 0 if the result has no usage */
};

/*
 * Write the steps of REQUEST to RET and their number to RET_COUNT. False after a report if the
 * mechanism is not of the family, or the parameter lacks a field.
 */
bool kdf_steps(
	const struct kdf_request *request, struct kdf_step ret[KDF_STEPS_MAX], size_t *ret_count);

#endif
