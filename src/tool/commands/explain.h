/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h: --explain: how to compute a derived key from a known master without the token. */
#ifndef KEYDIV_TOOL_EXPLAIN_H
#define KEYDIV_TOOL_EXPLAIN_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/token/client.h"
#include "tool/token/derivation.h"

#define EXPLAIN_OPTION(target)                                                                     \
	FLAG_OPTION("explain", target,                                                             \
		"derive nothing; print the formula, and openssl commands for a known master")

/*
 * Print the formula, the context and the openssl commands of the derivation by TYPE with the
 * parameter P from BASE. SERIAL is printed unless it is NULL. The output is a shell script that
 * reads the base key in hexadecimal from $MASTER. False after a report.
 */
MUST_USE bool explain(struct client *client, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE type,
	const KEYDIV_PARAMETER *p, const struct result_request *request, const char *serial);

#endif
