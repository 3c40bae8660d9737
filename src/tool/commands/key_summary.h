/* SPDX-License-Identifier: Apache-2.0 */
/* key_summary.h: the properties of a key that both `key list` and `key show` print. */
#ifndef KEYDIV_TOOL_KEY_SUMMARY_H
#define KEYDIV_TOOL_KEY_SUMMARY_H

#include "tool/output.h"
#include "tool/token/client.h"

/*
 * Return a new object with label, id, type, bits, check value, usage and unique id of KEY. The
 * caller frees the object with json_object_put or show.
 */
struct json_object *key_summary(struct client *client, CK_OBJECT_HANDLE key);

#endif
