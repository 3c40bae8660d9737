/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_find.h: from a PKCS#11 URI to a key of a foreign token. */
#ifndef KEYDIV_FOREIGN_FOREIGN_FIND_H
#define KEYDIV_FOREIGN_FOREIGN_FIND_H

#include "foreign/foreign_session.h"

/* A key that was found. The handle belongs to the session. */
struct foreign_found {
	struct foreign_session *session;
	CK_OBJECT_HANDLE handle;
};

/* Reasons why a URI names no key. */
enum foreign_match {
	FOREIGN_ONE,      /* it names one */
	FOREIGN_URI_BAD,  /* the URI is malformed, or has a part that keydiv does not take */
	FOREIGN_NO_TOKEN, /* no token has the attributes of the URI */
	FOREIGN_NO_KEY,   /* the token has no such secret key */
	FOREIGN_SEVERAL,  /* several tokens or keys have the attributes */
};

/*
 * Find the secret key that URI, a string, names, in a session of F. *RET_MATCH says what was found,
 * and *RET is set for FOREIGN_ONE. The reason for another match is logged. A session is opened only
 * on a token that is the only one with the attributes of URI, because a login elsewhere would try
 * a PIN that is not meant for that token.
 *
 * Returns the codes of the foreign module and of foreign_session_get, CKR_DEVICE_ERROR for
 * answers that make no sense.
 */
MUST_USE CK_RV foreign_find(struct foreign *f, const char *uri, struct foreign_found *ret,
	enum foreign_match *ret_match);

#endif
