/* SPDX-License-Identifier: Apache-2.0 */
/* key_import.h: the ways of `key import`: from components, and wrapped. */
#ifndef KEYDIV_TOOL_KEY_IMPORT_H
#define KEYDIV_TOOL_KEY_IMPORT_H

#include "tool/bulk/bulk.h"
#include "tool/options.h"

/* A key as the XOR of components. */
struct component_import {
	const struct texts *files; /* of the components; if there are none, COUNT are typed */
	size_t count;
	const char *check;  /* value of the key in text, or NULL */
	long long size;     /* of the key in bits, or -1 */
	const char *record; /* file for the record of the ceremony, or NULL */
};

/*
 * Import one key from components. With a record, the token never holds the key without the record.
 * False: reported.
 */
MUST_USE bool import_components(struct client *client, const struct component_import *import);

/*
 * Import the keys of the CSV file of BULK. A record has a label and a key that is wrapped under the
 * key named KEK. The wrapped key is a key block if new_key.by_header is true, otherwise AES-KWP in
 * hexadecimal. False: reported.
 */
MUST_USE bool import_wrapped(struct client *client, struct bulk *bulk, const char *kek);

/*
 * Import the key block in FILE ("-" is standard input) that is wrapped under the key named KEK. The
 * new key has the label of new_key. False: reported.
 */
MUST_USE bool import_key_block(struct client *client, const char *file, const char *kek);

#endif
