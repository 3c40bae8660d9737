/* SPDX-License-Identifier: Apache-2.0 */
/* template_wire.h: templates in requests, and the attributes that the server gives in a reply. */
#ifndef KEYDIV_CLIENT_TEMPLATE_WIRE_H
#define KEYDIV_CLIENT_TEMPLATE_WIRE_H

#include "connection.h"

/*
 * Write the COUNT attributes at P, a template that gives values. An attribute whose value cannot
 * travel, such as a CK_BBOOL of 8 bytes or NULL with a length, is written as an attribute without a
 * valid length, which every token refuses with CKR_ATTRIBUTE_VALUE_INVALID. A template in a
 * template travels in its flat form. CKR_ARGUMENTS_BAD: P is NULL, or COUNT is too large.
 */
MUST_USE CK_RV template_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count);

/* Write the COUNT attributes at P, which ask for values. Codes as template_write(). */
MUST_USE CK_RV query_write(struct connection *c, const CK_ATTRIBUTE *p, CK_ULONG count);

/*
 * Read the values of the query into the COUNT attributes at P. The result is the code of
 * C_GetAttributeValue that the server gave. A reply that does not fit the query marks c->in.
 */
MUST_USE CK_RV query_read(struct connection *c, CK_ATTRIBUTE *p, CK_ULONG count);

#endif
