/* SPDX-License-Identifier: Apache-2.0 */
/* kdf.h: the KDF of the keydiv schemes, for the files of this folder. */
#ifndef KEYDIV_MECHANISMS_KDF_H
#define KEYDIV_MECHANISMS_KDF_H

#include "mechanism.h"

#define NO_USE 0 /* of an inner key, and of a result without usage */

/*
 * Return USE of the planned result of D: KEYDIV_USE_ bits for its usage and its type. NO_USE for a
 * result without usage, whatever its type.
 */
uint8_t derive_use(const struct derivation *d);

/*
 * Compute LENGTH bytes (at most SECRET_INLINE) of SP 800-108r1 counter mode with the PRF AES-CMAC
 * under KEY into RET.
 *
 *     block i = CMAC(KEY, [i]32 || LABEL || 00 || CONTEXT || USE || [8 * LENGTH]32)
 *
 * LABEL is a C string. USE is the field 7F 0001 USE, or nothing for NO_USE.
 * CKR_KEY_TYPE_INCONSISTENT unless KEY is AES.
 */
MUST_USE CK_RV kdf(struct key *key, const char *label, struct bytes context, uint8_t use,
	size_t length, struct secret *ret);

/* Derive the device key of the two-step mechanisms, of the master's length, into a scratch key. */
MUST_USE CK_RV load_device_key(struct derivation *d, struct key **ret_key);

/* The fields of DEVICE_KEY, which the two-step mechanisms have too. */
#define DEVICE_KEY_FIELDS                                                                          \
	{FIELD(DEVICE), true, 1, 128}, {FIELD(SALT), false, 8, 64},                                \
	{                                                                                          \
		FIELD(PURPOSE), false, 1, 32                                                       \
	}

#endif
