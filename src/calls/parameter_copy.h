/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameter_copy.h: a mechanism parameter copied once out of the caller's memory and parsed by its
 * row, for the two functions that derive: C_DeriveKey and C_GenerateKey.
 */
#ifndef KEYDIV_TOKEN_PARAMETER_COPY_H
#define KEYDIV_TOKEN_PARAMETER_COPY_H

#include "token/session.h"

struct parsed {
	struct parameter parameter; /* rows with fields; without any: no fields, nothing encoded */
	_Alignas(16) uint8_t native[NATIVE_MAX]; /* rows with a native parser: what it made */
};

/*
 * Copy and parse the parameter of CALLER for ROW. RET refers to session->parameter, and holds until
 * the next call in that session; it needs no clearing before. The parameter may be unaligned.
 * CKR_MECHANISM_PARAM_INVALID: NULL with a length, over PARAMETER_MAX, any parameter for a row that
 * takes none, and whatever the row refuses.
 */
MUST_USE CK_RV session_parameter(struct session *s, const struct mechanism *row,
	const CK_MECHANISM *caller, struct parsed *ret);

/*
 * Put what session_parameter parsed where the row's functions look for it. PARSED must live as
 * long as D.
 */
static inline void derivation_parameter(struct derivation *d, struct parsed *parsed)
{
	d->parameter = d->mechanism->fields ? &parsed->parameter : NULL;
	d->native = d->mechanism->parse_native ? parsed->native : NULL;
}

#endif
