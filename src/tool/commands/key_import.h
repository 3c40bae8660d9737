/* SPDX-License-Identifier: Apache-2.0 */
/* key_import.h: the two forms of `key import`. */
#ifndef KEYDIV_TOOL_KEY_IMPORT_H
#define KEYDIV_TOOL_KEY_IMPORT_H

#include "tool/bulk/bulk.h"
#include "tool/options.h"

/*
 * Import one key from COUNT XOR components. The components come from FILES if there are any, else
 * from the keyboard. The key's check value must be CHECK unless CHECK is NULL.
 */
MUST_USE bool import_components(
	struct client *client, size_t count, const struct texts *files, const char *check);

/*
 * Import many keys, wrapped with AES-KWP under KEK, from the CSV file of BULK with label and
 * wrapped key in hexadecimal.
 */
MUST_USE bool import_wrapped(struct client *client, struct bulk *bulk, const char *kek);

#endif
