/* SPDX-License-Identifier: Apache-2.0 */
/* uri.h: PKCS#11 URIs (RFC 7512). */
#ifndef KEYDIV_TOOL_URI_H
#define KEYDIV_TOOL_URI_H

#include <stdbool.h>

#include "base/error.h"
#include "base/p11_kit.h"

/*
 * Parse TEXT as a PKCS#11 URI (RFC 7512). The caller frees *RET with p11_kit_uri_free. False after
 * a report, also for a URI with pin-value.
 */
MUST_USE bool uri_read(const char *text, P11KitUri **ret);

/* Return true if TEXT is meant as a PKCS#11 URI. */
bool is_uri(const char *text);

#endif
