/* SPDX-License-Identifier: Apache-2.0 */
/* key_import.h: the two ways of `key import`: from components, and wrapped. */
#ifndef KEYDIV_TOOL_KEY_IMPORT_H
#define KEYDIV_TOOL_KEY_IMPORT_H

#include "tool/bulk/bulk.h"
#include "tool/options.h"

/*
 * Import one key that is the XOR of COUNT components, or of as many as FILES has. The components
 * are read from FILES or typed. CHECK is the check value of the key in text, or NULL. SIZE is the
 * length of the key in bits, or -1. False: reported.
 */
MUST_USE bool import_components(struct client *client, size_t count, const struct texts *files,
	const char *check, long long size);

/*
 * Import the keys of the CSV file of BULK. A record has a label and a key in hexadecimal, wrapped
 * with AES-KWP under the key named KEK. False: reported.
 */
MUST_USE bool import_wrapped(struct client *client, struct bulk *bulk, const char *kek);

#endif
