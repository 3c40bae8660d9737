/* SPDX-License-Identifier: Apache-2.0 */
/*
 * with_derived_key.h: the parameter of CKM_KEYDIV_WITH_DERIVED_KEY. The parameter has the fields of
 * DERIVATION, the mechanism that derives, and the fields of OPERATION, the mechanism that uses the
 * derived key.
 */
#ifndef KEYDIV_MECHANISMS_WITH_DERIVED_KEY_H
#define KEYDIV_MECHANISMS_WITH_DERIVED_KEY_H

#include "mechanism.h"

extern const struct mechanism mech_with_derived_key;

#define USE_NONCE 12 /* bytes of a nonce that ends in COUNTER, SP 800-38D section 8.2.1 */

/* A parsed parameter. */
struct use_parameter {
	const struct mechanism *derivation, *operation;
	size_t derivation_index, operation_index; /* in mechanisms[] */
	struct parameter derive;     /* the fields of DERIVATION, as if they were its parameter */
	struct parameter further;    /* the fields that .operation.further of OPERATION lists */
	struct parameter own;        /* DERIVATION, OPERATION, IV to KEY_LENGTH */
	uint8_t nonce[USE_NONCE];    /* for use_cipher_setup */
	struct bytes window_request; /* the field WINDOW_REQUEST, p NULL if absent */
};

/*
 * Parse the fields of ONE and of OTHER, which are two encoded parameters. OTHER may be empty. Both
 * together, sorted by tag, are one parameter. The fields are copied to ROOM, which has
 * PARAMETER_MAX bytes and must live as long as RET. FLAG is the function, CKF_SIGN for example,
 * which OPERATION must offer. With WINDOW_REQUEST the function must be CKF_SIGN, and OPERATION
 * need not offer it.
 *
 * CKR_MECHANISM_PARAM_INVALID for a malformed parameter, a tag that occurs twice, a DERIVATION or
 * an OPERATION without for_use, an OPERATION without FLAG, and a parameter that DERIVATION refuses.
 * use_cipher_setup and use_mac_start check the fields of OPERATION.
 */
MUST_USE CK_RV use_parameter_parse(struct bytes one, struct bytes other, CK_FLAGS flag,
	uint8_t *room, struct use_parameter *ret);

/* Check that the fields of SET are well formed and that their tags ascend. Other checks of a
 * parameter need its OPERATION. CKR_MECHANISM_PARAM_INVALID.
 */
MUST_USE CK_RV use_parameter_check(struct bytes set);

/*
 * Return the type and the length of the derived key: KEY_TYPE or the default type of OPERATION,
 * and KEY_LENGTH if the parameter has it.
 */
struct key_request use_key_request(const struct use_parameter *p);

/*
 * As operation_fields_cipher for OPERATION, whose nonce may end in COUNTER. RET refers to P and to
 * the bytes of P.
 */
MUST_USE CK_RV use_cipher_setup(struct use_parameter *p, size_t least, struct cipher_setup *ret);

/* As operation_fields_mac for OPERATION. */
MUST_USE CK_RV use_mac_start(
	const struct use_parameter *p, size_t whole, size_t least, struct mac_start *ret);

#endif
