/* SPDX-License-Identifier: Apache-2.0 */
/* attribute_kind.h: how the protocol writes the value of an attribute. */
#ifndef KEYDIV_CLIENT_ATTRIBUTE_KIND_H
#define KEYDIV_CLIENT_ATTRIBUTE_KIND_H

#include <stdint.h>

#include "base/pkcs11.h"

enum attribute_kind {
	ATTRIBUTE_BYTES, /* a byte string; also a CK_ULONG or CK_BBOOL that p11-kit does not know */
	ATTRIBUTE_BOOL,  /* a byte */
	ATTRIBUTE_ULONG, /* a number of 8 bytes */
	ATTRIBUTE_DATE,  /* a byte string of 8 bytes or none */
	ATTRIBUTE_MECHANISMS, /* a count and numbers */
	ATTRIBUTE_TEMPLATE    /* never written: the flat form travels, which is bytes */
};

enum attribute_kind attribute_kind(CK_ATTRIBUTE_TYPE type);

/* A type that no object has. The server has never heard of its kind, so its value is bytes. */
#define ATTRIBUTE_UNKNOWN UINT32_C(0xfffffffe)

/*
 * The type under which an attribute travels: TYPE, or ATTRIBUTE_UNKNOWN for a type that is too
 * large or that belongs to another vendor, whose kind of value differs between releases of p11-kit.
 */
CK_ATTRIBUTE_TYPE attribute_type_on_wire(CK_ATTRIBUTE_TYPE type);

#endif
