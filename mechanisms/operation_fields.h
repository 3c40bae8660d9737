/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_fields.h: the inputs of an operation as fields of a flat parameter, which are IV, AAD,
 * TAG_LENGTH and DATA_LENGTH. An operation here is a mechanism that encrypts or makes a MAC and
 * that has .operation.inputs.
 *
 * The checks are exact. CKR_MECHANISM_PARAM_INVALID is the code for a field that the operation does
 * not take, a missing field that the operation needs, and a length or a value outside the limits
 * of .operation.inputs.
 */
#ifndef KEYDIV_MECHANISMS_OPERATION_FIELDS_H
#define KEYDIV_MECHANISMS_OPERATION_FIELDS_H

#include "mechanism.h"

/* The values of .operation.inputs. */
extern const struct operation_inputs inputs_none;    /* CMAC, HMAC */
extern const struct operation_inputs inputs_general; /* the _GENERAL MACs */
extern const struct operation_inputs inputs_retail;  /* ISO/IEC 9797-1 algorithm 3 */
extern const struct operation_inputs inputs_block8;  /* CBC of DES */
extern const struct operation_inputs inputs_block16; /* CBC and CTR of AES */
extern const struct operation_inputs inputs_gcm, inputs_ccm, inputs_gmac;

/* The value of .operation.further for a cipher whose nonce may end in COUNTER. */
extern const struct field further_counter[];

/* The fields of operations, for the list of fields of a mechanism. Put them in this order. */
#define FIELD_IV                                                                                   \
	{                                                                                          \
		FIELD(IV), false, 1, 256                                                           \
	}
#define FIELD_AAD                                                                                  \
	{                                                                                          \
		FIELD(AAD), false, 0, 2048                                                         \
	}
#define FIELD_TAG_LENGTH                                                                           \
	{                                                                                          \
		NUMBER_FIELD(TAG_LENGTH), false, 1, 1                                              \
	}
#define FIELD_DATA_LENGTH                                                                          \
	{                                                                                          \
		NUMBER_FIELD(DATA_LENGTH), false, 8, 8                                             \
	}

/*
 * Fill in RET for the cipher MECH from the fields of P, except `mode` and `encrypt`. RET refers to
 * the bytes of P. LEAST is the least tag in bytes that the caller of this function accepts, which
 * is 0 for the limits of the mechanism alone. CTR counts all 128 bits of the block. RET->data_len
 * is 0 if P has no DATA_LENGTH. RET->tag_len is 0 for a mechanism without a tag. A failure gives
 * the code CKR_MECHANISM_PARAM_INVALID.
 */
MUST_USE CK_RV operation_fields_cipher(const struct mechanism *mech, const struct parameter *p,
	size_t least, struct cipher_setup *ret);

/*
 * The same for the MAC MECH, whose whole MAC has WHOLE bytes. FURTHER has the fields that
 * .operation.further lists, and is P for a mechanism that lists them itself. RET->length is WHOLE
 * unless TAG_LENGTH is given. RET->iv refers to the bytes of P or FURTHER. LEAST is the least
 * length of a MAC with TAG_LENGTH. A failure gives CKR_MECHANISM_PARAM_INVALID.
 */
MUST_USE CK_RV operation_fields_mac(const struct mechanism *mech, const struct parameter *p,
	const struct parameter *further, size_t whole, size_t least, struct mac_start *ret);

#endif
