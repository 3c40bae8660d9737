/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mechanism_form.h: how a mechanism and its parameter travel.
 *
 * The standard mechanisms of the token are listed here, each with its form. A mechanism that is not
 * listed does not travel under its own number, because releases of p11-kit read some mechanisms in
 * ways of their own. MECHANISM_UNKNOWN travels instead, and the token refuses it.
 */
#ifndef KEYDIV_CLIENT_MECHANISM_FORM_H
#define KEYDIV_CLIENT_MECHANISM_FORM_H

#include "connection.h"
#include "parameter.h"

/* A number that no token has. 0xffffffff means a NULL mechanism. */
#define MECHANISM_UNKNOWN UINT32_C(0xfffffffd)
#define MECHANISM_NULL UINT32_C(0xffffffff)

struct mechanism_form {
	CK_MECHANISM_TYPE type;
	CK_ULONG size; /* of the longest parameter; 0: none, or a struct with pointers */
	/*
	 * The form of the parameter in p11-kit 0.25 and later. NULL: bytes. Return false if the
	 * parameter is malformed.
	 */
	bool (*write)(struct wire *w, const CK_MECHANISM *m);
	/* The fields of the flat form, if the parameter is a struct with pointers. */
	flatten *flatten;
	bool no_parameter; /* servers from 0.25.6 on read no parameter */
};

/* The form of TYPE, or NULL. */
const struct mechanism_form *mechanism_form(CK_MECHANISM_TYPE type);

/* The standard mechanism whose flat form is TYPE. TYPE itself, if TYPE is no flat form. */
CK_MECHANISM_TYPE mechanism_of_flat(CK_MECHANISM_TYPE type);

/* The number that the server knows for TYPE: the flat form, if there is one. */
CK_MECHANISM_TYPE mechanism_on_server(CK_MECHANISM_TYPE type);

/*
 * Write the mechanism M. A malformed parameter is written as an absent one, which the token refuses
 * with CKR_MECHANISM_PARAM_INVALID. CKR_MECHANISM_PARAM_INVALID: the server cannot read an absent
 * one. CKR_ARGUMENTS_BAD: M is NULL, and the server does not know NULL mechanisms.
 */
MUST_USE CK_RV mechanism_write(struct connection *c, const CK_MECHANISM *m);

#endif
