/* SPDX-License-Identifier: Apache-2.0 */
/* key_import.h: the two ways of `key import`. */
#ifndef KEYDIV_TOOL_KEY_IMPORT_H
#define KEYDIV_TOOL_KEY_IMPORT_H

#include "tool/bulk/bulk.h"
#include "tool/options.h"

/*
 * One key from COUNT XOR components, from FILES where there are such, else typed; its check value
 * must be CHECK, if not NULL.
 */
MUST_USE bool import_components(
	struct client *client, size_t count, const struct texts *files, const char *check);

/*
 * Many keys, wrapped with AES-KWP under KEK, from the CSV file of BULK: label, wrapped
 * key in hexadecimal.
 */
MUST_USE bool import_wrapped(struct client *client, struct bulk *bulk, const char *kek);

#endif
