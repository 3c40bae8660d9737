/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requested.h: the mechanism that a caller asks for: the CK_MECHANISM and its parameter, each
 * copied once out of the caller's memory, and the mechanism found for them.
 */
#ifndef KEYDIV_CALLS_REQUESTED_H
#define KEYDIV_CALLS_REQUESTED_H

#include "object/template.h"
#include "token/session.h"

struct requested {
	CK_MECHANISM caller; /* a copy; pParameter still points to the caller's memory */
	const struct mechanism *mech;
	size_t index; /* of mech in mechanisms[], for self_test_gate */
};

/*
 * Copy MECHANISM, which may be unaligned, and find the mechanism, which must offer FLAG
 * (CKF_DERIVE ...). CKR_MECHANISM_INVALID.
 */
static inline CK_RV mechanism_request(
	const CK_MECHANISM *mechanism, CK_FLAGS flag, struct requested *ret)
{
	memcpy(&ret->caller, mechanism, sizeof ret->caller);
	ret->mech = mechanism_look_up(ret->caller.mechanism, &ret->index);
	REQUIRE(ret->mech != NULL, CKR_MECHANISM_INVALID, "no such mechanism");
	REQUIRE(ret->mech->info.flags & flag, CKR_MECHANISM_INVALID,
		"the mechanism is not for this function");
	return CKR_OK;
}

/* A parsed mechanism parameter, in the form that the mechanism's functions expect. */
struct parsed {
	struct parameter parameter;              /* of mechanisms with fields, else empty */
	_Alignas(16) uint8_t native[NATIVE_MAX]; /* the result of parse_native or parse_flat */
	bool in_template;                        /* given as CKA_KEYDIV_PARAMETER */
};

/*
 * Copy the parameter of REQUESTED to S->parameter and parse the copy. If REQUESTED has no
 * parameter, a mechanism with fields takes CKA_KEYDIV_PARAMETER among the COUNT ATTRIBUTES. RET
 * needs no initialisation. RET refers to S->parameter and is valid until the next call in that
 * session. The parameter may be unaligned. CKR_MECHANISM_PARAM_INVALID for NULL with a length, for
 * more than PARAMETER_MAX bytes, for a parameter of a mechanism that takes none, and for a
 * parameter that the mechanism refuses.
 */
MUST_USE CK_RV requested_parameter(struct session *s, const struct requested *requested,
	const CK_ATTRIBUTE *attributes, CK_ULONG count, struct parsed *ret);

/*
 * Copy the N bytes at P, the parameter of a flat form that encrypts or makes a MAC, to S->parameter
 * and parse the copy. RET is valid until the next call in that session.
 * CKR_MECHANISM_PARAM_INVALID for NULL with a length, for more than PARAMETER_MAX bytes, and for a
 * parameter that the mechanism refuses.
 */
MUST_USE CK_RV requested_fields(struct session *s, const struct mechanism *mech, const void *p,
	CK_ULONG n, struct parameter *ret);

/*
 * Check that the template T gives CKA_KEYDIV_PARAMETER only if PARSED came from there.
 * CKR_MECHANISM_PARAM_INVALID for a parameter in both places.
 */
MUST_USE static inline CK_RV parameter_once(const struct template *t, const struct parsed *parsed)
{
	REQUIRE(!(t->given & GIVEN_PARAMETER) || parsed->in_template, CKR_MECHANISM_PARAM_INVALID,
		"a mechanism parameter and CKA_KEYDIV_PARAMETER were both given");
	return CKR_OK;
}

/* Pass PARSED, which must live as long as D, to the mechanism's functions. */
static inline void derivation_parameter(struct derivation *d, struct parsed *parsed)
{
	d->parameter = d->mechanism->fields ? &parsed->parameter : NULL;
	d->native = d->mechanism->form != FORM_PLAIN ? parsed->native : NULL;
}

#endif
