/* SPDX-License-Identifier: Apache-2.0 */
/* kdf.h: the KDF of the keydiv schemes, for the files of this folder. */
#ifndef KEYDIV_MECHANISMS_KDF_H
#define KEYDIV_MECHANISMS_KDF_H

#include "mechanism.h"

/*
 * Compute LENGTH bytes (at most SECRET_INLINE) of SP 800-108r1 counter mode with the PRF AES-CMAC
 * under KEY into RET, for an inner key.
 *
 *     block i = CMAC(KEY, [i]32 || LABEL || 00 || CONTEXT || [8 * LENGTH]32)
 *
 * LABEL is a C string of at most 16 characters. CKR_KEY_TYPE_INCONSISTENT unless KEY is
 * AES. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV kdf(struct key *key, const char *label, struct bytes context, size_t length,
	struct secret *ret);

/*
 * The same for the planned result of D, whose length and usage are those of D. The field USE
 * follows CONTEXT if the result has usage.
 */
MUST_USE CK_RV kdf_result(struct derivation *d, struct key *key, const char *label,
	struct bytes context, struct secret *ret);

/*
 * Derive the device key of the two-step mechanisms, which is as long as the master, into a scratch
 * key of D. *RET_KEY is that scratch key. Errors as kdf.
 */
MUST_USE CK_RV load_device_key(struct derivation *d, struct key **ret_key);

/* The fields of DEVICE_KEY, which the two-step mechanisms have too. */
#define DEVICE_KEY_FIELDS                                                                          \
	{FIELD(DEVICE), true, 1, 128}, {FIELD(SALT), false, 8, 64},                                \
	{                                                                                          \
		FIELD(PURPOSE), false, 1, 32                                                       \
	}

#endif
