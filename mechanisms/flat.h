/* SPDX-License-Identifier: Apache-2.0 */
/* flat.h: read the fields of flat forms, which hold the members of a struct of PKCS#11. */
#ifndef KEYDIV_MECHANISMS_FLAT_H
#define KEYDIV_MECHANISMS_FLAT_H

#include "mechanism.h"

/* The greatest length of bytes that the standard mechanism takes in any length. */
#define FLAT_BYTES_MAX 4000

/* The field HASH. Every flat form that has a hash requires HASH. */
#define FLAT_HASH                                                                                  \
	{                                                                                          \
		FIELD(HASH), true, 4, 4                                                            \
	}

/* Return the field TAG of P, which is empty and not NULL if the field is absent. */
static inline struct bytes flat_bytes(const struct parameter *p, uint8_t tag)
{
	struct bytes value = parameter_get(p, tag);

	return value.p != NULL ? value : bytes_of(p->encoded.p, 0);
}

/* Return the CKM_ number in the field HASH of P. */
static inline CK_MECHANISM_TYPE flat_hash(const struct parameter *p)
{
	return get_be32(parameter_get(p, KEYDIV_HASH).p);
}

/* Set *RET to the digest that the CKM_ number HASH means. CKR_MECHANISM_PARAM_INVALID. */
MUST_USE CK_RV digest_of_mechanism(CK_MECHANISM_TYPE hash, enum digest_kind *ret);

#endif
